/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID as guests see it. Each feature word passes through a list of what works in ring 3 without
 * the hypervisor's help, or with the help that it gives. What is not listed is not shown: paging
 * and protection features (PSE, PGE, PCID, SMEP, SMAP, UMIP, PKU, LA57, CET), virtualization,
 * MTRRs, MONITOR, performance counters, the APIC's timers, TSX, speculation controls.
 */
#include <lib/string.h>
#include <pv/internal.h>
#include <x86/privileged.h>
#include <x86/time.h>

enum { EAX, EBX, ECX, EDX };

#define HYPERVISOR_BASE	    0x40000000U
#define HYPERVISOR_LAST	    0x40000005U
#define BASIC_LAST	    0xdU
#define EXTENDED_BASE	    0x80000000U
#define EXTENDED_LAST	    0x80000021U
#define XEN_VERSION_4_17    (4U << 16 | 17)
#define HYPERCALL_MSR	    0x40000000U
#define FEATURE_PRESERVE_AD 1U

#define BITS2(a, b)	  (1U << (a) | 1U << (b))
#define BITS4(a, b, c, d) (BITS2(a, b) | BITS2(c, d))

/* FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH ACPI MMX FXSR SSE SSE2 SS */
#define BASIC_EDX                                                                                  \
	(BITS4(0, 2, 4, 5) | BITS4(6, 7, 8, 9) | BITS4(11, 14, 15, 16) | BITS4(19, 22, 23, 24) |   \
	 BITS2(25, 26) | 1U << 27)
/* SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND */
#define BASIC_ECX                                                                                  \
	(BITS4(0, 1, 9, 12) | BITS4(13, 19, 20, 22) | BITS4(23, 25, 26, 28) | BITS2(29, 30))
#define BASIC_EDX_SEP	     (1U << 11)
#define BASIC_ECX_OSXSAVE    (1U << 27)
#define BASIC_ECX_XSAVE	     (1U << 26)
#define BASIC_ECX_HYPERVISOR (1U << 31)
/* BMI1 AVX2 BMI2 ERMS, AVX512 F DQ IFMA PF ER CD BW VL, RDSEED ADX CLFLUSHOPT CLWB SHA */
#define FEATURE7_EBX                                                                               \
	(BITS4(3, 5, 8, 9) | BITS4(16, 17, 21, 26) | BITS4(27, 28, 30, 31) |                       \
	 BITS4(18, 19, 23, 24) | 1U << 29)
#define FEATURE7_EBX_FSGSBASE (1U << 0)
/* PREFETCHWT1, AVX512 VBMI VBMI2 VNNI BITALG VPOPCNTDQ, GFNI VAES VPCLMULQDQ RDPID CLDEMOTE MOVDIRI
 * MOVDIR64B */
#define FEATURE7_ECX (BITS4(0, 1, 6, 11) | BITS4(12, 14, 8, 9) | BITS4(10, 22, 25, 27) | 1U << 28)
/* AVX512 4VNNIW 4FMAPS VP2INTERSECT, FSRM MD_CLEAR SERIALIZE */
#define FEATURE7_EDX (BITS4(2, 3, 8, 4) | BITS2(10, 14))
/* AVX-VNNI BF16 FZRM FSRS FSRCS */
#define FEATURE7_1_EAX (BITS4(4, 5, 10, 11) | 1U << 12)
/* SYSCALL NX MMXEXT RDTSCP LM 3DNOWEXT 3DNOW */
#define EXTENDED_EDX	     (BITS4(11, 20, 22, 27) | BITS2(29, 30) | 1U << 31)
#define EXTENDED_EDX_SYSCALL (1U << 11)
#define EXTENDED_EDX_COPIED  0x0183f3ffU /* AMD repeats these of leaf 1 */
/* LAHF_LM ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
#define EXTENDED_ECX	 (BITS4(0, 5, 6, 7) | BITS4(8, 11, 16, 21))
#define EXTENDED8_EBX	 BITS2(0, 2) /* CLZERO, error pointers always saved */
#define EXTENDED21_EAX	 BITS2(2, 6) /* LFENCE serialises, null selectors clear bases */
#define XSAVE_EAX	 0x7U	     /* XSAVEOPT XSAVEC XGETBV1 */
#define XSAVE_STATES	 0xe7U	     /* x87 SSE AVX, AVX-512's three */
#define VENDOR_AMD_EBX	 0x68747541U
#define VENDOR_HYGON_EBX 0x6f677948U

#define ALL  0xffffffffU
#define EACH ALL /* subleaf: whatever it is */

