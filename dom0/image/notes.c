/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Xen notes of a kernel: name "Xen", a type, and a number or a string. */
#include <stdio.h>
#include <string.h>
#include <xen/elfnote.h>
#include <xen/features.h>
#include "image/elf.h"

#define NOTE_HEADER 12

struct note {
	uint32_t type;
	const uint8_t *data;
	uint32_t size;
};

static uint32_t padded(uint32_t size)
{
	return (size + 3) & ~3u;
}

static uint32_t read32(const uint8_t *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

/* A number of one to eight bytes, little-endian. */
static uint64_t note_number(const struct note *note)
{
	uint64_t value = 0;

	for (uint32_t i = note->size < 8 ? note->size : 8; i-- > 0;)
		value = value << 8 | note->data[i];
	return value;
}

static void note_text(const struct note *note, char *text, size_t size)
{
	size_t length = strnlen((const char *)note->data, note->size);

	snprintf(text, size, "%.*s", (int)(length < size ? length : size - 1),
		 (const char *)note->data);
}

/* Features with which a PV kernel may say that it cannot do without them. */
static bool feature_offered(const char *name, size_t length)
{
	static const char *const offered[] = {"writable_page_tables", "pae_pgdir_above_4gb"};

	for (unsigned int i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
		if (strlen(offered[i]) == length && !strncmp(offered[i], name, length))
			return true;
	return false;
}

/* The list is `name|name|!name`, where ! marks a required feature. */
static void read_features(const struct note *note, struct xen_notes *notes)
{
	const char *text = (const char *)note->data;
	size_t left = strnlen(text, note->size);

	while (left) {
		const char *bar = memchr(text, '|', left);
		size_t length = bar ? (size_t)(bar - text) : left;

		if (length && text[0] == '!' && !feature_offered(text + 1, length - 1))
			snprintf(notes->unmet_feature, sizeof(notes->unmet_feature), "%.*s",
				 (int)(length - 1 < 31 ? length - 1 : 31), text + 1);
		text += bar ? length + 1 : length;
		left -= bar ? length + 1 : length;
	}
}

static void take_address(const struct note *note, bool *has, uint64_t *address)
{
	*has = true;
	*address = note_number(note);
}

static void take_note(const struct note *note, struct xen_notes *notes)
{
	bool ignored;

	notes->found = true;
	switch (note->type) {
	case XEN_ELFNOTE_ENTRY:
		take_address(note, &notes->has_entry, &notes->entry);
		break;
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		take_address(note, &notes->has_hypercall_page, &notes->hypercall_page);
		break;
	case XEN_ELFNOTE_VIRT_BASE:
		take_address(note, &notes->has_virt_base, &notes->virt_base);
		break;
	case XEN_ELFNOTE_PADDR_OFFSET:
		take_address(note, &notes->has_paddr_offset, &notes->paddr_offset);
		break;
	case XEN_ELFNOTE_INIT_P2M:
		take_address(note, &notes->has_init_p2m, &notes->init_p2m);
		break;
	case XEN_ELFNOTE_HV_START_LOW:
		take_address(note, &ignored, &notes->hv_start_low);
		break;
	case XEN_ELFNOTE_MOD_START_PFN:
		notes->mod_start_pfn = note_number(note) != 0;
		break;
	case XEN_ELFNOTE_FEATURES:
		read_features(note, notes);
		break;
	case XEN_ELFNOTE_GUEST_OS:
		note_text(note, notes->guest_os, sizeof(notes->guest_os));
		break;
	case XEN_ELFNOTE_GUEST_VERSION:
		note_text(note, notes->guest_version, sizeof(notes->guest_version));
		break;
	case XEN_ELFNOTE_LOADER:
		note_text(note, notes->loader, sizeof(notes->loader));
		break;
	}
}

void xen_notes_collect(const uint8_t *data, size_t size, struct xen_notes *notes)
{
	while (size >= NOTE_HEADER) {
		uint32_t name_size = read32(data), data_size = read32(data + 4);
		struct note note = {.type = read32(data + 8), .size = data_size};
		size_t left = size - NOTE_HEADER;

		if (name_size > left || padded(name_size) > left ||
		    data_size > left - padded(name_size))
			return;
		note.data = data + NOTE_HEADER + padded(name_size);
		if (name_size == 4 && !memcmp(data + NOTE_HEADER, "Xen", 4))
			take_note(&note, notes);
		left -= padded(name_size);
		if (padded(data_size) > left)
			return;
		data = note.data + padded(data_size);
		size = left - padded(data_size);
	}
}
