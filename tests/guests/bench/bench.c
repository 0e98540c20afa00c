/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation costs, in ticks of the TSC: under `-icount shift=0` these are instructions, the
 * same in every run. Boots as the dom0 kernel here and on Xen. One line an operation: name, least
 * and median of the rounds, for one operation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include "bench.h"

#define ROUNDS 15

static unsigned int failures;

void check(const char *what, long rc, long wanted)
{
	if (rc == wanted)
		return;
	if (failures++ < 10)
		printf("bench: %s: %ld\n", what, rc);
}

long ext(unsigned int cmd, unsigned long arg1)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {arg1}};

	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void protect(void *page, uint64_t bits)
{
	check("protect",
	      HYPERVISOR_update_va_mapping((uintptr_t)page, pv_pte(pv_virt_to_mfn(page), bits),
					   UVMF_INVLPG | UVMF_ALL),
	      0);
}

void *take_pages(unsigned long count)
{
	void *pages = pv_pages_alloc(count);

	if (!pages) {
		printf("bench: FAIL, no memory for %lu pages\n", count);
		exit(1);
	}
	return memset(pages, 0, count * PV_PAGE_SIZE);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure(const struct row *row)
{
	uint64_t ticks[ROUNDS];

	if (row->prepare)
		row->prepare();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (row->before)
			row->before();
		BENCH_MARK(START);
		uint64_t start = pv_rdtsc();

		row->run();
		ticks[i] = (pv_rdtsc() - start) / row->operations;
		BENCH_MARK(STOP);
	}
	for (unsigned int i = 0; i < row->operations; i++)
		BENCH_MARK(OPERATION);
	BENCH_MARK(ROW_ENDS);
	if (row->finish)
		row->finish();
	qsort(ticks, ROUNDS, sizeof(ticks[0]), compare);
	printf("bench: %-40s %9lu %9lu\n", row->name, ticks[0], ticks[ROUNDS / 2]);
}

int main(void)
{
	static const struct row *const groups[] = {call_rows,  table_rows, trap_rows,
						   event_rows, grant_rows, process_rows};

	for (unsigned int i = 0; i < PV_ARRAY_SIZE(groups); i++)
		for (const struct row *row = groups[i]; row->name; row++)
			measure(row);
	printf("bench: %s\n", failures ? "FAIL" : "passed");
	return failures != 0;
}
