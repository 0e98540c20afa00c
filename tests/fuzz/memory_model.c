/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory_model.h"
#include <string.h>

/* --- frames --- */

struct model_frame *model_frame(struct model *m, uint64_t frame)
{
	return frame >= MODEL_FIRST && frame < MODEL_END ? &m->frames[frame - MODEL_FIRST] : NULL;
}

static uint64_t *memory_of(struct model *m, uint64_t frame)
{
	return m->memory[frame - MODEL_FIRST];
}

bool model_give(struct model *m, uint32_t d, uint64_t frame)
{
	struct model_frame *f = model_frame(m, frame);

	if (!f || f->owner != NOBODY || m->domains[d].pages >= m->domains[d].limit)
		return false;
	*f = (struct model_frame){.owner = d, .allocated = true, .refs = 1};
	memset(memory_of(m, frame), 0, 4096);
	m->domains[d].pages++;
	return true;
}

static bool room(const struct model_frame *f)
{
	return f->refs < REF_LIMIT;
}

static bool get_ref(struct model *m, uint64_t frame, uint32_t owner)
{
	struct model_frame *f = model_frame(m, frame);

	if (!f || f->owner != owner || !room(f))
		return false;
	f->refs++;
	return true;
}

static void put_ref(struct model *m, uint64_t frame)
{
	struct model_frame *f = model_frame(m, frame);

	if (--f->refs)
		return;
	m->domains[f->owner].pages--;
	*f = (struct model_frame){.owner = NOBODY};
}

/* --- entries: bit 0 present, 1 writable, 2 user, 3 and 4 cache, 5 accessed, 6 dirty, 7 large page
 * or (level 1) cache, 8 global, 9..11 and 52..62 free, 12..51 address, 63 no execution --- */

static uint64_t entry_target(uint64_t entry)
{
	return (entry << 12) >> 24;
}

static bool entry_bits_allowed(const struct model *m, uint64_t entry, unsigned level,
			       uint32_t owner)
{
	uint64_t frame = entry_target(entry);
	bool ram = frame >= MODEL_FIRST && frame < MODEL_END;

	if (!(entry & 1)) {
		/* the machine has 40 address bits: what is above them the cache does not see */
		uint64_t seen = frame % (1u << 28);

		return seen == 0 || seen >= MODEL_END;
	}
	if (entry & 0x100)
		return false;
	if ((entry & 0x98) && (level > 1 || (ram && !m->domains[owner].privileged)))
		return false;
	if (ram)
		return true;
	return level == 1 && owner == 1 && frame >= MODEL_DEVICE && frame < MODEL_DEVICE + 4;
}

static bool use_get(struct model *m, uint64_t frame, uint32_t owner, enum use use);
static void use_put(struct model *m, uint64_t frame);

static bool take(struct model *m, uint64_t entry, unsigned level, uint32_t owner, uint32_t of)
{
	uint64_t frame = entry_target(entry);

	if (!model_frame(m, frame))
		return true;
	if (level > 1)
		return use_get(m, frame, owner, level - 1);
	return entry & 2 ? use_get(m, frame, of, DATA) : get_ref(m, frame, of);
}

static void drop(struct model *m, uint64_t entry, unsigned level)
{
	uint64_t frame = entry_target(entry);

	if (!(entry & 1) || !model_frame(m, frame))
		return;
	if (level > 1 || (entry & 2))
		use_put(m, frame);
	else
		put_ref(m, frame);
}

static bool reserved_slot(unsigned level, unsigned slot)
{
	return level == 4 && slot >= 256 && slot <= 271;
}

static void drop_all(struct model *m, uint64_t frame, unsigned level, unsigned end)
{
	for (unsigned i = 0; i < end; i++)
		if (!reserved_slot(level, i))
			drop(m, memory_of(m, frame)[i], level);
}

static bool validate(struct model *m, uint64_t frame, unsigned level, uint32_t owner)
{
	uint64_t *entries = memory_of(m, frame);

	for (unsigned i = 0; i < 512; i++) {
		if (!entries[i] || reserved_slot(level, i))
			continue;
		if (!entry_bits_allowed(m, entries[i], level, owner) ||
		    ((entries[i] & 1) && !take(m, entries[i], level, owner, owner))) {
			drop_all(m, frame, level, i);
			return false;
		}
		if (entries[i] & 1)
			entries[i] |= 4;
	}
	return true;
}

