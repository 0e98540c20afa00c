/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that may fault, and where to go on when they do. */
#ifndef X86_EXCEPTION_H
#define X86_EXCEPTION_H

#include <x86/regs.h>

struct exception_entry {
	u64 instruction, fixup;
};

/** In inline assembly: a fault at label `from` continues at label `to`. */
#define ON_FAULT(from, to)                                                                         \
	".pushsection .ex_table, \"a\"\n\t"                                                        \
	".balign 8\n\t"                                                                            \
	".quad " #from ", " #to "\n\t"                                                             \
	".popsection\n\t"

/** In inline assembly: perform an instruction that may fault, then set the byte operand done. */
#define TRY(instruction, done) "1: " instruction "\n\tmovb $1, " done "\n2:\n\t" ON_FAULT(1b, 2b)

/** Report registers, stack and callers; then stop all CPUs (or restart). */
void panic_with_regs(const struct cpu_regs *regs, const char *what) __attribute__((noreturn));
/** Set by boot/ when dom0 is about to run: until then panic() is about the machine or its
 * configuration. */
extern bool booted;
/** True once a CPU has begun its last report. */
extern bool panicking;

#endif
