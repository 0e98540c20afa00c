/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of an ELF-64 kernel that a domain builder needs, and the Xen notes in it.
 *
 * Images are not trusted: a header is accepted only if every range in it is free of overflow, so
 * that later code may add offset and size without checks.
 */
#ifndef DOM0_IMAGE_ELF_H
#define DOM0_IMAGE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/problem.h"

#define ELF_MAX_SEGMENTS 16

struct elf_segment {
	uint64_t offset, file_size; /* bytes in the file */
	uint64_t vaddr, paddr;
	uint64_t memory_size; /* bytes, at least file_size */
};

struct elf_image {
	uint64_t entry; /* virtual address */
	unsigned int segments;
	struct elf_segment segment[ELF_MAX_SEGMENTS]; /* to be loaded; none is empty */
	unsigned int note_ranges;
	struct elf_segment notes[ELF_MAX_SEGMENTS]; /* ranges of the file that hold notes */
	uint64_t section_offset;		    /* of the section headers; 0: none */
	unsigned int sections;
};

/* What a kernel's Xen notes say. A note that is absent leaves the default. */
struct xen_notes {
	bool found; /* at least one Xen note was there */
	bool has_entry, has_hypercall_page, has_virt_base, has_init_p2m;
	bool has_paddr_offset;
	bool mod_start_pfn; /* the ramdisk is wanted by frame number, unmapped */
	uint64_t entry, hypercall_page, virt_base, init_p2m, hv_start_low; /* virtual addresses */
	uint64_t paddr_offset; /* what to subtract from p_paddr */
	char guest_os[32], guest_version[32], loader[32], unmet_feature[32];
};

/*
 * Parse the ELF header and the program headers at the start of a file, of which head_size bytes are
 * at hand. Returns 0 or -XEN_EINVAL with the problem (what is wrong with the image).
 */
int elf_parse(const uint8_t *head, size_t head_size, struct elf_image *image,
	      struct problem *problem);

/*
 * Add the note sections to image->notes, for a kernel whose notes have no segment. The whole file
 * is at hand. Damaged section headers are passed over.
 */
void elf_find_note_sections(const uint8_t *file, size_t size, struct elf_image *image);

/* Collect the Xen notes of one range of notes. Damaged ones end the range. */
void xen_notes_collect(const uint8_t *data, size_t size, struct xen_notes *notes);

/* The kernel's place in guest memory. */
struct kernel_layout {
	uint64_t virt_base; /* where the guest's first page is mapped */
	uint64_t entry;	    /* virtual */
	uint64_t paddr_offset;
	uint64_t first_byte, end_byte; /* of all segments, from the start of guest memory */
};

/* Work out the layout and check it. Returns 0 or -XEN_EINVAL with the problem. */
int kernel_layout(const struct elf_image *image, const struct xen_notes *notes,
		  struct kernel_layout *layout, struct problem *problem);

#endif