/* --- descriptors: bit 47 present, 44 no system descriptor, 40..43 type, 45 and 46 privilege --- */

static bool descriptor_allowed(uint64_t *d)
{
	bool present = *d >> 47 & 1, segment = *d >> 44 & 1;
	unsigned type = *d >> 40 & 15;

	if (!present || (!segment && !type))
		return true;
	*d |= 3ull << 45;
	return segment;
}

static bool check_descriptors(struct model *m, uint64_t frame)
{
	for (unsigned i = 0; i < 512; i++) {
		uint64_t d = memory_of(m, frame)[i];

		if (!descriptor_allowed(&d))
			return false;
		memory_of(m, frame)[i] = d;
	}
	return true;
}

/* --- uses --- */

/* By someone who holds a reference. */
static bool use_get_held(struct model *m, uint64_t frame, enum use use)
{
	struct model_frame *f = model_frame(m, frame);
	bool good = true;

	if ((f->uses || f->busy) && f->use != use)
		return false;
	if (f->uses) {
		good = f->uses < USE_LIMIT;
		f->uses += good;
		return good;
	}
	if (!room(f))
		return false;
	f->refs++;
	f->use = use;
	f->busy = true;
	if (use >= TABLE_1 && use <= TABLE_4)
		good = validate(m, frame, use, f->owner);
	else if (use == DESCRIPTORS)
		good = check_descriptors(m, frame);
	f->busy = false;
	f->uses = good;
	if (!good)
		put_ref(m, frame);
	return good;
}

static bool use_get(struct model *m, uint64_t frame, uint32_t owner, enum use use)
{
	struct model_frame *f = model_frame(m, frame);

	if (f && f->owner == owner && f->uses && f->use == use)
		return use_get_held(m, frame, use);
	/* The first use is looked for with a reference in hand, which counts towards the limit. */
	if (!get_ref(m, frame, owner))
		return false;
	bool good = use_get_held(m, frame, use);

	put_ref(m, frame);
	return good;
}

static void use_put(struct model *m, uint64_t frame)
{
	struct model_frame *f = model_frame(m, frame);

	if (--f->uses)
		return;
	if (f->use >= TABLE_1 && f->use <= TABLE_4)
		drop_all(m, frame, f->use, 512);
	put_ref(m, frame);
}

bool model_use(struct model *m, uint32_t d, uint64_t frame, enum use use)
{
	return use_get(m, frame, d, use);
}

void model_unuse(struct model *m, uint64_t frame)
{
	use_put(m, frame);
}

/* --- updates --- */

static unsigned table_level(struct model *m, uint64_t frame, uint32_t owner)
{
	const struct model_frame *f = model_frame(m, frame);

	return f && f->owner == owner && f->uses && f->use <= TABLE_4 ? f->use : 0;
}

static bool same_reference(uint64_t a, uint64_t b, unsigned level)
{
	return (a & 1) && (b & 1) && entry_target(a) == entry_target(b) &&
	       (level > 1 || (a & 2) == (b & 2));
}

/* One entry of a table in use. of: whose frames a level-1 entry may name. */
static bool update(struct model *m, uint64_t table, unsigned slot, uint64_t val, bool keep,
		   uint32_t of)
{
	unsigned level = model_frame(m, table)->use;
	uint32_t owner = model_frame(m, table)->owner;
	uint64_t *entry = &memory_of(m, table)[slot], old = *entry;
	bool same = same_reference(old, val, level);

	if (reserved_slot(level, slot) || (val && !entry_bits_allowed(m, val, level, owner)))
		return false;
	if ((val & 1) && !same && !take(m, val, level, owner, of))
		return false;
	if (val & 1)
		val |= 4 | (keep ? old & 0x60 : 0);
	*entry = val;
	if (!same)
		drop(m, old, level);
	return true;
}

uint32_t model_target(const struct model *m, uint32_t caller, uint32_t name)
{
	if (name == NAME_SELF || name == NAME_IO || name == caller)
		return caller;
	if (!m->domains[caller].privileged)
		return NOBODY;
	return name == NAME_XEN || name == 1 || name == 2 ? name : NOBODY;
}

