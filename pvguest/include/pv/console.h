/* SPDX-License-Identifier: MIT */
/*
 * The console: the hypervisor's own for dom0, else the ring shared with the console daemon.
 * stdin, stdout and stderr of newlib lead here; stdout is line-buffered.
 */
#ifndef PV_CONSOLE_H
#define PV_CONSOLE_H

#include <pv/types.h>

/* Write all of it; waits (blocking the vCPU, not only the thread) while the ring is full.
 * On the ring "\n" becomes "\r\n", as a terminal expects. */
void pv_console_write(const char *text, size_t length);

/* Take up to length waiting characters; 0 if there are none. */
size_t pv_console_poll(char *buffer, size_t length);

/* Block the calling thread until at least one character is there; returns how many were taken. */
size_t pv_console_read(char *buffer, size_t length);

/* printf straight to the console, past stdio's buffers; up to 512 characters. Callable anywhere. */
void pv_printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
