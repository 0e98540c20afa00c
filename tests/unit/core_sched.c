/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler on simulated CPUs and simulated time: shares, caps, affinity, latency, no
 * starvation, no idle CPU beside a waiting vCPU. Every run is the same to the nanosecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <core/hooks.h>
#include <core/sched.h>
#include "fakes/host.h"
#include "fakes/work.h"

#define MS	   1000000UL
#define MAX_ACTORS 24

/* What a vCPU does: run for `burst`, sleep for `nap`; a burst of 0 is endless. */
struct actor {
	struct vcpu v;
	u64 burst, nap;
	u64 left, wake_at, woken_at;
	u64 ran, worst_latency;
	bool asleep, waiting;
};

static struct actor actors[MAX_ACTORS];
static struct domain domains[MAX_ACTORS];
static struct vcpu_info infos[MAX_ACTORS];
static unsigned actor_count, domain_count;
static u64 wasted; /* ns during which a CPU was idle while a vCPU that may use it waited */

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	assert_true(next->is_running);
	assert_ptr_equal(this_cpu()->current, next);
	(void)prev;
}

void vcpu_update_areas(struct vcpu *v)
{
	(void)v;
}

void quiesce_point(void)
{
}

/* --- the simulation --- */

static struct actor *running_on(u32 cpu)
{
	struct vcpu *v = cpus[cpu]->current;

	return v && v->domain ? container_of(v, struct actor, v) : NULL;
}

static bool settle_cpu(u32 cpu)
{
	struct actor *a;

	if (!fake_work_on(cpu))
		return false;
	a = running_on(cpu);
	if (a && a->waiting) {
		a->waiting = false;
		a->worst_latency = MAX(a->worst_latency, fake_now - a->woken_at);
	}
	return true;
}

static void settle(void)
{
	bool more;

	do {
		more = false;
		for (u32 cpu = 0; cpu < cpu_count; cpu++)
			more |= settle_cpu(cpu);
	} while (more);
}

static void wake(struct actor *a)
{
	a->asleep = false;
	a->left = a->burst;
	a->woken_at = fake_now;
	a->waiting = true;
	vcpu_unblock(&a->v);
}

static void put_to_sleep(struct actor *a)
{
	a->asleep = true;
	a->wake_at = fake_now + a->nap;
	a->v.pause_flags |= VPF_BLOCKED;
	cpus[a->v.cpu]->work |= WORK_SCHEDULE;
}

static u64 next_event(u64 end)
{
	u64 next = end;

	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct actor *a = running_on(cpu);

		next = MIN(next, fake_deadline[cpu]);
		if (a && a->burst)
			next = MIN(next, fake_now + a->left);
	}
	for (unsigned i = 0; i < actor_count; i++)
		if (actors[i].asleep)
			next = MIN(next, actors[i].wake_at);
	return MAX(next, fake_now);
}

static void account(u64 ns)
{
	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct actor *a = running_on(cpu);

		if (a) {
			a->ran += ns;
			a->left -= a->burst ? ns : 0;
			assert_true(a->v.affinity.bits & BIT(cpu));
			continue;
		}
		for (unsigned i = 0; i < actor_count; i++)
			if (actors[i].v.sched.queued && !actors[i].v.sched.on_cpu &&
			    (actors[i].v.affinity.bits & BIT(cpu)) &&
			    !actors[i].v.domain->sched.unpark.active) {
				wasted += ns;
				break;
			}
	}
}

static void run_for(u64 ns)
{
	u64 end = fake_now + ns;

	settle();
	while (fake_now < end) {
		u64 next = next_event(end);

		account(next - fake_now);
		fake_now = next;
		for (u32 cpu = 0; cpu < cpu_count; cpu++) {
			struct actor *a = running_on(cpu);

			if (a && a->burst && !a->left)
				put_to_sleep(a);
		}
		settle();
		for (unsigned i = 0; i < actor_count; i++)
			if (actors[i].asleep && actors[i].wake_at <= fake_now)
				wake(&actors[i]);
		settle();
	}
}

