/* SPDX-License-Identifier: MIT */
/*
 * The console ring: one page, whose frame and event port start_info (console.domU) names.
 * Two byte rings, each with a free-running producer and consumer index: write the bytes, a write
 * barrier, the producer index, then notify the port. Conventions: see ../xen.h.
 */
#ifndef __XEN_PUBLIC_IO_CONSOLE_H__
#define __XEN_PUBLIC_IO_CONSOLE_H__

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
	char in[1024];			     /* dom0: keyboard to guest */
	char out[2048];			     /* guest: guest to screen */
	XENCONS_RING_IDX in_cons, in_prod;   /* guest; dom0 */
	XENCONS_RING_IDX out_cons, out_prod; /* dom0; guest */
};

#endif
