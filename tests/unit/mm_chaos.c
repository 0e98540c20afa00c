/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random hypercalls of two domains, the auditor after every one: whatever guests do, counts equal
 * references, no table is writable, and every page comes back at the end. MM_SEED=number takes
 * other numbers.
 */
#include "fakes/mm_chaos.h"

#define STEPS 15000u
#define PAGES 40u

static struct domain *make(domid_t domid, struct fake_space *s, bool privileged)
{
	struct domain *d = fake_domain(domid, privileged, PAGES + 20);

	fake_run_space(d, s);
	d->mem.vm_assist = ~0UL;
	while (d->mem.tot_pages < PAGES)
		fake_page(d);
	return d;
}

static void run(u64 seed, bool privileged)
{
	struct fake_space s, t;
	struct domain *d[2] = {make(1, &s, false), make(2, &t, privileged)};
	struct chaos c[2] = {{.seed = seed, .d = d[0], .other = d[1]},
			     {.seed = seed * 77, .d = d[1], .other = d[0]}};

	chaos_begin(c, 2);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned who = chaos_below(&c[0], 2);

		fake_run_as(d[who]);
		fake_preempt_in = chaos_below(&c[0], 2) ? 0 : 1 + chaos_below(&c[0], 3);
		chaos_step(&c[who]);
		fake_audit();
	}
	chaos_end();
}

static void two_guests(void **state)
{
	(void)state;
	run(chaos_seed(0x1234567), false);
}

static void a_guest_and_the_privileged(void **state)
{
	(void)state;
	run(chaos_seed(0x89abcdef1), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(two_guests),
		machine_test(a_guest_and_the_privileged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
