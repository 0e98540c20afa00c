/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The type machine as a sequential kernel, for a proof of what holds of all frames together. Each
 * function names the one of hypervisor/mm/ that it stands for. One CPU; owners, general counts and
 * TLBs are left out, and an entry is what it refers to, not its bits.
 */
#include "kernel.h"

int type[FRAMES], state[FRAMES], count[FRAMES], progress[FRAMES];
int target[SLOTS]; /* the frame that the entry names; NOTHING: not present, or device memory */
int writable[SLOTS];
int holds[SLOTS]; /* the frame on which the entry holds a typed reference, or NOTHING */
/*@ ghost int outside[FRAMES]; */ /* typed references that no entry holds: pins, roots, callers */

/*@ // Typed references that slots below n hold on frame f.
    axiomatic counting {
      logic integer refs{L}(integer f, integer n) reads holds[..];
      axiom none{L}: \forall integer f; refs(f, 0) == 0;
      axiom one_more{L}: \forall integer f, n; n > 0 ==>
	refs(f, n) == refs(f, n - 1) + (holds[n - 1] == f ? 1 : 0);
    }
    logic integer need(integer level, integer w) =
	level > 1 ? level - 1 : level == 1 && w != 0 ? WRITABLE : 0;
    predicate is_table(integer t) = 1 <= t <= 4;
    logic integer order(integer t) = 1 <= t && t <= 4 ? t : 0;
    predicate frames_ok = \forall integer f; 0 <= f < FRAMES ==>
	0 <= type[f] <= WRITABLE && IDLE <= state[f] <= PARTIAL &&
	outside[f] >= 0 && count[f] <= COUNT_MAX && 0 <= progress[f] <= ENTRIES &&
	(!is_table(type[f]) ==> progress[f] == 0) &&
	(state[f] == IDLE ==> count[f] == 0 && progress[f] == 0) &&
	(state[f] == PARTIAL ==> count[f] <= 1) &&
	(state[f] == VALID ==> count[f] >= 1 && type[f] != 0 &&
	  (is_table(type[f]) ==> progress[f] == ENTRIES));
    predicate counts_ok = \forall integer f; 0 <= f < FRAMES ==>
	count[f] == refs(f, SLOTS) + outside[f];
    // An entry below its table's progress holds what it needs; others hold nothing.
    predicate slots_ok = \forall integer s; 0 <= s < SLOTS ==>
	NOTHING <= target[s] < FRAMES &&
	holds[s] == (s - (s / ENTRIES) * ENTRIES < progress[s / ENTRIES] && target[s] >= 0 &&
	  need(type[s / ENTRIES], writable[s]) != 0 ? target[s] : NOTHING);
    predicate types_ok = \forall integer s; 0 <= s < SLOTS && holds[s] >= 0 ==>
	type[holds[s]] == need(type[s / ENTRIES], writable[s]);
    predicate inv = frames_ok && counts_ok && slots_ok && types_ok;
    // All work in progress is above this type.
    predicate below(integer t) = \forall integer f; 0 <= f < FRAMES && state[f] == BUSY ==>
	order(type[f]) > order(t);
*/

/*@ requires 0 <= s < SLOTS;
    assigns holds[s];
    ensures holds[s] == f;
    ensures \forall integer x; refs(x, SLOTS) == \old(refs(x, SLOTS)) -
	(\old(holds[s]) == x ? 1 : 0) + (f == x ? 1 : 0); */
static void set_holds(int s, int f)
{
	holds[s] = f;
	/*@ ghost
	    int n = 0;
	    /@ loop invariant 0 <= n <= SLOTS;
	       loop invariant \forall integer x; refs(x, n) == refs{Pre}(x, n) -
		(s < n && \at(holds[s], Pre) == x ? 1 : 0) + (s < n && f == x ? 1 : 0);
	       loop assigns n; @/
	    while (n < SLOTS)
		n++;
	*/
}

/*@ ghost
  /@ requires 0 <= f < FRAMES;
     assigns \nothing;
     ensures refs(f, SLOTS) >= 0;
     ensures refs(f, SLOTS) == 0 ==> \forall integer s; 0 <= s < SLOTS ==> holds[s] != f; @/
  void nobody_refers(int f)
  {
	int n = 0;
	/@ loop invariant 0 <= n <= SLOTS && refs(f, n) >= 0;
	   loop invariant refs(f, n) == 0 ==> \forall integer s; 0 <= s < n ==> holds[s] != f;
	   loop assigns n; @/
	while (n < SLOTS)
		n++;
  }
*/

