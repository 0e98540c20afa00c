/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The type machine of types.h: the only file that writes page.type. */
#include <xen/errno.h>
#include <lib/printk.h>
#include <mm/descriptor.h>
#include <mm/table.h>
#include <mm/types.h>
#include <x86/tlb.h>

#define AGAIN 100 /* another CPU has changed the word meanwhile */

static bool word_cas(struct page *pg, u64 *expected, u64 value)
{
	return __atomic_compare_exchange_n(&pg->type, expected, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/** End of BUSY: nobody else writes the word meanwhile. */
static void word_set(struct page *pg, u64 value)
{
	__atomic_store_n(&pg->type, value, __ATOMIC_RELEASE);
}

static u64 word_wait(struct page *pg)
{
	cpu_relax();
	return type_word(pg);
}

static u64 count_of(u64 word)
{
	return word & TYPE_COUNT;
}

static unsigned progress_of(u64 word)
{
	return word >> PROGRESS_SHIFT;
}

static u64 make_word(enum frame_type type, u64 count_and_flags, unsigned progress)
{
	return count_and_flags | (u64)type << TYPE_SHIFT | (u64)progress << PROGRESS_SHIFT;
}

static bool is_table(enum frame_type type)
{
	return type >= TYPE_L1 && type <= TYPE_L4;
}

const char *type_describe(u64 word)
{
	static const char *const names[] = {
		"of no type",	     "an L1 table",
		"an L2 table",	     "an L3 table",
		"an L4 table",	     "a descriptor page",
		"writable",	     "a read-only page of the hypervisor",
		"a pinned L1 table", "a pinned L2 table",
		"a pinned L3 table", "a pinned L4 table"};

	return names[type_of(word) + (word & TYPE_PINNED ? 7 : 0)];
}

int type_refuse(int rc, int err, mfn_t m, const struct domain_memory *dm, enum frame_type type,
		const char *what, u64 value)
{
	const struct page *pg = frame_of_ram(m);
	u64 word;

	if (rc == OTHER_OWNER)
		return refuse_as(err, NOT_OWNED, "%s %lx refused: frame %lx is no memory of d%u",
				 what, value, m.n, dm->domid);
	if (rc != OTHER_TYPE)
		return rc;
	word = type_word(pg);
	return refuse_as(err, BAD_TYPE,
			 "%s %lx refused: frame %lx is %s%s (count %lu) and cannot be %s", what,
			 value, m.n, word & TYPE_PARTIAL ? "partly " : "", type_describe(word),
			 count_of(word), type_describe(make_word(type, 0, 0)));
}

/* --- the work between states; the word is BUSY --- */

/** The last use of the type has ended: IDLE. The reference of the type's own may be the frame's
 * last. */
static void become_idle(struct page *pg, enum frame_type type)
{
	/* The stamp comes after the last use and before anyone can see the frame idle. */
	pg->tlb_stamp = tlb_clock_now();
	word_set(pg, make_word(type, 0, 0));
	mm_put_page(pg);
}

/**
 * word (BUSY in page.type): down from VALID, PARTIAL or (err: why) from a get that cannot be
 * completed. Returns err, or -XEN_ERESTART.
 */
static int go_down(struct page *pg, u64 word, int err)
{
	enum frame_type type = type_of(word);
	unsigned progress = (word & TYPE_VALID) ? TABLE_ENTRIES : progress_of(word);
	u64 keep = count_of(word) | (word & TYPE_PINNED) | TYPE_PARTIAL;

	if (is_table(type) && table_invalidate(pg, type, &progress)) {
		word_set(pg, make_word(type, keep | (err ? TYPE_FAILED : 0), progress));
		return -XEN_ERESTART;
	}
	if (err && count_of(word)) /* an interrupted put still has to finish */
		word_set(pg, make_word(type, keep, 0));
	else
		become_idle(pg, type);
	return err;
}

/** word (BUSY in page.type): from IDLE or PARTIAL to VALID. */
static int go_up(struct page *pg, u64 word)
{
	enum frame_type type = type_of(word);
	unsigned progress = progress_of(word);
	u64 keep = count_of(word) | (word & TYPE_PINNED);
	int rc = 0;

	if (word & TYPE_FAILED)
		rc = -XEN_EINVAL;
	else if (is_table(type))
		rc = table_validate(pg, type, &progress);
	else if (type == TYPE_DESCRIPTOR)
		rc = descriptor_page_check(pg);
	if (rc == -XEN_ERESTART)
		word_set(pg, make_word(type, keep | TYPE_PARTIAL, progress));
	else if (rc)
		rc = go_down(pg, make_word(type, keep, progress), rc);
	else
		word_set(pg, make_word(type, (keep + 1) | TYPE_VALID, 0));
	return rc;
}

/** Before a frame serves as another type, no TLB may know it as what it was. */
static void flush_old_use(struct page *pg)
{
	struct cpumask cpus = tlb_filter(page_tlb_cpus(pg), pg->tlb_stamp);

	if (cpus.bits)
		tlb_flush_mask(cpus);
}

/** IDLE -> BUSY with the type's own general reference. *word is IDLE's, and fresh on failure. */
static int start(struct page *pg, u64 *word, enum frame_type type)
{
	enum frame_type old = type_of(*word);
	u64 busy = make_word(type, TYPE_BUSY, 0);

	if (!word_cas(pg, word, busy))
		return AGAIN;
	if (!page_ref(pg)) {
		word_set(pg, *word);
		return refuse(OVER_LIMIT, "frame %lx has %u references already", frame_mfn(pg).n,
			      PAGE_COUNT_MAX);
	}
	/* The type is won: nobody can create a new use of the old one. Flush, and only then use it.
	 */
	if (old != TYPE_NONE && old != type)
		flush_old_use(pg);
	return go_up(pg, busy);
}

/** PARTIAL -> up. AGAIN: look again; *word is fresh. */
static int resume(struct page *pg, u64 *word)
{
	u64 busy = (*word & ~TYPE_PARTIAL) | TYPE_BUSY;

	return word_cas(pg, word, busy) ? go_up(pg, busy) : AGAIN;
}

int type_get(struct page *pg, enum frame_type type)
{
	u64 word = type_word(pg);
	int rc;

	for (;;) {
		bool same = type_of(word) == type;

		if (!same && (word & (TYPE_BUSY | TYPE_VALID | TYPE_PARTIAL)))
			return OTHER_TYPE;
		if (word & TYPE_BUSY) {
			word = word_wait(pg);
		} else if (word & TYPE_VALID) {
			if (count_of(word) >= TYPE_COUNT_MAX)
				return refuse(OVER_LIMIT,
					      "frame %lx has %lu type references already",
					      frame_mfn(pg).n, count_of(word));
			/* Lost when another reference came or went: word is fresh. */
			if (word_cas(pg, &word, word + 1))
				return 0;
		} else {
			rc = word & TYPE_PARTIAL ? resume(pg, &word) : start(pg, &word, type);
			if (rc != AGAIN)
				return rc;
		}
	}
}

/** The type is not valid yet, or others change the word. */
static __attribute__((noinline)) int get_slowly(struct page *pg, const struct domain_memory *dm,
						enum frame_type type)
{
	int rc;

	if (!page_get(pg, dm))
		return OTHER_OWNER;
	rc = type_get(pg, type);
	mm_put_page(pg);
	return rc;
}

int type_get_frame(mfn_t m, const struct domain_memory *dm, enum frame_type type, struct page **out)
{
	struct page *pg = frame_of_ram(m);
	u64 word;

	if (unlikely(!pg || READ_ONCE(pg->owner) != dm->domid))
		return OTHER_OWNER;
	*out = pg;
	word = type_word(pg);
	if (unlikely((word & (TYPE_VALID | TYPE_BUSY | 7UL << TYPE_SHIFT)) !=
			     (TYPE_VALID | (u64)type << TYPE_SHIFT) ||
		     count_of(word) >= TYPE_COUNT_MAX || !word_cas(pg, &word, word + 1)))
		return get_slowly(pg, dm, type);
	/* A valid type holds the frame: now that we have it, the owner cannot change any more. */
	if (likely(READ_ONCE(pg->owner) == dm->domid))
		return 0;
	BUG_ON(type_put(pg));
	return OTHER_OWNER;
}

/** VALID or PARTIAL with count 1 -> BUSY. False: the word changed, *word is fresh. */
static bool claim_last(struct page *pg, u64 *word)
{
	enum frame_type type = type_of(*word);
	bool locked = is_table(type) || type == TYPE_DESCRIPTOR, ok;

	/* Whoever updates an entry holds the lock and has seen VALID: let that end first. */
	if (locked)
		page_lock(pg);
	ok = word_cas(pg, word, (*word & ~TYPE_PARTIAL) | TYPE_BUSY);
	if (locked)
		page_unlock(pg);
	return ok;
}

/** The last reference, or another CPU is at work, or the word changed under us. */
static __attribute__((noinline)) int put_slowly(struct page *pg)
{
	u64 word = type_word(pg);

	for (;;) {
		if (word & TYPE_BUSY) {
			word = word_wait(pg);
			continue;
		}
		BUG_ON(!count_of(word) || type_of(word) == TYPE_NONE);
		if (count_of(word) > 1) {
			if (word_cas(pg, &word, word - 1))
				return 0;
		} else if (claim_last(pg, &word)) {
			return go_down(pg, word, 0);
		}
	}
}

int type_put(struct page *pg)
{
	u64 word = type_word(pg);

	if (likely(count_of(word) > 1 && !(word & TYPE_BUSY) && word_cas(pg, &word, word - 1)))
		return 0;
	return put_slowly(pg);
}

/** Set or clear PINNED. False if it was so already. */
static bool change_pinned(struct page *pg, bool pinned)
{
	u64 word = type_word(pg);

	for (;;) {
		if (word & TYPE_BUSY)
			word = word_wait(pg);
		else if (!(word & TYPE_PINNED) != pinned)
			return false;
		else if (word_cas(pg, &word, word ^ TYPE_PINNED))
			return true;
	}
}

bool type_pin(struct page *pg)
{
	return change_pinned(pg, true);
}

int type_unpin(struct page *pg)
{
	int rc;

	if (!change_pinned(pg, false))
		return -XEN_EINVAL;
	/* Preempted: the reference is the pin's again, unless another vCPU has pinned it meanwhile.
	 */
	do {
		rc = type_put(pg);
	} while (rc && !change_pinned(pg, true));
	return rc;
}

int type_settle(struct page *pg)
{
	u64 word = type_word(pg);

	for (;;) {
		if (word & TYPE_BUSY)
			word = word_wait(pg);
		else if (!(word & TYPE_PARTIAL) || count_of(word))
			return 0;
		else if (word_cas(pg, &word, (word & ~TYPE_PARTIAL) | TYPE_BUSY))
			return go_down(pg, word, 0);
	}
}

void type_share(struct page *pg, bool readonly)
{
	word_set(pg, make_word(readonly ? TYPE_SHARED : TYPE_WRITABLE, 1 | TYPE_VALID, 0));
}

void type_reset(struct page *pg)
{
	BUG_ON(count_of(pg->type) || (pg->type & (TYPE_BUSY | TYPE_PARTIAL)));
	word_set(pg, 0);
}

/* --- what other rooms use --- */

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	struct page *pg;

	return type_get_frame(m, dm, TYPE_WRITABLE, &pg) ? NULL : pg;
}

void mm_put_page_writable(struct page *pg)
{
	type_put(pg);
}

struct page *mm_get_descriptor_page(mfn_t m, struct domain_memory *dm)
{
	struct page *pg;

	return type_get_frame(m, dm, TYPE_DESCRIPTOR, &pg) ? NULL : pg;
}

void mm_put_descriptor_page(struct page *pg)
{
	type_put(pg);
}
