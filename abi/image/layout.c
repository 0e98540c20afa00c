/* SPDX-License-Identifier: MIT */
#include <image/layout.h>

#define ENTRIES	       512u
#define PADDING	       (512ull << 10)
#define IMAGE_ALIGN    (4ull << 20)
#define MAX_IMAGE_SIZE (1ull << 38) /* keeps all sums of addresses far from overflow */

/* Entry bits: present, writable, user (a PV kernel runs in ring 3), accessed, dirty. */
#define ENTRY_WRITABLE	0x067ull
#define ENTRY_READ_ONLY 0x065ull

/* The root's slots 256 to 271 are the hypervisor's; addresses between the halves do not exist. */
#define FORBIDDEN_START 0x0000800000000000ull
#define FORBIDDEN_END	0xffff880000000000ull

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + IMAGE_PAGE_SIZE - 1) >> IMAGE_PAGE_SHIFT;
}

uint64_t layout_address(const struct guest_layout *layout, uint64_t page)
{
	return layout->image.start + (page << IMAGE_PAGE_SHIFT);
}

/* --- page tables: counted by the same walk that makes them --- */

struct walk {
	const struct guest_layout *layout;
	uint64_t next, list_next; /* free pages of the runs tables and p2m_tables */
	/* as in layout_fill_tables(); p2m is NULL when tables are only counted */
	const uint64_t *p2m;
	uint64_t *(*table)(void *context, uint64_t page);
	void *context;
};

static bool overlaps(const struct mapped_range *range, uint64_t first, uint64_t last)
{
	return range->start < range->end && range->start <= last && first < range->end;
}

static uint64_t leaf_entry(const struct walk *w, uint64_t address)
{
	const struct guest_layout *layout = w->layout;
	bool in_image = overlaps(&layout->image, address, address);
	const struct mapped_range *range = in_image ? &layout->image : &layout->list;
	uint64_t page = range->first_page + ((address - range->start) >> IMAGE_PAGE_SHIFT);
	bool table = page - layout->tables.first < layout->tables.count;

	if (page >= layout->total_pages)
		return 0;
	return w->p2m[page] << IMAGE_PAGE_SHIFT | (table ? ENTRY_READ_ONLY : ENTRY_WRITABLE);
}

static uint64_t make_table(struct walk *w, unsigned int level, uint64_t base);

/* A table's entry for the addresses from first to last. */
static uint64_t make_entry(struct walk *w, unsigned int level, uint64_t first, uint64_t last)
{
	if (!overlaps(&w->layout->image, first, last) && !overlaps(&w->layout->list, first, last))
		return 0;
	if (level == 1)
		return leaf_entry(w, first);
	uint64_t below = make_table(w, level - 1, first);

	return w->p2m ? w->p2m[below] << IMAGE_PAGE_SHIFT | ENTRY_WRITABLE : 0;
}

/* The table of a level for the addresses from base on, and those below it. Returns its page. */
static uint64_t make_table(struct walk *w, unsigned int level, uint64_t base)
{
	uint64_t span = IMAGE_PAGE_SIZE << (9 * (level - 1)), last = base + ENTRIES * span - 1;
	bool of_image = level == 4 || overlaps(&w->layout->image, base, last);
	uint64_t page = of_image ? w->next++ : w->list_next++;
	uint64_t *entries = w->p2m ? w->table(w->context, page) : NULL;

	if (level == 1 && !entries)
		return page;
	for (unsigned int i = 0; i < ENTRIES; i++) {
		/* Bit 47 is repeated above. */
		uint64_t first = (uint64_t)((int64_t)((base + i * span) << 16) >> 16);
		uint64_t entry = make_entry(w, level, first, first + span - 1);

		if (entries)
			entries[i] = entry;
	}
	return page;
}

void layout_fill_tables(const struct guest_layout *layout, const uint64_t *p2m,
			uint64_t *(*table)(void *context, uint64_t page), void *context)
{
	struct walk w = {layout, layout->tables.first, layout->p2m_tables.first, p2m, table,
			 context};

	make_table(&w, 4, 0);
}

/* --- the plan --- */

static void place(struct page_run *run, uint64_t *next, uint64_t count)
{
	*run = (struct page_run){*next, count};
	*next += count;
}

static bool allowed(const struct mapped_range *range)
{
	return range->start <= range->end &&
	       (range->end <= FORBIDDEN_START || range->start >= FORBIDDEN_END);
}

/* The image's end depends on the number of its tables, and that on the end. False: no room. */
static bool place_tables(struct guest_layout *layout, uint64_t start)
{
	for (uint64_t count = 4;;) {
		struct walk w = {.layout = layout};
		uint64_t next = start;

		place(&layout->tables, &next, count);
		place(&layout->stack, &next, 1);
		layout->image.end = (layout_address(layout, next) + PADDING + IMAGE_ALIGN - 1) &
				    ~(IMAGE_ALIGN - 1);
		if (!allowed(&layout->image))
			return false;
		make_table(&w, 4, 0);
		if (w.next <= count)
			return true;
		count = w.next;
	}
}

