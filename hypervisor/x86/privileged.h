/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions that pv/ performs for guests, with fault recovery where the CPU may
 * refuse. */
#ifndef X86_PRIVILEGED_H
#define X86_PRIVILEGED_H

#include <lib/types.h>

#define X86_CR0_PE 0x00000001UL
#define X86_CR0_MP 0x00000002UL
#define X86_CR0_TS 0x00000008UL
#define X86_CR0_ET 0x00000010UL
#define X86_CR0_NE 0x00000020UL
#define X86_CR0_WP 0x00010000UL
#define X86_CR0_AM 0x00040000UL
#define X86_CR0_PG 0x80000000UL

#define X86_CR4_TSD	   0x00000004UL
#define X86_CR4_DE	   0x00000008UL
#define X86_CR4_PAE	   0x00000020UL
#define X86_CR4_MCE	   0x00000040UL
#define X86_CR4_PGE	   0x00000080UL
#define X86_CR4_OSFXSR	   0x00000200UL
#define X86_CR4_OSXMMEXCPT 0x00000400UL
#define X86_CR4_FSGSBASE   0x00010000UL
#define X86_CR4_OSXSAVE	   0x00040000UL

#define MSR_PLATFORM_INFO  0x000000ce
#define MSR_MISC_FEATURES  0x00000140
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX	   0xc0000103

/** False if the CPU answers #GP; *value is then 0. */
bool rdmsr_safe(u32 msr, u64 *value);
/** False if the CPU answers #GP. */
bool wrmsr_safe(u32 msr, u64 value);

/** out: eax, ebx, ecx, edx. */
void cpuid(u32 leaf, u32 subleaf, u32 out[4]);

/** One access of size 1, 2 or 4 bytes to the machine's I/O space. */
u32 port_in(u16 port, unsigned size);
void port_out(u16 port, u32 value, unsigned size);

/** Write back and invalidate this CPU's caches. */
void cache_flush_all(void);

u64 read_dr6(void);
void write_dr6(u64 value);
u64 read_cr0(void);
u64 read_cr4(void);
/** Value of CR2 as the last page fault left it. */
u64 read_cr2(void);

#endif
