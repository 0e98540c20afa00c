/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real flushes, changes of mode and roots of xpti against a CPU whose TLB forgets nothing
 * unless told so, with PCIDs and without: no emulator has such a one. What a page table's entry was
 * before a flush must be seen nowhere after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#define X86_ASM_H /* privileged instructions: the CPU below */
#include <lib/types.h>
#define CR3_NO_FLUSH BIT(63)

enum { PCIDS = 4, SLOTS = 4, ROOTS = 7, VCPUS = 2, STAMPS = 8, STEPS = 300000 };

static const unsigned slots[SLOTS] = {0, 255, 272, 511};
/* What a translation comes from: a root's entry, which xpti copies, and one below it. */
struct path {
	uint64_t top, low;
};
static struct path tlb[PCIDS][SLOTS]; /* 0: knows nothing */
static uint64_t cr3;

static void load_cr3(uint64_t value);
static void invlpg(uint64_t va);
static void pause(void);

/* Its definition, by read_cr3(void), is an instruction; the rest of them are calls. */
#define read_cr3(...) read_cr3_##__VA_ARGS__(__VA_ARGS__)
static uint64_t read_cr3_(void);
#define phys_to_virt real_phys_to_virt
#include <x86/paging.h>
#undef phys_to_virt
static uint64_t *phys_to_virt(uint64_t address);
#include "hypervisor/x86/xpti.c"
#include "hypervisor/x86/tlb.c"

bool cpu_has_pcid, xpti;
uint32_t cpu_count = 2;
struct cpu *cpus[MAX_CPUS];
struct vcpu;
u64 mm_root_changes;

static struct cpu cpu[2];
static unsigned on_cpu;
static uint64_t tables[16][512] __attribute__((aligned(4096)));
static unsigned tables_used;

static struct arch_vcpu vcpus[VCPUS];
static uint64_t roots[VCPUS][2]; /* by user mode */
static unsigned running;
static bool in_guest;

static uint64_t versions; /* of entries: each is another */
static uint64_t lower[ROOTS + 1][SLOTS];
static struct path seen[ROOTS + 1][SLOTS]; /* the least that may be seen, by root */
static unsigned long kept;		   /* loads of CR3 that flushed nothing */

static struct stamp {
	uint32_t time;
	uint64_t root, version;
	unsigned slot;
	bool top;
} stamps[STAMPS];

struct cpu *this_cpu(void)
{
	return &cpu[on_cpu];
}

/* --- the CPU --- */

static uint64_t *phys_to_virt(uint64_t address)
{
	assert_int_equal(address & 0xfff, 0);
	assert_in_range(address >> 12, 1, tables_used);
	return tables[(address >> 12) - 1];
}

static uint64_t read_cr3_(void)
{
	return cr3;
}

static void load_cr3(uint64_t value)
{
	assert_true(cpu_has_pcid || !(value & (BIT(63) | 0xfff)));
	assert_in_range(value & 0xfff, 0, PCIDS - 1);
	if (on_cpu) /* of the other one we know nothing */
		return;
	cr3 = value & ~BIT(63);
	if (value & BIT(63))
		kept++;
	else
		memset(tlb[cr3 & 0xfff], 0, sizeof(tlb[0]));
}

static uint64_t address_of(unsigned slot)
{
	return (uint64_t)slots[slot] << 39;
}

static void invlpg(uint64_t va)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (address_of(i) == va && !on_cpu)
			tlb[cr3 & 0xfff][i].top = 0;
}

/* One access. What an entry says tells its root, too. */
static void touch(unsigned slot)
{
	uint64_t full = in_guest ? cpu->full_root & PTE_ADDRESS : cr3 & PTE_ADDRESS;
	struct path *known = &tlb[cr3 & 0xfff][slot], *least = &seen[full >> 12][slot];

	if (!known->top)
		*known = (struct path){phys_to_virt(cr3 & PTE_ADDRESS)[slots[slot]],
				       lower[full >> 12][slot]};
	assert_int_equal(known->top >> 56, full >> 12);
	assert_true((known->top & ~0UL >> 8) >= least->top && known->low >= least->low);
}

/* --- what else the two files call --- */

void paging_show(u64 *root, u64 va)
{
	(void)va;
	if (!*root)
		*root = (uint64_t)++tables_used << 12;
}

void spin_lock(struct spinlock *l)
{
	(void)l;
}

void spin_unlock(struct spinlock *l)
{
	(void)l;
}

void apic_send(u32 to_apic_id, u32 command)
{
	(void)command;
	assert_int_equal(to_apic_id, !on_cpu);
}

/* The other CPU waits: this one's turn. */
static void pause(void)
{
	on_cpu = !on_cpu;
	tlb_serve_mailbox();
	on_cpu = !on_cpu;
}

/* --- what a hypervisor does on this CPU --- */

static void must_see(unsigned root, unsigned slot)
{
	seen[root][slot] =
		(struct path){tables[root - 1][slots[slot]] & ~0UL >> 8, lower[root][slot]};
}

static void all_new(unsigned slot)
{
	for (unsigned root = 1; root <= ROOTS; root++)
		must_see(root, slot);
}

static void everything_new(void)
{
	for (unsigned slot = 0; slot < SLOTS; slot++)
		all_new(slot);
}

static bool user(void)
{
	return !vcpus[running].kernel_mode;
}

