/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's hardware state. All of it is switched eagerly. The GS base of the mode that the guest
 * runs in (kernel or user) is in GS_BASE, the other one in KERNEL_GS_BASE, as real hardware would
 * have it.
 */
#include <xen/errno.h>
#include <lib/string.h>
#include <mm/memory.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/descriptors.h>
#include <x86/exception.h>
#include <x86/features.h>
#include <x86/layout.h>
#include <x86/paging.h>

#define DR6_INIT   0xffff0ff0UL
#define DR7_INIT   0x400UL
#define DR7_ACTIVE 0xffUL

#define FPU_CONTROL_OFFSET 0
#define FPU_MXCSR_OFFSET   24

static void fpu_reset(struct arch_vcpu *a)
{
	memset(a->fpu, 0, PAGE_SIZE);
	*(u16 *)((u8 *)a->fpu + FPU_CONTROL_OFFSET) = 0x37f;
	*(u32 *)((u8 *)a->fpu + FPU_MXCSR_OFFSET) = 0x1f80;
}

int arch_vcpu_init(struct arch_vcpu *a, unsigned vcpu_id)
{
	a->fpu = heap_pages(0);
	if (!a->fpu)
		return -XEN_ENOMEM;
	fpu_reset(a);
	a->xcr0 = xcr0_all & 1;
	a->dr6 = DR6_INIT;
	a->dr7 = DR7_INIT;
	a->gdt_base = GDT_WINDOW(vcpu_id);
	a->ldt_base = LDT_WINDOW(vcpu_id);
	return 0;
}

void arch_vcpu_destroy(struct arch_vcpu *a)
{
	if (a->fpu)
		heap_pages_free(a->fpu, 0);
	a->fpu = NULL;
}

/* --- FPU. Saving and loading go through all features, whatever the guest has enabled. --- */

static void fpu_open(const struct arch_vcpu *a)
{
	asm volatile("clts");
	if (cpu_has_xsave && a->xcr0 != xcr0_all)
		xsetbv(xcr0_all);
}

static void fpu_save(struct arch_vcpu *a)
{
	fpu_open(a);
	if (cpu_has_xsave)
		asm volatile("xsave64 (%0)" ::"r"(a->fpu), "a"(~0), "d"(~0) : "memory");
	else
		asm volatile("fxsave64 (%0)" ::"r"(a->fpu) : "memory");
}

/* A context that a toolstack or guest supplied may hold what the CPU refuses: then it starts
 * afresh. */
static bool fpu_try_load(const struct arch_vcpu *a)
{
	u8 done = 0;

	if (cpu_has_xsave)
		asm volatile(TRY("xrstor64 (%1)", "%0")
			     : "+q"(done)
			     : "r"(a->fpu), "a"(~0), "d"(~0)
			     : "memory");
	else
		asm volatile(TRY("fxrstor64 (%1)", "%0") : "+q"(done) : "r"(a->fpu) : "memory");
	return done;
}

static void fpu_load(struct arch_vcpu *a)
{
	asm volatile("clts");
	if (!fpu_try_load(a)) {
		fpu_reset(a);
		fpu_try_load(a);
	}
	if (cpu_has_xsave && a->xcr0 != xcr0_all)
		xsetbv(a->xcr0);
	context_reload_ts(a);
}

bool context_set_xcr0(struct arch_vcpu *a, u64 xcr0)
{
	u8 done = 0;

	/* The CPU itself knows which features need which. */
	if (!cpu_has_xsave || (xcr0 & ~xcr0_all))
		return false;
	asm volatile(TRY("xsetbv", "%0")
		     : "+q"(done)
		     : "c"(0), "a"((u32)xcr0), "d"((u32)(xcr0 >> 32)));
	if (done)
		a->xcr0 = xcr0;
	return done;
}

void context_reload_ts(struct arch_vcpu *a)
{
	if (a->ts)
		set_cr0(get_cr0() | X86_CR0_TS);
	else
		asm volatile("clts");
}

/* --- segments --- */

