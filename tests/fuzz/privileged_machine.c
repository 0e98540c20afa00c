/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pv/internal.h>
#include <x86/hooks.h>
#include <x86/tlb.h>
#include <x86/time.h>
#include "finding.h"
#include "privileged.h"

bool in_kernel_tables, kernel_gs;
struct guest memory;
u32 tsc_khz = TSC_KHZ;
bool cpu_has_ibpb, cpu_is_amd, xpti;
struct cpu *cpus[MAX_CPUS];
static u8 hypercall_page[PAGE_SIZE];

/* --- the CPU and its ports --- */

void effect(struct effects *e, enum effect_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
	if (e->count == EFFECTS)
		FINDING("too many effects");
	e->list[e->count++] = (struct effect){kind, a, b, c};
}

uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	return h ^ h >> 31;
}

uint32_t machine_port(const struct world *world, const struct effects *e, uint32_t port,
		      unsigned size)
{
	uint64_t value = mix(world->seed + e->count, port);

	return (uint32_t)(size == 4 ? value : value & ((1u << (8 * size)) - 1));
}

bool machine_msr(const struct world *world, uint32_t msr, uint64_t *value)
{
	*value = mix(world->seed, msr);
	if (msr == 0xc0000100)
		*value = world->fs_base;
	else if (msr == 0xc0000101)
		*value = world->gs_base;
	else if (msr != 0xc0000102 && (*value & 1))
		*value = 0;
	else
		return true;
	return msr >> 30;
}

bool machine_takes_xcr0(uint64_t value)
{
	return (value & 1) && !(value & ~0xe7ull);
}

bool machine_takes_tsc_aux(const struct world *world)
{
	return world->seed & 1;
}

u32 port_in(u16 port, unsigned size)
{
	u32 value = machine_port(&w, &real_effects, port, size);

	effect(&real_effects, PORT_IN, port, size, value);
	return value;
}

void port_out(u16 port, u32 value, unsigned size)
{
	effect(&real_effects, PORT_OUT, port, size,
	       size == 4 ? value : value & ((1u << (8 * size)) - 1));
}

/* dev/pci.c's own is the unit test's: here it is the machine's port. */
u32 pci_port(u32 *address, bool input, u16 port, u32 value, unsigned size)
{
	if (address != &domain.pci_address || (port & ~7u) != 0xcf8)
		FINDING("port %#x is taken for PCI's", port);
	if (input)
		return port_in(port, size);
	port_out(port, value, size);
	return 0;
}

bool rdmsr_safe(u32 msr, u64 *value)
{
	static const u32 harmless[] = {0x17,	   0x8b,       0x1a0,	   0x277,     0xc0000080,
				       0xc0000100, 0xc0000101, 0xc0000102, 0xc0011029};

	for (unsigned i = 0; i < ARRAY_SIZE(harmless); i++)
		if (harmless[i] == msr) {
			bool there = machine_msr(&w, msr, value);

			*value = there ? *value : 0;
			return there;
		}
	FINDING("MSR %#x is read", msr);
}

bool wrmsr_safe(u32 msr, u64 value)
{
	if (msr == 0x49 && w.ibpb && value <= 1) {
		effect(&real_effects, FORGET_BRANCHES, value, 0, 0);
		return true;
	}
	if (msr != 0xc0000103)
		FINDING("MSR %#x is written", msr);
	if (machine_takes_tsc_aux(&w))
		effect(&real_effects, WRITE_TSC_AUX, value, 0, 0);
	return machine_takes_tsc_aux(&w);
}

u64 read_cr0(void)
{
	return w.cr0;
}

u64 read_cr2(void)
{
	return w.fault_cr2;
}

u64 read_cr4(void)
{
	return w.cr4;
}

u64 read_dr6(void)
{
	return w.fault_dr6;
}

void write_dr6(u64 value)
{
	if (value != 0xffff0ff0)
		FINDING("DR6 is set to %#lx", value);
}

void swapgs(void)
{
	kernel_gs = !kernel_gs;
}

void toggle_cr3(u64 root, bool user)
{
	if (root != (user ? CR3_USER : CR3_KERNEL))
		FINDING("CR3 is set to %#lx", root);
	in_kernel_tables = !user;
}

u64 rdtsc(void)
{
	return w.tsc;
}

