/* SPDX-License-Identifier: MIT */
/*
 * The ABI's image format as code: what a domain builder has to know of a PV64 kernel file.
 *
 * Freestanding and pure: no allocation, no state, nothing written but the result. Images are not
 * trusted: a header is accepted only if every range in it is free of overflow, so that later code
 * may add offset and size without checks. Every function that can find fault returns NULL, or one
 * sentence on what is wrong with the file.
 *
 * A builder with the whole file at hand calls image_read(). One that only sees the bytes pass by
 * gives the first ones to image_read_headers(), then each range of notes as it comes to
 * image_read_notes(), and calls image_check() at the end. The memory's layout follows: layout.h.
 */
#ifndef ABI_IMAGE_IMAGE_H
#define ABI_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_PAGE_SHIFT 12
#define IMAGE_PAGE_SIZE	 4096ull
#define IMAGE_SEGMENTS	 16
#define IMAGE_NOTE_TEXT	 32
#define IMAGE_NONE	 (~0ull) /* an address that the kernel's notes do not give */

struct image_segment {
	uint64_t offset, file_size;  /* bytes in the file … */
	uint64_t paddr, memory_size; /* … and in memory, at least as many: the rest is zero */
};

struct kernel_image {
	unsigned int segments;
	struct image_segment segment[IMAGE_SEGMENTS]; /* to be loaded; none is empty */
	unsigned int note_ranges;
	struct image_segment notes[IMAGE_SEGMENTS]; /* of the file */
	uint64_t section_offset;		    /* of the section headers; 0: none */
	unsigned int sections;

	/* What the headers and the notes say; virtual addresses. */
	bool has_notes;		     /* at least one of the ABI's */
	uint64_t entry;		     /* the note's or else the header's */
	uint64_t hypercall_page;     /* or IMAGE_NONE */
	uint64_t virt_base;	     /* of the first page of guest memory */
	uint64_t paddr_offset;	     /* subtract it from paddr: bytes from guest memory's start */
	uint64_t init_p2m;	     /* where the p2m list is wanted, or IMAGE_NONE: in the image */
	uint64_t mod_start_pfn;	     /* not 0: the ramdisk is wanted by frame number, unmapped */
	uint64_t supported_features; /* XENFEAT_* bits */
	bool needs_dom0;	     /* it can be nothing but the first domain */
	char unmet_feature[IMAGE_NOTE_TEXT]; /* demanded, but no PV64 guest has it; or empty */
	char guest_os[IMAGE_NOTE_TEXT];

	/* Bytes from the start of guest memory, of all segments. */
	uint64_t first_byte, end_byte;
};

/* A segment's place: bytes from the start of guest memory. */
uint64_t image_place(const struct kernel_image *k, const struct image_segment *s);

/* Read the headers; head: the file's first bytes, with all program headers in them. */
const char *image_read_headers(struct kernel_image *k, const uint8_t *head, size_t head_size);

/* Take in one of the file's ranges of notes. A damaged note ends the range. */
void image_read_notes(struct kernel_image *k, const uint8_t *notes, size_t size);

/* Find the segments' extent, as far as it is known before all notes are. */
const char *image_measure(struct kernel_image *k);

/* All notes are read: measure, and check what they say. unmet_feature is the builder's to refuse.
 */
const char *image_check(struct kernel_image *k);

/* All of these for a whole file, in which notes may also be in sections. */
const char *image_read(struct kernel_image *k, const uint8_t *file, size_t size);

/* Narrow a Linux bzImage to the kernel in it, usually packed; leaves other files as they are. */
const char *image_unwrap(const uint8_t **file, size_t *size);

#endif
