/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The type machine: what a frame is used as, and by how many. Only types.c writes page.type.
 *
 * A frame has one type at a time. A table becomes valid when each of its present entries holds a
 * reference on the frame that it names: of type L(n-1) for an upper level; for L1, of type
 * writable, or a general one where the entry is read-only. A descriptor page is valid when no
 * descriptor in it is dangerous. So a writable frame is never a table or a descriptor page, and the
 * other way round.
 *
 * Work on a table that takes long is preempted between entries: entries [0, progress) hold their
 * references. States of the type word (count, VALID, PARTIAL, FAILED, BUSY):
 *
 *               get: flush stale TLBs, take entries
 *      IDLE ----------> BUSY (up) -------------------------------> VALID count 1
 *        ^               |  ^  | a bad entry: turn round             |  ^ get: +1, put: -1
 *        |     preempted |  |  v                                     |  |
 *        |               |  | BUSY (down) <--------------------------+  the last put: drop entries
 *        |               v  |  |      ^ |                  (under the page lock: see table_open())
 *        |        get of the|  |      | | preempted
 *        |         same type|  |      | v
 *        +----------------- PARTIAL --+   count 0: nobody owns it (interrupted get)
 *           progress 0                    count 1: the reference of an interrupted put, to be put
 *                                           again
 *                                         FAILED: only down; the get that goes on is refused
 *
 *   state   | get same type     | get other type      | put            | entry update
 *   IDLE    | up                | up                  | (bug)          | refused
 *   BUSY    | wait              | refused             | wait           | wait
 *   PARTIAL | up; FAILED: down  | refused             | down           | refused
 *   VALID   | count + 1         | refused             | count - 1, or  | allowed under
 *           |                   |                     | at 1 down      | the page lock
 *
 * While BUSY the one CPU at work alone writes the word. Waiting is bounded (work is preempted) and
 * cannot be circular: work on a level waits for, and locks, lower levels only. So a table that
 * leads back to itself is refused like any other wrong type, and what an interrupted get has left
 * of another type is taken apart only where no lock is held: type_settle(). A frame whose type is
 * in use (any state but IDLE) holds one general reference on itself.
 */
#ifndef MM_TYPES_H
#define MM_TYPES_H

#include <mm/frame.h>

enum frame_type {
	TYPE_NONE,
	TYPE_L1, /* 1..4: the level of the table */
	TYPE_L2,
	TYPE_L3,
	TYPE_L4,
	TYPE_DESCRIPTOR,
	TYPE_WRITABLE,
	TYPE_SHARED, /* hypervisor's page, read-only for guests */
};

#define TYPE_COUNT     0x00000000ffffffffUL
#define TYPE_SHIFT     32
#define TYPE_MASK      (7UL << TYPE_SHIFT)
#define TYPE_PINNED    BIT(35)
#define TYPE_VALID     BIT(36)
#define TYPE_PARTIAL   BIT(37)
#define TYPE_FAILED    BIT(38)
#define TYPE_BUSY      BIT(39)
#define PROGRESS_SHIFT 40 /* 10 bits: 0..512 */

/*@ predicate valid_as(u64 w, integer type) = (w & TYPE_VALID) && ((w >> TYPE_SHIFT) & 7) == type; */
/*@ assigns \nothing;
    ensures \result == ((word >> TYPE_SHIFT) & 7); */
static inline enum frame_type type_of(u64 word)
{
	return (enum frame_type)((word >> TYPE_SHIFT) & 7);
}

/*@ requires \valid_read(pg);
    assigns \nothing;
    ensures \result == pg->type; */
static inline u64 type_word(const struct page *pg)
{
	return __atomic_load_n(&pg->type, __ATOMIC_ACQUIRE);
}

/* What the two gets return for what has no message yet: see type_refuse(). */
#define OTHER_TYPE  1 /* the frame is in use as another type */
#define OTHER_OWNER 2 /* the domain does not own it */

/**
 * A reference of this type on a page on which the caller holds any reference. 0; OTHER_TYPE;
 * -XEN_ERESTART: preempted, no reference; another negative errno: refused for what is in it or for
 * its counts.
 */
int type_get(struct page *pg, enum frame_type type);
/** Same on any page (NULL: no RAM), if dm owns it; else OTHER_OWNER. */
int type_get_owned(struct page *pg, const struct domain_memory *dm, enum frame_type type);
/**
 * Explain what a get returned: "WHAT VALUE refused: frame … is …", and return err, for OTHER_TYPE
 * and OTHER_OWNER; all other values are returned as they are.
 */
/*@ requires \valid_read(frame_table + (0 .. max_mfn - 1)) && \valid_read(dm);
    requires (rc == OTHER_TYPE ==> is_ram(m.n)) && TYPE_NONE <= type <= TYPE_SHARED;
    assigns \nothing;
    ensures rc == OTHER_TYPE || rc == OTHER_OWNER ==> \result == err;
    ensures rc != OTHER_TYPE && rc != OTHER_OWNER ==> \result == rc; */
int type_refuse(int rc, int err, mfn_t m, const struct domain_memory *dm, enum frame_type type,
		const char *what, u64 value);

/** Pin: let the caller's typed reference become the pin's; false: pinned already (the caller keeps
 * it). Unpin: the other way round. */
bool type_set_pinned(struct page *pg, bool pinned);
/** Drop the pin. 0; -XEN_EINVAL: not pinned; -XEN_ERESTART: preempted, still pinned. Caller holds a
 * reference. */
int type_unpin(struct page *pg);
/** Take apart what an interrupted get has left (PARTIAL, count 0). 0 or -XEN_ERESTART. Caller holds
 * a reference, and no lock. */
int type_settle(struct page *pg);

/** A page of the hypervisor that nobody refers to yet: SHARED or WRITABLE with one reference, whose
 * general reference is the only one. */
void type_share(struct page *pg, bool readonly);
/** The frame has lost its last reference: forget its past. */
void type_reset(struct page *pg);

/** "a pinned L2 table" and the like, for messages. */
/*@ assigns \nothing; */
const char *type_describe(u64 word);

#endif
