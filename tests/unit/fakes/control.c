/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <core/calls.h>
#include <lib/printk.h>
#include <mm/memory.h>
#include "fakes/control.h"

u64 max_mfn = 1000, machine_ram_pages = 900, fake_free_pages = 300;
char fake_ring[600];

u64 heap_free_pages(void)
{
	return fake_free_pages;
}

size_t console_ring_read(char *buf, size_t size, u32 *index)
{
	size_t n = *index < sizeof(fake_ring) ? MIN(size, sizeof(fake_ring) - *index) : 0;

	if (n)
		memcpy(buf, fake_ring + *index, n);
	*index += (u32)n;
	return n;
}

void console_ring_clear(void)
{
	memset(fake_ring, '.', sizeof(fake_ring));
}

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	out[0] = leaf;
	out[1] = subleaf;
	out[2] = 0xff;
	out[3] = 0xf0;
}
