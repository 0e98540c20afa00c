/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as an x86 CPU sees it: plain stores wait in the CPU's store buffer, in order, while its
 * loads go ahead of them (and see its own). Locked instructions wait for the buffer to be empty, so
 * they are atomic steps. CPUS and WORDS are the including model's.
 */
#define SLOTS 2 /* stores that can wait */

byte mem[WORDS];

typedef store_buffer {
	byte used;
	byte word[SLOTS];
	byte value[SLOTS];
}
store_buffer sb[CPUS];

/* The buffer's oldest store reaches memory at any moment. */
active [CPUS] proctype drain()
{
end:	do
	:: atomic {
		sb[_pid].used > 0 ->
		mem[sb[_pid].word[0]] = sb[_pid].value[0];
		sb[_pid].word[0] = sb[_pid].word[1];
		sb[_pid].value[0] = sb[_pid].value[1];
		sb[_pid].used--;
		sb[_pid].word[sb[_pid].used] = 0;
		sb[_pid].value[sb[_pid].used] = 0
	   }
	od
}

/* A plain store: WRITE_ONCE(), release. */
inline store(cpu, w, v)
{
	atomic {
		sb[cpu].used < SLOTS ->
		sb[cpu].word[sb[cpu].used] = w;
		sb[cpu].value[sb[cpu].used] = v;
		sb[cpu].used++
	}
}

/* A plain load, of any __ATOMIC order: the own youngest store, or memory. */
inline load(cpu, w, to)
{
	atomic {
		if
		:: sb[cpu].used == 2 && sb[cpu].word[1] == w -> to = sb[cpu].value[1]
		:: else ->
			if
			:: sb[cpu].used >= 1 && sb[cpu].word[0] == w -> to = sb[cpu].value[0]
			:: else -> to = mem[w]
			fi
		fi
	}
}

/* xchg; also a sequentially consistent store, and (with and, or) the __atomic_fetch_ functions. */
inline exchange(cpu, w, v, old)
{
	atomic {
		sb[cpu].used == 0 ->
		old = mem[w];
		mem[w] = v
	}
}

inline fence(cpu)
{
	sb[cpu].used == 0
}