/*@ assigns \nothing;
    ensures \result == 0 || \result == 1; */
int preempt_check(void); /* hypercall_preempt_check(): whatever */
/*@ assigns \nothing; */
int page_harmless(int f); /* descriptor_page_check(): whatever is in it */

static int put(int f);
static int get(int f, int t);

/** entry_type(), where there is an entry. */
/*@ assigns \nothing;
    ensures \result == need(level, w); */
static int entry_type(int level, int w)
{
	return level > 1 ? level - 1 : level == 1 && w ? WRITABLE : 0;
}

/*@ assigns \nothing;
    ensures \result != 0 <==> is_table(t); */
static int is_table_type(int t)
{
	return t >= 1 && t <= 4;
}

/*@ predicate kept{L1,L2}(integer x) = \at(state[x],L1) == \at(state[x],L2) &&
	\at(type[x],L1) == \at(type[x],L2) && \at(progress[x],L1) == \at(progress[x],L2);
    // Frames that no operation on frame f, of type t, may change: at work, or held from outside.
    predicate others_kept{L1,L2}(integer f) = \forall integer x; 0 <= x < FRAMES &&
	(\at(state[x],L1) == BUSY || (\at(state[x],L1) == VALID &&
	  \at(outside[x],L1) - (x == f ? 1 : 0) >= 1)) ==> kept{L1,L2}(x);
    // So are all tables above level t, with their counts (but for frame f).
    predicate higher_kept{L1,L2}(integer t, integer f) = \forall integer x; 0 <= x < FRAMES &&
	x != f && \at(state[x],L1) != IDLE && order(\at(type[x],L1)) > t ==>
	kept{L1,L2}(x) && \at(count[x],L1) == \at(count[x],L2);
    predicate outside_same{L1,L2}(integer f, integer d) = \forall integer x; 0 <= x < FRAMES ==>
	\at(outside[x],L2) == \at(outside[x],L1) + (x == f ? d : 0);
*/

/** One step of invalidate_entries(): drop what the last entry that counts holds. */
/*@ requires inv && 0 <= f < FRAMES && state[f] == BUSY && 1 <= type[f] <= 4 && progress[f] > 0;
    requires \forall integer x; 0 <= x < FRAMES && state[x] == BUSY ==> order(type[x]) >= type[f];
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && outside_same{Pre,Post}(0, 0);
    ensures \result == DONE ==> progress[f] == \old(progress[f]) - 1;
    ensures \result == PREEMPTED ==> progress[f] == \old(progress[f]);
    ensures \result == DONE || \result == PREEMPTED;
    ensures state[f] == BUSY && type[f] == \old(type[f]) && count[f] == \old(count[f]);
    ensures \forall integer x; 0 <= x < FRAMES && x != f && (\old(state[x]) == BUSY ||
	(\old(state[x]) == VALID && \old(outside[x]) >= 1)) ==> kept{Pre,Post}(x);
    ensures higher_kept{Pre,Post}(\old(type[f]) - 1, f);
    ensures \forall integer x; 0 <= x < FRAMES && \old(state[x]) != BUSY ==> state[x] != BUSY; */
static int drop_last(int f)
{
	int s = f * ENTRIES + progress[f] - 1, g = holds[s];

	//@ assert s / ENTRIES == f;
	//@ assert s - (s / ENTRIES) * ENTRIES == progress[f] - 1;
	if (g < 0) {
		progress[f]--;
		return DONE;
	}
	progress[f]--;
	set_holds(s, NOTHING);
	//@ ghost nobody_refers(g);
	//@ ghost outside[g]++;
	//@ assert inv;
	if (put(g) == DONE)
		return DONE;
	progress[f]++;
	set_holds(s, g);
	//@ ghost outside[g]--;
	return PREEMPTED;
}

