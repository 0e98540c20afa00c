/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "fakes/mm_fakes.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <core/grant.h>
#include <core/memory_op.h>
#include <x86/context.h>
#include <x86/machine.h>
#include <x86/tlb.h>
#include <x86/uaccess.h>

int fake_refusals, fake_flushes, fake_preemptions, fake_last_page_gone, fake_external, fake_threads;
__thread int fake_preempt_in;
__thread void (*fake_on_wait)(void);
__thread enum refusal fake_last_refusal;
__thread char fake_last_text[256];
struct cpumask fake_last_flush;
__thread u64 fake_preempt_args[6], fake_preempt_done, fake_cr3;
u64 fake_fault_from, fake_fault_to;
u32 cpu_count = FAKE_CPUS;
typeof(fake_external_pages) fake_external_pages;
struct machine_map_entry machine_map[MACHINE_MAP_ENTRIES];
unsigned machine_map_entries;

#define DOMAINS 4
static struct domain *domains[DOMAINS];
static __thread struct cpu the_cpu;
static u32 tlb_clock;
u32 fake_flushed_at[FAKE_CPUS];
static __thread int preempt_left, preempt_period;
static u64 master_l4[TABLE_ENTRIES];

/* --- x86/ --- */

struct cpu *this_cpu(void)
{
	return &the_cpu;
}

/* With one thread, whoever waits waits for ever. */
void cpu_relax(void)
{
	if (fake_on_wait)
		fake_on_wait();
	if (!fake_threads)
		fail_msg("waits for itself");
	syscall(SYS_sched_yield);
}

void spin_lock(struct spinlock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_SEQ_CST))
		cpu_relax();
}

void spin_unlock(struct spinlock *l)
{
	assert_true(__atomic_exchange_n(&l->held, 0, __ATOMIC_SEQ_CST));
}

u64 read_cr3(void)
{
	return fake_cr3;
}

void write_cr3(u64 cr3)
{
	fake_cr3 = cr3;
}

void cache_flush_all(void)
{
}

u32 tlb_clock_now(void)
{
	return tlb_clock;
}

struct cpumask tlb_filter(struct cpumask mask, u32 stamp)
{
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		if (fake_flushed_at[i] > stamp)
			mask.bits &= ~BIT(i);
	return mask;
}

void (*fake_on_flush)(void);

void tlb_flush_mask(struct cpumask mask, u64 page)
{
	assert_true(page == TLB_ALL || guest_va(page));
	if (fake_on_flush)
		fake_on_flush();
	fake_last_flush = mask;
	if (page != TLB_ALL)
		return;
	tlb_clock++;
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		if (mask.bits & BIT(i)) {
			fake_flushes++;
			fake_flushed_at[i] = tlb_clock;
		}
}

void tlb_flush_local(u64 page)
{
	assert_true((u64)((s64)(page << 16) >> 16) == page); /* a guest's, or a window */
	if (page == TLB_ALL)
		tlb_flush_mask((struct cpumask){1}, page);
}

static bool faults(u64 addr, size_t size)
{
	return addr + size > fake_fault_from && addr < fake_fault_to;
}

bool copy_from_guest(void *dst, u64 src, size_t size)
{
	if (faults(src, size))
		return false;
	memcpy(dst, (void *)src, size);
	return true;
}

bool (*fake_write_faults)(u64 addr);

bool copy_to_guest(u64 dst, const void *src, size_t size)
{
	if (faults(dst, size) || (fake_write_faults && fake_write_faults(dst)))
		return false;
	memcpy((void *)dst, src, size);
	return true;
}

/* --- lib/ --- */

