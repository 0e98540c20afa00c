/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID must not show: see cpuid_wrong(). */
#include <string.h>
#include "privileged_model.h"

#define BIT_OF(n) (1u << (n))

struct hidden {
	uint32_t leaf, subleaf, word, bits;
};

/* Features that need privilege, or that guests have not; word: eax ebx ecx edx. */
static const struct hidden hidden[] = {
	/* DTES64 MONITOR DS-CPL VMX SMX EST TM2 CNXT-ID SDBG xTPR PDCM PCID DCA x2APIC TSC-deadline
	 */
	{1, 0, 2,
	 BIT_OF(2) | BIT_OF(3) | BIT_OF(4) | BIT_OF(5) | BIT_OF(6) | BIT_OF(7) | BIT_OF(8) |
		 BIT_OF(10) | BIT_OF(11) | BIT_OF(14) | BIT_OF(15) | BIT_OF(17) | BIT_OF(18) |
		 BIT_OF(21) | BIT_OF(24)},
	/* VME PSE MTRR PGE PSE-36 DS HTT TM PBE */
	{1, 0, 3,
	 BIT_OF(1) | BIT_OF(3) | BIT_OF(12) | BIT_OF(13) | BIT_OF(17) | BIT_OF(21) | BIT_OF(28) |
		 BIT_OF(29) | BIT_OF(31)},
	/* TSC_ADJUST SGX HLE SMEP INVPCID RTM PQM MPX PQE SMAP PT */
	{7, 0, 1,
	 BIT_OF(1) | BIT_OF(2) | BIT_OF(4) | BIT_OF(7) | BIT_OF(10) | BIT_OF(11) | BIT_OF(12) |
		 BIT_OF(14) | BIT_OF(15) | BIT_OF(20) | BIT_OF(25)},
	/* UMIP PKU OSPKE WAITPKG CET_SS LA57 ENQCMD SGX_LC PKS */
	{7, 0, 2,
	 BIT_OF(2) | BIT_OF(3) | BIT_OF(4) | BIT_OF(5) | BIT_OF(7) | BIT_OF(16) | BIT_OF(29) |
		 BIT_OF(30) | BIT_OF(31)},
	/* UINTR PCONFIG LBR CET_IBT IBRS STIBP L1D_FLUSH ARCH_CAP CORE_CAP SSBD */
	{7, 0, 3,
	 BIT_OF(5) | BIT_OF(18) | BIT_OF(19) | BIT_OF(20) | BIT_OF(26) | BIT_OF(27) | BIT_OF(28) |
		 BIT_OF(29) | BIT_OF(30) | BIT_OF(31)},
	/* PKRU's, CET's and other states; XSAVES and its sizes */
	{0xd, 0, 0, ~0xe7u},
	{0xd, 1, 0, ~0x7u},
	/* SVM EXTAPIC SKINIT WDT PERFCTR MWAITX */
	{0x80000001, 0, 2,
	 BIT_OF(2) | BIT_OF(3) | BIT_OF(12) | BIT_OF(13) | BIT_OF(23) | BIT_OF(24) | BIT_OF(29)},
	/* PSE MTRR PGE PSE-36 1G pages */
	{0x80000001, 0, 3, BIT_OF(3) | BIT_OF(12) | BIT_OF(13) | BIT_OF(17) | BIT_OF(26)},
	/* IBRS STIBP … */
	{0x80000008, 0, 1, ~0x5u},
};

static bool shown_at_all(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 7)
		return subleaf < 2;
	if (leaf == 0xd)
		return subleaf < 3 || (subleaf >= 5 && subleaf <= 7);
	return leaf <= 2 || leaf == 4 || (leaf >= 0x80000000 && leaf <= 0x80000006) ||
	       leaf == 0x80000008 || leaf == 0x80000021;
}

static const char *hypervisor_leaf_wrong(uint32_t leaf, uint32_t subleaf, const uint32_t shown[4],
					 uint32_t address_bits, uint32_t tsc_khz)
{
	uint32_t expected[4] = {0};

	if (leaf == 0x40000000) {
		expected[0] = 0x40000005;
		memcpy(&expected[1], "XenVMMXenVMM", 12);
	} else if (leaf == 0x40000001) {
		expected[0] = 0x40011;
	} else if (leaf == 0x40000002) {
		memcpy(expected, (uint32_t[]){1, 0x40000000, 1, 0}, 16);
	} else if (leaf == 0x40000003) {
		expected[0] = subleaf == 0 ? 4 : subleaf == 2 ? tsc_khz : 0;
	} else if (leaf == 0x40000005 && subleaf == 0) {
		expected[1] = address_bits;
	}
	return memcmp(expected, shown, 16) ? "the hypervisor's leaf is another" : NULL;
}

const char *cpuid_wrong(const struct world *w, const struct guest *before, uint32_t leaf,
			uint32_t subleaf, const uint32_t host[4], const uint32_t shown[4],
			uint32_t address_bits, uint32_t tsc_khz)
{
	uint32_t own[4] = {0};

	if (leaf >> 8 == 0x400000)
		return hypervisor_leaf_wrong(leaf, subleaf, shown, address_bits, tsc_khz);
	if (leaf == 1) {
		bool xsave = shown[2] >> 26 & 1, os = before->kernel || (before->cr4 >> 18 & 1);

		if ((shown[1] >> 24) != w->vcpu * 2 || !(shown[2] >> 31))
			return "APIC id, or the bit of hypervisors";
		if ((shown[2] >> 27 & 1) != (xsave && os))
			return "OSXSAVE";
		own[1] = 0xff000000;
		own[2] = 0x88000000;
	} else if (leaf == 0x80000008) {
		if ((shown[1] >> 12 & 1) != w->ibpb)
			return "IBPB, by AMD's bit on every machine";
		own[1] = 0x1000;
	} else if (leaf == 0x80000001) {
		if (!(shown[3] >> 11 & 1))
			return "SYSCALL";
		own[3] = 0x800;
	} else if (leaf == 0 || leaf == 0x80000000) {
		if (shown[0] > (leaf ? 0x80000021 : 0xd))
			return "more leaves than are shown";
		own[0] = ~0u;
	} else if (leaf == 7 && subleaf == 0) {
		if (shown[0] > 1)
			return "more subleaves than are shown";
		own[0] = ~0u;
	} else if (leaf == 0xd && subleaf == 0) {
		own[2] = ~0u; /* a size */
	}
	for (unsigned i = 0; i < 4; i++)
		if (shown[i] & ~own[i] & ~(shown_at_all(leaf, subleaf) ? host[i] : 0))
			return "a bit that the machine does not have, or of a hidden leaf";
	for (unsigned i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (hidden[i].leaf == leaf &&
		    (hidden[i].subleaf == subleaf || leaf == 1 || leaf >> 31) &&
		    (shown[hidden[i].word] & hidden[i].bits & ~own[hidden[i].word]))
			return "a feature that guests must not see";
	return NULL;
}
