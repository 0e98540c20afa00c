/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <x86/asm.h>
#include <x86/cpu.h>
#include <x86/uaccess.h>

#define CANONICAL_LOW_END 0x0000800000000000UL

bool guest_range_ok(u64 addr, u64 size)
{
	u64 end = addr + size;

	if (end < addr && end)
		return false;
	if (addr < CANONICAL_LOW_END)
		return size <= CANONICAL_LOW_END - addr;
	return addr >= HYPERVISOR_VIRT_END;
}

static bool copy(void *dst, const void *src, size_t size)
{
	size_t left = size / 8, rest = size % 8;

	/* With SMAP, user pages are open only between STAC and CLAC. */
	if (cpu_has_smap)
		asm volatile("stac" ::: "memory");
	/* One instruction is one step for an emulated CPU, too: words where possible. */
	asm volatile("1: rep movsq\n\t"
		     "movq %3, %%rcx\n\t"
		     "3: rep movsb\n"
		     "2:\n\t" ON_FAULT(1b, 2b) ON_FAULT(3b, 2b)
		     : "+D"(dst), "+S"(src), "+c"(left)
		     : "r"(rest)
		     : "memory");
	if (cpu_has_smap)
		asm volatile("clac" ::: "memory");
	return !left;
}

bool copy_from_guest(void *dst, u64 src, size_t size)
{
	return guest_range_ok(src, size) && copy(dst, (const void *)src, size);
}

bool copy_to_guest(u64 dst, const void *src, size_t size)
{
	return guest_range_ok(dst, size) && copy((void *)dst, src, size);
}

bool clear_guest(u64 dst, size_t size)
{
	static const u8 zeros[PAGE_SIZE];

	for (size_t n; size; dst += n, size -= n) {
		n = MIN(size, sizeof(zeros));
		if (!copy_to_guest(dst, zeros, n))
			return false;
	}
	return true;
}
