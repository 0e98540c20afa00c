/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "privileged_decode.h"

struct reader {
	uint8_t bytes[15];
	unsigned count, at;
	bool cut;
};

static uint8_t take(struct reader *r)
{
	if (r->at == r->count) {
		r->cut = true;
		return 0;
	}
	return r->bytes[r->at++];
}

static uint64_t take_signed32(struct reader *r)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 32; i += 8)
		value |= (uint32_t)take(r) << i;
	return (uint64_t)(int64_t)(int32_t)value;
}

uint64_t cut_to(uint64_t value, unsigned bytes)
{
	return bytes >= 8 ? value : value & ((1ull << (8 * bytes)) - 1);
}

/* Returns the first byte of the opcode. */
static uint8_t prefixes(struct reader *r, struct instruction *in, bool *unspecified)
{
	bool small_operand = false, small_address = false, other_segment = false;
	uint8_t b;

	for (in->rex = 0;; in->rex = (b & 0xf0) == 0x40 ? b : 0) {
		b = take(r);
		if (r->cut || b == 0x0f)
			break;
		if (in->wide && b >= 0x40 && b <= 0x4f)
			continue;
		if (b == 0x66)
			small_operand = true;
		else if (b == 0x67)
			small_address = true;
		else if (b == 0x64 || b == 0x65)
			in->segment = b == 0x64 ? 'f' : 'g';
		else if (b == 0xf0)
			in->lock = true;
		else if (b == 0xf2 || b == 0xf3)
			in->repeat = true;
		else if (b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e)
			other_segment = true;
		else
			break;
	}
	in->operand = in->rex & 8 ? 8 : small_operand ? 2 : 4;
	in->address = in->wide ? (small_address ? 4 : 8) : (small_address ? 2 : 4);
	*unspecified = other_segment && in->segment && !in->wide;
	return b;
}

static void memory_operand(struct reader *r, struct instruction *in, const struct guest *g)
{
	unsigned mod = in->modrm >> 6, low = in->modrm & 7, base = in->rm;
	bool no_base = false, by_rip = false;
	uint64_t sum = 0;

	in->memory = true;
	if (low == 4) {
		uint8_t sib = take(r);
		unsigned index = (sib >> 3 & 7) + (in->rex & 2 ? 8 : 0);

		if (index != 4)
			sum += g->gpr[index] << (sib >> 6);
		base = (sib & 7) + (in->rex & 1 ? 8 : 0);
		no_base = mod == 0 && (sib & 7) == 5;
	} else if (low == 5 && mod == 0) {
		no_base = true;
		by_rip = in->wide;
	}
	if (!no_base)
		sum += g->gpr[base];
	if (mod == 1)
		sum += (uint64_t)(int64_t)(int8_t)take(r);
	else if (mod == 2 || no_base)
		sum += take_signed32(r);
	if (by_rip)
		sum += g->rip + r->at;
	in->offset = cut_to(sum, in->address);
}

bool decode(const struct world *w, struct guest *g, struct instruction *in, bool *unspecified)
{
	static const uint8_t alone[] = {0x06, 0x09, 0x30, 0x31, 0x32, 0xa2};
	uint16_t cs = (uint16_t)g->cs;
	struct reader r = {.count = 0};
	bool known;

	*in = (struct instruction){.wide = cs == 0xe033 || (cs != 0xe023 && w->long_segment)};
	r.count = reach(w, g, g->rip, 15, false);
	for (unsigned i = 0; i < r.count; i++)
		r.bytes[i] = *guest_byte(w, g, g->rip + i, false, true);
	in->op = prefixes(&r, in, unspecified);
	if (in->op != 0x0f) {
		bool immediate = in->op == 0xcd || (in->op >= 0xe4 && in->op <= 0xe7);

		known = immediate || (in->op >= 0x6c && in->op <= 0x6f) ||
			(in->op >= 0xec && in->op <= 0xef) || in->op == 0xf4 || in->op == 0xfa ||
			in->op == 0xfb;
		in->imm = immediate ? take(&r) : 0;
	} else {
		uint8_t second = take(&r);

		in->op = 0x0f00 + second;
		known = memchr(alone, second, sizeof(alone)) || second < 2 ||
			(second >= 0x20 && second <= 0x23);
		if (second < 2 || (second >= 0x20 && second <= 0x23)) {
			in->modrm = take(&r);
			in->reg = (in->modrm >> 3 & 7) + (in->rex & 4 ? 8 : 0);
			in->rm = (in->modrm & 7) + (in->rex & 1 ? 8 : 0);
		}
		if (second < 2 && in->modrm < 0xc0) {
			memory_operand(&r, in, g);
			known = in->address != 2;
		}
	}
	in->length = r.at;
	return known && !r.cut;
}

uint64_t linear(const struct world *w, const struct instruction *in, uint64_t offset)
{
	uint64_t at = cut_to(offset, in->address);

	if (in->segment)
		at += in->segment == 'f' ? w->fs_base : w->gs_base;
	return cut_to(at, in->wide ? 8 : 4);
}
