/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table-driven decoder: one row an opcode, one pass over prefixes, opcode, ModRM, immediate. */
#include <pv/decode.h>

/* Columns of the tables. */
#define MODRM	BIT(0)
#define BYTE	BIT(1) /* byte operand; otherwise 2, 4 or 8 by prefixes */
#define IMM8	BIT(2) /* one byte, sign-extended */
#define IMMZ	BIT(3) /* operand-sized, at most four bytes, sign-extended */
#define UIMM8	BIT(4) /* one byte, zero-extended */
#define GROUP	BIT(5) /* the kind depends on modrm.reg */
#define REG_MEM BIT(6) /* r/m is always a register (mov cr/dr) */
#define NOSIZE	BIT(7) /* operand size is that of the mode: 8 or 4 */

struct row {
	u8 kind, alu;
	u16 flags;
};

#define ALU_ROWS(base, op)                                                                         \
	[(base)] = {INSN_ALU_REG, op, MODRM | BYTE}, [(base) + 1] = {INSN_ALU_REG, op, MODRM}

static const struct row one_byte[256] = {
	ALU_ROWS(0x00, ALU_ADD),
	ALU_ROWS(0x08, ALU_OR),
	ALU_ROWS(0x20, ALU_AND),
	ALU_ROWS(0x28, ALU_SUB),
	ALU_ROWS(0x30, ALU_XOR),
	[0x6c] = {INSN_INS, 0, BYTE},
	[0x6d] = {INSN_INS, 0, 0},
	[0x6e] = {INSN_OUTS, 0, BYTE},
	[0x6f] = {INSN_OUTS, 0, 0},
	[0x80] = {INSN_ALU_IMM, 0, MODRM | BYTE | IMM8 | GROUP},
	[0x81] = {INSN_ALU_IMM, 0, MODRM | IMMZ | GROUP},
	[0x83] = {INSN_ALU_IMM, 0, MODRM | IMM8 | GROUP},
	[0x86] = {INSN_XCHG, 0, MODRM | BYTE},
	[0x87] = {INSN_XCHG, 0, MODRM},
	[0x88] = {INSN_MOV_REG, 0, MODRM | BYTE},
	[0x89] = {INSN_MOV_REG, 0, MODRM},
	[0xa4] = {INSN_MOVS, 0, BYTE},
	[0xa5] = {INSN_MOVS, 0, 0},
	[0xaa] = {INSN_STOS, 0, BYTE},
	[0xab] = {INSN_STOS, 0, 0},
	[0xc6] = {INSN_MOV_IMM, 0, MODRM | BYTE | IMM8 | GROUP},
	[0xc7] = {INSN_MOV_IMM, 0, MODRM | IMMZ | GROUP},
	[0xcd] = {INSN_INT, 0, UIMM8},
	[0xe4] = {INSN_IN, 0, BYTE | UIMM8},
	[0xe5] = {INSN_IN, 0, UIMM8},
	[0xe6] = {INSN_OUT, 0, BYTE | UIMM8},
	[0xe7] = {INSN_OUT, 0, UIMM8},
	[0xec] = {INSN_IN, 0, BYTE},
	[0xed] = {INSN_IN, 0, 0},
	[0xee] = {INSN_OUT, 0, BYTE},
	[0xef] = {INSN_OUT, 0, 0},
	[0xf4] = {INSN_HLT, 0, 0},
	[0xfa] = {INSN_CLI, 0, 0},
	[0xfb] = {INSN_STI, 0, 0},
};

/* After 0x0f. */
static const struct row two_byte[256] = {
	[0x00] = {INSN_UNKNOWN, 6, MODRM | GROUP},
	[0x01] = {INSN_UNKNOWN, 7, MODRM | GROUP},
	[0x06] = {INSN_CLTS, 0, 0},
	[0x09] = {INSN_WBINVD, 0, 0},
	[0x20] = {INSN_MOV_FROM_CR, 0, MODRM | REG_MEM | NOSIZE},
	[0x21] = {INSN_MOV_FROM_DR, 0, MODRM | REG_MEM | NOSIZE},
	[0x22] = {INSN_MOV_TO_CR, 0, MODRM | REG_MEM | NOSIZE},
	[0x23] = {INSN_MOV_TO_DR, 0, MODRM | REG_MEM | NOSIZE},
	[0x30] = {INSN_WRMSR, 0, 0},
	[0x31] = {INSN_RDTSC, 0, 0},
	[0x32] = {INSN_RDMSR, 0, 0},
	[0xa2] = {INSN_CPUID, 0, 0},
	[0xab] = {INSN_BIT_REG, BIT_BTS, MODRM},
	[0xb0] = {INSN_CMPXCHG, 0, MODRM | BYTE},
	[0xb1] = {INSN_CMPXCHG, 0, MODRM},
	[0xb3] = {INSN_BIT_REG, BIT_BTR, MODRM},
	[0xba] = {INSN_BIT_IMM, 0, MODRM | UIMM8 | GROUP},
	[0xbb] = {INSN_BIT_REG, BIT_BTC, MODRM},
	[0xc0] = {INSN_XADD, 0, MODRM | BYTE},
	[0xc1] = {INSN_XADD, 0, MODRM},
};

