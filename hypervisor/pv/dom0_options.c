/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much dom0 gets: memory, processors, hardware. */
#include <core/calls.h>
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/string.h>
#include <pv/dom0.h>
#include <x86/machine.h>

#define DEFAULT_PAGES  (256UL << (20 - PAGE_SHIFT))
#define SPARE_PAGES    (16UL << (20 - PAGE_SHIFT)) /* beyond what the kernel needs to start */
#define OVERHEAD_PAGES (4UL << (20 - PAGE_SHIFT))  /* left to the hypervisor */

/* Bytes; negative: all memory but this much; 0: not given. */
static struct {
	s64 usual, min, max;
} amounts;

/* dom0_mem=SIZE, min:SIZE, max:SIZE, in any order, separated by commas. */
static bool option_amounts(void *target, size_t size, const char *s)
{
	for (const char *end;; s = end + 1) {
		s64 *amount = !strncmp(s, "min:", 4)   ? &amounts.min
			      : !strncmp(s, "max:", 4) ? &amounts.max
						       : &amounts.usual;

		s += amount == &amounts.usual ? 0 : 4;
		bool negative = *s == '-';
		s64 bytes = parse_size(s + negative, &end);

		if (!bytes || (*end && *end != ','))
			return false;
		*amount = negative ? -bytes : bytes;
		if (!*end)
			return true;
	}
}
OPTION("dom0_mem", option_amounts, amounts);

static u32 dom0_max_vcpus;
OPTION("dom0_max_vcpus", option_number, dom0_max_vcpus);

static u64 amount_pages(s64 bytes, u64 available, u64 otherwise)
{
	if (!bytes)
		return otherwise;
	if (bytes > 0)
		return bytes >> PAGE_SHIFT;
	return available - MIN(available, (u64)-bytes >> PAGE_SHIFT);
}

/*
 * By default half of the memory, at most 256 MiB: dom0 is an appliance, the rest is for guests. A
 * big kernel gets what it needs to start.
 */
u64 dom0_memory_pages(u64 needed, u64 *max_pages)
{
	u64 free = heap_free_pages(), available = free > OVERHEAD_PAGES ? free - OVERHEAD_PAGES : 0;
	u64 usual = MAX(MIN(available / 2, DEFAULT_PAGES), needed + SPARE_PAGES);
	u64 pages = amount_pages(amounts.usual, available, usual);

	pages = MAX(pages, amount_pages(amounts.min, available, 0));
	pages = MIN(pages, amount_pages(amounts.max, available, ~0UL));
	pages = MIN(pages, available);
	if (pages < needed)
		panic("dom0 needs at least %lu MiB to start, and gets %lu of %lu MiB free: "
		      "see the option dom0_mem=\n",
		      (needed + 255) >> 8, pages >> 8, available >> 8);
	*max_pages = MAX(pages, amount_pages(amounts.max, available, 0));
	return pages;
}

unsigned dom0_vcpus(void)
{
	unsigned n = dom0_max_vcpus ? dom0_max_vcpus : cpu_count;

	return MIN(n, MAX_VCPUS);
}

/* --- hardware --- */

static void deny(struct domain *d, bool ports, u64 first, u64 last)
{
	BUG_ON(!domain_deny(d, ports, first, last));
}

void dom0_permit_hardware(struct domain *d)
{
	/* The interrupt controllers; the timer, and its gate. */
	static const u8 chips[][2] = {{0x20, 0x21}, {0xa0, 0xa1}, {0x40, 0x43}, {0x61, 0x61}};

	memset(d->irq_allowed, 0xff, sizeof(d->irq_allowed));
	d->ioport_ranges[0] = (struct mfn_range){0, 0xffff};
	d->ioport_range_count = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(chips); i++)
		deny(d, true, chips[i][0], chips[i][1]);
	if (serial_port)
		deny(d, true, serial_port, serial_port + 7U);
	d->mem.iomem[0] = (struct mfn_range){0, BIT(52 - PAGE_SHIFT) - 1};
	d->mem.iomem_ranges = 1;
	deny(d, false, machine.lapic_address >> PAGE_SHIFT, machine.lapic_address >> PAGE_SHIFT);
	for (unsigned i = 0; i < machine.ioapics_found; i++) {
		u64 frame = machine.ioapics[i].address >> PAGE_SHIFT;

		deny(d, false, frame, frame);
	}
}
