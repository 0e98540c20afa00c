/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

u64 frame_used_as(uint32_t owner, enum use use, bool also_idle, unsigned pick)
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

u64 any_frame(void)
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

unsigned any_slot(void)
{
	static const uint16_t slots[] = {0, 1, 2, 3, 128, 257, 300, 511};
	uint8_t b = input_byte();

	return b < 0xe0 ? slots[b % 8] : (b * 8u + input_byte()) % 512;
}

u64 any_value(void)
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

u64 value_for(u64 ptr)
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

u64 any_address(void)
{
	uint8_t b = input_byte();

	if (b >= 0xf8)
		return input_word();
	return FAKE_VA + (b >= 0x80 ? 0x100000 : 0) + (b % 16) * 4096ul;
}

uint32_t any_domain(void)
{
	static const uint16_t names[] = {1, 2, NAME_IO, NAME_XEN, 3, 0, 0x7fff, 0x7ff4};
	uint8_t b = input_byte();

	return b < 0xc0 ? NAME_SELF : names[b % 8];
}

u64 any_grant(void)
{
	static const uint16_t flags[] = {1, 1, 1, 5, 0, 2, 0x101, 0x19};
	uint8_t b = input_byte();

	if (b >= 0xf0)
		return input_word();
	return flags[b % 8] | (b & 8 ? self : 3 - self) << 16 | any_frame() << 32;
}
