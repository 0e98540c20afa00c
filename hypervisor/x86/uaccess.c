/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <x86/uaccess.h>

#define COPY(by) "1: rep " by "\n2:\n\t" ON_FAULT(1b, 2b)

inline bool guest_range_ok(u64 addr, u64 size)
{
	/* Counted from the upper half's start, its rest and the lower half are one range. */
	const u64 all = GUEST_LOW_END - HYPERVISOR_VIRT_END;

	return size <= all && addr - HYPERVISOR_VIRT_END <= all - size;
}

static inline bool copy(void *dst, const void *src, size_t size)
{
	size_t left = size / 8;

	guest_open();
	/* Each step of these costs as much as an instruction: words, and no more than there are. */
	if (left)
		asm volatile(COPY("movsq") : "+D"(dst), "+S"(src), "+c"(left)::"memory");
	if (!left && size % 8) {
		left = size % 8;
		asm volatile(COPY("movsb") : "+D"(dst), "+S"(src), "+c"(left)::"memory");
	}
	guest_close();
	return !left;
}

bool copy_from_guest_any(void *dst, u64 src, size_t size)
{
	return guest_range_ok(src, size) && copy(dst, (const void *)src, size);
}

bool copy_to_guest_any(u64 dst, const void *src, size_t size)
{
	return guest_range_ok(dst, size) && copy((void *)dst, src, size);
}
