/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The auditor: recounts every reference on every frame from what is in memory (lists, page tables,
 * roots, pins, descriptor windows, what other rooms hold) and compares with the frame table. It
 * decodes entries by itself and shares no code with what it checks. The other CPUs stand still.
 */
#include <stdarg.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/descriptor.h>
#include <mm/heap.h>
#include <mm/hooks.h>
#include <mm/root.h>
#include <mm/table.h>
#include <mm/types.h>

enum difference {
	SAME,
	WRONG_LIST, /* a list is damaged, or its length is not what is counted */
	WRONG_OWNER,
	WRONG_COUNT, /* general references */
	WRONG_TYPES, /* type references */
	WRONG_STATE, /* an impossible type word */
	WRONG_ENTRY, /* a page-table entry that no validation would let pass */
	WRONG_HEAP,
	WRONG_M2P,
};

/* References that were found on one frame. */
struct tally {
	u32 general, typed;
};

struct audit {
	struct audit_result *out;
	struct tally *tally; /* of frames [base, base + room) */
	u64 base, room;
	unsigned order; /* of the scratch memory */
	u64 listed;	/* pages found on domains' lists */
	u64 free;	/* frames found in the heap */
};

static __attribute__((format(printf, 4, 5))) void differ(struct audit *a, u64 frame,
							 enum difference kind, const char *fmt, ...)
{
	va_list ap;

	if (a->out->kind)
		return;
	a->out->kind = kind;
	a->out->mfn = frame;
	va_start(ap, fmt);
	vsnprintk(a->out->text, sizeof(a->out->text), fmt, ap);
	va_end(ap);
}

static struct tally *tally_of(struct audit *a, u64 frame)
{
	return frame >= a->base && frame - a->base < a->room ? &a->tally[frame - a->base] : NULL;
}

static void count(struct audit *a, u64 frame, bool typed)
{
	struct tally *t = tally_of(a, frame);

	if (t && typed)
		t->typed++;
	else if (t)
		t->general++;
}

static bool is_ram(u64 frame)
{
	return frame < max_mfn && (frame_table[frame].flags & PAGE_RAM);
}

/* --- page tables --- */

static unsigned word_level(u64 word)
{
	unsigned type = word >> 32 & 7;

	return type >= 1 && type <= 4 ? type : 0;
}

/** A present entry of a table of this level: does it refer to what it may? */
static void check_entry(struct audit *a, u64 frame, unsigned level, unsigned slot, u64 entry)
{
	u64 target = entry >> 12 & 0xffffffffff, word;
	bool writable = entry & 2;
	u16 owner = frame_table[frame].owner;
	const struct page *pg;

	if (!(entry & 4) || (entry & 0x100) || (level > 1 && (entry & 0x98)))
		differ(a, frame, WRONG_ENTRY, "L%u entry %u is %lx: bits that no guest may set",
		       level, slot, entry);
	if (!is_ram(target)) {
		const struct domain_memory *dm = domain_memory_of(owner);

		if (level > 1 || !dm || !iomem_permitted(dm, mfn(target)))
			differ(a, frame, WRONG_ENTRY, "L%u entry %u is %lx: no RAM", level, slot,
			       entry);
		return;
	}
	pg = &frame_table[target];
	word = pg->type;
	count(a, target, level > 1 || writable);
	if (pg->owner == OWNER_NONE || (pg->owner != owner && !(pg->flags & PAGE_FOREIGN)))
		differ(a, frame, WRONG_OWNER, "L%u entry %u is %lx: frame of owner %x", level, slot,
		       entry, pg->owner);
	if (level > 1 && word_level(word) != level - 1)
		differ(a, frame, WRONG_ENTRY, "L%u entry %u is %lx: that frame is %s", level, slot,
		       entry, type_describe(word));
	if (level == 1 && writable && (word >> 32 & 7) != TYPE_WRITABLE)
		differ(a, frame, WRONG_ENTRY, "L1 entry %u is %lx: writable, but that frame is %s",
		       slot, entry, type_describe(word));
}

