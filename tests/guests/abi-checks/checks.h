/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of the ABI's self-test: counting checks, and catching faults that are provoked. */
#ifndef ABI_CHECKS_H
#define ABI_CHECKS_H

#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/trap.h>

/* Counts one check; prints what differs. */
void expect(const char *what, long got, long wanted);
/* got must be a negative errno, whichever. */
void expect_refused(const char *what, long got);
/* True if the guest runs on the real thing rather than on Parapet. */
bool on_xen(void);

/* What the last TRY() came to. */
struct outcome {
	bool trapped;
	unsigned int vector;
	uint64_t error;
	uintptr_t address; /* of a page fault */
	struct pv_regs regs;
};
extern struct outcome outcome;
extern volatile uintptr_t try_resume;
/* For INT n and the like, when a trap is no exception: 0..258. */
void catch_vector(unsigned int vector);

/*
 * Run assembly that may trap; execution goes on behind it in either case, and outcome says which.
 * RAX, RCX and RDX are free for its use; the rest is as in asm(). cleanup runs in either case.
 */
#define TRY_THEN(text, cleanup, ...)                                                               \
	do {                                                                                       \
		outcome.trapped = false;                                                           \
		__asm__ volatile("leaq 77f(%%rip), %%rax; movq %%rax, try_resume(%%rip); " text    \
				 "; 77: " cleanup __VA_ARGS__                                      \
				 : "rax", "rcx", "rdx", "memory");                                 \
		try_resume = 0;                                                                    \
	} while (0)
#define TRY(text, ...) TRY_THEN(text, "", __VA_ARGS__)

/* The last TRY must have trapped so. */
void expect_trap(const char *what, unsigned int vector, uint64_t error);
void expect_no_trap(const char *what);

/* A page-table entry through update_va_mapping. */
long set_pte(void *va, uint64_t pte);

/* Run function(argument) in user mode on the kernel's own pages, until it makes system call 0.
 * handle (may be NULL) sees every other entry from user mode, and returns true to go on there. */
typedef bool (*user_handler)(struct pv_regs *regs);
uint64_t run_user(void (*function)(uint64_t argument), uint64_t argument, user_handler handle);
/* From user mode: a system call. */
uint64_t user_syscall(uint64_t number, uint64_t a, uint64_t b);

void check_start(void);
void check_version(void);
void check_exceptions(void);
void check_debug(void);
void check_iret(void);
void check_user(void);
void check_segments(void);
void check_descriptors(void);
void check_emulation(void);
void check_fpu(void);
void check_page_tables(void);
void check_pinning(void);
void check_writable_tables(void);
void check_memory(void);
void check_events(void);
void check_time(void);
void check_vcpus(void);
void check_grants(void);
void check_hypercalls(void);

#endif