/* The bytes still to be read. */
struct cursor {
	const u8 *p, *end;
	bool cut; /* ran out */
};

static u8 next_byte(struct cursor *c)
{
	if (c->p == c->end) {
		c->cut = true;
		return 0;
	}
	return *c->p++;
}

static s64 next_signed(struct cursor *c, unsigned bytes)
{
	u64 v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (u64)next_byte(c) << (8 * i);
	return (s64)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

struct prefixes {
	u8 rex, segment;
	bool operand16, address_short, segment_set;
};

/* Returns the first byte that is no prefix. */
static u8 read_prefixes(struct insn *in, struct cursor *c, struct prefixes *p, bool long_mode)
{
	for (;;) {
		u8 b = next_byte(c);

		if (long_mode && (b & 0xf0) == 0x40) {
			p->rex = b; /* counts only right before the opcode */
			continue;
		}
		switch (b) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
			/* es cs ss ds: no effect in 64-bit code, all flat in ours */
			p->segment = (b >> 3) & 3;
			p->segment_set = true;
			break;
		case 0x64:
		case 0x65:
			p->segment = b == 0x64 ? SEGMENT_FS : SEGMENT_GS;
			p->segment_set = true;
			break;
		case 0x66:
			p->operand16 = true;
			break;
		case 0x67:
			p->address_short = true;
			break;
		case 0xf0:
			in->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			in->rep = true;
			break;
		default:
			return b;
		}
		p->rex = 0;
		if (c->cut)
			return 0;
	}
}

static void read_memory_operand(struct insn *in, struct cursor *c, unsigned mod, unsigned rm,
				u8 rex, bool long_mode)
{
	bool sp_or_bp;

	in->memory = true;
	in->base = rm | (rex & 1) << 3;
	if (rm == 4) {
		u8 sib = next_byte(c);

		in->scale = sib >> 6;
		in->index = ((sib >> 3) & 7) | (rex & 2) << 2;
		if (in->index == 4)
			in->index = INSN_NO_REG;
		in->base = (sib & 7) | (rex & 1) << 3;
	}
	sp_or_bp = in->base == 4 || in->base == 5;
	if (mod == 0 && (in->base & 7) == 5) {
		in->rip_relative = long_mode && rm == 5;
		in->base = INSN_NO_REG;
		sp_or_bp = false;
		in->disp = next_signed(c, 4);
	} else if (mod == 1) {
		in->disp = next_signed(c, 1);
	} else if (mod == 2) {
		in->disp = next_signed(c, 4);
	}
	in->segment = sp_or_bp ? SEGMENT_SS : SEGMENT_DS;
}

/* Groups 6 and 7: system instructions told apart by modrm. */
static u8 system_kind(unsigned group, u8 modrm)
{
	static const u8 group6[8] = {INSN_SLDT, INSN_STR};
	static const u8 group7[8] = {INSN_SGDT, INSN_SIDT, 0,	      0,
				     INSN_SMSW, 0,	   INSN_LMSW, INSN_INVLPG};
	unsigned op = (modrm >> 3) & 7;

	if (group == 6)
		return group6[op];
	if (modrm < 0xc0 || op == 4 || op == 6)
		return group7[op];
	switch (modrm) {
	case 0xd0:
		return INSN_XGETBV;
	case 0xd1:
		return INSN_XSETBV;
	case 0xf9:
		return INSN_RDTSCP;
	default:
		return INSN_UNKNOWN;
	}
}

