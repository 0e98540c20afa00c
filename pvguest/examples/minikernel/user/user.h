/* SPDX-License-Identifier: MIT */
/*
 * What kernel and programs agree on. Programs are linked into the image, but a process maps only
 * the pages of this folder's code and constants: it cannot call the kernel or the C library.
 */
#ifndef USER_H
#define USER_H

#include <stddef.h>
#include <stdint.h>

enum {
	SYS_WRITE,   /* (text, length): length or -1 */
	SYS_FORK,    /* (): the child's number; 0 in the child; -1 */
	SYS_EXEC,    /* (program, argument): -1 if it returns */
	SYS_EXIT,    /* (status) */
	SYS_WAIT,    /* (): child's number << 8 | status; -1 without children */
	SYS_GETPID,  /* () */
	SYS_YIELD,   /* () */
	SYS_SLEEP,   /* (milliseconds) */
	SYS_COUNTER, /* (COUNT_*) */
};

enum { COUNT_ZERO_FILLS, COUNT_COPIES, COUNT_REUSES, COUNT_PREEMPTIONS, COUNT_FREE_PAGES };

/* Status of a process that the kernel ended: this bit and the exception's vector. */
#define KILLED 0x80

/* Programs that exec() knows. */
enum { PROGRAM_INIT, PROGRAM_DOUBLER, NR_PROGRAMS };
typedef int (*user_program)(uint64_t argument);
extern const user_program user_programs[NR_PROGRAMS];

/* A process begins here. */
void user_start(user_program program, uint64_t argument);

/* Memory that a process may use as it likes: nothing is there until it is touched. */
#define USER_DATA	((volatile uint64_t *)0x40000000UL)
#define USER_DATA_PAGES 256
#define WORDS_PER_PAGE	512

static inline long system_call(long number, uint64_t a, uint64_t b)
{
	__asm__ volatile("syscall" : "+a"(number), "+D"(a), "+S"(b) : : "rcx", "r11", "memory");
	return number;
}

#endif
