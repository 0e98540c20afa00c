/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writable page tables: a guest kernel's store into one of its own page tables, which is mapped
 * read-only, is decoded here, checked and done by mm/.
 */
#include <pv/internal.h>

/* What the instruction makes of `old`. */
static u64 modified(const struct insn *in, u64 old, u64 operand, u64 *rflags)
{
	if (in->opcode == 0x86 || in->opcode == 0x87) /* xchg */
		return operand;
	if (in->opcode >= 0x0f00) /* bts, btr, btc */
		return insn_bit(in->alu, old, operand & (8 * in->op_size - 1), rflags);
	return insn_alu(in->alu, old, operand, in->op_size, rflags);
}

/* Atomic whether LOCK is there or not: the entry may change under us on another CPU. */
static bool read_modify_write(struct vcpu *v, struct cpu_regs *regs, struct insn *in, u64 addr,
			      u64 operand)
{
	u64 old = 0, found, rflags = regs->rflags;

	if (!copy_from_guest(&old, addr, in->op_size))
		return false;
	u64 value = modified(in, found = old, operand, &rflags);

	if (mm_ptwr_write(&v->mem, addr, &found, value, in->op_size))
		return false;
	if (found != old) { /* meanwhile: so the guest comes back here with the same instruction */
		in->length = 0;
		return true;
	}
	regs->rflags = rflags;
	if (in->opcode == 0x86 || in->opcode == 0x87)
		insn_write_register(in, regs, in->reg, in->op_size, old);
	return true;
}

static bool compare_exchange(struct vcpu *v, struct cpu_regs *regs, const struct insn *in, u64 addr,
			     u64 operand)
{
	u64 expected = insn_truncate(regs->rax, in->op_size), found = expected;

	if (mm_ptwr_write(&v->mem, addr, &found, operand, in->op_size))
		return false;
	insn_alu(ALU_SUB, expected, found, in->op_size, &regs->rflags);
	if (found != expected)
		insn_write_register(in, regs, 0, in->op_size, found);
	return true;
}

/* STOS and MOVS, one element; with REP the guest comes back here for the next. */
static bool string_store(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	bool move = in->opcode <= 0xa5;
	u64 step = (regs->rflags & X86_EFLAGS_DF) ? -(u64)in->op_size : in->op_size;
	u64 value = move ? 0 : insn_truncate(regs->rax, in->op_size);
	struct insn source = *in;

	source.base = 6; /* rsi */
	if (move && !copy_from_guest(&value, pv_linear(&source, regs), in->op_size))
		return false;
	if (mm_ptwr_write(&v->mem, regs->rdi, NULL, value, in->op_size))
		return false;
	if (move)
		regs->rsi += step;
	regs->rdi += step;
	if (in->rep && --regs->rcx)
		in->length = 0;
	return true;
}

static bool perform(struct vcpu *v, struct cpu_regs *regs, struct insn *in, u64 addr)
{
	unsigned size = in->op_size;
	u64 operand = in->immediate ? insn_truncate(in->imm, size)
				    : insn_read_register(in, regs, in->reg, size);

	switch (in->opcode) {
	case 0x88 ... 0x89: /* mov of a register */
	case 0xc6 ... 0xc7: /* mov of an immediate */
		return !mm_ptwr_write(&v->mem, addr, NULL, operand, size);
	case 0x0fb0 ... 0x0fb1:
		return compare_exchange(v, regs, in, addr, operand);
	case 0xa4 ... 0xab:
		return string_store(v, regs, in);
	case 0x00 ... 0x31:	/* arithmetic with a register */
	case 0x80 ... 0x87:	/* arithmetic with an immediate; xchg */
	case 0x0fab:		/* bts */
	case 0x0fb3 ... 0x0fbb: /* btr, btc, those of an immediate */
		return read_modify_write(v, regs, in, addr, operand);
	default:
		return false;
	}
}

bool pv_emulate_table_write(struct vcpu *v, struct cpu_regs *regs, u64 va)
{
	struct insn in;

	if (!pv_fetch(v, regs, &in) || in.addr_size != 8)
		return false;

	bool string = in.opcode >= 0xa4 && in.opcode <= 0xab;
	u64 addr = string ? regs->rdi : pv_linear(&in, regs);

	if (!string && !in.memory)
		return false;
	/*
	 * The CPU reports the first byte that it could not write. A bit number in a register that
	 * reaches beyond the operand fails here, too.
	 */
	if (va < addr || va >= addr + in.op_size || !perform(v, regs, &in, addr))
		return false;
	pv_retire(regs, in.length);
	return true;
}
