/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader of PV kernels: 64-bit ELF, with the notes by which a kernel tells the domain builder what
 * it needs. Pure: everything is checked against the buffer's size; nothing is written.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include <lib/types.h>

#define ELF_SEGMENTS_MAX 32

/* Part of the file that is loaded. */
struct elf_segment {
	u64 paddr;	 /* bytes, as the file says; see elf_address() */
	u64 memory_size; /* bytes in memory … */
	u64 file_size;	 /* … of which this many are in the file, the rest is zero */
	const u8 *data;
};

struct elf_kernel {
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	unsigned segment_count;
	u64 entry;	  /* virtual */
	u64 virt_base;	  /* virtual address of pseudo-physical 0 */
	u64 paddr_offset; /* subtract from paddr to get the pseudo-physical address */
	bool has_hypercall_page;
	u64 hypercall_page; /* virtual */
	bool has_init_p2m;
	u64 init_p2m;		     /* virtual address at which it wants the p2m list */
	u64 hv_start_low;	     /* 0: not said */
	bool mod_start_pfn;	     /* takes a ramdisk that is not mapped, by its frame number */
	u32 supported_features;	     /* XENFEAT_* bits */
	char required_features[256]; /* the string note, names with '!' are required */
	char guest_os[32];
	u64 virt_start, virt_end; /* of all segments */
};

/** Read the file at data[0..size). NULL, or what is wrong with it. */
const char *elf_read_kernel(struct elf_kernel *k, const void *data, size_t size);

/** Virtual address at which a segment is to be. */
static inline u64 elf_address(const struct elf_kernel *k, const struct elf_segment *s)
{
	return s->paddr - k->paddr_offset + k->virt_base;
}

/**
 * Payload of a bzImage: the compressed kernel, and its size when unpacked. False: not a bzImage.
 * A payload of 0 bytes: a bzImage without one (too old).
 */
bool bzimage_payload(const void *data, size_t size, const void **payload, size_t *payload_size,
		     u32 *unpacked_size);

#endif
