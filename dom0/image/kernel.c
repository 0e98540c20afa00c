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
static bool overlap(const struct image_segment *segment, uint64_t at, size_t size, uint64_t *start,
		    uint64_t *end)
{
	*start = at > segment->offset ? at : segment->offset;
	*end = min64(at + size, segment->offset + segment->file_size);
	return *start < *end;
}

static void keep_notes(struct pass *pass, uint64_t at, const uint8_t *piece, size_t size)
{
	const struct kernel_image *image = &pass->kernel->image;
	uint64_t start, end, base = 0;

	for (unsigned int i = 0; i < image->note_ranges; i++) {
		const struct image_segment *range = &image->notes[i];

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
	for (unsigned int i = 0; pass->sink && i < kernel->image.segments; i++) {
		const struct image_segment *segment = &kernel->image.segment[i];

		if (!overlap(segment, at, size, &start, &end))
			continue;
		int error =
			pass->sink(pass->context,
				   image_place(&kernel->image, segment) + start - segment->offset,
				   piece + (start - at), end - start);

		if (error)
			return error;
	}
	return 0;
}

static uint64_t notes_size(const struct kernel_image *image)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < image->note_ranges; i++)
		size += image->notes[i].file_size;
	return size;
}

static int refuse(struct problem *problem, const char *wrong)
{
	return wrong ? problem_note(problem, XEN_EINVAL, "%s", wrong) : 0;
}

/* Whether a load can start before the notes are known. */
static bool looks_physical(const struct kernel_image *image)
{
	for (unsigned int i = 0; i < image->segments; i++)
		if (image->segment[i].paddr >= PHYSICAL_LIMIT)
			return false;
	return true;
}

/* The first bytes are complete: those of them that are in segments or notes are due. */
static int parse_head(struct pass *pass)
{
	struct kernel *kernel = pass->kernel;
	int error = refuse(pass->problem,
			   image_read_headers(&kernel->image, pass->head, pass->head_filled));

	pass->parsed = true;
	pass->position = pass->head_filled;
	kernel->notes_pending = !error && looks_physical(&kernel->image);
	return error ? error : deliver(pass, 0, pass->head, pass->head_filled);
}

/* The stream's sink: the first bytes are held back until the headers in them are known. */
static int take_piece(void *context, const uint8_t *piece, size_t size)
{
	struct pass *pass = context;
	const struct kernel *kernel = pass->kernel;
	int error = 0;

	if (!pass->parsed) {
		size_t part = min64(size, KERNEL_HEAD_SIZE - pass->head_filled);

		memcpy(pass->head + pass->head_filled, piece, part);
		pass->head_filled += part;
		if (pass->head_filled < KERNEL_HEAD_SIZE)
			return 0;
		error = parse_head(pass);
		piece += part;
		size -= part;
	}
	if (!error)
		error = deliver(pass, pass->position, piece, size);
	pass->position += size;
	if (!error && !pass->sink &&
	    (kernel->notes_pending || pass->notes_filled >= notes_size(&kernel->image)))
		return 1; /* nothing else is wanted */
	return error;
}

static int check_complete(const struct pass *pass)
{
	const struct kernel_image *image = &pass->kernel->image;

	for (unsigned int i = 0; i < image->segments; i++)
		if (image->segment[i].offset + image->segment[i].file_size > pass->position)
			return problem_note(
				pass->problem, XEN_EINVAL,
				"the kernel file is cut short: segment %u ends behind it", i);
	return 0;
}

static void read_notes(const struct pass *pass)
{
	struct kernel_image *image = &pass->kernel->image;
	uint64_t base = 0;

	for (unsigned int i = 0; i < image->note_ranges; i++) {
		uint64_t size = image->notes[i].file_size;

		if (base + size <= KERNEL_NOTES_SIZE)
			image_read_notes(image, pass->notes + base, size);
		base += size;
	}
}

/*
 * One pass over the file: with a sink all of it, otherwise until nothing else is wanted. Headers
 * and notes are taken from it unless the image was known before.
 */
static int run_pass(struct kernel *kernel, kernel_sink_t sink, void *context, bool known,
		    struct problem *problem)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	if (!pass)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	*pass = (struct pass){.kernel = kernel,
			      .problem = problem,
			      .sink = sink,
			      .context = context,
			      .parsed = known};
	int result = payload_stream(&kernel->payload, take_piece, pass, problem);

	if (!result && !pass->parsed)
		result = parse_head(pass);
	if (!result)
		result = check_complete(pass);
	if (result >= 0 && !known && (sink || !kernel->notes_pending))
		read_notes(pass);
	free(pass);
	return result < 0 ? result : 0;
}

static int check(struct kernel *kernel, struct problem *problem)
{
	const struct kernel_image *image = &kernel->image;
	const char *unmet = image->needs_dom0 ? "dom0" : image->unmet_feature;
	int error = refuse(problem, image_check(&kernel->image));

	if (!error && unmet[0])
		return problem_note(problem, XEN_EINVAL,
				    "the kernel requires \"%s\", which PV guests cannot have",
				    unmet);
	return error;
}

int kernel_open(const uint8_t *file, size_t size, struct kernel *kernel, struct problem *problem)
{
	int error;

	memset(kernel, 0, sizeof(*kernel));
	error = payload_find(file, size, &kernel->payload, problem);
	if (error)
		return error;
	if (kernel->payload.format == PAYLOAD_PLAIN)
		error = refuse(problem, image_read(&kernel->image, kernel->payload.data,
						   kernel->payload.size));
	else
		error = run_pass(kernel, NULL, NULL, false, problem);
	if (error)
		return error;
	return kernel->notes_pending ? refuse(problem, image_measure(&kernel->image))
				     : check(kernel, problem);
}

int kernel_load(struct kernel *kernel, kernel_sink_t sink, void *context, struct problem *problem)
{
	bool pending = kernel->notes_pending;
	int result = run_pass(kernel, sink, context, !pending, problem);

	if (result || !pending)
		return result;
	if (kernel->image.paddr_offset)
		return problem_note(
			problem, XEN_EINVAL,
			"a packed kernel with physical addresses and a PADDR_OFFSET note: unpack it");
	kernel->notes_pending = false;
	return check(kernel, problem);
}
