/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration by ports that a guest uses too: each gets the registers that it chose, whatever
 * came in between, and nobody can come between an address and its data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#define X86_ASM_H /* the machine below */
#include <lib/types.h>
#include <xen/xen.h>

static u32 port_in(u16 port, unsigned size);
static void port_out(u16 port, u32 value, unsigned size);
#include "hypervisor/dev/pci.c"

#define AT(device, reg) (0x80000000u | (device) << 8 | (reg))

/* --- a machine: configuration space of two devices, and what hides behind byte 0xcf9 --- */

static u32 chosen;
static u8 space[2][256];
static u8 reset_register;
static unsigned accesses;

/* cpu_relax() is for a lock that another CPU holds. */
void cpu_relax(void)
{
	fail();
}

void spin_lock(struct spinlock *l)
{
	assert_false(l->held);
	l->held = 1;
	accesses = 0;
}

void spin_unlock(struct spinlock *l)
{
	assert_true(l->held);
	l->held = 0;
}

static u8 *data(u16 port, unsigned size)
{
	unsigned device = chosen >> 8 & 0xffff;

	assert_in_range(port, CONFIG_DATA, CONFIG_DATA + 4 - size);
	assert_true(chosen >> 31);
	assert_in_range(device, 0, 1);
	assert_int_equal(accesses, 1); /* the address was set under the same lock */
	return &space[device][(chosen & 0xfc) + (port & 3)];
}

static u32 port_in(u16 port, unsigned size)
{
	u32 value = 0;

	assert_true(lock.held);
	if (port == CONFIG_ADDRESS && size == 4)
		return chosen;
	if (port < CONFIG_DATA)
		return reset_register;
	memcpy(&value, data(port, size), size);
	return value;
}

static void port_out(u16 port, u32 value, unsigned size)
{
	assert_true(lock.held);
	if (port == CONFIG_ADDRESS && size == 4)
		chosen = value;
	else if (port < CONFIG_DATA)
		reset_register = (u8)value;
	else
		memcpy(data(port, size), &value, size);
	accesses++;
}

static int fresh(void **state)
{
	(void)state;
	chosen = reset_register = 0;
	for (unsigned i = 0; i < 512; i++)
		space[i >> 8][i & 255] = (u8)(i + (i >> 8));
	return 0;
}

static u32 guest_in(u32 *address, u16 port, unsigned size)
{
	return pci_port(address, true, port, 0, size);
}

static void guest_out(u32 *address, u16 port, u32 value, unsigned size)
{
	pci_port(address, false, port, value, size);
}

/* --- tests --- */

static void registers_of_every_size(void **state)
{
	(void)state;
	assert_int_equal(pci_read(0, 0x10, 4), 0x13121110);
	assert_int_equal(pci_read(0, 0x12, 2), 0x1312);
	assert_int_equal(pci_read(1, 0x13, 1), 0x14);
	pci_write(1, 0x13, 0xff, 1);
	pci_write(1, 0x10, 0xabcd, 2);
	assert_int_equal(pci_read(1, 0x10, 4), 0xff13abcd);
	assert_int_equal(pci_read(0, 0x10, 4), 0x13121110);
}

/* The guest has chosen, another CPU is in the hypervisor, then the guest goes on. */
static void a_guest_keeps_what_it_chose(void **state)
{
	u32 address = 0;

	(void)state;
	guest_out(&address, 0xcf8, AT(1, 0x20), 4);
	assert_int_equal(pci_read(0, 0x40, 4), 0x43424140);
	assert_int_equal(guest_in(&address, 0xcfc, 4), 0x24232221);
	pci_write(0, 0x40, 0, 4);
	guest_out(&address, 0xcfe, 0x5566, 2);
	assert_int_equal(guest_in(&address, 0xcfc, 4), 0x55662221);
	assert_int_equal(pci_read(0, 0x40, 4), 0);
	assert_int_equal(guest_in(&address, 0xcf8, 4), AT(1, 0x20));
}

static void guests_have_an_address_each(void **state)
{
	u32 first = 0, second = 0;

	(void)state;
	guest_out(&first, 0xcf8, AT(0, 0), 4);
	guest_out(&second, 0xcf8, AT(1, 0x80), 4);
	assert_int_equal(guest_in(&first, 0xcfd, 1), 0x01);
	assert_int_equal(guest_in(&second, 0xcfd, 1), 0x82);
	assert_int_equal(guest_in(&first, 0xcf8, 4), AT(0, 0));
}

/* Only 32 bits at 0xcf8 are the address; bytes there are other chips'. */
static void bytes_are_not_the_address(void **state)
{
	u32 address = 0;

	(void)state;
	guest_out(&address, 0xcf8, AT(1, 0), 4);
	guest_out(&address, 0xcf9, 6, 1);
	assert_int_equal(reset_register, 6);
	assert_int_equal(guest_in(&address, 0xcf9, 1), 6);
	assert_int_equal(address, AT(1, 0));
	assert_int_equal(guest_in(&address, 0xcfc, 2), 0x0201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers_of_every_size, fresh),
		cmocka_unit_test_setup(a_guest_keeps_what_it_chose, fresh),
		cmocka_unit_test_setup(guests_have_an_address_each, fresh),
		cmocka_unit_test_setup(bytes_are_not_the_address, fresh),
	};

	return cmocka_run_group_tests_name("dev_pci", tests, NULL, NULL);
}