void printk(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
	return vsnprintf(buf, size, fmt, ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	va_list ap;

	fake_refusals++;
	fake_last_refusal = why;
	va_start(ap, fmt);
	vsnprintf(fake_last_text, sizeof(fake_last_text), fmt, ap);
	va_end(ap);
	return err;
}

/* --- core/ --- */

bool hypercall_preempt_check(void)
{
	/* A new period begins when the test sets one. */
	if (preempt_period != fake_preempt_in)
		preempt_left = preempt_period = fake_preempt_in;
	if (!fake_preempt_in || --preempt_left > 0)
		return false;
	preempt_left = fake_preempt_in;
	return true;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 args[6] = {a1, a2, a3, a4};

	fake_preempt_done = done;
	memcpy(fake_preempt_args, args, sizeof(args));
	fake_preemptions++;
	return HYPERCALL_PREEMPTED;
}

u64 hypercall_done(void)
{
	u64 done = fake_preempt_done;

	fake_preempt_done = 0;
	return done;
}

__attribute__((weak)) long do_memory_op(u64 cmd, u64 arg)
{
	(void)cmd;
	(void)arg;
	return -XEN_ENOSYS;
}

long fake_resume(void)
{
	const u64 *a = fake_preempt_args;

	switch (this_cpu()->hypercall) {
	case __HYPERVISOR_mmu_update:
		return do_mmu_update(a[0], a[1], a[2], a[3]);
	case __HYPERVISOR_mmuext_op:
		return do_mmuext_op(a[0], a[1], a[2], a[3]);
	default:
		return do_memory_op(a[0], a[1]);
	}
}

static int domains_held; /* references that were got and not put */

struct domain *domain_get(domid_t domid)
{
	struct domain *d = domid == DOMID_SELF ? the_cpu.current->domain : NULL;

	for (unsigned i = 0; !d && i < DOMAINS; i++)
		if (domains[i] && domains[i]->mem.domid == domid)
			d = domains[i];
	if (d)
		__atomic_fetch_add(&domains_held, 1, __ATOMIC_SEQ_CST);
	return d;
}

void domain_put(struct domain *d)
{
	assert_non_null(d);
	__atomic_fetch_sub(&domains_held, 1, __ATOMIC_SEQ_CST);
}

__attribute__((weak)) long grant_give_frames(struct domain *d, u64 first, u32 count, u64 list)
{
	return -XEN_EINVAL;
}

struct domain_memory *hook_get_domain(domid_t domid)
{
	struct domain *d = domain_get(domid);

	return d ? &d->mem : NULL;
}

void hook_put_domain(struct domain_memory *dm)
{
	domain_put(container_of(dm, struct domain, mem));
}

void hook_last_page_gone(struct domain_memory *dm)
{
	assert_true(dm->dying);
	fake_last_page_gone++;
}

__attribute__((weak)) void
grant_audit(struct domain *d, void (*add)(struct page *pg, bool writable, void *arg), void *arg)
{
}

void hook_audit_references(void (*add)(struct page *pg, bool writable, void *arg), void *arg)
{
	for (unsigned i = 0; i < DOMAINS; i++)
		if (domains[i])
			grant_audit(domains[i], add, arg);
	for (int i = 0; i < fake_external; i++)
		add(fake_external_pages[i].page, fake_external_pages[i].writable, arg);
}

void hook_for_each_domain(void (*fn)(struct domain_memory *dm, void *arg), void *arg)
{
	for (unsigned i = 0; i < DOMAINS; i++)
		if (domains[i])
			fn(&domains[i]->mem, arg);
}

void hook_for_each_vcpu(struct domain_memory *dm, void (*fn)(struct vcpu_memory *vm, void *arg),
			void *arg)
{
	struct domain *d = container_of(dm, struct domain, mem);

	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			fn(&d->vcpus[i]->mem, arg);
}

void hook_get_ldt(struct vcpu_memory *vm, u64 *base, unsigned *entries)
{
	struct vcpu *v = container_of(vm, struct vcpu, mem);

	*base = v->pv.ldt_virt;
	*entries = v->arch.ldt_entries;
}

void hook_set_ldt(struct vcpu_memory *vm, u64 base, unsigned entries)
{
	struct vcpu *v = container_of(vm, struct vcpu, mem);

	v->pv.ldt_virt = base;
	v->arch.ldt_entries = entries;
}

struct cpumask hook_vcpu_cpus(struct domain_memory *dm, u64 vcpus)
{
	struct domain *d = container_of(dm, struct domain, mem);
	struct cpumask cpus = {0};

	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if ((vcpus & BIT(i)) && d->vcpus[i])
			cpus.bits |= BIT(d->vcpus[i]->cpu);
	return cpus;
}

void hook_quiesce(bool stop)
{
	(void)stop;
}

/* --- the machine --- */

static void *map_at(u64 address, size_t size)
{
	void *p = mmap((void *)address, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	assert_int_equal((u64)p, address);
	return p;
}

static u64 free_at_start;

static void boot_once(void)
{
	const struct mem_region ram = {FAKE_FIRST_FRAME * PAGE_SIZE, FAKE_END_FRAME * PAGE_SIZE};

	if (max_mfn)
		return;
	map_at(FRAME_TABLE_START, FAKE_END_FRAME * sizeof(struct page));
	map_at(M2P_RW_VIRT_START, FAKE_END_FRAME * sizeof(u64));
	map_at(DIRECT_MAP_START, FAKE_END_FRAME * PAGE_SIZE);
	for (unsigned i = HYPERVISOR_FIRST_SLOT; i <= HYPERVISOR_LAST_SLOT; i++)
		master_l4[i] = (u64)i << 32 | PTE_PRESENT;
	mm_boot_init(&ram, 1, 40);
	mm_boot_root(master_l4);
	mm_boot_m2p(0, mfn(FAKE_FIRST_FRAME), FAKE_M2P_FRAMES);
	mm_boot_free(ram.start + FAKE_M2P_FRAMES * PAGE_SIZE, ram.end);
}

int fake_machine(void **state)
{
	(void)state;
	boot_once();
	fake_refusals = fake_flushes = fake_preempt_in = fake_preemptions = 0;
	fake_last_page_gone = fake_external = preempt_left = 0;
	fake_preempt_done = fake_fault_from = fake_fault_to = 0;
	fake_last_text[0] = 0;
	fake_on_flush = NULL;
	free_at_start = heap_free_pages();
	domains_held = 0;
	return 0;
}

static void give_up(struct domain *d)
{
	d->mem.dying = true;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		while (d->vcpus[i] && mm_vcpu_drop_roots(&d->vcpus[i]->mem))
			fake_preemptions++;
	while (mm_domain_relinquish(&d->mem))
		fake_preemptions++;
}

int fake_machine_clean(void **state)
{
	(void)state;
	fake_preempt_in = 0;
	fake_external = 0;
	/* Domains may map each other's pages: all give up theirs before any is gone. */
	for (unsigned i = 0; i < DOMAINS; i++)
		if (domains[i])
			give_up(domains[i]);
	fake_audit();
	for (unsigned i = 0; i < DOMAINS; i++)
		if (domains[i])
			fake_kill(domains[i]);
	fake_audit();
	assert_int_equal(heap_free_pages(), free_at_start);
	assert_int_equal(domains_held, 0);
	return 0;
}

void fake_run_as_vcpu(struct domain *d, unsigned vcpu)
{
	the_cpu.current = d->vcpus[vcpu];
	the_cpu.current_memory = &d->vcpus[vcpu]->mem;
	fake_cr3 = the_cpu.current_memory->cr3_kernel;
	__atomic_fetch_or(&d->mem.dirty_cpus.bits, 1, __ATOMIC_SEQ_CST);
}

void fake_run_as(struct domain *d)
{
	fake_run_as_vcpu(d, 0);
}

void fake_add_vcpu(struct domain *d, unsigned vcpu)
{
	d->vcpus[vcpu] = calloc(1, sizeof(struct vcpu));
	d->vcpus[vcpu]->domain = d;
	d->vcpus[vcpu]->mem.domain = &d->mem;
	d->vcpus[vcpu]->mem.vcpu_id = vcpu;
}

struct domain *fake_domain(domid_t domid, bool privileged, u64 max_pages)
{
	struct domain *d = calloc(1, sizeof(*d));
	unsigned i = 0;

	while (domains[i])
		i++;
	domains[i] = d;
	assert_int_equal(mm_domain_init(&d->mem, domid, privileged, MAX_VCPUS), 0);
	d->mem.max_pages = max_pages;
	d->privileged = privileged;
	fake_add_vcpu(d, 0);
	fake_run_as(d);
	return d;
}

void fake_kill(struct domain *d)
{
	give_up(d);
	assert_int_equal(d->mem.tot_pages, 0);
	assert_true(d->mem.last_page_gone);
	mm_domain_destroy(&d->mem);
	for (unsigned i = 0; i < DOMAINS; i++)
		if (domains[i] == d)
			domains[i] = NULL;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		free(d->vcpus[i]);
	free(d);
}

u64 fake_page(struct domain *d)
{
	struct page *pg = mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY);

	assert_non_null(pg);
	return frame_mfn(pg).n;
}

u64 *fake_bytes(u64 frame)
{
	return frame_virt(mfn(frame));
}

struct page *fake_entry(u64 frame)
{
	return &frame_table[frame];
}

struct page *fake_get_descriptor_page(struct domain *d, u64 frame)
{
	struct page *pg = fake_entry(frame);

	return type_get_owned(pg, &d->mem, TYPE_DESCRIPTOR) ? NULL : pg;
}

void fake_space(struct domain *d, struct fake_space *s)
{
	u64 *const all[] = {&s->l4, &s->l3, &s->l2, &s->l1};

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		*all[i] = fake_page(d);
	fake_bytes(s->l4)[FAKE_SLOT4] = fake_pte(s->l3, PAGE_RW);
	fake_bytes(s->l3)[0] = fake_pte(s->l2, PAGE_RW);
	fake_bytes(s->l2)[0] = fake_pte(s->l1, PAGE_RW);
	for (unsigned i = 0; i < FAKE_DATA; i++) {
		s->data[i] = fake_page(d);
		fake_bytes(s->l1)[i] = fake_pte(s->data[i], PAGE_RW);
	}
	fake_bytes(s->l1)[table_index(FAKE_L1_VA, 1)] = fake_pte(s->l1, PAGE_RO);
}

void fake_run_space(struct domain *d, struct fake_space *s)
{
	fake_space(d, s);
	fake_run_as(d);
	assert_int_equal(mm_set_root(&d->vcpus[0]->mem, mfn(s->l4), false), 0);
}

void fake_audit(void)
{
	struct parapet_audit result;

	mm_audit(&result);
	if (result.kind)
		fail_msg("auditor: frame %lx: %s", result.mfn, result.text);
}
