/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering the guest kernel: an exception, an event upcall or a system call pushes a frame on the
 * kernel stack, and the guest goes on at the address that its kernel registered.
 *
 *      higher addresses
 *   ss, rsp, rflags      rflags.IF is the inverse of the saved upcall mask
 *   cs                   RPL 0 if the kernel was interrupted, else 3; bits 32..39: saved mask
 *   rip
 *   error code           of exceptions that have one
 *   gs, fs, es, ds       failsafe callback only
 *   r11, rcx             rsp points at rcx
 */
#include <pv/internal.h>
#include <xen/callback.h>
#include <x86/hooks.h>

#define FRAME_WORDS_MAX 12
/* Exceptions that push an error code. */
#define VECTORS_WITH_ERROR 0x227d00U
/* What the CPU clears when it delivers an exception; AC, because the kernel may misalign. */
#define FLAGS_CLEARED                                                                              \
	(X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF)

void pv_toggle_mode(struct vcpu *v)
{
	v->arch.kernel_mode ^= 1;
	swapgs();
	write_cr3(v->arch.kernel_mode ? v->mem.cr3_kernel : v->mem.cr3_user);
	if (unlikely(v->areas_stale))
		vcpu_update_areas(v);
}

enum frame_kind { FRAME_PLAIN, FRAME_ERROR, FRAME_FAILSAFE };

/* Fills words[], lowest address first; returns how many. */
static unsigned build_frame(struct vcpu *v, const struct cpu_regs *regs, enum frame_kind kind,
			    u32 error_code, u64 *words)
{
	u8 mask = v->info->evtchn_upcall_mask;
	u64 flags = regs->rflags & ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_IOPL);
	unsigned n = 0;

	if (!mask)
		flags |= X86_EFLAGS_IF;
	if (v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		flags |= (u64)v->pv.iopl << 12;
	words[n++] = regs->rcx;
	words[n++] = regs->r11;
	if (kind == FRAME_FAILSAFE) {
		words[n++] = v->arch.ds;
		words[n++] = v->arch.es;
		words[n++] = v->arch.fs;
		words[n++] = v->arch.gs;
	} else if (kind == FRAME_ERROR) {
		words[n++] = error_code;
	}
	words[n++] = regs->rip;
	words[n++] = (regs->cs & (v->arch.kernel_mode ? 0xfffc : 0xffff)) | (u64)mask << 32;
	words[n++] = flags;
	words[n++] = regs->rsp;
	words[n++] = regs->ss & 0xffff;
	return n;
}

/* What an entry is for, in the crash report; text has room for it. */
static const char *entry_name(const struct vcpu *v, const struct pv_trap *t, char text[16])
{
	static const char *const callbacks[] = {
		[CALLBACKTYPE_event] = "event upcall",
		[CALLBACKTYPE_failsafe] = "failsafe callback",
		[CALLBACKTYPE_syscall] = "SYSCALL from user mode",
		[CALLBACKTYPE_sysenter] = "SYSENTER",
		[CALLBACKTYPE_syscall32] = "32-bit SYSCALL from user mode",
	};

	if (t >= v->pv.callbacks && t < v->pv.callbacks + ARRAY_SIZE(callbacks))
		return callbacks[t - v->pv.callbacks];
	snprintk(text, 16, "exception %u", (unsigned)(t - v->pv.traps));
	return text;
}

/** Push the frame on the guest kernel's stack and enter it at t, an entry of traps[] or
 * callbacks[]. */
