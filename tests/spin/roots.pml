/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU's copy of a guest's L4 table (xpti) against the frames that the table names: one CPU sets and
 * clears an L4 entry and uses the L3 table's frame for something else, another runs the guest on its
 * copy, enters the hypervisor and leaves it whenever it likes.
 *
 * Stands for:
 *   update     update_upper() (hypervisor/mm/table.c), entry_put(), go_down() (mm/types.c)
 *   reuse      leave_idle() with tlb_filter(), tlb_flush_mask() (x86/tlb.c)
 *   leave      xpti_root() (x86/xpti.c) and the load of CR3 behind it (x86/entry.S)
 *   serve, flush
 *              tlb_serve_mailbox(), write_cr3()
 *
 * Shown, by assertion: the frame is not used anew while the other CPU's guest may walk to it; in the
 * end the copy is as the table is.
 */
#define ROUNDS 2

#ifndef MISTAKE
#define MISTAKE 0
#endif
/*
 * 1 the change is counted before the entry is written
 * 2 the change is counted after the frame's stamp is taken
 * 3 the copy is made before the count is read
 * 4 a copy counts as fresh while the root is the same
 */

bool entry;   /* the L4 table's */
bool reused;  /* the frame is something else now */
byte changes; /* mm_root_changes */
byte clock = 1, stamp, flushed;
bool request;

bool copy, guest, cached; /* the other CPU's: its root, that it is on it, what it has walked to */

active proctype walker()
{
end:	do
	:: atomic { guest && copy && !cached -> cached = true }
	:: atomic { guest && (cached || copy) && reused -> assert(false) }
	od
}

active proctype updater()
{
	byte round;

	do
	:: round < ROUNDS ->
		round++;
		reused = false;
		entry = true;
		changes++;
#if MISTAKE == 1
		changes++;
#endif
		entry = false;
#if MISTAKE == 2
		stamp = clock;
		changes++;
#elif MISTAKE == 1
		stamp = clock;
#else
		changes++;
		stamp = clock;
#endif
		/* another type, if the owner likes */
		if
		:: flushed <= stamp ->
			request = true;
			!request
		:: else
		fi;
		reused = true
	:: round == ROUNDS -> break
	od
}

inline flush()
{
	clock++;
	t = clock;
	flushed = t
}

inline leave()
{
#if MISTAKE == 3
	was = entry;
	now = changes;
	if
	:: now != seen -> copy = was; seen = now
	:: else
	fi;
#elif MISTAKE == 4
	if
	:: seen == 0 -> copy = entry; seen = 1
	:: else
	fi;
#else
	now = changes;
	if
	:: now != seen -> copy = entry; seen = now
	:: else
	fi;
#endif
	/* the load of CR3 */
	atomic { cached = false; guest = true }
}

active proctype runner()
{
	byte t, now, seen;
	bool was;
	byte flushes = 3;

	do
	:: leave();
	   if
	   :: true
	   :: request
	   fi;
	   atomic { guest = false; cached = false };
	   if
	   :: request -> flush(); request = false
	   :: else
	   fi;
	   if
	   :: flushes > 0 -> flushes--; flush()
	   :: true
	   fi
	:: changes >= 2 * ROUNDS && !request ->
		/* nothing changes any more: the next way out has it */
		leave();
		assert(copy == entry || changes != seen);
		break
	od;
	guest = false;
end:	do
	:: request -> flush(); request = false
	od
}
