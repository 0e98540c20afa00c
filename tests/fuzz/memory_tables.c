/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <core/calls.h>
#include "memory.h"

unsigned held;
u64 held_frames[HELD];

static void draw_updates(void)
{
	args.count = 1 + input_byte() % 4;
	args.name = any_domain();
	args.table_name = any_domain();
	for (uint32_t i = 0; i < args.count; i++) {
		uint8_t command = input_byte();

		args.ptrs[i] = any_frame() << 12 | any_slot() * 8;
		if (command >= 0xc0)
			args.ptrs[i] |= command % 8;
		args.values[i] = value_for(args.ptrs[i]);
	}
}

static bool do_updates(void)
{
	struct mmu_update reqs[4];
	u64 domain =
		args.name | (args.table_name == NAME_SELF ? 0 : (u64)(args.table_name + 1) << 16);

	for (uint32_t i = 0; i < args.count; i++)
		reqs[i] = (struct mmu_update){args.ptrs[i], args.values[i]};
	args.done = 99;
	return !fake_call(mmu_update, ((u64)reqs, args.count, (u64)&args.done, domain));
}

static bool model_updates(void)
{
	uint32_t tables = model_target(&model, self, args.table_name), i = 0;
	uint32_t frames = model_target(&model, self, args.name);

	if (!tables) /* then nobody hears how many were done */
		return args.done != 99;
	if (!frames)
		return args.done != 0;
	while (i < args.count &&
	       model_mmu_update(&model, tables, frames, args.ptrs[i], args.values[i]))
		i++;
	return i == args.count && args.done == i;
}

const struct operation op_updates = {"mmu_update", draw_updates, do_updates, model_updates};

