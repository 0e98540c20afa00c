/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port I/O of guests: IOPL or the guest's I/O bitmap lets the instruction pass, the domain's ranges
 * the port. */
#include <dev/chips.h>
#include <pv/internal.h>

/* Repetitions of a string instruction done at one go; the guest then runs the rest of it. */
#define STRING_BATCH 1024

static bool instruction_allowed(struct vcpu *v, unsigned port, unsigned size)
{
	bool from_user = !v->arch.kernel_mode, ok;
	u16 bits;

	if (pv_iopl_ok(v))
		return true;
	if (!v->pv.iobmp || port + size > v->pv.iobmp_limit)
		return false;
	/* The kernel's bitmap is in its own address space: switch there when user mode asks. */
	if (from_user)
		pv_toggle_mode(v);
	ok = get_guest(bits, v->pv.iobmp + port / 8);
	if (from_user)
		pv_toggle_mode(v);
	return ok && !((bits >> (port & 7)) & ((1u << size) - 1));
}

static bool permitted(const struct domain *d, unsigned first, unsigned last)
{
	for (unsigned i = 0; i < d->ioport_range_count; i++)
		if (d->ioport_ranges[i].first <= first && last <= d->ioport_ranges[i].last)
			return true;
	return false;
}

/*
 * Reads, or writes value. Where only part of the ports is permitted, byte by byte. An empty bus
 * takes all and reads as ones. The timer's counters (0x40..0x42) read as zero, though, as if
 * stopped: Linux waits for the second one to leave 0xff, 100,000 reads long, before it gives up
 * calibrating.
 */
static u32 access_ports(struct domain *d, bool input, unsigned port, u32 value, unsigned size)
{
	u32 result = 0;

	if (permitted(d, port, port + size - 1)) {
		if ((port & ~7u) == 0xcf8)
			return pci_port(&d->pci_address, input, (u16)port, value, size);
		if (input)
			return port_in((u16)port, size);
		port_out((u16)port, value, size);
		return 0;
	}
	if (size == 1)
		return port >= 0x40 && port <= 0x42 ? 0 : 0xff;
	for (unsigned i = 0; i < size; i++)
		result |= access_ports(d, input, port + i, value >> (8 * i) & 0xff, 1) << (8 * i);
	return result;
}

/* INS and OUTS. */
static bool string_io(struct vcpu *v, struct cpu_regs *regs, struct insn *in, u16 port,
		      unsigned size)
{
	bool input = in->opcode < 0x6e;
	u64 step = (regs->rflags & X86_EFLAGS_DF) ? -(u64)size : size;
	u64 count = in->rep ? insn_truncate(regs->rcx, in->addr_size) : 1;
	struct insn element = *in;

	element.base = input ? 7 : 6;
	if (input)
		element.segment = SEGMENT_FLAT;
	for (u64 i = 0; i < MIN(count, (u64)STRING_BATCH); i++) {
		u64 addr = pv_linear(&element, regs);
		u32 value = 0;
		/* The device must not lose a value that cannot be stored: try the store first. */
		bool ok = copy_from_guest(&value, addr, size) &&
			  (!input || copy_to_guest(addr, &value, size));

		if (ok)
			value = access_ports(v->domain, input, port, value, size);
		if (!ok || (input && !copy_to_guest(addr, &value, size)))
			return pv_fault_instead(in, addr, input ? PF_WRITE : 0);
		insn_write_register(in, regs, element.base, in->addr_size,
				    *insn_register(regs, element.base) + step);
		if (in->rep)
			insn_write_register(in, regs, 1, in->addr_size, regs->rcx - 1);
	}
	if (count > STRING_BATCH)
		in->length = 0; /* the guest comes back for the rest */
	return true;
}

bool pv_emulate_io(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	u16 port = in->immediate ? (u16)in->imm : (u16)regs->rdx;
	unsigned size = MIN(in->op_size, 4);
	bool input = !(in->opcode & 2);

	if (!instruction_allowed(v, port, size))
		return false;
	if (in->opcode < 0xe4)
		return string_io(v, regs, in, port, size);
	u32 value = access_ports(v->domain, input, port, (u32)regs->rax, size);

	if (input)
		insn_write_register(in, regs, 0, size, value);
	return true;
}