static void reset_counts(void)
{
	wasted = 0;
	for (unsigned i = 0; i < actor_count; i++)
		actors[i].ran = actors[i].worst_latency = 0;
}

static void machine(unsigned n)
{
	fake_host_reset(n);
	list_init(&sched_queue);
	memset(actors, 0, sizeof(actors));
	memset(domains, 0, sizeof(domains));
	memset(infos, 0, sizeof(infos));
	actor_count = domain_count = 0;
	sched_id = XEN_SCHEDULER_CREDIT;
	sched_slice_ns = SCHED_SLICE_DEFAULT;
	for (fake_cpu = 0; fake_cpu < n; fake_cpu++) {
		timers_init_cpu();
		sched_init_cpu();
	}
	fake_cpu = 0;
	wasted = 0;
}

static struct domain *new_domain(u32 weight, u32 cap)
{
	struct domain *d = &domains[domain_count++];

	sched_domain_init(d);
	assert_int_equal(sched_domain_adjust(d, weight, cap), 0);
	return d;
}

static struct actor *new_actor(struct domain *d, u64 burst, u64 nap, u64 affinity)
{
	struct actor *a = &actors[actor_count];
	const struct cpumask mask = {affinity};

	a->v.domain = d;
	for (struct vcpu **at = d->vcpus;; at++)
		if (!*at) {
			*at = &a->v;
			break;
		}
	a->v.info = &infos[actor_count++];
	a->v.pause_flags = VPF_BLOCKED;
	a->burst = burst;
	a->nap = nap;
	a->v.affinity.bits = ~0UL;
	a->v.runstate.state = RUNSTATE_offline;
	a->v.runstate.state_entry_time = fake_now;
	if (affinity)
		assert_int_equal(sched_set_affinity(&a->v, mask), 0);
	wake(a);
	return a;
}

static struct actor *hog(u32 weight, u64 affinity)
{
	return new_actor(new_domain(weight, 0), 0, 0, affinity);
}

static int end_machine(void **state)
{
	(void)state;
	for (unsigned i = 0; i < actor_count; i++) {
		actors[i].v.pause_flags |= VPF_DOWN;
		vcpu_sleep_nosync(&actors[i].v);
	}
	settle();
	for (unsigned i = 0; i < actor_count; i++) {
		assert_false(actors[i].v.is_running);
		assert_false(actors[i].v.sched.queued);
	}
	for (unsigned i = 0; i < domain_count; i++)
		timer_stop(&domains[i].sched.unpark);
	assert_true(list_empty(&sched_queue));
	assert_int_equal(fake_heap_live, 0);
	return 0;
}

/* a is share of whole, in per cent, give or take 2 */
#define assert_share(a, whole, percent)                                                            \
	assert_in_range(100 * (a) / (whole), (percent) > 2 ? (percent)-2 : 0, (percent) + 2)

/* --- shares --- */

static void equal_weights_share_equally(void **state)
{
	struct actor *a, *b;

	(void)state;
	machine(1);
	a = hog(256, 0);
	b = hog(256, 0);
	run_for(2000 * MS);
	assert_share(a->ran, 2000 * MS, 50);
	assert_share(b->ran, 2000 * MS, 50);
}

static void weights_set_the_shares(void **state)
{
	struct actor *a, *b, *c;

	(void)state;
	machine(1);
	a = hog(512, 0);
	b = hog(256, 0);
	c = hog(128, 0);
	run_for(7000 * MS);
	assert_share(a->ran, 7000 * MS, 57);
	assert_share(b->ran, 7000 * MS, 28);
	assert_share(c->ran, 7000 * MS, 14);
}

static void extreme_weights_starve_nobody(void **state)
{
	struct actor *heavy, *light;

	(void)state;
	machine(1);
	heavy = hog(65535, 0);
	light = hog(256, 0);
	run_for(20000 * MS);
	assert_true(light->ran >= 30 * MS);
	assert_true(heavy->ran >= 19000 * MS);
}

