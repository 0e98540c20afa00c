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

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt, length;
	u64 xsdt;
} __attribute__((packed));

struct sdt {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __attribute__((packed));

enum { MADT_LAPIC, MADT_IOAPIC, MADT_OVERRIDE, MADT_LAPIC_ADDRESS = 5, MADT_X2APIC = 9 };

#define LAPIC_ENABLED 1

struct fadt {
	struct sdt header;
	u32 firmware_control, dsdt;
	u8 model, profile;
	u16 sci;
	u32 smi_command;
	u8 acpi_enable, acpi_disable, s4, p_state;
	u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	u8 unused1[36], century;
	u8 unused2[3];
	u32 flags;
	u8 reset_space, reset_width, reset_offset, reset_access;
	u64 reset_address;
	u8 reset_value, unused3[11];
	u64 x_dsdt;
} __attribute__((packed));
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "the specification's layout");

#define FADT_FLAG_RESET BIT(10)

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
	if (!(flags & LAPIC_ENABLED))
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
		break;
	case MADT_LAPIC_ADDRESS: /* reserved (2 bytes), address */
		machine.lapic_address = load(e + 4, 8);
	}
}

static void parse_madt(const struct sdt *t)
{
	const u8 *e = (const u8 *)(t + 1), *end = (const u8 *)t + t->length;

	machine.lapic_address = load(e, 4);
	for (e += 8; e + 2 <= end && e[1] >= 2 && e + e[1] <= end; e += e[1])
		parse_madt_entry(e);
}

/* A small integer of AML: ZeroOp, OneOp, or a byte after BytePrefix. */
static const u8 *aml_byte(const u8 *p, u8 *value)
{
	if (*p == 0x0a)
		p++;
	*value = *p;
	return p + 1;
}

/* \_S5 is Package { SLP_TYPa, SLP_TYPb, … }; it is always spelled out as plain bytes. */
static void find_sleep_type(const struct sdt *dsdt)
{
	const u8 *p = (const u8 *)(dsdt + 1), *end = (const u8 *)dsdt + dsdt->length - 16;

	for (; p < end; p++) {
		if (memcmp(p, "_S5_", 4) || p[4] != 0x12)
			continue;
		p += 5;
		p += (*p >> 6) + 1; /* package length */
		p = aml_byte(p + 1, &machine.sleep_type_a);
		aml_byte(p, &machine.sleep_type_b);
		machine.sleep_known = true;
		return;
	}
}

static void parse_fadt(const struct sdt *t)
{
	struct fadt f = {0}; /* the older ones are shorter */
	const struct sdt *dsdt;

	memcpy(&f, t, MIN(t->length, sizeof(f)));
	machine.pm1a_control = f.pm1a_control;
	machine.pm1b_control = f.pm1b_control;
	machine.century_register = f.century;
	machine.smi_command = f.smi_command;
	machine.acpi_enable = f.acpi_enable;
	if (f.flags & FADT_FLAG_RESET) {
		machine.reset_space = f.reset_space;
		machine.reset_address = f.reset_address;
		machine.reset_value = f.reset_value;
	}
	dsdt = table_at(f.x_dsdt);
	if (dsdt || (dsdt = table_at(f.dsdt)))
		find_sleep_type(dsdt);
}

static u64 scan(u64 start, u64 end)
{
	for (u64 a = start; a < end; a += 16)
		if (!memcmp((const void *)a, "RSD PTR ", 8) && checksum_ok((const void *)a, 20))
			return a;
	return 0;
}

/* BIOS keeps the pointer in low memory, where dom0 can look too; else only the loader's copy is
 * known. */
static const struct rsdp *find_rsdp(void)
{
	u16 ebda_segment;
	u64 ebda;

	asm("movw (%1), %0" : "=r"(ebda_segment) : "r"(0x40eUL)); /* C has only NULL down there */
	ebda = (u64)ebda_segment << 4;
	machine.rsdp = scan(0xe0000, 0x100000);
	if (!machine.rsdp && ebda >= 0x80000 && ebda < 0xa0000)
		machine.rsdp = scan(ebda, ebda + 1024);
	if (boot_info.rsdp_size && scan((u64)boot_info.rsdp, (u64)boot_info.rsdp + 1))
		return (const struct rsdp *)boot_info.rsdp;
	return (const struct rsdp *)machine.rsdp;
}

void acpi_parse(void)
{
	const struct rsdp *r = find_rsdp();
	const struct sdt *root = r && r->revision >= 2 ? table_at(r->xsdt) : NULL;
	unsigned width = root ? 8 : 4;

	if (r && !root)
		root = table_at(r->rsdt);
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
	       machine.ioapics_found, machine.sleep_known && machine.pm1a_control ? "yes" : "no");
}