static bool resolve_group(struct insn *in, const struct row *r, u8 modrm)
{
	unsigned op = (modrm >> 3) & 7;

	switch (r->kind) {
	case INSN_UNKNOWN:
		in->kind = system_kind(r->alu, modrm);
		return in->kind != INSN_UNKNOWN;
	case INSN_MOV_IMM:
		return op == 0;
	case INSN_BIT_IMM:
		in->alu = op;
		return op >= BIT_BTS;
	default: /* INSN_ALU_IMM: no adc, sbb, cmp */
		in->alu = op;
		return op == ALU_ADD || op == ALU_OR || op == ALU_AND || op == ALU_SUB ||
		       op == ALU_XOR;
	}
}

static bool read_modrm(struct insn *in, struct cursor *c, const struct row *r, u8 rex,
		       bool long_mode)
{
	u8 modrm = next_byte(c);
	unsigned mod = modrm >> 6;

	in->reg = ((modrm >> 3) & 7) | (rex & 4) << 1;
	in->rm = (modrm & 7) | (rex & 1) << 3;
	if ((r->flags & GROUP) && !resolve_group(in, r, modrm))
		return false;
	if (mod == 3 || (r->flags & REG_MEM))
		return true;
	if (in->addr_size == 2)
		return false; /* 16-bit addressing forms are not used with what we emulate */
	read_memory_operand(in, c, mod, modrm & 7, rex, long_mode);
	return true;
}

static void read_immediate(struct insn *in, struct cursor *c, const struct row *r)
{
	if (r->flags & IMM8) {
		in->imm = (u64)next_signed(c, 1);
	} else if (r->flags & UIMM8) {
		in->imm = next_byte(c);
		in->port_in_imm = true;
	} else if (r->flags & IMMZ) {
		in->imm = (u64)next_signed(c, in->op_size == 2 ? 2 : 4);
	}
}

static unsigned operand_size(const struct row *r, const struct prefixes *p, bool long_mode)
{
	if (r->flags & BYTE)
		return 1;
	if (r->flags & NOSIZE)
		return long_mode ? 8 : 4;
	if (p->rex & 8)
		return 8;
	return p->operand16 ? 2 : 4;
}

bool insn_decode(struct insn *in, const u8 *bytes, unsigned size, bool long_mode)
{
	struct cursor c = {bytes, bytes + size, false};
	struct prefixes p = {0};
	const struct row *r;
	u8 opcode;

	*in = (struct insn){.base = INSN_NO_REG, .index = INSN_NO_REG, .segment = SEGMENT_DS};
	opcode = read_prefixes(in, &c, &p, long_mode);
	r = &one_byte[opcode];
	if (opcode == 0x0f)
		r = &two_byte[next_byte(&c)];
	if (c.cut)
		return false;
	in->kind = r->kind;
	in->alu = r->alu;
	in->rex = p.rex != 0;
	in->op_size = operand_size(r, &p, long_mode);
	in->addr_size = long_mode ? (p.address_short ? 4 : 8) : (p.address_short ? 2 : 4);
	if ((r->flags & MODRM) && !read_modrm(in, &c, r, p.rex, long_mode))
		return false;
	if (p.segment_set && (!long_mode || p.segment >= SEGMENT_FS))
		in->segment = p.segment;
	read_immediate(in, &c, r);
	in->length = (u8)(c.p - bytes);
	return !c.cut && in->kind != INSN_UNKNOWN;
}

u64 *insn_register(struct cpu_regs *regs, unsigned n)
{
	u64 *const table[16] = {
		&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
		&regs->rsi, &regs->rdi, &regs->r8,  &regs->r9,	&regs->r10, &regs->r11,
		&regs->r12, &regs->r13, &regs->r14, &regs->r15,
	};

	return table[n & 15];
}

u64 insn_read_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size)
{
	if (size == 1 && !in->rex && n >= 4 && n < 8)
		return (*insn_register(regs, n - 4) >> 8) & 0xff;
	return insn_truncate(*insn_register(regs, n), size);
}

void insn_write_register(const struct insn *in, struct cpu_regs *regs, unsigned n, unsigned size,
			 u64 value)
{
	u64 *reg, mask = insn_truncate(~0UL, size);

	if (size == 1 && !in->rex && n >= 4 && n < 8) {
		reg = insn_register(regs, n - 4);
		*reg = (*reg & ~0xff00UL) | (value & 0xff) << 8;
		return;
	}
	reg = insn_register(regs, n);
	*reg = size >= 4 ? value & mask : (*reg & ~mask) | (value & mask);
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
