/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>
#include "image/kernel.h"

/* Segments below this are taken for physical addresses, as a PADDR_OFFSET of 0 means. */
#define PHYSICAL_LIMIT (1ull << 32)

/* A pass over the stream. */
struct pass {
	struct kernel *kernel;
	kernel_sink_t sink; /* NULL: only headers and notes are wanted */
	void *context;
	struct problem *problem;
	uint64_t position; /* of the next piece in the ELF file */
	size_t head_filled;
	bool parsed;
	size_t notes_filled; /* bytes of all note ranges so far */
	uint8_t head[KERNEL_HEAD_SIZE];
	uint8_t notes[KERNEL_NOTES_SIZE];
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The part of [at, at+size) inside a segment's file range; false when there is none. */
static bool overlap(const struct elf_segment *segment, uint64_t at, size_t size, uint64_t *start,
		    uint64_t *end)
{
	*start = at > segment->offset ? at : segment->offset;
	*end = min64(at + size, segment->offset + segment->file_size);
	return *start < *end;
}

static void keep_notes(struct pass *pass, uint64_t at, const uint8_t *piece, size_t size)
{
	const struct elf_image *elf = &pass->kernel->elf;
	uint64_t start, end, base = 0;

	for (unsigned int i = 0; i < elf->note_ranges; i++) {
		const struct elf_segment *range = &elf->notes[i];

		/* Range i's bytes follow those of the ranges before it. */
		if (overlap(range, at, size, &start, &end) &&
		    base + (end - range->offset) <= KERNEL_NOTES_SIZE) {
			memcpy(pass->notes + base + (start - range->offset), piece + (start - at),
			       end - start);
			pass->notes_filled += end - start;
		}
		base += range->file_size;
	}
}

static int deliver(struct pass *pass, uint64_t at, const uint8_t *piece, size_t size)
{
	const struct kernel *kernel = pass->kernel;
	uint64_t start, end;

	keep_notes(pass, at, piece, size);
	for (unsigned int i = 0; pass->sink && i < kernel->elf.segments; i++) {
		const struct elf_segment *segment = &kernel->elf.segment[i];

		if (!overlap(segment, at, size, &start, &end))
			continue;
		uint64_t target =
			segment->paddr - kernel->layout.paddr_offset + start - segment->offset;
		int error = pass->sink(pass->context, target, piece + (start - at), end - start);

		if (error)
			return error;
	}
	return 0;
}

static uint64_t notes_size(const struct elf_image *elf)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < elf->note_ranges; i++)
		size += elf->notes[i].file_size;
	return size;
}

static int parse_head(struct pass *pass)
{
	pass->parsed = true;
	return elf_parse(pass->head, pass->head_filled, &pass->kernel->elf, pass->problem);
}

/* The stream's sink: the first bytes are held back until the headers in them are known. */
static int take_piece(void *context, const uint8_t *piece, size_t size)
{
	struct pass *pass = context;
	int error = 0;

	if (!pass->parsed) {
		size_t part = min64(size, KERNEL_HEAD_SIZE - pass->head_filled);

		memcpy(pass->head + pass->head_filled, piece, part);
		pass->head_filled += part;
		if (pass->head_filled < KERNEL_HEAD_SIZE)
			return 0;
		error = parse_head(pass);
		if (!error)
			error = deliver(pass, 0, pass->head, pass->head_filled);
		pass->position = pass->head_filled;
		piece += part;
		size -= part;
	}
	if (!error)
		error = deliver(pass, pass->position, piece, size);
	pass->position += size;
	if (!error && !pass->sink && pass->notes_filled >= notes_size(&pass->kernel->elf))
		return 1; /* nothing else is wanted */
	return error;
}

static int check_complete(const struct pass *pass)
{
	const struct elf_image *elf = &pass->kernel->elf;

	for (unsigned int i = 0; i < elf->segments; i++)
		if (elf->segment[i].offset + elf->segment[i].file_size > pass->position)
			return problem_note(
				pass->problem, XEN_EINVAL,
				"the kernel file is cut short: segment %u ends behind it", i);
	return 0;
}

