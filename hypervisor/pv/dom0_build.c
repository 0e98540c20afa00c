/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0, from the boot modules to a runnable vCPU. Boot time only: whatever goes wrong ends in
 * panic() with the reason, for there is nobody else to tell.
 */
#include <boot/boot.h>
#include <core/hooks.h>
#include <image/layout.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/types.h>
#include <pv/dom0.h>
#include <unpack.h>
#include <xen/errno.h>
#include <xen/features.h>

#define UNPACKED_MAX (1UL << 30)

static struct kernel_image kernel;
static struct guest_layout at;
static u64 *p2m; /* frame of each page */

static unsigned order_for(u64 bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

/* Unpack size bytes; the caller frees what is returned, of *order, with *size bytes in use. */
static void *unpack_kernel(const u8 *packed, size_t *size, unsigned *order)
{
	u32 unpacked_size = 0;

	/* The build appends the size of what it packed to every payload, whatever the packer. */
	if (*size >= 4)
		memcpy(&unpacked_size, packed + *size - 4, 4);
	if (!unpacked_size || unpacked_size > UNPACKED_MAX)
		panic("dom0 kernel: the bzImage says that its kernel has %u bytes\n",
		      unpacked_size);
	*order = order_for(unpacked_size + UNPACK_ARENA_BYTES);
	u8 *out = heap_pages(*order);
	size_t room = (PAGE_SIZE << *order) - UNPACK_ARENA_BYTES;
	struct unpack_arena arena = {out + room, UNPACK_ARENA_BYTES};

	if (!out)
		panic("dom0 kernel: no %lu KiB in one piece to unpack the bzImage into; "
		      "give the machine more memory, or an unpacked ELF kernel\n",
		      (PAGE_SIZE << *order) >> 10);
	int result = unpack(out, room, size, packed, *size, &arena);

	if (result != UNPACK_OK)
		panic("dom0 kernel: cannot unpack the bzImage (%s)\n",
		      result == UNPACK_UNKNOWN ? "neither gzip nor xz" : "its data are damaged");
	return out;
}

static void check_kernel(const char *wrong)
{
	if (wrong)
		panic("dom0 kernel: %s\n", wrong);
	if (kernel.unmet_feature[0])
		panic("dom0 kernel: it demands %s, which no 64-bit PV guest has\n",
		      kernel.unmet_feature);
	if (kernel.supported_features && !(kernel.supported_features & 1U << XENFEAT_dom0))
		printk(LOG_WARN, "dom0 kernel: it does not say that it can be dom0\n");
	printk(LOG_INFO, "dom0 kernel: %s, %#lx-%#lx, entry %#lx\n",
	       kernel.guest_os[0] ? kernel.guest_os : "unnamed",
	       kernel.virt_base + kernel.first_byte, kernel.virt_base + kernel.end_byte,
	       kernel.entry);
}

/* Returns dom0's limit in pages. */
static u64 plan(u64 ramdisk_size)
{
	u64 max_pages = 0;
	const char *wrong = layout_plan(&at, &kernel, true, ramdisk_size, 0);

	/* A list of the pages comes on top: 8 bytes for each, and tables to map it. */
	if (!wrong)
		wrong = layout_plan(
			&at, &kernel, true, ramdisk_size,
			dom0_memory_pages(at.used_pages + at.used_pages / 256 + 8, &max_pages));
	if (wrong)
		panic("dom0 kernel: %s\n", wrong);
	if (at.used_pages > at.total_pages)
		panic("dom0 needs at least %lu MiB to start, and gets %lu: see the option dom0_mem=\n",
		      (at.used_pages + 255) >> 8, at.total_pages >> 8);
	return max_pages;
}

static void create_domain(u64 max_pages)
{
	int err;

	if (!domain_create(0, &domain_defaults, &err))
		panic("dom0: cannot create the domain (error %d)\n", err);
	dom0->max_vcpus = dom0_vcpus();
	for (unsigned i = 0; i < dom0->max_vcpus; i++)
		if (!vcpu_create(dom0, i))
			panic("dom0: cannot create vCPU %u\n", i);
	dom0_permit_hardware(dom0);
	dom0->mem.max_pages = max_pages;
	p2m = heap_pages(order_for(at.total_pages * sizeof(u64)));
	for (u64 pfn = 0; p2m && pfn < at.total_pages; pfn++) {
		struct page *pg = mm_alloc_domain_pages(&dom0->mem, 0, ~0UL, pfn);

		if (!pg)
			panic("dom0: out of memory after %lu of %lu pages\n", pfn, at.total_pages);
		p2m[pfn] = page_to_mfn(pg).n;
	}
	if (!p2m)
		panic("dom0: no memory for a list of its %lu pages\n", at.total_pages);
}

static u64 *page_at(void *unused, u64 pfn)
{
	return frame_virt(mfn(p2m[pfn]));
}

/* to: bytes from the start of dom0's memory, which is zero so far. */
static void copy_in(u64 to, const u8 *from, u64 size)
{
	for (u64 n; size; to += n, from += n, size -= n) {
		u64 offset = to & ~PAGE_MASK;

		n = MIN(size, PAGE_SIZE - offset);
		memcpy((u8 *)page_at(NULL, to >> PAGE_SHIFT) + offset, from, n);
	}
}

static void load(const u8 *file, const struct boot_module *ramdisk)
{
	for (unsigned i = 0; i < kernel.segments; i++)
		copy_in(image_place(&kernel, &kernel.segment[i]), file + kernel.segment[i].offset,
			kernel.segment[i].file_size);
	if (kernel.hypercall_page != IMAGE_NONE)
		pv_write_hypercall_page(
			&dom0->mem,
			mfn(p2m[(kernel.hypercall_page - kernel.virt_base) >> PAGE_SHIFT]));
	if (ramdisk)
		copy_in(at.ramdisk.first << PAGE_SHIFT, ramdisk->data, ramdisk->size);
	copy_in(at.p2m.first << PAGE_SHIFT, (const u8 *)p2m, at.total_pages * sizeof(u64));
}

static void write_start_info(u64 ramdisk_size, const char *cmdline)
{
	struct start_info *si = (struct start_info *)page_at(NULL, at.start_info.first);

	strlcpy(si->magic, "xen-3.0-x86_64p", sizeof(si->magic));
	si->shared_info = mfn_to_paddr(page_to_mfn(dom0->shared_info_page));
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	layout_start_info(&at, ramdisk_size, si);
	strlcpy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line));
}

