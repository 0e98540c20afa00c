/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/elf.h>
#include <lib/string.h>
#include <xen/elfnote.h>

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

struct note_header {
	u32 namesz, descsz, type;
};

#define ELF_MACHINE_X86_64 62
#define ELF_LOAD	   1
#define ELF_NOTE	   4
#define UNSET		   (~0UL)

static bool within(u64 offset, u64 length, u64 size)
{
	return offset <= size && length <= size - offset;
}

/* Numbers have 4 or 8 bytes. */
static u64 note_number(const u8 *desc, u32 size)
{
	u64 value = 0;

	memcpy(&value, desc, MIN(size, (u32)sizeof(value)));
	return value;
}

static void note_string(char *to, size_t to_size, const u8 *desc, u32 size)
{
	size_t n = MIN((size_t)size, to_size - 1);

	memcpy(to, desc, n);
	to[n] = 0;
}

static void take_note(struct elf_kernel *k, u32 type, const u8 *desc, u32 size)
{
	static const u16 numbers[] = {
		[XEN_ELFNOTE_ENTRY] = offsetof(struct elf_kernel, entry),
		[XEN_ELFNOTE_HYPERCALL_PAGE] = offsetof(struct elf_kernel, hypercall_page),
		[XEN_ELFNOTE_VIRT_BASE] = offsetof(struct elf_kernel, virt_base),
		[XEN_ELFNOTE_PADDR_OFFSET] = offsetof(struct elf_kernel, paddr_offset),
		[XEN_ELFNOTE_INIT_P2M] = offsetof(struct elf_kernel, init_p2m),
		[XEN_ELFNOTE_HV_START_LOW] = offsetof(struct elf_kernel, hv_start_low),
	};
	u64 number = note_number(desc, size);

	if (type < ARRAY_SIZE(numbers) && numbers[type])
		memcpy((u8 *)k + numbers[type], &number, sizeof(number));
	switch (type) {
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		k->has_hypercall_page = true;
		break;
	case XEN_ELFNOTE_INIT_P2M:
		k->has_init_p2m = true;
		break;
	case XEN_ELFNOTE_MOD_START_PFN:
		k->mod_start_pfn = number != 0;
		break;
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		k->supported_features = (u32)number;
		break;
	case XEN_ELFNOTE_FEATURES:
		note_string(k->required_features, sizeof(k->required_features), desc, size);
		break;
	case XEN_ELFNOTE_GUEST_OS:
		note_string(k->guest_os, sizeof(k->guest_os), desc, size);
		break;
	}
}

/* True if one of the notes was ours. */
static bool read_notes(struct elf_kernel *k, const u8 *p, u64 size)
{
	struct note_header h;
	bool found = false;

	while (size >= sizeof(h)) {
		u64 name_room, desc_room;

		memcpy(&h, p, sizeof(h));
		name_room = ROUND_UP((u64)h.namesz, 4);
		desc_room = ROUND_UP((u64)h.descsz, 4);
		/* The last one's padding may be missing. */
		if (!within(sizeof(h) + name_room, h.descsz, size))
			break;
		if (h.namesz == 4 && !memcmp(p + sizeof(h), "Xen", 4)) {
			take_note(k, h.type, p + sizeof(h) + name_room, h.descsz);
			found = true;
		}
		if (!within(sizeof(h) + name_room, desc_room, size))
			break;
		p += sizeof(h) + name_room + desc_room;
		size -= sizeof(h) + name_room + desc_room;
	}
	return found;
}

static const char *take_segment(struct elf_kernel *k, const struct program_header *ph,
				const u8 *file, size_t size)
{
	if (!ph->memsz)
		return NULL;
	if (k->segment_count == ELF_SEGMENTS_MAX)
		return "it has too many segments";
	if (ph->filesz > ph->memsz || !within(ph->offset, ph->filesz, size))
		return "a segment lies outside the file";
	if (ph->paddr + ph->memsz < ph->paddr)
		return "a segment wraps around the address space";
	k->segments[k->segment_count++] =
		(struct elf_segment){ph->paddr, ph->memsz, ph->filesz, file + ph->offset};
	return NULL;
}

