/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hypercalls of two domains, made of the input: page tables, pins, roots, descriptors,
 * reservations, grants. Each one is done by the real sources, preempted or not, then by
 * memory_model.c; both must agree on whether it is allowed, on every count and owner, and on all
 * that is in memory; and the auditor must be silent. At the end both domains die and every page is
 * back.
 */
#include "memory.h"

#define OPERATIONS 48 /* of one input */
#define PAGES	   14 /* that a domain begins with */

_Static_assert(PAGE_COUNT_MAX == REF_LIMIT && TYPE_COUNT_MAX == USE_LIMIT, "the model's limits");
_Static_assert(FAKE_FIRST_FRAME == MODEL_FIRST && FAKE_END_FRAME == MODEL_END, "its frames");

struct model model;
struct domain *domains[MODEL_DOMAINS];
uint32_t self;
struct arguments args;

struct vcpu_memory *vm(void)
{
	return &domains[self]->vcpus[0]->mem;
}

/* --- operations --- */

static const struct operation *const table[] = {
	&op_updates,  &op_updates, &op_extended,   &op_extended, &op_by_address, &op_table_write,
	&op_write,    &op_write,   &op_descriptor, &op_gdt,	 &op_ldt,	 &op_reservation,
	&op_exchange, &op_limit,   &op_map,	   &op_unmap,	 &op_copy};

/* With FUZZ_TRACE in the environment: what is done. */
static void trace(const struct operation *op)
{
	fprintf(stderr,
		"d%u %s: count %u names %x %x level %u address %lx second %lx handle %x flags %x\n",
		self, op->name, args.count, args.name, args.table_name, args.level, args.address,
		args.second, args.handle, args.flags);
	for (uint32_t i = 0; i < args.count && i < 4; i++)
		fprintf(stderr, "  ptr %lx value %lx frame %lx slot %u\n", args.ptrs[i],
			args.values[i], args.frames[i], args.slots[i]);
}

static void step(void)
{
	const struct operation *op = table[input_byte() % ARRAY_SIZE(table)];
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
	forget_tlb();
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