/* The kernel drops this pin itself when it has built tables of its own. */
static void make_tables(void)
{
	struct page *root = frame_of_ram(mfn(p2m[at.tables.first]));
	int err;

	layout_fill_tables(&at, p2m, page_at, NULL);
	do
		err = type_get_owned(root, &dom0->mem, TYPE_L4);
	while (err == -XEN_ERESTART);
	if (err || !type_set_pinned(root, true))
		panic("dom0: its initial page tables were refused (error %d)\n", err);
}

static void start_vcpu(void)
{
	static struct vcpu_guest_context c; /* large for a stack */
	struct vcpu *v = dom0->vcpus[0];

	layout_start_context(&at, &kernel, p2m, &c);
	int err = pv_set_context(v, &c);

	if (err)
		panic("dom0: its start context was refused (error %d)\n", err);
	v->info->evtchn_upcall_mask = 1;
	v->initialised = true;
	v->pause_flags &= ~(u32)VPF_DOWN;
	vcpu_wake(v);
}

void pv_build_dom0(const struct boot_module *module, const struct boot_module *ramdisk,
		   const char *cmdline)
{
	const u8 *file = module->data;
	size_t size = module->size, ramdisk_size = ramdisk ? ramdisk->size : 0;
	const char *wrong = image_unwrap(&file, &size);
	void *unpacked = NULL;
	unsigned order = 0;

	/* What a bzImage carries may also be a plain ELF file. */
	if (!wrong && file != module->data && memcmp(file, "\177ELF", MIN(size, 4UL)))
		file = unpacked = unpack_kernel(file, &size, &order);
	check_kernel(wrong ? wrong : image_read(&kernel, file, size));
	create_domain(plan(ramdisk_size));
	load(file, ramdisk_size ? ramdisk : NULL);
	if (unpacked)
		heap_pages_free(unpacked, order);
	write_start_info(ramdisk_size, cmdline);
	make_tables();
	start_vcpu();
	heap_pages_free(p2m, order_for(at.total_pages * sizeof(u64)));
	printk(LOG_INFO, "dom0: %lu MiB, %u vCPUs, kernel and ramdisk loaded\n",
	       at.total_pages >> 8, dom0->max_vcpus);
}
