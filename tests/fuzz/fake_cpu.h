/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before everything else: privileged instructions, and accesses to the guest's memory,
 * become functions, which the fuzzer has. The rest of x86/asm.h is as it is.
 */
#ifndef FUZZ_FAKE_CPU_H
#define FUZZ_FAKE_CPU_H

#define pause	   real_pause /* the C library has one, too */
#define port_in	   real_port_in
#define port_out   real_port_out
#define rdmsr	   real_rdmsr
#define rdmsr_safe real_rdmsr_safe
#define wrmsr	   real_wrmsr
#define wrmsr_safe real_wrmsr_safe
#define read_cr0   real_read_cr0
#define read_cr2   real_read_cr2
#define read_cr4   real_read_cr4
#define read_dr6   real_read_dr6
#define write_dr6  real_write_dr6
#define swapgs	   real_swapgs
#include <x86/asm.h>
#undef pause
#undef port_in
#undef port_out
#undef rdmsr
#undef rdmsr_safe
#undef wrmsr
#undef wrmsr_safe
#undef read_cr0
#undef read_cr2
#undef read_cr4
#undef read_dr6
#undef write_dr6
#undef swapgs

u32 port_in(u16 port, unsigned size);
void port_out(u16 port, u32 value, unsigned size);
u64 rdmsr(u32 msr);
bool rdmsr_safe(u32 msr, u64 *value);
bool wrmsr_safe(u32 msr, u64 value);
u64 read_cr0(void);
u64 read_cr2(void);
u64 read_cr4(void);
u64 read_dr6(void);
void write_dr6(u64 value);
void swapgs(void);

void guest_open(void);
void guest_close(void);
void guest_store_u64(u64 addr, u64 value, u32 *failed);

#endif
