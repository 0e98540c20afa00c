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

struct tag {
	u32 type, size;
};

enum {
	TAG_END,
	TAG_CMDLINE,
	TAG_LOADER,
	TAG_MODULE,
	TAG_MMAP = 6,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW
};

struct tag_module {
	struct tag tag;
	u32 start, end;
	char cmdline[];
};

struct tag_mmap {
	struct tag tag;
	u32 entry_size, entry_version;
	u8 entries[];
};

struct mmap_entry {
	u64 start, size;
	u32 type, reserved;
};

static void add_module(const struct tag_module *t)
{
	struct boot_module *m;

	if (boot_info.modules_found == MAX_BOOT_MODULES) {
		printk(LOG_WARN, "module %s ignored: at most %u are used\n", t->cmdline,
		       MAX_BOOT_MODULES);
		return;
	}
	m = &boot_info.modules[boot_info.modules_found++];
	m->address = t->start;
	m->size = t->end - t->start;
	strlcpy(m->cmdline, t->cmdline, sizeof(m->cmdline));
}

static void add_memory_map(const struct tag_mmap *t)
{
	const u8 *p = t->entries, *end = (const u8 *)t + t->tag.size;

	for (; p + t->entry_size <= end; p += t->entry_size) {
		const struct mmap_entry *e = (const struct mmap_entry *)p;
		/* GRUB has types of its own, for UEFI's runtime memory. */
		u32 type = e->type <= E820_UNUSABLE ? e->type : E820_RESERVED;

		if (machine_map_entries == MACHINE_MAP_ENTRIES) {
			printk(LOG_WARN, "memory map: more than %u entries, the rest is unused\n",
			       MACHINE_MAP_ENTRIES);
			return;
		}
		machine_map[machine_map_entries++] =
			(struct machine_map_entry){e->start, e->size, type};
	}
}

/* The newer root pointer wins, in whatever order the two tags come. */
static void add_rsdp(const struct tag *t)
{
	unsigned size = MIN(t->size - sizeof(*t), sizeof(boot_info.rsdp));

	if (size <= boot_info.rsdp_size)
		return;
	memcpy(boot_info.rsdp, t + 1, size);
	boot_info.rsdp_size = size;
}

void multiboot2_parse(paddr_t information)
{
	const u8 *p = (const u8 *)information, *end = p + *(const u32 *)p;

	for (p += 8; p < end;) {
		const struct tag *t = (const struct tag *)p;

		switch (t->type) {
		case TAG_END:
			return;
		case TAG_CMDLINE:
			strlcpy(boot_info.cmdline, (const char *)(t + 1),
				sizeof(boot_info.cmdline));
			break;
		case TAG_LOADER:
			strlcpy(boot_info.loader, (const char *)(t + 1), sizeof(boot_info.loader));
			break;
		case TAG_MODULE:
			add_module((const struct tag_module *)t);
			break;
		case TAG_MMAP:
			add_memory_map((const struct tag_mmap *)t);
			break;
		case TAG_RSDP_OLD:
		case TAG_RSDP_NEW:
			add_rsdp(t);
			break;
		}
		p += ROUND_UP(t->size, 8u);
	}
}
