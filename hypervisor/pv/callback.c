/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the guest kernel wants to be entered, and how it leaves again (iret). */
#include <lib/string.h>
#include <pv/internal.h>
#include <x86/uaccess.h>
#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/nmi.h>

/* An address that may go into a bounce frame's rip: never in the hypervisor, always canonical. */
static long check_address(u64 address, const char *what)
{
	if (pv_guest_address(address))
		return 0;
	return refuse(BAD_ARGUMENT, "%s at %#lx is no address of the guest's", what,
		      (unsigned long)address);
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
			return refuse(BAD_ADDRESS, "trap table entry %lu is not readable",
				      (unsigned long)done);
		if (!t.address)
			return 0;
		if (check_address(t.address, "trap handler"))
			return -XEN_EINVAL;
		v->pv.traps[t.vector] = (struct pv_trap){t.address, t.cs, t.flags & 7};
		if (hypercall_preempt_check())
			return hypercall_preempt(__HYPERVISOR_set_trap_table, done + 1, traps, 0, 0,
						 0, 0, 0);
	}
}

/* address 0: none any more */
static long register_nmi(struct vcpu *v, u64 address)
{
	v->pv.traps[NMI_VECTOR] = (struct pv_trap){address, FLAT_KERNEL_CS, PV_TRAP_MASKS};
	if (v->pv.nmi_pending)
		vcpu_kick(v, WORK_EVENTS);
	return 0;
}

#define CALLBACK_TYPES                                                                             \
	(BIT(CALLBACKTYPE_event) | BIT(CALLBACKTYPE_failsafe) | BIT(CALLBACKTYPE_syscall) |        \
	 BIT(CALLBACKTYPE_syscall32) | BIT(CALLBACKTYPE_sysenter))

static long register_callback(const struct callback_register *reg)
{
	struct vcpu *v = current_vcpu();
	bool masks = reg->type == CALLBACKTYPE_event || (reg->flags & CALLBACKF_mask_events);

	if (check_address(reg->address, "callback"))
		return -XEN_EINVAL;
	if (reg->type == CALLBACKTYPE_nmi)
		return register_nmi(v, reg->address);
	if (reg->type >= ARRAY_SIZE(v->pv.callbacks) || !(CALLBACK_TYPES >> reg->type & 1))
		return refuse(NO_CALL, "callback type %u", reg->type);
	v->pv.callbacks[reg->type] =
		(struct pv_trap){reg->address, FLAT_KERNEL_CS, masks ? PV_TRAP_MASKS : 0};
	return 0;
}

static long unregister_callback(unsigned type)
{
	if (type == CALLBACKTYPE_nmi)
		return register_nmi(current_vcpu(), 0);
	if (type >= 8 || !(CALLBACK_TYPES >> type & 1))
		return refuse(NO_CALL, "callback type %u", type);
	return refuse(BAD_ARGUMENT, "callback type %u cannot be unregistered, only replaced", type);
}

long do_callback_op(u64 cmd, u64 arg)
{
	struct callback_register reg;
	struct callback_unregister unreg;

	switch ((int)cmd) {
	case CALLBACKOP_register:
		return get_guest(reg, arg) ? register_callback(&reg) : -XEN_EFAULT;
	case CALLBACKOP_unregister:
		return get_guest(unreg, arg) ? unregister_callback(unreg.type) : -XEN_EFAULT;
	default:
		return refuse(NO_CALL, "callback_op command %d", (int)cmd);
	}
}

long do_set_callbacks(u64 event, u64 failsafe, u64 syscall)
{
	const struct callback_register regs[] = {
		{CALLBACKTYPE_event, 0, event},
		{CALLBACKTYPE_failsafe, 0, failsafe},
		{CALLBACKTYPE_syscall, 0, syscall},
	};
	long err = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(regs) && !err; i++)
		err = register_callback(&regs[i]);
	return err;
}

long do_nmi_op(u64 cmd, u64 arg)
{
	struct xennmi_callback cb;
	struct vcpu *v = current_vcpu();

	switch ((unsigned)cmd) {
	case XENNMI_register_callback:
		if (!get_guest(cb, arg))
			return -XEN_EFAULT;
		if (check_address(cb.handler_address, "NMI callback"))
			return -XEN_EINVAL;
		return register_nmi(v, cb.handler_address);
	case XENNMI_unregister_callback:
		return register_nmi(v, 0);
	default:
		return refuse(NO_CALL, "nmi_op command %u", (unsigned)cmd);
	}
}

/* SYSRET semantics: the guest left its user mode by SYSCALL and lost rcx and r11 then. */
static void leave_by_sysret(struct cpu_regs *regs)
{
	regs->cs = regs->cs == FLAT_USER_CS32 ? FLAT_USER_CS32 : FLAT_USER_CS64;
	regs->ss = FLAT_USER_SS;
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	regs->entry_vector = regs->cs == FLAT_USER_CS64 ? ENTRY_SYSCALL : 0;
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
		domain_crash("iret: its frame at %#lx is not readable", (unsigned long)regs->rsp);
		return 0;
	}
	if ((f.cs & 3) == 3) {
		if (!v->mem.cr3_user) {
			domain_crash("iret to user mode, but no user page table was set "
				     "(mmuext_op NEW_USER_BASEPTR)");
			return 0;
		}
		pv_toggle_mode(v);
	}
	if (v->domain->mem.vm_assist & BIT(VMASST_TYPE_architectural_iopl))
		v->pv.iopl = (f.rflags & X86_EFLAGS_IOPL) >> 12;
	regs->rip = f.rip;
	regs->cs = (f.cs & 0xffff) | 3;
	regs->rflags = (f.rflags & RFLAGS_GUEST) | RFLAGS_FIXED | X86_EFLAGS_IF;
	regs->rsp = f.rsp;
	regs->ss = (f.ss & 0xffff) | 3;
	if (f.flags & VGCF_in_syscall) {
		leave_by_sysret(regs);
	} else {
		regs->r11 = f.r11;
		regs->rcx = f.rcx;
		regs->entry_vector = 0;
	}
	*pv_upcall_mask(v) = !(f.rflags & X86_EFLAGS_IF);
	v->pv.in_nmi = false;
	if (v->pv.nmi_pending)
		cpu_set_work(this_cpu(), WORK_EVENTS);
	return (long)f.rax; /* entry code stores it in rax */
}
