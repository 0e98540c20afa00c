/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same as mm_chaos, by four CPUs at once: vCPUs of one domain and of another work on the same
 * few frames. They meet every now and then, and the auditor counts.
 */
#define sched_yield hypervisor_yield /* the C library has one, too */
#include "fakes/mm_chaos.h"
#undef sched_yield
#include <pthread.h>

#define THREADS 4u
#define ROUNDS	1500u
#define STEPS	100u
#define PAGES	30u

static struct worker {
	struct chaos c;
	pthread_t thread;
} workers[THREADS];
static pthread_barrier_t barrier;

static void *work(void *arg)
{
	struct worker *w = arg;

	fake_run_as_vcpu(w->c.d, w->c.vcpu);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < STEPS; i++) {
			fake_preempt_in = chaos_below(&w->c, 2) ? 0 : 1 + chaos_below(&w->c, 3);
			chaos_step(&w->c);
		}
		fake_preempt_in = 0;
		pthread_barrier_wait(&barrier);
		if (w == workers)
			fake_audit();
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static struct domain *make(domid_t domid, struct fake_space *s)
{
	struct domain *d = fake_domain(domid, false, PAGES + 20);

	fake_run_space(d, s);
	d->mem.vm_assist = ~0UL;
	while (d->mem.tot_pages < PAGES)
		fake_page(d);
	fake_add_vcpu(d, 1);
	fake_run_as_vcpu(d, 1);
	assert_int_equal(mm_set_root(&d->vcpus[1]->mem, mfn(s->l4), false), 0);
	return d;
}

static void four_cpus(void **state)
{
	struct fake_space s, t;
	struct domain *d[2] = {make(1, &s), make(2, &t)};
	struct chaos range;

	(void)state;
	chaos_begin(&range, 1);
	fake_threads = THREADS;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].c = (struct chaos){.seed = chaos_seed(0x9e3779b97f4a7c15UL * (i + 1)),
					      .d = d[i == 3],
					      .other = d[i != 3],
					      .vcpu = i == 1,
					      .first = range.first,
					      .frames = range.frames};
		if (i == 2)
			fake_add_vcpu(d[0], 2), workers[i].c.vcpu = 2;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	fake_threads = 0;
	chaos_end();
	fake_run_as(d[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {machine_test(four_cpus)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
