/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants: a domain with two vCPUs maps a granted frame and unmaps it, while the granter ends the
 * grant, and dom0 destroys the granter, and then the mapper.
 *
 * Stands for:
 *   map        map() (hypervisor/core/grant_op.c), maptrack_take(), grant_pin(), pin_locked()
 *              (core/grant.c), mm_grant_map() (mm/grant_pte.c)
 *   unmap      unmap_entry(), unmap(), mm_grant_unmap(), maptrack_release(), grant_unpin()
 *   clear      mm_grant_unmap() (mm/grant_pte.c), or the guest's own table_update() (mm/table.c):
 *              entry_put()
 *   domain_get, domain_put, retire, kill_granter, kill_mapper
 *              domain_find(), domain_put(), retire(), start_dying(), domain_sleep(), domain_kill()
 *              (core/domain.c), grant_domain_release(), grant_domain_unshare() (core/grant.c),
 *              mm_domain_relinquish() (mm/domain.c)
 *   page_get, page_put
 *              page_ref_below(), mm_put_page(), free_page() (mm/frame.c)
 *   walker     the mapper's TLB
 * One grant, one frame, one handle; a lock's section that touches nothing outside is one step.
 *
 * Shown, by assertion: the frame is in the heap only when no entry maps it, and nothing of it is in a
 * TLB when the granter may think its grant unused; the granter's table is not touched once it was
 * given up, nor the granter once it is free; uses and references do not run out; in the end
 * everything is free.
 */
#ifndef MISTAKE
#define MISTAKE 0
#endif
/*
 * 1 the pin ends before the TLBs are flushed
 * 2 grant_unpin() drops the granter before it clears the marks
 * 3 the handle is taken by a look and a store: two unmaps have it
 * 4 pin_locked() does not ask whether the granter is dying
 * 5 the handle is published before its pin is in it
 * 6 the mapper's end does not wait for its vCPUs
 * 7 an entry holds no reference of its own
 * 8 domain_get() takes a domain without references
 * 9 the mapper's end leaves its grants mapped
 */
#define VCPUS 2

mtype = { FREE, HANDLE_BUSY, USED };

/* The granter: its references, and what is there of it. */
byte refs = 2; /* creation's, and its pages' */
bool dying, released, retired, table = true, granter = true;
byte uses;     /* active_grant.uses */
bool marked;   /* GTF_reading in the shared entry */
bool permit = true;

/* The frame: its allocation's reference to begin with. */
byte count = 1;
bool in_heap;

/* The mapper. */
bool mapper_dying;
byte running = VCPUS;
bool on[VCPUS] = true; /* each vCPU's CPU has its root loaded */
bool entry;   /* the page-table entry */
bool cached[VCPUS];
mtype handle = FREE;
bool pin;     /* what is in the handle */

active [VCPUS] proctype walker()
{
end:	do
	:: atomic { on[_pid] && entry && !cached[_pid] -> cached[_pid] = true }
	:: atomic { entry && in_heap -> assert(false) }
	od
}

/* A frame's reference; whoever takes the last frees it. */
inline page_get(got)
{
	atomic {
		got = count > 0;
		if
		:: got -> count++
		:: else
		fi
	}
}

inline page_put()
{
	atomic {
		assert(count > 0 && !in_heap);
		count--;
		in_heap = count == 0
	}
}

inline domain_get(got)
{
	atomic {
#if MISTAKE == 8
		got = granter;
#else
		got = granter && refs > 0;
#endif
		if
		:: got -> refs++
		:: else
		fi
	}
}

inline domain_put()
{
	atomic {
		assert(granter && refs > 0);
		refs--;
		last = refs
	};
	if
	:: last == 1 && released ->
		atomic { first = !retired; retired = true };
		if
		:: first ->
			/* grant_domain_unshare(), then shared_info, the last page */
			table = false;
			atomic { refs--; last = refs };
			if
			:: last == 0 -> granter = false
			:: else
			fi
		:: else
		fi
	:: last == 0 -> granter = false
	:: else
	fi
}

/* --- the mapper's hypercalls --- */

/* mmu_update: a guest may take its entry away without an unmap, and flush nothing. */
inline clear()
{
	atomic {
		ok = entry;
		entry = false;
#if MISTAKE != 7
		if
		:: ok -> page_put()
		:: else
		fi
#endif
	}
}

