/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table-driven decoder: one row an opcode, one pass over prefixes, opcode, ModRM, immediate. */
#include <lib/string.h>
#include <pv/decode.h>

/* What follows an opcode, and the operand's size. */
#define ALONE	  BIT(0) /* nothing follows */
#define MODRM	  BIT(1)
#define WIDTH	  BIT(2) /* an even opcode's operand is a byte; otherwise 2, 4 or 8 by prefixes */
#define IMM	  BIT(3) /* operand-sized, at most four bytes, sign-extended */
#define IMM8	  BIT(4) /* one byte, sign-extended */
#define UIMM8	  BIT(5) /* one byte, zero-extended */
#define REGISTERS BIT(6) /* r/m is always a register of the mode's full size (mov cr/dr) */

struct form {
	u8 flags; /* 0: not emulated */
	u8 group; /* if not 0: modrm.reg tells the operation, and these bits are emulated ones */
};

#define GROUP_ALU (BIT(ALU_ADD) | BIT(ALU_OR) | BIT(ALU_AND) | BIT(ALU_SUB) | BIT(ALU_XOR))
#define GROUP_BIT (BIT(BIT_BTS) | BIT(BIT_BTR) | BIT(BIT_BTC))

static const struct form one_byte[256] = {
	[0x00 ... 0x01] = {MODRM | WIDTH}, /* add */
	[0x08 ... 0x09] = {MODRM | WIDTH}, /* or */
	[0x20 ... 0x21] = {MODRM | WIDTH}, /* and */
	[0x28 ... 0x29] = {MODRM | WIDTH}, /* sub */
	[0x30 ... 0x31] = {MODRM | WIDTH}, /* xor */
	[0x6c ... 0x6f] = {WIDTH},	   /* ins, outs */
	[0x80 ... 0x81] = {MODRM | WIDTH | IMM, GROUP_ALU},
	[0x83] = {MODRM | IMM8, GROUP_ALU},
	[0x86 ... 0x89] = {MODRM | WIDTH},		 /* xchg, mov */
	[0xa4 ... 0xa5] = {WIDTH},			 /* movs */
	[0xaa ... 0xab] = {WIDTH},			 /* stos */
	[0xc6 ... 0xc7] = {MODRM | WIDTH | IMM, BIT(0)}, /* mov of an immediate */
	[0xcd] = {UIMM8},				 /* int */
	[0xe4 ... 0xe7] = {WIDTH | UIMM8},		 /* in, out */
	[0xec ... 0xef] = {WIDTH},			 /* in, out: the port is dx */
	[0xf4] = {ALONE},				 /* hlt */
	[0xfa ... 0xfb] = {ALONE},			 /* cli, sti */
};

/* After 0x0f. */
static const struct form two_byte[256] = {
	[0x00] = {MODRM, BIT(0) | BIT(1)}, /* sldt, str */
	[0x01] = {MODRM, BIT(0) | BIT(1) | BIT(4) | BIT(6) | BIT(7)},
	[0x06] = {ALONE},		       /* clts */
	[0x09] = {ALONE},		       /* wbinvd */
	[0x20 ... 0x23] = {MODRM | REGISTERS}, /* mov from cr, dr; to cr, dr */
	[0x30 ... 0x32] = {ALONE},	       /* wrmsr, rdtsc, rdmsr */
	[0xa2] = {ALONE},		       /* cpuid */
	[0xab] = {MODRM},		       /* bts */
	[0xb0 ... 0xb1] = {MODRM | WIDTH},     /* cmpxchg */
	[0xb3] = {MODRM},		       /* btr */
	[0xba] = {MODRM | UIMM8, GROUP_BIT},
	[0xbb] = {MODRM}, /* btc */
};

/* The bytes still to be read, and what the prefixes said. */
struct cursor {
	const u8 *p, *end;
	bool cut; /* ran out */
	bool long_mode, operand16, address_short;
	u8 rex;
};

static u8 next_byte(struct cursor *c)
{
	if (c->p < c->end)
		return *c->p++;
	c->cut = true;
	return 0;
}

