/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of the benchmark: what is timed, and what surrounds it. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <pv/hypercall.h>
#include <pv/mm.h>

struct row {
	const char *name;
	unsigned int operations; /* done by one run; the figure is for one */
	void (*prepare)(void);	 /* once, before all rounds; may be NULL */
	void (*before)(void);	 /* before each round, not timed; may be NULL */
	void (*run)(void);
	void (*finish)(void); /* once, after all rounds; may be NULL */
};

/* Each ends with a row without a name. */
extern const struct row call_rows[], table_rows[], trap_rows[], event_rows[], grant_rows[],
	process_rows[];

/* rc must be what the operation returns when it succeeds; otherwise the benchmark has failed. */
void check(const char *what, long rc, long wanted);

/*
 * For the emulator's plugin (tools/bench/tally.c); the machine does nothing. A round begins and
 * ends at START and STOP; behind a row's rounds comes OPERATION for each operation of a round, and
 * ROW_ENDS.
 */
#define BENCH_MARK(mark)     __asm__ volatile("nopl %c0(%%rax)" ::"i"(BENCH_MARK_##mark))
#define BENCH_MARK_START     0x42500001
#define BENCH_MARK_STOP	     0x42500002
#define BENCH_MARK_ROW_ENDS  0x42500003
#define BENCH_MARK_OPERATION 0x42500004

/* --- shared by the rows ----------------------------------------------------------------------- */

/* Permissions of an upper entry. */
#define TABLE_BITS (PV_PTE_PRESENT | PV_PTE_WRITE | PV_PTE_USER | PV_PTE_ACCESSED)

long ext(unsigned int cmd, unsigned long arg1);
/* Change the mapping of a page of the linear map, which must have its entry: PV_RO, PV_RW. */
void protect(void *page, uint64_t bits);
/* count zeroed pages of the linear map. */
void *take_pages(unsigned long count);

#endif