/** type_put(), and go_down() for the last reference. */
/*@ requires inv && 0 <= f < FRAMES && outside[f] >= 1 && (state[f] == VALID || state[f] == PARTIAL);
    requires below(type[f]);
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && others_kept{Pre,Post}(f);
    ensures \result == DONE || \result == PREEMPTED;
    ensures \result == DONE ==> outside_same{Pre,Post}(f, -1);
    ensures \result == PREEMPTED ==> outside_same{Pre,Post}(f, 0) && state[f] == PARTIAL &&
	type[f] == \old(type[f]);
    ensures higher_kept{Pre,Post}(order(\old(type[f])), -1);
    ensures \forall integer x; 0 <= x < FRAMES && \old(state[x]) != BUSY ==> state[x] != BUSY; */
static int put(int f)
{
	//@ ghost nobody_refers(f);
	if (count[f] > 1) {
		count[f]--;
		//@ ghost outside[f]--;
		return DONE;
	}
	state[f] = BUSY;
	/*@ loop invariant inv && state[f] == BUSY && type[f] == \at(type[f], Pre) && count[f] == 1;
	    loop invariant outside_same{Pre,Here}(f, 0) &&
		higher_kept{Pre,Here}(order(\at(type[f], Pre)), -1);
	    loop invariant \forall integer x; 0 <= x < FRAMES && x != f && \at(state[x], Pre) !=
	   BUSY ==> state[x] != BUSY; loop invariant \forall integer x; 0 <= x < FRAMES && x != f &&
		(\at(state[x], Pre) == BUSY || (\at(state[x], Pre) == VALID &&
		\at(outside[x], Pre) >= 1)) ==> kept{Pre,Here}(x);
	    loop assigns type[..], state[..], count[..], progress[..], holds[..], outside[..]; */
	while (progress[f] > 0)
		if (preempt_check() || drop_last(f) != DONE) {
			state[f] = PARTIAL;
			return PREEMPTED;
		}
	state[f] = IDLE;
	count[f] = 0;
	//@ ghost outside[f]--;
	return DONE;
}

/** One step of validate_entries(): take what the next entry needs. */
/*@ requires inv && 0 <= f < FRAMES && state[f] == BUSY && 1 <= type[f] <= 4 && progress[f] < ENTRIES;
    requires \forall integer x; 0 <= x < FRAMES && state[x] == BUSY ==> order(type[x]) >= type[f];
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && outside_same{Pre,Post}(0, 0);
    ensures \result == DONE ==> progress[f] == \old(progress[f]) + 1;
    ensures \result != DONE ==> progress[f] == \old(progress[f]);
    ensures DONE <= \result <= PREEMPTED;
    ensures state[f] == BUSY && type[f] == \old(type[f]) && count[f] == \old(count[f]);
    ensures \forall integer x; 0 <= x < FRAMES && x != f && (\old(state[x]) == BUSY ||
	(\old(state[x]) == VALID && \old(outside[x]) >= 1)) ==> kept{Pre,Post}(x);
    ensures higher_kept{Pre,Post}(\old(type[f]) - 1, f);
    ensures \forall integer x; 0 <= x < FRAMES && \old(state[x]) != BUSY ==> state[x] != BUSY; */
static int take_next(int f)
{
	int s = f * ENTRIES + progress[f], t = entry_type(type[f], writable[s]), rc;

	//@ assert s / ENTRIES == f;
	//@ assert s - (s / ENTRIES) * ENTRIES == progress[f];
	if (target[s] < 0 || t == 0) {
		progress[f]++;
		return DONE;
	}
	rc = get(target[s], t);
	if (rc != DONE)
		return rc;
	progress[f]++;
	set_holds(s, target[s]);
	//@ ghost outside[target[s]]--;
	return DONE;
}

/** type_get(), type_get_owned(), with go_up() and go_down(). */
/*@ requires inv && 0 <= f < FRAMES && 1 <= t <= WRITABLE && below(t);
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && others_kept{Pre,Post}(-1);
    ensures DONE <= \result <= PREEMPTED;
    ensures \result == DONE ==> outside_same{Pre,Post}(f, 1) && state[f] == VALID && type[f] == t;
    ensures \result != DONE ==> outside_same{Pre,Post}(f, 0);
    ensures \forall integer x; 0 <= x < FRAMES && \old(state[x]) != BUSY ==> state[x] != BUSY;
    ensures higher_kept{Pre,Post}(order(t), -1);
    ensures \old(state[f]) != IDLE && \old(type[f]) != t ==> \result == REFUSED; */
