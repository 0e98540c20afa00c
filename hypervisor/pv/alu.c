/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results and flags of the read-modify-write instructions that are emulated. */
#include <pv/decode.h>

#define FLAG_CF 0x001UL
#define FLAG_PF 0x004UL
#define FLAG_AF 0x010UL
#define FLAG_ZF 0x040UL
#define FLAG_SF 0x080UL
#define FLAG_OF 0x800UL

u64 insn_alu(unsigned alu, u64 old, u64 operand, unsigned size, u64 *rflags)
{
	/* At the top of 64 bits, so that carry, overflow and sign leave where the compiler looks.
	 */
	unsigned shift = 64 - 8 * size;
	u64 a = old << shift, b = operand << shift, result;
	bool carry = false, overflow = false;
	s64 unused;

	if (alu == ALU_ADD) {
		carry = __builtin_add_overflow(a, b, &result);
		overflow = __builtin_add_overflow((s64)a, (s64)b, &unused);
	} else if (alu == ALU_SUB) {
		carry = __builtin_sub_overflow(a, b, &result);
		overflow = __builtin_sub_overflow((s64)a, (s64)b, &unused);
	} else if (alu == ALU_OR) {
		result = a | b;
	} else {
		result = alu == ALU_AND ? a & b : a ^ b;
	}
	*rflags &= ~(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF);
	*rflags |= (carry ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0) | (result ? 0 : FLAG_ZF) |
		   (result >> 63 ? FLAG_SF : 0);
	result >>= shift;
	*rflags |= (__builtin_parityl(result & 0xff) ? 0 : FLAG_PF) |
		   ((old ^ operand ^ result) & FLAG_AF);
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
