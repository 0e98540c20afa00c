/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guest kernel wants to be entered, and how it leaves again (iret). */
#include <pv/internal.h>
#include <xen/callback.h>
#include <xen/nmi.h>

long pv_check_address(u64 address, const char *what)
{
	if (guest_va(address))
		return 0;
	return refuse(BAD_ARGUMENT, "%s at %#lx is no address of the guest's", what, address);
}

long do_set_trap_table(u64 traps)
{
	struct vcpu *v = current_vcpu();
	struct trap_info t;
	u64 done = hypercall_done();

	if (!traps) {
		memset(v->pv.traps, 0, sizeof(v->pv.traps));
		return 0;
	}
	for (;; done++) {
		if (!get_guest(t, traps + done * sizeof(t)))
			return refuse(BAD_ADDRESS, "trap table entry %lu is not readable", done);
		if (!t.address)
			return 0;
		if (pv_check_address(t.address, "trap handler"))
			return -XEN_EINVAL;
		v->pv.traps[t.vector] = (struct pv_trap){t.address, t.cs, t.flags & 7};
		if (hypercall_preempt_check())
			return hypercall_preempt(done + 1, traps, 0, 0, 0);
	}
}

#define CALLBACK_TYPES                                                                             \
	(BIT(CALLBACKTYPE_event) | BIT(CALLBACKTYPE_failsafe) | BIT(CALLBACKTYPE_syscall) |        \
	 BIT(CALLBACKTYPE_syscall32) | BIT(CALLBACKTYPE_sysenter) | BIT(CALLBACKTYPE_nmi))

static bool type_known(unsigned type)
{
	return type < 64 && (CALLBACK_TYPES >> type & 1);
}

long pv_set_callback(struct vcpu *v, unsigned type, u64 address, bool masks)
{
	bool nmi = type == CALLBACKTYPE_nmi;

	if (pv_check_address(address, "callback"))
		return -XEN_EINVAL;
	if (!type_known(type))
		return refuse(NO_CALL, "callback type %u", type);
	masks |= nmi || type == CALLBACKTYPE_event;
	*(nmi ? &v->pv.traps[NMI_VECTOR] : &v->pv.callbacks[type]) =
		(struct pv_trap){address, FLAT_KERNEL_CS, masks ? PV_TRAP_MASKS : 0};
	if (nmi && v->pv.nmi_pending)
		vcpu_kick(v, WORK_EVENTS);
	return 0;
}

long do_callback_op(u64 cmd, u64 arg)
{
	struct vcpu *v = current_vcpu();
	struct callback_register reg;
	struct callback_unregister unreg;

	switch ((int)cmd) {
	case CALLBACKOP_register:
		if (!get_guest(reg, arg))
			return -XEN_EFAULT;
		return pv_set_callback(v, reg.type, reg.address, reg.flags & CALLBACKF_mask_events);
	case CALLBACKOP_unregister:
		if (!get_guest(unreg, arg))
			return -XEN_EFAULT;
		if (unreg.type != CALLBACKTYPE_nmi && type_known(unreg.type))
			return refuse(BAD_ARGUMENT,
				      "callback type %u cannot be unregistered, only replaced",
				      unreg.type);
		return pv_set_callback(v, unreg.type, 0, false);
	default:
		return refuse(NO_CALL, "callback_op command %d", (int)cmd);
	}
}

long do_set_callbacks(u64 event, u64 failsafe, u64 syscall)
{
	struct vcpu *v = current_vcpu();

	return pv_set_callback(v, CALLBACKTYPE_event, event, true)
		       ?: pv_set_callback(v, CALLBACKTYPE_failsafe, failsafe, false)
		       ?: pv_set_callback(v, CALLBACKTYPE_syscall, syscall, false);
}

long do_nmi_op(u64 cmd, u64 arg)
{
	struct xennmi_callback cb = {0};

	if ((unsigned)cmd > XENNMI_unregister_callback)
		return refuse(NO_CALL, "nmi_op command %u", (unsigned)cmd);
	if ((unsigned)cmd == XENNMI_register_callback && !get_guest(cb, arg))
		return -XEN_EFAULT;
	return pv_set_callback(current_vcpu(), CALLBACKTYPE_nmi, cb.handler_address, true);
}

/*
 * Nothing in the frame needs trust: RPL is forced to 3, IOPL and its like are dropped, IF stays
 * set. A selector or rip that the CPU will not take faults on the way out, as the guest's own
 * exception.
 */
long do_iret(void)
{
	struct vcpu *v = current_vcpu();
	struct cpu_regs *regs = guest_regs();
	struct iret_context f;

	if (v->in_multicall)
		return refuse(BAD_STATE, "iret within a multicall");
	if (!get_guest(f, regs->rsp)) {
		domain_crash("iret: its frame at %#lx is not readable", regs->rsp);
		return 0;
	}
	if ((f.cs & 3) == 3 && unlikely(!v->mem.cr3_user)) {
		domain_crash("iret to user mode, but no user page table was set "
			     "(mmuext_op NEW_USER_BASEPTR)");
		return 0;
	}
	if (v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		v->pv.iopl = (f.rflags & X86_EFLAGS_IOPL) >> 12;
	regs->rip = f.rip;
	regs->cs = (f.cs & 0xffff) | 3;
	regs->rflags = (f.rflags & RFLAGS_GUEST) | RFLAGS_FIXED | X86_EFLAGS_IF;
	regs->rsp = f.rsp;
	regs->ss = (f.ss & 0xffff) | 3;
	regs->r11 = f.r11;
	regs->rcx = f.rcx;
	regs->entry_vector = 0;
	if (f.flags & VGCF_in_syscall) {
		/* SYSRET semantics: user mode was left by SYSCALL and lost rcx and r11 then. */
		regs->cs = regs->cs == FLAT_USER_CS32 ? FLAT_USER_CS32 : FLAT_USER_CS64;
		regs->ss = FLAT_USER_SS;
		regs->rcx = regs->rip;
		regs->r11 = regs->rflags;
		regs->entry_vector = regs->cs == FLAT_USER_CS64 ? ENTRY_SYSCALL : 0;
	}
	v->info->evtchn_upcall_mask = !(f.rflags & X86_EFLAGS_IF);
	v->pv.in_nmi = false;
	if (unlikely(v->pv.nmi_pending))
		cpu_set_work(this_cpu(), WORK_EVENTS);
	if ((f.cs & 3) == 3)
		pv_toggle_mode(v);
	return (long)f.rax; /* entry code stores it in rax */
}
