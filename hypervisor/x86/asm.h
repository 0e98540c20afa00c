/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that C cannot express, and the registers' names. */
#ifndef X86_ASM_H
#define X86_ASM_H

#include <lib/types.h>
#include <x86/privileged.h>

#define CR4_UMIP BIT(11)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)

#define MSR_APIC_BASE	 0x0000001b
#define MSR_SYSENTER_CS	 0x00000174
#define MSR_SYSENTER_ESP 0x00000175
#define MSR_SYSENTER_EIP 0x00000176
#define MSR_PAT		 0x00000277
#define MSR_TSC_DEADLINE 0x000006e0
#define MSR_X2APIC	 0x00000800
#define MSR_LSTAR	 0xc0000082
#define MSR_CSTAR	 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084
#define EFER_SCE	 BIT(0)

/*
 * The ABI's: write-back, write-through, uncached-, uncached, write-combining, write-protected. The
 * hypervisor's own mappings use the first and (PCD) the third.
 */
#define PAT_VALUE 0x0000050100070406UL

static inline void move_bytes(void *dst, const void *src, size_t n)
{
	size_t words = n / 8, rest = n % 8;

	asm volatile("rep movsq\n\t"
		     "movq %3, %%rcx\n\t"
		     "rep movsb"
		     : "+D"(dst), "+S"(src), "+c"(words)
		     : "r"(rest)
		     : "memory");
}

static inline void fill_bytes(void *dst, int c, size_t n)
{
	size_t words = n / 8, rest = n % 8;

	asm volatile("rep stosq\n\t"
		     "movq %3, %%rcx\n\t"
		     "rep stosb"
		     : "+D"(dst), "+c"(words)
		     : "a"((u8)c * 0x0101010101010101UL), "r"(rest)
		     : "memory");
}

#define DEFINE_PORT_ACCESS(suffix, type)                                                           \
	static inline void out##suffix(u16 port, type v)                                           \
	{                                                                                          \
		asm volatile("out" #suffix " %0, %1" ::"a"(v), "Nd"(port));                        \
	}                                                                                          \
	static inline type in##suffix(u16 port)                                                    \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		asm volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port));                       \
		return v;                                                                          \
	}

DEFINE_PORT_ACCESS(b, u8)
DEFINE_PORT_ACCESS(w, u16)
DEFINE_PORT_ACCESS(l, u32)

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

#define DEFINE_REGISTER(reg)                                                                       \
	static inline u64 get_##reg(void)                                                          \
	{                                                                                          \
		u64 v;                                                                             \
                                                                                                   \
		asm volatile("mov %%" #reg ", %0" : "=r"(v));                                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void set_##reg(u64 v)                                                        \
	{                                                                                          \
		asm volatile("mov %0, %%" #reg ::"r"(v) : "memory");                               \
	}

DEFINE_REGISTER(cr0)
DEFINE_REGISTER(cr2)
DEFINE_REGISTER(cr3)
DEFINE_REGISTER(cr4)
DEFINE_REGISTER(dr0)
DEFINE_REGISTER(dr1)
DEFINE_REGISTER(dr2)
DEFINE_REGISTER(dr3)
DEFINE_REGISTER(dr6)
DEFINE_REGISTER(dr7)

static inline void invlpg(u64 va)
{
	asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static inline void pause(void)
{
	asm volatile("pause" ::: "memory");
}

static inline void xsetbv(u64 v)
{
	asm volatile("xsetbv" ::"c"(0), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

/** Stop this CPU for good. */
static inline void __attribute__((noreturn)) halt_forever(void)
{
	for (;;)
		asm volatile("cli; hlt" ::: "memory");
}

#endif
