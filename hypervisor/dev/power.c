/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power-off and reset, by ACPI where it says how, else by what PCs have had for ever. */
#include <core/hooks.h>
#include <dev/chips.h>
#include <lib/printk.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>
#include <x86/time.h>

#define PM1_SCI_ENABLE	 BIT(0)
#define PM1_SLEEP_ENABLE BIT(13)
#define SPACE_MEMORY	 0
#define SPACE_PORT	 1
#define RESET_CONTROL	 0xcf9
#define KEYBOARD	 0x64

static volatile u8 *reset_register; /* mapped at boot: nothing is mapped in a panic */

void power_init(void)
{
	if (machine.fadt.reset_address && machine.fadt.reset_space == SPACE_MEMORY)
		reset_register = map_mmio(machine.fadt.reset_address, 1);
}

static void enable_acpi(void)
{
	if (!machine.fadt.smi_command || !machine.fadt.acpi_enable ||
	    (inw(machine.fadt.pm1a_control) & PM1_SCI_ENABLE))
		return;
	outb(machine.fadt.smi_command, machine.fadt.acpi_enable);
	for (unsigned i = 0; i < 1000 && !(inw(machine.fadt.pm1a_control) & PM1_SCI_ENABLE); i++)
		delay_us(1000);
}

void machine_poweroff(void)
{
	apic_stop_others();
	if (machine.sleep_known && machine.fadt.pm1a_control) {
		enable_acpi();
		outw(machine.fadt.pm1a_control, machine.sleep_type[0] << 10 | PM1_SLEEP_ENABLE);
		if (machine.fadt.pm1b_control)
			outw(machine.fadt.pm1b_control,
			     machine.sleep_type[1] << 10 | PM1_SLEEP_ENABLE);
		delay_us(1000000);
	}
	printk(LOG_ERR, "power-off does not work here: halted\n");
	halt_forever();
}

void machine_restart(void)
{
	static const u16 no_idt[5];

	apic_stop_others();
	if (opt_noreboot)
		halt_forever();
	if (reset_register)
		*reset_register = machine.fadt.reset_value;
	else if (machine.fadt.reset_address && machine.fadt.reset_space == SPACE_PORT)
		outb(machine.fadt.reset_address, machine.fadt.reset_value);
	delay_us(100000);
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
	delay_us(100000);
	outb(KEYBOARD, 0xfe);
	delay_us(100000);
	/* A triple fault is what no machine ignores. */
	asm volatile("lidt %0; int3" ::"m"(no_idt));
	halt_forever();
}
