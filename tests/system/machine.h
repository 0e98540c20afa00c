/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under QEMU, driven over its serial line by a cmocka test.
 *
 * Every wait is bounded and ends early when it cannot succeed any more: QEMU has ended, or a line
 * came that no test expects (see machine_allow()). A function that fails fails the test that
 * calls it, with the last lines of the machine's output. All output is kept in a log file.
 *
 * Patterns are extended regular expressions, matched within one line, which may still be growing:
 * a pattern that ends in a number ends in "\n" too, or it may match with a digit missing.
 */
#ifndef TESTS_SYSTEM_MACHINE_H
#define TESTS_SYSTEM_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct machine;

/* What to boot, and on what; all zero but @name and @image is a usable machine. */
struct machine_options {
	const char *name;	      /* of the log file */
	const char *image;	      /* the ISO to boot */
	const char *memory;	      /* as QEMU takes it; "1G" */
	unsigned int cpus;	      /* 2 */
	const char *cpu;	      /* "max,-smap,-la57": see CAVEATS.md */
	const char *type;	      /* "pc" or "q35"; "pc" */
	bool uefi;		      /* OVMF instead of a BIOS */
	bool one_thread;	      /* of the emulator, for all CPUs: see CAVEATS.md */
	const char *const *arguments; /* more for QEMU, ends with NULL */
};

/* Starts QEMU and waits for its first output. The machine lives until machine_end() or
 * machine_end_all(). */
struct machine *machine_boot(const struct machine_options *options);

/* Waits at most @seconds for a line that matches; what came before is passed over. */
void machine_expect(struct machine *machine, const char *pattern, unsigned int seconds);

/* Like machine_expect(), but says whether it came. Nothing is passed over when it did not. */
bool machine_sees(struct machine *machine, const char *pattern, unsigned int seconds);

/* Parenthesised group @group of the last match; valid until the next wait. */
const char *machine_group(const struct machine *machine, unsigned int group);
unsigned long machine_number(const struct machine *machine, unsigned int group);

/* How many lines of all output so far match. */
unsigned int machine_count(const struct machine *machine, const char *pattern);

/* Types text, exactly as given. */
void machine_send(struct machine *machine, const char *text);

/* Lines that match are expected in this test though they are bad in general. */
void machine_allow(struct machine *machine, const char *pattern);

/* Waits for QEMU to end by itself. */
void machine_wait_off(struct machine *machine, unsigned int seconds);

/* A power cut: QEMU is killed, whatever it is doing. Fails if any line was bad. */
void machine_kill(struct machine *machine);

/* Fails if any line was bad, and ends QEMU if need be. */
void machine_end(struct machine *machine);

/* Ends whatever still runs: the teardown of every test, since a failed test does not return. */
int machine_end_all(void **state);

#endif
