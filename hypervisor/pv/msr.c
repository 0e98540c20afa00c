/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers that a guest kernel may read or write; every other one is its #GP. */
#include <pv/internal.h>
#include <x86/time.h>

#define MSR_TSC		   0x00000010
#define MSR_HYPERCALL_PAGE 0x40000000

#define APIC_BASE_BSP BIT(8)

/* What a guest may write: nothing, 0, or (without effect: the host's choice stands) what it reads.
 */
enum writable { NOTHING, ZERO, SAME };

/*
 * What it reads: (the CPU's register & keep) | set, keep of 0: the register is not even read. The
 * AMD ones from 0xc0010010 on are read by kernels whatever the CPU's model.
 */
static const struct msr {
	u32 number;
	enum writable writable;
	u64 keep, set;
} msrs[] = {
	{0x00000017, NOTHING, ~0UL, 0},			  /* PLATFORM_ID */
	{MSR_APIC_BASE, SAME, 0, 0xfee00000UL | BIT(11)}, /* enabled */
	{0x0000008b, ZERO, ~0UL, 0},	    /* microcode revision: written, then read */
	{MSR_PLATFORM_INFO, NOTHING, 0, 0}, /* no CPUID faulting */
	{MSR_MISC_FEATURES, NOTHING, 0, 0},
	{0x00000179, NOTHING, 0, 0}, /* MCG_CAP: machine checks without banks */
	{0x0000017a, ZERO, 0, 0},    /* MCG_STATUS */
	/* MISC_ENABLE: no PERFMON, no MONITOR; BTS and PEBS unavailable */
	{0x000001a0, SAME, ~(BIT(7) | BIT(18)), BIT(11) | BIT(12)},
	{0x00000277, SAME, ~0UL, 0},	 /* PAT */
	{MSR_EFER, SAME, 0xd01, 0},	 /* SCE, LME, LMA, NXE */
	{MSR_FS_BASE, NOTHING, ~0UL, 0}, /* the guest runs: they are in the CPU */
	{MSR_GS_BASE, NOTHING, ~0UL, 0},
	{MSR_KERNEL_GS_BASE, NOTHING, ~0UL, 0},
	{0xc0010010, NOTHING, 0, 0},   /* SYSCFG */
	{0xc0010015, SAME, 0, 0},      /* HWCR */
	{0xc001001f, NOTHING, 0, 0},   /* NB_CFG */
	{0xc0011029, SAME, BIT(1), 0}, /* DE_CFG: LFENCE serialises */
};

static const struct msr *find(u32 number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].number == number)
			return &msrs[i];
	return NULL;
}

/* written: NULL if the register was to be read. */
static bool unknown(u32 number, const u64 *written)
{
	if (written)
		refuse(NOT_EMULATED, "wrmsr %#x to %#lx: not emulated", number, *written);
	else
		refuse(NOT_EMULATED, "rdmsr %#x: not emulated", number);
	return false;
}

bool pv_read_msr(struct vcpu *v, u32 number, u64 *value)
{
	const struct msr *msr = find(number);

	*value = 0;
	if (number == MSR_TSC || number == MSR_TSC_AUX) {
		*value = number == MSR_TSC ? rdtsc() : v->pv.tsc_aux;
		return true;
	}
	/*
	 * A kernel that has no #GP handler yet cannot learn that an MSR is missing: it reads zero,
	 * as the ABI allows, rather than die.
	 */
	if (!msr)
		return !v->pv.traps[VECTOR_GP].address || unknown(number, NULL);
	if (msr->keep && !rdmsr_safe(number, value) && msr->keep == ~0UL)
		return false;
	*value = (*value & msr->keep) | msr->set;
	if (number == MSR_APIC_BASE && !v->vcpu_id)
		*value |= APIC_BASE_BSP;
	return true;
}

bool pv_write_msr(struct vcpu *v, u32 number, u64 value)
{
	static const u8 bases[] = {SEGBASE_FS, SEGBASE_GS_KERNEL, SEGBASE_GS_USER};
	const struct msr *msr = find(number);
	u64 now;

	switch (number) {
	case MSR_FS_BASE ... MSR_KERNEL_GS_BASE:
		return !do_set_segment_base(bases[number - MSR_FS_BASE], value);
	case MSR_TSC_AUX:
		if (value >> 32 || !wrmsr_safe(MSR_TSC_AUX, value))
			return false;
		v->pv.tsc_aux = this_cpu()->tsc_aux = (u32)value;
		return true;
	case MSR_HYPERCALL_PAGE:
		return !pv_write_hypercall_page(&v->domain->mem, paddr_to_mfn(value));
	case MSR_PRED_CMD: /* bit 0: forget where branches went, so that one task parts from another
			    */
		return cpu_has_ibpb && value <= 1 && wrmsr_safe(MSR_PRED_CMD, value);
	}
	if (msr && msr->writable == ZERO)
		return value == 0;
	if (msr && msr->writable == SAME)
		return pv_read_msr(v, number, &now) && now == value;
	return unknown(number, &value);
}
