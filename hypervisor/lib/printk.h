/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages. Everything goes to the log ring (read by sysctl readconsole) and, by level, to the
 * serial line. Hypervisor lines carry the prefix "(PPT) ".
 */
#ifndef LIB_PRINTK_H
#define LIB_PRINTK_H

#include <stdarg.h>
#include <xen/errno.h>
#include <xen/parapet.h>
#include <lib/types.h>

/* What is told because of a guest's doing has levels of its own: guest_loglvl= rules them. */
enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_GUEST_ERR, LOG_GUEST_WARN };

/** Formatted like printf, but only d u x p s %%, with l or z; numbers also with #, 0 and width. */
int snprintk(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap);

/** One line; the newline is the caller's. Safe in any context, NMI excepted. */
void printk(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The ring: the newest CONSOLE_RING_SIZE bytes of messages. */
#define CONSOLE_RING_SIZE 65536u

/** Text of dom0's for the serial line alone: no message comes between its characters. */
void log_serial(const char *text, size_t n);

/**
 * Copy out messages. *index: position to start at (0: oldest kept), advanced behind what was
 * copied. Positions count bytes since boot, modulo 2^32. Returns the number of bytes.
 */
size_t console_ring_read(char *buf, size_t size, u32 *index);
/** Forget all messages so far (sysctl readconsole with clear). */
void console_ring_clear(void);

/** After this the log's lock is never waited for: for panic reports. */
void log_break_lock(void);

/** Stop the machine with a readable report (registers, stack). Hypervisor bugs only. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn, cold));

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			panic("BUG at %s:%d: %s\n", __FILE__, __LINE__, #cond);                    \
	} while (0)

/*
 * Why a guest's request was refused: what is counted for its domain (PARAPET_REFUSED_*, low byte),
 * and the error that it gets as a rule (above).
 */
#define REFUSAL(error, counted) ((error) << 8 | (counted))
#define REFUSAL_ERROR(why)	(-(long)((why) >> 8))
#define REFUSAL_COUNTED(why)	((why)&0xff)
enum refusal {
	BAD_ARGUMENT = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_ARGUMENT), /* out of range, misaligned */
	BAD_ADDRESS = REFUSAL(XEN_EFAULT, PARAPET_REFUSED_FAULT),     /* guest memory: no access */
	BAD_ENTRY = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_ENTRY),	      /* not what a guest may set */
	BAD_TYPE = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_TYPE), /* frame in use as another type */
	BAD_STATE = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_STATE),
	NOT_ALLOWED = REFUSAL(XEN_EPERM, PARAPET_REFUSED_PERMISSION),
	NOT_OWNED = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_OWNER), /* somebody else's frame, pirq … */
	NOT_OFFERED = REFUSAL(XEN_EOPNOTSUPP, PARAPET_REFUSED_UNKNOWN),
	OVER_LIMIT = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_LIMIT), /* quota, count or table full */
	NO_MEMORY = REFUSAL(XEN_ENOMEM, PARAPET_REFUSED_MEMORY),
	NO_CALL = REFUSAL(XEN_ENOSYS, PARAPET_REFUSED_UNKNOWN), /* nor command, nor type of it */
	NO_DOMAIN = REFUSAL(XEN_ESRCH, PARAPET_REFUSED_UNKNOWN),
	NO_VCPU = REFUSAL(XEN_ENOENT, PARAPET_REFUSED_UNKNOWN),
	NO_DEVICE = REFUSAL(XEN_ENODEV, PARAPET_REFUSED_UNKNOWN),
	NO_OBJECT = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_UNKNOWN), /* no such line, register … */
	NOT_EMULATED = REFUSAL(XEN_EINVAL, PARAPET_REFUSED_INSTRUCTION), /* the guest: its fault */
};

/**
 * Refuse the running vCPU's request: count it and, rate-limited per domain, log one line
 * "d3v0 mmu_update[17]: …" (domain, vCPU, hypercall and batch index come from this_cpu()).
 * Returns the error of `why`, so that the caller can `return refuse(...)`; refuse_as() returns err
 * instead. The format has no newline.
 */
#define refuse(why, ...) refuse_as(REFUSAL_ERROR(why), why, __VA_ARGS__)
long refuse_as(long err, enum refusal why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

#endif