static int get(int f, int t)
{
	int rc = DONE;

	if (state[f] != IDLE && type[f] != t)
		return REFUSED;
	if (state[f] == VALID) {
		if (count[f] >= COUNT_MAX)
			return REFUSED;
		//@ ghost nobody_refers(f);
		count[f]++;
		//@ ghost outside[f]++;
		return DONE;
	}
	//@ ghost nobody_refers(f);
	type[f] = t;
	state[f] = BUSY;
	//@ assert inv;
	if (t == DESCRIPTOR && !page_harmless(f))
		rc = REFUSED;
	/*@ loop invariant inv && state[f] == BUSY && type[f] == t && count[f] == \at(count[f], Pre);
	    loop invariant higher_kept{Pre,Here}(order(t), -1);
	    loop invariant outside_same{Pre,Here}(f, 0) && DONE <= rc <= PREEMPTED;
	    loop invariant \forall integer x; 0 <= x < FRAMES && x != f && \at(state[x], Pre) !=
	   BUSY ==> state[x] != BUSY; loop invariant \forall integer x; 0 <= x < FRAMES && x != f &&
		(\at(state[x], Pre) == BUSY || (\at(state[x], Pre) == VALID &&
		\at(outside[x], Pre) >= 1)) ==> kept{Pre,Here}(x);
	    loop assigns rc, type[..], state[..], count[..], progress[..], holds[..], outside[..];
	 */
	while (rc == DONE && is_table_type(t) && progress[f] < ENTRIES)
		rc = preempt_check() ? PREEMPTED : take_next(f);
	//@ ghost nobody_refers(f);
	if (rc == DONE) {
		state[f] = VALID;
		count[f]++;
		//@ ghost outside[f]++;
		return DONE;
	}
	if (rc == PREEMPTED) {
		state[f] = PARTIAL;
		return rc;
	}
	/*@ loop invariant inv && state[f] == BUSY && type[f] == t && count[f] == \at(count[f], Pre);
	    loop invariant outside_same{Pre,Here}(f, 0) && higher_kept{Pre,Here}(order(t), -1);
	    loop invariant \forall integer x; 0 <= x < FRAMES && x != f && \at(state[x], Pre) !=
	   BUSY ==> state[x] != BUSY; loop invariant \forall integer x; 0 <= x < FRAMES && x != f &&
		(\at(state[x], Pre) == BUSY || (\at(state[x], Pre) == VALID &&
		\at(outside[x], Pre) >= 1)) ==> kept{Pre,Here}(x);
	    loop assigns type[..], state[..], count[..], progress[..], holds[..], outside[..]; */
	while (progress[f] > 0)
		if (preempt_check() || drop_last(f) != DONE) {
			state[f] = PARTIAL;
			return PREEMPTED;
		}
	/* An interrupted put still has to finish. */
	state[f] = count[f] ? PARTIAL : IDLE;
	return REFUSED;
}

/*@ predicate rest = \forall integer f; 0 <= f < FRAMES ==> state[f] != BUSY;
    predicate all_same{L1,L2} = outside_same{L1,L2}(0, 0); */

/** A reference for a pin, a root, a descriptor window, a grant: type_get_owned(). */
/*@ requires inv && rest && 0 <= f < FRAMES && 1 <= t <= WRITABLE;
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && rest;
    ensures \result == DONE ==> outside_same{Pre,Post}(f, 1) && type[f] == t && state[f] == VALID;
    ensures \result != DONE ==> all_same{Pre,Post}; */
int kernel_get(int f, int t)
{
	return get(f, t);
}

/** Its end: type_put(). PREEMPTED: the caller has it still. */
/*@ requires inv && rest && 0 <= f < FRAMES && outside[f] >= 1;
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && rest;
    ensures \result == DONE ==> outside_same{Pre,Post}(f, -1);
    ensures \result != DONE ==> all_same{Pre,Post}; */
int kernel_put(int f)
{
	//@ ghost nobody_refers(f);
	return put(f);
}

/** What an interrupted get has left is taken apart: type_settle(). */
/*@ requires inv && rest && 0 <= f < FRAMES;
    assigns type[..], state[..], count[..], progress[..], holds[..], outside[..];
    ensures inv && rest && all_same{Pre,Post}; */
