/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lib/printk.h>
#include <mm/memory.h>
#include <x86/time.h>
#include <x86/uaccess.h>
#include "fakes/host.h"
#include <lib/options.h>

u32 fake_cpu, cpu_count, tsc_khz = 1000000;
void (*fake_on_clock)(void);
u64 fake_now, fake_deadline[FAKE_CPUS], wallclock_boot_ns;
struct cpu_regs fake_regs;
int fake_heap_left = -1, fake_heap_live;
u64 fake_fault_from, fake_fault_to;
bool (*fake_accessible)(u64 addr, size_t size);
char fake_log[8192];
struct cpu *cpus[MAX_CPUS];
struct time_scale time_scale = {.mul = 1u << 31, .shift = 1};

static struct cpu the_cpus[FAKE_CPUS];

/* --- CPUs, time --- */

struct cpu *this_cpu(void)
{
	return &the_cpus[fake_cpu];
}

struct cpu_regs *guest_regs(void)
{
	return &fake_regs;
}

void cpu_set_work(struct cpu *c, u32 bits)
{
	c->work |= bits;
}

void cpu_relax(void)
{
	fail_msg("a busy wait on a machine where nothing else runs");
}

u64 now_ns(void)
{
	if (fake_on_clock)
		fake_on_clock();
	return fake_now;
}

u64 rdtsc(void)
{
	return fake_now;
}

void timer_program(u64 deadline_ns)
{
	fake_deadline[fake_cpu] = deadline_ns;
}

/* --- locks: recursion or a wrong unlock is a bug of the code under test --- */

void (*fake_on_lock)(const struct spinlock *l);

void spin_lock(struct spinlock *l)
{
	assert_false(l->held);
	l->held = 1;
	if (fake_on_lock)
		fake_on_lock(l);
}

bool spin_trylock(struct spinlock *l)
{
	bool is_free = !l->held;

	l->held = 1;
	return is_free;
}

void spin_unlock(struct spinlock *l)
{
	assert_true(l->held);
	if (fake_on_lock)
		fake_on_lock(l);
	l->held = 0;
}

/* --- heap --- */

static void *take(size_t align, size_t size)
{
	void *p;

	if (fake_heap_left == 0)
		return NULL;
	if (fake_heap_left > 0)
		fake_heap_left--;
	fake_heap_live++;
	p = aligned_alloc(align, ROUND_UP(size, align));
	memset(p, 0, ROUND_UP(size, align));
	return p;
}

void *heap_alloc(size_t size)
{
	return take(16, size);
}

void heap_free(void *p)
{
	fake_heap_live -= p != NULL;
	free(p);
}

void *heap_pages(unsigned order)
{
	return take(PAGE_SIZE, PAGE_SIZE << order);
}

void heap_pages_free(void *va, unsigned order)
{
	(void)order;
	heap_free(va);
}

/* --- guest memory --- */

static bool faults(u64 addr, size_t size)
{
	if (!guest_range_ok(addr, size) || (fake_accessible && !fake_accessible(addr, size)))
		return true;
	return addr + size > fake_fault_from && addr < fake_fault_to;
}

bool guest_range_ok(u64 addr, u64 size)
{
	return !((addr + size) >> 47) && addr + size >= addr;
}

bool copy_from_guest(void *dst, u64 src, size_t size)
{
	if (faults(src, size))
		return false;
	memcpy(dst, (void *)src, size);
	return true;
}

bool copy_to_guest(u64 dst, const void *src, size_t size)
{
	if (faults(dst, size))
		return false;
	memcpy((void *)dst, src, size);
	return true;
}

/* --- messages --- */

void printk(enum log_level level, const char *fmt, ...)
{
	size_t used = strlen(fake_log);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(fake_log + used, sizeof(fake_log) - used, fmt, ap);
	va_end(ap);
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
	return vsnprintf(buf, size, fmt, ap);
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, size, fmt, ap);

	va_end(ap);
	return n;
}

void panic(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fail_msg("panic: %s", line);
	abort();
}

void fake_host_reset(unsigned n)
{
	memset(the_cpus, 0, sizeof(the_cpus));
	memset(fake_deadline, 0xff, sizeof(fake_deadline));
	memset(&fake_regs, 0, sizeof(fake_regs));
	for (unsigned i = 0; i < n; i++) {
		cpus[i] = &the_cpus[i];
		the_cpus[i].id = i;
	}
	cpu_count = n;
	fake_cpu = 0;
	fake_now = 0;
	fake_heap_left = -1;
	fake_fault_from = fake_fault_to = 0;
	fake_accessible = NULL;
	fake_on_lock = NULL;
	fake_log[0] = '\0';
}

/* Nothing reads a command line here. */
bool option_bool(void *target, size_t size, const char *value)
{
	(void)target;
	(void)size;
	(void)value;
	return false;
}

bool option_string(void *target, size_t size, const char *value)
{
	return option_bool(target, size, value);
}
