/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of real devices, for the privileged domain: an edge (the RTC), and of QEMU's network
 * cards, where present, a level-triggered line, an MSI and an MSI-X. The cards raise an interrupt
 * when their cause register is written. Boots as the dom0 kernel.
 */
#include <pv/thread.h>
#include <pv/cpu.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/time.h>
#include <xen/errno.h>
#include <xen/physdev.h>
#include "../isolation/verdict.h"

static struct verdict verdict = {.name = "interrupts"};

#define works(good, ...) check(&verdict, good, __VA_ARGS__)

static volatile unsigned int count;

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

static uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
	return value;
}

/* True when at least n interrupts have come within ms. */
static bool wait_for(unsigned int n, unsigned int ms)
{
	uint64_t end = pv_time_ns() + ms * PV_NS_PER_MS;

	while (count < n && pv_time_ns() < end)
		;
	return count >= n;
}

/* --- the RTC: an edge on line 8 --- */

enum { RTC_A = 0x0a, RTC_B = 0x0b, RTC_C = 0x0c, RTC_PERIODIC = 0x40, RTC_64_HZ = 0x2a };

static uint8_t rtc_read(uint8_t reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static void rtc_write(uint8_t reg, uint8_t value)
{
	out8(0x70, reg);
	out8(0x71, value);
}

static void on_rtc(evtchn_port_t port, void *argument)
{
	(void)port;
	(void)argument;
	count++;
	rtc_read(RTC_C); /* there is no further one before this is read */
}

static void test_rtc(void)
{
	int port = pv_event_bind_pirq(8, 0, on_rtc, NULL);
	uint8_t before = rtc_read(RTC_B);
	uint64_t start;

	if (!works(port > 0, "the RTC's line can be bound (%d)", port))
		return;
	count = 0;
	rtc_write(RTC_A, RTC_64_HZ);
	rtc_write(RTC_B, before | RTC_PERIODIC);
	rtc_read(RTC_C);
	start = pv_time_ns();
	works(wait_for(32, 10000), "32 periods of the RTC come (%u did)", count);
	start = pv_time_ns() - start;
	works(start > 400 * PV_NS_PER_MS, "32 periods of 1/64 s take half a second, not %lu us",
	      (unsigned long)start / 1000);
	rtc_write(RTC_B, before);
	rtc_read(RTC_C);
	pv_event_close(port);
	count = 0;
	works(!wait_for(1, 100), "none comes when it is switched off");
}

/* --- network cards --- */

enum { E1000 = 0x100e8086, E1000E = 0x10d38086 };
enum { REG_ICR = 0xc0, REG_ICS = 0xc8, REG_IMS = 0xd0, REG_IMC = 0xd8, REG_IVAR = 0xe4 };
enum {
	CAUSE_LINK = 1u << 2,
	CAUSE_RXQ0 = 1u << 20,
	CAUSE_TXQ0 = 1u << 22,
	CAUSE_OTHER = 1u << 24,
	ROUNDS = 5,
};

static volatile uint32_t *card;
static unsigned int line_pirq;

static uint32_t pci_read(unsigned int devfn, unsigned int reg)
{
	out32(0xcf8, 0x80000000u | devfn << 8 | (reg & 0xfc));
	return in32(0xcfc);
}

static void pci_write(unsigned int devfn, unsigned int reg, uint32_t value)
{
	out32(0xcf8, 0x80000000u | devfn << 8 | (reg & 0xfc));
	out32(0xcfc, value);
}

static unsigned int find(uint32_t id)
{
	for (unsigned int devfn = 0; devfn < 256; devfn++)
		if (pci_read(devfn, 0) == id)
			return devfn;
	return 0;
}

static bool open_card(unsigned int devfn)
{
	pci_write(devfn, 4, (pci_read(devfn, 4) & 0xffff) | 6); /* memory, bus master */
	card = pv_map_mmio(pci_read(devfn, 0x10) & ~15u, 0x20000);
	if (!works(card, "the card's registers can be mapped"))
		return false;
	card[REG_IMC / 4] = ~0u;
	(void)card[REG_ICR / 4];
	return true;
}

static void on_line(evtchn_port_t port, void *argument)
{
	struct physdev_eoi eoi = {.irq = line_pirq};

	(void)port;
	(void)argument;
	(void)card[REG_ICR / 4]; /* takes the line back */
	count++;
	HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &eoi);
}

