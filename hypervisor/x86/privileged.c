/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <x86/asm.h>
#include <x86/exception.h>
#include <x86/privileged.h>

bool rdmsr_safe(u32 msr, u64 *value)
{
	u32 lo = 0, hi = 0;
	u8 done = 0;

	asm volatile(TRY("rdmsr", "%2") : "+a"(lo), "+d"(hi), "+q"(done) : "c"(msr));
	*value = done ? (u64)hi << 32 | lo : 0;
	return done;
}

bool wrmsr_safe(u32 msr, u64 value)
{
	u8 done = 0;

	asm volatile(TRY("wrmsr", "%0")
		     : "+q"(done)
		     : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
	return done;
}

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	asm volatile("cpuid"
		     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
		     : "a"(leaf), "c"(subleaf));
}

u32 port_in(u16 port, unsigned size)
{
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

void port_out(u16 port, u32 value, unsigned size)
{
	if (size == 1)
		outb(port, value);
	else if (size == 2)
		outw(port, value);
	else
		outl(port, value);
}

void cache_flush_all(void)
{
	asm volatile("wbinvd" ::: "memory");
}

void write_dr6(u64 value)
{
	set_dr6(value);
}

#define DEFINE_READ(reg)                                                                           \
	u64 read_##reg(void)                                                                       \
	{                                                                                          \
		return get_##reg();                                                                \
	}

DEFINE_READ(cr0)
DEFINE_READ(cr2)
DEFINE_READ(cr4)
DEFINE_READ(dr6)
