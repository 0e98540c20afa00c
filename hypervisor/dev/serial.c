/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 16550 UART: polled output, received characters by interrupt into a small ring. */
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
OPTION("console", OPTION_STRING, console_option);
OPTION("com1", OPTION_STRING, com1_option);
OPTION("com2", OPTION_STRING, com2_option);

static u16 port = 0x3f8; /* 0: no serial console */
static unsigned irq = 4;
static unsigned fifo_size = 1;
static char ring[1024];
static u32 ring_head, ring_tail;
static struct spinlock ring_lock = SPINLOCK_INIT;

/* BAUD[,8n1[,PORT[,IRQ]]]; "auto" or nothing leaves the rate as the firmware set it. */
static void configure(const char *s)
{
	u32 baud = parse_number(s, NULL), divisor = baud ? 115200 / baud : 0;
	u8 format = 3;

	if ((s = strchr(s, ','))) {
		s++;
		format = (s[0] ? (s[0] - '5') & 3 : 3) | (s[1] == 'o' ? 0x08 : 0) |
			 (s[1] == 'e' ? 0x18 : 0) | (s[1] && s[2] == '2' ? 0x04 : 0);
		if ((s = strchr(s, ','))) {
			port = parse_number(s + 1, &s);
			if (*s == ',')
				irq = parse_number(s + 1, NULL);
		}
	}
	outb(port + UART_IER, 0);
	if (divisor) {
		outb(port + UART_LCR, 0x80);
		outb(port + UART_DATA, divisor);
		outb(port + UART_IER, divisor >> 8);
	}
	outb(port + UART_LCR, format);
	outb(port + UART_FCR, 0x07);
	outb(port + UART_MCR, 0x0b);
	if ((inb(port + UART_IIR) & IIR_FIFO) == IIR_FIFO)
		fifo_size = 16;
}

u16 serial_port(void)
{
	return port;
}

void serial_init(void)
{
	const char *settings = com1_option;

	if (strstr(console_option, "com2")) {
		port = 0x2f8;
		irq = 3;
		settings = com2_option;
	} else if (!strstr(console_option, "com1")) {
		port = 0;
		return;
	}
	configure(settings);
	/* No chip there reads as all ones. */
	if (inb(port + UART_LSR) == 0xff)
		port = 0;
}

void serial_init_irq(void)
{
	if (!port)
		return;
	if (!irq_bind_internal(irq_isa_to_gsi(irq), serial_interrupt))
		return;
	outb(port + UART_IER, 1);
	serial_interrupt();
}

void serial_interrupt(void)
{
	bool any = false;

	if (!port)
		return;
	spin_lock(&ring_lock);
	while (inb(port + UART_LSR) & LSR_DATA_READY) {
		char c = inb(port + UART_DATA);

		/* When nobody reads, the newest characters are lost. */
		if (ring_head - ring_tail < sizeof(ring))
			ring[ring_head++ % sizeof(ring)] = c;
		any = true;
	}
	spin_unlock(&ring_lock);
	if (any)
		console_input_ready();
}

static void put(char c)
{
	static unsigned room;

	/* Bounded, so that a missing or stuck chip cannot stop the machine. */
	for (unsigned i = 0; !room && i < 100000 && !(inb(port + UART_LSR) & LSR_TX_EMPTY); i++)
		pause();
	room = (room ? room : fifo_size) - 1;
	outb(port + UART_DATA, c);
}

void serial_puts(const char *s, size_t n)
{
	if (!port)
		return;
	for (; n; n--, s++) {
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
