/* SPDX-License-Identifier: MIT */
/*
 * Notes (owner name "Xen") in a guest kernel's ELF file: what the domain builder must know. Values
 * are 4- or 8-byte integers, or texts that end with 0. See abi/reference/elf-notes.md.
 */
#ifndef __XEN_PUBLIC_ELFNOTE_H__
#define __XEN_PUBLIC_ELFNOTE_H__

#define XEN_ELFNOTE_INFO	       0  /* text: free form */
#define XEN_ELFNOTE_ENTRY	       1  /* address: entry point; default: the ELF header's */
#define XEN_ELFNOTE_HYPERCALL_PAGE     2  /* address: page to fill with hypercall stubs */
#define XEN_ELFNOTE_VIRT_BASE	       3  /* address: where pfn 0 is mapped; default 0 */
#define XEN_ELFNOTE_PADDR_OFFSET       4  /* address: p_paddr of pfn 0; default 0 */
#define XEN_ELFNOTE_XEN_VERSION	       5  /* text: "xen-3.0": required */
#define XEN_ELFNOTE_GUEST_OS	       6  /* text: name of the kernel */
#define XEN_ELFNOTE_GUEST_VERSION      7  /* text: its version */
#define XEN_ELFNOTE_LOADER	       8  /* text: "generic" */
#define XEN_ELFNOTE_PAE_MODE	       9  /* text: 32-bit kernels only */
#define XEN_ELFNOTE_FEATURES	       10 /* text: names joined by '|', '!' before one = required */
#define XEN_ELFNOTE_BSD_SYMTAB	       11 /* text: "yes": load the symbol table after the image */
#define XEN_ELFNOTE_HV_START_LOW       12 /* address: 32-bit kernels only */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* two integers, mask and value: entries that hold mfns */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* integer: 1: a suspend may return as cancelled */
#define XEN_ELFNOTE_INIT_P2M	       15 /* address: map the p2m there, not after the image */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* integer: 1: ramdisk need not be mapped, give its pfn */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* integer: XENFEAT bits it can live with */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* address: PVH entry point; ignored for PV */
#define XEN_ELFNOTE_MAX		       XEN_ELFNOTE_PHYS32_ENTRY

/* In dumps, not in kernels. */
#define XEN_ELFNOTE_CRASH_INFO		    0x1000001
#define XEN_ELFNOTE_CRASH_REGS		    0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE	    0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER	    0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
