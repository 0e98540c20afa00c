/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op(unsigned int cmd, void *array, unsigned int count): lend pages to other domains.
 *
 * Parapet offers version 1 of the tables. Each call takes an array of `count` structures and
 * returns 0 when all were looked at: what became of each one is in its `status` (GNTST_*). A
 * negative errno means that the array itself could not be used. Preempted between entries.
 * Conventions of the comments: see xen.h.
 */
#ifndef __XEN_PUBLIC_GRANT_TABLE_H__
#define __XEN_PUBLIC_GRANT_TABLE_H__

#include "xen.h"

#ifndef __ASSEMBLY__
typedef uint32_t grant_ref_t; /* index in the granting domain's table */

/*
 * One grant. To make one: write domid and frame, a write barrier, then flags. To end it: compare
 * and swap flags to 0 as long as neither GTF_reading nor GTF_writing is set.
 */
struct grant_entry_v1 {
	uint16_t flags; /* either: the guest writes the type and GTF_readonly; the hypervisor sets
			 * and clears GTF_reading and GTF_writing */
	domid_t domid;	/* guest: who may use it */
	uint32_t frame; /* guest: machine frame that is lent */
};
typedef struct grant_entry_v1 grant_entry_v1_t;

/* References that the domain builder fills: not for general use. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE	   0 /* the console's ring, lent to its domain */
#define GNTTAB_RESERVED_XENSTORE   1 /* the store's ring */

/* flags: the type, bits 0..1 */
#define GTF_invalid	    (0U << 0) /* no grant */
#define GTF_permit_access   (1U << 0) /* domid may map or copy the frame */
#define GTF_accept_transfer (2U << 0) /* page transfer: refused */
#define GTF_transitive	    (3U << 0) /* version 2: refused */
#define GTF_type_mask	    (3U << 0)

/* flags: with permit_access */
#define _GTF_readonly (2)
#define GTF_readonly  (1U << _GTF_readonly) /* guest: for reading only */
#define _GTF_reading  (3)
#define GTF_reading   (1U << _GTF_reading) /* hypervisor: mapped for reading */
#define _GTF_writing  (4)
#define GTF_writing   (1U << _GTF_writing) /* hypervisor: mapped for writing */
#define _GTF_PWT      (5)
#define GTF_PWT	      (1U << _GTF_PWT) /* cache attributes: ignored */
#define _GTF_PCD      (6)
#define GTF_PCD	      (1U << _GTF_PCD)
#define _GTF_PAT      (7)
#define GTF_PAT	      (1U << _GTF_PAT)
#define _GTF_sub_page (8)
#define GTF_sub_page  (1U << _GTF_sub_page) /* version 2: refused */

/* flags: with accept_transfer; unused */
#define _GTF_transfer_committed (2)
#define GTF_transfer_committed	(1U << _GTF_transfer_committed)
#define _GTF_transfer_completed (3)
#define GTF_transfer_completed	(1U << _GTF_transfer_completed)

#define GNTTABOP_map_grant_ref	   0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table	   2
#define GNTTABOP_dump_table	   3 /* refused: ENOSYS */
#define GNTTABOP_transfer	   4 /* refused: ENOSYS */
#define GNTTABOP_copy		   5
#define GNTTABOP_query_size	   6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version	   8
#define GNTTABOP_get_status_frames 9 /* version 2: ENOSYS */
#define GNTTABOP_get_version	   10
#define GNTTABOP_swap_grant_ref	   11 /* refused: ENOSYS */
#define GNTTABOP_cache_flush	   12 /* refused: ENOSYS */

typedef uint32_t grant_handle_t; /* names one mapping of the caller's */

/*
 * Map a granted page. GNTST_bad_domain, GNTST_bad_gntref, GNTST_permission_denied (the grant is not
 * for the caller, or read-only), GNTST_bad_virt_addr, GNTST_no_space (no free handle or the limit
 * is reached), GNTST_general_error.
 */
