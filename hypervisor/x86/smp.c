/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/options.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>
#include <x86/time.h>

u32 cpu_count;
struct cpu *cpus[MAX_CPUS];

static u32 max_cpus = MAX_CPUS;
OPTION("maxcpus", option_number, max_cpus);

static u32 prepared = 1; /* CPUs that have a window */

/* Of head.S: where a CPU starts, and what it goes on with. */
extern char ap_trampoline[], ap_trampoline_end[];
extern u64 start_root, start_stack;
extern void (*start_main)(void);
static enum { AP_WANTED, AP_RUNS, AP_GIVEN_UP } ap_state; /* of the one that is being started */

void cpu_set_work(struct cpu *c, u32 bits)
{
	u32 old = __atomic_fetch_or(&c->work, bits, __ATOMIC_SEQ_CST);

	if ((old & bits) != bits && c != this_cpu())
		apic_send(c->apic_id, VECTOR_IPI);
}

void cpu_idle(void)
{
	/* Interrupts are let in by the instruction before HLT: none can slip in between. */
	if (!READ_ONCE(this_cpu()->work))
		asm volatile("sti; hlt; cli" ::: "memory");
}

void cpu_interrupt_window(void)
{
	asm volatile("sti; nop; cli" ::: "memory");
}

void smp_prepare(void)
{
	u32 boot_id = apic_id();

	cpus[0]->apic_id = boot_id;
	for (unsigned i = 0; i < machine.cpus && prepared < MIN(max_cpus, MAX_CPUS); i++) {
		u32 id = machine.cpu_apic_ids[i];

		if (id == boot_id || (id > 254 && !cpu_has_x2apic))
			continue;
		cpus[prepared] = window_create(prepared, id);
		prepared++;
	}
}

/* On the new CPU: alone until it says that it runs, as CPUs are started one at a time. */
static void ap_main(void)
{
	descriptors_load(this_cpu()->id);
	features_enable();
	apic_enable();
	/* Too late: nobody would flush this CPU's TLB. */
	if (__atomic_exchange_n(&ap_state, AP_RUNS, __ATOMIC_SEQ_CST) == AP_GIVEN_UP)
		halt_forever();
	cpu_main();
}

static bool start(struct cpu *c, unsigned page)
{
	memcpy(phys_to_virt((u64)page << PAGE_SHIFT), ap_trampoline,
	       ap_trampoline_end - ap_trampoline);
	ap_state = AP_WANTED;
	start_stack = (u64)((struct cpu_regs *)c - 1);
	apic_send(c->apic_id, APIC_INIT);
	delay_us(10000);
	/* The second command is for CPUs that have missed the first. */
	for (u32 patience = 1000; patience <= 1000000; patience *= 1000) {
		apic_send(c->apic_id, APIC_STARTUP | page);
		for (u32 us = 0; us < patience; us++) {
			if (__atomic_load_n(&ap_state, __ATOMIC_ACQUIRE) == AP_RUNS)
				return true;
			delay_us(1);
		}
	}
	return __atomic_exchange_n(&ap_state, AP_GIVEN_UP, __ATOMIC_SEQ_CST) == AP_RUNS;
}

void smp_start(void)
{
	unsigned page = 0;

	/* The highest of RAM below 640 KiB; the early allocator leaves the first MiB alone. */
	for (unsigned i = 0; i < machine_ram_regions && machine_ram[i].start < 0xa0000; i++)
		page = MIN(machine_ram[i].end, 0xa0000UL) / PAGE_SIZE - 1;
	if (prepared > 1 && !page) {
		printk(LOG_WARN, "no RAM below 640 KiB to start other CPUs from\n");
		prepared = 1;
	}
	start_root = master_cr3;
	start_main = ap_main;
	for (; cpu_count < prepared; cpu_count++)
		if (!start(cpus[cpu_count], page)) {
			printk(LOG_WARN, "CPU with APIC id %u does not start\n",
			       cpus[cpu_count]->apic_id);
			break; /* it may wake up yet, on what is set up for it, and halts */
		}
	printk(LOG_INFO, "%u CPU%s\n", cpu_count, cpu_count > 1 ? "s" : "");
}
