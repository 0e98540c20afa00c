/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that C cannot express, and the registers' names. */
#ifndef X86_ASM_H
#define X86_ASM_H

#include <lib/types.h>

#define X86_CR0_PE 0x00000001UL
#define X86_CR0_TS 0x00000008UL

#define X86_CR4_TSD	   0x00000004UL
#define X86_CR4_DE	   0x00000008UL
#define X86_CR4_PAE	   0x00000020UL
#define X86_CR4_MCE	   0x00000040UL
#define X86_CR4_PGE	   0x00000080UL
#define X86_CR4_OSFXSR	   0x00000200UL
#define X86_CR4_OSXMMEXCPT 0x00000400UL
#define X86_CR4_UMIP	   0x00000800UL
#define X86_CR4_FSGSBASE   0x00010000UL
#define X86_CR4_PCIDE	   0x00020000UL
#define X86_CR4_OSXSAVE	   0x00040000UL
#define X86_CR4_SMEP	   0x00100000UL
#define X86_CR4_SMAP	   0x00200000UL

#define MSR_APIC_BASE	   0x0000001b
#define MSR_PRED_CMD	   0x00000049
#define MSR_PLATFORM_INFO  0x000000ce
#define MSR_ARCH_CAPS	   0x0000010a
#define MSR_MISC_FEATURES  0x00000140
#define MSR_SYSENTER_CS	   0x00000174
#define MSR_SYSENTER_ESP   0x00000175
#define MSR_SYSENTER_EIP   0x00000176
#define MSR_PAT		   0x00000277
#define MSR_TSC_DEADLINE   0x000006e0
#define MSR_X2APIC	   0x00000800
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_CSTAR	   0xc0000083
#define MSR_SYSCALL_MASK   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX	   0xc0000103

/** In inline assembly: a fault at label `from` continues at label `to`. */
#define ON_FAULT(from, to)                                                                         \
	".pushsection .ex_table, \"a\"\n\t"                                                        \
	".balign 8\n\t"                                                                            \
	".quad " #from ", " #to "\n\t"                                                             \
	".popsection\n\t"

/** In inline assembly: perform an instruction that may fault, then set the byte operand done. */
#define TRY(instruction, done) "1: " instruction "\n\tmovb $1, " done "\n2:\n\t" ON_FAULT(1b, 2b)

/** One access of size 1, 2 or 4 bytes to the machine's I/O space. */
static inline u32 port_in(u16 port, unsigned size)
{
	u32 v = 0;

	if (size == 1)
		asm volatile("inb %1, %b0" : "+a"(v) : "Nd"(port));
	else if (size == 2)
		asm volatile("inw %1, %w0" : "+a"(v) : "Nd"(port));
	else
		asm volatile("inl %1, %0" : "+a"(v) : "Nd"(port));
	return v;
}

static inline void port_out(u16 port, u32 v, unsigned size)
{
	if (size == 1)
		asm volatile("outb %b0, %1" ::"a"(v), "Nd"(port));
	else if (size == 2)
		asm volatile("outw %w0, %1" ::"a"(v), "Nd"(port));
	else
		asm volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}

#define inb(port)     ((u8)port_in(port, 1))
#define inw(port)     ((u16)port_in(port, 2))
#define outb(port, v) port_out(port, v, 1)
#define outw(port, v) port_out(port, v, 2)

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" ::"c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

/** False if the CPU answers #GP; *v is then 0. */
static inline bool rdmsr_safe(u32 msr, u64 *v)
{
	u32 lo = 0, hi = 0;
	u8 done = 0;

	asm volatile(TRY("rdmsr", "%2") : "+a"(lo), "+d"(hi), "+q"(done) : "c"(msr));
	*v = (u64)hi << 32 | lo;
	return done;
}

/** False if the CPU answers #GP. */
static inline bool wrmsr_safe(u32 msr, u64 v)
{
	u32 lo = v, hi = v >> 32;
	u8 done = 0;

	asm volatile(TRY("wrmsr", "%0") : "+q"(done) : "c"(msr), "a"(lo), "d"(hi) : "memory");
	return done;
}

/** False if the CPU answers #GP: it knows itself which features need which. */
static inline bool xsetbv_safe(u64 v)
{
	u32 lo = v, hi = v >> 32;
	u8 done = 0;

	asm volatile(TRY("xsetbv", "%0") : "+q"(done) : "c"(0), "a"(lo), "d"(hi) : "memory");
	return done;
}

#define CR3_NO_FLUSH BIT(63) /* keep what the CPU knows under this PCID */

/* CR3 has accessors of its own, which keep the TLB's clock: x86/tlb.h. */
#define DEFINE_REGISTER(reg)                                                                       \
	static inline u64 read_##reg(void)                                                         \
	{                                                                                          \
		u64 v;                                                                             \
                                                                                                   \
		asm volatile("mov %%" #reg ", %0" : "=r"(v));                                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void write_##reg(u64 v)                                                      \
	{                                                                                          \
		asm volatile("mov %0, %%" #reg ::"r"(v) : "memory");                               \
	}

DEFINE_REGISTER(cr0)
DEFINE_REGISTER(cr2)
DEFINE_REGISTER(cr4)
DEFINE_REGISTER(dr0)
DEFINE_REGISTER(dr1)
DEFINE_REGISTER(dr2)
DEFINE_REGISTER(dr3)
DEFINE_REGISTER(dr6)
DEFINE_REGISTER(dr7)

static inline void load_cr3(u64 v)
{
	asm volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}

static inline void invlpg(u64 va)
{
	asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static inline void swapgs(void)
{
	asm volatile("swapgs" ::: "memory");
}

static inline void pause(void)
{
	asm volatile("pause" ::: "memory");
}

/** Stop this CPU for good. */
static inline void __attribute__((noreturn)) halt_forever(void)
{
	for (;;)
		asm volatile("cli; hlt" ::: "memory");
}

#endif
