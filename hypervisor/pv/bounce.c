/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering the guest kernel: an exception, an event upcall or a system call pushes a frame on the
 * kernel stack, and the guest goes on at the address that its kernel registered.
 *
 *      higher addresses
 *   ss, rsp, rflags      rflags.IF is the inverse of the saved upcall mask
 *   cs                   RPL 0 if the kernel was interrupted, 3 if user mode; bits 32..39: saved
 * mask rip error code           of exceptions that have one gs, fs, es, ds       failsafe callback
 * only r11, rcx             rsp points at rcx
 */
#include <pv/internal.h>
#include <x86/hooks.h>
#include <x86/privileged.h>
#include <x86/uaccess.h>

#define FRAME_WORDS_MAX 12
/* What the CPU clears when it delivers an exception; AC, because the kernel may misalign. */
#define FLAGS_CLEARED                                                                              \
	(X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF)

void pv_toggle_mode(struct vcpu *v)
{
	v->arch.kernel_mode ^= 1;
	context_swap_gs(&v->arch);
	write_cr3(v->arch.kernel_mode ? v->mem.cr3_kernel : v->mem.cr3_user);
	if (unlikely(v->areas_stale))
		vcpu_update_areas(v);
}

static u64 guest_visible_flags(struct vcpu *v, u64 rflags, bool masked)
{
	rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_IOPL);
	if (!masked)
		rflags |= X86_EFLAGS_IF;
	if (v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		rflags |= (u64)v->pv.iopl << 12;
	return rflags;
}

/* Fills words[], lowest address first; returns how many. */
static unsigned build_frame(struct vcpu *v, const struct cpu_regs *regs, const struct bounce *b,
			    bool from_kernel, u64 *words)
{
	u8 mask = *pv_upcall_mask(v);
	unsigned n = 0;

	words[n++] = regs->rcx;
	words[n++] = regs->r11;
	if (b->failsafe) {
		words[n++] = v->arch.ds;
		words[n++] = v->arch.es;
		words[n++] = v->arch.fs;
		words[n++] = v->arch.gs;
	}
	if (b->has_error)
		words[n++] = b->error_code;
	words[n++] = regs->rip;
	words[n++] = (from_kernel ? regs->cs & 0xfffc : regs->cs & 0xffff) | (u64)mask << 32;
	words[n++] = guest_visible_flags(v, regs->rflags, mask != 0);
	words[n++] = regs->rsp;
	words[n++] = regs->ss & 0xffff;
	return n;
}

bool pv_bounce(struct vcpu *v, const struct bounce *b)
{
	struct cpu_regs *regs = guest_regs();
	bool from_kernel = v->arch.kernel_mode;
	u64 words[FRAME_WORDS_MAX], sp;
	unsigned n;

	if (!b->address) {
		domain_crash("%s, but the guest has no handler for it (error code %#x)", b->what,
			     b->error_code);
		return false;
	}
	n = build_frame(v, regs, b, from_kernel, words);
	if (!from_kernel)
		pv_toggle_mode(v);
	sp = ((from_kernel ? regs->rsp : v->pv.kernel_sp) & ~15UL) - n * sizeof(words[0]);
	if (!copy_to_guest(sp, words, n * sizeof(words[0]))) {
		domain_crash("%s: cannot push its frame on the guest kernel's stack at %#lx",
			     b->what, (unsigned long)sp);
		return false;
	}
	if (b->masks)
		*pv_upcall_mask(v) = 1;
	regs->entry_vector = ENTRY_SYSCALL; /* rcx and r11 are on the stack: SYSRET may have them */
	regs->rflags &= ~(u64)FLAGS_CLEARED;
	regs->cs = FLAT_KERNEL_CS;
	regs->ss = FLAT_KERNEL_SS;
	regs->rsp = sp;
	regs->rip = b->address;
	return true;
}

static void inject(struct vcpu *v, unsigned vector, bool has_error, u32 error_code)
{
	const struct pv_trap *t = &v->pv.traps[vector];
	char what[24];
	struct bounce b = {
		.address = t->address,
		.masks = t->flags & 4,
		.has_error = has_error,
		.error_code = error_code,
		.what = what,
	};

	what[0] = 0;
	if (unlikely(!t->address))
		snprintk(what, sizeof(what), "exception %u", vector);
	else
		b.what = "exception";
	pv_bounce(v, &b);
}

