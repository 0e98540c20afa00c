/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of kernels: a good ELF, each way to be bad, bzImages, and damaged files. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <image/image.h>
#include <xen/elfnote.h>

#define BASE	  0xffffffff80000000UL
#define FILE_SIZE 0x3000

/* A kernel of two segments at 16 MiB, with notes; tests change it before they read it. */
static struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	uint8_t notes[512];
	uint8_t rest[FILE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr) - 512];
} file;
static size_t notes_size;
static struct kernel_image kernel;

static void add_note(uint32_t type, const char *owner, const void *desc, uint32_t size)
{
	Elf64_Nhdr h = {(uint32_t)strlen(owner) + 1, size, type};

	memcpy(file.notes + notes_size, &h, sizeof(h));
	memcpy(file.notes + notes_size + sizeof(h), owner, h.n_namesz);
	notes_size += sizeof(h) + ((h.n_namesz + 3) & ~3u);
	memcpy(file.notes + notes_size, desc, size);
	notes_size += ((size + 3) & ~3u);
	file.segments[2].p_filesz = notes_size;
}

static void add_number(uint32_t type, uint64_t value)
{
	add_note(type, "Xen", &value, sizeof(value));
}

static int set_up(void **state)
{
	(void)state;
	_Static_assert(sizeof(file) == FILE_SIZE, "no padding");
	memset(&file, 0, sizeof(file));
	notes_size = 0;
	memcpy(file.header.e_ident, "\177ELF\2\1\1", 7);
	file.header.e_machine = EM_X86_64;
	file.header.e_type = ET_EXEC;
	file.header.e_phoff = sizeof(Elf64_Ehdr);
	file.header.e_phentsize = sizeof(Elf64_Phdr);
	file.header.e_phnum = 3;
	file.header.e_entry = BASE + 0x1000010;
	file.segments[0] = (Elf64_Phdr){PT_LOAD, 5, 0x1000, 0, 0x1000000, 0x1000, 0x1000, 0x1000};
	file.segments[1] = (Elf64_Phdr){PT_LOAD, 6, 0x2000, 0, 0x1001000, 0x800, 0x5000, 0x1000};
	file.segments[2] =
		(Elf64_Phdr){PT_NOTE, 4, (size_t)file.notes - (size_t)&file, 0, 0, 0, 0, 4};
	add_note(XEN_ELFNOTE_GUEST_OS, "Xen", "tester", 7);
	add_number(XEN_ELFNOTE_VIRT_BASE, BASE);
	return 0;
}

static const char *read_file(size_t size)
{
	/* a copy without a byte to spare, so that the sanitizer sees a read beyond it */
	void *copy = malloc(size ? size : 1);
	const char *error;

	memcpy(copy, &file, size);
	error = image_read(&kernel, copy, size);
	free(copy);
	return error;
}

static void a_good_one(void **state)
{
	(void)state;
	add_number(XEN_ELFNOTE_ENTRY, BASE + 0x1000100);
	add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001000);
	add_number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	add_note(XEN_ELFNOTE_MOD_START_PFN, "Xen", "\1\0\0", 4);
	add_note(XEN_ELFNOTE_SUPPORTED_FEATURES, "Xen", "\1\x88\0", 4);
	add_note(XEN_ELFNOTE_FEATURES, "Xen", "!writable_page_tables", 22);
	add_note(XEN_ELFNOTE_ENTRY, "GNU", "\0\0\0", 4); /* not ours */
	assert_null(read_file(sizeof(file)));
	assert_true(kernel.entry == BASE + 0x1000100);
	assert_true(kernel.virt_base == BASE);
	assert_int_equal(kernel.first_byte, 0x1000000);
	assert_int_equal(kernel.end_byte, 0x1006000);
	assert_int_equal(kernel.segments, 2);
	assert_int_equal(image_place(&kernel, &kernel.segment[1]), 0x1001000);
	assert_int_equal(kernel.segment[1].file_size, 0x800);
	assert_int_equal(kernel.segment[1].memory_size, 0x5000);
	assert_true(kernel.hypercall_page == BASE + 0x1001000 && kernel.mod_start_pfn == 1);
	assert_true(kernel.init_p2m == 0x8000000000);
	assert_int_equal(kernel.supported_features, 0x8801);
	assert_string_equal(kernel.unmet_feature, "");
	assert_false(kernel.needs_dom0);
	assert_string_equal(kernel.guest_os, "tester");
}

static void the_entry_point_of_the_header(void **state)
{
	(void)state;
	assert_null(read_file(sizeof(file)));
	assert_true(kernel.entry == BASE + 0x1000010);
	assert_true(kernel.init_p2m == IMAGE_NONE && kernel.hypercall_page == IMAGE_NONE);
	assert_int_equal(kernel.mod_start_pfn, 0);
}

