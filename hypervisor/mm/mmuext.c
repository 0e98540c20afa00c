/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmuext_op: a batch of pins, roots, flushes and the like, one function for each kind. */
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/target.h>
#include <x86/tlb.h>

#define MAX_LDT_ENTRIES 8192

static int pin(mfn_t m, struct domain_memory *dm, enum frame_type level)
{
	struct page *pg = mm_get_page(m, dm);

	if (!pg)
		return refuse(NOT_OWNED, "frame %lx is not memory of d%u", m.n, dm->domid);
	int rc = type_of(type_word(pg)) == level ? 0 : type_settle(pg);
	if (!rc)
		rc = type_refuse(type_get(pg, level), -XEN_EINVAL, m, dm, level, "pin of", m.n);
	/* A dying domain's pages may have been looked through: nobody else would unpin it. */
	if (!rc &&
	    (!type_set_pinned(pg, true) || (READ_ONCE(dm->dying) && type_set_pinned(pg, false)))) {
		/* Another vCPU may unpin it just now, and leave the last reference to us. */
		table_put_deferred(current_memory(), pg);
		rc = refuse(BAD_STATE, "frame %lx is pinned already, or d%u is dying", m.n,
			    dm->domid);
	}
	mm_put_page(pg);
	return rc;
}

static int unpin(mfn_t m, struct domain_memory *dm)
{
	struct page *pg = mm_get_page(m, dm);

	if (!pg)
		return refuse(NOT_OWNED, "frame %lx is not memory of d%u", m.n, dm->domid);
	int rc = type_unpin(pg);
	if (rc == -XEN_EINVAL && type_settle(pg))
		rc = -XEN_ERESTART;
	mm_put_page(pg);
	return rc == -XEN_EINVAL ? refuse(BAD_STATE, "frame %lx is not pinned", m.n) : rc;
}

static int set_ldt(struct vcpu_memory *vm, u64 base, u32 entries)
{
	if (entries > MAX_LDT_ENTRIES || (entries && ((base & ~PAGE_MASK) || !guest_va(base))))
		return refuse(BAD_ARGUMENT, "LDT of %u entries at %lx", entries, base);
	mm_ldt_drop(vm);
	hook_set_ldt(vm, entries ? base : 0, entries);
	return 0;
}

/** Clear a page, or copy src to it (copy). Both belong to dm; the destination is writable data. */
static int fill_page(mfn_t dest, bool copy, mfn_t src, struct domain_memory *dm)
{
	struct page *to = frame_of_ram(dest), *from = copy ? mm_get_page(src, dm) : NULL;

	if (copy && !from)
		return refuse(NOT_OWNED, "frame %lx is not memory of d%u", src.n, dm->domid);
	int rc = type_refuse(type_get_owned(to, dm, TYPE_WRITABLE), -XEN_EINVAL, dest, dm,
			     TYPE_WRITABLE, "page", dest.n);
	if (!rc) {
		if (copy)
			memcpy(page_to_virt(to), page_to_virt(from), PAGE_SIZE);
		else
			memset(page_to_virt(to), 0, PAGE_SIZE);
		rc = type_put(to);
	}
	if (from)
		mm_put_page(from);
	return rc;
}

static int one_op(struct vcpu_memory *vm, const struct mmuext_op *op, struct domain_memory *dm)
{
	mfn_t m = mfn(op->arg1.mfn);
	u64 va = op->arg1.linear_addr, bitmap = (uintptr_t)op->arg2.vcpumask.p;

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE ... MMUEXT_PIN_L4_TABLE:
		return pin(m, dm, TYPE_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
	case MMUEXT_UNPIN_TABLE:
		return unpin(m, dm);
	case MMUEXT_NEW_BASEPTR:
	case MMUEXT_NEW_USER_BASEPTR:
		if (dm != vm->domain)
			return refuse(NOT_ALLOWED, "a root of d%u", dm->domid);
		return mm_set_root(vm, m, op->cmd == MMUEXT_NEW_USER_BASEPTR);
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local(TLB_ALL);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		return target_flush(vm, va, UVMF_LOCAL);
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		if (bitmap <= UVMF_ALL)
			return refuse(BAD_ADDRESS, "vCPU bitmap at %lx", bitmap);
		return target_flush(vm, op->cmd == MMUEXT_INVLPG_MULTI ? va : TLB_ALL, bitmap);
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		return target_flush(vm, op->cmd == MMUEXT_INVLPG_ALL ? va : TLB_ALL, UVMF_ALL);
	case MMUEXT_FLUSH_CACHE:
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		if (!vm->domain->privileged && !vm->domain->iomem_ranges)
			return refuse(NOT_ALLOWED, "no device memory, no reason to flush caches");
		cache_flush_all();
		return 0;
	case MMUEXT_SET_LDT:
		return set_ldt(vm, va, op->arg2.nr_ents);
	case MMUEXT_CLEAR_PAGE:
	case MMUEXT_COPY_PAGE:
		return fill_page(m, op->cmd == MMUEXT_COPY_PAGE, mfn(op->arg2.src_mfn), dm);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return refuse(NOT_OFFERED, "PV superpages are not offered");
	default:
		return refuse(NO_CALL, "command %u", op->cmd);
	}
}

static int run_ops(u64 ops, u32 count, u32 *next, u64 domain)
{
	struct vcpu_memory *vm = current_memory();
	struct cpu *cpu = this_cpu();
	u32 base = cpu->batch_index;
	struct domain_memory *dm;
	struct mmuext_op op;
	int rc = target_get(domain, &dm);

	if (rc) {
		*next = NO_TARGET;
		return rc;
	}
	for (; !rc && *next < count; *next += !rc) {
		cpu->batch_index = base + *next;
		if (*next && hypercall_preempt_check())
			rc = -XEN_ERESTART;
		else if (!get_guest(op, ops + *next * sizeof(op)))
			rc = refuse(BAD_ADDRESS, "operations at %lx", ops);
		else
			rc = one_op(vm, &op, dm);
	}
	target_put(dm);
	return rc;
}

long do_mmuext_op(u64 ops, u64 count, u64 done_ptr, u64 domain)
{
	return run_batch(sizeof(struct mmuext_op), run_ops, ops, count, done_ptr, domain);
}
