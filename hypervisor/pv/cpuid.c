/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID as guests see it. Each feature word passes through a mask of what works in ring 3 without
 * the hypervisor's help, or with the help that it gives. What is not listed is not shown: paging
 * and protection features (PSE, PGE, PCID, SMEP, SMAP, UMIP, PKU, LA57, CET), virtualization,
 * MTRRs, MONITOR, performance counters, the APIC's timers, TSX, speculation controls (but IBPB).
 */
#include <pv/internal.h>
#include <x86/time.h>

enum { EAX, EBX, ECX, EDX };

#define HYPERVISOR_BASE 0x40000000U
#define EXTENDED_BASE	0x80000000U
#define EXTENDED_LAST	0x80000021U

#define BASIC_EDX_SEP	      (1U << 11)
#define BASIC_ECX_OSXSAVE     (1U << 27)
#define BASIC_ECX_XSAVE	      (1U << 26)
#define BASIC_ECX_HYPERVISOR  (1U << 31)
#define FEATURE7_EBX_FSGSBASE (1U << 0)
#define EXTENDED_EDX	      0xe8500800U /* SYSCALL NX MMXEXT RDTSCP LM 3DNOWEXT 3DNOW */
#define EXTENDED_EDX_SYSCALL  (1U << 11)
#define EXTENDED_EDX_COPIED   0x0183f3ffU /* AMD repeats these of leaf 1 */

#define ALL  0xffffffffU
#define EACH ALL /* subleaf: whatever it is, beyond 31 too */

struct view {
	u32 first, last; /* leaves */
	u32 subleaves;	 /* a bit each */
	u32 words[4];	 /* eax, ebx, ecx, edx */
};

/* What passes of each leaf. Leaves and subleaves that are not here read as zero. */
static const struct view views[] = {
	{0, 0, EACH, {ALL, ALL, ALL, ALL}},
	/*
	 * ebx: CLFLUSH's line
	 * ecx: SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND
	 * edx: FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH ACPI MMX FXSR SSE SSE2 SS
	 */
	{1, 1, EACH, {ALL, 0xff00, 0x76d83203, 0x0fc9cbf5}},
	{2, 2, EACH, {ALL, ALL, ALL, ALL}},    /* caches */
	{4, 4, EACH, {0x3fff, ALL, ALL, ALL}}, /* but not how many CPUs share them */
	/*
	 * ebx: FSGSBASE BMI1 AVX2 BMI2 ERMS, AVX512 F DQ IFMA PF ER CD BW VL, RDSEED ADX CLFLUSHOPT
	 *      CLWB SHA
	 * ecx: PREFETCHWT1, AVX512 VBMI VBMI2 VNNI BITALG VPOPCNTDQ, GFNI VAES VPCLMULQDQ RDPID
	 *      CLDEMOTE MOVDIRI MOVDIR64B
	 * edx: AVX512 4VNNIW 4FMAPS VP2INTERSECT, FSRM MD_CLEAR SERIALIZE
	 */
	{7, 7, 0x1, {ALL, 0xfdaf0329, 0x1a405f43, 0x451c}},
	{7, 7, 0x2, {0x1c30}},			/* AVX-VNNI BF16 FZRM FSRS FSRCS */
	{0xd, 0xd, 0x1, {0xe7, ALL}},		/* states: x87 SSE AVX, AVX-512's three */
	{0xd, 0xd, 0x2, {0x7}},			/* XSAVEOPT XSAVEC XGETBV1 */
	{0xd, 0xd, 0xe4, {ALL, ALL, ALL, ALL}}, /* where each of these states lies */
	{EXTENDED_BASE, EXTENDED_BASE, EACH, {ALL, ALL, ALL, ALL}},
	/* ecx: LAHF_LM ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
	{0x80000001, 0x80000001, EACH, {ALL, 0, 0x2109e1, EXTENDED_EDX | EXTENDED_EDX_COPIED}},
	{0x80000002, 0x80000006, EACH, {ALL, ALL, ALL, ALL}}, /* the CPU's name, caches */
	/* address widths; CLZERO, error pointers always saved, IBPB by either maker's bit */
	{0x80000008, 0x80000008, EACH, {0xffff, 0x5}},
	{EXTENDED_LAST, EXTENDED_LAST, EACH, {0x44}}, /* LFENCE serialises, null clears bases */
};

