/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's PV state as a whole: start values, take-over from and hand-over to the tools, switching.
 */
#include <core/hooks.h>
#include <lib/string.h>
#include <pv/internal.h>
#include <x86/descriptors.h>
#include <x86/privileged.h>
#include <x86/uaccess.h>
#include <xen/callback.h>
#include <xen/errno.h>

#define DR6_START 0xffff0ff0UL
#define DR7_START 0x400UL
/* r15 to rdi lie alike in the ABI's frame and in ours. */
#define GENERAL_REGISTERS offsetof(struct cpu_regs, error_code)
_Static_assert(GENERAL_REGISTERS == offsetof(struct cpu_user_regs, error_code) &&
		       offsetof(struct cpu_regs, rdi) == offsetof(struct cpu_user_regs, rdi) &&
		       offsetof(struct cpu_regs, rax) == offsetof(struct cpu_user_regs, rax),
	       "one order of general registers");

#define FPU_LEGACY_SIZE 512
#define FPU_MXCSR	24
#define FPU_MXCSR_VALID 0xffffU
#define FPU_XSTATE_BV	512
#define FPU_HEADER_SIZE 64
#define XSTATE_X87_SSE	3UL

void pv_vcpu_init(struct vcpu *v)
{
	v->arch.kernel_mode = 1;
	/* The ABI's flat segments, and what the CPU needs to enter the hypervisor. */
	mm_window_set(&v->mem, GDT_RESERVED / PAGE_SIZE, hypervisor_gdt_mfn);
	v->arch.dr6 = DR6_START;
	v->arch.dr7 = DR7_START;
	v->pv.cr4 = pv_guest_cr4(0);
}

void pv_vcpu_release(struct vcpu *v)
{
	pv_release_gdt(v);
	mm_ldt_drop(&v->mem);
	v->arch.ldt_entries = 0;
}

/* --- context from outside --- */

