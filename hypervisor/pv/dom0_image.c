/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's kernel as the boot loader left it: a plain ELF file, or a bzImage around a packed one. */
#include <pv/dom0.h>
#include <unpack.h>

#define UNPACKED_MAX (1UL << 30)

static unsigned order_for(u64 bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static size_t unpack_payload(const void *payload, size_t payload_size, u32 unpacked_size,
			     void **out, unsigned *order)
{
	unsigned arena_order = order_for(UNPACK_ARENA_BYTES);
	struct unpack_arena arena = {heap_pages(arena_order), UNPACK_ARENA_BYTES};
	size_t size = 0;
	int result;

	if (!unpacked_size || unpacked_size > UNPACKED_MAX)
		panic("dom0 kernel: the bzImage says that its kernel has %u bytes\n",
		      unpacked_size);
	*order = order_for(unpacked_size);
	*out = heap_pages(*order);
	if (!*out || !arena.base)
		panic("dom0 kernel: no %lu KiB in one piece to unpack the bzImage into; "
		      "give the machine more memory, or an unpacked ELF kernel\n",
		      (PAGE_SIZE << *order) >> 10);
	result = unpack(*out, PAGE_SIZE << *order, &size, payload, payload_size, &arena);
	heap_pages_free(arena.base, arena_order);
	if (result != UNPACK_OK)
		panic("dom0 kernel: cannot unpack the bzImage (%s)\n",
		      result == UNPACK_UNKNOWN ? "neither gzip nor xz" : "its data are damaged");
	return size;
}

void dom0_read_kernel(struct elf_kernel *k, const struct boot_module *m, void **unpacked,
		      unsigned *order)
{
	const void *file = m->data, *payload;
	size_t size = m->size, payload_size;
	u32 unpacked_size;
	const char *error;

	*unpacked = NULL;
	if (bzimage_payload(file, size, &payload, &payload_size, &unpacked_size)) {
		if (!payload_size)
			panic("dom0 kernel: a bzImage without a payload (before boot protocol 2.08)\n");
		size = unpack_payload(payload, payload_size, unpacked_size, unpacked, order);
		file = *unpacked;
	}
	error = elf_read_kernel(k, file, size);
	if (error)
		panic("dom0 kernel: %s\n", error);
	printk(LOG_INFO, "dom0 kernel: %s, %#lx-%#lx, entry %#lx%s\n",
	       k->guest_os[0] ? k->guest_os : "unnamed", (unsigned long)k->virt_start,
	       (unsigned long)k->virt_end, (unsigned long)k->entry, *unpacked ? ", unpacked" : "");
}
