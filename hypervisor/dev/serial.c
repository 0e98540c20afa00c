/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 16550 UART: polled output, received characters by interrupt into a small ring. */
#include <core/evtchn.h>
#include <dev/irq.h>
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/spinlock.h>

#define UART_DATA 0
#define UART_IER  1
#define UART_FCR  2 /* written; read: */
#define UART_IIR  2
#define UART_LCR  3
#define UART_MCR  4
#define UART_LSR  5

#define IIR_FIFO       0xc0
#define LSR_DATA_READY 0x01
#define LSR_TX_EMPTY   0x20

static char console_option[16] = "com1", com1_option[32], com2_option[32];
OPTION("console", option_string, console_option);
OPTION("com1", option_string, com1_option);
OPTION("com2", option_string, com2_option);

u16 serial_port = 0x3f8;
static u8 irq;
static unsigned fifo_size = 1;
static char ring[1024];
static u32 ring_head, ring_tail;
static struct spinlock ring_lock = SPINLOCK_INIT;

/* BAUD[,8n1[,PORT[,IRQ]]]; "auto" or nothing leaves the rate as the firmware set it. */
static void configure(const char *s)
{
	u32 baud = parse_number(s, &s), divisor = baud ? 115200 / baud : 0;
	u8 format = 3; /* 8n1 */

	if ((s = strchr(s, ',')) && *++s >= '5' && *s <= '8') {
		format = *s++ - '5';
		format |= *s == 'o' ? 0x08 : *s == 'e' ? 0x18 : 0;
		format |= *s && s[1] == '2' ? 0x04 : 0;
	}
	if (s && (s = strchr(s, ','))) {
		serial_port = parse_number(s + 1, &s);
		irq = *s == ',' ? parse_number(s + 1, &s) : irq;
	}
	outb(serial_port + UART_IER, 0);
	if (divisor) {
		outb(serial_port + UART_LCR, 0x80);
		outb(serial_port + UART_DATA, divisor);
		outb(serial_port + UART_IER, divisor >> 8);
	}
	outb(serial_port + UART_LCR, format);
	outb(serial_port + UART_FCR, 0x07);
	outb(serial_port + UART_MCR, 0x0b);
	if ((inb(serial_port + UART_IIR) & IIR_FIFO) == IIR_FIFO)
		fifo_size = 16;
}

void serial_init(void)
{
	bool second = strstr(console_option, "com2");

	serial_port = second ? 0x2f8 : strstr(console_option, "com1") ? 0x3f8 : 0;
	irq = second ? 3 : 4;
	if (serial_port)
		configure(second ? com2_option : com1_option);
	/* No chip there reads as all ones. */
	if (serial_port && inb(serial_port + UART_LSR) == 0xff)
		serial_port = 0;
}

void serial_init_irq(void)
{
	if (!serial_port || !irq_bind_internal(irq, serial_interrupt))
		return;
	outb(serial_port + UART_IER, 1);
	serial_interrupt();
}

void serial_interrupt(void)
{
	bool any = false;

	spin_lock(&ring_lock);
	for (; inb(serial_port + UART_LSR) & LSR_DATA_READY; any = true) {
		char c = inb(serial_port + UART_DATA);

		/* When nobody reads, the newest characters are lost. */
		if (ring_head - ring_tail < sizeof(ring))
			ring[ring_head++ % sizeof(ring)] = c;
	}
	spin_unlock(&ring_lock);
	if (any)
		evtchn_send_dom0_virq(VIRQ_CONSOLE);
}

static void put(char c)
{
	static unsigned room;

	/* Bounded, so that a missing or stuck chip cannot stop the machine. */
	for (unsigned i = 0; !room && i < 100000 && !(inb(serial_port + UART_LSR) & LSR_TX_EMPTY);
	     i++)
		pause();
	room = (room ? room : fifo_size) - 1;
	outb(serial_port + UART_DATA, c);
}

void serial_puts(const char *s, size_t n)
{
	for (; serial_port && n; n--, s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

int serial_getc(void)
{
	int c = -1;

	spin_lock(&ring_lock);
	if (ring_head != ring_tail)
		c = (u8)ring[ring_tail++ % sizeof(ring)];
	spin_unlock(&ring_lock);
	return c;
}
