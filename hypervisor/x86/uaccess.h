/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running guest's memory, through its own page tables, with fault recovery. Addresses in the
 * hypervisor's slots, or that would wrap into them, are refused. Each returns true on success;
 * false means a fault (part may have been copied). Read guest memory once, into locals.
 */
#ifndef X86_UACCESS_H
#define X86_UACCESS_H

#include <lib/types.h>
#include <x86/layout.h>

#define GUEST_LOW_END 0x0000800000000000UL /* of the lower canonical half */

/**
 * A virtual address that a guest may map: canonical, and not in the hypervisor's slots, the first
 * of the upper half. Also, a few words from it on may be accessed one by one: where they run out of
 * the lower half, or over the top, the CPU itself sees to it.
 */
static inline bool guest_va(u64 va)
{
	return va - GUEST_LOW_END >= HYPERVISOR_VIRT_END - GUEST_LOW_END;
}

/** True where a guest may have mappings: [addr, addr + size) is canonical and outside the
 * hypervisor's slots. It may go on from the top of the address space at 0: both are guests'. */
bool guest_range_ok(u64 addr, u64 size);

#if __STDC_HOSTED__ && !defined(REAL_GUEST_ACCESS) /* unit tests have their own */
bool copy_from_guest(void *dst, u64 src, size_t size);
bool copy_to_guest(u64 dst, const void *src, size_t size);
#else
#include <x86/asm.h>
#include <x86/cpu.h>

bool copy_from_guest_any(void *dst, u64 src, size_t size);
bool copy_to_guest_any(u64 dst, const void *src, size_t size);

/** Between these two, with SMAP, user pages are open. */
static inline void guest_open(void)
{
	if (cpu_has_smap)
		asm volatile("stac" ::: "memory");
}

static inline void guest_close(void)
{
	if (cpu_has_smap)
		asm volatile("clac" ::: "memory");
}

/* A fault: *failed is set; what was to be loaded is 0. */
#define GUEST_ACCESS(instruction, loaded)                                                          \
	"1: " instruction "\n"                                                                     \
	"2:\n\t.pushsection .text.fixup, \"ax\"\n"                                                 \
	"3: " loaded "movl $1, %1\n\tjmp 2b\n\t" ON_FAULT(1b, 3b) ".popsection\n\t"

#define DEFINE_GUEST_ACCESS(type, suffix)                                                          \
	static inline type guest_load_##type(u64 addr, u32 *failed)                                \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		asm volatile(GUEST_ACCESS("mov" suffix " %2, %0", "xorl %k0, %k0\n\t")             \
			     : "=r"(v), "+r"(*failed)                                              \
			     : "m"(*(volatile type *)addr));                                       \
		return v;                                                                          \
	}                                                                                          \
	static inline void guest_store_##type(u64 addr, type v, u32 *failed)                       \
	{                                                                                          \
		asm volatile(GUEST_ACCESS("mov" suffix " %2, %0", "")                              \
			     : "=m"(*(volatile type *)addr), "+r"(*failed)                         \
			     : "er"(v));                                                           \
	}

DEFINE_GUEST_ACCESS(u64, "q")
DEFINE_GUEST_ACCESS(u32, "l")

/* Few words, and how many is known to the compiler: no loop. */
#define FEW_WORDS(size) (__builtin_constant_p(size) && (size) <= 72 && (size) % 4 == 0)

static inline __attribute__((always_inline)) bool copy_few(u64 guest, void *own, size_t size,
							   bool to_guest)
{
	u32 failed = 0;

	if (unlikely(!guest_va(guest)))
		return false;
	guest_open();
#pragma GCC unroll 9
	for (; size >= 8; size -= 8, guest += 8, own += 8)
		if (to_guest)
			guest_store_u64(guest, *(u64 *)own, &failed);
		else
			*(u64 *)own = guest_load_u64(guest, &failed);
	if (size && to_guest)
		guest_store_u32(guest, *(u32 *)own, &failed);
	else if (size)
		*(u32 *)own = guest_load_u32(guest, &failed);
	guest_close();
	return !failed;
}

static inline __attribute__((always_inline)) bool copy_from_guest(void *dst, u64 src, size_t size)
{
	return FEW_WORDS(size) ? copy_few(src, dst, size, false)
			       : copy_from_guest_any(dst, src, size);
}

static inline __attribute__((always_inline)) bool copy_to_guest(u64 dst, const void *src,
								size_t size)
{
	return FEW_WORDS(size) ? copy_few(dst, (void *)src, size, true)
			       : copy_to_guest_any(dst, src, size);
}
#endif

#define get_guest(var, addr) copy_from_guest(&(var), (addr), sizeof(var))
#define put_guest(addr, var) copy_to_guest((addr), &(var), sizeof(var))

#endif
