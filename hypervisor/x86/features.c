/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/options.h>
#include <lib/printk.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/features.h>

#define PLATFORM_CPUID_FAULTING	     BIT(31)
#define MISC_FEATURES_CPUID_FAULTING BIT(0)

/* x87, SSE, AVX, and AVX-512's three: their state fits in one page. */
#define XCR0_KNOWN 0xe7UL

bool cpu_has_smap, cpu_has_xsave, cpu_has_x2apic, cpu_has_tsc_deadline, cpu_has_fsgsbase;
u64 xcr0_all;
u32 fpu_area_size = 512;

static u64 cr4_features;
static bool use_smap = true, use_smep = true, use_x2apic = true, use_xsave = true;
OPTION("smap", OPTION_BOOL, use_smap);
OPTION("smep", OPTION_BOOL, use_smep);
OPTION("x2apic", OPTION_BOOL, use_x2apic);
OPTION("xsave", OPTION_BOOL, use_xsave);

static void detect_xsave(void)
{
	u32 r[4];

	cpuid(0xd, 0, r);
	xcr0_all = r[0] & XCR0_KNOWN;
	cr4_features |= X86_CR4_OSXSAVE;
	set_cr4(get_cr4() | X86_CR4_OSXSAVE);
	xsetbv(xcr0_all);
	/* With XCR0 set, the leaf tells the size of just these components. */
	cpuid(0xd, 0, r);
	fpu_area_size = r[1];
	BUG_ON(fpu_area_size > PAGE_SIZE);
}

void features_detect(void)
{
	u32 r[4], max;

	cpuid(0, 0, r);
	max = r[0];
	cpuid(1, 0, r);
	cpu_has_xsave = use_xsave && (r[2] & BIT(26)) && max >= 0xd;
	cpu_has_x2apic = use_x2apic && (r[2] & BIT(21));
	cpu_has_tsc_deadline = r[2] & BIT(24);
	cr4_features = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_MCE | X86_CR4_OSFXSR |
		       X86_CR4_OSXMMEXCPT | X86_CR4_DE;
	if (max >= 7) {
		cpuid(7, 0, r);
		cpu_has_fsgsbase = r[1] & BIT(0);
		cpu_has_smap = use_smap && (r[1] & BIT(20));
		cr4_features |= (cpu_has_fsgsbase ? X86_CR4_FSGSBASE : 0) |
				(use_smep && (r[1] & BIT(7)) ? CR4_SMEP : 0) |
				(cpu_has_smap ? CR4_SMAP : 0) | (r[2] & BIT(2) ? CR4_UMIP : 0);
	}
	if (cpu_has_xsave)
		detect_xsave();
	printk(LOG_INFO, "CPU: SMEP %s, SMAP %s, UMIP %s, XSAVE %s (%u bytes), x2APIC %s\n",
	       cr4_features & CR4_SMEP ? "on" : "off", cpu_has_smap ? "on" : "off",
	       cr4_features & CR4_UMIP ? "on" : "off", cpu_has_xsave ? "on" : "off", fpu_area_size,
	       cpu_has_x2apic ? "on" : "off");
}

/* Intel: CPUID outside ring 0 faults, so that guests that do not ask see what is meant for them, too. */
static void enable_cpuid_faulting(void)
{
	u64 value;

	if (rdmsr_safe(MSR_PLATFORM_INFO, &value) && (value & PLATFORM_CPUID_FAULTING) &&
	    rdmsr_safe(MSR_MISC_FEATURES, &value))
		wrmsr_safe(MSR_MISC_FEATURES, value | MISC_FEATURES_CPUID_FAULTING);
}

void features_enable(void)
{
	set_cr4(cr4_features);
	/* AM: the guest's own alignment checks work; WP: read-only holds for the hypervisor too. */
	set_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM |
		X86_CR0_PG);
	wrmsr(MSR_PAT, PAT_VALUE);
	if (cpu_has_xsave)
		xsetbv(xcr0_all);
	enable_cpuid_faulting();
}
