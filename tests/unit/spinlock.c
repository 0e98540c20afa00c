/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real spin locks, among threads. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <x86/spinlock.h>
#include <x86/tlb.h>

enum { THREADS = 4, ROUNDS = 20000 };

static struct spinlock lock = SPINLOCK_INIT;
static unsigned int inside, total, crowded;
static bool finished;

/* What a waiting CPU does meanwhile: here, let the holder's thread run. */
void tlb_serve_mailbox(void)
{
	sched_yield();
}

static void *worker(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		crowded += ++inside != 1;
		total++;
		inside--;
		spin_unlock(&lock);
	}
	return NULL;
}

static void one_at_a_time(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(crowded, 0);
	assert_int_equal(total, THREADS * ROUNDS);
	assert_int_equal(lock.held | lock.hungry, 0);
}

static void trying(void **state)
{
	(void)state;
	assert_true(spin_trylock(&lock));
	assert_false(spin_trylock(&lock));
	spin_unlock(&lock);
	assert_true(spin_trylock(&lock));
	spin_unlock(&lock);
}

/* Leaves nobody else a moment, unless it finds that somebody is hungry. */
static void *greedy(void *arg)
{
	bool held = true; /* by who started it, for it */

	(void)arg;
	while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {
		if (held)
			spin_unlock(&lock);
		held = spin_trylock(&lock);
	}
	if (held)
		spin_unlock(&lock);
	return NULL;
}

static void hungry_are_served(void **state)
{
	pthread_t thread;

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		finished = false;
		assert_true(spin_trylock(&lock));
		assert_int_equal(pthread_create(&thread, NULL, greedy, NULL), 0);
		spin_lock(&lock);
		__atomic_store_n(&finished, true, __ATOMIC_SEQ_CST);
		spin_unlock(&lock);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	assert_int_equal(lock.held | lock.hungry, 0);
}

/* A newcomer does not take a free lock that somebody waits for in hunger. */
static void newcomers_stand_back(void **state)
{
	(void)state;
	lock.hungry = 1;
	assert_false(spin_trylock(&lock));
	spin_lock(&lock); /* hungry itself, in the end */
	assert_int_equal(lock.hungry, 0);
	spin_unlock(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(trying),
		cmocka_unit_test(hungry_are_served),
		cmocka_unit_test(newcomers_stand_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