/* What passes of each leaf. Leaves and subleaves that are not here read as zero. */
static const struct view {
	u32 leaf, subleaf, mask[4]; /* eax, ebx, ecx, edx */
} views[] = {
	{0, EACH, {ALL, ALL, ALL, ALL}},
	{1, EACH, {ALL, 0xff00, BASIC_ECX, BASIC_EDX}}, /* ebx: CLFLUSH's line */
	{2, EACH, {ALL, ALL, ALL, ALL}},		/* caches */
	{4, EACH, {0x3fff, ALL, ALL, ALL}},		/* but not how many CPUs share them */
	{7, 0, {ALL, FEATURE7_EBX | FEATURE7_EBX_FSGSBASE, FEATURE7_ECX, FEATURE7_EDX}},
	{7, 1, {FEATURE7_1_EAX, 0, 0, 0}},
	{0xd, 0, {XSAVE_STATES, ALL, 0, 0}},
	{0xd, 1, {XSAVE_EAX, 0, 0, 0}},
	{EXTENDED_BASE, EACH, {ALL, ALL, ALL, ALL}},
	{EXTENDED_BASE + 1, EACH, {ALL, 0, EXTENDED_ECX, EXTENDED_EDX | EXTENDED_EDX_COPIED}},
	{EXTENDED_BASE + 2, EACH, {ALL, ALL, ALL, ALL}}, /* the CPU's name */
	{EXTENDED_BASE + 3, EACH, {ALL, ALL, ALL, ALL}},
	{EXTENDED_BASE + 4, EACH, {ALL, ALL, ALL, ALL}},
	{EXTENDED_BASE + 5, EACH, {ALL, ALL, ALL, ALL}}, /* caches */
	{EXTENDED_BASE + 6, EACH, {ALL, ALL, ALL, ALL}},
	{EXTENDED_BASE + 8, EACH, {0xffff, EXTENDED8_EBX, 0, 0}}, /* address widths */
	{EXTENDED_LAST, EACH, {EXTENDED21_EAX, 0, 0, 0}},
};

static void mask_leaf(u32 leaf, u32 subleaf, u32 out[4])
{
	static const struct view none, state = {.mask = {ALL, ALL, ALL, ALL}};
	const struct view *v = &none;

	if (leaf == 0xd && subleaf >= 2 && subleaf < 32 && (XSAVE_STATES >> subleaf & 1))
		v = &state; /* where a state lies in the area */
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++)
		if (views[i].leaf == leaf &&
		    (views[i].subleaf == EACH || views[i].subleaf == subleaf))
			v = &views[i];
	for (unsigned i = 0; i < 4; i++)
		out[i] &= v->mask[i];
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

static bool vendor_is_amd(void)
{
	u32 vendor[4];

	cpuid(0, 0, vendor);
	return vendor[EBX] == VENDOR_AMD_EBX || vendor[EBX] == VENDOR_HYGON_EBX;
}

static void basic_features(struct vcpu *v, u32 out[4])
{
	out[EBX] |= v->vcpu_id * 2 << 24; /* APIC id */
	out[ECX] |= BASIC_ECX_HYPERVISOR;
	/* Linux takes a clear OSXSAVE, before it ever writes CR4, for a hypervisor without XSAVE.
	 */
	if ((out[ECX] & BASIC_ECX_XSAVE) && (v->arch.kernel_mode || (v->pv.cr4 & X86_CR4_OSXSAVE)))
		out[ECX] |= BASIC_ECX_OSXSAVE;
	if (vendor_is_amd()) /* SYSENTER is invalid there in long mode */
		out[EDX] &= ~BASIC_EDX_SEP;
}

static void extended_features(struct vcpu *v, u32 out[4])
{
	u32 basic[4] = {0};

	if (vendor_is_amd())
		pv_cpuid(v, 1, 0, basic);
	out[EDX] &= EXTENDED_EDX | (basic[EDX] & EXTENDED_EDX_COPIED);
	out[EDX] |= EXTENDED_EDX_SYSCALL;
}

static void hypervisor_leaf(u32 leaf, u32 subleaf, u32 out[4])
{
	u32 widths[4];

	memset(out, 0, 4 * sizeof(*out));
	switch (leaf) {
	case HYPERVISOR_BASE:
		out[EAX] = HYPERVISOR_LAST;
		out[EBX] = 0x566e6558; /* "XenVMMXenVMM", by which kernels know the ABI */
		out[ECX] = 0x65584d4d;
		out[EDX] = 0x4d4d566e;
		break;
	case HYPERVISOR_BASE + 1:
		out[EAX] = XEN_VERSION_4_17;
		break;
	case HYPERVISOR_BASE + 2:
		out[EAX] = 1; /* hypercall pages */
		out[EBX] = HYPERCALL_MSR;
		out[ECX] = FEATURE_PRESERVE_AD;
		break;
	case HYPERVISOR_BASE + 3:
		if (subleaf == 0)
			out[EAX] = 1U << 2; /* RDTSCP as CPUID says; the TSC is not emulated */
		else if (subleaf == 2)
			out[EAX] = tsc_khz;
		break;
	case HYPERVISOR_BASE + 5:
		cpuid(EXTENDED_BASE + 8, 0, widths);
		if (subleaf == 0)
			out[EBX] = widths[EAX] & 0xff;
		break;
	default:
		break;
	}
}

void pv_cpuid(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4])
{
	if (leaf >= HYPERVISOR_BASE && leaf <= HYPERVISOR_BASE + 0xff) {
		hypervisor_leaf(leaf, subleaf, out);
		return;
	}
	cpuid(leaf, subleaf, out);
	mask_leaf(leaf, subleaf, out);
	switch (leaf) {
	case 0:
		out[EAX] = MIN(out[EAX], BASIC_LAST);
		break;
	case 1:
		basic_features(v, out);
		break;
	case 7:
		if (subleaf == 0)
			out[EAX] = MIN(out[EAX], 1U);
		if (!(read_cr4() & X86_CR4_FSGSBASE))
			out[EBX] &= ~FEATURE7_EBX_FSGSBASE;
		break;
	case 0xd:
		if (subleaf == 0)
			out[ECX] = xsave_size(out[EAX]);
		break;
	case EXTENDED_BASE:
		out[EAX] = MIN(out[EAX], EXTENDED_LAST);
		break;
	case EXTENDED_BASE + 1:
		extended_features(v, out);
		break;
	}
}