/* One pass over the whole file. Leaves headers and notes in the kernel. */
static int run_pass(struct pass *pass)
{
	struct kernel *kernel = pass->kernel;
	int result = payload_stream(&kernel->payload, take_piece, pass, pass->problem);

	if (!result && !pass->parsed) {
		result = parse_head(pass);
		if (!result)
			result = deliver(pass, 0, pass->head, pass->head_filled);
		pass->position = pass->head_filled;
	}
	if (!result)
		result = check_complete(pass);
	if (result < 0)
		return result;
	memset(&kernel->notes, 0, sizeof(kernel->notes));
	uint64_t base = 0;

	for (unsigned int i = 0; i < kernel->elf.note_ranges; i++) {
		uint64_t size = kernel->elf.notes[i].file_size;

		if (base + size <= KERNEL_NOTES_SIZE)
			xen_notes_collect(pass->notes + base, size, &kernel->notes);
		base += size;
	}
	return 0;
}

static struct pass *new_pass(struct kernel *kernel, struct problem *problem)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	if (!pass)
		problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	else
		*pass = (struct pass){.kernel = kernel, .problem = problem};
	return pass;
}

/* A plain ELF is all at hand: notes may also be in sections. */
static int open_plain(struct kernel *kernel, struct problem *problem)
{
	const struct payload *payload = &kernel->payload;
	struct elf_image *elf = &kernel->elf;
	int error = elf_parse(payload->data, min64(payload->size, KERNEL_HEAD_SIZE), elf, problem);

	if (error)
		return error;
	for (int attempt = 0; attempt < 2 && !kernel->notes.found; attempt++) {
		if (attempt)
			elf_find_note_sections(payload->data, payload->size, elf);
		for (unsigned int i = 0; i < elf->note_ranges; i++) {
			const struct elf_segment *range = &elf->notes[i];

			if (range->offset <= payload->size &&
			    range->file_size <= payload->size - range->offset)
				xen_notes_collect(payload->data + range->offset, range->file_size,
						  &kernel->notes);
		}
	}
	return kernel_layout(elf, &kernel->notes, &kernel->layout, problem);
}

static bool looks_physical(const struct elf_image *elf)
{
	for (unsigned int i = 0; i < elf->segments; i++)
		if (elf->segment[i].paddr >= PHYSICAL_LIMIT)
			return false;
	return true;
}

static int stop_after_head(void *context, const uint8_t *piece, size_t size)
{
	struct pass *pass = context;
	size_t part = min64(size, KERNEL_HEAD_SIZE - pass->head_filled);

	memcpy(pass->head + pass->head_filled, piece, part);
	pass->head_filled += part;
	return pass->head_filled == KERNEL_HEAD_SIZE;
}

/* Headers only; the layout's extent as far as it follows from them. */
static int open_packed(struct kernel *kernel, struct problem *problem)
{
	struct xen_notes assumed = {.found = true, .has_entry = true};
	struct pass *pass = new_pass(kernel, problem);
	int result;

	if (!pass)
		return -XEN_ENOMEM;
	result = payload_stream(&kernel->payload, stop_after_head, pass, problem);
	if (result >= 0)
		result = parse_head(pass);
	kernel->notes_pending = !result && looks_physical(&kernel->elf);
	if (!result && !kernel->notes_pending) {
		memset(pass, 0, sizeof(*pass));
		*pass = (struct pass){.kernel = kernel, .problem = problem};
		result = run_pass(pass);
	}
	free(pass);
	if (result < 0)
		return result;
	if (!kernel->notes_pending)
		return kernel_layout(&kernel->elf, &kernel->notes, &kernel->layout, problem);
	assumed.virt_base = 0;
	assumed.entry = 0;
	return kernel_layout(&kernel->elf, &assumed, &kernel->layout, problem);
}

int kernel_open(const uint8_t *file, size_t size, struct kernel *kernel, struct problem *problem)
{
	int error;

	memset(kernel, 0, sizeof(*kernel));
	error = payload_find(file, size, &kernel->payload, problem);
	if (error)
		return error;
	if (kernel->payload.format == PAYLOAD_PLAIN)
		return open_plain(kernel, problem);
	return open_packed(kernel, problem);
}

int kernel_load(struct kernel *kernel, kernel_sink_t sink, void *context, struct problem *problem)
{
	struct xen_notes known = kernel->notes;
	struct pass *pass = new_pass(kernel, problem);
	int result;

	if (!pass)
		return -XEN_ENOMEM;
	pass->sink = sink;
	pass->context = context;
	result = run_pass(pass);
	free(pass);
	if (!kernel->notes_pending) {
		kernel->notes = known; /* those from sections too */
		return result;
	}
	if (result)
		return result;
	if (kernel->notes.paddr_offset)
		return problem_note(
			problem, XEN_EINVAL,
			"a packed kernel with physical addresses and a PADDR_OFFSET note: unpack it");
	kernel->notes_pending = false;
	return kernel_layout(&kernel->elf, &kernel->notes, &kernel->layout, problem);
}
