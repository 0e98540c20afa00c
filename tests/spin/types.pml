/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame's type against TLBs: on two CPUs of one domain the frame is mapped writable by an L1 entry,
 * and used as an L1 table by an L2 entry, in any order, while the CPUs switch to other domains and
 * back and their walkers cache what entries say whenever they like.
 *
 * Stands for:
 *   type_get     type_get(), leave_idle(), go_up() (hypervisor/mm/types.c)
 *   type_put     type_put(), put_slowly(), claim(), go_down()
 *   use          table_update() with entry_get() (mm/table.c), entry_put()
 *   write_cr3, flush_mask, filter, serve
 *                write_cr3(), tlb_flush_mask(), tlb_filter(), tlb_serve_mailbox() (x86/tlb.c)
 *   switch_away, switch_back
 *                pv_context_switch() (pv/context.c)
 * A compare and exchange of the type word is one step, as is a look that it would confirm.
 * The clock is of two bits, so that it goes round; its advance is left to chance, since a flush may
 * do without (nobody has read the clock since).
 *
 * Shown, by assertion: while the frame is valid as one type, no CPU has a translation of the other
 * use; an entry's use is the frame's type; a count does not run out.
 */
#define CPUS	 2
#define OPS(cpu) (3 - (cpu)) /* that each CPU does */
#define NONE	 0
#define WRITABLE 1 /* mapped writable: the translation */
#define TABLE	 2 /* an L1 table: the cached L2 entry */
#define OTHER(t) (3 - (t))
#define TURN	 4 /* the clock's 2^32 */

#ifndef MISTAKE
#define MISTAKE 0
#endif
/*
 * 1 a new type does not flush
 * 2 it flushes first, and takes the frame then
 * 3 the stamp is taken while the entry is there still
 * 4 a flush reads the clock when it is over
 * 5 a flush at the stamp's own time counts as later
 * 6 the CPU's bit in dirty_cpus is set after the root is loaded
 * 7 the stamp is written after the frame is seen idle
 * 8 the CPU's bit is cleared while the root is loaded still
 * 9 the clock goes round without a stop
 * 10 the flush does not wait for the other CPU
 */

mtype = { IDLE, BUSY, VALID };
mtype state = IDLE; /* these three: page.type */
byte type, count;
byte stamp;

byte clock = 1;
byte flushed[CPUS];
bool dirty[CPUS], loaded[CPUS], request[CPUS];
byte entry[CPUS];   /* what each CPU's entry uses the frame as */
bool cached[6];	    /* by CPU and use: what its TLB has */
#define CACHED(cpu, use) cached[(cpu)*3 + (use)]

/* Hardware, and what must hold at any moment. */
active [CPUS] proctype walker()
{
	byte e;

end:	do
	:: atomic { loaded[_pid] && entry[0] && !CACHED(_pid, entry[0]) -> CACHED(_pid, entry[0]) = true }
	:: atomic { loaded[_pid] && entry[1] && !CACHED(_pid, entry[1]) -> CACHED(_pid, entry[1]) = true }
	:: atomic { state == VALID && CACHED(_pid, OTHER(type)) -> assert(false) }
	od
}

inline forget()
{
	atomic {
		CACHED(me, WRITABLE) = false;
		CACHED(me, TABLE) = false
	}
}

inline advance()
{
	atomic {
		if
		:: clock ->
#if MISTAKE == 9
			clock = clock % (TURN - 1) + 1
#else
			clock = (clock + 1) % TURN
#endif
		:: else
		fi
	}
}

/* Load this CPU's root, or another. */
inline write_cr3(own)
{
	if
	:: true -> advance()
	:: true
	fi;
#if MISTAKE != 4
	t = clock;
#endif
	atomic {
		loaded[me] = own;
		forget()
	};
#if MISTAKE == 4
	t = clock;
#endif
	flushed[me] = t;
	t = 0
}

inline serve()
{
	if
	:: request[me] ->
		write_cr3(loaded[me]);
		request[me] = false
	:: else
	fi
}

