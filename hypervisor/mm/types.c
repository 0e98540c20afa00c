/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The type machine of types.h: the only file that writes page.type. */
#include <mm/root.h>
#include <mm/table.h>
#include <x86/tlb.h>

/*@ requires \valid(&pg->type);
    assigns pg->type;
    ensures \result != 0 ==> \old(pg->type) == expected && pg->type == value;
    ensures \result == 0 ==> \old(pg->type) != expected && pg->type == \old(pg->type); */
static bool word_cas(struct page *pg, u64 expected, u64 value)
{
	return __atomic_compare_exchange_n(&pg->type, &expected, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/** End of BUSY: nobody else writes the word meanwhile. */
/*@ requires \valid(pg) && progress <= 512 && count_and_flags < BIT(PROGRESS_SHIFT);
    requires type <= TYPE_SHARED;
    assigns pg->type;
    ensures pg->type == word_of(count_and_flags, type, progress); */
static void word_set(struct page *pg, enum frame_type type, u64 count_and_flags, unsigned progress)
{
	u64 word = count_and_flags | (u64)type << TYPE_SHIFT | (u64)progress << PROGRESS_SHIFT;

	__atomic_store_n(&pg->type, word, __ATOMIC_RELEASE);
}

/** The word as soon as no CPU is at work on the frame. */
/*@ requires \valid_read(pg);
    assigns \nothing;
    ensures \result == pg->type && !(\result & TYPE_BUSY); */
static u64 word_at_rest(const struct page *pg)
{
	u64 word;

	/*@ loop assigns word; */
	while (unlikely((word = type_word(pg)) & TYPE_BUSY))
		cpu_relax();
	return word;
}

/*@ assigns \nothing;
    ensures \result == (word & TYPE_COUNT); */
static u64 count_of(u64 word)
{
	return word & TYPE_COUNT;
}

/*@ assigns \nothing;
    ensures \result == 1 <==> TYPE_L1 <= type <= TYPE_L4;
    ensures \result == 0 || \result == 1; */
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

	enum frame_type type = type_of(word);

	return names[type <= TYPE_L4 && (word & TYPE_PINNED) ? type + 7 : type];
}

int type_refuse(int rc, int err, mfn_t m, const struct domain_memory *dm, enum frame_type type,
		const char *what, u64 value)
{
	const struct page *pg = frame_of_ram(m);

	if (rc == OTHER_OWNER)
		return refuse_as(err, NOT_OWNED, "%s %lx refused: frame %lx is no memory of d%u",
				 what, value, m.n, dm->domid);
	if (rc != OTHER_TYPE)
		return rc;
	u64 word = type_word(pg);
	return refuse_as(err, BAD_TYPE,
			 "%s %lx refused: frame %lx is %s%s (count %lu) and cannot be %s", what,
			 value, m.n, word & TYPE_PARTIAL ? "partly " : "", type_describe(word),
			 count_of(word), type_describe((u64)type << TYPE_SHIFT));
}

/* --- the work between states; BUSY is in page.type, `word` says what was there before --- */

/**
 * Down from VALID, PARTIAL or (err: why) from a get that cannot be completed. Returns err, or
 * -XEN_ERESTART.
 */
/*@ requires \valid(pg) && may_go_down(word, err);
    assigns *pg, proof_own;
    ensures \result == err || \result == -XEN_ERESTART;
    ensures \result == -XEN_ERESTART ==> TYPE_L1 <= type_in(word) <= TYPE_L4 &&
	proof_own == \old(proof_own) && \exists integer p;
	1 <= p <= 512 && (is_valid(word) || p <= progress_in(word)) &&
	pg->type == word_of(err ? failed_of(word) : partial_of(word), type_in(word), p);
    ensures \result == err && err && count_in(word) != 0 ==> proof_own == \old(proof_own) &&
	pg->type == word_of(partial_of(word), type_in(word), 0);
    ensures \result == err && !(err && count_in(word) != 0) ==>
	proof_own == \old(proof_own) - 1 && pg->tlb_stamp == proof_clock &&
	(pg->type == word_of(0, type_in(word), 0) || pg->type == 0); */
static int go_down(struct page *pg, u64 word, int err)
{
	enum frame_type type = type_of(word);
	unsigned progress = word & TYPE_VALID ? TABLE_ENTRIES : word >> PROGRESS_SHIFT;
	u64 partial = (word & (TYPE_COUNT | TYPE_PINNED)) | TYPE_PARTIAL;

	if (is_table(type) && table_invalidate(pg, type, &progress)) {
		word_set(pg, type, partial | (err ? TYPE_FAILED : 0), progress);
		return -XEN_ERESTART;
	}
	if (err && count_of(word)) { /* an interrupted put still has to finish */
		word_set(pg, type, partial, 0);
		return err;
	}
	/* The stamp comes after the last use and before anyone can see the frame idle. */
	pg->tlb_stamp = tlb_clock_now();
	word_set(pg, type, 0, 0);
	mm_put_page(pg); /* the type's own reference, maybe the frame's last */
	return err;
}

/** From IDLE (that was left) or PARTIAL to VALID. */
/*@ requires \valid(pg) && may_go_up(word);
    requires TYPE_L1 <= type <= TYPE_SHARED;
    assigns *pg, proof_own;
    ensures \result <= 0;
    ensures \result == 0 ==> !(word & TYPE_FAILED) && proof_own == \old(proof_own) &&
	pg->type == word_of((u64)((word & (TYPE_COUNT | TYPE_PINNED)) + 1) | TYPE_VALID, type, 0);
    ensures \result == -XEN_ERESTART ==> TYPE_L1 <= type <= TYPE_L4 &&
	proof_own == \old(proof_own) && \exists integer p; 0 <= p <= 512 &&
	((!(word & TYPE_FAILED) && p >= progress_in(word) &&
	  pg->type == word_of(partial_of(word), type, p)) ||
	 (p >= 1 && ((word & TYPE_FAILED) ==> p <= progress_in(word)) &&
	  pg->type == word_of(failed_of(word), type, p)));
    ensures \result < 0 && \result != -XEN_ERESTART && count_in(word) != 0 ==>
	proof_own == \old(proof_own) && pg->type == word_of(partial_of(word), type, 0);
    ensures \result < 0 && \result != -XEN_ERESTART && count_in(word) == 0 ==>
	proof_own == \old(proof_own) - 1 && pg->tlb_stamp == proof_clock &&
	(pg->type == word_of(0, type, 0) || pg->type == 0); */
static int go_up(struct page *pg, u64 word, enum frame_type type)
{
	unsigned progress = word >> PROGRESS_SHIFT;
	u64 keep = word & (TYPE_COUNT | TYPE_PINNED);
	int rc = 0;

	if (word & TYPE_FAILED)
		rc = -XEN_EINVAL;
	else if (is_table(type))
		rc = table_validate(pg, type, &progress);
	else if (type == TYPE_DESCRIPTOR)
		rc = descriptor_page_check(pg);
	/*@ assert same_word(keep | (u64)((u64)type << TYPE_SHIFT) |
	    (u64)((u64)progress << PROGRESS_SHIFT), word_of(kept(word), type, progress)); */
	if (rc == -XEN_ERESTART)
		word_set(pg, type, keep | TYPE_PARTIAL, progress);
	else if (rc)
		rc = go_down(pg, keep | (u64)type << TYPE_SHIFT | (u64)progress << PROGRESS_SHIFT,
			     rc);
	else
		word_set(pg, type, (keep + 1) | TYPE_VALID, 0);
	return rc;
}

/**
 * IDLE -> BUSY was won, so nobody can create a new use of the old type any more. Take the type's
 * own general reference, and flush the old use out of every TLB that may know it.
 */
/*@ requires \valid(pg) && TYPE_L1 <= type <= TYPE_SHARED;
    assigns *pg, proof_own, proof_flushed;
    ensures \result <= 0;
    ensures \result == 0 ==> proof_own == \old(proof_own) + 1 &&
	pg->type == word_of(1 | TYPE_VALID, type, 0);
    ensures \result == -XEN_ERESTART ==> TYPE_L1 <= type <= TYPE_L4 &&
	proof_own == \old(proof_own) + 1 && \exists integer p; 0 <= p <= 512 &&
	(pg->type == word_of(partial_of(0), type, p) ||
	 (p >= 1 && pg->type == word_of(failed_of(0), type, p)));
    ensures \result < 0 && \result != -XEN_ERESTART ==> proof_own == \old(proof_own) &&
	(pg->type == word_of(0, type, 0) || pg->type == word_of(0, type_in(word), 0) ||
	 pg->type == 0); */
static int leave_idle(struct page *pg, u64 word, enum frame_type type)
{
	enum frame_type old = type_of(word);

	if (!page_ref(pg)) {
		word_set(pg, old, 0, 0);
		return refuse(OVER_LIMIT, "frame %lx has %u references already", frame_mfn(pg).n,
			      PAGE_COUNT_MAX);
	}
	if (old != TYPE_NONE && old != type) {
		bool foreign = __atomic_load_n(&pg->flags, __ATOMIC_SEQ_CST) & PAGE_FOREIGN;
		struct cpumask cpus = foreign ? cpumask_online() : domain_cpus(mm_page_owner(pg));

		cpus = tlb_filter(cpus, pg->tlb_stamp);
		if (cpus.bits)
			tlb_flush_mask(cpus, TLB_ALL);
	}
	return go_up(pg, 0, type);
}

/*@ requires \valid(pg) && TYPE_L1 <= type <= TYPE_SHARED;
    requires may_get(pg->type);
    behavior idle:
      assumes !(pg->type & TYPE_BUSY) && !(pg->type & TYPE_VALID) && !(pg->type & TYPE_PARTIAL);
      ensures \result <= 0;
      ensures \result == 0 ==> proof_own == \old(proof_own) + 1 &&
	pg->type == word_of(1 | TYPE_VALID, type, 0);
      ensures \result < 0 && \result != -XEN_ERESTART ==> proof_own == \old(proof_own);
    behavior goes_on:
      assumes (pg->type & TYPE_PARTIAL) && !(pg->type & TYPE_BUSY) && !(pg->type & TYPE_VALID) &&
	((pg->type >> TYPE_SHIFT) & 7) == type;
      ensures \result <= 0;
      ensures \result == 0 ==> !(\old(pg->type) & TYPE_FAILED) &&
	proof_own == \old(proof_own) && pg->type ==
	word_of((u64)((\old(pg->type) & (TYPE_COUNT | TYPE_PINNED)) + 1) | TYPE_VALID, type, 0);
      ensures \result == -XEN_ERESTART ==> proof_own == \old(proof_own);
    behavior another:
      assumes valid_as(pg->type, type) && !(pg->type & TYPE_BUSY) &&
	(pg->type & TYPE_COUNT) < TYPE_COUNT_MAX;
      ensures \result == 0 && pg->type == (u64)(\old(pg->type) + 1);
    behavior at_limit:
      assumes valid_as(pg->type, type) && !(pg->type & TYPE_BUSY) &&
	(pg->type & TYPE_COUNT) >= TYPE_COUNT_MAX;
      ensures \result < 0 && pg->type == \old(pg->type);
    behavior other:
      assumes (pg->type & (TYPE_BUSY | TYPE_VALID | TYPE_PARTIAL)) &&
	((pg->type >> TYPE_SHIFT) & 7) != type;
      ensures \result == OTHER_TYPE && pg->type == \old(pg->type); */
int type_get(struct page *pg, enum frame_type type)
{
	/*@ loop invariant pg->type == \at(pg->type, Pre);
	    loop assigns pg->type; */
	for (;;) {
		u64 word = type_word(pg);
		u64 busy =
			(word & ~(TYPE_PARTIAL | TYPE_MASK)) | (u64)type << TYPE_SHIFT | TYPE_BUSY;

		if (type_of(word) != type && (word & (TYPE_BUSY | TYPE_VALID | TYPE_PARTIAL)))
			return OTHER_TYPE;
		if (word & TYPE_BUSY) {
			cpu_relax();
		} else if (!(word & TYPE_VALID)) {
			if (word_cas(pg, word, busy))
				return word & TYPE_PARTIAL ? go_up(pg, word, type)
							   : leave_idle(pg, word, type);
		} else if (count_of(word) >= TYPE_COUNT_MAX) {
			return refuse(OVER_LIMIT, "frame %lx has %lu type references already",
				      frame_mfn(pg).n, count_of(word));
		} else if (word_cas(pg, word, word + 1)) {
			return 0;
		}
	}
}

/** The type is not valid yet, or others change the word. */
static __attribute__((noinline)) int get_slowly(struct page *pg, const struct domain_memory *dm,
						enum frame_type type)
{
	if (!page_get(pg, dm))
		return OTHER_OWNER;
	int rc = type_get(pg, type);
	mm_put_page(pg);
	return rc;
}

/**
 * By now it may be the last reference on a stranger's table, so the put can be preempted. Each turn
 * drops an entry's reference at least; if the stranger builds up again, it is soon valid, and ours
 * is not the last.
 */
static __attribute__((noinline)) int put_strangers(struct page *pg)
{
	while (type_put(pg))
		;
	return OTHER_OWNER;
}

inline int type_get_owned(struct page *pg, const struct domain_memory *dm, enum frame_type type)
{
	if (unlikely(!pg || READ_ONCE(pg->owner) != dm->domid))
		return OTHER_OWNER;
	u64 word = type_word(pg);
	if (unlikely((word & (TYPE_VALID | TYPE_BUSY | TYPE_MASK)) !=
			     (TYPE_VALID | (u64)type << TYPE_SHIFT) ||
		     count_of(word) >= TYPE_COUNT_MAX || !word_cas(pg, word, word + 1)))
		return get_slowly(pg, dm, type);
	/* A valid type holds the frame: now that we have it, the owner cannot change any more. */
	return likely(READ_ONCE(pg->owner) == dm->domid) ? 0 : put_strangers(pg);
}

/** VALID or PARTIAL -> BUSY. False: the word has changed. */
/*@ requires \valid(pg);
    assigns pg->type, pg->lock;
    ensures \result != 0 ==> \old(pg->type) == word;
    ensures \result == 0 ==> \old(pg->type) != word && pg->type == \old(pg->type); */
static bool claim(struct page *pg, u64 word)
{
	bool table = is_table(type_of(word));

	/* Whoever updates an entry holds the lock and has seen VALID: let that end first. */
	if (table)
		page_lock(pg);
	bool ok = word_cas(pg, word, (word & ~TYPE_PARTIAL) | TYPE_BUSY);
	if (table)
		page_unlock(pg);
	return ok;
}

/** The last reference, or another CPU is at work, or the word changed under us. */
/*@ requires \valid(pg) && in_range(pg->type);
    ensures (\old(pg->type) & TYPE_COUNT) > 1 ==> \result == 0 && pg->type == \old(pg->type) - 1; */
static __attribute__((noinline)) int put_slowly(struct page *pg)
{
	/*@ loop invariant pg->type == \at(pg->type, Pre);
	    loop assigns pg->type, pg->lock; */
	for (;;) {
		u64 word = word_at_rest(pg);

		BUG_ON(!count_of(word) || type_of(word) == TYPE_NONE);
		if (count_of(word) > 1) {
			if (word_cas(pg, word, word - 1))
				return 0;
		} else if (claim(pg, word)) {
			return go_down(pg, word, 0);
		}
	}
}

/*@ requires \valid(pg) && in_range(pg->type);
    ensures (\old(pg->type) & TYPE_COUNT) > 1 ==> \result == 0 && pg->type == \old(pg->type) - 1; */
inline int type_put(struct page *pg)
{
	u64 word = type_word(pg);

	if (likely(count_of(word) > 1 && !(word & TYPE_BUSY) && word_cas(pg, word, word - 1)))
		return 0;
	return put_slowly(pg);
}

/*@ requires \valid(pg) && (pinned == 0 || pinned == 1);
    assigns pg->type;
    ensures \result != 0 <==> (!(\old(pg->type) & TYPE_PINNED) <==> pinned);
    ensures \result != 0 ==> pg->type == (\old(pg->type) ^ TYPE_PINNED);
    ensures \result == 0 ==> pg->type == \old(pg->type); */
bool type_set_pinned(struct page *pg, bool pinned)
{
	u64 word;

	/*@ loop invariant pg->type == \at(pg->type, Pre);
	    loop assigns word, pg->type; */
	do {
		word = word_at_rest(pg);
		if (!(word & TYPE_PINNED) != pinned)
			return false;
	} while (!word_cas(pg, word, word ^ TYPE_PINNED));
	return true;
}

int type_unpin(struct page *pg)
{
	int rc;

	if (!type_set_pinned(pg, false))
		return -XEN_EINVAL;
	/* Preempted: the reference is the pin's again, unless another vCPU has pinned it. */
	do {
		rc = type_put(pg);
	} while (rc && !type_set_pinned(pg, true));
	return rc;
}

int type_settle(struct page *pg)
{
	for (;;) {
		u64 word = word_at_rest(pg);

		if (!(word & TYPE_PARTIAL) || count_of(word))
			return 0;
		if (claim(pg, word))
			return go_down(pg, word, 0);
	}
}

void type_share(struct page *pg, bool readonly)
{
	word_set(pg, readonly ? TYPE_SHARED : TYPE_WRITABLE, 1 | TYPE_VALID, 0);
	__atomic_store_n(&pg->count, 1, __ATOMIC_SEQ_CST);
}

void type_reset(struct page *pg)
{
	BUG_ON(count_of(pg->type) || (pg->type & (TYPE_BUSY | TYPE_PARTIAL)));
	word_set(pg, TYPE_NONE, 0, 0);
}

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	struct page *pg = frame_of_ram(m);

	return type_get_owned(pg, dm, TYPE_WRITABLE) ? NULL : pg;
}
