/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Multiboot2 information: a list of tags. All that matters is copied, its memory is not kept.
 * Tags that are not named here (framebuffer, EFI tables, …) are of no interest.
 */
#include <boot/boot.h>
#include <core/hooks.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/machine.h>

struct boot_info boot_info;
char boot_command_line[1024];

enum { TAG_END, TAG_CMDLINE, TAG_LOADER, TAG_MODULE, TAG_MAP = 6, TAG_RSDP_1 = 14, TAG_RSDP_2 };

static void add_module(paddr_t start, paddr_t end, const char *cmdline)
{
	static struct boot_module *m = boot_info.modules;

	if (m == boot_info.modules + MAX_BOOT_MODULES) {
		printk(LOG_WARN, "module %s ignored: at most %u are used\n", cmdline,
		       MAX_BOOT_MODULES);
		return;
	}
	m->address = start;
	m->size = end - start;
	strlcpy(m->cmdline, cmdline, sizeof(m->cmdline));
	m++;
}

/* Firmware may list a range twice: RAM, added last, gives way to anything else. */
static void add_memory_map(const char *entries, const char *end, u32 entry_size)
{
	for (unsigned ram = 0; ram < 2; ram++)
		for (const char *p = entries; p + entry_size <= end; p += entry_size) {
			const struct machine_map_entry *e = (const struct machine_map_entry *)p;

			/* GRUB has types of its own, for UEFI's runtime memory. */
			if ((e->type == E820_RAM) == ram)
				machine_map_add(e->start, e->start + e->size,
						MIN(e->type, E820_UNUSABLE));
		}
}

void multiboot2_parse(paddr_t information)
{
	const char *p = (const char *)information, *end = p + *(const u32 *)p;

	for (p += 8; p < end;) {
		const u32 *tag = (const u32 *)p; /* type, size, what that type has */

		switch (tag[0]) {
		case TAG_CMDLINE:
			strlcpy(boot_command_line, p + 8, sizeof(boot_command_line));
			break;
		case TAG_LOADER:
			strlcpy(boot_info.loader, p + 8, sizeof(boot_info.loader));
			break;
		case TAG_MODULE: /* start, end, command line */
			add_module(tag[2], tag[3], p + 16);
			break;
		case TAG_MAP: /* size and version of an entry, entries */
			add_memory_map(p + 16, p + tag[1], tag[2]);
			break;
		case TAG_RSDP_2: /* a copy of ACPI's root pointer: RSDT at 16, XSDT at 24 */
			memcpy(&boot_info.xsdt, p + 8 + 24, 8); /* fall through */
		case TAG_RSDP_1:
			memcpy(&boot_info.rsdt, p + 8 + 16, 4);
		}
		p += ROUND_UP(tag[1], 8u);
	}
}