static void draw_extended(void)
{
	args.count = 1 + input_byte() % 3;
	args.name = any_domain();
	for (uint32_t i = 0; i < args.count; i++) {
		args.slots[i] = input_byte() % 11;
		args.frames[i] = any_frame();
		if (args.slots[i] < 4 && input_byte() % 2) /* a pin that may be had */
			args.frames[i] = frame_used_as(self, args.slots[i] + 1, true, input_byte());
		args.values[i] = args.slots[i] == 10 ? input_byte() % 32 * 300 : any_frame();
		if (args.slots[i] == 10)
			args.frames[i] = any_address();
		if (args.slots[i] == 6 && args.frames[i] < MODEL_FIRST)
			args.frames[i] = 0;
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

	for (uint32_t i = 0; i < args.count; i++) {
		ops[i].cmd = commands[args.slots[i]];
		ops[i].arg1.mfn = args.frames[i];
		ops[i].arg2.src_mfn = args.values[i];
		if (args.slots[i] == 10)
			ops[i].arg2.nr_ents = args.values[i];
	}
	args.done = 99;
	return !fake_call(mmuext_op, ((u64)ops, args.count, (u64)&args.done, args.name));
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
	uint32_t target = model_target(&model, self, args.name), i = 0;

	if (!target)
		return args.done != 99;
	while (i < args.count && model_one(target, args.slots[i], args.frames[i], args.values[i]))
		i++;
	return i == args.count && args.done == i;
}

const struct operation op_extended = {"mmuext_op", draw_extended, do_extended, model_extended};

static void draw_address(void)
{
	args.name = any_domain();
	args.address = any_address();
	args.values[0] = value_for(frame_used_as(self, TABLE_1, false, 0) << 12);
}

static bool do_by_address(void)
{
	return !do_update_va_mapping_otherdomain(args.address, args.values[0], 0, args.name);
}

static bool model_by_address(void)
{
	uint32_t target = model_target(&model, self, args.name);

	return target && model_update_va(&model, self, target, args.address, args.values[0]);
}

const struct operation op_by_address = {"update_va_mapping", draw_address, do_by_address,
					model_by_address};

static void draw_table_write(void)
{
	args.address = FAKE_L1_VA + any_slot() * 8;
	if (input_byte() & 1)
		args.address = any_address() + any_slot() * 8;
	args.size = 8;
	if (input_byte() % 4 == 0) {
		args.size = 1 + input_byte() % 9;
		args.address += input_byte() % 8;
	}
	args.values[0] = value_for(frame_used_as(self, TABLE_1, false, 0) << 12);
}

static bool do_table_write(void)
{
	return mm_ptwr_candidate(vm(), args.address) &&
	       !mm_ptwr_write(vm(), args.address, NULL, args.values[0], args.size);
}

static bool model_store(void)
{
	return args.size <= 8 &&
	       model_table_write(&model, self, args.address, args.values[0], args.size);
}

const struct operation op_table_write = {"table write", draw_table_write, do_table_write,
					 model_store};

static void draw_write(void)
{
	bool grants = input_byte() % 2;

	args.frames[0] = grants ? model.domains[self].grant_frame : any_frame();
	args.count = 1 + input_byte() % 4;
	for (uint32_t i = 0; i < args.count; i++) {
		args.slots[i] = any_slot();
		args.values[i] = grants ? any_grant() : any_value();
	}
}

static bool do_write(void)
{
	struct page *pg = mm_get_page_writable(mfn(args.frames[0]), &domains[self]->mem);

	if (!pg)
		return false;
	for (uint32_t i = 0; i < args.count; i++)
		((u64 *)page_to_virt(pg))[args.slots[i]] = args.values[i];
	type_put(pg);
	return true;
}

static bool model_writes(void)
{
	return model_write(&model, self, args.frames[0], args.slots, args.values, args.count);
}

const struct operation op_write = {"write", draw_write, do_write, model_writes};

static void draw_descriptor(void)
{
	static const u64 some[] = {0,
				   0x00cffa000000ffff,
				   0x00cf92000000ffff,
				   0x0000890000000067,
				   0x0000e50000080000,
				   0x00000000ffff8000};
	uint8_t b = input_byte();

	args.address = any_frame() << 12 | any_slot() * 8;
	args.values[0] = b < 0xc0 ? some[b % ARRAY_SIZE(some)] : input_word();
	if (b % 16 == 15)
		args.address += b / 16;
}

static bool do_descriptor(void)
{
	return !mm_update_descriptor(vm(), args.address, args.values[0]);
}

static bool model_one_descriptor(void)
{
	return model_descriptor(&model, self, args.address, args.values[0]);
}

const struct operation op_descriptor = {"update_descriptor", draw_descriptor, do_descriptor,
					model_one_descriptor};

static void draw_gdt(void)
{
	args.choice = held == HELD || (held && input_byte() % 2); /* drop one, or take one */
	args.frames[0] = args.choice ? held_frames[held - 1] : any_frame();
}

static bool do_gdt(void)
{
	if (args.choice) {
		type_put(fake_entry(held_frames[--held]));
		return true;
	}
	struct page *pg = held < HELD && args.frames[0] < MODEL_END
				  ? fake_get_descriptor_page(domains[self], args.frames[0])
				  : NULL;

	if (pg)
		held_frames[held++] = args.frames[0];
	return pg;
}

static bool model_gdt(void)
{
	if (args.choice) {
		model_unuse(&model, args.frames[0]);
		return true;
	}
	/* held was counted up already if it was taken */
	return model_use(&model, self, args.frames[0], DESCRIPTORS);
}

const struct operation op_gdt = {"set_gdt", draw_gdt, do_gdt, model_gdt};

static void draw_ldt(void)
{
	args.count = input_byte() % 18;
}

static bool do_ldt(void)
{
	return mm_ldt_fault(vm(), args.count);
}

static bool model_ldt(void)
{
	return model_ldt_fault(&model, self, args.count);
}

const struct operation op_ldt = {"LDT fault", draw_ldt, do_ldt, model_ldt};
