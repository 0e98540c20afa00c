/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's PV state as a whole: start values, take-over from and hand-over to the tools, switching.
 */
#include <core/hooks.h>
#include <pv/internal.h>
#include <xen/callback.h>

#define FPU_LEGACY_SIZE	   512 /* the header of the XSAVE area follows */
#define FPU_MXCSR	   24
#define FPU_MXCSR_VALID	   0xffffU
#define XSTATE_HEADER_SIZE 64
#define XSTATE_X87_SSE	   3UL

void pv_vcpu_init(struct vcpu *v)
{
	v->arch.kernel_mode = 1;
	/* The ABI's flat segments, and what the CPU needs to enter the hypervisor. */
	mm_window_set(&v->mem, GDT_RESERVED / PAGE_SIZE, hypervisor_gdt_mfn);
	v->pv.cr4 = pv_guest_cr4(0);
}

void pv_vcpu_release(struct vcpu *v)
{
	pv_release_gdt(v);
	mm_ldt_drop(&v->mem);
	v->arch.ldt_entries = 0;
}

/* --- context from outside --- */

static int check_context(const struct vcpu_guest_context *c)
{
	const u64 code[] = {c->user_regs.rip, c->event_callback_eip, c->failsafe_callback_eip,
			    c->syscall_callback_eip};
	const u64 data[] = {c->fs_base, c->gs_base_kernel, c->gs_base_user, c->ldt_base};
	int err = 0;

	if (c->ldt_ents > 8192 || c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
		return refuse(BAD_ARGUMENT, "context: LDT of %lu or GDT of %lu entries",
			      c->ldt_ents, c->gdt_ents);
	if (!(c->flags & VGCF_in_kernel) && !c->ctrlreg[1])
		return refuse(BAD_ARGUMENT, "context: user mode without a user page table");
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
		if (!pv_canonical(data[i]))
			return refuse(BAD_ARGUMENT,
				      "context: segment or table base %#lx is not canonical",
				      data[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(code) && !err; i++)
		err = pv_check_address(code[i], "context: code");
	for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt) && !err; i++)
		err = pv_check_address(c->trap_ctxt[i].address, "context: trap handler");
	return err;
}

/* r15 to rdi lie alike in the ABI's frame and in ours. */
#define GENERAL_REGISTERS offsetof(struct cpu_regs, error_code)
_Static_assert(GENERAL_REGISTERS == offsetof(struct cpu_user_regs, error_code) &&
		       offsetof(struct cpu_regs, rdi) == offsetof(struct cpu_user_regs, rdi) &&
		       offsetof(struct cpu_regs, rax) == offsetof(struct cpu_user_regs, rax),
	       "one order of general registers");

#define SAME_SIZED(theirs, ours, size)                                                             \
	{                                                                                          \
		offsetof(struct vcpu_guest_context, theirs), offsetof(struct vcpu, ours), size     \
	}
#define SAME(theirs, ours) SAME_SIZED(theirs, ours, sizeof(((struct vcpu *)NULL)->ours))

/* What goes from context to vCPU and back as it is. */
static const struct {
	u16 theirs, ours, size;
} same[] = {
	SAME_SIZED(user_regs, arch.regs, GENERAL_REGISTERS),
	SAME(user_regs.rip, arch.regs.rip),
	SAME(user_regs.rsp, arch.regs.rsp),
	SAME(user_regs.ds, arch.ds),
	SAME(user_regs.es, arch.es),
	SAME(user_regs.fs, arch.fs),
	SAME(user_regs.gs, arch.gs),
	SAME(fs_base, arch.fs_base),
	SAME(gs_base_kernel, arch.gs_base_kernel),
	SAME(gs_base_user, arch.gs_base_user),
	SAME(kernel_sp, pv.kernel_sp),
	SAME(ldt_base, pv.ldt_virt),
	SAME(ldt_ents, arch.ldt_entries),
};

static void take_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;
	struct arch_vcpu *a = &v->arch;

	for (unsigned i = 0; i < ARRAY_SIZE(same); i++)
		memcpy((u8 *)v + same[i].ours, (const u8 *)c + same[i].theirs, same[i].size);
	a->regs.error_code = a->regs.entry_vector = 0;
	a->regs.cs = u->cs | 3;
	a->regs.ss = u->ss | 3;
	a->regs.rflags = (u->rflags & RFLAGS_GUEST) | RFLAGS_FIXED | X86_EFLAGS_IF;
	a->kernel_mode = !!(c->flags & VGCF_in_kernel);
	a->ts = !!(c->ctrlreg[0] & X86_CR0_TS);
	v->pv.iopl = (u->rflags & X86_EFLAGS_IOPL) >> 12;
	v->pv.cr4 = pv_guest_cr4(c->ctrlreg[4]);
}

static void take_fpu(struct vcpu *v, const struct vcpu_guest_context *c)
{
	u8 *area = v->arch.fpu;

	if (!(c->flags & VGCF_i387_valid))
		return;
	memcpy(area, &c->fpu_ctxt, FPU_LEGACY_SIZE);
	*(u32 *)(area + FPU_MXCSR) &= FPU_MXCSR_VALID;
	if (fpu_area_size > FPU_LEGACY_SIZE) {
		memset(area + FPU_LEGACY_SIZE, 0, XSTATE_HEADER_SIZE);
		*(u64 *)(area + FPU_LEGACY_SIZE) = XSTATE_X87_SSE;
	}
}

