/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running guest's memory, through its own page tables, with fault recovery. Addresses in the
 * hypervisor's slots, or that would wrap into them, are refused. Each returns true on success;
 * false means a fault (part may have been copied). Read guest memory once, into locals.
 */
#ifndef X86_UACCESS_H
#define X86_UACCESS_H

#include <lib/types.h>

/** True where a guest may have mappings: [addr, addr + size) is canonical and outside the
 * hypervisor's slots. It may go on from the top of the address space at 0: both are guests'. */
bool guest_range_ok(u64 addr, u64 size);

bool copy_from_guest(void *dst, u64 src, size_t size);
bool copy_to_guest(u64 dst, const void *src, size_t size);
bool clear_guest(u64 dst, size_t size);

#define get_guest(var, addr) copy_from_guest(&(var), (addr), sizeof(var))
#define put_guest(addr, var) copy_to_guest((addr), &(var), sizeof(var))

#endif
