/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The auditor: recounts every reference on every frame from what is in memory (lists, page tables,
 * roots, pins, descriptor windows, what other rooms hold) and compares with the frame table. It
 * decodes entries by itself and shares no code with what it checks. The other CPUs stand still.
 */
#include <xen/parapet.h>
#include <stdarg.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/root.h>
#include <mm/table.h>

#define WORD_TYPE(word) ((word) >> 32 & 7)
#define TARGET(entry)	((entry) >> 12 & 0xffffffffff)

struct audit {
	struct parapet_audit *out;
	u32 (*found)[2]; /* general and typed references to frames [base, base + room) */
	u64 base, room;
	u64 listed; /* pages found on domains' lists */
};

/** The first difference is what is reported. */
static __attribute__((format(printf, 3, 4))) void differ(struct audit *a, u64 frame,
							 const char *fmt, ...)
{
	va_list ap;

	if (a->out->kind)
		return;
	a->out->kind = 1;
	a->out->mfn = frame;
	va_start(ap, fmt);
	vsnprintk(a->out->text, sizeof(a->out->text), fmt, ap);
	va_end(ap);
}

static void count(struct audit *a, u64 frame, bool typed)
{
	if (frame - a->base < a->room)
		a->found[frame - a->base][typed]++;
}

/* --- page tables --- */

static unsigned word_level(u64 word)
{
	return WORD_TYPE(word) <= 4 ? WORD_TYPE(word) : 0;
}

/** A present entry of a table of this level: does it refer to what it may? */
static void check_entry(struct audit *a, u64 frame, unsigned level, unsigned slot, u64 entry)
{
	const struct page *pg = frame_of_ram(mfn(TARGET(entry)));
	u16 owner = frame_table[frame].owner;
	const struct domain_memory *dm = mm_page_owner(&frame_table[frame]);

	if (!(entry & 4) || (entry & 0x100) || (level > 1 && (entry & 0x98)))
		differ(a, frame, "L%u entry %u is %lx: bits that no guest may set", level, slot,
		       entry);
	if (!pg) {
		if (level > 1 || !dm || !iomem_permitted(dm, mfn(TARGET(entry))))
			differ(a, frame, "L%u entry %u is %lx: no RAM", level, slot, entry);
		return;
	}
	count(a, TARGET(entry), level > 1 || (entry & 2));
	if (pg->owner == OWNER_NONE || (pg->owner != owner && !(pg->flags & PAGE_FOREIGN)))
		differ(a, frame, "L%u entry %u is %lx: frame of owner %x", level, slot, entry,
		       pg->owner);
	if (level > 1 ? word_level(pg->type) != level - 1
		      : (entry & 2) && WORD_TYPE(pg->type) != TYPE_WRITABLE)
		differ(a, frame, "L%u entry %u is %lx: that frame is %s", level, slot, entry,
		       type_describe(pg->type));
}

static void check_table(struct audit *a, u64 frame, const struct page *pg)
{
	const u64 *entries = frame_virt(mfn(frame));
	unsigned level = word_level(pg->type);
	unsigned held = pg->type & TYPE_VALID ? 512 : pg->type >> 40 & 0x3ff;
	const struct domain_memory *dm = mm_page_owner(pg);

	for (unsigned i = 0; i < held; i++) {
		bool own = level == 4 && i >= HYPERVISOR_FIRST_SLOT && i <= HYPERVISOR_LAST_SLOT;

		if (own && (pg->type & TYPE_VALID) &&
		    ((entries[i] ^ root_slot(dm, i)) & ~0x60UL)) /* but for A and D */
			differ(a, frame, "L4 slot %u is %lx", i, entries[i]);
		else if (!own && (entries[i] & 1))
			check_entry(a, frame, level, i, entries[i]);
	}
}

/* --- what holds references beside tables --- */

static void add_external(struct page *pg, bool writable, void *arg)
{
	count(arg, frame_mfn(pg).n, writable);
}

static void check_vcpu(struct vcpu_memory *vm, void *arg)
{
	struct audit *a = arg;
	struct page *const held[] = {vm->root_kernel, vm->root_user, vm->deferred};

	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i])
			count(a, frame_mfn(held[i]).n, true);
	if ((vm->root_kernel && mfn_to_paddr(frame_mfn(vm->root_kernel)) != vm->cr3_kernel) ||
	    (vm->root_user && mfn_to_paddr(frame_mfn(vm->root_user)) != vm->cr3_user))
		differ(a, vm->cr3_kernel >> 12, "d%uv%u: CR3 is not its root", vm->domain->domid,
		       vm->vcpu_id);
	for (unsigned slot = 0; slot < DESCRIPTOR_WINDOW_PAGES; slot++) {
		u64 entry = *window_entry(vm->domain, vm->vcpu_id, slot);
		const struct page *pg = frame_of_ram(mfn(TARGET(entry)));

		if (!(entry & 1) || !pg || pg->owner == OWNER_NONE)
			continue; /* the hypervisor's own descriptors */
		count(a, TARGET(entry), true);
		if (WORD_TYPE(pg->type) != TYPE_DESCRIPTOR)
			differ(a, TARGET(entry), "in a descriptor window, but %s",
			       type_describe(pg->type));
	}
}

static u64 check_list(struct audit *a, const struct domain_memory *dm, const struct page_list *list,
		      u8 flags)
{
	u64 n = 0;
	u32 prev = 0;

	for (u32 f = list->first; f && n <= max_mfn; prev = f, f = frame_table[f].next, n++) {
		const struct page *pg = &frame_table[f];

		if (pg->prev != prev || !frame_of_ram(mfn(f)))
			differ(a, f, "its list of d%u is damaged", dm->domid);
		if (pg->owner != dm->domid || (pg->flags & (PAGE_SHARED | PAGE_SETTLED)) != flags)
			differ(a, f, "on a list of d%u, owner %x, flags %x", dm->domid, pg->owner,
			       pg->flags);
	}
	a->listed += n;
	return n;
}

