/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building dom0, shared among the builder's files. Boot time only: whatever goes wrong ends in
 * panic() with the reason, for there is nobody else to tell.
 *
 * Start-of-day layout (virtual; page by page from virt_base, which is pseudo-physical 0):
 *   kernel | ramdisk * | p2m list ** | start_info | page tables | boot stack | padding to 4 MiB, at
 * least 512 KiB
 *   *  only mapped if the kernel has no MOD_START_PFN note; otherwise its frames follow the layout
 *   ** unless the kernel has an INIT_P2M note; then its frames, and its tables', come after the
 * ramdisk's
 */
#ifndef PV_DOM0_H
#define PV_DOM0_H

#include <boot/boot.h>
#include <lib/elf.h>
#include <pv/pv.h>

struct dom0_layout {
	u64 start, end; /* virtual, of the initial mapping */
	u64 ramdisk, ramdisk_size;
	u64 p2m, start_info, tables, stack; /* virtual */
	u64 table_pages;
	/* frame numbers (pseudo-physical) of what is not mapped there */
	u64 ramdisk_pfn;
	u64 p2m_pfn, p2m_pages, p2m_table_pages;
	u64 used_pages; /* pseudo-physical pages up to here are in use */
	u64 nr_pages;
};

struct dom0_build {
	struct domain *d;
	struct vcpu *v;
	struct elf_kernel kernel;
	const struct boot_module *ramdisk; /* NULL: none */
	const char *cmdline;
	struct dom0_layout at;
	u64 *p2m; /* frame of each page */
	u64 root; /* L4's frame */
};

/* dom0_image.c */
/** Read the kernel: an ELF file, or the one that a bzImage carries. *unpacked, of that order, is
 * freed by the caller. */
void dom0_read_kernel(struct elf_kernel *k, const struct boot_module *m, void **unpacked,
		      unsigned *order);

/* dom0_layout.c */
/** Place everything for nr_pages; panics if they are too few. */
void dom0_plan(struct dom0_build *b, u64 nr_pages);
/** Hypervisor's view of a page of dom0's. */
void *dom0_page(const struct dom0_build *b, u64 pfn);
/** Copy to (from == NULL: zero) the initial mapping. */
void dom0_copy(const struct dom0_build *b, u64 va, const void *from, u64 size);
/** Build the page tables, give them their types, pin the root. */
void dom0_make_tables(struct dom0_build *b);

/* dom0_options.c */
/** Pages for dom0 and its limit, by dom0_mem= or by default; needed: what it cannot do without. */
u64 dom0_memory_pages(u64 needed, u64 *max_pages);
unsigned dom0_vcpus(void);
/** Everything but what the hypervisor drives itself: MMIO, ports, interrupts. */
void dom0_permit_hardware(struct domain *d);

#endif
