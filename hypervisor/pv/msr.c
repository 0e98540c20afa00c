/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers that a guest kernel may read or write; every other one is its #GP. */
#include <pv/internal.h>
#include <x86/privileged.h>
#include <x86/time.h>
#include <xen/errno.h>

#define MSR_TSC		   0x00000010
#define MSR_PLATFORM_ID	   0x00000017
#define MSR_APIC_BASE	   0x0000001b
#define MSR_BIOS_SIGNATURE 0x0000008b
#define MSR_MCG_CAP	   0x00000179
#define MSR_MCG_STATUS	   0x0000017a
#define MSR_MISC_ENABLE	   0x000001a0
#define MSR_PAT		   0x00000277
#define MSR_HYPERCALL_PAGE 0x40000000
#define MSR_AMD_SYSCFG	   0xc0010010
#define MSR_AMD_HWCR	   0xc0010015
#define MSR_AMD_NB_CFG	   0xc001001f
#define MSR_AMD_DE_CFG	   0xc0011029

#define DE_CFG_LFENCE_SERIALISES BIT(1)

#define APIC_BASE_ADDRESS 0xfee00000UL
#define APIC_BASE_BSP	  BIT(8)
#define APIC_BASE_ENABLED BIT(11)

#define EFER_GUEST_VISIBLE 0xd01UL /* SCE, LME, LMA, NXE */

#define MISC_PERFMON	      BIT(7)
#define MISC_BTS_UNAVAILABLE  BIT(11)
#define MISC_PEBS_UNAVAILABLE BIT(12)
#define MISC_MONITOR	      BIT(18)

/*
 * A kernel that has no #GP handler yet cannot learn that an MSR is missing: it reads zero, as the
 * ABI allows, rather than die.
 */
static bool unknown_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = 0;
	if (!v->pv.traps[VECTOR_GP].address)
		return true;
	v->domain->refusals[PARAPET_REFUSED_INSTRUCTION]++;
	printk(LOG_DEBUG, "d%uv%u rdmsr %#x: not emulated\n", v->domain->mem.domid, v->vcpu_id,
	       msr);
	return false;
}

/* What the guest sees of the CPU's register: (value & keep) | set. keep of 0: it is not even read.
 */
struct msr_view {
	u32 msr;
	u64 keep, set;
};

static const struct msr_view views[] = {
	{MSR_FS_BASE, ~0UL, 0}, /* the guest runs: they are in the CPU */
	{MSR_GS_BASE, ~0UL, 0},
	{MSR_KERNEL_GS_BASE, ~0UL, 0},
	{MSR_PAT, ~0UL, 0},
	{MSR_BIOS_SIGNATURE, ~0UL, 0}, /* microcode revision */
	{MSR_PLATFORM_ID, ~0UL, 0},
	{MSR_EFER, EFER_GUEST_VISIBLE, 0},
	{MSR_MISC_ENABLE, ~(MISC_PERFMON | MISC_MONITOR),
	 MISC_BTS_UNAVAILABLE | MISC_PEBS_UNAVAILABLE},
	{MSR_AMD_DE_CFG, DE_CFG_LFENCE_SERIALISES, 0},
	{MSR_MCG_CAP, 0, 0}, /* machine-check architecture without banks */
	{MSR_MCG_STATUS, 0, 0},
	{MSR_PLATFORM_INFO, 0, 0}, /* no CPUID faulting */
	{MSR_MISC_FEATURES, 0, 0},
	{MSR_AMD_SYSCFG, 0, 0}, /* read by kernels whatever the CPU's model */
	{MSR_AMD_HWCR, 0, 0},
	{MSR_AMD_NB_CFG, 0, 0},
	{MSR_APIC_BASE, 0, APIC_BASE_ADDRESS | APIC_BASE_ENABLED},
};

bool pv_read_msr(struct vcpu *v, u32 msr, u64 *value)
{
	if (msr == MSR_TSC || msr == MSR_TSC_AUX) {
		*value = msr == MSR_TSC ? rdtsc() : v->pv.tsc_aux;
		return true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++) {
		if (views[i].msr != msr)
			continue;
		*value = 0;
		if (views[i].keep && !rdmsr_safe(msr, value) && views[i].keep == ~0UL)
			return false;
		*value = (*value & views[i].keep) | views[i].set;
		if (msr == MSR_APIC_BASE && !v->vcpu_id)
			*value |= APIC_BASE_BSP;
		return true;
	}
	return unknown_read(v, msr, value);
}

/* The guest names a frame of its own, by machine frame number. */
static bool write_hypercall_page(struct vcpu *v, u64 value)
{
	struct page *pg = mm_get_page_writable(paddr_to_mfn(value), &v->domain->mem);

	if (!pg)
		return false;
	pv_fill_hypercall_page(page_to_virt(pg));
	mm_put_page_writable(pg);
	return true;
}

static bool unchanged(struct vcpu *v, u32 msr, u64 value)
{
	u64 now;

	return pv_read_msr(v, msr, &now) && now == value;
}

static bool write_segment_base(struct vcpu *v, u32 msr, u64 base)
{
	if (!pv_canonical(base))
		return false;
	if (msr == MSR_FS_BASE)
		context_set_fs_base(&v->arch, base);
	else if (msr == MSR_GS_BASE)
		context_set_gs_base_kernel(&v->arch, base);
	else
		context_set_gs_base_user(&v->arch, base);
	return true;
}

bool pv_write_msr(struct vcpu *v, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		return write_segment_base(v, msr, value);
	case MSR_PAT:
	case MSR_EFER:
	case MSR_MISC_ENABLE:
	case MSR_APIC_BASE:
	case MSR_AMD_HWCR:
	case MSR_AMD_DE_CFG: /* the host's choice stands; writing it back is no change */
		return unchanged(v, msr, value);
	case MSR_BIOS_SIGNATURE: /* written before it is read, as the CPU's manual asks */
	case MSR_MCG_STATUS:
		return value == 0;
	case MSR_TSC_AUX:
		if (value >> 32 || !wrmsr_safe(MSR_TSC_AUX, value))
			return false;
		v->pv.tsc_aux = (u32)value;
		return true;
	case MSR_HYPERCALL_PAGE:
		return write_hypercall_page(v, value);
	default:
		v->domain->refusals[PARAPET_REFUSED_INSTRUCTION]++;
		printk(LOG_DEBUG, "d%uv%u wrmsr %#x to %#lx: not emulated\n", v->domain->mem.domid,
		       v->vcpu_id, msr, (unsigned long)value);
		return false;
	}
}
