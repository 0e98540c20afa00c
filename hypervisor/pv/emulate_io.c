/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port I/O of guests: IOPL or the guest's I/O bitmap lets the instruction pass, the domain's ranges
 * the port. */
#include <pv/internal.h>
#include <x86/privileged.h>
#include <x86/uaccess.h>

/* Repetitions of a string instruction done at one go; the guest then runs the rest of it. */
#define STRING_BATCH 1024

#define PIT_COUNTER_0 0x40
#define PIT_COUNTER_2 0x42

/* The kernel's bitmap is in its own address space: switch there when user mode asks. */
static bool read_bitmap(struct vcpu *v, unsigned port, u16 *bits)
{
	bool from_user = !v->arch.kernel_mode, ok;

	if (from_user)
		pv_toggle_mode(v);
	ok = get_guest(*bits, v->pv.iobmp + port / 8);
	if (from_user)
		pv_toggle_mode(v);
	return ok;
}

static bool instruction_allowed(struct vcpu *v, unsigned port, unsigned size)
{
	u16 bits;

	if (pv_iopl_ok(v))
		return true;
	if (!v->pv.iobmp || port + size > v->pv.iobmp_limit || !read_bitmap(v, port, &bits))
		return false;
	return !((bits >> (port & 7)) & ((1u << size) - 1));
}

static bool ports_permitted(const struct domain *d, unsigned first, unsigned last)
{
	for (unsigned i = 0; i < d->ioport_range_count; i++)
		if (d->ioport_ranges[i].first <= first && last <= d->ioport_ranges[i].last)
			return true;
	return false;
}

/*
 * An empty bus reads as ones. The timer's counters read as zero, though, as if stopped: Linux waits
 * for the second one to leave 0xff, 100,000 reads long, before it gives up calibrating against it.
 */
static u32 read_absent(u16 port)
{
	return port >= PIT_COUNTER_0 && port <= PIT_COUNTER_2 ? 0 : 0xff;
}

static u32 read_port(const struct domain *d, u16 port, unsigned size)
{
	u32 value = 0;

	if (ports_permitted(d, port, port + size - 1))
		return port_in(port, size);
	/* Part of it may be permitted. What is not reads as an empty bus. */
	for (unsigned i = 0; i < size; i++)
		value |= (ports_permitted(d, port + i, port + i) ? port_in((u16)(port + i), 1)
								 : read_absent((u16)(port + i)))
			 << (8 * i);
	return value;
}

static void write_port(const struct domain *d, u16 port, u32 value, unsigned size)
{
	if (ports_permitted(d, port, port + size - 1)) {
		port_out(port, value, size);
		return;
	}
	for (unsigned i = 0; i < size; i++)
		if (ports_permitted(d, port + i, port + i))
			port_out((u16)(port + i), (value >> (8 * i)) & 0xff, 1);
}

/* One element; the string registers are not moved. False: a page fault was injected. */
static bool string_element(struct vcpu *v, struct cpu_regs *regs, const struct insn *in, u16 port,
			   unsigned size)
{
	bool input = in->kind == INSN_INS;
	struct insn operand = {.base = input ? 7 : 6,
			       .index = INSN_NO_REG,
			       .addr_size = in->addr_size,
			       .segment = input ? SEGMENT_ES : in->segment};
	u64 addr = pv_linear(&operand, regs);
	u32 value = 0;

	if (!input) {
		if (!copy_from_guest(&value, addr, size)) {
			pv_inject_page_fault(addr, 0);
			return false;
		}
		write_port(v->domain, port, value, size);
		return true;
	}
	/* The device must not lose a value that cannot be stored: try the store first. */
	if (copy_from_guest(&value, addr, size) && copy_to_guest(addr, &value, size)) {
		value = read_port(v->domain, port, size);
		if (copy_to_guest(addr, &value, size))
			return true;
	}
	pv_inject_page_fault(addr, PF_WRITE);
	return false;
}

static enum emulation string_io(struct vcpu *v, struct cpu_regs *regs, const struct insn *in,
				u16 port, unsigned size)
{
	u64 *pointer = in->kind == INSN_INS ? &regs->rdi : &regs->rsi;
	u64 step = (regs->rflags & X86_EFLAGS_DF) ? -(u64)size : size;
	u64 count = in->rep ? insn_truncate(regs->rcx, in->addr_size) : 1;
	u64 todo = MIN(count, (u64)STRING_BATCH);

	for (u64 i = 0; i < todo; i++) {
		if (!string_element(v, regs, in, port, size))
			return EMULATE_INJECTED;
		*pointer = insn_truncate(*pointer + step, in->addr_size);
		if (in->rep)
			regs->rcx = insn_truncate(regs->rcx - 1, in->addr_size);
	}
	if (todo < count)
		regs->rip -= in->length; /* the caller steps over it: come back for the rest */
	return EMULATE_DONE;
}

enum emulation pv_emulate_io(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	u16 port = in->port_in_imm ? (u16)in->imm : (u16)regs->rdx;
	unsigned size = MIN(in->op_size, 4);

	if (!instruction_allowed(v, port, size))
		return EMULATE_REFUSED;
	switch (in->kind) {
	case INSN_IN:
		insn_write_register(in, regs, 0, size, read_port(v->domain, port, size));
		return EMULATE_DONE;
	case INSN_OUT:
		write_port(v->domain, port, (u32)insn_read_register(in, regs, 0, size), size);
		return EMULATE_DONE;
	default:
		return string_io(v, regs, in, port, size);
	}
}
