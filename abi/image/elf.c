/* SPDX-License-Identifier: MIT */
#include <image/image.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_entry_size, programs;
	uint16_t section_entry_size, sections, name_section;
};

struct elf_program {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, file_size, memory_size, align;
};

struct elf_section {
	uint32_t name, type;
	uint64_t flags, address, offset, size;
	uint32_t link, info;
	uint64_t align, entry_size;
};

#define MACHINE_X86_64 62
#define PROGRAM_LOAD   1
#define PROGRAM_NOTE   4
#define SECTION_NOTE   7
#define MAX_SECTIONS   256
#define PAGE_OFFSET    (IMAGE_PAGE_SIZE - 1)

/* No kernel is larger than this; sums of two such numbers cannot overflow. */
#define MAX_OFFSET (1ull << 40)

static bool within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static bool wraps(uint64_t address, uint64_t size)
{
	return address + size < address;
}

static bool add_segment(struct kernel_image *k, const struct elf_program *program)
{
	bool note = program->type == PROGRAM_NOTE;
	unsigned int *count = note ? &k->note_ranges : &k->segments;
	struct image_segment *list = note ? k->notes : k->segment;

	if (program->file_size > MAX_OFFSET || program->offset > MAX_OFFSET ||
	    program->memory_size > MAX_OFFSET || wraps(program->vaddr, program->memory_size) ||
	    wraps(program->paddr, program->memory_size) || *count == IMAGE_SEGMENTS ||
	    (!note && program->memory_size < program->file_size))
		return false;
	if (note ? program->file_size : program->memory_size)
		list[(*count)++] = (struct image_segment){program->offset, program->file_size,
							  program->paddr, program->memory_size};
	return true;
}

const char *image_read_headers(struct kernel_image *k, const uint8_t *head, size_t head_size)
{
	struct elf_header header;
	struct elf_program program;

	*k = (struct kernel_image){.hypercall_page = IMAGE_NONE, .init_p2m = IMAGE_NONE};
	if (head_size < sizeof(header))
		return "the kernel is shorter than an ELF header";
	__builtin_memcpy(&header, head, sizeof(header));
	if (__builtin_memcmp(header.ident, "\177ELF\2\1", 6) || header.machine != MACHINE_X86_64 ||
	    (header.type != 2 && header.type != 3))
		return "not a 64-bit x86 ELF kernel: only PV64 kernels and bzImages run here";
	if (header.program_entry_size != sizeof(program) ||
	    !within(header.program_offset, (uint64_t)header.programs * sizeof(program), head_size))
		return "the ELF program headers are damaged or not at the file's start";
	k->entry = header.entry;
	if (header.section_entry_size == sizeof(struct elf_section) &&
	    header.section_offset <= MAX_OFFSET && header.sections <= MAX_SECTIONS) {
		k->section_offset = header.section_offset;
		k->sections = header.sections;
	}
	for (unsigned int i = 0; i < header.programs; i++) {
		__builtin_memcpy(&program, head + header.program_offset + i * sizeof(program),
				 sizeof(program));
		if ((program.type == PROGRAM_LOAD || program.type == PROGRAM_NOTE) &&
		    !add_segment(k, &program))
			return "an ELF segment has an impossible size or address";
	}
	return k->segments ? NULL : "the ELF program headers name nothing to load";
}

/* Take the sections' ranges of notes for those of segments, where the kernel has none. */
static void find_note_sections(struct kernel_image *k, const uint8_t *file, size_t size)
{
	struct elf_section section;

	for (unsigned int i = 0; k->section_offset && i < k->sections; i++) {
		uint64_t at = k->section_offset + i * sizeof(section);

		if (!within(at, sizeof(section), size) || k->note_ranges == IMAGE_SEGMENTS)
			return;
		__builtin_memcpy(&section, file + at, sizeof(section));
		if (section.type == SECTION_NOTE && within(section.offset, section.size, size))
			k->notes[k->note_ranges++] = (struct image_segment){
				.offset = section.offset, .file_size = section.size};
	}
}

uint64_t image_place(const struct kernel_image *k, const struct image_segment *s)
{
	return s->paddr - k->paddr_offset;
}

