/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions of a guest: done for it where the ABI promises so, otherwise its fault.
 */
#include <pv/internal.h>
#include <x86/tlb.h>
#include <x86/time.h>

#define DESCRIPTOR_LONG	     BIT(53)
#define CR4_GUEST_CONTROLLED (X86_CR4_TSD | X86_CR4_DE | X86_CR4_FSGSBASE | X86_CR4_OSXSAVE)
#define CR4_GUEST_VISIBLE    (X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

bool pv_fetch(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	u8 bytes[INSN_MAX];
	unsigned size = MIN(INSN_MAX, PAGE_SIZE - (regs->rip & ~PAGE_MASK));
	u16 cs = (u16)regs->cs;
	bool long_mode = cs == FLAT_KERNEL_CS64;

	if (!copy_from_guest(bytes, regs->rip, size))
		return false;
	/* The instruction may end before the page does: the next one need not be there. */
	if (size < INSN_MAX && copy_from_guest(bytes + size, regs->rip + size, INSN_MAX - size))
		size = INSN_MAX;
	if (!long_mode && cs != FLAT_USER_CS32)
		long_mode = pv_read_descriptor(v, cs) & DESCRIPTOR_LONG;
	return insn_decode(in, bytes, size, long_mode);
}

u64 pv_linear(const struct insn *in, struct cpu_regs *regs)
{
	u64 base = 0;

	if (in->segment != SEGMENT_FLAT)
		rdmsr_safe(in->segment == SEGMENT_FS ? MSR_FS_BASE : MSR_GS_BASE, &base);
	return insn_truncate(base + insn_address(in, regs), in->long_mode ? 8 : 4);
}

bool pv_fault_instead(struct insn *in, u64 addr, u32 error_code)
{
	u8 byte;

	/* Where it crosses into another page, that may be the one which is missing. */
	if (get_guest(byte, addr) && (!(error_code & PF_WRITE) || put_guest(addr, byte)))
		addr = ROUND_UP(addr + 1, PAGE_SIZE);
	pv_inject_page_fault(addr, error_code);
	in->length = 0;
	return true;
}

bool pv_iopl_ok(struct vcpu *v)
{
	unsigned level = 3;

	/* Without architectural_iopl the guest kernel counts as ring 1. */
	if (v->arch.kernel_mode)
		level = !(v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl));
	return v->pv.iopl >= level;
}

u64 pv_guest_cr0(const struct vcpu *v)
{
	return (read_cr0() & ~X86_CR0_TS) | (v->arch.ts ? X86_CR0_TS : 0);
}

u64 pv_guest_cr4(u64 wanted)
{
	u64 host = read_cr4();

	return (host & CR4_GUEST_VISIBLE) |
	       (wanted & CR4_GUEST_CONTROLLED & (host | X86_CR4_TSD | X86_CR4_DE));
}

static bool read_cr(const struct vcpu *v, unsigned cr, u64 *value)
{
	if (cr == 0)
		*value = pv_guest_cr0(v);
	else if (cr == 2)
		*value = v->pv.cr2;
	else if (cr == 3)
		*value = v->mem.cr3_kernel & ~(CR3_NO_FLUSH | 0xfffUL);
	else if (cr == 4)
		*value = v->pv.cr4;
	return cr <= 4 && cr != 1;
}

static bool write_cr(struct vcpu *v, struct insn *in, unsigned cr, u64 value)
{
	if (cr == 0) {
		/* Only TS is the guest's. */
		if ((value ^ read_cr0()) & ~X86_CR0_TS)
			return false;
		do_fpu_taskswitch(value & X86_CR0_TS);
	} else if (cr == 2) {
		v->pv.cr2 = v->info->arch.cr2 = value;
	} else if (cr == 3) {
		int err = mm_set_root(&v->mem, mfn((value & ~CR3_NO_FLUSH) >> PAGE_SHIFT), false);

		if (err == -XEN_ERESTART) /* validation is preempted: the guest tries again */
			in->length = 0;
		return !err || err == -XEN_ERESTART;
	} else if (cr == 4) {
		v->pv.cr4 = pv_guest_cr4(value);
	}
	return cr <= 4 && cr != 1;
}

void pv_emulate_cpuid(struct vcpu *v, struct cpu_regs *regs)
{
	u32 out[4];

	pv_cpuid(v, (u32)regs->rax, (u32)regs->rcx, out);
	regs->rax = out[0];
	regs->rbx = out[1];
	regs->rcx = out[2];
	regs->rdx = out[3];
}

static bool store(struct insn *in, struct cpu_regs *regs, const void *data, unsigned size)
{
	u64 addr = pv_linear(in, regs);

	return copy_to_guest(addr, data, size) || pv_fault_instead(in, addr, PF_WRITE);
}

static bool store_table(struct insn *in, struct cpu_regs *regs, u16 limit, u64 base)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) table = {limit, base};

	return store(in, regs, &table, in->long_mode ? sizeof(table) : 6);
}