struct gnttab_map_grant_ref {
	uint64_t host_addr;    /* IN: virtual address; machine address of an L1 entry with
				* GNTMAP_contains_pte */
	uint32_t flags;	       /* IN: GNTMAP_* */
	grant_ref_t ref;       /* IN: reference in dom's table */
	domid_t dom;	       /* IN: who grants: a number, DOMID_SELF will not do */
	int16_t status;	       /* OUT: GNTST_* */
	grant_handle_t handle; /* OUT: for unmapping */
	uint64_t dev_bus_addr; /* OUT: the page's machine address */
};
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_map_grant_ref_t);

/* End a mapping. GNTST_bad_handle, GNTST_bad_virt_addr, GNTST_general_error. TLBs are flushed. */
struct gnttab_unmap_grant_ref {
	uint64_t host_addr;    /* IN: as it was mapped; 0: not a CPU mapping */
	uint64_t dev_bus_addr; /* IN: as map answered, for a device mapping; else 0 */
	grant_handle_t handle; /* IN */
	int16_t status;	       /* OUT */
};
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t);

/*
 * Grow the caller's table to nr_frames pages (512 entries each) and say where they are. `count`
 * must be 1. GNTST_bad_domain, GNTST_permission_denied (not the caller, not dom0),
 * GNTST_general_error (more than the limit, no memory).
 */
struct gnttab_setup_table {
	domid_t dom;				/* IN */
	uint32_t nr_frames;			/* IN */
	int16_t status;				/* OUT */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT: nr_frames machine frames */
};
typedef struct gnttab_setup_table gnttab_setup_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_setup_table_t);

struct gnttab_dump_table {
	domid_t dom;	/* IN */
	int16_t status; /* OUT */
};
typedef struct gnttab_dump_table gnttab_dump_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_dump_table_t);

struct gnttab_transfer {
	xen_pfn_t mfn;	 /* IN: frame that changes its owner */
	domid_t domid;	 /* IN: new owner */
	grant_ref_t ref; /* IN: its accept_transfer entry */
	int16_t status;	 /* OUT */
};
typedef struct gnttab_transfer gnttab_transfer_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_transfer_t);

#define _GNTCOPY_source_gref (0)
#define GNTCOPY_source_gref  (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref   (1)
#define GNTCOPY_dest_gref    (1 << _GNTCOPY_dest_gref)

/*
 * Copy up to a page between two pages, each the caller's own frame or one granted to it.
 * GNTST_bad_copy_arg (crosses a page), GNTST_bad_page (not the caller's frame), and those of map.
 */
struct gnttab_copy {
	struct gnttab_copy_ptr {
		union {
			grant_ref_t ref; /* IN: with GNTCOPY_*_gref */
			xen_pfn_t gmfn;	 /* IN: else: machine frame of domid, DOMID_SELF */
		} u;
		domid_t domid;	 /* IN */
		uint16_t offset; /* IN: bytes into the page */
	} source, dest;
	uint16_t len;	/* IN: bytes */
	uint16_t flags; /* IN: GNTCOPY_* */
	int16_t status; /* OUT */
};
typedef struct gnttab_copy gnttab_copy_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_copy_t);

/* How big the table is and may become. `count` must be 1. */
struct gnttab_query_size {
	domid_t dom;		/* IN: DOMID_SELF, or (dom0) another */
	uint32_t nr_frames;	/* OUT: pages now */
	uint32_t max_nr_frames; /* OUT: pages at most */
	int16_t status;		/* OUT */
};
typedef struct gnttab_query_size gnttab_query_size_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_query_size_t);

/* As unmap, and move the mapping found at new_addr into its place. */
struct gnttab_unmap_and_replace {
	uint64_t host_addr;    /* IN: virtual address of the mapping */
	uint64_t new_addr;     /* IN: virtual address of the page that takes its place; 0 = none */
	grant_handle_t handle; /* IN */
	int16_t status;	       /* OUT */
};
typedef struct gnttab_unmap_and_replace gnttab_unmap_and_replace_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_and_replace_t);