static bool has_error_code(unsigned vector)
{
	return vector < 32 && ((0x227d00U >> vector) & 1);
}

void pv_inject(unsigned vector, u32 error_code)
{
	inject(current_vcpu(), vector, has_error_code(vector), error_code);
}

void pv_inject_software(unsigned vector)
{
	inject(current_vcpu(), vector, false, 0);
}

void pv_inject_page_fault(u64 cr2, u32 error_code)
{
	struct vcpu *v = current_vcpu();

	v->pv.cr2 = cr2;
	v->info->arch.cr2 = cr2;
	error_code &= ~(u32)PF_USER;
	if (!v->arch.kernel_mode)
		error_code |= PF_USER;
	if (unlikely(!v->pv.traps[VECTOR_PF].address)) {
		domain_crash("page fault at %#lx (error code %#x) before the guest has a handler",
			     (unsigned long)cr2, error_code);
		return;
	}
	inject(v, VECTOR_PF, true, error_code);
}

void pv_iret_failed(unsigned vector, u32 error_code)
{
	if (vector == VECTOR_PF)
		pv_inject_page_fault(read_cr2(), error_code);
	else
		pv_inject(vector, error_code);
}

void pv_failsafe(void)
{
	struct vcpu *v = current_vcpu();
	struct bounce b = {
		.address = v->pv.failsafe_callback,
		.masks = v->pv.failsafe_masks,
		.failsafe = true,
		.what = "failsafe callback",
	};

	pv_bounce(v, &b);
}

static void deliver_nmi(struct vcpu *v)
{
	struct bounce b = {
		.address = v->pv.traps[NMI_VECTOR].address,
		.masks = true,
		.what = "NMI",
	};

	v->pv.nmi_pending = false;
	if (!b.address)
		return;
	v->pv.in_nmi = true;
	pv_bounce(v, &b);
}

void pv_deliver_events(void)
{
	struct vcpu *v = current_vcpu();
	struct bounce b = {.masks = true, .what = "event upcall"};

	if (unlikely(v->arch.segment_fault)) {
		v->arch.segment_fault = 0;
		pv_failsafe();
	}
	if (unlikely(v->pv.nmi_pending && !v->pv.in_nmi))
		deliver_nmi(v);
	if (!v->info->evtchn_upcall_pending || v->info->evtchn_upcall_mask)
		return;
	b.address = v->pv.event_callback;
	pv_bounce(v, &b);
}

void pv_syscall_from_user(void)
{
	struct vcpu *v = current_vcpu();
	struct bounce b = {
		.address = v->pv.syscall_callback,
		.masks = v->pv.syscall_masks,
		.what = "SYSCALL from user mode",
	};

	if (pv_bounce(v, &b))
		guest_regs()->rflags &= ~(u64)X86_EFLAGS_DF;
}

void pv_syscall32_from_user(void)
{
	struct vcpu *v = current_vcpu();
	struct bounce b = {
		.address = v->pv.syscall32_callback,
		.masks = v->pv.syscall32_masks,
		.what = "32-bit SYSCALL from user mode",
	};

	if (!b.address) { /* the ABI falls back to the 64-bit entry point */
		b.address = v->pv.syscall_callback;
		b.masks = v->pv.syscall_masks;
	}
	if (pv_bounce(v, &b))
		guest_regs()->rflags &= ~(u64)X86_EFLAGS_DF;
}

void pv_sysenter(void)
{
	struct vcpu *v = current_vcpu();
	struct bounce b = {
		.address = v->pv.sysenter_callback,
		.masks = v->pv.sysenter_masks,
		.what = "SYSENTER",
	};

	guest_regs()->rflags &= ~(u64)(X86_EFLAGS_NT | X86_EFLAGS_TF);
	if (b.address)
		pv_bounce(v, &b);
	else
		pv_inject(VECTOR_GP, 0);
}
