/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hypercalls of two domains, made of the input: page tables, pins, roots, descriptors,
 * reservations, grants. Each one is done by the real sources, preempted or not, then by model.c;
 * both must agree on whether it is allowed, on every count and owner, and on all that is in memory;
 * and the auditor must be silent. At the end both domains die and every page is back.
 */
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <core/calls.h>
#include "fakes/mm_fakes.h"
#include "input.h"
#include "model.h"

#define OPERATIONS 48 /* of one input */
#define PAGES	   14 /* that a domain begins with */
#define LIMIT	   20 /* that it may have */
#define HELD	   4

_Static_assert(PAGE_COUNT_MAX == REF_LIMIT && TYPE_COUNT_MAX == USE_LIMIT, "the model's limits");
_Static_assert(FAKE_FIRST_FRAME == MODEL_FIRST && FAKE_END_FRAME == MODEL_END, "its frames");

static struct model model;
static struct domain *domains[MODEL_DOMAINS];
static uint32_t self; /* who acts */
static unsigned held; /* descriptor pages, as GDTs hold them */
static u64 held_frames[HELD];

/* --- values: mostly such as make sense as things are, sometimes anything --- */

/* One of the domain's frames that is used as this, or (also_idle) not in use; 0: there is none. */
static u64 frame_used_as(uint32_t owner, enum use use, bool also_idle, unsigned pick)
{
	u64 found[MODEL_FRAMES];
	unsigned n = 0;

	for (u64 f = MODEL_FIRST; f < MODEL_END; f++) {
		const struct model_frame *m = model_frame(&model, f);

		if (m->owner == owner && (m->uses ? m->use == use : also_idle))
			found[n++] = f;
	}
	return n ? found[pick % n] : 0;
}

static u64 any_frame(void)
{
	uint8_t b = input_byte();

	if (b < 0x60) /* idle, or data */
		return frame_used_as(self, DATA, true, b);
	if (b < 0xa0) /* a table */
		return frame_used_as(self, TABLE_1 + b % 4, false, b / 4);
	if (b >= 0xf8)
		return input_word();
	return b < 0xf0 ? MODEL_FIRST - 4 + b % (MODEL_FRAMES + 8) : MODEL_DEVICE + b % 8;
}

static unsigned any_slot(void)
{
	static const uint16_t slots[] = {0, 1, 2, 3, 128, 257, 300, 511};
	uint8_t b = input_byte();

	return b < 0xe0 ? slots[b % 8] : (b * 8u + input_byte()) % 512;
}

static u64 any_value(void)
{
	static const u64 flags[] = {7, 7, 5, 5, 3, 1, 0x67, 1UL << 63 | 7, 0xe07};
	uint8_t kind = input_byte();

	if (kind < 0x20)
		return 0;
	if (kind >= 0xf0)
		return input_word();
	u64 value = any_frame() << 12 | flags[kind % ARRAY_SIZE(flags)];
	return kind >= 0xd0 ? value ^ 1UL << input_byte() % 64 : value;
}

/* For this entry. */
static u64 value_for(u64 ptr)
{
	const struct model_frame *table = model_frame(&model, ptr >> 12);
	uint8_t b = input_byte();

	if (b >= 0xc0 || !table || !table->uses || table->use > TABLE_4)
		return any_value();
	if (b < 0x20)
		return 0;
	u64 frame = frame_used_as(self, table->use == TABLE_1 ? DATA : table->use - 1, true, b);
	u64 value = frame << 12 | (table->use > TABLE_1 || b & 1 ? 7 : 5);
	/* and some with one bit that is otherwise */
	return b % 16 >= 13 ? value ^ 1UL << input_byte() % 64 : value;
}

static u64 any_address(void)
{
	uint8_t b = input_byte();

	if (b >= 0xf8)
		return input_word();
	return FAKE_VA + (b >= 0x80 ? 0x100000 : 0) + (b % 16) * 4096ul;
}