static void raise_causes(const char *kind, uint32_t cause)
{
	count = 0;
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		card[REG_ICS / 4] = cause;
		if (!works(wait_for(round, 2000), "%s %u comes", kind, round))
			return;
	}
}

static void test_line(void)
{
	unsigned int devfn = find(E1000);
	struct physdev_irq_status_query query;
	int port;

	if (!devfn || !open_card(devfn))
		return;
	query.irq = line_pirq = pci_read(devfn, 0x3c) & 0xff;
	works(!HYPERVISOR_physdev_op(PHYSDEVOP_irq_status_query, &query) &&
		      (query.flags & XENIRQSTAT_needs_eoi),
	      "line %u wants an end of interrupt", line_pirq);
	port = pv_event_bind_pirq(line_pirq, BIND_PIRQ__WILL_SHARE, on_line, NULL);
	if (!works(port > 0, "line %u can be bound (%d)", line_pirq, port))
		return;
	card[REG_IMS / 4] = CAUSE_LINK;
	raise_causes("interrupt on the line", CAUSE_LINK);
	works(!wait_for(ROUNDS + 1, 50), "none comes that was not raised");
	card[REG_IMC / 4] = ~0u;
	pv_event_close(port);
}

static void on_message(evtchn_port_t port, void *argument)
{
	(void)port;
	(void)argument;
	(void)card[REG_ICR / 4];
	card[REG_ICR / 4] = ~0u; /* with MSI-X, reading alone does not clear */
	count++;
}

static unsigned int capability(unsigned int devfn, unsigned int id)
{
	unsigned int at = pci_read(devfn, 0x34) & 0xfc;

	while (at && (pci_read(devfn, at) & 0xff) != id)
		at = pci_read(devfn, at) >> 8 & 0xfc;
	return at;
}

static void test_message(const char *kind, unsigned int devfn, uint64_t table, uint32_t cause)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_MSI,
		.index = -1,
		.pirq = -1,
		.devfn = devfn,
		.table_base = table,
	};
	struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF};
	long rc = HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);
	int port;

	if (!works(!rc, "%s can be mapped (%ld)", kind, rc))
		return;
	port = pv_event_bind_pirq(map.pirq, 0, on_message, NULL);
	if (works(port > 0, "%s can be bound (%d)", kind, port)) {
		card[REG_IMS / 4] = cause;
		raise_causes(kind, cause);
		card[REG_IMC / 4] = ~0u;
		pv_event_close(port);
	}
	unmap.pirq = map.pirq;
	rc = HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
	works(!rc, "%s can be unmapped (%ld)", kind, rc);
}

/* Several entries of one table, each an interrupt and a port of its own. */
enum { ENTRIES = 3 };
static volatile unsigned int entry_count[ENTRIES];

static void on_entry(evtchn_port_t port, void *argument)
{
	entry_count[(uintptr_t)argument]++;
	on_message(port, argument);
}

static void raise_entry(unsigned int entry, uint32_t cause)
{
	unsigned int before[ENTRIES];

	pv_sleep_ms(
		5); /* the card may be late by its throttling, with an earlier interrupt again */
	for (unsigned int i = 0; i < ENTRIES; i++)
		before[i] = entry_count[i];
	count = 0;
	/* This cause alone: the card sends again for all that is pending and enabled. */
	card[REG_ICR / 4] = ~0u;
	card[REG_IMS / 4] = cause;
	card[REG_ICS / 4] = cause;
	works(wait_for(1, 2000), "MSI-X entry %u comes", entry);
	card[REG_IMC / 4] = ~0u;
	for (unsigned int i = 0; i < ENTRIES; i++)
		works((entry_count[i] != before[i]) == (i == entry),
		      "MSI-X entry %u reaches its port alone: port %u had %u", entry, i,
		      entry_count[i] - before[i]);
}

