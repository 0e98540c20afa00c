/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: two domains send, each on its port, to one vCPU, which masks, unmasks, polls and
 * blocks. No event may be lost.
 *
 * Stands for:
 *   send       evtchn_set_pending(), select_and_upcall() (hypervisor/core/evtchn.c), vcpu_unblock(),
 *              vcpu_kick(), vcpu_wake() (core/sched.c)
 *   leave      exit_to_guest (x86/entry.S), exit_work() (core/exit.c), pv_deliver_events()
 *   block      SCHEDOP_block: block() (core/sched_op.c), vcpu_block(), schedule(), choose(),
 *              switch_to() (core/sched.c); cpu_idle() (x86/smp.c)
 *   do_poll    poll() (core/sched_op.c)
 *   unmask     evtchn_unmask()
 *   upcall     what a guest kernel does on an upcall
 * Everything under sched_lock is one step: the lock makes it so.
 *
 * Shown: the receiver sees all that was sent (else it ends asleep, or runs on without an upcall: an
 * invalid end state), whatever stores wait in store buffers. A sender never sees the vCPU queued
 * twice (assertion).
 */
#define CPUS 3 /* 0, 1: senders; 2: the receiving vCPU's */
#define ME   2

#define PENDING0      0
#define PENDING1      1
#define MASK0	      2 /* port 0 alone is ever masked */
#define SEL	      3
#define UPCALL	      4 /* evtchn_upcall_pending */
#define UPCALL_MASK   5
#define BLOCKED	      6 /* VPF_BLOCKED in pause_flags */
#define RUNNING	      7 /* is_running */
#define POLL	      8 /* poll_port, 0: none, otherwise 1 + port */
#define DATA0	      9 /* what each sender has to say */
#define DATA1	      10
#define WORK	      11 /* struct cpu.work: an interrupt comes, or the idle CPU wakes */
#define WORDS	      12

#include "tso.pml"

#ifndef MISTAKE
#define MISTAKE 0
#endif
/*
 * 1 a sender looks at the mask before it sets the port pending
 * 2 vcpu_block() looks for events before it sets VPF_BLOCKED
 * 3 vcpu_block() sets VPF_BLOCKED by a plain store
 * 4 choose() sets is_running by a plain store
 * 5 poll() does not look again once it has blocked
 * 6 evtchn_unmask() clears the mask by a plain store
 * 7 select_and_upcall() sets the upcall flag before the selector
 * 8 poll() announces its port by a plain store
 * 9 a sender clears poll_port by a plain store (so it was, until this model found it)
 */

bool queued;
bool seen0, seen1;

inline vcpu_wake()
{
	atomic {
		fence(cpu);
		if
		:: !queued && !mem[BLOCKED] ->
			queued = true;
			mem[WORK] = 1
		:: else
		fi
	}
}

inline vcpu_unblock()
{
	load(cpu, BLOCKED, x);
	if
	:: x ->
		exchange(cpu, BLOCKED, 0, x);
		if
		:: x ->
			store(cpu, POLL, 0);
			vcpu_wake()
		:: else
		fi
	:: else
	fi
}

/* own: the vCPU does so itself, and looks on its way out. */
inline select_and_upcall(own)
{
#if MISTAKE == 7
	exchange(cpu, UPCALL, 1, y);
	exchange(cpu, SEL, 1, x);
#else
	exchange(cpu, SEL, 1, x);
	if
	:: x -> y = 1
	:: else -> exchange(cpu, UPCALL, 1, y)
	fi;
#endif
	if
	:: !x && !y ->
		vcpu_unblock();
		if
		:: !own ->
			fence(cpu);
			load(cpu, RUNNING, x);
			if
			:: x -> exchange(cpu, WORK, 1, x)
			:: else
			fi
		:: else
		fi
	:: else
	fi
}

proctype sender(byte cpu)
{
	byte x, y, masked;

	store(cpu, DATA0 + cpu, 1);
#if MISTAKE == 1
	load(cpu, MASK0, masked);
	exchange(cpu, PENDING0 + cpu, 1, x);
#else
	exchange(cpu, PENDING0 + cpu, 1, x);
	load(cpu, MASK0, masked);
#endif
	if
	:: x -> goto sent
	:: else
	fi;
	if
	:: masked && cpu == 0
	:: else -> select_and_upcall(false)
	fi;
	load(cpu, POLL, x);
	if
	:: x == 1 + cpu ->
#if MISTAKE == 9
		store(cpu, POLL, 0);
#else
		exchange(cpu, POLL, 0, x);
#endif
		vcpu_unblock()
	:: else
	fi;
sent:	skip
}

/* --- the receiver --- */

