/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: what its parts share. */
#ifndef CORE_MEMORY_OP_H
#define CORE_MEMORY_OP_H

#include <xen/memory.h>
#include <core/domain.h>

#define E820_LIMIT 128 /* entries of a domain's map */

/* As in guest memory: 20 bytes, packed. */
struct e820_entry {
	u64 address, size; /* bytes */
	u32 type;
} __attribute__((packed));

struct e820entry_list {
	u32 count;
	struct e820_entry entries[];
};

/** Guest address of the list's item `index`. */
static inline u64 extent_address(const struct xen_memory_reservation *res, u64 index)
{
	return (u64)res->extent_start.p + index * sizeof(xen_pfn_t);
}

/** May the caller have extents of 2^order frames with these XENMEMF_address_bits? 0: below frame
 * number *limit (~0: anywhere); -XEN_EPERM: too large; -XEN_EINVAL: too few bits. */
long memory_check_extents(unsigned order, unsigned mem_flags, u64 *limit);

/* The batches: the number of extents done, -errno, or HYPERCALL_PREEMPTED; arg: guest address of
 * the structure. */
long memory_reservation(u64 cmd, u64 arg);
long memory_exchange(u64 arg);

#endif
