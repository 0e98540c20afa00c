/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's grant table, and the track that it keeps of what it has mapped of others.
 *
 * A use of a grant (a mapping, or a copy while it runs) is a pin: it marks the shared entry as
 * being read or written, and holds
 *   - a general reference on the granted frame, and a writable type reference if it may write,
 *   - a reference on the granting domain.
 * Page-table entries made by a mapping hold references of their own (mm_grant_map()): whatever a
 * guest does with its entry, the pin stays until the handle is unmapped or the domain dies.
 *
 * Locks: grants->lock guards the active entries and the shared entries' status bits; maptrack_lock
 * guards the handles. They are never held together, and never over calls into page tables.
 */
#ifndef CORE_GRANT_TABLE_H
#define CORE_GRANT_TABLE_H

#include <core/grant.h>

#ifndef GRANT_FRAMES_LIMIT
#define GRANT_FRAMES_LIMIT 64 /* frames of a table: 512 entries each */
#endif
#ifndef MAPTRACK_FRAMES_LIMIT
#define MAPTRACK_FRAMES_LIMIT 1024
#endif
#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

/* Uses of one grant. All by the domain that the entry names when the first use begins. */
struct active_grant {
	u32 readers, writers;
	u64 frame; /* machine frame, fixed while pinned */
	domid_t user;
};
#define ACTIVE_PER_PAGE (PAGE_SIZE / sizeof(struct active_grant))
#define ACTIVE_PAGES	(GRANT_FRAMES_LIMIT * GRANTS_PER_FRAME / ACTIVE_PER_PAGE + 1)

enum maptrack_state { MAPTRACK_FREE, MAPTRACK_USED, MAPTRACK_BUSY };

/* A pin: one use of one grant. */
struct grant_pin {
	struct domain *granter; /* the caller's reference, not the pin's */
	u32 ref;
	bool writable;
	struct page *page; /* with references */
};

struct maptrack {
	struct grant_pin pin; /* with a reference on the granter */
	u16 map_flags;	      /* GNTMAP_device_map, _host_map still in force; _contains_pte */
	u8 state;	      /* BUSY: an unmap is under way */
	u32 next_free;
};
#define MAPTRACKS_PER_PAGE (PAGE_SIZE / sizeof(struct maptrack))
#define MAPTRACK_NONE	   (~0u)

struct grant_table {
	struct spinlock lock;
	u32 frames, max_frames;
	struct page *pages[GRANT_FRAMES_LIMIT]; /* shared with the domain */
	struct active_grant *active[ACTIVE_PAGES];

	struct spinlock maptrack_lock;
	u32 maptrack_pages, max_maptrack_pages;
	struct maptrack *maptracks[MAPTRACK_FRAMES_LIMIT];
	u32 maptrack_free;
	u32 release_next; /* progress of grant_domain_release() */
};

/** Begin to use a grant of pin->granter for domain `user`: fills pin->page. GNTST_*. Refusals are
 * logged. */
int grant_pin(struct grant_pin *pin, const struct domain *user);
/** End it. The page references go too: flush TLBs before. */
void grant_unpin(const struct grant_pin *pin);

/** A domain's frame with the references of a pin (NULL: not its, or not to be written), and back. */
struct page *grant_page_get(struct domain *owner, u64 frame, bool writable);
void grant_page_put(struct page *pg, bool writable);

/** A handle for a new mapping, or MAPTRACK_NONE. The entry is the caller's until published. */
u32 maptrack_take(struct grant_table *gt);
struct maptrack *maptrack_entry(struct grant_table *gt, u32 handle);
void maptrack_free(struct grant_table *gt, u32 handle);
/** End a mapping whose entries are gone and flushed: pin, handle, and the reference on the granter.
 */
void maptrack_release(struct grant_table *gt, u32 handle, struct maptrack *mt);
/** Claim a used handle for unmapping (USED -> BUSY); NULL: no such handle, or another vCPU is at
 * it. */
struct maptrack *maptrack_claim(struct grant_table *gt, u32 handle);

/** Grow the table to `frames`. 0, -XEN_ENOMEM, -XEN_EINVAL (over the limit). Takes the lock. */
int grant_table_grow(struct domain *d, u32 frames);

/* operations: one element of the batch each; the status is in *op */
void grant_op_map(struct gnttab_map_grant_ref *op);
void grant_op_copy(struct gnttab_copy *op);
/** Unmap a run of at most GRANT_UNMAP_BATCH elements with one TLB flush. */
#define GRANT_UNMAP_BATCH 32
void grant_op_unmap(struct gnttab_unmap_grant_ref *ops, unsigned count, bool replace);

#endif
