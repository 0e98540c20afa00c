/* SPDX-License-Identifier: MIT */
/* Basic types and constants that every part of the SDK uses. */
#ifndef PV_TYPES_H
#define PV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/errno.h>

#define PV_PAGE_SHIFT 12
#define PV_PAGE_SIZE  4096UL
#define PV_PAGE_MASK  (~(PV_PAGE_SIZE - 1))

/* A frame of the domain's own numbering, 0 .. nr_pages-1 at start. */
typedef unsigned long pv_pfn_t;
/* A frame of the machine: what page tables, grants and start_info name. */
typedef unsigned long pv_mfn_t;

#define PV_NO_FRAME (~0UL) /* an empty slot of the p2m list */

#define PV_ARRAY_SIZE(a)		 (sizeof(a) / sizeof((a)[0]))
#define pv_container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* The compiler may not move memory accesses across this point. */
#define pv_barrier() __asm__ volatile("" ::: "memory")
/* x86 orders loads with loads and stores with stores; only store-then-load needs the instruction.
 */
#define pv_mb()	 __asm__ volatile("mfence" ::: "memory")
#define pv_rmb() pv_barrier()
#define pv_wmb() pv_barrier()

static inline unsigned long pv_pages(size_t bytes)
{
	return (bytes + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
}

#endif
