/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/options.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/clock.h>
#include <x86/descriptors.h>
#include <x86/features.h>
#include <x86/machine.h>
#include <x86/paging.h>
#include <x86/smp.h>
#include <x86/time.h>
#include <x86/window.h>

#define TRAMPOLINE_LIMIT 0xa0000UL

u32 cpu_count;
struct cpu *cpus[MAX_CPUS];

static u32 max_cpus = MAX_CPUS;
OPTION("maxcpus", OPTION_NUMBER, max_cpus);

static u32 prepared = 1;
static struct cpu *windows[MAX_CPUS];

/* What the trampoline and head.S need to bring a CPU to ap_main(). */
extern char ap_trampoline[], ap_trampoline_end[];
extern u32 ap_image;
u64 ap_cr3, ap_stack;
static struct cpu *ap_starting;
static bool ap_running;

void ap_main(void);

void cpu_set_work(struct cpu *c, u32 bits)
{
	u32 old = __atomic_fetch_or(&c->work, bits, __ATOMIC_SEQ_CST);

	if ((old & bits) != bits && c != this_cpu())
		apic_send_ipi(c, VECTOR_IPI);
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

void delay_us(u32 us)
{
	u64 end = rdtsc() + (u64)us * tsc_khz / 1000;

	while (rdtsc() < end)
		pause();
}

struct cpu *cpu_init_first(void)
{
	struct cpu *c = window_create(0, 0);

	windows[0] = cpus[0] = c;
	cpu_count = 1;
	return c;
}

void smp_prepare(void)
{
	u32 boot_id = apic_id();

	cpus[0]->apic_id = boot_id;
	for (unsigned i = 0; i < machine.cpus && prepared < MIN(max_cpus, MAX_CPUS); i++) {
		u32 id = machine.cpu_apic_ids[i];

		if (id == boot_id || (id > 254 && !cpu_has_x2apic))
			continue;
		windows[prepared] = window_create(prepared, id);
		prepared++;
	}
}

/* On the new CPU: alone until ap_running is set, as CPUs are started one at a time. */
void ap_main(void)
{
	struct cpu *c = ap_starting;

	descriptors_load(c->id);
	features_enable();
	apic_enable();
	__atomic_store_n(&ap_running, true, __ATOMIC_SEQ_CST);
	cpu_main();
}

static bool wait_running(u32 us)
{
	for (; us; us--) {
		if (__atomic_load_n(&ap_running, __ATOMIC_ACQUIRE))
			return true;
		delay_us(1);
	}
	return false;
}

static bool start(struct cpu *c, unsigned page)
{
	ap_starting = c;
	ap_running = false;
	ap_stack = (u64)((struct cpu_regs *)c - 1);
	apic_send_init(c->apic_id);
	delay_us(10000);
	apic_send_startup(c->apic_id, page);
	if (wait_running(1000))
		return true;
	apic_send_startup(c->apic_id, page);
	return wait_running(1000000);
}

/* A page of RAM below 640 KiB; the early allocator leaves the first MiB alone. */
static unsigned trampoline_page(void)
{
	for (unsigned i = machine_ram_regions; i-- > 0;) {
		u64 end = MIN(machine_ram[i].end, TRAMPOLINE_LIMIT);

		if (end > machine_ram[i].start && end - PAGE_SIZE >= PAGE_SIZE)
			return (end - PAGE_SIZE) >> PAGE_SHIFT;
	}
	return 0;
}

void smp_start(void)
{
	unsigned page = trampoline_page();
	u8 *copy = phys_to_virt((u64)page << PAGE_SHIFT);

	if (prepared > 1 && !page) {
		printk(LOG_WARN, "no RAM below 640 KiB to start other CPUs from\n");
		return;
	}
	ap_cr3 = master_cr3;
	for (u32 i = 1; i < prepared; i++) {
		u32 image = image_to_phys((void *)IMAGE_VIRT_START);

		memcpy(copy, ap_trampoline, ap_trampoline_end - ap_trampoline);
		memcpy(copy + ((char *)&ap_image - ap_trampoline), &image, sizeof(image));
		cpus[cpu_count] = windows[i];
		if (!start(windows[i], page)) {
			printk(LOG_WARN, "CPU with APIC id %u does not start\n",
			       windows[i]->apic_id);
			cpus[cpu_count] = NULL;
			break; /* it may wake up yet, with what is set up for it */
		}
		__atomic_store_n(&cpu_count, cpu_count + 1, __ATOMIC_SEQ_CST);
	}
	printk(LOG_INFO, "%u CPU%s\n", cpu_count, cpu_count > 1 ? "s" : "");
}
