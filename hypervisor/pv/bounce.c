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

#define FRAME_BYTES_MAX (11 * sizeof(u64))
/* Exceptions that push an error code. */
#define VECTORS_WITH_ERROR 0x227d00U
/* What the CPU clears when it delivers an exception; AC, because the kernel may misalign. */
#define FLAGS_CLEARED                                                                              \
	(X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF)

void pv_toggle_mode(struct vcpu *v)
{
	bool to_user = v->arch.kernel_mode;
	u64 root = to_user ? v->mem.cr3_user : v->mem.cr3_kernel;

	v->arch.kernel_mode = !to_user;
	swapgs();
	toggle_cr3(root, to_user);
	if (unlikely(v->areas_stale))
		vcpu_update_areas(v);
}

enum frame_kind { FRAME_PLAIN, FRAME_ERROR, FRAME_FAILSAFE };

/*
 * Pushes the frame, downwards from *sp. interrupted_kernel: where the guest was. False: a word
 * could not be written.
 */
static bool push_frame(struct vcpu *v, const struct cpu_regs *regs, enum frame_kind kind,
		       u32 error_code, bool interrupted_kernel, u64 *sp)
{
	u8 mask = v->info->evtchn_upcall_mask;
	u64 flags = regs->rflags & ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_IOPL), at = *sp;
	u32 failed = 0;

	if (!mask)
		flags |= X86_EFLAGS_IF;
	if (v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		flags |= (u64)v->pv.iopl << 12;
	guest_open();
	guest_store_u64(at -= 8, regs->ss & 0xffff, &failed);
	guest_store_u64(at -= 8, regs->rsp, &failed);
	guest_store_u64(at -= 8, flags, &failed);
	guest_store_u64(at -= 8,
			(regs->cs & (interrupted_kernel ? 0xfffc : 0xffff)) | (u64)mask << 32,
			&failed);
	guest_store_u64(at -= 8, regs->rip, &failed);
	if (kind == FRAME_FAILSAFE) {
		guest_store_u64(at -= 8, v->arch.gs, &failed);
		guest_store_u64(at -= 8, v->arch.fs, &failed);
		guest_store_u64(at -= 8, v->arch.es, &failed);
		guest_store_u64(at -= 8, v->arch.ds, &failed);
	} else if (kind == FRAME_ERROR) {
		guest_store_u64(at -= 8, error_code, &failed);
	}
	guest_store_u64(at -= 8, regs->r11, &failed);
	guest_store_u64(at -= 8, regs->rcx, &failed);
	guest_close();
	*sp = at;
	return !failed;
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
	bool kernel_mode = v->arch.kernel_mode;
	u64 sp = (kernel_mode ? regs->rsp : v->pv.kernel_sp) & ~15UL;
	char text[16];

	if (unlikely(!t->address)) {
		domain_crash("%s, but the guest has no handler for it (error code %#x)",
			     entry_name(v, t, text), error_code);
		return;
	}
	if (!kernel_mode)
		pv_toggle_mode(v);
	if (unlikely(!guest_va(sp - FRAME_BYTES_MAX) ||
		     !push_frame(v, regs, kind, error_code, kernel_mode, &sp))) {
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
	bool has_error =
		error_code != NO_ERROR && vector < 32 && (VECTORS_WITH_ERROR >> vector & 1);

	bounce(v, &v->pv.traps[vector], has_error ? FRAME_ERROR : FRAME_PLAIN, error_code);
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