const char *image_measure(struct kernel_image *k)
{
	k->first_byte = ~0ull;
	k->end_byte = 0;
	for (unsigned int i = 0; i < k->segments; i++) {
		uint64_t start = image_place(k, &k->segment[i]);
		uint64_t end = start + k->segment[i].memory_size;

		if (k->segment[i].paddr < k->paddr_offset || start > MAX_OFFSET)
			return "a segment lies outside guest memory: check the PADDR_OFFSET note";
		k->first_byte = start < k->first_byte ? start : k->first_byte;
		k->end_byte = end > k->end_byte ? end : k->end_byte;
	}
	return NULL;
}

/* True if a virtual address lies among the segments. */
static bool loaded(const struct kernel_image *k, uint64_t address)
{
	return address - k->virt_base >= k->first_byte && address - k->virt_base < k->end_byte;
}

const char *image_check(struct kernel_image *k)
{
	const char *wrong = image_measure(k);

	if (!k->has_notes)
		return "the kernel has no Xen notes: it is not built for paravirtualization";
	if (wrong)
		return wrong;
	if (k->virt_base & PAGE_OFFSET)
		return "the VIRT_BASE note is not page-aligned";
	if (wraps(k->virt_base, k->end_byte))
		return "the kernel does not fit above VIRT_BASE";
	if (!loaded(k, k->entry))
		return "the entry point is outside the loaded kernel";
	if (k->hypercall_page != IMAGE_NONE &&
	    ((k->hypercall_page & PAGE_OFFSET) || !loaded(k, k->hypercall_page)))
		return "the HYPERCALL_PAGE note points outside the kernel";
	return NULL;
}

const char *image_read(struct kernel_image *k, const uint8_t *file, size_t size)
{
	const char *wrong = image_read_headers(k, file, size);

	if (wrong)
		return wrong;
	for (unsigned int i = 0; i < k->segments; i++)
		if (!within(k->segment[i].offset, k->segment[i].file_size, size))
			return "the kernel file is cut short: a segment ends behind it";
	for (unsigned int i = 0, attempt = 0; attempt < 2 && !k->has_notes; attempt++) {
		if (attempt)
			find_note_sections(k, file, size);
		for (; i < k->note_ranges; i++)
			if (within(k->notes[i].offset, k->notes[i].file_size, size))
				image_read_notes(k, file + k->notes[i].offset,
						 k->notes[i].file_size);
	}
	return image_check(k);
}

/* Fields of the Linux boot protocol's header, by their offset in a bzImage. */
#define BOOT_SECTORS	    0x1f1 /* 1 byte: setup sectors of 512 bytes behind the first; 0 means 4 */
#define BOOT_MAGIC	    0x202 /* 4 bytes: "HdrS" */
#define BOOT_VERSION	    0x206 /* 2 bytes */
#define BOOT_PAYLOAD_OFFSET 0x248 /* 4 bytes: from the protected-mode code; since version 2.08 */
#define BOOT_PAYLOAD_LENGTH 0x24c /* 4 bytes */
#define BOOT_HEADER_SIZE    0x250

const char *image_unwrap(const uint8_t **file, size_t *size)
{
	const uint8_t *header = *file;
	uint32_t start, length;
	uint16_t version;

	if (*size < BOOT_HEADER_SIZE || __builtin_memcmp(header + BOOT_MAGIC, "HdrS", 4))
		return NULL;
	__builtin_memcpy(&version, header + BOOT_VERSION, sizeof(version));
	if (version < 0x208)
		return "this bzImage is older than boot protocol 2.08: it names no payload";
	__builtin_memcpy(&start, header + BOOT_PAYLOAD_OFFSET, sizeof(start));
	__builtin_memcpy(&length, header + BOOT_PAYLOAD_LENGTH, sizeof(length));
	uint64_t at = start + ((header[BOOT_SECTORS] ? header[BOOT_SECTORS] : 4u) + 1u) * 512ull;

	if (!within(at, length, *size))
		return "the bzImage is cut short: its payload lies outside the file";
	*file += at;
	*size = length;
	return NULL;
}