static uint32_t any_domain(void)
{
	static const uint16_t names[] = {1, 2, NAME_IO, NAME_XEN, 3, 0, 0x7fff, 0x7ff4};
	uint8_t b = input_byte();

	return b < 0xc0 ? NAME_SELF : names[b % 8];
}

/* A grant: flags, domain, frame. */
static u64 any_grant(void)
{
	static const uint16_t flags[] = {1, 1, 1, 5, 0, 2, 0x101, 0x19};
	uint8_t b = input_byte();

	if (b >= 0xf0)
		return input_word();
	return flags[b % 8] | (b & 8 ? self : 3 - self) << 16 | any_frame() << 32;
}

/* --- operations: the arguments, then what the hypervisor does with them, then the model --- */

static struct {
	uint32_t count, name, table_name, level, done, size;
	u64 ptrs[4], values[4], frames[4], address, second;
	uint16_t slots[4];
	uint32_t refs[2], offsets[2], flags, handle, lengths, kinds;
	bool choice;
} a;

static struct vcpu_memory *vm(void)
{
	return &domains[self]->vcpus[0]->mem;
}

static void draw_updates(void)
{
	a.count = 1 + input_byte() % 4;
	a.name = any_domain();
	a.table_name = any_domain();
	for (uint32_t i = 0; i < a.count; i++) {
		uint8_t command = input_byte();

		a.ptrs[i] = any_frame() << 12 | any_slot() * 8;
		if (command >= 0xc0)
			a.ptrs[i] |= command % 8;
		a.values[i] = value_for(a.ptrs[i]);
	}
}

static bool do_updates(void)
{
	struct mmu_update reqs[4];
	u64 domain = a.name | (a.table_name == NAME_SELF ? 0 : (u64)(a.table_name + 1) << 16);

	for (uint32_t i = 0; i < a.count; i++)
		reqs[i] = (struct mmu_update){a.ptrs[i], a.values[i]};
	a.done = 99;
	return !fake_call(mmu_update, ((u64)reqs, a.count, (u64)&a.done, domain));
}

static bool model_updates(void)
{
	uint32_t tables = model_target(&model, self, a.table_name), i = 0;
	uint32_t frames = model_target(&model, self, a.name);

	if (!tables) /* then nobody hears how many were done */
		return a.done != 99;
	if (!frames)
		return a.done != 0;
	while (i < a.count && model_mmu_update(&model, tables, frames, a.ptrs[i], a.values[i]))
		i++;
	return i == a.count && a.done == i;
}

static void draw_extended(void)
{
	a.count = 1 + input_byte() % 3;
	a.name = any_domain();
	for (uint32_t i = 0; i < a.count; i++) {
		a.slots[i] = input_byte() % 11;
		a.frames[i] = any_frame();
		if (a.slots[i] < 4 && input_byte() % 2) /* a pin that may be had */
			a.frames[i] = frame_used_as(self, a.slots[i] + 1, true, input_byte());
		a.values[i] = a.slots[i] == 10 ? input_byte() % 32 * 300 : any_frame();
		if (a.slots[i] == 10)
			a.frames[i] = any_address();
		if (a.slots[i] == 6 && a.frames[i] < MODEL_FIRST)
			a.frames[i] = 0;
	}
}

static bool do_extended(void)
{
	static const unsigned commands[] = {
		MMUEXT_PIN_L1_TABLE,	 MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
		MMUEXT_PIN_L4_TABLE,	 MMUEXT_UNPIN_TABLE,  MMUEXT_NEW_BASEPTR,
		MMUEXT_NEW_USER_BASEPTR, MMUEXT_CLEAR_PAGE,   MMUEXT_COPY_PAGE,
		MMUEXT_UNPIN_TABLE,	 MMUEXT_SET_LDT};
	struct mmuext_op ops[3];

	for (uint32_t i = 0; i < a.count; i++) {
		ops[i].cmd = commands[a.slots[i]];
		ops[i].arg1.mfn = a.frames[i];
		ops[i].arg2.src_mfn = a.values[i];
		if (a.slots[i] == 10)
			ops[i].arg2.nr_ents = a.values[i];
	}
	a.done = 99;
	return !fake_call(mmuext_op, ((u64)ops, a.count, (u64)&a.done, a.name));
}

