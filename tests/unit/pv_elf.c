/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of kernels: a good ELF, each way to be bad, bzImages, and damaged files. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lib/elf.h>
#include <xen/elfnote.h>

#define BASE	  0xffffffff80000000UL
#define FILE_SIZE 0x3000

/* A kernel of two segments at 16 MiB, with notes; tests change it before they read it. */
static struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	u8 notes[512];
	u8 rest[FILE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr) - 512];
} file;
static size_t notes_size;
static struct elf_kernel kernel;

static void add_note(u32 type, const char *owner, const void *desc, u32 size)
{
	Elf64_Nhdr h = {(u32)strlen(owner) + 1, size, type};

	memcpy(file.notes + notes_size, &h, sizeof(h));
	memcpy(file.notes + notes_size + sizeof(h), owner, h.n_namesz);
	notes_size += sizeof(h) + ROUND_UP(h.n_namesz, 4);
	memcpy(file.notes + notes_size, desc, size);
	notes_size += ROUND_UP(size, 4);
	file.segments[2].p_filesz = notes_size;
}

static void add_number(u32 type, u64 value)
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
	error = elf_read_kernel(&kernel, copy, size);
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
	assert_true(kernel.virt_start == BASE + 0x1000000);
	assert_true(kernel.virt_end == BASE + 0x1006000);
	assert_int_equal(kernel.segment_count, 2);
	assert_true(elf_address(&kernel, &kernel.segments[1]) == BASE + 0x1001000);
	assert_int_equal(kernel.segments[1].file_size, 0x800);
	assert_int_equal(kernel.segments[1].memory_size, 0x5000);
	assert_true(kernel.has_hypercall_page && kernel.has_init_p2m && kernel.mod_start_pfn);
	assert_true(kernel.init_p2m == 0x8000000000);
	assert_int_equal(kernel.supported_features, 0x8801);
	assert_string_equal(kernel.required_features, "!writable_page_tables");
	assert_string_equal(kernel.guest_os, "tester");
}

static void the_entry_point_of_the_header(void **state)
{
	(void)state;
	assert_null(read_file(sizeof(file)));
	assert_true(kernel.entry == BASE + 0x1000010);
	assert_false(kernel.has_init_p2m || kernel.mod_start_pfn || kernel.has_hypercall_page);
}

static void paddr_offset_moves_the_image(void **state)
{
	(void)state;
	add_number(XEN_ELFNOTE_PADDR_OFFSET, 0x1000000);
	file.header.e_entry = BASE + 0x10;
	assert_null(read_file(sizeof(file)));
	assert_true(kernel.virt_start == BASE);
}

static void bad_ones(void **state)
{
	struct {
		void *at;
		u64 value;
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

	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
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
		u8 *bytes = (u8 *)&file;

		set_up(state);
		for (unsigned n = (unsigned)random() % 8; n; n--)
			bytes[(unsigned)random() % 0x300] = (u8)random();
		read_file(random() % 2 ? sizeof(file) : (size_t)random() % sizeof(file));
	}
}

static void bzimages(void **state)
{
	static u8 image[0x2000];
	const u8 payload[] = "packed kernel \x78\x56\x34\x12";
	const u32 offset = 0x100, length = sizeof(payload) - 1, too_long = 0x2000;
	const void *found;
	size_t size;
	u32 unpacked;

	(void)state;
	assert_false(bzimage_payload(image, sizeof(image), &found, &size, &unpacked));
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	image[0x1f1] = 3;
	memcpy(image + 0x248, &offset, 4);
	memcpy(image + 0x24c, &length, 4);
	memcpy(image + 4 * 512 + offset, payload, sizeof(payload));
	assert_true(bzimage_payload(image, sizeof(image), &found, &size, &unpacked));
	assert_ptr_equal(found, image + 4 * 512 + offset);
	assert_int_equal(size, length);
	assert_int_equal(unpacked, 0x12345678);
	/* too old for a payload, or one beyond the end */
	image[0x206] = 7;
	assert_true(bzimage_payload(image, sizeof(image), &found, &size, &unpacked));
	assert_int_equal(size, 0);
	image[0x206] = 0x0f;
	memcpy(image + 0x24c, &too_long, 4);
	assert_true(bzimage_payload(image, sizeof(image), &found, &size, &unpacked));
	assert_int_equal(size, 0);
	assert_false(bzimage_payload(image, 0x24f, &found, &size, &unpacked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_one, set_up),
		cmocka_unit_test_setup(the_entry_point_of_the_header, set_up),
		cmocka_unit_test_setup(paddr_offset_moves_the_image, set_up),
		cmocka_unit_test_setup(bad_ones, set_up),
		cmocka_unit_test_setup(damaged_files, set_up),
		cmocka_unit_test_setup(bzimages, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