bool model_mmu_update(struct model *m, uint32_t tables, uint32_t frames, uint64_t ptr, uint64_t val)
{
	uint64_t frame = ptr >> 12;
	unsigned command = ptr & 7, slot = ptr >> 3 & 511;

	if (command == 1) {
		const struct model_frame *f = model_frame(m, frame);

		return f && f->owner == frames && room(f);
	}
	if (command > 3)
		return false;
	if (table_level(m, frame, tables))
		return update(m, frame, slot, val, command == 2, frames);
	if (!use_get(m, frame, tables, DATA))
		return false;
	memory_of(m, frame)[slot] = val;
	use_put(m, frame);
	return true;
}

bool model_pin(struct model *m, uint32_t target, uint64_t frame, unsigned level)
{
	struct model_frame *f = model_frame(m, frame);

	if (!get_ref(m, frame, target))
		return false;
	bool good = use_get_held(m, frame, level);

	if (good && f->pinned) {
		use_put(m, frame);
		good = false;
	} else if (good) {
		f->pinned = true;
	}
	put_ref(m, frame);
	return good;
}

bool model_unpin(struct model *m, uint32_t target, uint64_t frame)
{
	struct model_frame *f = model_frame(m, frame);

	if (!f || f->owner != target || !room(f) || !f->pinned)
		return false;
	f->pinned = false;
	use_put(m, frame);
	return true;
}

bool model_set_root(struct model *m, uint32_t d, uint64_t frame, bool user)
{
	uint64_t *root = user ? &m->domains[d].user_root : &m->domains[d].kernel_root, old = *root;

	if ((!frame && !user) || (frame && !use_get(m, frame, d, TABLE_4)))
		return false;
	*root = frame;
	if (old)
		use_put(m, old);
	return true;
}

bool model_fill(struct model *m, uint32_t target, uint64_t to, bool copy, uint64_t from)
{
	struct model_frame *f = model_frame(m, from);

	if (copy && (!f || f->owner != target || !room(f)))
		return false;
	if (copy)
		f->refs++;
	bool good = use_get(m, to, target, DATA);
	if (good) {
		if (copy)
			memcpy(memory_of(m, to), memory_of(m, from), 4096);
		else
			memset(memory_of(m, to), 0, 4096);
		use_put(m, to);
	}
	if (copy)
		put_ref(m, from);
	return good;
}

bool model_write(struct model *m, uint32_t d, uint64_t frame, const uint16_t *slots,
		 const uint64_t *values, unsigned count)
{
	if (!use_get(m, frame, d, DATA))
		return false;
	for (unsigned i = 0; i < count; i++)
		memory_of(m, frame)[slots[i]] = values[i];
	use_put(m, frame);
	return true;
}

/* --- by virtual address --- */

static bool address_allowed(uint64_t va)
{
	uint64_t top = va >> 47;

	if (top != 0 && top != 0x1ffff)
		return false;
	return (va >> 39 & 511) < 256 || (va >> 39 & 511) > 271;
}

/* The table that holds the level-1 entry for va; 0: none. */
static uint64_t walk(struct model *m, uint32_t d, uint64_t va)
{
	uint64_t frame = m->domains[d].kernel_root;

	for (unsigned level = 4; level > 1; level--) {
		uint64_t entry = memory_of(m, frame)[va >> (12 + 9 * (level - 1)) & 511];

		frame = entry_target(entry);
		if (!address_allowed(va) || !(entry & 1) || !model_frame(m, frame))
			return 0;
	}
	return frame;
}

bool model_update_va(struct model *m, uint32_t d, uint32_t frames, uint64_t va, uint64_t val)
{
	uint64_t table = walk(m, d, va);

	return table_level(m, table, d) == 1 &&
	       update(m, table, va >> 12 & 511, val, false, frames);
}

/* What va maps: its level-1 entry, 0 if there is none. */
static uint64_t mapping(struct model *m, uint32_t d, uint64_t va)
{
	uint64_t table = walk(m, d, va);

	return table ? memory_of(m, table)[va >> 12 & 511] : 0;
}

bool model_table_write(struct model *m, uint32_t d, uint64_t va, uint64_t value, unsigned size)
{
	uint64_t entry = mapping(m, d, va), table = entry_target(entry), new;

	if ((entry & 3) != 1 || table_level(m, table, d) != 1 || (va & 7) + size > 8)
		return false;
	new = memory_of(m, table)[va >> 3 & 511];
	memcpy((char *)&new + (va & 7), &value, size);
	return update(m, table, va >> 3 & 511, new, false, d);
}

/* --- descriptors in use --- */

