/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writable page tables: a guest kernel's store into one of its own page tables, which is mapped
 * read-only, is decoded here, checked and done by mm/.
 */
#include <pv/internal.h>
#include <x86/privileged.h>
#include <x86/uaccess.h>

/* A store under way. */
struct table_write {
	struct vcpu *v;
	struct cpu_regs *regs;
	const struct insn *in;
	u64 addr;
	unsigned size;
};

static bool write_value(const struct table_write *w, u64 value)
{
	return mm_ptwr_write(&w->v->mem, w->addr, insn_truncate(value, w->size), w->size) == 0;
}

static u64 source_operand(const struct table_write *w)
{
	if (w->in->kind == INSN_ALU_IMM || w->in->kind == INSN_MOV_IMM)
		return insn_truncate(w->in->imm, w->size);
	return insn_read_register(w->in, w->regs, w->in->reg, w->size);
}

/* What the instruction makes of `old`. */
static u64 modified(const struct table_write *w, u64 old, u64 *rflags)
{
	u64 operand = w->in->kind == INSN_BIT_IMM ? w->in->imm : source_operand(w);

	switch (w->in->kind) {
	case INSN_XCHG:
		return operand;
	case INSN_XADD:
		return insn_alu(ALU_ADD, old, operand, w->size, rflags);
	case INSN_BIT_REG:
	case INSN_BIT_IMM:
		return insn_bit(w->in->alu, old, operand & (8 * w->size - 1), rflags);
	default:
		return insn_alu(w->in->alu, old, operand, w->size, rflags);
	}
}

/* Atomic whether LOCK is there or not: the entry may change under us on another CPU. */
static bool read_modify_write(const struct table_write *w)
{
	u64 old = 0, found, rflags, value;

	if (!copy_from_guest(&old, w->addr, w->size))
		return false;
	for (;; old = found) {
		rflags = w->regs->rflags;
		value = modified(w, old, &rflags);
		found = old;
		if (mm_ptwr_cmpxchg(&w->v->mem, w->addr, &found, value, w->size))
			return false;
		if (found == old)
			break;
	}
	w->regs->rflags = rflags;
	if (w->in->kind == INSN_XCHG || w->in->kind == INSN_XADD)
		insn_write_register(w->in, w->regs, w->in->reg, w->size, old);
	return true;
}

static bool compare_exchange(const struct table_write *w)
{
	u64 expected = insn_truncate(w->regs->rax, w->size), found = expected;

	if (mm_ptwr_cmpxchg(&w->v->mem, w->addr, &found, source_operand(w), w->size))
		return false;
	insn_alu(ALU_SUB, expected, found, w->size, &w->regs->rflags);
	if (found != expected)
		insn_write_register(w->in, w->regs, 0, w->size, found);
	return true;
}

/* STOS and MOVS, one element; with REP the guest comes back here for the next. */
static bool string_store(struct table_write *w)
{
	struct cpu_regs *regs = w->regs;
	u64 step = (regs->rflags & X86_EFLAGS_DF) ? -(u64)w->size : w->size;
	u64 value = insn_truncate(regs->rax, w->size);
	struct insn source = *w->in;

	if (w->in->kind == INSN_MOVS) {
		source.base = 6;
		value = 0;
		if (!copy_from_guest(&value, pv_linear(&source, regs), w->size))
			return false;
	}
	if (!write_value(w, value))
		return false;
	if (w->in->kind == INSN_MOVS)
		regs->rsi += step;
	regs->rdi += step;
	if (w->in->rep && --regs->rcx)
		regs->rip -= w->in->length;
	return true;
}

static bool perform(struct table_write *w)
{
	switch (w->in->kind) {
	case INSN_MOV_REG:
	case INSN_MOV_IMM:
		return write_value(w, source_operand(w));
	case INSN_XCHG:
	case INSN_XADD:
	case INSN_ALU_REG:
	case INSN_ALU_IMM:
	case INSN_BIT_REG:
	case INSN_BIT_IMM:
		return read_modify_write(w);
	case INSN_CMPXCHG:
		return compare_exchange(w);
	case INSN_STOS:
	case INSN_MOVS:
		return string_store(w);
	default:
		return false;
	}
}

static u64 destination(const struct table_write *w)
{
	u64 addr;

	if (w->in->kind == INSN_STOS || w->in->kind == INSN_MOVS)
		return w->regs->rdi;
	addr = pv_linear(w->in, w->regs);
	if (w->in->kind == INSN_BIT_REG) { /* the bit number reaches beyond the operand */
		s64 bit = (s64)insn_read_register(w->in, w->regs, w->in->reg, w->size);
		unsigned sign = 64 - 8 * w->size;

		addr += (u64)(((bit << sign) >> sign) >> (w->size == 8	 ? 6
							  : w->size == 4 ? 5
									 : 4)) *
			w->size;
	}
	return addr;
}

bool pv_emulate_table_write(struct vcpu *v, struct cpu_regs *regs, u64 va)
{
	u8 bytes[INSN_MAX];
	struct insn in;
	struct table_write w = {.v = v, .regs = regs, .in = &in};
	bool long_mode;
	unsigned size = pv_fetch(v, regs, bytes, &long_mode);

	if (!size || !insn_decode(&in, bytes, size, long_mode) || in.addr_size != 8)
		return false;
	if (!in.memory && in.kind != INSN_STOS && in.kind != INSN_MOVS)
		return false;
	w.size = in.op_size;
	w.addr = destination(&w);
	/* The CPU reports the first byte that it could not write. */
	if (va < w.addr || va >= w.addr + w.size || (w.addr & 7) + w.size > 8)
		return false;
	if (!perform(&w))
		return false;
	pv_retire(regs, in.length);
	return true;
}