static bool model_one(uint32_t target, unsigned kind, u64 frame, u64 value)
{
	switch (kind) {
	case 0 ... 3:
		return model_pin(&model, target, frame, kind + 1);
	case 5:
	case 6:
		return target == self && model_set_root(&model, self, frame, kind == 6);
	case 7:
	case 8:
		return model_fill(&model, target, frame, kind == 8, value);
	case 10:
		return model_set_ldt(&model, self, frame, value);
	default:
		return model_unpin(&model, target, frame);
	}
}

static bool model_extended(void)
{
	uint32_t target = model_target(&model, self, a.name), i = 0;

	if (!target)
		return a.done != 99;
	while (i < a.count && model_one(target, a.slots[i], a.frames[i], a.values[i]))
		i++;
	return i == a.count && a.done == i;
}

static void draw_address(void)
{
	a.name = any_domain();
	a.address = any_address();
	a.values[0] = value_for(frame_used_as(self, TABLE_1, false, 0) << 12);
}

static bool do_by_address(void)
{
	return !do_update_va_mapping_otherdomain(a.address, a.values[0], 0, a.name);
}

static bool model_by_address(void)
{
	uint32_t target = model_target(&model, self, a.name);

	return target && model_update_va(&model, self, target, a.address, a.values[0]);
}

static void draw_table_write(void)
{
	a.address = FAKE_L1_VA + any_slot() * 8;
	if (input_byte() & 1)
		a.address = any_address() + any_slot() * 8;
	a.size = 8;
	if (input_byte() % 4 == 0) {
		a.size = 1 + input_byte() % 9;
		a.address += input_byte() % 8;
	}
	a.values[0] = value_for(frame_used_as(self, TABLE_1, false, 0) << 12);
}

static bool do_table_write(void)
{
	return mm_ptwr_candidate(vm(), a.address) &&
	       !mm_ptwr_write(vm(), a.address, NULL, a.values[0], a.size);
}

static bool model_store(void)
{
	return a.size <= 8 && model_table_write(&model, self, a.address, a.values[0], a.size);
}

static void draw_write(void)
{
	bool grants = input_byte() % 2;

	a.frames[0] = grants ? model.domains[self].grant_frame : any_frame();
	a.count = 1 + input_byte() % 4;
	for (uint32_t i = 0; i < a.count; i++) {
		a.slots[i] = any_slot();
		a.values[i] = grants ? any_grant() : any_value();
	}
}

static bool do_write(void)
{
	struct page *pg = mm_get_page_writable(mfn(a.frames[0]), &domains[self]->mem);

	if (!pg)
		return false;
	for (uint32_t i = 0; i < a.count; i++)
		((u64 *)page_to_virt(pg))[a.slots[i]] = a.values[i];
	type_put(pg);
	return true;
}

static bool model_writes(void)
{
	return model_write(&model, self, a.frames[0], a.slots, a.values, a.count);
}

static void draw_descriptor(void)
{
	static const u64 some[] = {0,
				   0x00cffa000000ffff,
				   0x00cf92000000ffff,
				   0x0000890000000067,
				   0x0000e50000080000,
				   0x00000000ffff8000};
	uint8_t b = input_byte();

	a.address = any_frame() << 12 | any_slot() * 8;
	a.values[0] = b < 0xc0 ? some[b % ARRAY_SIZE(some)] : input_word();
	if (b % 16 == 15)
		a.address += b / 16;
}

