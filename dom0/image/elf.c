/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <xen/errno.h>
#include "image/elf.h"

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

/* No kernel is larger than this; sums of two such numbers cannot overflow. */
#define MAX_OFFSET (1ull << 40)

/* Guest memory that a segment may reach, by p_paddr or p_vaddr: any 64-bit address that does not
 * wrap. */
static bool wraps(uint64_t address, uint64_t size)
{
	return address + size < address;
}

static bool add_segment(struct elf_image *image, const struct elf_program *program)
{
	bool note = program->type == PROGRAM_NOTE;
	unsigned int *count = note ? &image->note_ranges : &image->segments;
	struct elf_segment *list = note ? image->notes : image->segment;

	if (program->file_size > MAX_OFFSET || program->offset > MAX_OFFSET ||
	    program->memory_size > MAX_OFFSET || wraps(program->vaddr, program->memory_size) ||
	    wraps(program->paddr, program->memory_size) || *count == ELF_MAX_SEGMENTS)
		return false;
	if (!note && program->memory_size < program->file_size)
		return false;
	if (note ? !program->file_size : !program->memory_size)
		return true;
	list[(*count)++] = (struct elf_segment){.offset = program->offset,
						.file_size = program->file_size,
						.vaddr = program->vaddr,
						.paddr = program->paddr,
						.memory_size = program->memory_size};
	return true;
}

static int check_header(const struct elf_header *header, size_t head_size, struct problem *problem)
{
	if (memcmp(header->ident, "\177ELF\2\1", 6) || header->machine != MACHINE_X86_64 ||
	    (header->type != 2 && header->type != 3))
		return problem_note(
			problem, XEN_EINVAL,
			"not a 64-bit x86 ELF kernel: only PV64 kernels and bzImages run here");
	if (header->program_entry_size != sizeof(struct elf_program) || !header->programs ||
	    header->program_offset > head_size ||
	    header->programs > (head_size - header->program_offset) / sizeof(struct elf_program))
		return problem_note(
			problem, XEN_EINVAL,
			"the ELF program headers are damaged or not at the file's start");
	return 0;
}

int elf_parse(const uint8_t *head, size_t head_size, struct elf_image *image,
	      struct problem *problem)
{
	struct elf_header header;
	int error;

	memset(image, 0, sizeof(*image));
	if (head_size < sizeof(header))
		return problem_note(problem, XEN_EINVAL,
				    "the kernel is shorter than an ELF header");
	memcpy(&header, head, sizeof(header));
	error = check_header(&header, head_size, problem);
	if (error)
		return error;
	image->entry = header.entry;
	if (header.section_entry_size == sizeof(struct elf_section) &&
	    header.section_offset <= MAX_OFFSET && header.sections <= MAX_SECTIONS) {
		image->section_offset = header.section_offset;
		image->sections = header.sections;
	}
	for (unsigned int i = 0; i < header.programs; i++) {
		struct elf_program program;

		memcpy(&program, head + header.program_offset + i * sizeof(program),
		       sizeof(program));
		if (program.type != PROGRAM_LOAD && program.type != PROGRAM_NOTE)
			continue;
		if (!add_segment(image, &program))
			return problem_note(problem, XEN_EINVAL,
					    "ELF segment %u has an impossible size or address", i);
	}
	if (!image->segments)
		return problem_note(problem, XEN_EINVAL, "the ELF file has no segment to load");
	return 0;
}

void elf_find_note_sections(const uint8_t *file, size_t size, struct elf_image *image)
{
	if (!image->section_offset || image->section_offset > size)
		return;
	for (unsigned int i = 0; i < image->sections && image->note_ranges < ELF_MAX_SEGMENTS;
	     i++) {
		uint64_t at = image->section_offset + i * sizeof(struct elf_section);
		struct elf_section section;

		if (at > size || size - at < sizeof(section))
			return;
		memcpy(&section, file + at, sizeof(section));
		if (section.type != SECTION_NOTE || section.offset > size ||
		    section.size > size - section.offset || !section.size)
			continue;
		image->notes[image->note_ranges++] =
			(struct elf_segment){.offset = section.offset, .file_size = section.size};
	}
}

/* Work out where the segments lie, counted from the start of guest memory. */
static int measure(const struct elf_image *image, struct kernel_layout *layout,
		   struct problem *problem)
{
	layout->first_byte = UINT64_MAX;
	layout->end_byte = 0;
	for (unsigned int i = 0; i < image->segments; i++) {
		const struct elf_segment *segment = &image->segment[i];
		uint64_t start = segment->paddr - layout->paddr_offset;

		if (segment->paddr < layout->paddr_offset || start > MAX_OFFSET)
			return problem_note(
				problem, XEN_EINVAL,
				"a segment lies at 0x%llx, outside guest memory: check the PADDR_OFFSET note",
				(unsigned long long)segment->paddr);
		if (start < layout->first_byte)
			layout->first_byte = start;
		if (start + segment->memory_size > layout->end_byte)
			layout->end_byte = start + segment->memory_size;
	}
	return 0;
}

int kernel_layout(const struct elf_image *image, const struct xen_notes *notes,
		  struct kernel_layout *layout, struct problem *problem)
{
	int error;

	if (!notes->found)
		return problem_note(
			problem, XEN_EINVAL,
			"the kernel has no Xen notes: it is not built for paravirtualization");
	if (notes->unmet_feature[0])
		return problem_note(problem, XEN_EINVAL,
				    "the kernel requires \"%s\", which PV guests cannot have",
				    notes->unmet_feature);
	layout->virt_base = notes->virt_base;
	layout->paddr_offset = notes->paddr_offset;
	layout->entry = notes->has_entry ? notes->entry : image->entry;
	error = measure(image, layout, problem);
	if (error)
		return error;
	if (layout->virt_base & 0xfff)
		return problem_note(problem, XEN_EINVAL, "the VIRT_BASE note is not page-aligned");
	if (layout->entry < layout->virt_base ||
	    layout->entry - layout->virt_base >= layout->end_byte)
		return problem_note(problem, XEN_EINVAL,
				    "the entry point 0x%llx is outside the loaded kernel",
				    (unsigned long long)layout->entry);
	if (wraps(layout->virt_base, layout->end_byte))
		return problem_note(problem, XEN_EINVAL, "the kernel does not fit above VIRT_BASE");
	return 0;
}
