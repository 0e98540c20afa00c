/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong and what to do, as one line for the operator.
 *
 * A function that can fail for a reason worth telling takes a `struct problem *`, returns a
 * negative XEN_E… number, and leaves the sentence in it. The first sentence is kept: it is closest
 * to the cause.
 */
#ifndef DOM0_LIB_PROBLEM_H
#define DOM0_LIB_PROBLEM_H

#define PROBLEM_LENGTH 256

struct problem {
	char text[PROBLEM_LENGTH]; /* empty: nothing went wrong */
};

/* Note the sentence (cut to PROBLEM_LENGTH) unless one is there. Returns -error (error: XEN_E…,
 * positive). */
int problem_note(struct problem *problem, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The meaning of an error number (either sign) in a few words; never NULL. */
const char *problem_reason(int error);

#endif