static bool do_descriptor(void)
{
	return !mm_update_descriptor(vm(), a.address, a.values[0]);
}

static bool model_one_descriptor(void)
{
	return model_descriptor(&model, self, a.address, a.values[0]);
}

static void draw_gdt(void)
{
	a.choice = held == HELD || (held && input_byte() % 2); /* drop one, or take one */
	a.frames[0] = a.choice ? held_frames[held - 1] : any_frame();
}

static bool do_gdt(void)
{
	if (a.choice) {
		type_put(fake_entry(held_frames[--held]));
		return true;
	}
	struct page *pg = held < HELD && a.frames[0] < MODEL_END
				  ? fake_get_descriptor_page(domains[self], a.frames[0])
				  : NULL;

	if (pg)
		held_frames[held++] = a.frames[0];
	return pg;
}

static bool model_gdt(void)
{
	if (a.choice) {
		model_unuse(&model, a.frames[0]);
		return true;
	}
	/* held was counted up already if it was taken */
	return model_use(&model, self, a.frames[0], DESCRIPTORS);
}

static void draw_ldt(void)
{
	a.count = input_byte() % 18;
}

static bool do_ldt(void)
{
	return mm_ldt_fault(vm(), a.count);
}

static bool model_ldt(void)
{
	return model_ldt_fault(&model, self, a.count);
}

/* --- reservations --- */

static void draw_reservation(void)
{
	a.count = 1 + input_byte() % 4;
	a.level = input_byte() % 3;
	for (uint32_t i = 0; i < a.count; i++)
		a.frames[i] = any_frame();
}

static u64 given[4]; /* what came */

static bool do_reservation(void)
{
	static const unsigned commands[] = {XENMEM_decrease_reservation, XENMEM_populate_physmap,
					    XENMEM_increase_reservation};
	struct xen_memory_reservation r = {.nr_extents = a.count, .domid = DOMID_SELF};

	memcpy(given, a.frames, sizeof(given));
	r.extent_start.p = given;
	a.done = fake_call(memory_op, (commands[a.level], (u64)&r));
	return a.done == a.count;
}

static bool model_reservation(void)
{
	uint32_t i = 0, free = 0;

	if (a.level == 0) {
		while (i < a.count && model_give_back(&model, self, a.frames[i]))
			i++;
		return a.done == i && i == a.count;
	}
	for (; i < a.done; i++)
		if (!model_give(&model, self, given[i]))
			FINDING("frame %lx was given", given[i]);
	for (unsigned f = 0; f < MODEL_FRAMES; f++)
		free += model.frames[f].owner == NOBODY;
	/* It may stop early for one reason only: a pfn that is none, no memory, or the limit. */
	if (i < a.count && free && model.domains[self].pages < model.domains[self].limit &&
	    !(a.level == 1 && a.frames[i] >> 40))
		FINDING("populate stopped after %u of %u: %s", i, a.count, fake_last_text);
	return i == a.count;
}

/* As a domctl would: the most pages, perhaps fewer than there are. */
static void draw_limit(void)
{
	a.count = LIMIT - input_byte() % 12;
}

static bool do_limit(void)
{
	domains[self]->mem.max_pages = a.count;
	return true;
}

static bool model_limit(void)
{
	model.domains[self].limit = a.count;
	return true;
}

static bool do_exchange(void)
{
	struct xen_memory_exchange x = {.in = {.nr_extents = a.count, .domid = DOMID_SELF},
					.out = {.nr_extents = a.count, .domid = DOMID_SELF}};
	u64 list[4];

	memcpy(list, a.frames, sizeof(list));
	for (unsigned i = 0; i < 4; i++)
		given[i] = i;
	x.in.extent_start.p = list;
	x.out.extent_start.p = given;
	long rc = fake_call(memory_op, (XENMEM_exchange, (u64)&x));
	a.done = x.nr_exchanged;
	return !rc;
}