/* Choose the format of the table: 1. ENOSYS: 2, which is not offered. EINVAL: no such version. */
struct gnttab_set_version {
	uint32_t version; /* IN; OUT: the one in use */
};
typedef struct gnttab_set_version gnttab_set_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_set_version_t);

struct gnttab_get_status_frames {
	uint32_t nr_frames;		       /* IN */
	domid_t dom;			       /* IN */
	int16_t status;			       /* OUT */
	XEN_GUEST_HANDLE(uint64_t) frame_list; /* OUT */
};
typedef struct gnttab_get_status_frames gnttab_get_status_frames_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_status_frames_t);

/* Which format a table has. */
struct gnttab_get_version {
	domid_t dom; /* IN: DOMID_SELF, or (dom0) another */
	uint16_t pad;
	uint32_t version; /* OUT: 1 */
};
typedef struct gnttab_get_version gnttab_get_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_version_t);

/* Swap two entries of the caller's table. Not offered. */
struct gnttab_swap_grant_ref {
	grant_ref_t ref_a; /* IN */
	grant_ref_t ref_b; /* IN */
	int16_t status;	   /* OUT */
};
typedef struct gnttab_swap_grant_ref gnttab_swap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_swap_grant_ref_t);
#endif /* !__ASSEMBLY__ */

/* gnttab_map_grant_ref.flags */
#define _GNTMAP_device_map	(0)
#define GNTMAP_device_map	(1 << _GNTMAP_device_map) /* a device may reach it */
#define _GNTMAP_host_map	(1)
#define GNTMAP_host_map		(1 << _GNTMAP_host_map) /* the CPU sees it at host_addr */
#define _GNTMAP_readonly	(2)
#define GNTMAP_readonly		(1 << _GNTMAP_readonly)
#define _GNTMAP_application_map (3)
#define GNTMAP_application_map	(1 << _GNTMAP_application_map) /* guest user mode too: always so */
#define _GNTMAP_contains_pte	(4)
#define GNTMAP_contains_pte	(1 << _GNTMAP_contains_pte) /* host_addr is that of an L1 entry */
#define _GNTMAP_guest_avail0	(16) /* bits 16.. go to the entry's available bits */
#define GNTMAP_guest_avail_mask ((uint32_t)~0 << _GNTMAP_guest_avail0)

/* status */
#define GNTST_okay		(0)
#define GNTST_general_error	(-1)  /* none of the others */
#define GNTST_bad_domain	(-2)  /* no such domain */
#define GNTST_bad_gntref	(-3)  /* reference outside the table, or not a grant */
#define GNTST_bad_handle	(-4)  /* no such mapping */
#define GNTST_bad_virt_addr	(-5)  /* the address has no L1 entry, or another mapping */
#define GNTST_bad_dev_addr	(-6)  /* dev_bus_addr does not fit the handle */
#define GNTST_no_device_space	(-7)  /* no IOMMU entry left */
#define GNTST_permission_denied (-8)  /* the grant is not for you, or not for writing */
#define GNTST_bad_page		(-9)  /* the frame is not the grantor's, or cannot be lent */
#define GNTST_bad_copy_arg	(-10) /* offset + len crosses a page */
#define GNTST_address_too_big	(-11) /* the frame number does not fit */
#define GNTST_eagain		(-12) /* try again */
#define GNTST_no_space		(-13) /* no handle left */

/* One word for each status, in order of -status. Text of Parapet's own. */
#define GNTTABOP_error_msgs                                                                        \
	{                                                                                          \
		"okay", "failed", "no such domain", "no such grant", "no such mapping",            \
			"bad virtual address", "bad device address", "no room in the IOMMU",       \
			"not permitted", "page cannot be lent", "copy crosses a page",             \
			"frame number too big", "try again", "no handle left"                      \
	}

#endif