static void weight_is_the_domains(void **state)
{
	struct domain *big;
	struct actor *two[2], *one;

	(void)state;
	machine(1);
	big = new_domain(256, 0);
	two[0] = new_actor(big, 0, 0, 0);
	two[1] = new_actor(big, 0, 0, 0);
	one = hog(256, 0);
	run_for(4000 * MS);
	assert_share(two[0]->ran + two[1]->ran, 4000 * MS, 50);
	assert_share(two[0]->ran, 4000 * MS, 25);
	assert_share(one->ran, 4000 * MS, 50);
}

static void three_hogs_share_two_cpus(void **state)
{
	struct actor *h[3];

	(void)state;
	machine(2);
	for (unsigned i = 0; i < 3; i++)
		h[i] = hog(256, 0);
	run_for(3000 * MS);
	for (unsigned i = 0; i < 3; i++)
		assert_share(h[i]->ran, 6000 * MS, 33);
	assert_int_equal(wasted, 0);
}

static void changed_weight_takes_effect(void **state)
{
	struct actor *a, *b;

	(void)state;
	machine(1);
	a = hog(256, 0);
	b = hog(256, 0);
	run_for(1000 * MS);
	assert_int_equal(sched_domain_adjust(a->v.domain, 768, 0), 0);
	reset_counts();
	run_for(2000 * MS);
	assert_share(a->ran, 2000 * MS, 75);
	assert_share(b->ran, 2000 * MS, 25);
	assert_int_equal(sched_domain_adjust(a->v.domain, 0, 0), -22);
	assert_int_equal(sched_domain_adjust(a->v.domain, 256, 101), -22);
}

/* --- cap --- */

static void cap_limits_an_idle_machine(void **state)
{
	struct actor *a;

	(void)state;
	machine(2);
	a = new_actor(new_domain(256, 25), 0, 0, 0);
	run_for(4000 * MS);
	assert_share(a->ran, 4000 * MS, 25);
}

static void cap_covers_all_vcpus_of_a_domain(void **state)
{
	struct domain *d;
	struct actor *a, *b, *other;

	(void)state;
	machine(2);
	d = new_domain(256, 60);
	a = new_actor(d, 0, 0, 0);
	b = new_actor(d, 0, 0, 0);
	other = hog(256, 0);
	run_for(4000 * MS);
	assert_share(a->ran + b->ran, 4000 * MS, 60);
	/* both of them at once, then neither: the third waits no longer than its share allows */
	assert_true(other->ran >= 4000 * MS * 70 / 100);
	assert_int_equal(sched_domain_adjust(d, 256, 0), 0);
	reset_counts();
	run_for(1000 * MS);
	assert_true(a->ran + b->ran >= 980 * MS);
}

/* It is not made to pay for what it ran before; and nothing else calls the scheduler meanwhile. */
static void cap_set_while_it_runs_alone(void **state)
{
	struct actor *a;

	(void)state;
	machine(2);
	a = hog(256, 0);
	run_for(20000 * MS);
	assert_share(a->ran, 20000 * MS, 100);
	assert_int_equal(sched_domain_adjust(a->v.domain, 256, 50), 0);
	run_for(200 * MS);
	reset_counts();
	run_for(4000 * MS);
	assert_share(a->ran, 4000 * MS, 50);
}

/* --- affinity --- */

static void pinned_vcpus_stay_and_share(void **state)
{
	struct actor *a, *b, *c, *d;

	(void)state;
	machine(2);
	a = hog(512, 1);
	b = hog(256, 1);
	c = hog(256, 2);
	run_for(3000 * MS);
	assert_share(a->ran, 3000 * MS, 67);
	assert_share(b->ran, 3000 * MS, 33);
	assert_share(c->ran, 3000 * MS, 100);
	/* a newcomer beside one that had its CPU alone for long: neither starves the other */
	d = hog(256, 2);
	reset_counts();
	run_for(1000 * MS);
	assert_share(c->ran, 1000 * MS, 50);
	assert_share(d->ran, 1000 * MS, 50);
	/* and one that may go anywhere, beside all of them */
	d = hog(256, 0);
	reset_counts();
	run_for(400 * MS);
	for (unsigned i = 0; i < actor_count; i++)
		assert_true(actors[i].ran > 40 * MS);
}