static bool model_exchanges(void)
{
	uint32_t i = 0;

	for (; i < a.count && model_exchangeable(&model, self, a.frames[i]); i++) {
		if (i == a.done || model.domains[self].pages > model.domains[self].limit)
			break; /* no memory? the verdict tells */
		model_exchange(&model, self, a.frames[i], given[i]);
	}
	return a.done == i && i == a.count;
}

/* --- grants --- */

static long finish_grants(long rc)
{
	while (rc == HYPERCALL_PREEMPTED)
		rc = do_grant_table_op(fake_preempt_args[0], fake_preempt_args[1],
				       fake_preempt_args[2]);
	return rc;
}

static void draw_where(void)
{
	a.address = any_address();
	if (a.flags & GNTMAP_contains_pte)
		a.address = any_frame() << 12 | any_slot() * 8 | (input_byte() == 0xff);
}

static uint32_t any_ref(void)
{
	uint8_t b = input_byte();
	const u64 *grants = model.memory[model.domains[3 - self].grant_frame - MODEL_FIRST];

	for (unsigned i = 0; i < 512 && b < 0x80; i++) /* one that there is */
		if (grants[(b + i) % 512] & 1)
			return (b + i) % 512;

	if (b >= 0xf8)
		return input_word();
	return b < 0xf0 ? any_slot() : 512 + b;
}

static void draw_map(void)
{
	static const uint8_t flags[] = {2, 6, 2, 6, 3, 1, 18, 22, 7, 0, 8, 5};
	uint8_t b = input_byte();

	a.name = b & 0x80 ? any_domain() : 3 - self;
	a.flags = flags[b % ARRAY_SIZE(flags)] | (u32)input_byte() << 16;
	a.refs[0] = any_ref();
	draw_where();
}

static bool do_map(void)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = a.address, .flags = a.flags, .ref = a.refs[0], .dom = a.name};

	if (finish_grants(do_grant_table_op(GNTTABOP_map_grant_ref, (u64)&op, 1)))
		FINDING("map: the batch failed");
	a.handle = op.handle;
	return op.status == GNTST_okay;
}

static bool model_maps(void)
{
	return model_map(&model, self, a.name, a.refs[0], a.flags, a.address, a.handle);
}

static void draw_unmap(void)
{
	uint8_t b = input_byte();
	const struct model_handle *h;

	a.handle = b < 0xf0 ? b % 8 : input_word();
	h = &model.domains[self].handles[a.handle % MODEL_HANDLES];
	a.flags = h->by_pte ? GNTMAP_contains_pte : 0;
	a.choice = b % 32 == 31; /* and replace */
	draw_where();
	a.second = input_byte() % 4 ? 0 : any_address();
	if (input_byte() % 8 == 0)
		a.address = 0;
}

static bool do_unmap(void)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = a.address, .dev_bus_addr = a.second, .handle = a.handle};

	if (finish_grants(do_grant_table_op(
		    a.choice ? GNTTABOP_unmap_and_replace : GNTTABOP_unmap_grant_ref, (u64)&op, 1)))
		FINDING("unmap: the batch failed");
	return op.status == GNTST_okay;
}

static bool model_unmaps(void)
{
	return model_unmap(&model, self, a.handle, a.address, a.second, a.choice);
}

static void draw_copy(void)
{
	a.kinds = input_byte();
	for (unsigned i = 0; i < 2; i++) {
		bool grant = a.kinds >> i & 1;

		a.refs[i] = grant ? any_ref() : (uint32_t)any_frame();
		a.ptrs[i] = a.kinds >> (2 + i) & 1 ? any_domain() : grant ? 3 - self : NAME_SELF;
		a.offsets[i] = input_byte() * 16;
	}
	a.lengths = input_byte() * 8;
}

