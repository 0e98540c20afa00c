/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches over its own memory, clock and timer while others misbehave: prints "witness: well, N"
 * about once a second, or "witness: FAIL ..." once. N counts up by one each time.
 */
#include <stdio.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>

enum { PAGES = 1024, WORDS = PV_PAGE_SIZE / sizeof(uint64_t) };

static uint64_t *pages[PAGES];

/* Different in every word, and from round to round. */
static uint64_t pattern(unsigned int page, unsigned int word, uint64_t round)
{
	return (page * 0x9e3779b97f4a7c15ULL) ^ (word * 0xc2b2ae3d27d4eb4fULL) ^ round;
}

static void fill(uint64_t round)
{
	for (unsigned int page = 0; page < PAGES; page++)
		for (unsigned int word = 0; word < WORDS; word += 8)
			pages[page][word] = pattern(page, word, round);
}

static bool intact(uint64_t round)
{
	for (unsigned int page = 0; page < PAGES; page++)
		for (unsigned int word = 0; word < WORDS; word += 8)
			if (pages[page][word] != pattern(page, word, round)) {
				printf("witness: FAIL: word %u of page %u changed\n", word, page);
				return false;
			}
	return true;
}

/* Sleeping took as long as the clock says, and the clock does not go back. */
static bool time_passes(void)
{
	uint64_t start = pv_time_ns(), slept;

	pv_sleep_ms(1000);
	slept = pv_time_ns() - start;
	if (slept >= 1000 * PV_NS_PER_MS && slept < 60000 * PV_NS_PER_MS)
		return true;
	printf("witness: FAIL: a sleep of 1000 ms took %lu us\n", (unsigned long)slept / 1000);
	return false;
}

int main(void)
{
	for (unsigned int page = 0; page < PAGES; page++) {
		pages[page] = pv_page_alloc();
		if (!pages[page]) {
			printf("witness: FAIL: no memory\n");
			return 1;
		}
	}
	for (uint64_t round = 0;; round++) {
		fill(round);
		if (!time_passes() || !intact(round))
			return 1;
		printf("witness: well, %lu\n", (unsigned long)round);
	}
}