static void place_list(struct guest_layout *layout, uint64_t *next, uint64_t address,
		       uint64_t pages)
{
	struct walk w = {.layout = layout};

	place(&layout->p2m, next, pages);
	layout->list = (struct mapped_range){address, address + (pages << IMAGE_PAGE_SHIFT),
					     layout->p2m.first};
	if (!allowed(&layout->list))
		return;
	make_table(&w, 4, 0);
	place(&layout->p2m_tables, next, w.list_next);
}

const char *layout_plan(struct guest_layout *layout, const struct kernel_image *k, bool first,
			uint64_t ramdisk_size, uint64_t total_pages)
{
	uint64_t p2m_pages = pages_of(total_pages * sizeof(uint64_t)), next = 0;
	bool list_inside = k->init_p2m == IMAGE_NONE;

	*layout = (struct guest_layout){.total_pages = total_pages,
					.ramdisk_mapped = !k->mod_start_pfn,
					.image.start = k->virt_base};
	if (k->end_byte > MAX_IMAGE_SIZE || ramdisk_size > MAX_IMAGE_SIZE ||
	    total_pages > MAX_IMAGE_SIZE >> IMAGE_PAGE_SHIFT)
		return "kernel, ramdisk or memory are too large";
	place(&layout->kernel, &next, pages_of(k->end_byte));
	if (layout->ramdisk_mapped)
		place(&layout->ramdisk, &next, pages_of(ramdisk_size));
	if (list_inside)
		place(&layout->p2m, &next, p2m_pages);
	place(&layout->start_info, &next, 1);
	place(&layout->store, &next, !first);
	place(&layout->console, &next, !first);
	if (!place_tables(layout, next))
		return "the kernel wants addresses that a guest cannot have: check VIRT_BASE";
	layout->used_pages = layout->stack.first + layout->stack.count;
	next = (layout->image.end - layout->image.start) >> IMAGE_PAGE_SHIFT;
	layout->p2m_address = list_inside ? layout_address(layout, layout->p2m.first) : k->init_p2m;
	if (!list_inside)
		place_list(layout, &next, k->init_p2m, p2m_pages);
	if (!layout->ramdisk_mapped)
		place(&layout->ramdisk, &next, pages_of(ramdisk_size));
	if (!list_inside || !layout->ramdisk_mapped)
		layout->used_pages = next;
	if (!allowed(&layout->list) || (layout->list.start & (IMAGE_PAGE_SIZE - 1)))
		return "the kernel wants its p2m list at a bad address: check INIT_P2M";
	if (layout->list.start < layout->image.end && layout->image.start < layout->list.end)
		return "the INIT_P2M note lies inside the kernel's own addresses";
	return NULL;
}

/* --- the start state --- */

void layout_start_info(const struct guest_layout *layout, uint64_t ramdisk_size,
		       struct start_info *info)
{
	info->nr_pages = layout->total_pages;
	info->pt_base = layout_address(layout, layout->tables.first);
	info->nr_pt_frames = layout->tables.count;
	info->mfn_list = layout->p2m_address;
	if (layout->list.start < layout->list.end) {
		info->first_p2m_pfn = layout->p2m.first;
		info->nr_p2m_frames = layout->p2m.count + layout->p2m_tables.count;
	}
	info->mod_len = ramdisk_size;
	if (ramdisk_size && layout->ramdisk_mapped)
		info->mod_start = layout_address(layout, layout->ramdisk.first);
	if (ramdisk_size && !layout->ramdisk_mapped) {
		info->mod_start = layout->ramdisk.first;
		info->flags |= SIF_MOD_START_PFN;
	}
}

void layout_start_context(const struct guest_layout *layout, const struct kernel_image *k,
			  const uint64_t *p2m, struct vcpu_guest_context *context)
{
	struct cpu_user_regs *regs = &context->user_regs;

	context->flags = VGCF_in_kernel | VGCF_online;
	regs->rip = k->entry;
	regs->rsp = layout_address(layout, layout->stack.first + 1);
	regs->rsi = layout_address(layout, layout->start_info.first);
	regs->rflags = 1 << 9; /* interrupts on: what masks them is in shared_info */
	regs->cs = FLAT_KERNEL_CS;
	regs->ds = regs->es = regs->fs = regs->gs = FLAT_KERNEL_DS;
	context->kernel_ss = regs->ss = FLAT_KERNEL_SS;
	context->kernel_sp = regs->rsp;
	context->ctrlreg[3] = xen_pfn_to_cr3(p2m[layout->tables.first]);
}