static bool store_word(struct insn *in, struct cpu_regs *regs, u64 value)
{
	if (in->memory)
		return store(in, regs, &value, 2);
	insn_write_register(in, regs, in->rm, in->op_size, value);
	return true;
}

static bool load_status_word(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	u16 word = (u16)*insn_register(regs, in->rm);

	if (in->memory && !get_guest(word, pv_linear(in, regs)))
		return pv_fault_instead(in, pv_linear(in, regs), 0);
	return write_cr(v, in, 0, (read_cr0() & ~0xeUL) | (word & 0xf) | X86_CR0_PE);
}

/* What guest user mode may do too, by hardware's or IOPL's rules. */
static bool emulate_any_mode(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	u64 tsc;

	switch (in->opcode) {
	case 0x6c ... 0x6f: /* ins, outs */
	case 0xe4 ... 0xe7: /* in, out */
	case 0xec ... 0xef:
		return pv_emulate_io(v, regs, in);
	case 0xfa ... 0xfb: /* cli, sti */
		/*
		 * They do nothing where the guest's IOPL allows them. They cannot act on the upcall
		 * mask: the POPF that ends such a section does not trap, and events would stay
		 * masked.
		 */
		return pv_iopl_ok(v);
	case 0x0fa2: /* cpuid */
		pv_emulate_cpuid(v, regs);
		return true;
	/* UMIP keeps these from ring 3. */
	case 0x0f0000: /* sldt */
	case 0x0f0008: /* str */
		return store_word(in, regs, 0);
	case 0x0f0100: /* sgdt: the guest's window */
		return store_table(in, regs, 0xffff, v->arch.gdt_base);
	case 0x0f0108: /* sidt: of a table that it does not have */
		return store_table(in, regs, 0xfff, 0);
	case 0x0f0120: /* smsw */
		return store_word(in, regs, pv_guest_cr0(v));
	case 0x0f31:   /* rdtsc */
	case 0x0f01f9: /* rdtscp */
		if (!v->arch.kernel_mode && (v->pv.cr4 & X86_CR4_TSD))
			return false;
		tsc = rdtsc();
		regs->rax = (u32)tsc;
		regs->rdx = tsc >> 32;
		if (in->opcode == 0x0f01f9)
			regs->rcx = v->pv.tsc_aux;
		return true;
	default:
		return false;
	}
}

static bool emulate_kernel_mode(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	u64 edx_eax = regs->rdx << 32 | (u32)regs->rax, *operand = insn_register(regs, in->rm);

	switch (in->opcode) {
	case 0x0f20: /* mov from a control register, and to it */
		return read_cr(v, in->reg, operand);
	case 0x0f22:
		return write_cr(v, in, in->reg, *operand);
	case 0x0f21: /* mov from a debug register, and to it */
		if (in->reg < 8)
			*operand = (u64)do_get_debugreg(in->reg);
		return in->reg < 8;
	case 0x0f23:
		return !pv_write_debugreg(v, in->reg, *operand, true);
	case 0x0f32: /* rdmsr */
		if (!pv_read_msr(v, (u32)regs->rcx, &edx_eax))
			return false;
		regs->rax = (u32)edx_eax;
		regs->rdx = edx_eax >> 32;
		return true;
	case 0x0f30: /* wrmsr */
		return pv_write_msr(v, (u32)regs->rcx, edx_eax);
	case 0x0f06: /* clts */
		return !do_fpu_taskswitch(0);
	case 0x0f0130: /* lmsw */
		return load_status_word(v, regs, in);
	case 0x0f09: /* wbinvd: only whoever drives devices has a use for it */
		if (v->domain->privileged || v->domain->mem.iomem_ranges)
			cache_flush_all();
		return true;
	case 0x0f0138: /* invlpg */
		if (guest_va(pv_linear(in, regs)))
			tlb_flush_local(pv_linear(in, regs));
		return true;
	case 0x0f01d1: /* xsetbv */
		return !(u32)regs->rcx && (v->pv.cr4 & X86_CR4_OSXSAVE) &&
		       context_set_xcr0(&v->arch, edx_eax);
	case 0xf4: /* sti; hlt of a kernel that was not told: block until an event */
		if (!v->info->evtchn_upcall_mask)
			vcpu_block(v);
		return true;
	default:
		return emulate_any_mode(v, regs, in);
	}
}

/* Past the instruction, as the CPU would leave it. */
void pv_retire(struct cpu_regs *regs, unsigned length)
{
	if (!length)
		return;
	regs->rip += length;
	regs->rflags &= ~(u64)X86_EFLAGS_RF;
	if (unlikely(regs->rflags & X86_EFLAGS_TF)) {
		current_vcpu()->arch.dr6 |= BIT(14); /* a single step */
		pv_inject(VECTOR_DB, 0);
	}
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs, struct insn *in)
{
	if (in->lock ||
	    !(v->arch.kernel_mode ? emulate_kernel_mode : emulate_any_mode)(v, regs, in))
		return false;
	pv_retire(regs, in->length);
	return true;
}
