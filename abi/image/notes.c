/* SPDX-License-Identifier: MIT */
/* The notes of a kernel: name "Xen", a type, and a number or a text. */
#include <image/image.h>
#include <xen/elfnote.h>

struct note_header {
	uint32_t name_size, data_size, type;
};

static bool same(const char *name, const char *text, size_t length)
{
	for (; length && *name == *text; length--, text++)
		name++;
	return !length && !*name;
}

/* Size in memory of a text that may lack its final zero, or have several. */
static size_t text_length(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size && text[length])
		length++;
	return length;
}

static void keep_text(char *to, const char *text, size_t length)
{
	length = length < IMAGE_NOTE_TEXT ? length : IMAGE_NOTE_TEXT - 1;
	__builtin_memcpy(to, text, length);
	to[length] = 0;
}

/* One name of the list `name|name|!name`, where ! marks a required feature. */
static void take_feature(struct kernel_image *k, const char *text, size_t length)
{
	static const char *const offered[] = {"writable_page_tables", "pae_pgdir_above_4gb",
					      "mmu_pt_update_preserve_ad"};

	if (!length || *text != '!')
		return;
	text++;
	length--;
	for (unsigned int i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
		if (same(offered[i], text, length))
			return;
	if (same("dom0", text, length))
		k->needs_dom0 = true;
	else
		keep_text(k->unmet_feature, text, length);
}

static void take_features(struct kernel_image *k, const char *text, size_t left)
{
	for (size_t length = 0; left; text += length + 1, left -= length + 1) {
		for (length = 0; length < left && text[length] != '|';)
			length++;
		take_feature(k, text, length);
		if (length == left)
			return;
	}
}

static void take_note(struct kernel_image *k, uint32_t type, const uint8_t *data, uint32_t size)
{
	static const uint16_t numbers[] = {
		[XEN_ELFNOTE_ENTRY] = offsetof(struct kernel_image, entry),
		[XEN_ELFNOTE_HYPERCALL_PAGE] = offsetof(struct kernel_image, hypercall_page),
		[XEN_ELFNOTE_VIRT_BASE] = offsetof(struct kernel_image, virt_base),
		[XEN_ELFNOTE_PADDR_OFFSET] = offsetof(struct kernel_image, paddr_offset),
		[XEN_ELFNOTE_INIT_P2M] = offsetof(struct kernel_image, init_p2m),
		[XEN_ELFNOTE_MOD_START_PFN] = offsetof(struct kernel_image, mod_start_pfn),
		[XEN_ELFNOTE_SUPPORTED_FEATURES] =
			offsetof(struct kernel_image, supported_features),
	};
	const char *text = (const char *)data;
	uint64_t number = 0; /* usually of 4 or 8 bytes */

	k->has_notes = true;
	__builtin_memcpy(&number, data, size < sizeof(number) ? size : sizeof(number));
	if (type < sizeof(numbers) / sizeof(numbers[0]) && numbers[type])
		__builtin_memcpy((uint8_t *)k + numbers[type], &number, sizeof(number));
	else if (type == XEN_ELFNOTE_FEATURES)
		take_features(k, text, text_length(text, size));
	else if (type == XEN_ELFNOTE_GUEST_OS)
		keep_text(k->guest_os, text, text_length(text, size));
}

void image_read_notes(struct kernel_image *k, const uint8_t *notes, size_t size)
{
	struct note_header h;

	while (size >= sizeof(h)) {
		__builtin_memcpy(&h, notes, sizeof(h));
		uint64_t name_room = (h.name_size + 3ull) & ~3ull;
		uint64_t data = sizeof(h) + name_room, room = data + ((h.data_size + 3ull) & ~3ull);

		/* The last one's padding may be missing. */
		if (data + h.data_size > size)
			return;
		if (h.name_size == 4 && !__builtin_memcmp(notes + sizeof(h), "Xen", 4))
			take_note(k, h.type, notes + data, h.data_size);
		if (room > size)
			return;
		notes += room;
		size -= room;
	}
}