static s64 next_signed(struct cursor *c, unsigned bytes)
{
	u64 v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (u64)next_byte(c) << (8 * i);
	return (s64)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* Returns the first byte that is no prefix. */
static u8 read_prefixes(struct insn *in, struct cursor *c)
{
	for (;;) {
		u8 b = next_byte(c);

		if (c->long_mode && (b & 0xf0) == 0x40) {
			c->rex = b; /* counts only right before the opcode */
			continue;
		}
		if (b == 0x64 || b == 0x65)
			in->segment = b == 0x64 ? SEGMENT_FS : SEGMENT_GS;
		else if (b == 0x66)
			c->operand16 = true;
		else if (b == 0x67)
			c->address_short = true;
		else if (b == 0xf0)
			in->lock = true;
		else if (b == 0xf2 || b == 0xf3)
			in->rep = true;
		else if ((b & 0xe7) != 0x26) /* es, cs, ss, ds are flat anyway */
			return b;
		c->rex = 0;
	}
}

static void read_memory_operand(struct insn *in, struct cursor *c, u8 modrm)
{
	unsigned mod = modrm >> 6;

	in->memory = true;
	in->base = in->rm;
	if ((modrm & 7) == 4) {
		u8 sib = next_byte(c);

		in->scale = sib >> 6;
		in->index = ((sib >> 3) & 7) | (c->rex & 2) << 2;
		if (in->index == 4)
			in->index = INSN_NO_REG;
		in->base = (sib & 7) | (c->rex & 1) << 3;
	}
	if (mod == 0 && (in->base & 7) == 5) {
		in->rip_relative = c->long_mode && (modrm & 7) == 5;
		in->base = INSN_NO_REG;
		mod = 2;
	}
	if (mod)
		in->disp = next_signed(c, mod == 1 ? 1 : 4);
}

/*
 * modrm.reg tells the operation. In group 7 (sgdt, sidt, smsw, lmsw, invlpg), with a register for
 * modrm.rm, all of modrm does, but for smsw and lmsw. False: not emulated.
 */
static bool read_group(struct insn *in, u8 group, u8 modrm)
{
	in->alu = in->reg & 7;
	if (in->opcode == 0x0f01 && modrm >= 0xc0 && in->alu != 4 && in->alu != 6) {
		in->opcode = 0x0f0100 | modrm;
		return modrm == 0xd0 || modrm == 0xd1 || modrm == 0xf9; /* xgetbv xsetbv rdtscp */
	}
	if ((in->opcode | 1) == 0x0f01)
		in->opcode = in->opcode << 8 | (modrm & 0x38);
	return group >> in->alu & 1;
}

static bool read_modrm(struct insn *in, struct cursor *c, const struct form *f)
{
	u8 modrm = next_byte(c);

	in->reg = ((modrm >> 3) & 7) | (c->rex & 4) << 1;
	in->rm = (modrm & 7) | (c->rex & 1) << 3;
	if (f->group && !read_group(in, f->group, modrm))
		return false;
	if (modrm >= 0xc0 || (f->flags & REGISTERS))
		return true;
	read_memory_operand(in, c, modrm);
	return in->addr_size != 2; /* 16-bit forms are not used with what we emulate */
}

static void read_immediate(struct insn *in, struct cursor *c, u8 flags)
{
	in->immediate = flags & (IMM | IMM8 | UIMM8);
	if (flags & UIMM8)
		in->imm = next_byte(c);
	else if (in->immediate)
		in->imm = (u64)next_signed(c, flags & IMM8 ? 1 : MIN(in->op_size, 4));
}

static u8 operand_size(const struct insn *in, const struct cursor *c, u8 flags)
{
	if ((flags & WIDTH) && !(in->opcode & 1))
		return 1;
	if ((c->rex & 8) || ((flags & REGISTERS) && c->long_mode))
		return 8;
	return c->operand16 ? 2 : 4;
}

bool insn_decode(struct insn *in, const u8 *bytes, unsigned size, bool long_mode)
{
	struct cursor c = {.p = bytes, .end = bytes + size, .long_mode = long_mode};

	*in = (struct insn){.base = INSN_NO_REG, .index = INSN_NO_REG, .long_mode = long_mode};
	in->opcode = read_prefixes(in, &c);

	const struct form *f = &one_byte[in->opcode];

	if (in->opcode == 0x0f) {
		in->opcode = 0x0f00 | next_byte(&c);
		f = &two_byte[in->opcode & 0xff];
	}
	in->rex = c.rex != 0;
	in->alu = in->opcode >> 3 & 7;
	in->op_size = operand_size(in, &c, f->flags);
	in->addr_size = (long_mode ? 8 : 4) >> c.address_short;
	if (!f->flags || ((f->flags & MODRM) && !read_modrm(in, &c, f)))
		return false;
	read_immediate(in, &c, f->flags);
	in->length = (u8)(c.p - bytes);
	return !c.cut;
}

#define WORD(reg) (offsetof(struct cpu_regs, reg) / sizeof(u64))

u64 *insn_register(struct cpu_regs *regs, unsigned n)
{
	static const u8 words[16] = {WORD(rax), WORD(rcx), WORD(rdx), WORD(rbx),
				     WORD(rsp), WORD(rbp), WORD(rsi), WORD(rdi),
				     WORD(r8),	WORD(r9),  WORD(r10), WORD(r11),
				     WORD(r12), WORD(r13), WORD(r14), WORD(r15)};

	return (u64 *)regs + words[n & 15];
}

/* Where the register's value lies. */
static u8 *place(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size)
{
	bool high_byte = size == 1 && !in->rex && n >= 4 && n < 8;

	return (u8 *)insn_register(regs, high_byte ? n - 4 : n) + high_byte;
}

u64 insn_read_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size)
{
	u64 value = 0;

	memcpy(&value, place(in, regs, n, size), size);
	return value;
}

void insn_write_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size,
			 u64 value)
{
	value = insn_truncate(value, size);
	memcpy(place(in, regs, n, size), &value, size == 4 ? 8 : size);
}

u64 insn_address(const struct insn *in, struct cpu_regs *regs)
{
	u64 addr = (u64)in->disp;

	if (in->rip_relative)
		addr += regs->rip + in->length;
	if (in->base != INSN_NO_REG)
		addr += *insn_register(regs, in->base);
	if (in->index != INSN_NO_REG)
		addr += *insn_register(regs, in->index) << in->scale;
	return insn_truncate(addr, in->addr_size);
}