static bool do_copy(void)
{
	struct gnttab_copy op = {.flags = a.kinds & 3, .len = a.lengths};
	struct gnttab_copy_ptr *ends[] = {&op.source, &op.dest};

	for (unsigned i = 0; i < 2; i++) {
		if (a.kinds >> i & 1)
			ends[i]->u.ref = a.refs[i];
		else
			ends[i]->u.gmfn = a.refs[i];
		ends[i]->domid = a.ptrs[i];
		ends[i]->offset = a.offsets[i];
	}
	if (finish_grants(do_grant_table_op(GNTTABOP_copy, (u64)&op, 1)))
		FINDING("copy: the batch failed");
	return op.status == GNTST_okay;
}

static bool model_copies(void)
{
	const struct model_end from = {a.kinds & 1, a.ptrs[0], a.refs[0], a.offsets[0]};
	const struct model_end to = {a.kinds >> 1 & 1, a.ptrs[1], a.refs[1], a.offsets[1]};

	return model_copy(&model, self, &from, &to, a.lengths);
}

static const struct operation {
	const char *name;
	void (*draw)(void);
	bool (*real)(void), (*modelled)(void);
} table[] = {
	{"mmu_update", draw_updates, do_updates, model_updates},
	{"mmu_update", draw_updates, do_updates, model_updates},
	{"mmuext_op", draw_extended, do_extended, model_extended},
	{"mmuext_op", draw_extended, do_extended, model_extended},
	{"update_va_mapping", draw_address, do_by_address, model_by_address},
	{"table write", draw_table_write, do_table_write, model_store},
	{"write", draw_write, do_write, model_writes},
	{"write", draw_write, do_write, model_writes},
	{"update_descriptor", draw_descriptor, do_descriptor, model_one_descriptor},
	{"set_gdt", draw_gdt, do_gdt, model_gdt},
	{"LDT fault", draw_ldt, do_ldt, model_ldt},
	{"reservation", draw_reservation, do_reservation, model_reservation},
	{"exchange", draw_reservation, do_exchange, model_exchanges},
	{"limit", draw_limit, do_limit, model_limit},
	{"map", draw_map, do_map, model_maps},
	{"unmap", draw_unmap, do_unmap, model_unmaps},
	{"copy", draw_copy, do_copy, model_copies},
};

/* --- comparison --- */

static const char *frame_difference(const struct model_frame *f, const struct page *pg)
{
	u64 word = pg->type;

	if (!(pg->count & 0x80000000) != !f->allocated)
		return "allocation";
	if ((pg->count & 0x7fffffff) != f->refs)
		return "references";
	if ((word & 0xffffffff) != f->uses || (f->uses && (word >> 32 & 7) != f->use))
		return "uses";
	if (!(word >> 35 & 1) != !f->pinned)
		return "pin";
	return !f->uses && (word >> 36 & 15) ? "state" : NULL;
}

static const char *memory_difference(u64 frame)
{
	const u64 *expected = model.memory[frame - MODEL_FIRST], *found = fake_bytes(frame);

	/* Slots 256..271 of roots are the auditor's. */
	return memcmp(expected, found, 256 * 8) || memcmp(expected + 272, found + 272, 240 * 8)
		       ? "memory"
		       : NULL;
}

static const char *difference(u64 *where)
{
	const char *what = NULL;

	for (u64 i = MODEL_FIRST; !what && i < MODEL_END; *where = i++) {
		const struct model_frame *f = model_frame(&model, i);
		uint16_t owner = fake_entry(i)->owner;

		if (f->owner != HYPERVISOR && f->owner != (owner == 0xffff ? NOBODY : owner))
			what = "owner";
		else if (f->owner != HYPERVISOR && f->owner != NOBODY)
			what = frame_difference(f, fake_entry(i));
		if (!what && f->owner >= 1 && f->owner < MODEL_DOMAINS)
			what = memory_difference(i);
	}
	for (uint32_t d = 1; !what && d < MODEL_DOMAINS; *where = d++) {
		const struct vcpu_memory *v = &domains[d]->vcpus[0]->mem;
		const struct model_domain *m = &model.domains[d];

		if (domains[d]->mem.tot_pages != m->pages)
			what = "number of pages";
		else if (v->cr3_kernel >> 12 != m->kernel_root || v->cr3_user >> 12 != m->user_root)
			what = "roots";
	}
	return what;
}

