/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O ports, 1, 2 or 4 bytes at a time. */
#ifndef DOM0_PCI_PORT_H
#define DOM0_PCI_PORT_H

#include <stdint.h>

static inline uint32_t port_read(uint16_t port, unsigned int bytes)
{
	uint32_t value = 0;

	if (bytes == 1)
		__asm__ volatile("inb %1, %b0" : "+a"(value) : "d"(port));
	else if (bytes == 2)
		__asm__ volatile("inw %1, %w0" : "+a"(value) : "d"(port));
	else
		__asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static inline void port_write(uint16_t port, uint32_t value, unsigned int bytes)
{
	if (bytes == 1)
		__asm__ volatile("outb %b0, %1" : : "a"(value), "d"(port));
	else if (bytes == 2)
		__asm__ volatile("outw %w0, %1" : : "a"(value), "d"(port));
	else
		__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

#endif