inline unpin()
{
	page_put();
#if MISTAKE == 2
	domain_put();
#endif
	atomic { /* grants.lock */
		assert(granter && table && uses > 0);
		uses--;
		if
		:: uses == 0 ->
			marked = false;
			/* the granter may use the frame for something else now */
			assert(!cached[0] && !cached[1])
		:: else
		fi
	};
#if MISTAKE != 2
	domain_put()
#else
	skip
#endif
}

inline map()
{
	/* maptrack_take() */
	atomic {
		ok = handle == FREE;
		if
		:: ok -> handle = HANDLE_BUSY
		:: else
		fi
	};
	if
	:: !ok -> goto mapped
	:: else
	fi;
	domain_get(ok);
	if
	:: !ok -> handle = FREE; goto mapped
	:: else
	fi;
	atomic { /* grants.lock */
#if MISTAKE != 4
		ok = !dying;
#endif
		if
		:: ok ->
			assert(granter && table);
			ok = permit;
		:: else
		fi;
		if
		:: ok ->
			marked = true;
			page_get(ok);
			if
			:: ok -> uses++
			:: !ok && uses == 0 -> marked = false
			:: else
			fi
		:: else
		fi
	};
	if
	:: !ok -> domain_put(); handle = FREE; goto mapped
	:: else
	fi;
#if MISTAKE == 5
	handle = USED;
#endif
	/* mm_grant_map(), under the page lock; the pin holds the frame meanwhile */
	atomic {
		ok = !entry;
		if
		:: ok ->
			entry = true;
#if MISTAKE != 7
			assert(count > 0);
			count++
#endif
		:: else
		fi
	};
	if
	:: !ok -> unpin(); handle = FREE; goto mapped
	:: else
	fi;
	pin = true;
	handle = USED;
mapped:	skip
}

inline unmap()
{
#if MISTAKE == 3
	if
	:: handle == USED -> handle = HANDLE_BUSY
	:: else -> goto unmapped
	fi;
#else
	if
	:: atomic { handle == USED -> handle = HANDLE_BUSY }
	:: else -> goto unmapped
	fi;
#endif
	clear(); /* mm_grant_unmap() */
	if
	:: !ok -> handle = USED; goto unmapped /* no such entry: the handle stays */
	:: else
	fi;
#if MISTAKE != 1
	cached[0] = false;
	cached[1] = false;
#endif
	/* maptrack_release() */
	assert(pin);
	pin = false;
	handle = FREE;
	unpin();
#if MISTAKE == 1
	cached[0] = false;
	cached[1] = false;
#endif
unmapped: skip
}

proctype vcpu(byte me)
{
	byte last;
	bool ok, first;
	byte left = 2;

	do
	:: left && !mapper_dying ->
		left--;
		if
		:: map()
		:: unmap()
		:: clear()
		fi
	:: left == 0 || mapper_dying -> break
	od;
	/* pv_context_switch(), then is_running */
	atomic { on[me] = false; cached[me] = false };
	running--
}

/* --- the granter, while it lives, and its end --- */

proctype granting()
{
	byte last;
	bool ok, first;

	/* It ends its grant, or does not. */
	if
	:: atomic { !marked -> permit = false }
	:: true
	fi;
	/* start_dying() */
	dying = true;
	/* mm_domain_relinquish(): the allocation's reference */
	page_put();
	released = true;
	domain_put()
}

/* --- the mapper's end --- */

proctype kill_mapper()
{
	byte last;
	bool ok, first;

	mapper_dying = true;
#if MISTAKE != 6
	running == 0;
#endif
	/* grant_domain_release(): the pin only */
#if MISTAKE != 9
	if
	:: handle == USED ->
		assert(pin);
		pin = false;
		handle = FREE;
		unpin()
	:: else
	fi;
#endif
	/* vcpu_release(), mm_domain_relinquish(): its tables, with their entries */
	clear();
	running == 0;
	!granter;
	assert(in_heap && uses == 0 && !marked && count == 0)
}

init {
	atomic {
		run vcpu(0);
		run vcpu(1);
		run granting();
		run kill_mapper()
	}
}
