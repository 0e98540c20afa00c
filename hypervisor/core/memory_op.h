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

/* The batches: the number of extents done, -errno, or HYPERCALL_PREEMPTED; arg: guest address of
 * the structure. */
long memory_reservation(u64 cmd, u64 arg);
long memory_exchange(u64 arg);

#endif