static void take_traps(struct vcpu *v, const struct vcpu_guest_context *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(v->pv.traps); i++)
		v->pv.traps[i] = (struct pv_trap){c->trap_ctxt[i].address, c->trap_ctxt[i].cs,
						  c->trap_ctxt[i].flags & 7};
	pv_set_callback(v, CALLBACKTYPE_event, c->event_callback_eip, true);
	pv_set_callback(v, CALLBACKTYPE_failsafe, c->failsafe_callback_eip,
			c->flags & VGCF_failsafe_disables_events);
	pv_set_callback(v, CALLBACKTYPE_syscall, c->syscall_callback_eip,
			c->flags & VGCF_syscall_disables_events);
}

int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	/* Page tables are the part that may be preempted. A root that is in place costs nothing.
	 * The user's last: once a vCPU in user mode has lost its root, nothing may be refused. */
	int err = check_context(c)
		?: pv_install_gdt(v, (const u64 *)c->gdt_frames, (unsigned)c->gdt_ents)
		?: mm_set_root(&v->mem, mfn(xen_cr3_to_pfn(c->ctrlreg[3])), false)
		?: mm_set_root(&v->mem, mfn(xen_cr3_to_pfn(c->ctrlreg[1])), true);

	if (err)
		return err;
	mm_ldt_drop(&v->mem);
	take_registers(v, c);
	take_fpu(v, c);
	take_traps(v, c);
	v->arch.dr7 = DR7_FIXED; /* no breakpoints, should the context's be refused */
	for (unsigned reg = 0; reg < 8; reg++)
		if (reg != 4 && reg != 5)
			pv_write_debugreg(v, reg, c->debugreg[reg], false);
	if (!v->initialised && v->vcpu_id == 0 && !(c->vm_assist & ~PV_ASSISTS))
		v->domain->mem.vm_assist = c->vm_assist;
	return 0;
}

void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct arch_vcpu *a = &v->arch;
	const struct pv_vcpu *pv = &v->pv;
	const struct pv_trap *failsafe = &pv->callbacks[CALLBACKTYPE_failsafe];
	const struct pv_trap *syscall = &pv->callbacks[CALLBACKTYPE_syscall];

	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < ARRAY_SIZE(same); i++)
		memcpy((u8 *)c + same[i].theirs, (const u8 *)v + same[i].ours, same[i].size);
	memcpy(&c->fpu_ctxt, a->fpu, FPU_LEGACY_SIZE);
	c->flags = VGCF_i387_valid | (a->kernel_mode ? VGCF_in_kernel : 0) |
		   (failsafe->flags ? VGCF_failsafe_disables_events : 0) |
		   (syscall->flags ? VGCF_syscall_disables_events : 0) |
		   (v->pause_flags & VPF_DOWN ? 0 : VGCF_online);
	c->user_regs.cs = (u16)a->regs.cs;
	c->user_regs.ss = (u16)a->regs.ss;
	c->user_regs.saved_upcall_mask = v->info->evtchn_upcall_mask;
	c->user_regs.rflags = a->regs.rflags | (u64)pv->iopl << 12;
	for (unsigned i = 0; i < ARRAY_SIZE(pv->traps); i++)
		c->trap_ctxt[i] = (struct trap_info){(u8)i, pv->traps[i].flags, pv->traps[i].cs,
						     pv->traps[i].address};
	c->gdt_ents = a->gdt_entries;
	for (unsigned i = 0; i < ARRAY_SIZE(pv->gdt_pages); i++)
		c->gdt_frames[i] = pv->gdt_pages[i] ? page_to_mfn(pv->gdt_pages[i]).n : 0;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->ctrlreg[0] = pv_guest_cr0(v);
	c->ctrlreg[1] = v->mem.root_user ? xen_pfn_to_cr3(page_to_mfn(v->mem.root_user).n) : 0;
	c->ctrlreg[2] = pv->cr2;
	c->ctrlreg[3] = v->mem.root_kernel ? xen_pfn_to_cr3(page_to_mfn(v->mem.root_kernel).n) : 0;
	c->ctrlreg[4] = pv->cr4;
	memcpy(c->debugreg, a->dr, sizeof(a->dr));
	c->debugreg[6] = a->dr6;
	c->debugreg[7] = a->dr7;
	c->event_callback_eip = pv->callbacks[CALLBACKTYPE_event].address;
	c->failsafe_callback_eip = failsafe->address;
	c->syscall_callback_eip = syscall->address;
	c->vm_assist = v->domain->mem.vm_assist;
}

/* --- switching --- */

/*
 * The CPU's bit in dirty_cpus is set before the domain's root is loaded and cleared after another
 * one is, so whoever flushes the domain's translations misses no CPU that may hold some.
 */
void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	struct cpu *c = this_cpu();
	u64 bit = BIT(c->id);

	if (prev == next)
		return;
	if (prev->domain)
		context_save(&prev->arch);
	c->current_memory = &next->mem;
	if (next->domain) {
		__atomic_fetch_or(&next->domain->mem.dirty_cpus.bits, bit, __ATOMIC_SEQ_CST);
		context_load(&next->arch,
			     next->arch.kernel_mode ? next->mem.cr3_kernel : next->mem.cr3_user);
		if (c->tsc_aux != next->pv.tsc_aux)
			wrmsr_safe(MSR_TSC_AUX, c->tsc_aux = next->pv.tsc_aux);
		/*
		 * What others did here must not steer its branches; nor what its own tasks did, if
		 * it has been on another CPU since, where its kernel may have parted them
		 * (XSA-479).
		 */
		if (cpu_has_ibpb && (c->last != next || next->pv.last_cpu != c))
			wrmsr(MSR_PRED_CMD, 1);
		c->last = next;
		next->pv.last_cpu = c;
	} else {
		context_load_idle();
	}
	if (prev->domain && prev->domain != next->domain)
		__atomic_fetch_and(&prev->domain->mem.dirty_cpus.bits, ~bit, __ATOMIC_SEQ_CST);
}
