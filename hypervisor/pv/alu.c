/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results and flags of the read-modify-write instructions that are emulated. */
#include <pv/decode.h>

#define FLAG_CF 0x001UL
#define FLAG_PF 0x004UL
#define FLAG_AF 0x010UL
#define FLAG_ZF 0x040UL
#define FLAG_SF 0x080UL
#define FLAG_OF 0x800UL

static u64 result_flags(u64 result, unsigned size)
{
	u64 flags = 0;

	if (!(__builtin_popcount((unsigned)(result & 0xff)) & 1))
		flags |= FLAG_PF;
	if (!result)
		flags |= FLAG_ZF;
	if ((result >> (8 * size - 1)) & 1)
		flags |= FLAG_SF;
	return flags;
}

/* Carry and overflow out of the top bit, for result = old + operand or old - operand. */
static u64 carry_flags(bool subtract, u64 old, u64 operand, u64 result, unsigned size)
{
	unsigned top = 8 * size - 1;
	u64 carries = subtract ? (~old & operand) | ((~old | operand) & result)
			       : (old & operand) | ((old | operand) & ~result);
	u64 overflow =
		subtract ? (old ^ operand) & (old ^ result) : (old ^ result) & (operand ^ result);
	u64 flags = 0;

	if ((carries >> top) & 1)
		flags |= FLAG_CF;
	if ((overflow >> top) & 1)
		flags |= FLAG_OF;
	return flags | ((old ^ operand ^ result) & FLAG_AF);
}

u64 insn_alu(unsigned alu, u64 old, u64 operand, unsigned size, u64 *rflags)
{
	u64 result, flags = 0;

	old = insn_truncate(old, size);
	operand = insn_truncate(operand, size);
	switch (alu) {
	case ALU_ADD:
		result = insn_truncate(old + operand, size);
		flags = carry_flags(false, old, operand, result, size);
		break;
	case ALU_SUB:
		result = insn_truncate(old - operand, size);
		flags = carry_flags(true, old, operand, result, size);
		break;
	case ALU_OR:
		result = old | operand;
		break;
	case ALU_AND:
		result = old & operand;
		break;
	default:
		result = old ^ operand;
		break;
	}
	*rflags = (*rflags & ~(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)) | flags |
		  result_flags(result, size);
	return result;
}

u64 insn_bit(unsigned op, u64 old, unsigned bit, u64 *rflags)
{
	u64 mask = 1UL << bit;

	*rflags = (*rflags & ~FLAG_CF) | ((old & mask) ? FLAG_CF : 0);
	if (op == BIT_BTS)
		return old | mask;
	return op == BIT_BTR ? old & ~mask : old ^ mask;
}