static void check_domain(struct domain_memory *dm, void *arg)
{
	struct audit *a = arg;

	hook_for_each_vcpu(dm, check_vcpu, a);
	if (a->base)
		return; /* the lists need one look only */
	u64 n = check_list(a, dm, &dm->pages, 0) + check_list(a, dm, &dm->settled, PAGE_SETTLED);
	check_list(a, dm, &dm->shared_pages, PAGE_SHARED);
	if (n != dm->tot_pages)
		differ(a, dm->pages.first, "d%u has %lu pages on its lists, and counts %lu",
		       dm->domid, n, dm->tot_pages);
}

/** The free block that begins here. Returns its size in frames. */
static u64 check_block(struct audit *a, u64 frame)
{
	u64 frames = BIT(frame_table[frame].order);

	for (u64 i = 0; i < frames; i++) {
		const struct page *pg = frame_of_ram(mfn(frame + i));

		if (!pg || pg->owner != OWNER_NONE || pg->count || pg->type ||
		    (i && (pg->flags & PAGE_FREE)))
			differ(a, frame + i, "in a free block, but in use");
	}
	return frames;
}

/* --- the comparison --- */

static void check_state(struct audit *a, u64 frame, const struct page *pg)
{
	u64 word = pg->type, typed = word & TYPE_COUNT;
	bool valid = word & TYPE_VALID, partial = word & TYPE_PARTIAL;

	if ((word & TYPE_BUSY) || (valid && (partial || !typed)) || (!valid && !partial && typed) ||
	    (partial && typed > 1) || ((word & TYPE_PINNED) && (!typed || !word_level(word))) ||
	    pg->lock)
		differ(a, frame, "impossible type word %lx (lock %u)", word, pg->lock);
	if (pg->owner == OWNER_NONE && (pg->count || word || m2p_table[frame] != INVALID_M2P_ENTRY))
		differ(a, frame, "nobody's, but its count is %x, type word %lx, M2P entry %lx",
		       pg->count, word, m2p_table[frame]);
	if (pg->owner != OWNER_NONE && pg->owner != OWNER_XEN && !mm_page_owner(pg))
		differ(a, frame, "owner %x is no domain", pg->owner);
}

static void compare(struct audit *a, u64 frame, const struct page *pg)
{
	u32 general = a->found[frame - a->base][false], typed = a->found[frame - a->base][true];
	u64 word = pg->type;

	a->out->frames++;
	check_state(a, frame, pg);
	typed += word & TYPE_PINNED ? 1 : 0;
	typed += pg->owner == OWNER_XEN || (pg->flags & (PAGE_SHARED | PAGE_ENDED)) == PAGE_SHARED;
	general += word & (TYPE_VALID | TYPE_PARTIAL) ? 1 : 0;
	general += pg->count & PAGE_ALLOCATED ? 1 : 0;
	if (typed != (word & TYPE_COUNT))
		differ(a, frame, "%s: counts %lu type references, %u found", type_describe(word),
		       word & TYPE_COUNT, typed);
	if (general != PAGE_REFS(pg->count))
		differ(a, frame, "%s: counts %u references, %u found", type_describe(word),
		       PAGE_REFS(pg->count), general);
}

/** One window of frames: tally all references into it, then compare. */
static void audit_window(struct audit *a)
{
	u64 owned = 0, free = 0;

	memset(a->found, 0, a->room * sizeof(*a->found));
	hook_for_each_domain(check_domain, a);
	hook_audit_references(add_external, a);
	for (u64 f = 0; f < max_mfn; f++) {
		const struct page *pg = frame_of_ram(mfn(f));

		if (!pg)
			continue;
		owned += pg->owner != OWNER_NONE && pg->owner != OWNER_XEN;
		free += pg->flags & PAGE_FREE ? check_block(a, f) : 0;
		if (word_level(pg->type) && (pg->type & (TYPE_VALID | TYPE_PARTIAL)))
			check_table(a, f, pg);
	}
	if (owned != a->listed)
		differ(a, 0, "%lu frames have owners, %lu are on lists", owned, a->listed);
	if (free != heap_free_pages())
		differ(a, 0, "%lu frames are free, the heap counts %lu", free, heap_free_pages());
	for (u64 f = a->base; f < max_mfn && f - a->base < a->room; f++)
		if (frame_of_ram(mfn(f)))
			compare(a, f, &frame_table[f]);
}

static u32 last_resort[1024][2]; /* when the heap is empty */

void mm_audit(struct parapet_audit *out)
{
	struct audit a = {.out = out, .found = last_resort, .room = ARRAY_SIZE(last_resort)};
	void *scratch;
	unsigned order = 0;

	memset(out, 0, sizeof(*out));
	hook_quiesce(true);
	/* For as many frames at once as there is room for. */
	while ((PAGE_SIZE << order) < max_mfn * sizeof(*a.found))
		order++;
	while (!(scratch = heap_pages(order)) && order)
		order--;
	if (scratch) {
		a.found = scratch;
		a.room = (PAGE_SIZE << order) / sizeof(*a.found);
	}
	for (; a.base < max_mfn; a.base += a.room)
		audit_window(&a);
	if (scratch)
		heap_pages_free(scratch, order);
	hook_quiesce(false);
}
