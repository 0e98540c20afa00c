/* SPDX-License-Identifier: MIT */
/*
 * memory_op(unsigned int cmd, void *arg): what memory a domain has.
 * Conventions of the comments: see xen.h. A domid field is DOMID_SELF, or (dom0) another domain:
 * EPERM without the right, ESRCH without the domain.
 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include "xen.h"
#include "physdev.h"

/*
 * Three calls on struct xen_memory_reservation. They return how many extents were done, from the
 * first on: fewer than asked is not an error but the place where it stopped. Preempted.
 * Only a bad structure fails as a whole: EINVAL, EPERM.
 *
 *   increase_reservation  OUT in extent_start: machine frames of new extents (may be null).
 *   decrease_reservation  IN: machine frames to give back. A frame in use (mapped, page table,
 *                         granted) stays until the last such use ends.
 *   populate_physmap      IN: pfns at which extents are to appear; OUT: the machine frames. The
 *                         machine-to-physical table is set; the guest writes its own p2m.
 */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap	    6

/* mem_flags */
#define XENMEMF_address_bits(x)	    (x) /* frames below 2^x bytes; 0 = anywhere */
#define XENMEMF_get_address_bits(x) ((x)&0xffu)
#define XENMEMF_node(x)		    (((x) + 1) << 8) /* prefer a NUMA node; ignored */
#define XENMEMF_get_node(x)	    ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand  (1 << 16) /* HVM only: EINVAL */
#define XENMEMF_exact_node_request  (1 << 17) /* insist on the node; ignored */
#define XENMEMF_exact_node(n)	    (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode		    (1 << 18) /* the node is a virtual one; ignored */

#ifndef __ASSEMBLY__
struct xen_memory_reservation {
	XEN_GUEST_HANDLE(xen_pfn_t)
	extent_start;		   /* IN/OUT: one frame number an extent, see above */
	xen_ulong_t nr_extents;	   /* IN: how many */
	unsigned int extent_order; /* IN: 2^order frames each. Above 9 (2 MiB; dom0: 12)
				    * no extent is done */
	unsigned int mem_flags;	   /* IN: XENMEMF_* */
	domid_t domid;		   /* IN: whose memory */
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_reservation_t);

/*
 * Swap frames for others (contiguous, or below an address), the pfns staying the same.
 * in.nr_extents << in.extent_order must equal out.nr_extents << out.extent_order, and one of the
 * orders must be 0. Returns 0 or an error; nr_exchanged says how far it got either way.
 * EINVAL: sizes differ, or a frame is not the caller's or in use. ENOMEM: no such memory free.
 * EPERM: order above what the domain may ask. Any domain. Preempted.
 */
