/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables, version 1: a domain's table, and the track of what it has mapped of others.
 *
 * A use of a grant (a mapping, or a copy while it runs) is a pin: it marks the shared entry as
 * being read or written, and holds
 *   - a general reference on the granted frame, and a writable type reference if it may write,
 *   - a reference on the granting domain.
 * Page-table entries made by a mapping hold references of their own (mm_grant_map()): whatever a
 * guest does with its entry, the pin stays until the handle is unmapped or the domain dies.
 *
 * Locks: grants.lock guards the active entries and the shared entries' status bits; maptrack_lock
 * guards the handles. They are never held together, and never over calls into page tables.
 */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include <xen/grant_table.h>
#include <x86/spinlock.h>

#define GRANT_FRAMES_LIMIT    64 /* frames of a table: 512 entries each */
#define MAPTRACK_FRAMES_LIMIT 1024
#define GRANTS_PER_FRAME      (PAGE_SIZE / sizeof(struct grant_entry_v1))

struct domain;
struct page;

/* Uses of one grant. All by the domain that the entry names when the first use begins. */
struct active_grant {
	u32 uses[2]; /* [1]: those that may write */
	u32 frame;   /* machine frame, fixed while pinned; as wide as in the shared entry */
	domid_t user;
};

/* A pin: one use of one grant. */
struct grant_pin {
	struct domain *granter; /* with a reference; NULL: a frame without a grant */
	u32 ref;
	bool writable;
	struct page *page; /* with references */
};

enum maptrack_state { MAPTRACK_FREE, MAPTRACK_USED, MAPTRACK_BUSY };

struct maptrack {
	struct grant_pin pin;
	u16 map_flags; /* GNTMAP_device_map, _host_map still in force; _contains_pte */
	u8 state;      /* atomic; BUSY: a map or an unmap is under way, whose entry it is */
	u32 next_free; /* handle + 1, 0: none */
};
#define MAPTRACKS_PER_PAGE (PAGE_SIZE / sizeof(struct maptrack))
#define MAPTRACK_NONE	   (~0u)

/* In struct domain; zero to begin with. */
struct grant_table {
	struct spinlock lock;
	u32 frames;
	struct page *pages[GRANT_FRAMES_LIMIT]; /* shared with the domain */
	struct active_grant *active[GRANT_FRAMES_LIMIT];

	struct spinlock maptrack_lock;
	u32 maptrack_pages;
	struct maptrack **maptracks; /* MAPTRACK_FRAMES_LIMIT, from the first use on */
	u32 maptrack_free;	     /* handle + 1 of the first of a list, 0: none */
	u32 release_next;	     /* progress of grant_domain_release() */
};

/** Unmap what d has mapped of others; preemptible (-XEN_ERESTART). */
int grant_domain_release(struct domain *d);
/** Give up the table's frames: no pin exists or can come any more. */
void grant_domain_unshare(struct domain *d);
void grant_domain_free(struct domain *d);
/** Grow the table to `frames`; a new domain has one. 0, -XEN_ENOMEM, -XEN_EINVAL (over the limit).
 * Takes the lock. */
int grant_table_grow(struct domain *d, u32 frames);
/** Frames [first, first + count) of d's table, grown as needed, to the caller's list at that
 * address. 0, -XEN_EINVAL (over the limit), -XEN_ENOMEM, -XEN_EFAULT; refusals are logged. */
long grant_give_frames(struct domain *d, u64 first, u32 count, u64 list);
/** References of d's maptrack entries, for the auditor. */
void grant_audit(struct domain *d, void (*add)(struct page *pg, bool writable, void *arg),
		 void *arg);

/** Begin to use, for the caller, the grant of this domain that pin->ref, pin->writable tell: fills
 * the rest in. GNTST_*; refusals are logged. */
int grant_pin(struct grant_pin *pin, domid_t granter);
/** End it. The references go too: flush TLBs before. */
void grant_unpin(const struct grant_pin *pin);
/** A domain's frame with the references of a pin. NULL: not its, or not to be written. */
struct page *grant_page_get(struct domain *owner, u64 frame, bool writable);

/** A handle for a new mapping, or MAPTRACK_NONE. Its entry is BUSY, the caller's. */
u32 maptrack_take(struct domain *d);
struct maptrack *maptrack_entry(struct grant_table *gt, u32 handle);
void maptrack_free(struct grant_table *gt, u32 handle);
/** End a mapping whose entries are gone and flushed: its pin, then its handle. */
void maptrack_release(struct grant_table *gt, u32 handle);

#define GRANT_UNMAP_BATCH 32 /* unmaps that share one TLB flush */
long do_grant_table_op(u64 cmd, u64 arg, u64 count);

#endif