static const char *read_program_headers(struct elf_kernel *k, const struct elf_header *h,
					const u8 *file, size_t size)
{
	struct program_header ph;
	const char *error = NULL;
	bool notes = false;

	if (h->phentsize != sizeof(ph) || !within(h->phoff, (u64)h->phnum * sizeof(ph), size))
		return "its program headers lie outside the file";
	for (unsigned i = 0; i < h->phnum && !error; i++) {
		memcpy(&ph, file + h->phoff + i * sizeof(ph), sizeof(ph));
		if (ph.type == ELF_LOAD)
			error = take_segment(k, &ph, file, size);
		else if (ph.type == ELF_NOTE && within(ph.offset, ph.filesz, size))
			notes |= read_notes(k, file + ph.offset, ph.filesz);
	}
	if (!error && !k->segment_count)
		error = "it has nothing to load";
	if (!error && !notes)
		error = "it has no notes of the PV ABI: not a kernel for this machine";
	return error;
}

static const char *find_extent(struct elf_kernel *k)
{
	k->virt_start = ~0UL;
	k->virt_end = 0;
	for (unsigned i = 0; i < k->segment_count; i++) {
		u64 start = elf_address(k, &k->segments[i]);
		u64 end = start + k->segments[i].memory_size;

		if (end < start || start < k->virt_base)
			return "a segment lies below VIRT_BASE or wraps around";
		k->virt_start = MIN(k->virt_start, start);
		k->virt_end = MAX(k->virt_end, end);
	}
	if (k->entry < k->virt_start || k->entry >= k->virt_end)
		return "its entry point is in none of its segments";
	if (k->has_hypercall_page &&
	    ((k->hypercall_page & ~PAGE_MASK) || k->hypercall_page < k->virt_start ||
	     k->hypercall_page >= k->virt_end))
		return "its hypercall page is in none of its segments";
	return NULL;
}

const char *elf_read_kernel(struct elf_kernel *k, const void *data, size_t size)
{
	struct elf_header h;
	const char *error;

	memset(k, 0, sizeof(*k));
	if (size < sizeof(h))
		return "it is too short";
	memcpy(&h, data, sizeof(h));
	if (memcmp(h.ident, "\177ELF", 4))
		return "it is no ELF file";
	if (h.ident[4] != 2 || h.ident[5] != 1 || h.machine != ELF_MACHINE_X86_64)
		return "it is no 64-bit x86 ELF file";
	k->entry = UNSET;
	error = read_program_headers(k, &h, data, size);
	if (error)
		return error;
	if (k->entry == UNSET)
		k->entry = h.entry;
	return find_extent(k);
}

/* Offsets in a bzImage, from the boot protocol's description. */
#define SETUP_SECTS	     0x1f1
#define SETUP_MAGIC	     0x202
#define SETUP_VERSION	     0x206
#define SETUP_PAYLOAD_OFFSET 0x248
#define SETUP_PAYLOAD_LENGTH 0x24c
#define SETUP_END	     0x250
#define PAYLOAD_VERSION	     0x208

bool bzimage_payload(const void *data, size_t size, const void **payload, size_t *payload_size,
		     u32 *unpacked_size)
{
	const u8 *file = data;
	u32 offset, length, sectors;
	u16 version;

	*payload_size = 0;
	if (size < SETUP_END || memcmp(file + SETUP_MAGIC, "HdrS", 4))
		return false;
	memcpy(&version, file + SETUP_VERSION, sizeof(version));
	if (version < PAYLOAD_VERSION)
		return true;
	memcpy(&offset, file + SETUP_PAYLOAD_OFFSET, sizeof(offset));
	memcpy(&length, file + SETUP_PAYLOAD_LENGTH, sizeof(length));
	sectors = file[SETUP_SECTS] ? file[SETUP_SECTS] : 4;
	if (length < 4 || !within((u64)offset + (sectors + 1) * 512, length, size))
		return true;
	*payload = file + offset + (sectors + 1) * 512;
	*payload_size = length;
	/* The build appends the size of what it packed to every payload, whatever the packer. */
	memcpy(unpacked_size, (const u8 *)*payload + length - 4, 4);
	return true;
}
