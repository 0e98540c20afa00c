/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel of the type machine: see kernel.c. */
#ifndef PROOF_KERNEL_H
#define PROOF_KERNEL_H

#ifndef FRAMES
#define FRAMES 4096
#endif
#ifndef COUNT_MAX
#define COUNT_MAX 0x7fffffe6
#endif
#define ENTRIES 512
#define SLOTS	(FRAMES * ENTRIES)
#define NOTHING (-1)

#define DESCRIPTOR 5
#define WRITABLE   6

enum { IDLE, BUSY, VALID, PARTIAL };
enum { DONE, REFUSED, PREEMPTED };

extern int type[FRAMES], state[FRAMES], count[FRAMES], progress[FRAMES];
extern int target[SLOTS], writable[SLOTS], holds[SLOTS];

int kernel_get(int f, int t);
int kernel_put(int f);
int kernel_settle(int f);
int kernel_update(int f, int i, int g, int w, int *left);
void kernel_store(int s, int g, int w);

#endif
