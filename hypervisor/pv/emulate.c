/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions of a guest: done for it where the ABI promises so, otherwise its fault.
 */
#include <pv/internal.h>
#include <x86/privileged.h>
#include <x86/tlb.h>
#include <x86/time.h>
#include <x86/uaccess.h>
#include <xen/errno.h>

#define DESCRIPTOR_LONG	     BIT(53)
#define CR3_NO_FLUSH	     BIT(63)
#define FLAT_LIMIT	     0xffff
#define CR4_GUEST_CONTROLLED (X86_CR4_TSD | X86_CR4_DE | X86_CR4_FSGSBASE | X86_CR4_OSXSAVE)
#define CR4_GUEST_VISIBLE    (X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

static bool code_is_long(struct vcpu *v, u16 cs)
{
	if (cs == FLAT_KERNEL_CS64)
		return true;
	if (cs == FLAT_USER_CS32)
		return false;
	return pv_read_descriptor(v, cs) & DESCRIPTOR_LONG;
}

unsigned pv_fetch(struct vcpu *v, struct cpu_regs *regs, u8 bytes[INSN_MAX], bool *long_mode)
{
	unsigned size = INSN_MAX, in_page = PAGE_SIZE - (regs->rip & ~PAGE_MASK);

	*long_mode = code_is_long(v, (u16)regs->cs);
	if (size <= in_page)
		return copy_from_guest(bytes, regs->rip, size) ? size : 0;
	if (!copy_from_guest(bytes, regs->rip, in_page))
		return 0;
	/* The instruction may end before the page does: the next one need not be there. */
	return copy_from_guest(bytes + in_page, regs->rip + in_page, size - in_page) ? size
										     : in_page;
}

u64 pv_linear(const struct insn *in, struct cpu_regs *regs)
{
	u64 base = 0;

	if (in->segment == SEGMENT_FS)
		rdmsr_safe(MSR_FS_BASE, &base);
	else if (in->segment == SEGMENT_GS)
		rdmsr_safe(MSR_GS_BASE, &base);
	return base + insn_address(in, regs);
}

bool pv_iopl_ok(struct vcpu *v)
{
	unsigned level = 3;

	/* Without architectural_iopl the guest kernel counts as ring 1. */
	if (v->arch.kernel_mode)
		level = !(v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl));
	return v->pv.iopl >= level;
}

u64 pv_guest_cr4(u64 wanted)
{
	u64 host = read_cr4();

	return (host & CR4_GUEST_VISIBLE) |
	       (wanted & CR4_GUEST_CONTROLLED & (host | X86_CR4_TSD | X86_CR4_DE));
}

static bool read_cr(struct vcpu *v, unsigned cr, u64 *value)
{
	switch (cr) {
	case 0:
		*value = (read_cr0() & ~X86_CR0_TS) | (v->arch.ts ? X86_CR0_TS : 0);
		return true;
	case 2:
		*value = v->pv.cr2;
		return true;
	case 3:
		*value = v->mem.cr3_kernel & ~(CR3_NO_FLUSH | 0xfffUL);
		return true;
	case 4:
		*value = v->pv.cr4;
		return true;
	default:
		return false;
	}
}

/* A root whose validation is preempted: rip stays, and the guest runs the instruction again. */
static enum emulation move_to_cr3(struct vcpu *v, u64 value)
{
	int err = mm_set_kernel_root(&v->mem, mfn((value & ~CR3_NO_FLUSH) >> PAGE_SHIFT));

	if (err == -XEN_ERESTART)
		return EMULATE_INJECTED;
	return err ? EMULATE_REFUSED : EMULATE_DONE;
}

static enum emulation write_cr(struct vcpu *v, unsigned cr, u64 value)
{
	switch (cr) {
	case 0: /* only TS is the guest's */
		if ((value ^ read_cr0()) & ~X86_CR0_TS)
			return EMULATE_REFUSED;
		do_fpu_taskswitch(!!(value & X86_CR0_TS));
		return EMULATE_DONE;
	case 2:
		v->pv.cr2 = value;
		v->info->arch.cr2 = value;
		return EMULATE_DONE;
	case 3:
		return move_to_cr3(v, value);
	case 4:
		v->pv.cr4 = pv_guest_cr4(value);
		return EMULATE_DONE;
	default:
		return EMULATE_REFUSED;
	}
}

