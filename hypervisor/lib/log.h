/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log ring: the newest CONSOLE_RING_SIZE bytes of messages, hypervisor's and guests'. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <lib/types.h>

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

#endif
