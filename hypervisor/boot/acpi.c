/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI's static tables: processors, interrupt controllers, power. Runs on head.S's identity map, so
 * tables above 4 GiB are out of reach (firmware puts none there).
 */
#include <boot/boot.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/machine.h>

#define IDENTITY_END BIT(32)

enum { MADT_LAPIC, MADT_IOAPIC, MADT_OVERRIDE, MADT_X2APIC = 9 };

static bool checksum_ok(const void *p, size_t n)
{
	u8 sum = 0;

	for (const u8 *b = p; n--; b++)
		sum += *b;
	return !sum;
}

static const struct sdt *table_at(u64 address)
{
	const struct sdt *t = (const struct sdt *)address;

	if (!address || address + sizeof(*t) > IDENTITY_END || t->length < sizeof(*t) ||
	    address + t->length > IDENTITY_END || !checksum_ok(t, t->length))
		return NULL;
	return t;
}

static void add_cpu(u32 apic_id, u32 flags)
{
	if (!(flags & 1)) /* not enabled */
		return;
	if (machine.cpus < MAX_CPUS)
		machine.cpu_apic_ids[machine.cpus++] = apic_id;
	else
		printk(LOG_WARN, "ACPI: processor with APIC id %u is beyond the limit of %u\n",
		       apic_id, MAX_CPUS);
}

static u64 load(const u8 *p, unsigned size)
{
	u64 v = 0;

	memcpy(&v, p, size);
	return v;
}

/* One entry, which begins with its type and length. */
static void parse_madt_entry(const u8 *e)
{
	switch (e[0]) {
	case MADT_LAPIC: /* processor, APIC id, flags */
		add_cpu(e[3], load(e + 4, 4));
		break;
	case MADT_X2APIC: /* reserved (2 bytes), APIC id, flags */
		add_cpu(load(e + 4, 4), load(e + 8, 4));
		break;
	case MADT_IOAPIC: /* id, reserved (1 byte), address, first GSI */
		if (machine.ioapics_found < MAX_IOAPICS)
			machine.ioapics[machine.ioapics_found++] =
				(struct machine_ioapic){load(e + 8, 4), load(e + 4, 4)};
		break;
	case MADT_OVERRIDE: /* bus, ISA interrupt, GSI, flags: 3 in either pair means inverted */
		if (machine.overrides_found < ARRAY_SIZE(machine.overrides))
			machine.overrides[machine.overrides_found++] = (struct machine_override){
				.irq = e[3],
				.gsi = load(e + 4, 4),
				.low = (e[8] & 3) == 3,
				.level = (e[8] & 12) == 12,
			};
	}
}

static void parse_madt(const struct sdt *t)
{
	const u8 *e = (const u8 *)(t + 1) + 8, *end = (const u8 *)t + t->length;

	for (; e + 2 <= end && e[1] >= 2 && e + e[1] <= end; e += e[1])
		parse_madt_entry(e);
}

/* \_S5 is Package { SLP_TYPa, SLP_TYPb, … }; it is always spelled out as plain bytes. */
static void find_sleep_type(const struct sdt *dsdt)
{
	const u8 *p = (const u8 *)(dsdt + 1), *end = (const u8 *)dsdt + dsdt->length - 8;

	while (p < end && memcmp(p, "_S5_\x12", 5))
		p++;
	if (p >= end)
		return;
	p += 5;
	p += (*p >> 6) + 2; /* length of the package, number of its elements */
	for (unsigned i = 0; i < 2; i++) {
		p += *p == 0x0a; /* BytePrefix, but for 0 and 1 */
		machine.sleep_type[i] = *p++;
	}
	machine.sleep_known = true;
}

static void parse_fadt(const struct sdt *t)
{
	struct fadt *f = &machine.fadt;
	const struct sdt *dsdt;

	memcpy(f, t, MIN(t->length, sizeof(*f)));
	if (!(f->flags & BIT(10))) /* no reset register */
		f->reset_address = 0;
	dsdt = table_at(f->x_dsdt);
	if (dsdt || (dsdt = table_at(f->dsdt)))
		find_sleep_type(dsdt);
}

void acpi_parse(void)
{
	const struct sdt *root = table_at(boot_info.xsdt);
	unsigned width = root ? 8 : 4;

	if (!root)
		root = table_at(boot_info.rsdt);
	if (!root) {
		printk(LOG_WARN, "no ACPI tables: one CPU, no power-off\n");
		return;
	}
	for (unsigned o = sizeof(*root); o + width <= root->length; o += width) {
		const struct sdt *t = table_at(load((const u8 *)root + o, width));

		if (t && !memcmp(t->signature, "APIC", 4))
			parse_madt(t);
		else if (t && !memcmp(t->signature, "FACP", 4))
			parse_fadt(t);
	}
	printk(LOG_INFO, "ACPI: %u processors, %u I/O APICs, power-off %s\n", machine.cpus,
	       machine.ioapics_found,
	       machine.sleep_known && machine.fadt.pm1a_control ? "yes" : "no");
}