/* exit_to_guest: an upcall that is pending and not masked is delivered, which masks them. */
inline leave()
{
	load(cpu, UPCALL, x);
	load(cpu, UPCALL_MASK, y);
	if
	:: x && !y ->
		store(cpu, UPCALL_MASK, 1);
		upcall()
	:: else
	fi
}

/* The guest's handler: the flag, then the selector, then the ports. */
inline upcall()
{
	do
	:: store(cpu, UPCALL, 0);
	   exchange(cpu, SEL, 0, x);
	   if
	   :: x ->
		load(cpu, PENDING0, x);
		load(cpu, MASK0, y);
		if
		:: x && !y -> exchange(cpu, PENDING0, 0, x); load(cpu, DATA0, seen0)
		:: else
		fi;
		load(cpu, PENDING1, x);
		if
		:: x -> exchange(cpu, PENDING1, 0, x); load(cpu, DATA1, seen1)
		:: else
		fi
	   :: else
	   fi;
	   /* events on again: then the flag is looked at once more */
	   store(cpu, UPCALL_MASK, 0);
	   fence(cpu);
	   load(cpu, UPCALL, x);
	   if
	   :: x -> store(cpu, UPCALL_MASK, 1)
	   :: else -> break
	   fi
	od
}

/* In the hypervisor, with VPF_BLOCKED perhaps set: switch away, idle, come back. */
inline schedule()
{
	atomic {
		fence(cpu);
		queued = !mem[BLOCKED]
	};
	if
	:: queued
	:: else ->
		store(cpu, RUNNING, 0); /* the idle vCPU runs */
		mem[WORK] && queued;	/* hlt */
		exchange(cpu, WORK, 0, x);
		assert(queued);
#if MISTAKE == 4
		store(cpu, RUNNING, 1);
#else
		exchange(cpu, RUNNING, 1, x);
#endif
	fi
}

inline vcpu_block()
{
#if MISTAKE != 2
#if MISTAKE == 3
	store(cpu, BLOCKED, 1);
#else
	exchange(cpu, BLOCKED, 1, x);
#endif
#endif
	load(cpu, UPCALL, x);
	load(cpu, UPCALL_MASK, y);
#if MISTAKE == 2
	exchange(cpu, BLOCKED, 1, z);
#endif
	if
	:: x && !y -> exchange(cpu, BLOCKED, 0, x); z = 1
	:: else -> z = 0
	fi
}

inline block()
{
	store(cpu, UPCALL_MASK, 0);
	vcpu_block();
	if
	:: !z -> schedule()
	:: else
	fi;
	leave()
}

/* On port 0, masked, as a lock that waits does it. */
inline do_poll()
{
#if MISTAKE == 8
	store(cpu, POLL, 1);
#else
	exchange(cpu, POLL, 1, x);
#endif
	load(cpu, PENDING0, x);
	if
	:: x -> exchange(cpu, POLL, 0, x)
	:: else ->
		vcpu_block();
		if
		:: z -> store(cpu, POLL, 0)
		:: else ->
			load(cpu, POLL, x);
			if
			:: !x && MISTAKE != 5 -> vcpu_unblock()
			:: else
			fi;
			schedule()
		fi
	fi;
	leave()
}

inline unmask()
{
#if MISTAKE == 6
	store(cpu, MASK0, 0);
#else
	exchange(cpu, MASK0, 0, x);
#endif
	load(cpu, PENDING0, x);
	if
	:: x -> select_and_upcall(true)
	:: else
	fi;
	leave()
}

proctype receiver(byte cpu)
{
	byte x, y, z;

	/* Port 0 may be masked at first: as a lock waits, it is polled, perhaps with events off. */
	if
	:: true -> exchange(cpu, MASK0, 1, x)
	:: true -> goto unmasked
	fi;
	if
	:: true -> store(cpu, UPCALL_MASK, 1)
	:: true
	fi;
	if
	:: true -> do_poll()
	:: true
	fi;
	unmask();
	store(cpu, UPCALL_MASK, 0);
	fence(cpu);
	load(cpu, UPCALL, x);
	if
	:: x -> store(cpu, UPCALL_MASK, 1); upcall()
	:: else
	fi;
unmasked:
	do
	:: seen0 && seen1 -> break
	:: else ->
		/* A kernel's idle loop; or it runs on in ring 3 until an interrupt comes. */
		if
		:: true -> block()
		:: mem[WORK] -> exchange(cpu, WORK, 0, x); leave()
		:: true ->
			/* a loop that never enters the hypervisor by itself */
			do
			:: mem[WORK] -> exchange(cpu, WORK, 0, x); leave(); break
			od
		fi
	od
}

init {
	mem[RUNNING] = 1;
	mem[UPCALL_MASK] = 0;
	queued = true;
	atomic {
		run sender(0);
		run sender(1);
		run receiver(ME)
	}
}
