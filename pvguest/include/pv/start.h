/* SPDX-License-Identifier: MIT */
/*
 * Start of day and end.
 *
 * The SDK owns the entry point: it maps shared_info, sets traps, builds the linear map and the
 * heap, brings up events, console and threads, then calls main(argc, argv) on the first thread.
 * argv[0] is "pvguest", the others are the words of the command line; a word may be quoted with ""
 * to hold blanks. When main returns n, exit(n) runs atexit functions, flushes stdio and shuts the
 * domain down: reason poweroff if n is 0, else crash.
 */
#ifndef PV_START_H
#define PV_START_H

#include <pv/types.h>

/* What the domain builder left for us. Written by it alone; ours to read. */
extern struct start_info *pv_start_info;

/* The page shared with the hypervisor (event bits, time, wallclock). */
extern struct shared_info pv_shared_info;

/* True for the initial, privileged domain. */
static inline bool pv_is_dom0(void)
{
	return pv_start_info->flags & SIF_INITDOMAIN;
}

/* The ramdisk (module) or NULL; *bytes receives its size. It stays mapped and owned by us. */
const void *pv_ramdisk(size_t *bytes);

/* What follows "NAME=" in the first such word of main's argv; NULL: there is none. */
const char *pv_argument(int argc, char **argv, const char *name);

/* End the domain at once. reason: SHUTDOWN_* of <xen/sched.h>. */
void pv_shutdown(unsigned int reason) __attribute__((noreturn));

/* Print one line with the reason, straight to the console, and end with SHUTDOWN_crash. */
void pv_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
