/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's hardware state. All of it is switched eagerly. The GS base of the mode that the guest
 * runs in (kernel or user) is in GS_BASE, the other one in KERNEL_GS_BASE, as real hardware would
 * have it.
 */
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/paging.h>

#define DR6_INIT   0xffff0ff0UL
#define DR7_INIT   0x400UL
#define DR7_ACTIVE 0xffUL

static void fpu_reset(struct arch_vcpu *a)
{
	memset(a->fpu, 0, fpu_area_size);
	*(u16 *)a->fpu = 0x37f;		/* control word */
	*(u32 *)(a->fpu + 24) = 0x1f80; /* MXCSR */
}

void arch_vcpu_init(struct arch_vcpu *a, unsigned vcpu_id, void *room)
{
	a->fpu = (void *)ROUND_UP((uintptr_t)room, FPU_ALIGNMENT);
	fpu_reset(a);
	a->xcr0 = xcr0_all & 1;
	a->dr6 = DR6_INIT;
	a->dr7 = DR7_INIT;
	a->gdt_base = GDT_WINDOW(vcpu_id);
	a->ldt_base = LDT_WINDOW(vcpu_id);
}

/* --- FPU. Saving and loading go through all features, whatever the guest has enabled. --- */

/* TS is set only while a vCPU runs that has set it. */
static void fpu_save(struct arch_vcpu *a)
{
	if (a->ts)
		asm volatile("clts");
	if (cpu_has_xsave && a->xcr0 != xcr0_all)
		xsetbv_safe(xcr0_all);
	if (cpu_has_xsave)
		asm volatile("xsave64 (%0)" ::"r"(a->fpu), "a"(~0), "d"(~0) : "memory");
	else
		asm volatile("fxsave64 (%0)" ::"r"(a->fpu) : "memory");
}

/* False where the CPU refuses what is in the area. */
static bool fpu_try_load(const void *area)
{
	u8 done = 0;

	if (cpu_has_xsave)
		asm volatile(TRY("xrstor64 (%1)", "%0")
			     : "+q"(done)
			     : "r"(area), "a"(~0), "d"(~0)
			     : "memory");
	else
		asm volatile(TRY("fxrstor64 (%1)", "%0") : "+q"(done) : "r"(area) : "memory");
	return done;
}

static void fpu_load(struct arch_vcpu *a)
{
	/* AMD's loads may leave the last vCPU's x87 pointers in place (XSA-52): ours, then. */
	if (cpu_is_amd)
		asm volatile("fnclex; ffree %%st(7); fildl %0" ::"m"(fpu_area_size));
	/* A context that a toolstack or guest supplied may be refused: then it starts afresh. */
	while (!fpu_try_load(a->fpu))
		fpu_reset(a);
	if (cpu_has_xsave && a->xcr0 != xcr0_all)
		xsetbv_safe(a->xcr0);
	if (a->ts)
		context_reload_ts(a);
}

bool context_set_xcr0(struct arch_vcpu *a, u64 xcr0)
{
	if (!cpu_has_xsave || (xcr0 & ~xcr0_all) || !xsetbv_safe(xcr0))
		return false;
	a->xcr0 = xcr0;
	return true;
}

void context_reload_ts(struct arch_vcpu *a)
{
	if (a->ts)
		write_cr0(read_cr0() | X86_CR0_TS);
	else
		asm volatile("clts");
}

/* --- segments --- */

/* False, and a null selector, where the guest's descriptor is not fit. */
#define LOAD_SEGMENT(reg, selector)                                                                \
	({                                                                                         \
		u8 done_ = 0;                                                                      \
                                                                                                   \
		asm volatile(TRY("movl %1, %%" #reg, "%0") : "+q"(done_) : "r"((u32)(selector)));  \
		if (!done_)                                                                        \
			asm volatile("movl %0, %%" #reg ::"r"(0));                                 \
		done_;                                                                             \
	})

/* Mostly it is what it was, and reading is cheaper than writing. */
static void load_base(u32 msr, u64 base)
{
	if (rdmsr(msr) != base)
		wrmsr(msr, base);
}

static void load_segments(struct arch_vcpu *a)
{
	bool ok = LOAD_SEGMENT(ds, a->ds);

	ok &= LOAD_SEGMENT(es, a->es);
	ok &= LOAD_SEGMENT(fs, a->fs);
	ok &= LOAD_SEGMENT(gs, a->gs);
	load_base(MSR_FS_BASE, a->fs_base);
	load_base(MSR_GS_BASE, a->kernel_mode ? a->gs_base_kernel : a->gs_base_user);
	load_base(MSR_KERNEL_GS_BASE, a->kernel_mode ? a->gs_base_user : a->gs_base_kernel);
	if (!ok) {
		a->segment_fault = 1;
		cpu_set_work(this_cpu(), WORK_EVENTS);
	}
}

/* The guest may have changed the bases by loading selectors or with WRFSBASE. */
static void save_segments(struct arch_vcpu *a)
{
	u64 here = rdmsr(MSR_GS_BASE), other = rdmsr(MSR_KERNEL_GS_BASE);

	asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
		     : "=m"(a->ds), "=m"(a->es), "=m"(a->fs), "=m"(a->gs));
	a->fs_base = rdmsr(MSR_FS_BASE);
	a->gs_base_kernel = a->kernel_mode ? here : other;
	a->gs_base_user = a->kernel_mode ? other : here;
}

void context_set_base(struct arch_vcpu *a, u32 msr, u64 base)
{
	if (msr == MSR_FS_BASE)
		a->fs_base = base;
	else if (msr == MSR_GS_BASE)
		a->gs_base_kernel = base;
	else
		a->gs_base_user = base;
	wrmsr(msr, base);
}

bool context_load_user_gs(u16 sel)
{
	bool ok;

	/* The base that comes with the selector goes to user mode; the kernel's is not touched. */
	swapgs();
	ok = LOAD_SEGMENT(gs, sel);
	swapgs();
	return ok;
}

void context_reload_debug(struct arch_vcpu *a)
{
	if ((a->dr7 | read_dr7()) & DR7_ACTIVE)
		write_dr7(DR7_INIT);
	if (a->dr7 & DR7_ACTIVE) {
		write_dr0(a->dr[0]);
		write_dr1(a->dr[1]);
		write_dr2(a->dr[2]);
		write_dr3(a->dr[3]);
		write_dr7(a->dr7);
	}
}

/* --- the whole --- */

void context_save(struct arch_vcpu *a)
{
	a->regs = *guest_regs();
	fpu_save(a);
	save_segments(a);
}

void context_load(struct arch_vcpu *a, u64 cr3)
{
	*guest_regs() = a->regs;
	/* In between neither GDT window can be relied on: an NMI may come and needs its segments.
	 */
	load_gdt(GDT_PAGE_VA - GDT_RESERVED);
	write_cr3(cr3 | (cpu_has_pcid && !a->kernel_mode));
	load_gdt(a->gdt_base);
	load_ldt(a->ldt_base, a->ldt_entries);
	load_segments(a);
	fpu_load(a);
	context_reload_debug(a);
}

void context_load_idle(void)
{
	load_gdt(GDT_PAGE_VA - GDT_RESERVED);
	load_ldt(0, 0);
	asm volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%gs" ::"r"(0));
	if (read_dr7() & DR7_ACTIVE)
		write_dr7(DR7_INIT);
	write_cr3(master_cr3);
}
