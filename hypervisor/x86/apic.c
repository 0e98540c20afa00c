/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/printk.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>

#define APIC_ID	       0x20
#define APIC_TPR       0x80
#define APIC_EOI       0xb0
#define APIC_SPIV      0xf0
#define APIC_ESR       0x280
#define APIC_ICR       0x300
#define APIC_ICR_HIGH  0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_INITIAL   0x380
#define APIC_CURRENT   0x390
#define APIC_DIVIDE    0x3e0

#define LVT_MASKED   0x10000
#define LVT_DEADLINE 0x40000

#define ICR_PENDING 0x01000
#define ICR_ASSERT  0x04000
#define ICR_OTHERS  0xc0000

static volatile u32 *registers; /* NULL in x2APIC mode */
static bool ready;

static u32 apic_read(unsigned reg)
{
	return registers ? registers[reg / 4] : (u32)rdmsr(MSR_X2APIC + reg / 16);
}

static void apic_write(unsigned reg, u32 v)
{
	if (registers)
		registers[reg / 4] = v;
	else
		wrmsr(MSR_X2APIC + reg / 16, v);
}

void apic_send(u32 to_apic_id, u32 command)
{
	command |= ICR_ASSERT;
	if (registers) {
		while (apic_read(APIC_ICR) & ICR_PENDING)
			pause();
		apic_write(APIC_ICR_HIGH, to_apic_id << 24);
		apic_write(APIC_ICR, command);
	} else {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)to_apic_id << 32 | command);
	}
}

void apic_init(void)
{
	machine.lapic_address = rdmsr(MSR_APIC_BASE) & PTE_ADDRESS;
	if (!cpu_has_x2apic)
		registers = map_mmio(machine.lapic_address, PAGE_SIZE);
	apic_enable();
	ready = true;
}

void apic_enable(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | BIT(11)); /* on */
	if (cpu_has_x2apic)
		wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | BIT(10)); /* x2APIC */
	/* First: while it is off here, the entries below stay masked, whatever is written. */
	apic_write(APIC_SPIV, 0x100 | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	for (unsigned lvt = APIC_LVT_TIMER + 16; lvt <= APIC_LVT_LINT0; lvt += 16)
		apic_write(lvt, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, APIC_NMI);
	apic_write(APIC_LVT_ERROR, VECTOR_APIC_ERROR);
	apic_write(APIC_DIVIDE, 0x0b); /* by 1 */
	/* Again: QEMU forgets what came by LINT0 before it was masked only at such a write. */
	apic_write(APIC_SPIV, 0x100 | VECTOR_SPURIOUS);
}

u32 apic_id(void)
{
	return apic_read(APIC_ID) >> (registers ? 24 : 0);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_stop_others(void)
{
	panicking = true;
	if (ready)
		apic_send(0, ICR_OTHERS | APIC_NMI);
}

void apic_report_error(void)
{
	apic_write(APIC_ESR, 0);
	printk(LOG_WARN, "CPU%u: local APIC error %#x\n", this_cpu()->id, apic_read(APIC_ESR));
}

void apic_timer_set(u32 ticks)
{
	apic_write(APIC_INITIAL, ticks);
}

u32 apic_timer_left(void)
{
	return apic_read(APIC_CURRENT);
}

void apic_timer_deadline(u64 tsc)
{
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | LVT_DEADLINE);
	/* The mode must have taken effect before the deadline is written. */
	asm volatile("mfence" ::: "memory");
	wrmsr(MSR_TSC_DEADLINE, tsc);
}
