/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/memory.h>
#include <core/calls.h>
#include "memory.h"

static void draw_reservation(void)
{
	args.count = 1 + input_byte() % 4;
	args.level = input_byte() % 3;
	for (uint32_t i = 0; i < args.count; i++)
		args.frames[i] = any_frame();
}

static u64 given[4]; /* what came */

static bool do_reservation(void)
{
	static const unsigned commands[] = {XENMEM_decrease_reservation, XENMEM_populate_physmap,
					    XENMEM_increase_reservation};
	struct xen_memory_reservation r = {.nr_extents = args.count, .domid = DOMID_SELF};

	memcpy(given, args.frames, sizeof(given));
	r.extent_start.p = given;
	args.done = fake_call(memory_op, (commands[args.level], (u64)&r));
	return args.done == args.count;
}

static bool model_reservation(void)
{
	uint32_t i = 0, free = 0;

	if (args.level == 0) {
		while (i < args.count && model_give_back(&model, self, args.frames[i]))
			i++;
		return args.done == i && i == args.count;
	}
	for (; i < args.done; i++)
		if (!model_give(&model, self, given[i]))
			FINDING("frame %lx was given", given[i]);
	for (unsigned f = 0; f < MODEL_FRAMES; f++)
		free += model.frames[f].owner == NOBODY;
	/* It may stop early for one reason only: a pfn that is none, no memory, or the limit. */
	if (i < args.count && free && model.domains[self].pages < model.domains[self].limit &&
	    !(args.level == 1 && args.frames[i] >> 40))
		FINDING("populate stopped after %u of %u: %s", i, args.count, fake_last_text);
	return i == args.count;
}

const struct operation op_reservation = {"reservation", draw_reservation, do_reservation,
					 model_reservation};

/* As a domctl would: the most pages, perhaps fewer than there are. */
static void draw_limit(void)
{
	args.count = LIMIT - input_byte() % 12;
}

static bool do_limit(void)
{
	domains[self]->mem.max_pages = args.count;
	return true;
}

static bool model_limit(void)
{
	model.domains[self].limit = args.count;
	return true;
}

const struct operation op_limit = {"limit", draw_limit, do_limit, model_limit};

static bool do_exchange(void)
{
	struct xen_memory_exchange x = {.in = {.nr_extents = args.count, .domid = DOMID_SELF},
					.out = {.nr_extents = args.count, .domid = DOMID_SELF}};
	u64 list[4];

	memcpy(list, args.frames, sizeof(list));
	for (unsigned i = 0; i < 4; i++)
		given[i] = i;
	x.in.extent_start.p = list;
	x.out.extent_start.p = given;
	long rc = fake_call(memory_op, (XENMEM_exchange, (u64)&x));
	args.done = x.nr_exchanged;
	return !rc;
}

static bool model_exchanges(void)
{
	uint32_t i = 0;

	for (; i < args.count && model_exchangeable(&model, self, args.frames[i]); i++) {
		if (i == args.done || model.domains[self].pages > model.domains[self].limit)
			break; /* no memory? the verdict tells */
		model_exchange(&model, self, args.frames[i], given[i]);
	}
	return args.done == i && i == args.count;
}

const struct operation op_exchange = {"exchange", draw_reservation, do_exchange, model_exchanges};
