/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a CPU with Meltdown a guest can read whatever its root maps. With xpti it runs on a root of
 * the CPU that has the guest's entries, the M2P table, its domain's descriptor windows, and of the
 * entry room this CPU's pages alone that the way in and out needs.
 *
 * Such a root is copied from the guest's L4 table, and like a TLB it may be out of date: whoever
 * changes an L4 table counts that in mm_root_changes, before the old entry's reference is dropped.
 * A frame is used anew only when each CPU that may know it has flushed since: has been in the
 * hypervisor, and copies again on its way out.
 */
#include <lib/string.h>
#include <mm/memory.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/machine.h>
#include <x86/paging.h>

/* For a guest's user mode and its kernel mode; source: the root that was copied. Its PCID is
 * flushed at its next use where the CPU flushed anything since `flushes`. */
static struct guest_root {
	u64 cr3, source, changes, flushes;
} guest_roots[MAX_CPUS][2];

void xpti_prepare(struct cpu *c)
{
	/* Its window but for the depth of the main stack; the tables and code of all CPUs. */
	u64 own = WINDOW_BASE(c->id) + WINDOW_STACK_END - PAGE_SIZE;

	for (unsigned mode = 0; xpti && mode < 2; mode++) {
		u64 *cr3 = &guest_roots[c->id][mode].cr3;

		for (u64 at = 0; at <= WINDOW_SIZE - WINDOW_STACK_END; at += PAGE_SIZE) {
			paging_show(cr3, own + at);
			paging_show(cr3, GDT_PAGE_VA + at);
		}
		*cr3 |= cpu_has_pcid ? 2 + mode : 0;
	}
	c->xpti = xpti;
}

u64 xpti_root(void)
{
	struct cpu *c = this_cpu();
	struct guest_root *r = &guest_roots[c->id][((struct arch_vcpu *)c->current)->kernel_mode];
	u64 changes = __atomic_load_n(&mm_root_changes, __ATOMIC_SEQ_CST);

	u64 source = read_cr3(), keep = cpu_has_pcid ? CR3_NO_FLUSH : 0;

	/* While the guest runs nobody flushes on this CPU. */
	c->full_root = source | keep;
	c->guest_root = r->cr3;
	keep = r->flushes == c->tlb_flushes ? keep : 0;
	r->flushes = c->tlb_flushes;
	if (r->source == source && r->changes == changes)
		return r->cr3 | keep;
	const u64 *from = phys_to_virt(source & PTE_ADDRESS);
	u64 *to = phys_to_virt(r->cr3 & PTE_ADDRESS);

	r->source = source;
	r->changes = changes;
	/* the guest's slots and the M2P table; the windows; the guest's */
	memcpy(to, from, (HYPERVISOR_FIRST_SLOT + 1) * sizeof(*to));
	to[PERDOMAIN_SLOT] = from[PERDOMAIN_SLOT];
	memcpy(to + HYPERVISOR_LAST_SLOT + 1, from + HYPERVISOR_LAST_SLOT + 1,
	       (511 - HYPERVISOR_LAST_SLOT) * sizeof(*to));
	return r->cr3;
}
