/* SPDX-License-Identifier: MIT */
/*
 * Grants (table version 1): letting another domain use single pages of ours, and using theirs.
 * The table is set up at the first use and grows up to what the hypervisor allows.
 * Callable from threads. Errors are negative XEN_E* numbers unless a GNTST_* is named.
 */
#ifndef PV_GRANT_H
#define PV_GRANT_H

#include <pv/types.h>
#include <xen/grant_table.h>

/* Let domain map or copy our frame mfn; returns the reference (> 0). The frame must stay ours
 * until pv_grant_end(). */
int pv_grant_access(domid_t domain, unsigned long mfn, bool readonly);

/* Take the grant back. -XEN_EBUSY: the other side still maps it, and the grant stays. */
int pv_grant_end(grant_ref_t ref);

/* Pages of another domain in our address space. Fields are to be read only. */
struct pv_grant_map {
	void *address; /* consecutive pages, one for each reference */
	unsigned int count;
	grant_handle_t *handles;
};

/* Map count references of domain. Returns 0, a negative errno, or the first GNTST_* (also < 0);
 * on an error nothing is mapped. */
int pv_grant_map(struct pv_grant_map *map, domid_t domain, const grant_ref_t *refs,
		 unsigned int count, bool readonly);

/* Undo it; the addresses fault afterwards. */
void pv_grant_unmap(struct pv_grant_map *map);

/*
 * Carry out count maps or unmaps as they stand, in one hypercall; maps whose page is being brought
 * in (GNTST_eagain) are tried again. Each one's status says how it went. With GNTMAP_device_map
 * alone a page is held for a device, which reaches it at dev_bus_addr, and no address of ours is
 * touched; it is let go by the same dev_bus_addr, and host_addr 0.
 */
void pv_grant_map_batch(struct gnttab_map_grant_ref *maps, unsigned int count);
void pv_grant_unmap_batch(struct gnttab_unmap_grant_ref *unmaps, unsigned int count);

/* Copy length bytes (within one page on either side) from or to a granted page; 0 or GNTST_*. */
int pv_grant_copy_from(domid_t domain, grant_ref_t ref, unsigned int offset, void *to,
		       unsigned int length);
int pv_grant_copy_to(domid_t domain, grant_ref_t ref, unsigned int offset, const void *from,
		     unsigned int length);

/*
 * Carry out count copies as they stand, in one hypercall (GNTTABOP_copy); those whose page is being
 * brought in (GNTST_eagain) are tried again. Each one's status says how it went. Frames of ours are
 * named by their machine number and DOMID_SELF.
 */
void pv_grant_copy(struct gnttab_copy *copies, unsigned int count);

#endif
