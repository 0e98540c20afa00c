/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI: buses, capabilities and registers of a machine made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "pci/access.h"
#include "pci/pci.h"

struct function {
	uint8_t bus, devfn;
	uint8_t space[256];
	uint8_t writable[256]; /* bits that can be written */
};

static struct function functions[16];
static unsigned int count;
static unsigned int accesses;

static struct function *find(uint8_t bus, uint8_t devfn)
{
	for (unsigned int i = 0; i < count; i++)
		if (functions[i].bus == bus && functions[i].devfn == devfn)
			return &functions[i];
	return NULL;
}

uint32_t pci_access_read(uint8_t bus, uint8_t devfn, unsigned int reg, unsigned int bytes)
{
	struct function *function = find(bus, devfn);
	uint32_t value = ~0u >> (32 - 8 * bytes);

	assert_true(reg + bytes <= 256 && reg % bytes == 0);
	assert_true(accesses++ < 1000000);
	if (function) {
		value = 0;
		memcpy(&value, function->space + reg, bytes);
	}
	return value;
}

void pci_access_write(uint8_t bus, uint8_t devfn, unsigned int reg, uint32_t value,
		      unsigned int bytes)
{
	struct function *function = find(bus, devfn);

	assert_true(function && reg + bytes <= 256 && reg % bytes == 0);
	for (unsigned int i = 0; i < bytes; i++) {
		uint8_t mask = function->writable[reg + i];

		function->space[reg + i] =
			(uint8_t)((function->space[reg + i] & ~mask) | (value >> (8 * i) & mask));
	}
}

int pci_access_start(void)
{
	return 0;
}

static void put(struct function *function, unsigned int reg, uint32_t value, unsigned int bytes)
{
	memcpy(function->space + reg, &value, bytes);
}

static struct function *add(uint8_t bus, uint8_t devfn, uint16_t device)
{
	struct function *function = &functions[count++];

	memset(function, 0, sizeof(*function));
	function->bus = bus;
	function->devfn = devfn;
	put(function, 0, 0x1234u | (uint32_t)device << 16, 4);
	put(function, 8, 0x01080200 | 3, 4);
	memset(function->writable + 4, 0xff, 2);
	return function;
}

static int fresh(void **state)
{
	(void)state;
	count = accesses = 0;
	return 0;
}

static int done(void **state)
{
	(void)state;
	while (pci_devices) {
		struct pci_device *device = pci_devices;

		pci_devices = device->next;
		free(device);
	}
	return 0;
}

static void bridge(struct function *function, uint8_t secondary)
{
	function->space[0x0e] |= 1;
	function->space[0x19] = secondary;
}

static void scanning(void **state)
{
	struct pci_device *at;
	static const uint16_t order[] = {1, 2, 5, 6, 3, 4};

	(void)state;
	add(0, 0, 1);
	bridge(add(0, 8, 2), 3);
	add(0, 16, 3)->space[0x0e] = 0x80;
	add(0, 18, 4);
	add(0, 25, 99); /* without function 0 */
	bridge(add(3, 0, 5), 7);
	add(3, 248, 6);
	add(0, 9, 98); /* of a device that has only one */
	assert_int_equal(pci_scan(), 6);
	at = pci_devices;
	for (int i = 0; i < 6; i++, at = at->next)
		assert_int_equal(at->device, order[i]);
	assert_null(at);
	assert_int_equal(pci_devices->class, 0x010802);
	assert_int_equal(pci_devices->revision, 3);
	assert_int_equal(pci_devices->vendor, 0x1234);
}

static void circular_bridges(void **state)
{
	(void)state;
	bridge(add(0, 0, 1), 1);
	bridge(add(1, 0, 2), 0);
	bridge(add(1, 8, 3), 1);
	assert_int_equal(pci_scan(), 3);
}

static struct pci_device one(struct function **function)
{
	*function = add(0, 0, 1);
	return (struct pci_device){.bus = 0, .devfn = 0};
}

static void capability(struct function *function, uint8_t at, uint8_t id, uint8_t next)
{
	function->space[at] = id;
	function->space[at + 1] = next;
}

