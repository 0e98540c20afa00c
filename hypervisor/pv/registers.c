/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on the running vCPU's registers: stack, segment bases, TS, debug registers, assists.
 */
#include <pv/internal.h>
#include <x86/layout.h>
#include <x86/privileged.h>
#include <xen/errno.h>

#define DR6_FIXED    0xffff0ff0UL
#define DR6_SETTABLE 0x0000e00fUL
#define DR7_FIXED    0x00000400UL
#define DR7_GD	     0x00002000UL
#define DR7_RESERVED 0xffffffff0000d800UL
#define DR7_TYPE_IO  2U

long do_stack_switch(u64 ss, u64 sp)
{
	struct vcpu *v = current_vcpu();

	v->pv.kernel_sp = sp;
	return 0;
}

long do_fpu_taskswitch(u64 set)
{
	struct vcpu *v = current_vcpu();

	v->arch.ts = (int)set != 0;
	context_reload_ts(&v->arch);
	return 0;
}

long do_set_segment_base(u64 which, u64 base)
{
	struct vcpu *v = current_vcpu();

	if ((unsigned)which == SEGBASE_GS_USER_SEL)
		return context_load_user_gs(&v->arch, (u16)base)
			       ? 0
			       : refuse(BAD_ARGUMENT, "user gs selector %#x cannot be loaded",
					(u16)base);
	if (!pv_canonical(base))
		return refuse(BAD_ARGUMENT, "segment base %#lx is not canonical",
			      (unsigned long)base);
	switch ((unsigned)which) {
	case SEGBASE_FS:
		context_set_fs_base(&v->arch, base);
		return 0;
	case SEGBASE_GS_USER:
		context_set_gs_base_user(&v->arch, base);
		return 0;
	case SEGBASE_GS_KERNEL:
		context_set_gs_base_kernel(&v->arch, base);
		return 0;
	default:
		return refuse(NO_OBJECT, "segment base %u", (unsigned)which);
	}
}

/* No breakpoint may reach the hypervisor, its data or (XSA-444) the descriptor windows. */
static int write_breakpoint(struct vcpu *v, unsigned reg, u64 value)
{
	if (!pv_guest_address(value))
		return refuse(NOT_ALLOWED, "breakpoint %u at %#lx is no address of the guest's",
			      reg, (unsigned long)value);
	v->arch.dr[reg] = value;
	return 0;
}

/*
 * Reserved bits are dropped. General detect is the hypervisor's. I/O breakpoints need CR4.DE, which
 * the guest does not control: refused, so that type 2 never means something else than the guest
 * thinks. Code breakpoints have length 0, as the CPU requires.
 */
static int write_dr7(struct vcpu *v, u64 value)
{
	if (value & DR7_GD)
		return refuse_as(-XEN_EPERM, BAD_ARGUMENT, "DR7 %#lx: no general detect for guests",
				 (unsigned long)value);
	value &= ~DR7_RESERVED;
	value |= DR7_FIXED;
	for (unsigned i = 0; i < 4; i++) {
		unsigned type = (value >> (16 + 4 * i)) & 3, length = (value >> (18 + 4 * i)) & 3;

		if (!((value >> (2 * i)) & 3))
			continue;
		if (type == DR7_TYPE_IO || (type == 0 && length != 0))
			return refuse_as(
				-XEN_EPERM, BAD_ARGUMENT,
				"breakpoint %u of type %u, length code %u is not supported", i,
				type, length);
	}
	v->arch.dr7 = value;
	return 0;
}

int pv_write_debugreg(struct vcpu *v, unsigned reg, u64 value, bool running)
{
	int err = 0;

	if (reg > 7)
		return refuse(BAD_ARGUMENT, "debug register %u", reg);
	if (reg < 4)
		err = write_breakpoint(v, reg, value);
	else if (reg & 1) /* 5 is another name of 7, 4 of 6 */
		err = write_dr7(v, value);
	else
		v->arch.dr6 = (value & DR6_SETTABLE) | DR6_FIXED;
	if (!err && running)
		context_reload_debug(&v->arch);
	return err;
}

long do_set_debugreg(u64 reg, u64 value)
{
	return pv_write_debugreg(current_vcpu(), (unsigned)reg, value, true);
}

long do_get_debugreg(u64 reg)
{
	const struct arch_vcpu *a = &current_vcpu()->arch;

	if ((unsigned)reg > 7)
		return refuse(BAD_ARGUMENT, "debug register %u", (unsigned)reg);
	if ((unsigned)reg < 4)
		return (long)a->dr[reg & 3];
	return (long)(reg & 1 ? a->dr7 : a->dr6);
}

/* 4gb_segments* mean nothing to 64-bit guests and PAE roots are the only kind: accepted, without
 * effect. */
#define ASSISTS                                                                                    \
	(BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |                    \
	 BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |                \
	 BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag))

bool pv_assists_ok(u64 assists)
{
	return !(assists & ~ASSISTS);
}

long do_vm_assist(u64 cmd, u64 type)
{
	struct domain_memory *dm = &current_domain()->mem;

	if ((unsigned)type >= 64 || !(ASSISTS & BIT((unsigned)type)))
		return refuse(NO_OBJECT, "vm_assist type %u", (unsigned)type);
	switch ((unsigned)cmd) {
	case VMASST_CMD_enable:
		__atomic_fetch_or(&dm->vm_assist, BIT((unsigned)type), __ATOMIC_RELAXED);
		return 0;
	case VMASST_CMD_disable:
		__atomic_fetch_and(&dm->vm_assist, ~BIT((unsigned)type), __ATOMIC_RELAXED);
		return 0;
	default:
		return refuse(NO_CALL, "vm_assist command %u", (unsigned)cmd);
	}
}