void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (u32)mix(w.seed + i, (u64)leaf << 32 | subleaf);
}

void tlb_flush_local(u64 va)
{
	effect(&real_effects, FLUSH_PAGE, va, 0, 0);
}

void cache_flush_all(void)
{
	effect(&real_effects, FLUSH_CACHES, 0, 0, 0);
}

void context_set_base(struct arch_vcpu *a, u32 msr, u64 base)
{
	(void)a;
	effect(&real_effects, SET_BASE, msr, base, 0);
}

bool context_load_user_gs(u16 sel)
{
	FINDING("gs is loaded with %#x", sel);
}

bool context_set_xcr0(struct arch_vcpu *a, u64 xcr0)
{
	(void)a;
	if (machine_takes_xcr0(xcr0))
		effect(&real_effects, SET_XCR0, xcr0, 0, 0);
	return machine_takes_xcr0(xcr0);
}

void context_reload_debug(struct arch_vcpu *a)
{
	(void)a;
	effect(&real_effects, LOAD_DEBUG, 0, 0, 0);
}

void context_reload_ts(struct arch_vcpu *a)
{
	effect(&real_effects, LOAD_TS, a->ts, 0, 0);
}

/* --- the guest's memory: nothing but its pages, in the tables that are loaded --- */

static u8 *byte_at(u64 addr, bool write)
{
	return guest_byte(&w, &memory, addr, write, in_kernel_tables);
}

bool copy_from_guest(void *dst, u64 src, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const u8 *byte = byte_at(src + i, false);

		if (!byte)
			return false;
		((u8 *)dst)[i] = *byte;
	}
	return true;
}

bool copy_to_guest(u64 dst, const void *src, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		u8 *byte = byte_at(dst + i, true);

		if (!byte)
			return false;
		*byte = ((const u8 *)src)[i];
	}
	return true;
}

void guest_open(void)
{
}

void guest_close(void)
{
}

/* Unchecked: the caller has looked at the address. */
void guest_store_u64(u64 addr, u64 value, u32 *failed)
{
	if (addr - HYPERVISOR_VIRT_START < HYPERVISOR_VIRT_END - HYPERVISOR_VIRT_START)
		FINDING("a store into the hypervisor, at %#lx", addr);
	*failed |= !copy_to_guest(addr, &value, sizeof(value));
}

/* --- the other rooms --- */

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
	(void)fmt;
	if (size)
		*buf = '\0';
	return 0;
}

void vcpu_block(struct vcpu *v)
{
	(void)v;
	effect(&real_effects, BLOCK, 0, 0, 0);
}

void vcpu_update_areas(struct vcpu *v)
{
	v->areas_stale = false;
}

u64 pv_read_descriptor(struct vcpu *v, u16 selector)
{
	(void)v;
	(void)selector;
	return w.long_segment ? 1ul << 53 : 0;
}

int mm_set_root(struct vcpu_memory *vm, mfn_t m, bool user)
{
	(void)vm;
	effect(&real_effects, SET_ROOT, m.n, user, 0);
	return w.root_answer;
}

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	return m.n == w.own_frame && dm == &domain.mem ? (struct page *)hypercall_page : NULL;
}

int type_put(struct page *pg)
{
	(void)pg;
	return 0;
}

void *page_to_virt(const struct page *pg)
{
	return (void *)pg;
}

long pv_write_hypercall_page(struct domain_memory *dm, mfn_t m)
{
	if (m.n != w.own_frame || dm != &domain.mem)
		return -XEN_EACCES;
	effect(&real_effects, HYPERCALL_PAGE, w.own_frame, 0, 0);
	return 0;
}

bool mm_ldt_fault(struct vcpu_memory *vm, unsigned index)
{
	(void)vm;
	if (index >= 16)
		FINDING("LDT page %u", index);
	return w.ldt_page_comes;
}

bool mm_ptwr_candidate(struct vcpu_memory *vm, u64 va)
{
	(void)vm;
	(void)va;
	return w.table_candidate;
}

bool pv_emulate_table_write(struct vcpu *v, struct cpu_regs *r, u64 va)
{
	(void)v;
	(void)r;
	(void)va;
	return w.table_written;
}

bool mm_fault_spurious(struct vcpu_memory *vm, u64 va, u32 ec)
{
	(void)vm;
	(void)va;
	(void)ec;
	return w.spurious;
}