static void capabilities(void **state)
{
	struct function *function;
	struct pci_device device = one(&function);

	(void)state;
	function->space[0x34] = 0x40;
	capability(function, 0x40, 9, 0x63); /* low bits are reserved */
	capability(function, 0x60, 5, 0x50);
	capability(function, 0x50, 9, 0);
	assert_int_equal(pci_capability(&device, 9, 0), 0); /* the status says there are none */
	function->space[6] = 0x10;
	assert_int_equal(pci_capability(&device, 9, 0), 0x40);
	assert_int_equal(pci_capability(&device, 9, 0x40), 0x50);
	assert_int_equal(pci_capability(&device, 9, 0x50), 0);
	assert_int_equal(pci_capability(&device, 5, 0), 0x60);
	assert_int_equal(pci_capability(&device, 5, 0x40), 0x60);
	assert_int_equal(pci_capability(&device, 0x11, 0), 0);
}

static unsigned int count_capabilities(const struct pci_device *device, uint8_t id)
{
	unsigned int found = 0, at = 0;

	while ((at = pci_capability(device, id, at)))
		assert_true(++found < 100);
	return found;
}

static void circular_capabilities(void **state)
{
	struct function *function;
	struct pci_device device = one(&function);

	(void)state;
	function->space[6] = 0x10;
	function->space[0x34] = 0x40;
	capability(function, 0x40, 9, 0x40);
	assert_int_equal(count_capabilities(&device, 9), 1);
	assert_int_equal(count_capabilities(&device, 8), 0);
	capability(function, 0x40, 9, 0x50);
	capability(function, 0x50, 9, 0x40);
	assert_int_equal(count_capabilities(&device, 9), 2);
	capability(function, 0x50, 9, 0x20); /* into the header */
	assert_int_equal(count_capabilities(&device, 9), 2);
	capability(function, 0x50, 9, 0xff);
	capability(function, 0xfc, 9, 0xff);
	assert_int_equal(count_capabilities(&device, 9), 3);
}

static void set_bar(struct function *function, unsigned int reg, uint32_t value, uint32_t size)
{
	uint32_t mask = ~(size - 1);

	put(function, reg, value, 4);
	memcpy(function->writable + reg, &mask, 4);
}

static void bars(void **state)
{
	struct function *function;
	struct pci_device device = one(&function);
	struct pci_bar bar;

	(void)state;
	put(function, 4, 7, 2);
	set_bar(function, 0x10, 0xfe000000, 0x4000);
	set_bar(function, 0x14, 0xc041, 64);
	function->writable[0x16] = function->writable[0x17] = 0; /* 16 bits of ports */
	set_bar(function, 0x18, 0xc | 0x80000000, 0x10000000);
	set_bar(function, 0x1c, 0x2, 1);
	assert_int_equal(pci_bar(&device, 0, &bar), 0);
	assert_true(bar.address == 0xfe000000 && bar.size == 0x4000 && !bar.io);
	assert_int_equal(pci_bar(&device, 1, &bar), 0);
	assert_true(bar.address == 0xc040 && bar.size == 64 && bar.io);
	assert_int_equal(pci_bar(&device, 2, &bar), 0);
	assert_true(bar.address == 0x280000000 && bar.size == 0x10000000 && !bar.io);
	/* All is as it was. */
	assert_int_equal(pci_access_read(0, 0, 0x10, 4), 0xfe000000);
	assert_int_equal(pci_access_read(0, 0, 0x18, 4), 0x8000000c);
	assert_int_equal(pci_access_read(0, 0, 0x1c, 4), 2);
	assert_int_equal(pci_access_read(0, 0, 4, 2), 7);
	/* None, without a place, beyond the last. */
	assert_int_equal(pci_bar(&device, 4, &bar), -XEN_EINVAL);
	set_bar(function, 0x20, 0, 0x1000);
	assert_int_equal(pci_bar(&device, 4, &bar), -XEN_EINVAL);
	set_bar(function, 0x24, 0xfe000004, 0x1000);
	assert_int_equal(pci_bar(&device, 5, &bar), -XEN_EINVAL);
	assert_int_equal(pci_bar(&device, 6, &bar), -XEN_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(scanning, fresh, done),
		cmocka_unit_test_setup_teardown(circular_bridges, fresh, done),
		cmocka_unit_test_setup(capabilities, fresh),
		cmocka_unit_test_setup(circular_capabilities, fresh),
		cmocka_unit_test_setup(bars, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