#define XENMEM_exchange 11
struct xen_memory_exchange {
	struct xen_memory_reservation in;  /* IN: machine frames that are given */
	struct xen_memory_reservation out; /* IN: pfns in extent_start; OUT: new machine frames */
	xen_ulong_t nr_exchanged;	   /* IN: 0. OUT: in.nr_extents done */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

/* Returns the highest machine frame number of RAM. No argument. Any domain. */
#define XENMEM_maximum_ram_page 2

/* Return a number of frames: owned now, allowed at most; the highest pfn in use. */
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_maximum_gpfn	   14
struct xen_memory_domain {
	domid_t domid; /* IN */
};

/*
 * The machine frames that hold the machine-to-physical table, one for each 2 MiB of it. Returns 0.
 * Privileged domains map them (as DOMID_XEN's) to see other domains' pfns. Any domain may ask.
 */
#define XENMEM_machphys_mfn_list 5
struct xen_machphys_mfn_list {
	unsigned int max_extents;		  /* IN: room in extent_start */
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* OUT: machine frames */
	unsigned int nr_extents;		  /* OUT: how many were written */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

/* The same for the table of 32-bit guests; there is none: ENOSYS. */
#define XENMEM_machphys_compat_mfn_list 25

/* Where the machine-to-physical table is mapped. Returns 0. Any domain. */
#define XENMEM_machphys_mapping 12
struct xen_machphys_mapping {
	xen_ulong_t v_start, v_end; /* OUT: virtual addresses, end exclusive */
	xen_ulong_t max_mfn;	    /* OUT: the highest frame number that has an entry */
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

/* add_to_physmap: gives translated (HVM) guests a page at a pfn. Refused for PV guests: ENOSYS. */
#define XENMAPSPACE_shared_info	 0
#define XENMAPSPACE_grant_table	 1
#define XENMAPSPACE_gmfn	 2
#define XENMAPSPACE_gmfn_range	 3
#define XENMAPSPACE_gmfn_foreign 4
#define XENMAPSPACE_dev_mmio	 5
#define XENMEM_add_to_physmap	 7
struct xen_add_to_physmap {
	domid_t domid;	    /* IN */
	uint16_t size;	    /* IN: frames, for gmfn_range */
	unsigned int space; /* IN: XENMAPSPACE_* */
#define XENMAPIDX_grant_table_status 0x80000000
	xen_ulong_t idx; /* IN: which page of the space */
	xen_pfn_t gpfn;	 /* IN: where it appears */
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_t);
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_remove_from_physmap  15

/*
 * The domain's pseudo-physical memory as an E820 map. Returns 0; what has no room is left out.
 * ENOSYS: the domain has no map of its own. Any domain.
 */
#define XENMEM_memory_map 9
struct xen_memory_map {
	unsigned int nr_entries;       /* IN: room, in entries of 20 bytes. OUT: entries written */
	XEN_GUEST_HANDLE(void) buffer; /* OUT: uint64 address, uint64 size, uint32 type: packed */
};
typedef struct xen_memory_map xen_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_map_t);

/* The machine's own E820 map; same structure. EINVAL: too little room. dom0. */
#define XENMEM_machine_memory_map 10

/* Give a domain the map that memory_map will answer. EINVAL: too many entries. dom0. */
#define XENMEM_set_memory_map 13
struct xen_foreign_memory_map {
	domid_t domid;		   /* IN */
	struct xen_memory_map map; /* IN: buffer is read */
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_foreign_memory_map_t);

/* Populate-on-demand, memory sharing, paging, access control: HVM only, refused with ENOSYS. */
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
#define XENMEM_paging_op      20
#define XENMEM_access_op      21
#define XENMEM_sharing_op     22

/* Return how many frames page sharing saved, and how many it shares: 0, as there is none. dom0. */
#define XENMEM_get_sharing_freed_pages	18
#define XENMEM_get_sharing_shared_pages 19

/*
 * Set frames aside for a domain under construction, so that populating it cannot run out:
 * one extent of order 0, nr_extents = total frames; 0 cancels. ENOMEM: not that many free. dom0.
 */
#define XENMEM_claim_pages 24

/* Regions reserved for devices by the firmware: none are reported. ENOSYS. */
#define XENMEM_reserved_device_memory_map 27

/*
 * Machine frames of a resource that belongs to another domain, for the caller to map. With
 * frame_list null: nr_frames receives the size of the resource. Returns 0.
 * EINVAL: unknown resource, or frames outside it. dom0.
 */
#define XENMEM_acquire_resource 28
struct xen_mem_acquire_resource {
	domid_t domid;		       /* IN: whose */
	uint16_t type;		       /* IN: */
#define XENMEM_resource_ioreq_server 0 /* HVM only: EOPNOTSUPP */
#define XENMEM_resource_grant_table  1
#define XENMEM_resource_vmtrace_buf  2		/* HVM only: EOPNOTSUPP */
	uint32_t id;				/* IN: for a grant table: */
#define XENMEM_resource_grant_table_id_shared 0 /* its shared frames */
#define XENMEM_resource_grant_table_id_status 1 /* version 2 only: EINVAL */
	uint32_t nr_frames;			/* IN: how many. OUT: size, if frame_list is null */
	uint32_t pad;				/* IN: 0 */
	uint64_t frame;				/* IN: index of the first one within the resource */
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT: machine frames */
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
DEFINE_XEN_GUEST_HANDLE(xen_mem_acquire_resource_t);

/* Virtual NUMA layout of a domain. Parapet gives none: EOPNOTSUPP. */
#define XENMEM_get_vnumainfo 26
struct xen_vmemrange {
	uint64_t start, end; /* bytes, end exclusive */
	unsigned int flags;  /* 0 */
	unsigned int nid;    /* virtual node */
};
typedef struct xen_vmemrange xen_vmemrange_t;
DEFINE_XEN_GUEST_HANDLE(xen_vmemrange_t);

#endif /* !__ASSEMBLY__ */
#endif
