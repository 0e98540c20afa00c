/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much dom0 gets: memory, processors, hardware. */
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/string.h>
#include <pv/dom0.h>
#include <x86/machine.h>

#define DEFAULT_PAGES  (256UL << (20 - PAGE_SHIFT))
#define SPARE_PAGES    (16UL << (20 - PAGE_SHIFT)) /* beyond what the kernel needs to start */
#define OVERHEAD_PAGES (4UL << (20 - PAGE_SHIFT))  /* left to the hypervisor */

struct amount {
	bool given, negative; /* negative: all memory but this much */
	u64 bytes;
};

static struct amount dom0_amount, dom0_min, dom0_max;

/* dom0_mem=SIZE, min:SIZE, max:SIZE, in any order, separated by commas. */
static void dom0_mem(const char *s)
{
	while (*s) {
		struct amount *a = &dom0_amount;
		const char *end;

		if (!strncmp(s, "min:", 4) || !strncmp(s, "max:", 4)) {
			a = s[1] == 'i' ? &dom0_min : &dom0_max;
			s += 4;
		}
		a->negative = *s == '-';
		s += a->negative;
		a->bytes = parse_size(s, &end);
		a->given = end != s;
		if (!a->given || (*end && *end != ',')) {
			printk(LOG_WARN, "dom0_mem: cannot read \"%s\"\n", s);
			a->given = false;
			return;
		}
		s = *end ? end + 1 : end;
	}
}
OPTION_FN("dom0_mem", dom0_mem);

static u32 dom0_max_vcpus;
OPTION("dom0_max_vcpus", OPTION_NUMBER, dom0_max_vcpus);

static u64 amount_pages(const struct amount *a, u64 available, u64 otherwise)
{
	u64 pages = a->bytes >> PAGE_SHIFT;

	if (!a->given)
		return otherwise;
	if (a->negative)
		return available > pages ? available - pages : 0;
	return pages;
}

/*
 * By default half of the memory, at most 256 MiB: dom0 is an appliance, the rest is for guests. A
 * big kernel gets what it needs to start.
 */
u64 dom0_memory_pages(u64 needed, u64 *max_pages)
{
	u64 free = heap_free_pages(), available = free > OVERHEAD_PAGES ? free - OVERHEAD_PAGES : 0;
	u64 usual = MAX(MIN(available / 2, DEFAULT_PAGES), needed + SPARE_PAGES);
	u64 pages = amount_pages(&dom0_amount, available, usual);

	pages = MAX(pages, amount_pages(&dom0_min, available, 0));
	pages = MIN(pages, amount_pages(&dom0_max, available, ~0UL));
	pages = MIN(pages, available);
	if (pages < needed)
		panic("dom0 needs at least %lu MiB to start, and gets %lu of %lu MiB free: "
		      "see the option dom0_mem=\n",
		      (needed + 255) >> 8, pages >> 8, available >> 8);
	*max_pages = MAX(pages, dom0_max.given ? amount_pages(&dom0_max, available, 0) : 0);
	return pages;
}

unsigned dom0_vcpus(void)
{
	unsigned n = dom0_max_vcpus ? dom0_max_vcpus : cpu_count;

	return MIN(n, MAX_VCPUS);
}

/* --- hardware --- */

struct ranges {
	struct mfn_range *list;
	unsigned count, max;
};

/* Cut [first, last] out of a sorted list. */
static void deny(struct ranges *r, u64 first, u64 last)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct mfn_range old = r->list[i];

		if (last < old.first || old.last < first)
			continue;
		BUG_ON(old.first >= first || old.last <= last || r->count == r->max);
		memmove(&r->list[i + 1], &r->list[i], (r->count - i) * sizeof(old));
		r->list[i].last = first - 1;
		r->list[i + 1].first = last + 1;
		r->count++;
		return;
	}
}

static void permit_ports(struct domain *d)
{
	struct ranges r = {d->ioport_ranges, 1, ARRAY_SIZE(d->ioport_ranges)};

	d->ioport_ranges[0] = (struct mfn_range){0, 0xffff};
	deny(&r, 0x20, 0x21); /* the interrupt controllers */
	deny(&r, 0xa0, 0xa1);
	deny(&r, 0x40, 0x43); /* timer, and its gate */
	deny(&r, 0x61, 0x61);
	if (serial_port())
		deny(&r, serial_port(), serial_port() + 7U);
	d->ioport_range_count = r.count;
}

static void permit_mmio(struct domain *d)
{
	struct ranges r = {d->mem.iomem, 1, ARRAY_SIZE(d->mem.iomem)};

	d->mem.iomem[0] = (struct mfn_range){0, BIT(52 - PAGE_SHIFT) - 1};
	deny(&r, machine.lapic_address >> PAGE_SHIFT, machine.lapic_address >> PAGE_SHIFT);
	for (unsigned i = 0; i < machine.ioapics_found; i++) {
		u64 frame = machine.ioapics[i].address >> PAGE_SHIFT;

		deny(&r, frame, frame);
	}
	d->mem.iomem_ranges = r.count;
}

void dom0_permit_hardware(struct domain *d)
{
	permit_ports(d);
	permit_mmio(d);
	memset(d->irq_allowed, 0xff, sizeof(d->irq_allowed));
}
