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

struct sdt {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __attribute__((packed));

enum { MADT_LAPIC, MADT_IOAPIC, MADT_OVERRIDE, MADT_LAPIC_ADDRESS = 5, MADT_X2APIC = 9 };

#define LAPIC_ENABLED 1

/* Offsets in the FADT. */
#define FADT_DSDT	 40
#define FADT_SMI_CMD	 48
#define FADT_ENABLE	 52
#define FADT_PM1A	 64
#define FADT_PM1B	 68
#define FADT_CENTURY	 108
#define FADT_FLAGS	 112
#define FADT_RESET	 116 /* generic address: space, width, offset, access, 64-bit address */
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT	 140
#define FADT_FLAG_RESET	 BIT(10)

static bool checksum_ok(const void *p, size_t n)
{
	const u8 *b = p;
	u8 sum = 0;

	while (n--)
		sum += *b++;
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

static u64 number_at(const struct sdt *t, u64 offset, unsigned size)
{
	u64 v = 0;

	if (offset + size <= t->length)
		memcpy(&v, (const u8 *)t + offset, size);
	return v;
}

/* --- processors and interrupt controllers --- */

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

static void add_override(u8 irq, u32 gsi, u16 flags)
{
	if (machine.overrides_found < ARRAY_SIZE(machine.overrides))
		machine.overrides[machine.overrides_found++] = (struct machine_override){
			.irq = irq,
			.gsi = gsi,
			.low = (flags & 3) == 3,
			.level = (flags >> 2 & 3) == 3,
		};
}

/* One entry of the table, which begins with its type and length, at offset o. */
static void parse_madt_entry(const struct sdt *t, u64 o)
{
	switch (number_at(t, o, 1)) {
	case MADT_LAPIC: /* processor, APIC id, flags */
		add_cpu(number_at(t, o + 3, 1), number_at(t, o + 4, 4));
		break;
	case MADT_X2APIC: /* reserved (2 bytes), APIC id, flags */
		add_cpu(number_at(t, o + 4, 4), number_at(t, o + 8, 4));
		break;
	case MADT_IOAPIC: /* id, reserved (1 byte), address, first GSI */
		if (machine.ioapics_found < MAX_IOAPICS)
			machine.ioapics[machine.ioapics_found++] = (struct machine_ioapic){
				.address = number_at(t, o + 4, 4),
				.gsi_base = number_at(t, o + 8, 4),
			};
		break;
	case MADT_OVERRIDE: /* bus, ISA interrupt, GSI, flags */
		add_override(number_at(t, o + 3, 1), number_at(t, o + 4, 4),
			     number_at(t, o + 8, 2));
		break;
	case MADT_LAPIC_ADDRESS: /* reserved (2 bytes), address */
		machine.lapic_address = number_at(t, o + 4, 8);
		break;
	}
}

static void parse_madt(const struct sdt *t)
{
	machine.lapic_address = number_at(t, 36, 4);
	for (u64 o = 44, length; (length = number_at(t, o + 1, 1)) >= 2; o += length)
		if (o + length <= t->length)
			parse_madt_entry(t, o);
}

/* --- power --- */

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
	const u8 *p = (const u8 *)dsdt + sizeof(*dsdt), *end = (const u8 *)dsdt + dsdt->length - 16;

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
	const struct sdt *dsdt = NULL;

	machine.pm1a_control = number_at(t, FADT_PM1A, 4);
	machine.pm1b_control = number_at(t, FADT_PM1B, 4);
	machine.century_register = number_at(t, FADT_CENTURY, 1);
	machine.smi_command = number_at(t, FADT_SMI_CMD, 4);
	machine.acpi_enable = number_at(t, FADT_ENABLE, 1);
	if (number_at(t, FADT_FLAGS, 4) & FADT_FLAG_RESET) {
		machine.reset_space = number_at(t, FADT_RESET, 1);
		machine.reset_address = number_at(t, FADT_RESET + 4, 8);
		machine.reset_value = number_at(t, FADT_RESET_VALUE, 1);
	}
	dsdt = table_at(number_at(t, FADT_X_DSDT, 8));
	if (!dsdt)
		dsdt = table_at(number_at(t, FADT_DSDT, 4));
	if (dsdt)
		find_sleep_type(dsdt);
}

static void parse_table(u64 address)
{
	const struct sdt *t = table_at(address);

	if (!t)
		return;
	if (!memcmp(t->signature, "APIC", 4))
		parse_madt(t);
	else if (!memcmp(t->signature, "FACP", 4))
		parse_fadt(t);
}

/* --- the root pointer --- */

static bool is_rsdp(const void *p)
{
	return !memcmp(p, "RSD PTR ", 8) && checksum_ok(p, 20);
}

static u64 scan(u64 start, u64 end)
{
	for (u64 a = start; a < end; a += 16)
		if (is_rsdp((const void *)a))
			return a;
	return 0;
}

static u16 bios_word(u64 address)
{
	u16 v;

	asm("movw (%1), %0"
	    : "=r"(v)
	    : "r"(address)); /* the compiler takes low addresses for NULL */
	return v;
}

/* BIOS keeps the pointer in low memory, where dom0 can look too; else only the loader's copy is
 * known. */
static const struct rsdp *find_rsdp(void)
{
	u64 ebda = (u64)bios_word(0x40e) << 4;

	machine.rsdp = scan(0xe0000, 0x100000);
	if (!machine.rsdp && ebda >= 0x80000 && ebda < 0xa0000)
		machine.rsdp = scan(ebda, ebda + 1024);
	if (boot_info.rsdp_size && is_rsdp(boot_info.rsdp))
		return (const struct rsdp *)boot_info.rsdp;
	return (const struct rsdp *)machine.rsdp;
}

void acpi_parse(void)
{
	const struct rsdp *r = find_rsdp();
	const struct sdt *root = NULL;
	unsigned width = 4;

	if (r && r->revision >= 2 && (root = table_at(r->xsdt)))
		width = 8;
	else if (r)
		root = table_at(r->rsdt);
	if (!root) {
		printk(LOG_WARN, "no ACPI tables: one CPU, no power-off\n");
		return;
	}
	for (unsigned o = sizeof(*root); o + width <= root->length; o += width)
		parse_table(number_at(root, o, width));
	printk(LOG_INFO, "ACPI: %u processors, %u I/O APICs, power-off %s\n", machine.cpus,
	       machine.ioapics_found, machine.sleep_known && machine.pm1a_control ? "yes" : "no");
}