static void affinity_moves_a_running_vcpu(void **state)
{
	const struct cpumask to = {4}, none = {0xf0};
	struct actor *a;

	(void)state;
	machine(4);
	a = hog(256, 1);
	run_for(10 * MS);
	assert_int_equal(a->v.cpu, 0);
	assert_int_equal(sched_set_affinity(&a->v, to), 0);
	run_for(10 * MS);
	assert_int_equal(a->v.cpu, 2);
	assert_int_equal(a->ran, 20 * MS);
	assert_int_equal(sched_set_affinity(&a->v, none), -22);
	assert_int_equal(a->v.affinity.bits, 4);
}

/* --- latency, conservation --- */

static void sleepers_run_at_once_beside_hogs(void **state)
{
	struct actor *io;

	(void)state;
	machine(1);
	for (unsigned i = 0; i < 4; i++)
		hog(256, 0);
	io = new_actor(new_domain(256, 0), MS / 10, 5 * MS, 0);
	run_for(100 * MS);
	reset_counts();
	run_for(3000 * MS);
	assert_true(io->worst_latency <= MS);
	assert_true(io->ran >= 50 * MS);
}

static void sleeping_does_not_save_up(void **state)
{
	struct actor *a, *late;

	(void)state;
	machine(1);
	late = new_actor(new_domain(256, 0), 10 * MS, 5000 * MS, 0);
	a = hog(256, 0);
	run_for(4000 * MS);
	late->burst = 0; /* from its next wake-up on it never sleeps */
	reset_counts();
	run_for(1100 * MS);
	assert_true(a->ran > 1000 * MS + 30 * MS);
	reset_counts();
	run_for(1000 * MS);
	assert_share(a->ran, 1000 * MS, 50);
}

static void no_cpu_idles_beside_a_waiter(void **state)
{
	(void)state;
	machine(4);
	srand(1);
	for (unsigned i = 0; i < 12; i++)
		new_actor(new_domain(64 + 64 * (unsigned)(rand() % 8), 0),
			  (1 + (u64)(rand() % 40)) * MS / 4, (1 + (u64)(rand() % 40)) * MS / 4,
			  i % 3 ? 0 : BIT(i % 4));
	run_for(5000 * MS);
	assert_int_equal(wasted, 0);
	for (unsigned i = 0; i < actor_count; i++)
		assert_true(actors[i].ran > 100 * MS);
}

static void idle_machine_is_tickless(void **state)
{
	struct actor *a;

	(void)state;
	machine(2);
	a = hog(256, 0);
	run_for(50 * MS);
	/* alone on its CPU: no timer is armed anywhere */
	assert_int_equal(fake_deadline[0], ~0UL);
	assert_int_equal(fake_deadline[1], ~0UL);
	assert_int_equal(a->ran, 50 * MS);
	assert_int_equal(sched_idle_ns(a->v.cpu ^ 1), 50 * MS);
}

static void yield_lets_others_run_once(void **state)
{
	struct actor *a, *b;

	(void)state;
	machine(1);
	a = hog(256, 0);
	b = hog(256, 0);
	run_for(1 * MS);
	assert_ptr_equal(running_on(0), a);
	sched_yield();
	settle();
	assert_ptr_equal(running_on(0), b);
	run_for(1000 * MS);
	assert_share(a->ran, 1000 * MS, 50);
}

/* --- states --- */

static void runstates_add_up(void **state)
{
	struct vcpu_runstate_info r;
	struct actor *a;

	(void)state;
	machine(1);
	a = new_actor(new_domain(256, 0), 3 * MS, 7 * MS, 0);
	hog(256, 0);
	run_for(1000 * MS);
	vcpu_get_runstate(&a->v, &r);
	assert_int_equal(r.time[0] + r.time[1] + r.time[2] + r.time[3], 1000 * MS);
	assert_int_equal(r.time[RUNSTATE_running], a->ran);
	assert_true(r.time[RUNSTATE_blocked] > 500 * MS);
	assert_int_equal(r.time[RUNSTATE_offline], 0);
}