static void test_entries(unsigned int devfn, uint64_t table)
{
	static const uint32_t causes[ENTRIES] = {CAUSE_RXQ0, CAUSE_TXQ0, CAUSE_OTHER};
	struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF};
	struct physdev_map_pirq map[ENTRIES];
	int ports[ENTRIES];

	card[REG_IVAR / 4] = 0x8 | 0x9 << 8 | 0xa << 16;
	for (unsigned int i = 0; i < ENTRIES; i++) {
		map[i] = (struct physdev_map_pirq){.domid = DOMID_SELF,
						   .type = MAP_PIRQ_TYPE_MSI,
						   .index = -1,
						   .pirq = -1,
						   .devfn = devfn,
						   .entry_nr = i,
						   .table_base = table};
		if (!works(!HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map[i]),
			   "MSI-X entry %u can be mapped", i))
			return;
		ports[i] = pv_event_bind_pirq(map[i].pirq, 0, on_entry, (void *)(uintptr_t)i);
		works(ports[i] > 0, "MSI-X entry %u can be bound (%d)", i, ports[i]);
	}
	works(map[0].pirq != map[1].pirq && map[1].pirq != map[2].pirq &&
		      map[0].pirq != map[2].pirq,
	      "each entry has a pirq");
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (unsigned int i = 0; i < ENTRIES; i++)
			raise_entry(i, causes[i]);
	/* What one entry's end does to the others: nothing. */
	pv_event_close(ports[0]);
	unmap.pirq = map[0].pirq;
	works(!HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap),
	      "MSI-X entry 0 can be unmapped");
	works(HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap) == -XEN_EINVAL, "but once");
	for (unsigned int i = 1; i < ENTRIES; i++)
		raise_entry(i, causes[i]);
	for (unsigned int i = 1; i < ENTRIES; i++) {
		unmap.pirq = map[i].pirq;
		works(!HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap),
		      "MSI-X entry %u can be unmapped while it is bound", i);
		pv_event_close(ports[i]);
		works(pv_event_bind_pirq(map[i].pirq, 0, on_entry, NULL) == -XEN_EPERM,
		      "the pirq of MSI-X entry %u is not the domain's any more", i);
	}
	map[0].pirq = -1;
	map[0].entry_nr = 2047;
	works(HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map[0]) == -XEN_EINVAL,
	      "no entry beyond the table");
}

static void test_messages(void)
{
	unsigned int devfn = find(E1000E), at;
	uint64_t table;

	if (!devfn || !open_card(devfn))
		return;
	test_message("MSI", devfn, 0, CAUSE_LINK);
	/* QEMU 7.2's card gives up QEMU if the timer that throttles its MSI meets MSI-X switched on
	 */
	pv_sleep_ms(200);
	at = capability(devfn, 0x05);
	pci_write(devfn, at, pci_read(devfn, at) & ~(1u << 16)); /* MSI-X takes over */
	at = capability(devfn, 0x11);
	table = (pci_read(devfn, 0x10 + 4 * (pci_read(devfn, at + 4) & 7)) & ~15u) +
		(pci_read(devfn, at + 4) & ~7u);
	card[REG_IVAR / 4] = 0x8; /* receive queue 0: entry 0 */
	test_message("MSI-X", devfn, table, CAUSE_RXQ0);
	test_entries(devfn, table);
}

static void test_refusals(void)
{
	struct physdev_map_pirq map = {.domid = DOMID_SELF,
				       .type = MAP_PIRQ_TYPE_MSI,
				       .pirq = -1,
				       .bus = 0xff,
				       .devfn = 0xff};
	struct physdev_setup_gsi gsi = {.gsi = 9999};

	works(HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map) < 0,
	      "no MSI for a device that is not");
	works(HYPERVISOR_physdev_op(PHYSDEVOP_setup_gsi, &gsi) < 0, "no line 9999");
	works(pv_event_bind_pirq(255, 0, on_message, NULL) < 0, "a pirq that is not mapped");
}

int main(void)
{
	struct physdev_set_iopl iopl = {1};

	if (!pv_is_dom0()) {
		printf("interrupts: no devices here\n");
		return 0;
	}
	works(!HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl), "ports can be opened");
	test_rtc();
	test_line();
	test_messages();
	test_refusals();
	return verdict_give(&verdict);
}
