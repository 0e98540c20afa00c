/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NMI of the hardware, from the first CPU, at any moment there, to dom0's vCPU 0, on another,
 * which runs or blocks. It must come to be known without anything else happening.
 *
 * Stands for:
 *   hardware   machine_entry() (hypervisor/x86/traps.c), timer_arm() (x86/time.c)
 *   first_cpu  exit_work() (core/exit.c), cpu_idle() (x86/smp.c); the way to a guest is like it:
 *              after the last look at struct cpu.work only an interrupt brings another
 *   send       vcpu_send_nmi() (core/vcpu.c), vcpu_unblock(), vcpu_wake(), vcpu_kick() (core/sched.c)
 *   block      vcpu_block(), schedule(), choose(), switch_to() (core/sched.c)
 *   leave      exit_work(), pv_deliver_events()
 *
 * Shown: the vCPU sees it (else an invalid end state), whatever stores wait in store buffers.
 */
#define CPUS  2
#define FIRST 0
#define DOM0  1 /* the CPU of dom0's vCPU */

#define NMI	0 /* nmi_pending */
#define BLOCKED 1 /* VPF_BLOCKED in pause_flags */
#define RUNNING 2 /* is_running */
#define WORK	3 /* struct cpu.work of each */
#define WORDS	5

#include "tso.pml"

#ifndef MISTAKE
#define MISTAKE 0
#endif
/*
 * 1 vcpu_send_nmi() notes it by a plain store (so it was)
 * 2 the first CPU, interrupted after its last look, gets no interrupt (so it was)
 * 3 vcpu_block() looks for an NMI before it sets VPF_BLOCKED
 * 4 vcpu_block() sets VPF_BLOCKED by a plain store
 * 5 choose() sets is_running by a plain store
 */

bool queued, seen, halted, interrupt;

proctype hardware()
{
	atomic {
		sb[FIRST].used == 0;
		mem[WORK + FIRST] = 1;
		if
		:: MISTAKE == 2 -> interrupt = halted /* it ends the hlt by itself */
		:: else -> interrupt = true
		fi
	}
}

inline send()
{
#if MISTAKE == 1
	store(FIRST, NMI, 1);
#else
	exchange(FIRST, NMI, 1, x);
#endif
	load(FIRST, BLOCKED, x);
	if
	:: x ->
		exchange(FIRST, BLOCKED, 0, x);
		if
		:: x ->
			atomic {
				fence(FIRST);
				if
				:: !queued && !mem[BLOCKED] ->
					queued = true;
					mem[WORK + DOM0] = 1
				:: else
				fi
			}
		:: else
		fi
	:: else
	fi;
	fence(FIRST);
	load(FIRST, RUNNING, x);
	if
	:: x -> exchange(FIRST, WORK + DOM0, 1, x)
	:: else
	fi
}

proctype first_cpu()
{
	byte x;

	do
	:: exchange(FIRST, WORK + FIRST, 0, x);
	   if
	   :: x -> send()
	   :: else
	   fi;
	   load(FIRST, WORK + FIRST, x);
	   if
	   :: x
	   :: else ->
		halted = true;
end:		interrupt;
		halted = false;
		interrupt = false
	   fi
	od
}

/* Something else wakes the vCPU, once, or never. */
proctype event()
{
end:	atomic {
		mem[BLOCKED] && !queued;
		mem[BLOCKED] = 0;
		queued = true;
		mem[WORK + DOM0] = 1
	}
}

inline block()
{
#if MISTAKE == 3
	load(DOM0, NMI, y);
	exchange(DOM0, BLOCKED, 1, x);
#else
#if MISTAKE == 4
	store(DOM0, BLOCKED, 1);
#else
	exchange(DOM0, BLOCKED, 1, x);
#endif
	load(DOM0, NMI, y);
#endif
	if
	:: y -> exchange(DOM0, BLOCKED, 0, x)
	:: else ->
		atomic {
			fence(DOM0);
			queued = !mem[BLOCKED]
		};
		if
		:: queued
		:: else ->
			store(DOM0, RUNNING, 0); /* the idle vCPU runs */
			mem[WORK + DOM0] && queued;
			exchange(DOM0, WORK + DOM0, 0, x);
#if MISTAKE == 5
			store(DOM0, RUNNING, 1)
#else
			exchange(DOM0, RUNNING, 1, x)
#endif
		fi
	fi
}

proctype dom0_cpu()
{
	byte x, y;

	do
	:: seen -> break
	:: else ->
		/* It blocks, or runs on in ring 3 until an interrupt comes. */
		if
		:: true -> block()
		:: true -> mem[WORK + DOM0]; exchange(DOM0, WORK + DOM0, 0, x)
		fi;
		load(DOM0, NMI, seen)
	od
}

init {
	mem[RUNNING] = 1;
	queued = true;
	atomic {
		run hardware();
		run first_cpu();
		run event();
		run dom0_cpu()
	}
}
