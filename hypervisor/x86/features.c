/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/options.h>
#include <lib/printk.h>
#include <x86/asm.h>
#include <x86/cpu.h>

/* True at first: it is wanted. Options make that false, and features_detect() where it is missing.
 */
bool cpu_has_smap = true, cpu_has_xsave = true, cpu_has_x2apic = true, cpu_has_tsc_deadline = true;
bool cpu_has_pcid = true, cpu_has_1g_pages = true, cpu_has_ibpb = true, cpu_is_amd;
static bool has_smep = true, has_umip = true, has_fsgsbase = true, has_caps_msr = true;
static bool has_pred_cmd = true, amd_has_pred_cmd = true;
static char wanted_xpti[8] = "auto";
OPTION("ibpb", option_bool, cpu_has_ibpb);
OPTION("pcid", option_bool, cpu_has_pcid);
OPTION("smap", option_bool, cpu_has_smap);
OPTION("smep", option_bool, has_smep);
OPTION("x2apic", option_bool, cpu_has_x2apic);
OPTION("xsave", option_bool, cpu_has_xsave);
OPTION("xpti", option_string, wanted_xpti);

u64 xcr0_all;
u32 fpu_area_size = 512;
unsigned physical_bits = 36;

static u64 cr4_features =
	X86_CR4_PAE | X86_CR4_PGE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_DE;

enum { EAX, EBX, ECX, EDX };

static const struct {
	u32 leaf;
	u8 reg, bit; /* of CPUID's answer */
	bool *has;
	u64 cr4; /* what turns it on */
} features[] = {
	{1, ECX, 17, &cpu_has_pcid, X86_CR4_PCIDE},
	{1, ECX, 21, &cpu_has_x2apic, 0},
	{1, ECX, 24, &cpu_has_tsc_deadline, 0},
	{1, ECX, 26, &cpu_has_xsave, X86_CR4_OSXSAVE},
	{7, EBX, 0, &has_fsgsbase, X86_CR4_FSGSBASE},
	{7, EBX, 7, &has_smep, X86_CR4_SMEP},
	{7, EBX, 20, &cpu_has_smap, X86_CR4_SMAP},
	{7, ECX, 2, &has_umip, X86_CR4_UMIP},
	{7, EDX, 26, &has_pred_cmd, 0},
	{7, EDX, 29, &has_caps_msr, 0},
	{0x80000001, EDX, 26, &cpu_has_1g_pages, 0},
	{0x80000008, EBX, 12, &amd_has_pred_cmd, 0},
};

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	asm volatile("cpuid"
		     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
		     : "a"(leaf), "c"(subleaf));
}

/* False, and zeros, where the CPU knows no such leaf. */
static bool leaf_present(u32 leaf, u32 out[4])
{
	cpuid(leaf & BIT(31), 0, out);
	if (out[0] < leaf) {
		out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
		return false;
	}
	cpuid(leaf, 0, out);
	return true;
}

void features_detect(void)
{
	u32 r[4];

	for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
		leaf_present(features[i].leaf, r);
		*features[i].has &= r[features[i].reg] >> features[i].bit & 1;
		cr4_features |= *features[i].has ? features[i].cr4 : 0;
	}
	cpu_has_ibpb &= has_pred_cmd || amd_has_pred_cmd;
	cpuid(0, 0, r);
	cpu_is_amd = r[EBX] == 0x68747541 || r[EBX] == 0x6f677948; /* "Auth…", "Hygo…" */
	/* AMD's never had Meltdown, others say when they have it not. */
	if (!option_bool(&xpti, sizeof(xpti), wanted_xpti))
		xpti = !cpu_is_amd && !(has_caps_msr && (rdmsr(MSR_ARCH_CAPS) & BIT(0)));
	/* Global translations would outlive the change of roots. */
	cr4_features &= ~(xpti ? X86_CR4_PGE : 0);
	if (leaf_present(0x80000008, r))
		physical_bits = MIN(r[EAX] & 0xff, 52u);
	if (cpu_has_xsave && leaf_present(0xd, r)) {
		/* x87, SSE, AVX, and AVX-512's three: their state fits in one page. */
		xcr0_all = r[EAX] & 0xe7;
		write_cr4(read_cr4() | X86_CR4_OSXSAVE);
		xsetbv_safe(xcr0_all);
		/* With XCR0 set, the leaf tells the size of just these components. */
		cpuid(0xd, 0, r);
		fpu_area_size = r[EBX];
		BUG_ON(fpu_area_size > PAGE_SIZE);
	}
	printk(LOG_INFO,
	       "CPU: SMEP %s, SMAP %s, UMIP %s, XSAVE %s (%u bytes), x2APIC %s, PCID %s, XPTI %s, IBPB %s\n",
	       has_smep ? "on" : "off", cpu_has_smap ? "on" : "off", has_umip ? "on" : "off",
	       cpu_has_xsave ? "on" : "off", fpu_area_size, cpu_has_x2apic ? "on" : "off",
	       cpu_has_pcid ? "on" : "off", xpti ? "on" : "off", cpu_has_ibpb ? "on" : "off");
}

void features_enable(void)
{
	u64 value;

	write_cr4(cr4_features);
	/* The ABI's: write-back, write-through, uncached-, uncached, write-combining,
	 * write-protected. The hypervisor's own mappings use the first and (PCD) the third. */
	wrmsr(MSR_PAT, 0x0000050100070406UL);
	if (cpu_has_xsave)
		xsetbv_safe(xcr0_all);
	/* Intel: CPUID outside ring 0 faults, so that guests that do not ask see what is meant for
	 * them, too. */
	if (rdmsr_safe(MSR_PLATFORM_INFO, &value) && (value & BIT(31)) &&
	    rdmsr_safe(MSR_MISC_FEATURES, &value))
		wrmsr_safe(MSR_MISC_FEATURES, value | BIT(0));
}