/* table_update(): with the old entry goes a reference, and that may be the frame's last. */
static void change_entry(unsigned root, unsigned slot, bool top)
{
	versions++;
	if (top) {
		tables[root - 1][slots[slot]] = versions | (uint64_t)root << 56;
		__atomic_fetch_add(&mm_root_changes, 1, __ATOMIC_SEQ_CST);
	} else {
		lower[root][slot] = versions;
	}
	if (rand() % 2)
		stamps[rand() % STAMPS] =
			(struct stamp){tlb_clock_now(), root, versions, slot, top};
}

/* leave_idle(): the frame gets another type. */
static void use_anew(const struct stamp *stamp)
{
	struct cpumask mask = tlb_filter((struct cpumask){1}, stamp->time);
	struct path *least = &seen[stamp->root][stamp->slot];

	if (mask.bits) {
		tlb_flush_mask(mask, TLB_ALL);
		everything_new();
	} else if (stamp->top) {
		least->top = MAX(least->top, stamp->version);
	} else {
		least->low = MAX(least->low, stamp->version);
	}
}

static void flush_somehow(unsigned slot)
{
	unsigned way = rand() % 7;

	on_cpu = way >= 4; /* the other one asks */
	if (way == 0 || way == 6)
		tlb_flush_local(TLB_ALL);
	else if (way == 1)
		tlb_flush_local(address_of(slot));
	else if (way % 2)
		tlb_flush_mask((struct cpumask){1}, address_of(slot));
	else
		tlb_flush_mask((struct cpumask){1}, TLB_ALL);
	on_cpu = 0;
	if (way == 6)
		return; /* itself */
	if (way % 2)
		all_new(slot);
	else
		everything_new();
}

/* replace_root(), of the running vCPU, which is in its kernel mode; any root will do. */
static void new_root(bool for_user)
{
	if (user())
		return;
	roots[running][for_user] = (uint64_t)(1 + rand() % ROOTS) << 12;
	cpu->tlb_flushes++;
	if (!for_user) {
		write_cr3(roots[running][0]);
		everything_new();
	}
	for (unsigned slot = 0; for_user && roots[running][1] != roots[running][0] && slot < SLOTS;
	     slot++)
		must_see(roots[running][1] >> 12, slot);
}

static void switch_vcpu(void)
{
	running = rand() % VCPUS;
	cpu->current = (struct vcpu *)&vcpus[running];
	if (rand() % 4 == 0)
		write_cr3((uint64_t)ROOTS << 12); /* idle for a while */
	write_cr3(roots[running][user()] | (cpu_has_pcid && user()));
	everything_new();
}

static void toggle(void)
{
	vcpus[running].kernel_mode ^= 1;
	toggle_cr3(roots[running][user()], user());
}

/* entry.S: guests run on their own roots, and touch what they like. */
static void run_guest(void)
{
	if (xpti)
		load_cr3(xpti_root());
	else
		cpu->full_root = cr3;
	in_guest = true;
	for (unsigned i = rand() % 4; i--;)
		touch(rand() % SLOTS);
	in_guest = false;
	if (xpti)
		load_cr3(cpu->full_root);
}

static void step(void)
{
	unsigned slot = rand() % SLOTS;

	switch (rand() % 12) {
	case 0 ... 2:
		change_entry(1 + rand() % ROOTS, slot, rand() % 4 == 0);
		break;
	case 3:
		flush_somehow(slot);
		break;
	case 4:
		use_anew(&stamps[rand() % STAMPS]);
		break;
	case 5:
		if (rand() % 4 == 0)
			switch_vcpu();
		break;
	case 6:
		if (rand() % 4 == 0)
			new_root(rand() % 2);
		break;
	case 7 ... 8:
		toggle();
		break;
	default:
		run_guest();
	}
	touch(rand() % SLOTS);
}

static void run(bool with_pcid, bool with_xpti)
{
	srand(1);
	cpu_has_pcid = with_pcid;
	xpti = with_xpti;
	memset(cpu, 0, sizeof(cpu));
	memset(tlb, 0, sizeof(tlb));
	memset(tables, 0, sizeof(tables));
	memset(guest_roots, 0, sizeof(guest_roots));
	memset(stamps, 0, sizeof(stamps));
	tables_used = ROOTS;
	kept = 0;
	for (unsigned root = 1; root <= ROOTS; root++)
		for (unsigned slot = 0; slot < SLOTS; slot++)
			change_entry(root, slot, true);
	for (unsigned i = 0; i < 2; i++) {
		cpu[i].id = cpu[i].apic_id = i;
		cpus[i] = &cpu[i];
	}
	xpti_prepare(cpu);
	for (unsigned i = 0; i < VCPUS; i++) {
		vcpus[i].kernel_mode = 1;
		roots[i][0] = roots[i][1] = (uint64_t)(i + 1) << 12;
	}
	switch_vcpu();
	for (unsigned i = 0; i < STEPS; i++)
		step();
	/* It is of use at all. */
	assert_true(with_pcid ? kept > STEPS / 50 : !kept);
}

static void plain(void **state)
{
	(void)state;
	run(false, false);
}

static void plain_xpti(void **state)
{
	(void)state;
	run(false, true);
}

static void pcids(void **state)
{
	(void)state;
	run(true, false);
}

static void pcids_xpti(void **state)
{
	(void)state;
	run(true, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(plain_xpti),
		cmocka_unit_test(pcids),
		cmocka_unit_test(pcids_xpti),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