int kernel_settle(int f)
{
	if (state[f] != PARTIAL || count[f])
		return DONE;
	state[f] = BUSY;
	/*@ loop invariant inv && state[f] == BUSY && count[f] == 0 && type[f] == \at(type[f], Pre);
	    loop invariant outside_same{Pre,Here}(f, 0);
	    loop invariant \forall integer x; 0 <= x < FRAMES && x != f ==> state[x] != BUSY;
	    loop assigns type[..], state[..], count[..], progress[..], holds[..], outside[..]; */
	while (progress[f] > 0)
		if (preempt_check() || drop_last(f) != DONE) {
			state[f] = PARTIAL;
			return PREEMPTED;
		}
	state[f] = IDLE;
	return DONE;
}

/** table_update() and the end of what was there: update_entry(). *left: what is still to be put. */
/*@ requires inv && rest && 0 <= f < FRAMES && 0 <= i < ENTRIES && NOTHING <= g < FRAMES;
    requires \valid(left) && \separated(left, type + (..), state + (..), count + (..), progress +
   (..), target + (..), writable + (..), holds + (..)); assigns type[..], state[..], count[..],
   progress[..], holds[..], outside[..], target[f * ENTRIES + i], writable[f * ENTRIES + i], *left;
    ensures frames_ok;
    ensures counts_ok;
    ensures slots_ok;
    ensures types_ok;
    ensures rest;
    ensures NOTHING <= *left < FRAMES;
    ensures \result == REFUSED ==> target[f * ENTRIES + i] == \old(target[f * ENTRIES + i]);
    ensures *left == NOTHING ==> all_same{Pre,Post};
    ensures *left != NOTHING ==> outside_same{Pre,Post}(*left, 1); */
int kernel_update(int f, int i, int g, int w, int *left)
{
	int s = f * ENTRIES + i, old = holds[s], t, rc;

	*left = NOTHING;
	//@ assert s / ENTRIES == f;
	//@ assert s - (s / ENTRIES) * ENTRIES == i;
	if (state[f] != VALID || !is_table_type(type[f]))
		return REFUSED;
	t = entry_type(type[f], w);
	if (g >= 0 && g == target[s] && t == entry_type(type[f], writable[s])) {
		writable[s] = w; /* same_reference(): the table has it already */
		return DONE;
	}
	if (g >= 0 && t) {
		rc = get(g, t);
		if (rc != DONE)
			return rc;
	}
	//@ assert holds[s] == old;
	target[s] = g;
	writable[s] = w;
	set_holds(s, g >= 0 && t ? g : NOTHING);
	//@ ghost if (g >= 0 && t) outside[g]--;
	if (old < 0)
		return DONE;
	//@ ghost nobody_refers(old);
	//@ ghost outside[old]++;
	//@ assert inv;
	rc = put(old);
	if (rc != DONE)
		*left = old;
	return rc;
}

/** A guest's own store, or write_data(), into a frame that is no table. */
/*@ requires inv && 0 <= s < SLOTS && NOTHING <= g < FRAMES && progress[s / ENTRIES] == 0;
    assigns target[s], writable[s];
    ensures inv; */
void kernel_store(int s, int g, int w)
{
	target[s] = g;
	writable[s] = w;
}

/*@ ghost
  /@ requires inv && 0 <= s < SLOTS && target[s] >= 0 && writable[s] != 0;
     requires state[s / ENTRIES] == VALID && type[s / ENTRIES] == 1;
     assigns \nothing;
     ensures type[target[s]] == WRITABLE; @/
  void no_table_is_mapped_writable(int s)
  {
  }

  /@ requires \forall integer f; 0 <= f < FRAMES ==> type[f] == 0 && state[f] == IDLE &&
	count[f] == 0 && progress[f] == 0 && outside[f] == 0;
     requires \forall integer s; 0 <= s < SLOTS ==> holds[s] == NOTHING &&
	NOTHING <= target[s] < FRAMES;
     assigns \nothing;
     ensures inv && rest; @/
  void at_start(void)
  {
	int n = 0;
	/@ loop invariant 0 <= n <= SLOTS;
	   loop invariant \forall integer f; 0 <= f < FRAMES ==> refs(f, n) == 0;
	   loop assigns n; @/
	while (n < SLOTS)
		n++;
  }
*/