static void read_selectors(struct arch_vcpu *a)
{
	asm volatile("mov %%ds, %0" : "=m"(a->ds));
	asm volatile("mov %%es, %0" : "=m"(a->es));
	asm volatile("mov %%fs, %0" : "=m"(a->fs));
	asm volatile("mov %%gs, %0" : "=m"(a->gs));
}

/* False, and a null selector, where the guest's descriptor is not fit. */
#define LOAD_SEGMENT(reg, selector)                                                                \
	({                                                                                         \
		u32 ok_ = 1;                                                                       \
                                                                                                   \
		asm volatile("1: movl %1, %%" #reg "\n\t"                                          \
			     "jmp 3f\n"                                                            \
			     "2: xorl %0, %0\n\t"                                                  \
			     "movl %0, %%" #reg "\n"                                               \
			     "3:\n\t" ON_FAULT(1b, 2b)                                             \
			     : "+r"(ok_)                                                           \
			     : "r"((u32)(selector)));                                              \
		ok_ != 0;                                                                          \
	})

static void load_segments(struct arch_vcpu *a)
{
	bool ok = LOAD_SEGMENT(ds, a->ds);

	ok &= LOAD_SEGMENT(es, a->es);
	ok &= LOAD_SEGMENT(fs, a->fs);
	ok &= LOAD_SEGMENT(gs, a->gs);
	wrmsr(MSR_FS_BASE, a->fs_base);
	wrmsr(MSR_GS_BASE, a->kernel_mode ? a->gs_base_kernel : a->gs_base_user);
	wrmsr(MSR_KERNEL_GS_BASE, a->kernel_mode ? a->gs_base_user : a->gs_base_kernel);
	if (!ok) {
		a->segment_fault = 1;
		cpu_set_work(this_cpu(), WORK_EVENTS);
	}
}

static void save_segments(struct arch_vcpu *a)
{
	u64 here = rdmsr(MSR_GS_BASE), other = rdmsr(MSR_KERNEL_GS_BASE);

	/* The guest may have changed the bases by loading selectors or with WRFSBASE. */
	read_selectors(a);
	a->fs_base = rdmsr(MSR_FS_BASE);
	a->gs_base_kernel = a->kernel_mode ? here : other;
	a->gs_base_user = a->kernel_mode ? other : here;
}

void context_swap_gs(struct arch_vcpu *a)
{
	asm volatile("swapgs");
}

void context_set_fs_base(struct arch_vcpu *a, u64 base)
{
	a->fs_base = base;
	wrmsr(MSR_FS_BASE, base);
}

void context_set_gs_base_kernel(struct arch_vcpu *a, u64 base)
{
	a->gs_base_kernel = base;
	wrmsr(a->kernel_mode ? MSR_GS_BASE : MSR_KERNEL_GS_BASE, base);
}

void context_set_gs_base_user(struct arch_vcpu *a, u64 base)
{
	a->gs_base_user = base;
	wrmsr(a->kernel_mode ? MSR_KERNEL_GS_BASE : MSR_GS_BASE, base);
}

bool context_load_user_gs(struct arch_vcpu *a, u16 sel)
{
	bool ok;

	/* The base that comes with the selector goes to user mode; the kernel's is not touched. */
	asm volatile("swapgs");
	ok = LOAD_SEGMENT(gs, sel);
	asm volatile("swapgs");
	return ok;
}

void context_reload_gdt(struct arch_vcpu *a)
{
	load_gdt(a->gdt_base);
}

void context_reload_ldt(struct arch_vcpu *a)
{
	load_ldt(a->ldt_base, a->ldt_entries);
}

void context_reload_debug(struct arch_vcpu *a)
{
	if (a->dr7 & DR7_ACTIVE) {
		set_dr7(DR7_INIT);
		set_dr0(a->dr[0]);
		set_dr1(a->dr[1]);
		set_dr2(a->dr[2]);
		set_dr3(a->dr[3]);
		set_dr7(a->dr7);
	} else if (get_dr7() & DR7_ACTIVE) {
		set_dr7(DR7_INIT);
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
	write_cr3(cr3);
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
	if (get_dr7() & DR7_ACTIVE)
		set_dr7(DR7_INIT);
	write_cr3(master_cr3);
}