static void paused_vcpus_do_not_run(void **state)
{
	struct actor *a;

	(void)state;
	machine(2);
	a = hog(256, 0);
	run_for(5 * MS);
	a->v.domain->pause_count = 1;
	vcpu_sleep_nosync(&a->v);
	settle();
	assert_false(a->v.is_running);
	reset_counts();
	run_for(5 * MS);
	vcpu_wake(&a->v); /* not runnable: nothing happens */
	run_for(5 * MS);
	assert_int_equal(a->ran, 0);
	a->v.domain->pause_count = 0;
	vcpu_wake(&a->v);
	run_for(5 * MS);
	assert_int_equal(a->ran, 5 * MS);
}

static void block_sees_events_that_came_first(void **state)
{
	struct actor *a;

	(void)state;
	machine(1);
	a = hog(256, 0);
	settle();
	a->v.info->evtchn_upcall_pending = 1;
	vcpu_block(&a->v);
	assert_int_equal(a->v.pause_flags, 0);
	a->v.info->evtchn_upcall_mask = 1;
	vcpu_block(&a->v);
	assert_int_equal(a->v.pause_flags, VPF_BLOCKED);
	/* wake-up before the switch: it simply goes on */
	vcpu_unblock(&a->v);
	settle();
	assert_ptr_equal(running_on(0), a);
}

static struct vcpu *leaving;
static unsigned looks;

static void it_may_not_be_freed_yet(void)
{
	assert_true(leaving->is_running);
	looks++;
}

/* is_running is what the end of a domain waits for, without a lock; then its vCPUs are freed. */
static void who_leaves_is_looked_at_while_it_is_there(void **state)
{
	(void)state;
	machine(1);
	struct actor *a = hog(256, 0), *b = hog(256, 0);

	settle();
	leaving = cpus[0]->current;
	fake_now += 20 * MS; /* more than it had */
	looks = 0;
	fake_on_clock = it_may_not_be_freed_yet;
	schedule();
	fake_on_clock = NULL;
	assert_ptr_equal(cpus[0]->current, leaving == &a->v ? &b->v : &a->v);
	assert_false(leaving->is_running);
	assert_in_range(looks, 2, 10); /* one is the start's; the last of the search for a CPU */
}

static void round_robin_takes_turns(void **state)
{
	struct actor *h[3];

	(void)state;
	machine(1);
	sched_id = SCHED_RR;
	for (unsigned i = 0; i < 3; i++)
		h[i] = hog(256 << i, 0);
	run_for(3000 * MS);
	for (unsigned i = 0; i < 3; i++)
		assert_share(h[i]->ran, 3000 * MS, 33);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_weights_share_equally),
		TEST(weights_set_the_shares),
		TEST(extreme_weights_starve_nobody),
		TEST(weight_is_the_domains),
		TEST(three_hogs_share_two_cpus),
		TEST(changed_weight_takes_effect),
		TEST(cap_limits_an_idle_machine),
		TEST(cap_covers_all_vcpus_of_a_domain),
		TEST(cap_set_while_it_runs_alone),
		TEST(pinned_vcpus_stay_and_share),
		TEST(affinity_moves_a_running_vcpu),
		TEST(sleepers_run_at_once_beside_hogs),
		TEST(sleeping_does_not_save_up),
		TEST(no_cpu_idles_beside_a_waiter),
		TEST(idle_machine_is_tickless),
		TEST(yield_lets_others_run_once),
		TEST(runstates_add_up),
		TEST(paused_vcpus_do_not_run),
		TEST(block_sees_events_that_came_first),
		TEST(who_leaves_is_looked_at_while_it_is_there),
		TEST(round_robin_takes_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
