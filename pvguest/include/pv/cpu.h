/* SPDX-License-Identifier: MIT */
/* The processor as a paravirtual guest sees it. */
#ifndef PV_CPU_H
#define PV_CPU_H

#include <pv/types.h>

struct pv_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* CPUID with the forced-emulation prefix: the hypervisor's policy answers, not the bare CPU. */
static inline void pv_cpuid(uint32_t leaf, uint32_t subleaf, struct pv_cpuid *out)
{
	__asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
			 : "=a"(out->eax), "=b"(out->ebx), "=c"(out->ecx), "=d"(out->edx)
			 : "0"(leaf), "2"(subleaf));
}

static inline uint64_t pv_rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* Be kind to the sibling while spinning. */
static inline void pv_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
