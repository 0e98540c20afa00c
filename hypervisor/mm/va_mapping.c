/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update_va_mapping: the L1 entry of one virtual address of the caller, and the flush that goes
 * with it. */
#include <xen/errno.h>
#include <core/hypercall.h>
#include <lib/printk.h>
#include <mm/table.h>
#include <mm/target.h>
#include <x86/tlb.h>

static int update_va(struct vcpu_memory *vm, u64 va, u64 entry,
		     const struct domain_memory *frame_owner)
{
	struct open_table t;
	mfn_t l1 = walk_to_l1(vm->cr3_kernel, va);
	u64 old = 0;
	int rc;

	if (unlikely(!table_open_l1(&t, l1, vm->domain)))
		return refuse(BAD_STATE, "no L1 table of d%u for address %lx", vm->domain->domid,
			      va);
	rc = table_update(&t, table_index(va, 1), entry, ENTRY_SET, frame_owner, &old);
	table_close(&t);
	if (rc || !(old & PTE_PRESENT))
		return rc;
	return entry_put(old, 1);
}

static int flush_va(struct vcpu_memory *vm, u64 va, u64 flags)
{
	u64 type = flags & UVMF_FLUSHTYPE_MASK, where = flags & ~UVMF_FLUSHTYPE_MASK;
	struct cpumask cpus = domain_cpus(vm->domain);

	if (type == UVMF_INVLPG && !guest_va(va))
		return 0;
	if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG)
		return type ? refuse(NO_CALL, "flush type %lu", type) : 0;
	if (where == UVMF_LOCAL) {
		if (type == UVMF_INVLPG)
			tlb_flush_local_page(va);
		else
			tlb_flush_local();
		return 0;
	}
	if (where != UVMF_ALL && !flush_cpus(vm, where, &cpus))
		return refuse(BAD_ADDRESS, "vCPU bitmap at %lx", where);
	if (type == UVMF_INVLPG)
		tlb_flush_mask_page(cpus, va);
	else
		tlb_flush_mask(cpus);
	return 0;
}

static long update_and_flush(u64 va, u64 entry, u64 flags, const struct domain_memory *frame_owner)
{
	struct vcpu_memory *vm = current_memory();
	int rc = update_va(vm, va, entry, frame_owner), flushed;

	/* The flush is done in any case: the guest may count on it for what it did before. */
	flushed = flush_va(vm, va, flags);
	return rc ? rc : flushed;
}

long do_update_va_mapping(u64 va, u64 entry, u64 flags)
{
	return update_and_flush(va, entry, flags, current_memory()->domain);
}

long do_update_va_mapping_otherdomain(u64 va, u64 entry, u64 flags, u64 domain)
{
	struct domain_memory *dm;
	long rc = target_get(domain, &dm);

	if (rc)
		return rc;
	rc = update_and_flush(va, entry, flags, dm);
	target_put(dm);
	return rc;
}
