/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on the running vCPU's registers: stack, segment bases, TS, debug registers, assists.
 */
#include <pv/internal.h>

#define DR6_FIXED    0xffff0ff0UL
#define DR6_SETTABLE 0x0000e00fUL
#define DR7_GD	     0x00002000UL
#define DR7_RESERVED 0xffffffff0000d800UL
#define DR7_TYPE_IO  2U

long do_stack_switch(u64 ss, u64 sp)
{
	current_vcpu()->pv.kernel_sp = sp;
	return 0;
}

long do_fpu_taskswitch(u64 set)
{
	struct arch_vcpu *a = &current_vcpu()->arch;

	a->ts = (int)set != 0;
	context_reload_ts(a);
	return 0;
}

long do_set_segment_base(u64 which, u64 base)
{
	static const u32 msrs[] = {[SEGBASE_FS] = MSR_FS_BASE,
				   [SEGBASE_GS_USER] = MSR_KERNEL_GS_BASE,
				   [SEGBASE_GS_KERNEL] = MSR_GS_BASE};

	if ((unsigned)which == SEGBASE_GS_USER_SEL) {
		if (context_load_user_gs((u16)base))
			return 0;
		return refuse(BAD_ARGUMENT, "user gs selector %#x cannot be loaded", (u16)base);
	}
	if (!pv_canonical(base))
		return refuse(BAD_ARGUMENT, "segment base %#lx is not canonical", base);
	if ((unsigned)which >= ARRAY_SIZE(msrs))
		return refuse(NO_OBJECT, "segment base %u", (unsigned)which);
	context_set_base(&current_vcpu()->arch, msrs[(unsigned)which], base);
	return 0;
}

/*
 * Reserved bits are dropped. General detect is the hypervisor's. I/O breakpoints need CR4.DE, which
 * the guest does not control: refused, so that type 2 never means something else than the guest
 * thinks. Code breakpoints have length 0, as the CPU requires.
 */
static int set_dr7(struct vcpu *v, u64 value)
{
	if (value & DR7_GD)
		return refuse_as(-XEN_EPERM, BAD_ARGUMENT, "DR7 %#lx: no general detect for guests",
				 value);
	for (unsigned i = 0; i < 4; i++) {
		unsigned type = (value >> (16 + 4 * i)) & 3, length = (value >> (18 + 4 * i)) & 3;
		bool enabled = (value >> (2 * i)) & 3;

		if (enabled && (type == DR7_TYPE_IO || (type == 0 && length != 0)))
			return refuse_as(
				-XEN_EPERM, BAD_ARGUMENT,
				"breakpoint %u of type %u, length code %u is not supported", i,
				type, length);
	}
	v->arch.dr7 = (value & ~DR7_RESERVED) | DR7_FIXED;
	return 0;
}

int pv_write_debugreg(struct vcpu *v, unsigned reg, u64 value, bool running)
{
	int err = 0;

	if (reg > 7)
		return refuse(BAD_ARGUMENT, "debug register %u", reg);
	/* No breakpoint may reach the hypervisor, its data or (XSA-444) the descriptor windows. */
	if (reg < 4 && !guest_va(value))
		return refuse(NOT_ALLOWED, "breakpoint %u at %#lx is no address of the guest's",
			      reg, value);
	if (reg < 4)
		v->arch.dr[reg] = value;
	else if (reg & 1) /* 5 is another name of 7, 4 of 6 */
		err = set_dr7(v, value);
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
	return (long)((unsigned)reg < 4 ? a->dr[reg & 3] : reg & 1 ? a->dr7 : a->dr6);
}

long do_vm_assist(u64 cmd, u64 type)
{
	u64 *assists = &current_domain()->mem.vm_assist, bit = BIT((unsigned)type & 63);

	if ((unsigned)type >= 64 || !(PV_ASSISTS & bit))
		return refuse(NO_OBJECT, "vm_assist type %u", (unsigned)type);
	if ((unsigned)cmd == VMASST_CMD_enable)
		__atomic_fetch_or(assists, bit, __ATOMIC_RELAXED);
	else if ((unsigned)cmd == VMASST_CMD_disable)
		__atomic_fetch_and(assists, ~bit, __ATOMIC_RELAXED);
	else
		return refuse(NO_CALL, "vm_assist command %u", (unsigned)cmd);
	return 0;
}