static int check_addresses(const struct vcpu_guest_context *c)
{
	const u64 code[] = {c->user_regs.rip, c->event_callback_eip, c->failsafe_callback_eip,
			    c->syscall_callback_eip};
	const u64 data[] = {c->fs_base, c->gs_base_kernel, c->gs_base_user, c->ldt_base};

	for (unsigned i = 0; i < ARRAY_SIZE(code); i++)
		if (!pv_guest_address(code[i]))
			return refuse(BAD_ARGUMENT,
				      "context: code address %#lx is no address of the guest's",
				      (unsigned long)code[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
		if (!pv_canonical(data[i]))
			return refuse(BAD_ARGUMENT,
				      "context: segment or table base %#lx is not canonical",
				      (unsigned long)data[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
		if (!pv_guest_address(c->trap_ctxt[i].address))
			return refuse(
				BAD_ARGUMENT,
				"context: handler of trap %u at %#lx is no address of the guest's",
				i, (unsigned long)c->trap_ctxt[i].address);
	return 0;
}

static int check_context(const struct vcpu_guest_context *c)
{
	if (c->ldt_ents > 8192 || c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
		return refuse(BAD_ARGUMENT, "context: LDT of %lu or GDT of %lu entries",
			      c->ldt_ents, c->gdt_ents);
	if (!(c->flags & VGCF_in_kernel) && !c->ctrlreg[1])
		return refuse(BAD_ARGUMENT, "context: user mode without a user page table");
	return check_addresses(c);
}

/* Page tables, the part that may be preempted. A root that is in place already costs nothing. */
static int take_roots(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int err = mm_set_kernel_root(&v->mem, mfn(xen_cr3_to_pfn(c->ctrlreg[3])));

	if (!err)
		err = mm_set_user_root(&v->mem, mfn(xen_cr3_to_pfn(c->ctrlreg[1])));
	return err;
}

static void take_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;
	struct arch_vcpu *a = &v->arch;

	memcpy(&a->regs, u, GENERAL_REGISTERS);
	a->regs.error_code = a->regs.entry_vector = 0;
	a->regs.rip = u->rip;
	a->regs.rsp = u->rsp;
	a->regs.cs = u->cs | 3;
	a->regs.ss = u->ss | 3;
	a->regs.rflags = (u->rflags & RFLAGS_GUEST) | RFLAGS_FIXED | X86_EFLAGS_IF;
	a->ds = u->ds;
	a->es = u->es;
	a->fs = u->fs;
	a->gs = u->gs;
	a->fs_base = c->fs_base;
	a->gs_base_kernel = c->gs_base_kernel;
	a->gs_base_user = c->gs_base_user;
	a->kernel_mode = !!(c->flags & VGCF_in_kernel);
	a->ts = !!(c->ctrlreg[0] & X86_CR0_TS);
	v->pv.iopl = (u->rflags & X86_EFLAGS_IOPL) >> 12;
}

static void take_fpu(struct vcpu *v, const struct vcpu_guest_context *c)
{
	u8 *area = v->arch.fpu;
	u32 mxcsr;

	if (!(c->flags & VGCF_i387_valid))
		return;
	memcpy(area, &c->fpu_ctxt, FPU_LEGACY_SIZE);
	memcpy(&mxcsr, area + FPU_MXCSR, sizeof(mxcsr));
	mxcsr &= FPU_MXCSR_VALID;
	memcpy(area + FPU_MXCSR, &mxcsr, sizeof(mxcsr));
	if (fpu_area_size > FPU_LEGACY_SIZE) {
		const u64 present = XSTATE_X87_SSE;

		memset(area + FPU_XSTATE_BV, 0, FPU_HEADER_SIZE);
		memcpy(area + FPU_XSTATE_BV, &present, sizeof(present));
	}
}

static void take_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct pv_vcpu *pv = &v->pv;

	for (unsigned i = 0; i < ARRAY_SIZE(pv->traps); i++)
		pv->traps[i] = (struct pv_trap){c->trap_ctxt[i].address, c->trap_ctxt[i].cs,
						c->trap_ctxt[i].flags & 7};
	pv->callbacks[CALLBACKTYPE_event] =
		(struct pv_trap){c->event_callback_eip, FLAT_KERNEL_CS, PV_TRAP_MASKS};
	pv->callbacks[CALLBACKTYPE_failsafe] =
		(struct pv_trap){c->failsafe_callback_eip, FLAT_KERNEL_CS,
				 c->flags & VGCF_failsafe_disables_events ? PV_TRAP_MASKS : 0};
	pv->callbacks[CALLBACKTYPE_syscall] =
		(struct pv_trap){c->syscall_callback_eip, FLAT_KERNEL_CS,
				 c->flags & VGCF_syscall_disables_events ? PV_TRAP_MASKS : 0};
	pv->kernel_sp = c->kernel_sp;
	pv->cr4 = pv_guest_cr4(c->ctrlreg[4]);
}

static void take_debug(struct vcpu *v, const struct vcpu_guest_context *c)
{
	static const u8 order[] = {0, 1, 2, 3, 6, 7};

	v->arch.dr7 = DR7_START;
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		pv_write_debugreg(v, order[i], c->debugreg[order[i]], false);
}

int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int err = check_context(c);

	if (!err)
		err = take_roots(v, c);
	if (!err)
		err = pv_install_gdt(v, (const u64 *)c->gdt_frames, (unsigned)c->gdt_ents);
	if (err)
		return err;
	mm_ldt_drop(&v->mem);
	v->pv.ldt_virt = c->ldt_base;
	v->arch.ldt_entries = (u16)c->ldt_ents;
	take_registers(v, c);
	take_fpu(v, c);
	take_callbacks(v, c);
	take_debug(v, c);
	if (!v->initialised && v->vcpu_id == 0 && pv_assists_ok(c->vm_assist))
		v->domain->mem.vm_assist = c->vm_assist;
	return 0;
}

void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct arch_vcpu *a = &v->arch;
	const struct cpu_regs *r = &a->regs;
	struct cpu_user_regs *u = &c->user_regs;
	const struct pv_vcpu *pv = &v->pv;
	const struct pv_trap *failsafe = &pv->callbacks[CALLBACKTYPE_failsafe];
	const struct pv_trap *syscall = &pv->callbacks[CALLBACKTYPE_syscall];

	memset(c, 0, sizeof(*c));
	memcpy(&c->fpu_ctxt, a->fpu, FPU_LEGACY_SIZE);
	c->flags = VGCF_i387_valid | (a->kernel_mode ? VGCF_in_kernel : 0) |
		   (failsafe->flags ? VGCF_failsafe_disables_events : 0) |
		   (syscall->flags ? VGCF_syscall_disables_events : 0) |
		   (v->pause_flags & VPF_DOWN ? 0 : VGCF_online);
	memcpy(u, r, GENERAL_REGISTERS);
	u->rip = r->rip;
	u->rsp = r->rsp;
	u->cs = (u16)r->cs;
	u->ss = (u16)r->ss;
	u->ds = a->ds;
	u->es = a->es;
	u->fs = a->fs;
	u->gs = a->gs;
	u->saved_upcall_mask = *pv_upcall_mask(v);
	u->rflags = r->rflags | (u64)pv->iopl << 12;
	for (unsigned i = 0; i < ARRAY_SIZE(pv->traps); i++)
		c->trap_ctxt[i] = (struct trap_info){(u8)i, pv->traps[i].flags, pv->traps[i].cs,
						     pv->traps[i].address};
	c->ldt_base = pv->ldt_virt;
	c->ldt_ents = a->ldt_entries;
	c->gdt_ents = a->gdt_entries;
	for (unsigned i = 0; i < ARRAY_SIZE(pv->gdt_pages); i++)
		c->gdt_frames[i] = pv->gdt_pages[i] ? page_to_mfn(pv->gdt_pages[i]).n : 0;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = pv->kernel_sp;
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
	c->fs_base = a->fs_base;
	c->gs_base_kernel = a->gs_base_kernel;
	c->gs_base_user = a->gs_base_user;
}

/* --- switching --- */

/*
 * The CPU's bit in dirty_cpus is set before the domain's root is loaded and cleared after another
 * one is, so whoever flushes the domain's translations misses no CPU that may hold some.
 */
static void mark_dirty(struct domain *d, bool dirty)
{
	u64 bit = BIT(this_cpu()->id);

	if (dirty)
		__atomic_fetch_or(&d->mem.dirty_cpus.bits, bit, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&d->mem.dirty_cpus.bits, ~bit, __ATOMIC_SEQ_CST);
}

static void load(struct vcpu *v)
{
	mark_dirty(v->domain, true);
	context_load(&v->arch, v->arch.kernel_mode ? v->mem.cr3_kernel : v->mem.cr3_user);
	wrmsr_safe(MSR_TSC_AUX, v->pv.tsc_aux);
}

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	if (prev == next)
		return;
	if (prev->domain)
		context_save(&prev->arch);
	this_cpu()->current_memory = &next->mem;
	if (next->domain)
		load(next);
	else
		context_load_idle();
	if (prev->domain && prev->domain != next->domain)
		mark_dirty(prev->domain, false);
}
