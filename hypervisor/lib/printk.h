/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages. Everything goes to the log ring (read by sysctl readconsole) and, by level, to the
 * serial line. Hypervisor lines carry the prefix "(PPT) ".
 */
#ifndef LIB_PRINTK_H
#define LIB_PRINTK_H

#include <stdarg.h>
#include <lib/types.h>

/* What is told because of a guest's doing has levels of its own: guest_loglvl= rules them. */
enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_GUEST_ERR, LOG_GUEST_WARN };

/** Formatted like printf, but only d u x p s %%, with l or z; numbers also with #, 0 and width. */
int snprintk(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap);

/** One line; the newline is the caller's. Safe in any context, NMI excepted. */
void printk(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Stop the machine with a readable report (registers, stack). Hypervisor bugs only. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn, cold));

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			panic("BUG at %s:%d: %s\n", __FILE__, __LINE__, #cond);                    \
	} while (0)

/* Why a guest's request was refused. Counted per domain; order is PARAPET_refusals'
 * (abi/xen/parapet.h). */
enum refusal {
	REFUSE_ARGUMENT,    /* value out of range, reserved bits set, misaligned */
	REFUSE_FAULT,	    /* guest address not accessible */
	REFUSE_PERMISSION,  /* needs privilege that the caller lacks */
	REFUSE_OWNER,	    /* frame belongs to someone else */
	REFUSE_TYPE,	    /* frame is in use as another type */
	REFUSE_ENTRY,	    /* page-table entry with bits or slot a guest may not set */
	REFUSE_LIMIT,	    /* quota, count or table full */
	REFUSE_MEMORY,	    /* out of memory */
	REFUSE_STATE,	    /* object not in the state that the operation needs */
	REFUSE_UNKNOWN,	    /* no such operation, domain, vCPU, port … */
	REFUSE_INSTRUCTION, /* privileged instruction not emulated */
	REFUSE_COUNT
};

/**
 * Refuse the running vCPU's request: count it and, rate-limited per domain, log one line
 * "d3v0 mmu_update[17]: …" (domain, vCPU, hypercall and batch index come from this_cpu()).
 * Returns err (a negative errno) so that the caller can `return refuse(...)`. fmt has no newline.
 */
long refuse(long err, enum refusal why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

#endif
