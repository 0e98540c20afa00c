/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/grant_table.h>
#include <core/calls.h>
#include "memory.h"

static long finish_grants(long rc)
{
	while (rc == HYPERCALL_PREEMPTED)
		rc = do_grant_table_op(fake_preempt_args[0], fake_preempt_args[1],
				       fake_preempt_args[2]);
	return rc;
}

static void draw_where(void)
{
	args.address = any_address();
	if (args.flags & GNTMAP_contains_pte)
		args.address = any_frame() << 12 | any_slot() * 8 | (input_byte() == 0xff);
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

	args.name = b & 0x80 ? any_domain() : 3 - self;
	args.flags = flags[b % ARRAY_SIZE(flags)] | (u32)input_byte() << 16;
	args.refs[0] = any_ref();
	draw_where();
}

static bool do_map(void)
{
	struct gnttab_map_grant_ref op = {.host_addr = args.address,
					  .flags = args.flags,
					  .ref = args.refs[0],
					  .dom = args.name};

	if (finish_grants(do_grant_table_op(GNTTABOP_map_grant_ref, (u64)&op, 1)))
		FINDING("map: the batch failed");
	args.handle = op.handle;
	return op.status == GNTST_okay;
}

static bool model_maps(void)
{
	return model_map(&model, self, args.name, args.refs[0], args.flags, args.address,
			 args.handle);
}

const struct operation op_map = {"map", draw_map, do_map, model_maps};

static void draw_unmap(void)
{
	uint8_t b = input_byte();
	const struct model_handle *h;

	args.handle = b < 0xf0 ? b % 8 : input_word();
	h = &model.domains[self].handles[args.handle % MODEL_HANDLES];
	args.flags = h->by_pte ? GNTMAP_contains_pte : 0;
	args.choice = b % 32 == 31; /* and replace */
	draw_where();
	args.second = input_byte() % 4 ? 0 : any_address();
	if (input_byte() % 8 == 0)
		args.address = 0;
}

static bool do_unmap(void)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = args.address, .dev_bus_addr = args.second, .handle = args.handle};

	if (finish_grants(do_grant_table_op(args.choice ? GNTTABOP_unmap_and_replace
							: GNTTABOP_unmap_grant_ref,
					    (u64)&op, 1)))
		FINDING("unmap: the batch failed");
	return op.status == GNTST_okay;
}

static bool model_unmaps(void)
{
	return model_unmap(&model, self, args.handle, args.address, args.second, args.choice);
}

const struct operation op_unmap = {"unmap", draw_unmap, do_unmap, model_unmaps};

static void draw_copy(void)
{
	args.kinds = input_byte();
	for (unsigned i = 0; i < 2; i++) {
		bool grant = args.kinds >> i & 1;

		args.refs[i] = grant ? any_ref() : (uint32_t)any_frame();
		args.ptrs[i] = args.kinds >> (2 + i) & 1 ? any_domain()
			       : grant			 ? 3 - self
							 : NAME_SELF;
		args.offsets[i] = input_byte() * 16;
	}
	args.lengths = input_byte() * 8;
}

static bool do_copy(void)
{
	struct gnttab_copy op = {.flags = args.kinds & 3, .len = args.lengths};
	struct gnttab_copy_ptr *ends[] = {&op.source, &op.dest};

	for (unsigned i = 0; i < 2; i++) {
		if (args.kinds >> i & 1)
			ends[i]->u.ref = args.refs[i];
		else
			ends[i]->u.gmfn = args.refs[i];
		ends[i]->domid = args.ptrs[i];
		ends[i]->offset = args.offsets[i];
	}
	if (finish_grants(do_grant_table_op(GNTTABOP_copy, (u64)&op, 1)))
		FINDING("copy: the batch failed");
	return op.status == GNTST_okay;
}

static bool model_copies(void)
{
	const struct model_end from = {args.kinds & 1, args.ptrs[0], args.refs[0], args.offsets[0]};
	const struct model_end to = {args.kinds >> 1 & 1, args.ptrs[1], args.refs[1],
				     args.offsets[1]};

	return model_copy(&model, self, &from, &to, args.lengths);
}

const struct operation op_copy = {"copy", draw_copy, do_copy, model_copies};
