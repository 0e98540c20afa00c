/* SPDX-License-Identifier: MIT */
/* The programs. init tries everything that the kernel promises, and says what worked. */
#include "user.h"

static size_t length_of(const char *text)
{
	size_t n = 0;

	/* The empty asm keeps the compiler from calling strlen(), which no process can reach. */
	for (; text[n]; n++)
		__asm__ volatile("");
	return n;
}

static void print(const char *text)
{
	system_call(SYS_WRITE, (uint64_t)text, length_of(text));
}

static void quit(int status)
{
	system_call(SYS_EXIT, status, 0);
	__builtin_unreachable();
}

static long make_child(void)
{
	return system_call(SYS_FORK, 0, 0);
}

/* Wait for a child; its status. */
static int wait(void)
{
	return system_call(SYS_WAIT, 0, 0) & 0xff;
}

static long count_of(int which)
{
	return system_call(SYS_COUNTER, which, 0);
}

void user_start(user_program program, uint64_t argument)
{
	quit(program(argument));
}

static int doubler(uint64_t argument)
{
	return argument * 2;
}

/* --- what init tries: each returns whether it worked ---------------------------------------- */

static int try_fork(void)
{
	long parent = system_call(SYS_GETPID, 0, 0), child = make_child();

	if (child == 0)
		quit(system_call(SYS_GETPID, 0, 0) != parent ? 7 : 1);
	return child > parent && system_call(SYS_WAIT, 0, 0) == (child << 8 | 7) &&
	       system_call(SYS_WAIT, 0, 0) == -1;
}

static int try_exec(void)
{
	if (make_child() == 0) {
		system_call(SYS_EXEC, PROGRAM_DOUBLER, 21);
		quit(1);
	}
	return wait() == 42 && system_call(SYS_EXEC, 99, 0) == -1;
}

static int try_demand_zero(void)
{
	long before = count_of(COUNT_ZERO_FILLS);
	uint64_t found = 0;

	for (int page = 0; page < USER_DATA_PAGES; page++)
		found |= USER_DATA[page * WORDS_PER_PAGE + page];
	return found == 0 && count_of(COUNT_ZERO_FILLS) - before == USER_DATA_PAGES;
}

static int try_copy_on_write(void)
{
	long copies = count_of(COUNT_COPIES), reuses = count_of(COUNT_REUSES);
	int good;

	for (int page = 0; page < 10; page++)
		USER_DATA[page * WORDS_PER_PAGE] = 1000 + page;
	if (make_child() == 0) {
		for (int page = 0; page < 5; page++)
			USER_DATA[page * WORDS_PER_PAGE] = 2000;
		quit(USER_DATA[4 * WORDS_PER_PAGE] == 2000 &&
		     USER_DATA[5 * WORDS_PER_PAGE] == 1005);
	}
	good = wait();
	for (int page = 0; page < 10; page++)
		good &= USER_DATA[page * WORDS_PER_PAGE] == 1000u + page;
	USER_DATA[9 * WORDS_PER_PAGE] = 0; /* the child is gone: no copy needed any more */
	copies = count_of(COUNT_COPIES) - copies;
	reuses = count_of(COUNT_REUSES) - reuses;
	return good && copies >= 5 && reuses >= 1;
}

/* Three children that never give the CPU away. */
static int try_preemption(void)
{
	long before = count_of(COUNT_PREEMPTIONS);
	int good = 1;

	for (int i = 0; i < 3; i++)
		if (make_child() == 0) {
			double x = i; /* the FPU's state is a process's own, too */

			while (count_of(COUNT_PREEMPTIONS) - before < 6)
				for (int n = 0; n < 100000; n++)
					x += 0.5, x -= 0.5;
			quit(x == i);
		}
	for (int i = 0; i < 3; i++)
		good &= wait();
	return good;
}

static int try_sleep(void)
{
	if (make_child() == 0) {
		system_call(SYS_SLEEP, 60, 0);
		quit(2);
	}
	if (make_child() == 0) {
		system_call(SYS_SLEEP, 10, 0);
		quit(1);
	}
	return wait() == 1 && wait() == 2;
}

static void misbehave(int how)
{
	switch (how) {
	case 0: /* memory that nobody gave us */
		*(volatile int *)0x1000 = 1;
		break;
	case 1: /* our own program's text */
		*(volatile char *)&user_start = 0;
		break;
	case 2: /* the hypervisor */
		*(volatile char *)0xffff830000000000 = 0;
		break;
	case 3: /* an instruction for kernels */
		__asm__ volatile("mov %%cr3, %%rax" ::: "rax");
		break;
	case 4: /* no instruction at all */
		__asm__ volatile("ud2");
		break;
	case 5: /* data is not to be executed */
		((void (*)(void))(uintptr_t)USER_DATA)();
		break;
	}
	quit(0);
}

static int try_protection(void)
{
	static const int vectors[] = {14, 14, 14, 13, 6, 14};
	int good = 1;

	USER_DATA[0] = 0xc3; /* a return instruction, were it to run */
	for (int how = 0; how < 6; how++) {
		if (make_child() == 0)
			misbehave(how);
		good &= wait() == (KILLED | vectors[how]);
	}
	/* A system call given an address that is not ours must not lend us the kernel's rights. */
	return good && system_call(SYS_WRITE, 0x1000, 1) == -1 &&
	       system_call(SYS_WRITE, 0xffff800000000000, 1) == -1;
}

/* Ten times as many processes, one after another, as the kernel has room for. */
static int try_many(void)
{
	long before = count_of(COUNT_FREE_PAGES);
	int good = 1;

	for (int i = 0; i < 160; i++) {
		if (make_child() == 0) {
			USER_DATA[3] = i;
			quit(i & 0x7f);
		}
		good &= wait() == (i & 0x7f);
	}
	return good && count_of(COUNT_FREE_PAGES) == before;
}

static int try_too_many(void)
{
	int children = 0, good = 1;
	long child;

	while ((child = make_child()) > 0)
		children++;
	if (child == 0) {
		system_call(SYS_YIELD, 0, 0);
		quit(0);
	}
	for (int i = 0; i < children; i++)
		good &= wait() == 0;
	return good && child == -1 && children == 15; /* and init itself: MAX_PROCESSES */
}

static int init(uint64_t argument)
{
	static const struct {
		const char *what;
		int (*attempt)(void);
	} attempts[] = {
		{"fork and wait", try_fork},
		{"exec", try_exec},
		{"demand-zero pages", try_demand_zero},
		{"copy on write", try_copy_on_write},
		{"preemption by the timer", try_preemption},
		{"sleeping", try_sleep},
		{"protection", try_protection},
		{"many processes", try_many},
		{"too many processes", try_too_many},
	};
	int failures = 0;

	(void)argument;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int good = attempts[i].attempt();

		failures += !good;
		print(good ? "init: " : "FAIL minikernel: ");
		print(attempts[i].what);
		print(good ? " works\n" : "\n");
	}
	return failures;
}

const user_program user_programs[NR_PROGRAMS] = {
	[PROGRAM_INIT] = init,
	[PROGRAM_DOUBLER] = doubler,
};