static enum emulation move_cr(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	u64 value;

	if (in->kind == INSN_MOV_TO_CR)
		return write_cr(v, in->reg, *insn_register(regs, in->rm));
	if (!read_cr(v, in->reg, &value))
		return EMULATE_REFUSED;
	*insn_register(regs, in->rm) = value;
	return EMULATE_DONE;
}

static enum emulation move_dr(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	if (in->reg > 7)
		return EMULATE_REFUSED;
	if (in->kind == INSN_MOV_FROM_DR)
		*insn_register(regs, in->rm) = (u64)do_get_debugreg(in->reg);
	else if (pv_write_debugreg(v, in->reg, *insn_register(regs, in->rm), true))
		return EMULATE_REFUSED;
	return EMULATE_DONE;
}

static enum emulation move_msr(struct vcpu *v, struct cpu_regs *regs, bool write)
{
	u64 value = regs->rdx << 32 | (u32)regs->rax;

	if (write)
		return pv_write_msr(v, (u32)regs->rcx, value) ? EMULATE_DONE : EMULATE_REFUSED;
	if (!pv_read_msr(v, (u32)regs->rcx, &value))
		return EMULATE_REFUSED;
	regs->rax = (u32)value;
	regs->rdx = value >> 32;
	return EMULATE_DONE;
}

static void do_cpuid(struct vcpu *v, struct cpu_regs *regs)
{
	u32 out[4];

	pv_cpuid(v, (u32)regs->rax, (u32)regs->rcx, out);
	regs->rax = out[0];
	regs->rbx = out[1];
	regs->rcx = out[2];
	regs->rdx = out[3];
}

static void do_rdtsc(struct vcpu *v, struct cpu_regs *regs, bool with_aux)
{
	u64 tsc = rdtsc();

	regs->rax = (u32)tsc;
	regs->rdx = tsc >> 32;
	if (with_aux)
		regs->rcx = v->pv.tsc_aux;
}

/*
 * CLI and STI do nothing where the guest's IOPL allows them, and fault otherwise. They cannot act
 * on the upcall mask: the POPF that ends such a section does not trap, and events would stay
 * masked.
 */
static enum emulation set_interrupts(struct vcpu *v)
{
	return pv_iopl_ok(v) ? EMULATE_DONE : EMULATE_REFUSED;
}

static enum emulation store(const struct insn *in, struct cpu_regs *regs, const void *data,
			    unsigned size)
{
	u64 addr = pv_linear(in, regs);

	if (copy_to_guest(addr, data, size))
		return EMULATE_DONE;
	pv_inject_page_fault(addr, PF_WRITE);
	return EMULATE_INJECTED;
}

/* SGDT and SIDT, which UMIP keeps from ring 3: the guest's GDT window; an IDT it does not have. */
static enum emulation store_table(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) table = {FLAT_LIMIT, v->arch.gdt_base};

	if (!in->memory)
		return EMULATE_REFUSED;
	if (in->kind == INSN_SIDT) {
		table.base = 0;
		table.limit = 0xfff;
	}
	return store(in, regs, &table, sizeof(table));
}

static enum emulation store_word(struct cpu_regs *regs, const struct insn *in, u64 value)
{
	if (in->memory)
		return store(in, regs, &value, 2);
	insn_write_register(in, regs, in->rm, in->op_size, value);
	return EMULATE_DONE;
}

static enum emulation load_status_word(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	u16 word = (u16)*insn_register(regs, in->rm);

	if (in->memory && !get_guest(word, pv_linear(in, regs))) {
		pv_inject_page_fault(pv_linear(in, regs), 0);
		return EMULATE_INJECTED;
	}
	return write_cr(v, 0, (read_cr0() & ~0xeUL) | (word & 0xf) | X86_CR0_PE);
}

