/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0, from the boot modules to a runnable vCPU. */
#include <core/hooks.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <pv/dom0.h>
#include <xen/features.h>

static void check_features(const struct elf_kernel *k)
{
	static const char *const never[] = {"!auto_translated_physmap", "!supervisor_mode_kernel"};

	for (unsigned i = 0; i < ARRAY_SIZE(never); i++)
		if (strstr(k->required_features, never[i]))
			panic("dom0 kernel: it demands %s, which no 64-bit PV guest has\n",
			      never[i] + 1);
	if (k->supported_features && !(k->supported_features & 1U << XENFEAT_dom0))
		printk(LOG_WARN, "dom0 kernel: it does not say that it can be dom0\n");
	if (k->hv_start_low > 0xffff800000000000UL)
		panic("dom0 kernel: it wants the hypervisor above %#lx\n",
		      (unsigned long)k->hv_start_low);
}

static void create_domain(struct dom0_build *b)
{
	unsigned vcpus = dom0_vcpus();
	int err;

	b->d = domain_create(0, true, &err);
	if (!b->d)
		panic("dom0: cannot create the domain (error %d)\n", err);
	b->d->max_vcpus = vcpus;
	for (unsigned i = 0; i < vcpus; i++)
		if (!vcpu_create(b->d, i))
			panic("dom0: cannot create vCPU %u\n", i);
	b->v = b->d->vcpus[0];
}

static unsigned p2m_order(u64 pages)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < pages * sizeof(u64))
		order++;
	return order;
}

static void allocate_memory(struct dom0_build *b, u64 max_pages)
{
	u64 pages = b->at.nr_pages;

	b->d->mem.max_pages = max_pages;
	b->p2m = heap_pages(p2m_order(pages));
	for (u64 pfn = 0; b->p2m && pfn < pages; pfn++) {
		struct page *pg = mm_alloc_domain_page(&b->d->mem);

		if (!pg)
			panic("dom0: out of memory after %lu of %lu pages\n", (unsigned long)pfn,
			      (unsigned long)pages);
		b->p2m[pfn] = page_to_mfn(pg).n;
		m2p_table[b->p2m[pfn]] = pfn;
	}
	if (!b->p2m)
		panic("dom0: no memory for a list of its %lu pages\n", (unsigned long)pages);
}

static void load_kernel(const struct dom0_build *b)
{
	const struct elf_kernel *k = &b->kernel;

	for (unsigned i = 0; i < k->segment_count; i++)
		dom0_copy(b, elf_address(k, &k->segments[i]), k->segments[i].data,
			  k->segments[i].file_size);
	if (k->has_hypercall_page)
		pv_fill_hypercall_page(
			dom0_page(b, (k->hypercall_page - b->at.start) >> PAGE_SHIFT));
}

static void load_ramdisk(const struct dom0_build *b)
{
	if (b->ramdisk)
		dom0_copy(b, b->at.start + (b->at.ramdisk_pfn << PAGE_SHIFT), b->ramdisk->data,
			  b->at.ramdisk_size);
}

static void write_start_info(const struct dom0_build *b)
{
	const struct dom0_layout *at = &b->at;
	struct start_info *si = dom0_page(b, (at->start_info - at->start) >> PAGE_SHIFT);

	strlcpy(si->magic, "xen-3.0-x86_64p", sizeof(si->magic));
	si->nr_pages = at->nr_pages;
	si->shared_info = mfn_to_paddr(page_to_mfn(b->d->shared_info_page));
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = at->tables;
	si->nr_pt_frames = at->table_pages;
	si->mfn_list = at->p2m;
	if (b->kernel.has_init_p2m) {
		si->first_p2m_pfn = at->p2m_pfn;
		si->nr_p2m_frames = at->p2m_pages + at->p2m_table_pages;
	}
	if (b->ramdisk) {
		si->mod_start = b->kernel.mod_start_pfn ? at->ramdisk_pfn : at->ramdisk;
		si->mod_len = at->ramdisk_size;
		if (b->kernel.mod_start_pfn)
			si->flags |= SIF_MOD_START_PFN;
	}
	strlcpy((char *)si->cmd_line, b->cmdline, sizeof(si->cmd_line));
}

static void start_vcpu(const struct dom0_build *b)
{
	struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
	int err;

	if (!c)
		panic("dom0: no memory for its start context\n");
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = b->kernel.entry;
	c->user_regs.rsp = b->at.stack + PAGE_SIZE;
	c->user_regs.rsi = b->at.start_info;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->ctrlreg[3] = xen_pfn_to_cr3(b->root);
	err = pv_set_context(b->v, c);
	heap_free(c);
	if (err)
		panic("dom0: its start context was refused (error %d)\n", err);
	b->v->info->evtchn_upcall_mask = 1;
	b->v->initialised = true;
	b->v->pause_flags &= ~(u32)VPF_DOWN;
	vcpu_wake(b->v);
}

static void plan(struct dom0_build *b, u64 *max_pages)
{
	dom0_plan(b, 0);
	/* A list of the pages comes on top: 8 bytes for each, and tables to map it. */
	dom0_plan(b, dom0_memory_pages(b->at.used_pages + b->at.used_pages / 256 + 8, max_pages));
	if (b->at.used_pages > b->at.nr_pages)
		panic("dom0 needs at least %lu MiB to start, and gets %lu: see the option dom0_mem=\n",
		      (unsigned long)(b->at.used_pages + 255) >> 8,
		      (unsigned long)b->at.nr_pages >> 8);
}

void pv_build_dom0(const struct boot_module *kernel, const struct boot_module *ramdisk,
		   const char *cmdline)
{
	static struct dom0_build b;
	void *unpacked;
	unsigned order;
	u64 max_pages;

	b.ramdisk = ramdisk && ramdisk->size ? ramdisk : NULL;
	b.cmdline = cmdline;
	dom0_read_kernel(&b.kernel, kernel, &unpacked, &order);
	check_features(&b.kernel);
	plan(&b, &max_pages);
	create_domain(&b);
	dom0_permit_hardware(b.d);
	allocate_memory(&b, max_pages);
	load_kernel(&b);
	if (unpacked)
		heap_pages_free(unpacked, order);
	load_ramdisk(&b);
	dom0_copy(&b, b.at.start + (b.at.p2m_pfn << PAGE_SHIFT), b.p2m,
		  b.at.nr_pages * sizeof(u64));
	write_start_info(&b);
	dom0_make_tables(&b);
	heap_pages_free(b.p2m, p2m_order(b.at.nr_pages));
	start_vcpu(&b);
	printk(LOG_INFO, "dom0: %lu MiB, %u vCPUs, kernel and ramdisk loaded\n",
	       (unsigned long)b.at.nr_pages >> 8, b.d->max_vcpus);
}
