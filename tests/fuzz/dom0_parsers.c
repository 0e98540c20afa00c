/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that dom0 parses: archives, configurations, kernels (with the plan of the guest's memory that
 * follows from them), and what is typed. The first byte of the input chooses.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "builder/layout.h"
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

/* The plan must hold together, whatever the kernel says. */
static void plan(const struct kernel *kernel)
{
	uint64_t entries[512], pages = MEMORY / 4096, *p2m = calloc(pages, sizeof(*p2m));
	struct guest_layout layout;
	struct problem problem = {""};

	if (!layout_plan(&kernel->layout, &kernel->notes, 5000, pages, &layout, &problem)) {
		assert(layout.stack.first < pages);
		for (unsigned int i = 0; i < layout_tables(&layout); i++) {
			assert(layout.table[i].page < pages);
			layout_fill_table(&layout, p2m, i, entries);
		}
		layout_free(&layout);
	}
	free(p2m);
}

static void image(const uint8_t *data, size_t size)
{
	struct kernel kernel;
	struct problem problem = {""};
	uint8_t sum;

	if (!kernel_open(data, size, &kernel, &problem) &&
	    !kernel_load(&kernel, sink, &sum, &problem))
		plan(&kernel);
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
