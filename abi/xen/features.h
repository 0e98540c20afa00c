/* SPDX-License-Identifier: MIT */
/*
 * Feature numbers: bits in the answer of XENVER_get_features, and names in ELF notes.
 * [yes] set for a PV guest of Parapet, [no] not, [dom0] for the privileged domain only.
 */
#ifndef __XEN_PUBLIC_FEATURES_H__
#define __XEN_PUBLIC_FEATURES_H__

#define XENFEAT_writable_page_tables	   0  /* [no] the guest may write page tables freely */
#define XENFEAT_writable_descriptor_tables 1  /* [no] likewise descriptor tables */
#define XENFEAT_auto_translated_physmap	   2  /* [no] frames in page tables are pfns */
#define XENFEAT_supervisor_mode_kernel	   3  /* [no] the guest kernel runs in ring 0 */
#define XENFEAT_pae_pgdir_above_4gb	   4  /* [yes] top-level tables may lie anywhere */
#define XENFEAT_mmu_pt_update_preserve_ad  5  /* [yes] MMU_PT_UPDATE_PRESERVE_AD */
#define XENFEAT_highmem_assist		   6  /* [yes] MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE */
#define XENFEAT_gnttab_map_avail_bits	   7  /* [yes] GNTMAP_guest_avail_mask */
#define XENFEAT_hvm_callback_vector	   8  /* [no] HVM */
#define XENFEAT_hvm_safe_pvclock	   9  /* [no] HVM */
#define XENFEAT_hvm_pirqs		   10 /* [no] HVM */
#define XENFEAT_dom0			   11 /* [dom0] can be, or is, the first domain */
#define XENFEAT_memory_op_vnode_supported  13 /* [yes] XENMEMF_vnode is understood (ignored) */
#define XENFEAT_ARM_SMCCC_supported	   14 /* [no] another architecture */
#define XENFEAT_linux_rsdp_unrestricted	   15 /* [no] HVM */
#define XENFEAT_not_direct_mapped	   16 /* [yes] pfn and mfn differ */
#define XENFEAT_direct_mapped		   17 /* [no] pfn equals mfn */

#define XENFEAT_NR_SUBMAPS 1

#endif