/* What the hypervisor puts into a root, and the auditor checks, the model takes over. */
static void adopt_root_slots(void)
{
	for (u64 f = MODEL_FIRST; f < MODEL_END; f++)
		if (model_frame(&model, f)->owner < MODEL_DOMAINS)
			memcpy(&model.memory[f - MODEL_FIRST][256], fake_bytes(f) + 256, 16 * 8);
}

/* The model is right if what it says and does is what happened. */
static void compare(const struct operation *op, bool good)
{
	bool predicted = op->modelled();
	const char *what;
	u64 where = 0;

	what = predicted == good ? difference(&where) : "verdict";
	const struct model_frame *f = model_frame(&model, where);

	if (what && f)
		fprintf(stderr,
			"page: count %x, type word %lx; model: owner %x, %u references, %u uses as %u%s\n",
			fake_entry(where)->count, fake_entry(where)->type, f->owner, f->refs,
			f->uses, f->use, f->allocated ? ", allocated" : "");
	if (what)
		FINDING("%s by d%u was %s, and the model says %s; what differs: %s (%lx); %s",
			op->name, self, good ? "done" : "refused", predicted ? "done" : "refused",
			what, where, fake_last_text);
	adopt_root_slots();
}

/*
 * The TLB of the one CPU may still hold a writable mapping of a frame that was data: before the
 * frame is a table or holds descriptors it must have been flushed.
 */
static bool stale[MODEL_FRAMES];

static void check_tlb(void)
{
	static u32 flushed; /* as of the last time */
	bool since = fake_flushed_at[0] != flushed;

	flushed = fake_flushed_at[0];
	for (unsigned i = 0; i < MODEL_FRAMES; i++) {
		const struct model_frame *f = &model.frames[i];

		if (since || f->owner == NOBODY)
			stale[i] = false;
		if (f->uses && f->use == DATA)
			stale[i] = true;
		else if (f->uses && f->use <= DESCRIPTORS && stale[i])
			FINDING("frame %x was writable, is used as %u, and was not flushed",
				MODEL_FIRST + i, f->use);
	}
}

static void audit(void)
{
	struct parapet_audit result;

	fake_external = (int)held;
	for (unsigned i = 0; i < held; i++) {
		fake_external_pages[i].page = fake_entry(held_frames[i]);
		fake_external_pages[i].writable = true;
	}
	mm_audit(&result);
	if (result.kind)
		FINDING("auditor: frame %lx: %s", result.mfn, result.text);
}

/* With FUZZ_TRACE in the environment: what is done. */
static void trace(const struct operation *op)
{
	fprintf(stderr,
		"d%u %s: count %u names %x %x level %u address %lx second %lx handle %x flags %x\n",
		self, op->name, a.count, a.name, a.table_name, a.level, a.address, a.second,
		a.handle, a.flags);
	for (uint32_t i = 0; i < a.count && i < 4; i++)
		fprintf(stderr, "  ptr %lx value %lx frame %lx slot %u\n", a.ptrs[i], a.values[i],
			a.frames[i], a.slots[i]);
}

static void step(void)
{
	const struct operation *op = &table[input_byte() % ARRAY_SIZE(table)];
	uint8_t how = input_byte();

	self = how & 1 ? 2 : 1;
	fake_run_as(domains[self]);
	fake_last_text[0] = 0;
	op->draw();
	fake_preempt_in = how >> 1 & 3;
	bool good = op->real();

	fake_preempt_in = 0;
	fake_preempt_done = 0;
	if (mm_drain(vm())) /* what the vCPU's next call would finish */
		FINDING("preempted, though nothing does");
	if (getenv("FUZZ_TRACE"))
		trace(op);
	compare(op, good);
	check_tlb();
	audit();
	operations++;
	accepted += good;
}

