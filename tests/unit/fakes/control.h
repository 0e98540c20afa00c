/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only domctl and sysctl need of the world: figures of the machine, and the console's ring. */
#ifndef FAKES_CONTROL_H
#define FAKES_CONTROL_H

#include <lib/types.h>

extern u64 fake_free_pages;
extern char fake_ring[600]; /* full; dots, once it was cleared */

#endif
