/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for the few instructions that are emulated: privileged ones, and stores that guests make
 * into their page tables. Pure: bytes and registers in, a description out; no side effects.
 */
#ifndef PV_DECODE_H
#define PV_DECODE_H

#include <lib/types.h>
#include <x86/cpu.h>

#define INSN_MAX 15

/* insn.alu: the encoding's own numbers, of arithmetic and of bit operations. */
#define ALU_ADD 0
#define ALU_OR	1
#define ALU_AND 4
#define ALU_SUB 5
#define ALU_XOR 6
#define BIT_BTS 5
#define BIT_BTR 6
#define BIT_BTC 7

enum insn_segment { SEGMENT_FLAT, SEGMENT_FS, SEGMENT_GS };

#define INSN_NO_REG 0xff

struct insn {
	/*
	 * As the CPU's manual numbers them: one byte, or 0x0f and the second. In groups 6 and 7
	 * (0x0f00, 0x0f01) a third byte is modrm & 0x38, or all of modrm where the operation has
	 * no operand.
	 */
	u32 opcode;
	u8 length;	/* bytes, prefixes included */
	u8 op_size;	/* operand: 1, 2, 4 or 8 bytes */
	u8 addr_size;	/* effective address: 2, 4 or 8 bytes */
	u8 alu;		/* which operation, of opcodes that have several */
	u8 reg;		/* modrm.reg with REX.R: a general, control or debug register's number */
	u8 rm;		/* modrm.rm with REX.B, if !memory */
	u8 base, index; /* INSN_NO_REG where none */
	u8 scale;	/* shift */
	u8 segment;	/* of the memory operand, if its base is not 0 */
	bool memory;	/* r/m is memory */
	bool rip_relative;
	bool lock, rep, rex, long_mode;
	bool immediate; /* imm is there */
	s64 disp;
	u64 imm; /* sign-extended to 64 bits (an I/O port, bit or INT vector: zero-extended) */
};

/**
 * Decode the instruction at bytes[0..size). long_mode: 64-bit code, else 32-bit code.
 * False: none of those that are emulated, or cut off by size.
 */
bool insn_decode(struct insn *in, const u8 *bytes, unsigned size, bool long_mode);

/** General register n (0 = rax … 15 = r15) of a frame. */
u64 *insn_register(struct cpu_regs *regs, unsigned n);
/** Value of the size-byte register n, honouring ah..bh where there is no REX prefix. */
u64 insn_read_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size);
/** Store into it: 4-byte results clear the upper half, smaller ones keep it. */
void insn_write_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size,
			 u64 value);

/** Offset of the memory operand within its segment (rip-relative: regs->rip is the instruction's
 * own). */
u64 insn_address(const struct insn *in, struct cpu_regs *regs);

/** Low size bytes of v. */
static inline u64 insn_truncate(u64 v, unsigned size)
{
	return size == 8 ? v : v & ((1UL << (8 * size)) - 1);
}

/**
 * Result of a read-modify-write with `old` in memory; flags are updated in *rflags.
 * alu: ALU_*; operand is the source.
 */
u64 insn_alu(unsigned alu, u64 old, u64 operand, unsigned size, u64 *rflags);
u64 insn_bit(unsigned op, u64 old, unsigned bit, u64 *rflags);

#endif
