/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

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

const char *difference(u64 *where)
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

void adopt_root_slots(void)
{
	for (u64 f = MODEL_FIRST; f < MODEL_END; f++)
		if (model_frame(&model, f)->owner < MODEL_DOMAINS)
			memcpy(&model.memory[f - MODEL_FIRST][256], fake_bytes(f) + 256, 16 * 8);
}

void compare(const struct operation *op, bool good)
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

void forget_tlb(void)
{
	memset(stale, 0, sizeof(stale));
}

void check_tlb(void)
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

void audit(void)
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
