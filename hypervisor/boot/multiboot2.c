/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Multiboot2 information: a list of tags. All that matters is copied, its memory is not kept.
 * Tags that are not named here (framebuffer, EFI tables, …) are of no interest.
 */
#include <boot/boot.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/machine.h>

struct boot_info boot_info;

enum { TAG_END, TAG_CMDLINE, TAG_LOADER, TAG_MODULE, TAG_MAP = 6, TAG_RSDP_1 = 14, TAG_RSDP_2 };

struct tag {
	u32 type, size;
	union {
		char text[0];
		struct {
			u32 start, end;
			char cmdline[0];
		} module;
		struct {
			u32 entry_size, entry_version;
			u8 entries[0];
		} map;
	};
};

static void add_module(const struct tag *t)
{
	static struct boot_module *m = boot_info.modules;

	if (m == boot_info.modules + MAX_BOOT_MODULES) {
		printk(LOG_WARN, "module %s ignored: at most %u are used\n", t->module.cmdline,
		       MAX_BOOT_MODULES);
		return;
	}
	m->address = t->module.start;
	m->size = t->module.end - t->module.start;
	strlcpy(m->cmdline, t->module.cmdline, sizeof(m->cmdline));
	m++;
}

static void add_memory_map(const struct tag *t)
{
	const u8 *p = t->map.entries, *end = (const u8 *)t + t->size;

	for (; p + t->map.entry_size <= end; p += t->map.entry_size) {
		struct machine_map_entry e = *(const struct machine_map_entry *)p;

		/* GRUB has types of its own, for UEFI's runtime memory. */
		if (e.type > E820_UNUSABLE)
			e.type = E820_RESERVED;
		if (machine_map_entries == MACHINE_MAP_ENTRIES) {
			printk(LOG_WARN, "memory map: more than %u entries, the rest is unused\n",
			       MACHINE_MAP_ENTRIES);
			return;
		}
		machine_map[machine_map_entries++] = e;
	}
}

void multiboot2_parse(paddr_t information)
{
	const u32 *total = (const u32 *)information;
	const struct tag *t = (const struct tag *)(information + 8);

	for (; (u64)t < information + *total && t->type != TAG_END;
	     t = (const struct tag *)((u64)t + ROUND_UP(t->size, 8u))) {
		unsigned size = t->size - offsetof(struct tag, text);

		switch (t->type) {
		case TAG_CMDLINE:
			strlcpy(boot_info.cmdline, t->text, sizeof(boot_info.cmdline));
			break;
		case TAG_LOADER:
			strlcpy(boot_info.loader, t->text, sizeof(boot_info.loader));
			break;
		case TAG_MODULE:
			add_module(t);
			break;
		case TAG_MAP:
			add_memory_map(t);
			break;
		case TAG_RSDP_1:
		case TAG_RSDP_2:
			/* The newer and larger one wins, in whatever order they come. */
			if (size <= boot_info.rsdp_size)
				break;
			boot_info.rsdp_size = MIN(size, sizeof(boot_info.rsdp));
			memcpy(boot_info.rsdp, t->text, boot_info.rsdp_size);
		}
	}
}
