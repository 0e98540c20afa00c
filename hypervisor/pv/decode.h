/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for the few instructions that are emulated: privileged ones, and stores that guests make
 * into their page tables. Pure: bytes and registers in, a description out; no side effects.
 */
#ifndef PV_DECODE_H
#define PV_DECODE_H

#include <lib/types.h>
#include <x86/regs.h>

#define INSN_MAX 15

/* What the instruction is. The operand that is not memory or r/m is insn.reg or insn.imm. */
enum insn_kind {
	INSN_UNKNOWN,
	/* stores: the destination is r/m (or [rdi]) */
	INSN_MOV_REG,
	INSN_MOV_IMM,
	INSN_XCHG,
	INSN_CMPXCHG,
	INSN_XADD,
	INSN_ALU_REG, /* insn.alu tells which */
	INSN_ALU_IMM,
	INSN_BIT_REG, /* bts, btr, btc: insn.alu */
	INSN_BIT_IMM,
	INSN_STOS,
	INSN_MOVS,
	/* privileged */
	INSN_IN,
	INSN_OUT,
	INSN_INS,
	INSN_OUTS,
	INSN_INT,
	INSN_HLT,
	INSN_CLI,
	INSN_STI,
	INSN_CLTS,
	INSN_WBINVD,
	INSN_MOV_FROM_CR,
	INSN_MOV_TO_CR,
	INSN_MOV_FROM_DR,
	INSN_MOV_TO_DR,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_RDTSC,
	INSN_RDTSCP,
	INSN_CPUID,
	INSN_XGETBV,
	INSN_XSETBV,
	INSN_SGDT,
	INSN_SIDT,
	INSN_SLDT,
	INSN_STR,
	INSN_SMSW,
	INSN_LMSW,
	INSN_INVLPG,
};

/* insn.alu of INSN_ALU_*: the encoding's own numbers; of INSN_BIT_*: group 8's. */
#define ALU_ADD 0
#define ALU_OR	1
#define ALU_AND 4
#define ALU_SUB 5
#define ALU_XOR 6
#define BIT_BTS 5
#define BIT_BTR 6
#define BIT_BTC 7

enum insn_segment { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS };

#define INSN_NO_REG 0xff

struct insn {
	enum insn_kind kind;
	u8 length;    /* bytes, prefixes included */
	u8 op_size;   /* operand: 1, 2, 4 or 8 bytes */
	u8 addr_size; /* effective address: 2, 4 or 8 bytes */
	u8 alu;
	u8 reg;		/* modrm.reg with REX.R: a general, control or debug register's number */
	u8 rm;		/* modrm.rm with REX.B, if !memory */
	u8 base, index; /* INSN_NO_REG where none */
	u8 scale;	/* shift */
	u8 segment;	/* of the memory operand, override applied */
	bool memory;	/* r/m is memory */
	bool rip_relative;
	bool lock, rep, rex;
	bool port_in_imm; /* INSN_IN, INSN_OUT: imm names the port, otherwise dx */
	s64 disp;
	u64 imm; /* sign-extended to 64 bits (an I/O port or INT vector: zero-extended) */
};

/**
 * Decode the instruction at bytes[0..size). long_mode: 64-bit code, else 32-bit code.
 * False: not one of the above, or cut off by size.
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