static const u32 *find(const struct view *table, unsigned count, u32 leaf, u32 subleaf)
{
	static const u32 zero[4];

	for (unsigned i = 0; i < count; i++)
		if (leaf >= table[i].first && leaf <= table[i].last &&
		    (table[i].subleaves == EACH ||
		     (subleaf < 32 && (table[i].subleaves >> subleaf & 1))))
			return table[i].words;
	return zero;
}

static void hypervisor_leaf(u32 leaf, u32 subleaf, u32 out[4])
{
	u32 widths[4];

	cpuid(EXTENDED_BASE + 8, 0, widths);

	const struct view leaves[] = {
		/* "XenVMMXenVMM", by which kernels know the ABI */
		{0, 0, EACH, {HYPERVISOR_BASE + 5, 0x566e6558, 0x65584d4d, 0x4d4d566e}},
		{1, 1, EACH, {4 << 16 | 17}}, /* version 4.17 */
		/* hypercall pages, the MSR for them, the feature "preserve A and D" */
		{2, 2, EACH, {1, 0x40000000, 1}},
		{3, 3, 0x1, {1 << 2}}, /* RDTSCP as CPUID says; the TSC is not emulated */
		{3, 3, 0x4, {tsc_khz}},
		{5, 5, 0x1, {0, widths[EAX] & 0xff}},
	};

	memcpy(out, find(leaves, ARRAY_SIZE(leaves), leaf - HYPERVISOR_BASE, subleaf),
	       sizeof(leaves[0].words));
}

/* Bytes of an XSAVE area with every state that is shown. */
static u32 xsave_size(u32 states)
{
	u32 size = 512 + 64, part[4];

	for (unsigned i = 2; i < 32; i++) {
		if (!(states >> i & 1))
			continue;
		cpuid(0xd, i, part);
		size = MAX(size, part[EBX] + part[EAX]);
	}
	return size;
}

static void basic_features(struct vcpu *v, u32 out[4])
{
	out[EBX] |= v->vcpu_id * 2 << 24; /* APIC id */
	out[ECX] |= BASIC_ECX_HYPERVISOR;
	/* Linux takes a clear OSXSAVE, before it ever writes CR4, for a hypervisor without XSAVE.
	 */
	if ((out[ECX] & BASIC_ECX_XSAVE) && (v->arch.kernel_mode || (v->pv.cr4 & X86_CR4_OSXSAVE)))
		out[ECX] |= BASIC_ECX_OSXSAVE;
	if (cpu_is_amd) /* SYSENTER is invalid there in long mode */
		out[EDX] &= ~BASIC_EDX_SEP;
}

static void extended_features(struct vcpu *v, u32 out[4])
{
	u32 basic[4] = {0};

	if (cpu_is_amd)
		pv_cpuid(v, 1, 0, basic);
	out[EDX] &= EXTENDED_EDX | (basic[EDX] & EXTENDED_EDX_COPIED);
	out[EDX] |= EXTENDED_EDX_SYSCALL;
}

void pv_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4])
{
	if (leaf >= HYPERVISOR_BASE && leaf <= HYPERVISOR_BASE + 0xff) {
		hypervisor_leaf(leaf, subleaf, out);
		return;
	}

	const u32 *mask = find(views, ARRAY_SIZE(views), leaf, subleaf);

	cpuid(leaf, subleaf, out);
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++)
		out[i] &= mask[i];
	if (leaf == 0)
		out[EAX] = MIN(out[EAX], 0xdU);
	else if (leaf == 1)
		basic_features(v, out);
	else if (leaf == 7 && subleaf == 0)
		out[EAX] = MIN(out[EAX], 1U);
	else if (leaf == 0xd && subleaf == 0)
		out[ECX] = xsave_size(out[EAX]);
	else if (leaf == EXTENDED_BASE)
		out[EAX] = MIN(out[EAX], EXTENDED_LAST);
	else if (leaf == EXTENDED_BASE + 1)
		extended_features(v, out);
	else if (leaf == EXTENDED_BASE + 8)
		out[EBX] |= (u32)cpu_has_ibpb << 12;
	if (leaf == 7 && !(read_cr4() & X86_CR4_FSGSBASE))
		out[EBX] &= ~FEATURE7_EBX_FSGSBASE;
}
