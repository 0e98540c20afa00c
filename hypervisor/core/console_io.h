/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console_io and xen_version, and what they ask of dev/ and boot/ (declared hooks). */
#ifndef CORE_CONSOLE_IO_H
#define CORE_CONSOLE_IO_H

#include <lib/types.h>

long do_console_io(u64 cmd, u64 count, u64 buffer);
long do_xen_version(u64 cmd, u64 arg);

/** Called by dev/ when the operator has typed: raises VIRQ_CONSOLE for dom0. */
void console_input_ready(void);

/* Implemented by dev/serial.c and boot/. */
void serial_puts(const char *text, size_t len); /* raw; waits for the UART */
int serial_getc(void);				/* next typed character, -1: none */
extern char boot_command_line[1024];		/* the hypervisor's options */

#endif
