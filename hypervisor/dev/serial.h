/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550 console line. */
#ifndef DEV_SERIAL_H
#define DEV_SERIAL_H

#include <lib/types.h>

/** Set the line up from com1= / com2= / console=. Usable from the first instruction of init(). */
void serial_init(void);
/** Route the receive interrupt; after it characters arrive by themselves. */
void serial_init_irq(void);
/** Interrupt handler: empty the chip's receive buffer into the ring. */
void serial_interrupt(void);

/** First of the console chip's eight I/O ports; 0: there is no serial console. */
extern u16 serial_port;

/** Send n bytes, each newline as CR LF. Waits for the chip. The caller serialises (lib/log.c does).
 */
void serial_puts(const char *s, size_t n);
/** Next received character, or -1. */
int serial_getc(void);

#endif
