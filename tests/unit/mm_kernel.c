/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel that tests/proof proves (tests/proof/kernel.c) against the real type machine: random
 * operations on both must have the same results, types, states and counts after each step.
 */
#include "fakes/mm_fakes.h"
#include <stdlib.h>
#include "tests/proof/kernel.h"

#define STEPS 200000

static struct domain *d;
static u64 mfns[FRAMES];
static int held[FRAMES];			      /* references that the test itself has */
static int done[WRITABLE + 1], refused[WRITABLE + 1]; /* gets by type */
static const int slots[] = {0, 1, 7, 255, 300, 511};

int preempt_check(void)
{
	return 0;
}

int page_harmless(int f)
{
	return 1;
}

static int any(int n)
{
	return rand() % n;
}

static void same(int step, const char *what)
{
	for (int f = 0; f < FRAMES; f++) {
		u64 word = fake_entry(mfns[f])->type;
		bool valid = word & TYPE_VALID;

		if (valid != (state[f] == VALID) || (word & TYPE_COUNT) != (u64)count[f] ||
		    (valid && type_of(word) != (unsigned)type[f]))
			fail_msg(
				"step %d, %s: frame %d has type word %lx, kernel: type %d state %d count %d",
				step, what, f, word, type[f], state[f], count[f]);
	}
}

/** Slots that an L4 table had from the hypervisor are no entries of the guest's. */
static void clear_hypervisor_slots(int f)
{
	if (state[f] == IDLE)
		memset(fake_bytes(mfns[f]) + HYPERVISOR_FIRST_SLOT, 0,
		       (HYPERVISOR_LAST_SLOT - HYPERVISOR_FIRST_SLOT + 1) * sizeof(u64));
}

static void get(int f, int t)
{
	for (int i = 0; i < FRAMES; i++)
		clear_hypervisor_slots(i);
	int real = type_get_owned(fake_entry(mfns[f]), &d->mem, t), kernel = kernel_get(f, t);

	assert_int_equal(!real, kernel == DONE);
	done[t] += !real;
	refused[t] += !!real;
	held[f] += !real;
}

static void put(int f)
{
	if (!held[f])
		return;
	held[f]--;
	assert_int_equal(type_put(fake_entry(mfns[f])), 0);
	assert_int_equal(kernel_put(f), DONE);
}

static int kernel_write(int f, int i, int g, int w)
{
	int left, rc = kernel_update(f, i, g, w, &left);

	assert_int_equal(left, NOTHING);
	if (rc == DONE || state[f] == VALID)
		return rc;
	rc = kernel_get(f, WRITABLE); /* write_data() */
	if (rc != DONE)
		return rc;
	kernel_store(f * ENTRIES + i, g, w);
	return kernel_put(f);
}

static void update(int f, int i, int g, int w)
{
	u64 entry = g < 0 ? 0 : fake_pte(mfns[g], w ? PAGE_RW : PAGE_RO);
	struct mmu_update request = {mfns[f] << PAGE_SHIFT | i * sizeof(u64), entry};

	for (int x = 0; x < FRAMES; x++)
		clear_hypervisor_slots(x);
	long real = fake_call(mmu_update, ((u64)&request, 1, 0, DOMID_SELF));
	int kernel;

	/* Where the kernel would write a table's entry, a valid page that is none is data. */
	if (state[f] == VALID && (type[f] < 1 || type[f] > 4))
		kernel = type[f] != WRITABLE || count[f] >= COUNT_MAX
				 ? REFUSED
				 : (kernel_store(f * ENTRIES + i, g, w), DONE);
	else
		kernel = kernel_write(f, i, g, w);
	if (!real != (kernel == DONE))
		fail_msg("entry %d of frame %d := frame %d %s: %ld (%s), kernel %d", i, f, g,
			 w ? "writable" : "read-only", real, fake_last_text, kernel);
}

/* What each frame is for, more often than not: so that whole trees come about. */
static const int purpose[FRAMES] = {4, 3, 3, 2, 2, 1, 1, DESCRIPTOR, WRITABLE, WRITABLE};

static int any_target(int f)
{
	int g = any(FRAMES);

	if (!any(3))
		return NOTHING;
	while (any(30) &&
	       purpose[g] != (purpose[f] > 1 && purpose[f] <= 4 ? purpose[f] - 1 : WRITABLE))
		g = any(FRAMES);
	return g;
}

static void run(unsigned seed)
{
	srand(seed);
	for (int step = 0; step < STEPS; step++) {
		int f = any(FRAMES), what = any(8);

		if (what < 2)
			get(f, any(10) ? purpose[f] : 1 + any(WRITABLE));
		else if (what < 4)
			put(f);
		else
			update(f, slots[any(6)], any_target(f), any(2));
		same(step, what < 2 ? "get" : what < 4 ? "put" : "update");
	}
}

static void test_the_proved_kernel_is_the_real_one(void **unused)
{
	(void)unused;
	d = fake_domain(1, false, 64);
	for (int f = 0; f < FRAMES; f++)
		mfns[f] = fake_page(d);
	for (int s = 0; s < SLOTS; s++)
		target[s] = holds[s] = NOTHING;
	run(1);
	run(2);
	for (int t = 1; t <= WRITABLE; t++) { /* both were seen of each type */
		print_message("type %d: %d references, %d refused\n", t, done[t], refused[t]);
		assert_true(done[t] > 10 && refused[t] > 10);
	}
	for (int f = 0; f < FRAMES; f++)
		while (held[f])
			put(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(test_the_proved_kernel_is_the_real_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