static void bounce(struct vcpu *v, const struct pv_trap *t, enum frame_kind kind, u32 error_code)
{
	struct cpu_regs *regs = guest_regs();
	u64 words[FRAME_WORDS_MAX], sp = v->arch.kernel_mode ? regs->rsp : v->pv.kernel_sp;
	unsigned n = build_frame(v, regs, kind, error_code, words);
	char text[16];

	if (unlikely(!t->address)) {
		domain_crash("%s, but the guest has no handler for it (error code %#x)",
			     entry_name(v, t, text), error_code);
		return;
	}
	if (!v->arch.kernel_mode)
		pv_toggle_mode(v);
	sp = (sp & ~15UL) - n * sizeof(words[0]);
	if (!copy_to_guest(sp, words, n * sizeof(words[0]))) {
		domain_crash("%s: cannot push its frame on the guest kernel's stack at %#lx",
			     entry_name(v, t, text), sp);
		return;
	}
	if (t->flags & PV_TRAP_MASKS)
		v->info->evtchn_upcall_mask = 1;
	regs->entry_vector = ENTRY_SYSCALL; /* rcx and r11 are on the stack: SYSRET may have them */
	regs->rflags &= ~(u64)FLAGS_CLEARED;
	regs->cs = FLAT_KERNEL_CS;
	regs->ss = FLAT_KERNEL_SS;
	regs->rsp = sp;
	regs->rip = t->address;
}

void pv_inject(unsigned vector, u32 error_code)
{
	struct vcpu *v = current_vcpu();
	bool has_error = vector < 32 && (VECTORS_WITH_ERROR >> vector & 1);

	bounce(v, &v->pv.traps[vector], has_error ? FRAME_ERROR : FRAME_PLAIN, error_code);
}

void pv_inject_software(unsigned vector)
{
	struct vcpu *v = current_vcpu();

	bounce(v, &v->pv.traps[vector], FRAME_PLAIN, 0);
}

void pv_inject_page_fault(u64 cr2, u32 error_code)
{
	struct vcpu *v = current_vcpu();

	v->pv.cr2 = cr2;
	v->info->arch.cr2 = cr2;
	pv_inject(VECTOR_PF, (error_code & ~(u32)PF_USER) | (v->arch.kernel_mode ? 0 : PF_USER));
}

void pv_iret_failed(unsigned vector, u32 error_code)
{
	if (vector == VECTOR_PF)
		pv_inject_page_fault(read_cr2(), error_code);
	else
		pv_inject(vector, error_code);
}

void pv_deliver_events(void)
{
	struct vcpu *v = current_vcpu();

	if (unlikely(v->arch.segment_fault)) {
		v->arch.segment_fault = 0;
		bounce(v, &v->pv.callbacks[CALLBACKTYPE_failsafe], FRAME_FAILSAFE, 0);
	}
	if (unlikely(v->pv.nmi_pending && !v->pv.in_nmi)) {
		v->pv.nmi_pending = false;
		v->pv.in_nmi = v->pv.traps[NMI_VECTOR].address;
		if (v->pv.in_nmi)
			bounce(v, &v->pv.traps[NMI_VECTOR], FRAME_PLAIN, 0);
	}
	if (v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask)
		bounce(v, &v->pv.callbacks[CALLBACKTYPE_event], FRAME_PLAIN, 0);
}

static void enter_by_syscall(unsigned type)
{
	struct vcpu *v = current_vcpu();

	bounce(v, &v->pv.callbacks[type], FRAME_PLAIN, 0);
	guest_regs()->rflags &= ~(u64)X86_EFLAGS_DF;
}

void pv_syscall_from_user(void)
{
	enter_by_syscall(CALLBACKTYPE_syscall);
}

void pv_syscall32_from_user(void)
{
	/* the ABI falls back to the 64-bit entry point */
	bool own = current_vcpu()->pv.callbacks[CALLBACKTYPE_syscall32].address;

	enter_by_syscall(own ? CALLBACKTYPE_syscall32 : CALLBACKTYPE_syscall);
}

void pv_sysenter(void)
{
	struct vcpu *v = current_vcpu();
	const struct pv_trap *t = &v->pv.callbacks[CALLBACKTYPE_sysenter];

	guest_regs()->rflags &= ~(u64)(X86_EFLAGS_NT | X86_EFLAGS_TF);
	if (t->address)
		bounce(v, t, FRAME_PLAIN, 0);
	else
		pv_inject(VECTOR_GP, 0);
}