bool model_descriptor(struct model *m, uint32_t d, uint64_t address, uint64_t descriptor)
{
	uint64_t frame = address >> 12;
	const struct model_frame *f = model_frame(m, frame);

	if ((address & 7) || !descriptor_allowed(&descriptor))
		return false;
	/* Also a page that last was one of descriptors: it is tried as such, and then is one. */
	if (!f || !use_get(m, frame, d, f->use == DESCRIPTORS ? DESCRIPTORS : DATA))
		return false;
	memory_of(m, frame)[address >> 3 & 511] = descriptor;
	use_put(m, frame);
	return true;
}

bool model_set_ldt(struct model *m, uint32_t d, uint64_t base, uint32_t entries)
{
	struct model_domain *domain = &m->domains[d];

	if (entries > 8192 || (entries && ((base & 4095) || !address_allowed(base))))
		return false;
	for (unsigned i = 0; i < 16; i++) {
		if (domain->ldt[i])
			use_put(m, domain->ldt[i]);
		domain->ldt[i] = 0;
	}
	domain->ldt_base = entries ? base : 0;
	domain->ldt_entries = entries;
	return true;
}

bool model_ldt_fault(struct model *m, uint32_t d, uint32_t index)
{
	struct model_domain *domain = &m->domains[d];

	if (index >= 16 || index * 512 >= domain->ldt_entries)
		return false;
	if (domain->ldt[index])
		return true;
	uint64_t entry = mapping(m, d, domain->ldt_base + index * 4096ull);

	if (!(entry & 1) || !use_get(m, entry_target(entry), d, DESCRIPTORS))
		return false;
	domain->ldt[index] = entry_target(entry);
	return true;
}

/* --- reservations --- */

bool model_give_back(struct model *m, uint32_t d, uint64_t frame)
{
	struct model_frame *f = model_frame(m, frame);

	if (!f || f->owner != d || !room(f) || !f->allocated)
		return false;
	f->allocated = false;
	put_ref(m, frame);
	return true;
}

bool model_exchangeable(struct model *m, uint32_t d, uint64_t frame)
{
	const struct model_frame *f = model_frame(m, frame);

	return f && f->owner == d && f->allocated && f->refs == 1;
}

void model_exchange(struct model *m, uint32_t d, uint64_t frame, uint64_t fresh)
{
	put_ref(m, frame);
	model_give(m, d, fresh);
}

/* --- grants: a word of the table is flags, domain, frame from the lowest bit on. Flags: 0..1 kind
 * (1: access), 2 read-only, 3 being read, 4 being written, 8 part of a page --- */

static bool grant_page(struct model *m, uint32_t owner, uint64_t frame, bool writable)
{
	return writable ? use_get(m, frame, owner, DATA) : get_ref(m, frame, owner);
}

static void put_page(struct model *m, uint64_t frame, bool writable)
{
	if (writable)
		use_put(m, frame);
	else
		put_ref(m, frame);
}

static void unmark(uint64_t *word, const struct model_grant *g)
{
	if (!g->uses[1])
		*word &= ~0x10ull;
	if (!g->uses[1] && !g->uses[0])
		*word &= ~0x08ull;
}

static bool pin_grant(struct model *m, uint32_t user, uint32_t granter, uint32_t ref, bool writable)
{
	if (granter != 1 && granter != 2)
		return false;
	struct model_domain *domain = &m->domains[granter];
	struct model_grant *g = &domain->grants[ref % 512];
	bool in_use = g->uses[0] || g->uses[1];
	uint64_t *word = &memory_of(m, domain->grant_frame)[ref % 512];

	if (ref >= 512 || (in_use && g->user != user) || (*word & 0x103) != 1 ||
	    (*word >> 16 & 0xffff) != user || (writable && (*word & 4)))
		return false;
	*word |= writable ? 0x18 : 8;
	if (!in_use)
		*g = (struct model_grant){.frame = *word >> 32, .user = user};
	if (!grant_page(m, granter, g->frame, writable)) {
		unmark(word, g);
		return false;
	}
	g->uses[writable]++;
	return true;
}

static void unpin_grant(struct model *m, uint32_t granter, uint32_t ref, bool writable)
{
	struct model_grant *g = &m->domains[granter].grants[ref];

	put_page(m, g->frame, writable);
	g->uses[writable]--;
	unmark(&memory_of(m, m->domains[granter].grant_frame)[ref], g);
}