/* Each CPU of the mask, this one and the other. */
inline flush_mask(mine, others)
{
	now = clock;
	if
	:: !now -> mine = true; others = true
	:: else
	fi;
	if
	:: mine -> write_cr3(loaded[me])
	:: else
	fi;
	if
	:: others ->
		request[1 - me] = true;
#if MISTAKE != 10
		do
		:: !request[1 - me] -> break
		:: request[me] -> serve()
		od
#endif
	:: else
	fi;
	atomic {
		if
		:: !now && !clock -> clock = 1
		:: else
		fi
	}
}

inline filter(mine, others)
{
	now = clock;
	if
	:: !now
	:: else ->
#if MISTAKE == 5
		mine = mine && stamp <= now && flushed[me] < stamp;
		others = others && stamp <= now && flushed[1 - me] < stamp
#else
		mine = mine && stamp <= now && flushed[me] <= stamp;
		others = others && stamp <= now && flushed[1 - me] <= stamp
#endif
	fi
}

inline flush_old_use()
{
	if
	:: old != NONE && old != use && MISTAKE != 1 ->
		m = dirty[me];
		o = dirty[1 - me];
		filter(m, o);
		if
		:: m || o -> flush_mask(m, o)
		:: else
		fi;
		atomic { m = false; o = false; now = 0 }
	:: else
	fi
}

inline type_get()
{
	do
	:: atomic { state != IDLE && type != use -> ok = false; break }
	:: atomic { state == VALID && type == use -> count++; ok = true; break }
	:: state == BUSY && type == use && request[me] -> serve()
#if MISTAKE == 2
	:: atomic { state == IDLE -> old = type };
	   flush_old_use();
	   if
	   :: atomic { state == IDLE && type == old -> type = use; state = VALID; count = 1; ok = true; break }
	   :: else
	   fi
#else
	:: atomic { state == IDLE -> old = type; type = use; state = BUSY };
	   flush_old_use();
	   atomic { count = 1; state = VALID; ok = true; break }
#endif
	od
}

inline type_put()
{
	if
	:: atomic { count > 1 -> assert(state == VALID); count-- }
	:: atomic { count == 1 -> assert(state == VALID); state = BUSY; count = 0 };
#if MISTAKE == 7
	   state = IDLE;
	   stamp = clock
#else
#if MISTAKE != 3
	   stamp = clock;
#endif
	   state = IDLE
#endif
	fi
}

inline use_frame()
{
	if
	:: true -> use = WRITABLE
	:: true -> use = TABLE
	fi;
	type_get();
	if
	:: ok ->
		assert(type == use && state == VALID);
		entry[me] = use;
		if
		:: request[me] -> serve() /* the guest runs, an interrupt comes */
		:: true
		fi;
#if MISTAKE == 3
		stamp = clock;
#endif
		entry[me] = NONE;
		type_put()
	:: else
	fi;
	atomic { use = NONE; old = NONE; ok = false }
}

inline switch_away()
{
#if MISTAKE == 8
	dirty[me] = false;
	write_cr3(false)
#else
	write_cr3(false);
	dirty[me] = false
#endif
}

inline switch_back()
{
#if MISTAKE == 6
	write_cr3(true);
	dirty[me] = true
#else
	dirty[me] = true;
	write_cr3(true)
#endif
}

proctype cpu(byte me)
{
	byte t, now, use, old, left = OPS(me);
	bool m, o, ok;

	do
	:: request[me] -> serve()
	:: left ->
		left--;
		if
		:: loaded[me] -> use_frame()
		:: loaded[me] -> switch_away()
		:: !loaded[me] -> switch_back()
		fi
	:: !left -> break
	od;
	/* idle, and served for ever */
end:	do
	:: request[me] -> serve()
	od
}

init {
	atomic {
		loaded[0] = true;
		loaded[1] = true;
		dirty[0] = true;
		dirty[1] = true;
		run cpu(0);
		run cpu(1)
	}
}
