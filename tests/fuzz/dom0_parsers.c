/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that dom0 parses: archives, configurations, kernels (with the plan of the guest's memory that
 * follows from them), and what is typed. The first byte of the input chooses.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <image/layout.h>
#include "cli/words.h"
#include "config/guest.h"
#include "image/kernel.h"
#include "lib/cpio.h"

#define MEMORY (8ull << 20)

static void archive(const uint8_t *data, size_t size)
{
	struct cpio_archive archive = {data, size};
	struct cpio_file file;
	size_t offset = 0;

	while (cpio_next(&archive, &offset, &file) > 0) {
		assert(strlen(file.name) < size);
		assert(file.data >= data && file.data + file.size <= data + size);
	}
}

static void configuration(const uint8_t *data, size_t size)
{
	struct config_source source = {"fuzz", (const char *)data, size, 0, 1};
	struct guest_config config;
	struct problem problem = {""};

	guest_config_init(&config);
	int error = guest_config_read(&config, &source, &problem);

	if (!error)
		error = guest_config_finish(&config, &problem);
	assert(!error == !problem.text[0]);
}

static int sink(void *context, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	(void)offset;
	for (size_t i = 0; i < size; i++)
		sum ^= bytes[i];
	*(uint8_t *)context = sum;
	return 0;
}

struct tables {
	const struct guest_layout *layout;
	uint64_t entries[MEMORY / 4096][512];
};

static uint64_t *table(void *context, uint64_t page)
{
	struct tables *tables = context;
	const struct guest_layout *layout = tables->layout;

	assert(page - layout->tables.first < layout->tables.count ||
	       page - layout->p2m_tables.first < layout->p2m_tables.count);
	return tables->entries[page];
}

/* The plan must hold together, whatever the kernel says. */
static void plan(const struct kernel_image *image)
{
	static struct tables tables;
	uint64_t pages = MEMORY / 4096, *p2m = calloc(pages, sizeof(*p2m));
	struct guest_layout layout;

	if (!layout_plan(&layout, image, image->needs_dom0, 5000, pages) &&
	    layout.used_pages <= pages) {
		assert(layout.stack.first < pages);
		tables.layout = &layout;
		layout_fill_tables(&layout, p2m, table, &tables);
	}
	free(p2m);
}

/* Every range that the hypervisor's builder copies lies in the file and in the image. */
static void whole(const uint8_t *data, size_t size)
{
	struct kernel_image image;

	if (image_unwrap(&data, &size) || image_read(&image, data, size))
		return;
	for (unsigned int i = 0; i < image.segments; i++) {
		const struct image_segment *s = &image.segment[i];

		assert(s->offset <= size && s->file_size <= size - s->offset);
		assert(image_place(&image, s) + s->memory_size <= image.end_byte);
		assert(s->file_size <= s->memory_size);
	}
	assert(image.entry - image.virt_base < image.end_byte);
	plan(&image);
}

static void image(const uint8_t *data, size_t size)
{
	struct kernel kernel;
	struct problem problem = {""};
	uint8_t sum;

	whole(data, size);
	if (!kernel_open(data, size, &kernel, &problem) &&
	    !kernel_load(&kernel, sink, &sum, &problem))
		plan(&kernel.image);
	else
		assert(problem.text[0]);
}

static void show(void *context, const char *text, size_t size)
{
	(void)context;
	(void)text;
	(void)size;
}

static const char *candidate(void *context, const char *line, size_t start, unsigned int index)
{
	static const char *const words[] = {"create", "console", "destroy"};

	(void)context;
	(void)line;
	(void)start;
	return index < 3 ? words[index] : NULL;
}

static void typing(const uint8_t *data, size_t size)
{
	static const struct editor_hooks hooks = {show, candidate, NULL};
	static struct editor editor;
	static struct words words;

	editor_init(&editor, "# ", &hooks);
	editor_start(&editor);
	for (size_t i = 0; i < size; i++) {
		if (!editor_key(&editor, (char)data[i]))
			continue;
		const char *line = editor.line;
		struct problem problem = {""};

		while (words_next(&line, &words, &problem) > 0)
			for (unsigned int word = 0; word < words.count; word++)
				assert(strlen(words.word[word]) < EDITOR_LINE);
		editor_start(&editor);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const uint8_t *, size_t) = {archive, configuration, image,
								   typing};

	if (size)
		parsers[data[0] % 4](data + 1, size - 1);
	return 0;
}