static void required_features(void **state)
{
	static const struct {
		const char *list, *unmet;
		bool dom0;
	} cases[] = {
		{"!writable_page_tables|pae_pgdir_above_4gb|!mmu_pt_update_preserve_ad", "", false},
		{"!dom0|auto_translated_physmap", "", true},
		{"x|!auto_translated_physmap", "auto_translated_physmap", false},
		{"!supervisor_mode_kernel|!dom0", "supervisor_mode_kernel", true},
		{"!writable_page_table", "writable_page_table", false},
		{"!writable_page_tables2", "writable_page_tables2", false},
		{"|!|a|", "", false},
		{"!a_name_that_is_far_too_long_to_be_kept", "a_name_that_is_far_too_long_to_",
		 false},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		add_note(XEN_ELFNOTE_FEATURES, "Xen", cases[i].list, strlen(cases[i].list) + 1);
		assert_null(read_file(sizeof(file)));
		assert_string_equal(kernel.unmet_feature, cases[i].unmet);
		assert_int_equal(kernel.needs_dom0, cases[i].dom0);
		/* without the final zero, too */
		set_up(state);
		add_note(XEN_ELFNOTE_FEATURES, "Xen", cases[i].list, strlen(cases[i].list));
		assert_null(read_file(sizeof(file)));
		assert_string_equal(kernel.unmet_feature, cases[i].unmet);
	}
}

static void paddr_offset_moves_the_image(void **state)
{
	(void)state;
	add_number(XEN_ELFNOTE_PADDR_OFFSET, 0x1000000);
	file.header.e_entry = BASE + 0x10;
	assert_null(read_file(sizeof(file)));
	assert_int_equal(kernel.first_byte, 0);
}

static void bad_ones(void **state)
{
	struct {
		void *at;
		uint64_t value;
		unsigned size;
	} const changes[] = {
		{&file.header.e_ident[0], 0, 1},
		{&file.header.e_ident[4], ELFCLASS32, 1},
		{&file.header.e_machine, EM_AARCH64, 2},
		{&file.header.e_phentsize, 32, 2},
		{&file.header.e_phoff, FILE_SIZE - 8, 8},
		{&file.header.e_phoff, ~0UL, 8},
		{&file.header.e_phnum, 0, 2},
		{&file.header.e_phnum, 0xffff, 2},
		{&file.header.e_entry, BASE, 8},
		{&file.segments[0].p_offset, FILE_SIZE - 1, 8},
		{&file.segments[0].p_offset, ~0UL, 8},
		{&file.segments[0].p_filesz, ~0UL, 8},
		{&file.segments[1].p_memsz, 0x7ff, 8},
		{&file.segments[1].p_memsz, ~0UL, 8},
		{&file.segments[1].p_paddr, ~0UL - 4, 8},
		{&file.segments[2].p_type, PT_NULL, 4},
	};

	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		set_up(state);
		memcpy(changes[i].at, &changes[i].value, changes[i].size);
		assert_non_null(read_file(sizeof(file)));
	}
	set_up(state);
	assert_non_null(read_file(0));
	assert_non_null(read_file(sizeof(Elf64_Ehdr) - 1));
	assert_non_null(read_file(0x1fff));
	add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1000010);
	assert_non_null(read_file(sizeof(file)));
}

static void damaged_files(void **state)
{
	srandom(3);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t *bytes = (uint8_t *)&file;

		set_up(state);
		for (unsigned n = (unsigned)random() % 8; n; n--)
			bytes[(unsigned)random() % 0x300] = (uint8_t)random();
		read_file(random() % 2 ? sizeof(file) : (size_t)random() % sizeof(file));
	}
}

static void bzimages(void **state)
{
	static uint8_t image[0x2000];
	const uint8_t payload[] = "packed kernel \x78\x56\x34\x12", *found = image;
	const uint32_t offset = 0x100, length = sizeof(payload) - 1, too_long = 0x2000;
	size_t size = sizeof(image);

	(void)state;
	assert_null(image_unwrap(&found, &size));
	assert_true(found == image && size == sizeof(image));
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	image[0x1f1] = 3;
	memcpy(image + 0x248, &offset, 4);
	memcpy(image + 0x24c, &length, 4);
	memcpy(image + 4 * 512 + offset, payload, sizeof(payload));
	assert_null(image_unwrap(&found, &size));
	assert_ptr_equal(found, image + 4 * 512 + offset);
	assert_int_equal(size, length);
	/* too old for a payload, or one beyond the end */
	found = image;
	size = sizeof(image);
	image[0x206] = 7;
	assert_non_null(image_unwrap(&found, &size));
	image[0x206] = 0x0f;
	memcpy(image + 0x24c, &too_long, 4);
	assert_non_null(image_unwrap(&found, &size));
	memset(image + 0x248, 0xff, 8);
	assert_non_null(image_unwrap(&found, &size));
	assert_true(found == image && size == sizeof(image));
	size = 0x24f;
	assert_null(image_unwrap(&found, &size));
	assert_ptr_equal(found, image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_one, set_up),
		cmocka_unit_test_setup(the_entry_point_of_the_header, set_up),
		cmocka_unit_test_setup(required_features, set_up),
		cmocka_unit_test_setup(paddr_offset_moves_the_image, set_up),
		cmocka_unit_test_setup(bad_ones, set_up),
		cmocka_unit_test_setup(damaged_files, set_up),
		cmocka_unit_test_setup(bzimages, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
