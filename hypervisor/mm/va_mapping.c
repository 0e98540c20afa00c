/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update_va_mapping: the L1 entry of one virtual address of the caller, and the flush that goes
 * with it. */
#include <mm/target.h>
#include <x86/tlb.h>

long do_update_va_mapping_otherdomain(u64 va, u64 entry, u64 flags, u64 domain)
{
	struct vcpu_memory *vm = current_memory();
	u64 type = flags & UVMF_FLUSHTYPE_MASK;
	struct domain_memory *frame_owner;
	struct open_table t;
	int flushed = 0;
	int rc = target_get(domain, &frame_owner);

	if (rc)
		return rc;
	if (likely(table_open(&t, walk_to_l1(vm->cr3_kernel, va), vm->domain, 1)))
		rc = table_update_l1(&t, table_index(va, 1), entry, frame_owner);
	else
		rc = refuse(BAD_STATE, "no L1 table of d%u for address %lx", vm->domain->domid, va);
	/* The flush is done in any case: the guest may count on it for what it did before. */
	if (type == UVMF_TLB_FLUSH || type == UVMF_INVLPG)
		flushed = target_flush(vm, type == UVMF_INVLPG ? va : TLB_ALL,
				       flags & ~UVMF_FLUSHTYPE_MASK);
	else if (type != UVMF_NONE)
		flushed = refuse(NO_CALL, "flush type %lu", type);
	target_put(frame_owner);
	return rc ? rc : flushed;
}

long do_update_va_mapping(u64 va, u64 entry, u64 flags)
{
	return do_update_va_mapping_otherdomain(va, entry, flags, DOMID_SELF);
}
