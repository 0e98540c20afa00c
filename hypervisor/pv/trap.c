/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions in guest mode: mended, emulated, or passed to the guest's trap table. */
#include <pv/internal.h>
#include <x86/hooks.h>
#include <x86/layout.h>

bool pv_window_fault(u64 va)
{
	struct vcpu *v = current_vcpu();
	u64 offset = va - LDT_WINDOW(v->vcpu_id);

	return v->domain && offset < 16 * PAGE_SIZE && mm_ldt_fault(&v->mem, offset >> PAGE_SHIFT);
}

/*
 * The CPU read a descriptor through this vCPU's window and found no page. An LDT page is brought in
 * on demand; what the guest's own LDT lacks becomes the guest's fault at its own address. Both
 * halves of the window are 64 KiB and aligned to that, so va's low bits make the selector.
 */
static void descriptor_window_fault(struct vcpu *v, u64 va, u32 error_code)
{
	u64 own = v->pv.ldt_virt + (va - LDT_WINDOW(v->vcpu_id));

	if (va < LDT_WINDOW(v->vcpu_id)) /* beyond the GDT pages that the guest has set */
		pv_inject(VECTOR_GP, va & 0xfff8);
	else if (pv_window_fault(va))
		return;
	else if (pv_canonical(own))
		pv_inject_page_fault(own, error_code);
	else
		pv_inject(VECTOR_GP, (va & 0xfff8) | EC_LDT);
}

static void page_fault(struct vcpu *v, struct cpu_regs *regs)
{
	u64 va = read_cr2();
	u32 ec = regs->error_code;

	if (unlikely(va - HYPERVISOR_VIRT_START < HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START)) {
		/* Where the CPU itself reads a descriptor it does so as supervisor. */
		if (va - GDT_WINDOW(v->vcpu_id) < DESCRIPTOR_WINDOW_PAGES * PAGE_SIZE &&
		    !(ec & (PF_RSVD | PF_FETCH | PF_USER)))
			descriptor_window_fault(v, va, ec & ~(u32)PF_PRESENT);
		else
			pv_inject_page_fault(va, ec);
		return;
	}
	if (v->arch.kernel_mode &&
	    (ec & (PF_PRESENT | PF_WRITE | PF_RSVD)) == (PF_PRESENT | PF_WRITE) &&
	    mm_ptwr_candidate(&v->mem, va) && pv_emulate_table_write(v, regs, va))
		return;
	/* The CPU keeps no translation that is not there, but its copy of a root may lack one. */
	if ((!(ec & PF_PRESENT) && !xpti) || !mm_fault_spurious(&v->mem, va, ec))
		pv_inject_page_fault(va, ec);
}

/*
 * INT n with a gate that hardware does not have, or whose DPL is 0: the guest's table decides.
 * length: of the instruction, if rip is at it.
 */
static void software_interrupt(struct vcpu *v, struct cpu_regs *regs, u8 vector, unsigned length)
{
	unsigned dpl = v->pv.traps[vector].flags & 3;

	if (v->pv.traps[vector].address && (v->arch.kernel_mode ? dpl >= 1 : dpl == 3)) {
		regs->rip += length;
		pv_inject(vector, NO_ERROR);
	} else {
		if (!length) /* int $0x80 came through a gate of its own: rip is past it */
			regs->rip -= 2;
		pv_inject(VECTOR_GP, vector * 8 + EC_IDT);
	}
}

static void general_protection(struct vcpu *v, struct cpu_regs *regs)
{
	struct insn in;
	bool known = pv_fetch(v, regs, &in);

	if (known && in.opcode == 0xcd)
		software_interrupt(v, regs, (u8)in.imm, in.length);
	else if (!known || !pv_emulate_privileged(v, regs, &in))
		pv_inject(VECTOR_GP, regs->error_code);
}

/* #UD: `ud2`, the letters "xen", then `cpuid` is the ABI's way to ask for the virtual CPUID. */
static void invalid_opcode(struct vcpu *v, struct cpu_regs *regs)
{
	u32 first, last; /* of seven bytes: they overlap in the `e` */

	if (get_guest(first, regs->rip) && get_guest(last, regs->rip + 3) && first == 0x65780b0f &&
	    last == 0xa20f6e65) {
		pv_emulate_cpuid(v, regs);
		pv_retire(regs, 7);
	} else {
		pv_inject(VECTOR_UD, 0);
	}
}

void pv_trap(struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();

	switch (regs->entry_vector) {
	case VECTOR_PF:
		page_fault(v, regs);
		break;
	case VECTOR_GP:
		general_protection(v, regs);
		break;
	case VECTOR_UD:
		invalid_opcode(v, regs);
		break;
	case VECTOR_DB:
		/* Bits 0..3, 13..15 accumulate until the guest clears them; the rest is fixed. */
		v->arch.dr6 = ((v->arch.dr6 | read_dr6()) & 0xffff) | 0xffff0ff0;
		write_dr6(0xffff0ff0);
		pv_inject(VECTOR_DB, 0);
		break;
	case VECTOR_NM:
		do_fpu_taskswitch(0); /* the ABI: TS is clear when the handler runs */
		pv_inject(VECTOR_NM, 0);
		break;
	case 0x80:
		software_interrupt(v, regs, 0x80, 0);
		break;
	default:
		if (regs->entry_vector < 32)
			pv_inject(regs->entry_vector, regs->error_code);
		break;
	}
}