static void check_table(struct audit *a, u64 frame, unsigned level)
{
	const struct page *pg = &frame_table[frame];
	const u64 *entries = frame_virt(mfn(frame));
	unsigned held = pg->type & TYPE_VALID ? 512 : pg->type >> 40 & 0x3ff;
	const struct domain_memory *dm = domain_memory_of(pg->owner);

	for (unsigned i = 0; i < held; i++) {
		bool own = level == 4 && i >= 256 && i <= 271;

		if (own && (pg->type & TYPE_VALID) &&
		    ((entries[i] ^ root_slot(dm, i)) & ~0x60UL)) /* but for A and D */
			differ(a, frame, WRONG_ENTRY, "L4 slot %u is %lx", i, entries[i]);
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
		differ(a, vm->cr3_kernel >> 12, WRONG_STATE, "d%uv%u: CR3 is not its root",
		       vm->domain->domid, vm->vcpu_id);
	for (unsigned slot = 0; slot < DESCRIPTOR_WINDOW_PAGES; slot++) {
		const u64 *entry = window_entry(vm->domain, vm->vcpu_id, slot);
		u64 target = entry ? *entry >> 12 & 0xffffffffff : 0;

		if (!entry || !(*entry & 1) || !is_ram(target) ||
		    frame_table[target].owner == OWNER_NONE)
			continue; /* the hypervisor's own descriptors */
		count(a, target, true);
		if ((frame_table[target].type >> 32 & 7) != TYPE_DESCRIPTOR)
			differ(a, target, WRONG_ENTRY, "in a descriptor window, but %s",
			       type_describe(frame_table[target].type));
	}
}

static u64 check_list(struct audit *a, const struct domain_memory *dm, const struct page_list *list,
		      u8 flags)
{
	u64 n = 0;
	u32 prev = 0;

	for (u32 f = list->first; f && n <= max_mfn; prev = f, f = frame_table[f].next, n++) {
		const struct page *pg = &frame_table[f];

		if (pg->prev != prev || !is_ram(f))
			differ(a, f, WRONG_LIST, "its list of d%u is damaged", dm->domid);
		if (pg->owner != dm->domid || (pg->flags & (PAGE_SHARED | PAGE_SETTLED)) != flags)
			differ(a, f, WRONG_OWNER, "on a list of d%u, owner %x, flags %x", dm->domid,
			       pg->owner, pg->flags);
	}
	if (list->last != prev)
		differ(a, prev, WRONG_LIST, "a list of d%u does not end where it says", dm->domid);
	a->listed += n;
	return n;
}

static void check_domain(struct domain_memory *dm, void *arg)
{
	struct audit *a = arg;
	u64 n;

	hook_for_each_vcpu(dm, check_vcpu, a);
	if (a->base)
		return; /* the lists need one look only */
	n = check_list(a, dm, &dm->pages, 0) + check_list(a, dm, &dm->settled, PAGE_SETTLED);
	check_list(a, dm, &dm->shared_pages, PAGE_SHARED);
	if (n != dm->tot_pages)
		differ(a, dm->pages.first, WRONG_LIST,
		       "d%u has %lu pages on its lists, and counts %lu", dm->domid, n,
		       dm->tot_pages);
}

static void check_block(struct page *first, unsigned order, void *arg)
{
	struct audit *a = arg;

	a->free += BIT(order);
	for (u64 i = 0; i < BIT(order); i++)
		if (first[i].owner != OWNER_NONE || first[i].count || first[i].type ||
		    (i && (first[i].flags & PAGE_FREE)))
			differ(a, frame_mfn(first).n + i, WRONG_HEAP,
			       "free, with owner %x, count %x, type %lx", first[i].owner,
			       first[i].count, first[i].type);
}

/* --- the comparison --- */

static void check_state(struct audit *a, u64 frame, const struct page *pg)
{
	u64 word = pg->type, typed = word & TYPE_COUNT;
	bool valid = word & TYPE_VALID, partial = word & TYPE_PARTIAL;

	if ((word & TYPE_BUSY) || (valid && (partial || !typed)) || (!valid && !partial && typed) ||
	    (partial && typed > 1) || ((word & TYPE_PINNED) && (!typed || !word_level(word))) ||
	    pg->lock)
		differ(a, frame, WRONG_STATE, "impossible type word %lx (lock %u)", word, pg->lock);
}

static void compare(struct audit *a, u64 frame)
{
	const struct page *pg = &frame_table[frame];
	struct tally want = *tally_of(a, frame);
	u64 word = pg->type;

	a->out->frames++;
	if (pg->owner == OWNER_NONE) {
		if (pg->count || word || want.general || want.typed)
			differ(a, frame, WRONG_COUNT,
			       "nobody's: count %x, type %lx, but %u + %u references", pg->count,
			       word, want.general, want.typed);
		if (m2p_table[frame] != INVALID_M2P_ENTRY)
			differ(a, frame, WRONG_M2P, "nobody's, but its M2P entry is %lx",
			       m2p_table[frame]);
		return;
	}
	check_state(a, frame, pg);
	want.typed += word & TYPE_PINNED ? 1 : 0;
	want.typed +=
		pg->owner == OWNER_XEN || (pg->flags & (PAGE_SHARED | PAGE_ENDED)) == PAGE_SHARED;
	want.general += word & (TYPE_VALID | TYPE_PARTIAL) ? 1 : 0;
	want.general += pg->count & PAGE_ALLOCATED ? 1 : 0;
	if (want.typed != (word & TYPE_COUNT))
		differ(a, frame, WRONG_TYPES, "%s: counts %lu type references, %u found",
		       type_describe(word), word & TYPE_COUNT, want.typed);
	if (want.general != PAGE_REFS(pg->count))
		differ(a, frame, WRONG_COUNT, "%s: counts %u references, %u found",
		       type_describe(word), PAGE_REFS(pg->count), want.general);
	if (pg->owner != OWNER_XEN && !domain_memory_of(pg->owner))
		differ(a, frame, WRONG_OWNER, "owner %x is no domain", pg->owner);
}

/** One window of frames: tally all references into it, then compare. */
static void audit_window(struct audit *a)
{
	u64 owned = 0;

	memset(a->tally, 0, a->room * sizeof(*a->tally));
	hook_for_each_domain(check_domain, a);
	hook_audit_references(add_external, a);
	for (u64 f = 0; f < max_mfn; f++) {
		if (!is_ram(f))
			continue;
		owned += frame_table[f].owner != OWNER_NONE && frame_table[f].owner != OWNER_XEN;
		if (word_level(frame_table[f].type) &&
		    (frame_table[f].type & (TYPE_VALID | TYPE_PARTIAL)))
			check_table(a, f, word_level(frame_table[f].type));
	}
	if (!a->base && owned != a->listed)
		differ(a, 0, WRONG_LIST, "%lu frames have owners, %lu are on lists", owned,
		       a->listed);
	for (u64 f = a->base; f < max_mfn && f - a->base < a->room; f++)
		if (is_ram(f))
			compare(a, f);
}

static struct tally last_resort[1024]; /* when the heap is empty */

/** Scratch memory for as many frames at once as there is room for. */
static void take_scratch(struct audit *a)
{
	for (a->order = 0; (PAGE_SIZE << a->order) < max_mfn * sizeof(struct tally); a->order++)
		;
	while (!(a->tally = heap_pages(a->order)) && a->order)
		a->order--;
	a->room = (PAGE_SIZE << a->order) / sizeof(struct tally);
	if (!a->tally) {
		a->tally = last_resort;
		a->room = ARRAY_SIZE(last_resort);
	}
}

void mm_audit(struct audit_result *out)
{
	struct audit a = {.out = out};

	memset(out, 0, sizeof(*out));
	hook_quiesce(true);
	take_scratch(&a);
	heap_for_each_block(check_block, &a);
	if (a.free != heap_free_pages())
		differ(&a, 0, WRONG_HEAP, "%lu frames are free, the heap counts %lu", a.free,
		       heap_free_pages());
	for (; a.base < max_mfn; a.base += a.room)
		audit_window(&a);
	if (a.tally != last_resort)
		heap_pages_free(a.tally, a.order);
	hook_quiesce(false);
}