static uint64_t entry_table(struct model *m, uint32_t d, uint64_t where, bool by_pte)
{
	uint64_t table = by_pte ? where >> 12 : walk(m, d, where);

	return (by_pte && (where & 7)) || table_level(m, table, d) != 1 ? 0 : table;
}

static unsigned entry_slot(uint64_t where, bool by_pte)
{
	return where >> (by_pte ? 3 : 12) & 511;
}

bool model_map(struct model *m, uint32_t d, uint32_t granter, uint32_t ref, uint32_t flags,
	       uint64_t where, uint32_t handle)
{
	bool writable = !(flags & 4), host = flags & 2, by_pte = flags & 16;

	if (granter == NAME_SELF)
		granter = d;
	if (!(flags & 3) || !pin_grant(m, d, granter, ref, writable))
		return false;
	uint64_t frame = m->domains[granter].grants[ref].frame;
	uint64_t entry = frame << 12 | 0x21 | (flags >> 16 & 7) << 9 | (writable ? 0x42 : 0);
	uint64_t table = host ? entry_table(m, d, where, by_pte) : 0;

	if (host &&
	    (!table || !update(m, table, entry_slot(where, by_pte), entry, false, granter))) {
		unpin_grant(m, granter, ref, writable);
		return false;
	}
	if (handle >= MODEL_HANDLES || m->domains[d].handles[handle].used)
		return false;
	m->domains[d].handles[handle] =
		(struct model_handle){true, writable, host, flags & 1, by_pte, granter, ref, frame};
	return true;
}

/* Clear the entry that maps the handle's frame, or put there what is at the address `from`. */
static bool clear_entry(struct model *m, uint32_t d, const struct model_handle *h, uint64_t where,
			uint64_t from)
{
	uint64_t moved = 0, *entry, table = from ? entry_table(m, d, from, false) : 0;

	if (from && !table)
		return false;
	if (from) {
		entry = &memory_of(m, table)[entry_slot(from, false)];
		moved = *entry;
		*entry = 0;
	}
	table = entry_table(m, d, where, h->by_pte);
	entry = table ? &memory_of(m, table)[entry_slot(where, h->by_pte)] : &moved;
	bool good = table && (*entry & 1) && entry_target(*entry) == h->frame &&
		    !(*entry & 2) == !h->writable;
	uint64_t out = good ? *entry : moved;

	if (good)
		*entry = moved;
	drop(m, out, 1);
	return good;
}

bool model_unmap(struct model *m, uint32_t d, uint32_t handle, uint64_t where, uint64_t second,
		 bool replace)
{
	struct model_handle *h = &m->domains[d].handles[handle % MODEL_HANDLES];

	if (handle >= MODEL_HANDLES || !h->used)
		return false;
	if (where && h->host) {
		if (!clear_entry(m, d, h, where, replace ? second : 0))
			return false;
		h->host = false;
	}
	if (!replace && second)
		h->device = false;
	if (h->host || h->device)
		return true;
	h->used = false;
	unpin_grant(m, h->granter, h->ref, h->writable);
	return true;
}

static bool get_end(struct model *m, uint32_t d, const struct model_end *e, bool writable,
		    uint64_t *frame)
{
	uint32_t domain = e->domain == NAME_SELF ? d : e->domain;

	*frame = e->ref;
	if (!e->is_grant)
		return domain == d && grant_page(m, d, e->ref, writable);
	if (!pin_grant(m, d, domain, e->ref, writable))
		return false;
	*frame = m->domains[domain].grants[e->ref].frame;
	return true;
}

static void put_end(struct model *m, uint32_t d, const struct model_end *e, bool writable)
{
	if (e->is_grant)
		unpin_grant(m, e->domain == NAME_SELF ? d : e->domain, e->ref, writable);
	else
		put_page(m, e->ref, writable);
}

bool model_copy(struct model *m, uint32_t d, const struct model_end *from,
		const struct model_end *to, uint32_t length)
{
	uint64_t source, target;

	if (from->offset + length > 4096 || to->offset + length > 4096 ||
	    !get_end(m, d, from, false, &source))
		return false;
	bool good = get_end(m, d, to, true, &target);

	if (good) {
		memmove((char *)memory_of(m, target) + to->offset,
			(char *)memory_of(m, source) + from->offset, length);
		put_end(m, d, to, true);
	}
	put_end(m, d, from, false);
	return good;
}