static enum emulation set_xcr0(struct vcpu *v, const struct cpu_regs *regs)
{
	u64 value = regs->rdx << 32 | (u32)regs->rax;

	if ((u32)regs->rcx != 0 || !(v->pv.cr4 & X86_CR4_OSXSAVE))
		return EMULATE_REFUSED;
	return context_set_xcr0(&v->arch, value) ? EMULATE_DONE : EMULATE_REFUSED;
}

/* What guest user mode may do too, by hardware's or IOPL's rules. */
static enum emulation emulate_any_mode(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	switch (in->kind) {
	case INSN_IN:
	case INSN_OUT:
	case INSN_INS:
	case INSN_OUTS:
		return pv_emulate_io(v, regs, in);
	case INSN_CLI:
	case INSN_STI:
		return set_interrupts(v);
	case INSN_CPUID:
		do_cpuid(v, regs);
		return EMULATE_DONE;
	case INSN_SGDT:
	case INSN_SIDT:
		return store_table(v, regs, in);
	case INSN_SLDT:
	case INSN_STR:
		return store_word(regs, in, 0);
	case INSN_SMSW:
		return store_word(regs, in,
				  (read_cr0() & ~X86_CR0_TS) | (v->arch.ts ? X86_CR0_TS : 0));
	case INSN_RDTSC:
	case INSN_RDTSCP:
		if (!v->arch.kernel_mode && (v->pv.cr4 & X86_CR4_TSD))
			return EMULATE_REFUSED;
		do_rdtsc(v, regs, in->kind == INSN_RDTSCP);
		return EMULATE_DONE;
	default:
		return EMULATE_REFUSED;
	}
}

static enum emulation emulate_kernel_mode(struct vcpu *v, struct cpu_regs *regs,
					  const struct insn *in)
{
	switch (in->kind) {
	case INSN_MOV_FROM_CR:
	case INSN_MOV_TO_CR:
		return move_cr(v, regs, in);
	case INSN_MOV_FROM_DR:
	case INSN_MOV_TO_DR:
		return move_dr(v, regs, in);
	case INSN_RDMSR:
		return move_msr(v, regs, false);
	case INSN_WRMSR:
		return move_msr(v, regs, true);
	case INSN_CLTS:
		do_fpu_taskswitch(0);
		return EMULATE_DONE;
	case INSN_LMSW:
		return load_status_word(v, regs, in);
	case INSN_WBINVD: /* only whoever drives devices has a use for it */
		if (v->domain->privileged || v->domain->mem.iomem_ranges)
			cache_flush_all();
		return EMULATE_DONE;
	case INSN_INVLPG:
		if (pv_guest_address(pv_linear(in, regs)))
			tlb_flush_local_page(pv_linear(in, regs));
		return EMULATE_DONE;
	case INSN_XSETBV:
		return set_xcr0(v, regs);
	case INSN_HLT: /* sti; hlt of a kernel that was not told: block until an event */
		if (!*pv_upcall_mask(v))
			vcpu_block(v);
		return EMULATE_DONE;
	default:
		return emulate_any_mode(v, regs, in);
	}
}

/* Past the instruction, as the CPU would leave it. */
void pv_retire(struct cpu_regs *regs, unsigned length)
{
	regs->rip += length;
	regs->rflags &= ~(u64)X86_EFLAGS_RF;
	if (unlikely(regs->rflags & X86_EFLAGS_TF))
		pv_inject(VECTOR_DB, 0);
}

void pv_emulate_cpuid(struct vcpu *v, struct cpu_regs *regs, unsigned length)
{
	do_cpuid(v, regs);
	pv_retire(regs, length);
}

enum emulation pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs, const struct insn *in)
{
	enum emulation result;

	if (in->lock)
		return EMULATE_REFUSED;
	result = v->arch.kernel_mode ? emulate_kernel_mode(v, regs, in)
				     : emulate_any_mode(v, regs, in);
	if (result == EMULATE_DONE)
		pv_retire(regs, in->length);
	return result;
}
