/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Basic types. Frame numbers are boxed, so that an address or a count cannot pass for one. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__PIE__) && !__STDC_HOSTED__
/* One static image: no address goes through a table. */
#pragma GCC visibility push(hidden)
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/** A machine-physical address in bytes. */
typedef u64 paddr_t;

/** A machine frame number. */
typedef struct {
	u64 n;
} mfn_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define INVALID_MFN ((mfn_t){~0UL})

static inline mfn_t mfn(u64 n)
{
	return (mfn_t){n};
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}

static inline mfn_t paddr_to_mfn(paddr_t pa)
{
	return (mfn_t){pa >> PAGE_SHIFT};
}

static inline paddr_t mfn_to_paddr(mfn_t m)
{
	return m.n << PAGE_SHIFT;
}

#define ARRAY_SIZE(a)	      (sizeof(a) / sizeof((a)[0]))
#define container_of(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))
#define MIN(a, b)	      ((a) < (b) ? (a) : (b))
#define MAX(a, b)	      ((a) > (b) ? (a) : (b))
#define ROUND_UP(x, a)	      (((x) + (a)-1) & ~((a)-1))
#define BIT(n)		      (1UL << (n))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