/* --- the machine --- */

static struct domain *begin_domain(domid_t domid, bool privileged, struct fake_space *s)
{
	struct domain *d = fake_domain(domid, privileged, LIMIT);
	struct model_domain *m = &model.domains[domid];

	m->privileged = privileged;
	m->limit = LIMIT;
	d->mem.vm_assist = ~0UL;
	d->max_grant_frames = 2; /* one of which it has */
	d->max_maptrack_frames = 1;
	if (domid == 1)
		d->mem.iomem[d->mem.iomem_ranges++] =
			(struct mfn_range){FAKE_DEVICE, FAKE_DEVICE + 3};
	fake_space(d, s);
	while (d->mem.tot_pages < PAGES)
		fake_page(d);
	if (grant_table_grow(d, 1))
		FINDING("no memory for grants");
	maptrack_free(&d->grants, maptrack_take(d)); /* so that its memory is there */
	m->grant_frame = page_to_mfn(d->grants.pages[0]).n;
	return d;
}

/* What the model has to know to begin with. */
static void look(void)
{
	for (u64 f = MODEL_FIRST; f < MODEL_END; f++) {
		const struct page *pg = fake_entry(f);
		struct model_frame *m = model_frame(&model, f);

		if (pg->owner == NAME_XEN)
			*m = (struct model_frame){NAME_XEN, .use = SHARED_READ, .uses = 1,
						  .refs = 1};
		else if (pg->owner == 1 || pg->owner == 2)
			model_give(&model, pg->owner, f);
		else
			m->owner = HYPERVISOR;
		memcpy(model.memory[f - MODEL_FIRST], fake_bytes(f), 4096);
	}
	for (uint32_t d = 1; d < MODEL_DOMAINS; d++) {
		*model_frame(&model, model.domains[d].grant_frame) =
			(struct model_frame){.owner = d, .use = DATA, .uses = 1, .refs = 1};
		model.domains[d].pages--;
	}
}

static void find_free_frames(void)
{
	for (u64 f = MODEL_FIRST; f < MODEL_END; f++)
		for (u64 i = 0; fake_entry(f)->flags & PAGE_FREE && i < BIT(fake_entry(f)->order);
		     i++)
			model_frame(&model, f + i)->owner = NOBODY;
}

static void end(void)
{
	while (held)
		type_put(fake_entry(held_frames[--held]));
	fake_external = 0;
	for (uint32_t d = 1; d < MODEL_DOMAINS; d++)
		if (grant_domain_release(domains[d]))
			FINDING("release of grants was preempted, though nothing does");
	for (uint32_t d = 1; d < MODEL_DOMAINS; d++)
		grant_domain_free(domains[d]);
	fake_machine_clean(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_space s[MODEL_DOMAINS];

	input_begin(data, size);
	fake_machine(NULL);
	memset(&model, 0, offsetof(struct model, memory));
	memset(stale, 0, sizeof(stale));
	bool privileged = input_byte() & 1;
	for (uint32_t d = 1; d < MODEL_DOMAINS; d++)
		domains[d] = begin_domain(d, d == 2 && privileged, &s[d]);
	look();
	find_free_frames();
	for (self = 1; self < MODEL_DOMAINS; self++) {
		fake_run_as(domains[self]);
		bool good = !mm_set_root(vm(), mfn(s[self].l4), false) &&
			    model_set_root(&model, self, s[self].l4, false);
		u64 where = 0;

		if (!good || difference(&where))
			FINDING("the start: %s of %lx", difference(&where), where);
		adopt_root_slots();
	}
	for (unsigned i = 0; i < OPERATIONS && input_left(); i++)
		step();
	end();
	return 0;
}
