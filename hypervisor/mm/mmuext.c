/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmuext_op: a batch of pins, roots, flushes and the like, one function for each kind. */
#include <xen/errno.h>
#include <core/hypercall.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/descriptor.h>
#include <mm/hooks.h>
#include <mm/table.h>
#include <mm/target.h>
#include <mm/types.h>
#include <x86/tlb.h>
#include <x86/uaccess.h>

#define MAX_LDT_ENTRIES 8192

static int refuse_not_owned(mfn_t m, const struct domain_memory *dm)
{
	return refuse(NOT_OWNED, "frame %lx is not memory of d%u", m.n, dm->domid);
}

static int pin(mfn_t m, struct domain_memory *dm, enum frame_type level)
{
	struct page *pg = mm_get_page(m, dm);
	int rc;

	if (!pg)
		return refuse_not_owned(m, dm);
	rc = type_of(type_word(pg)) == level ? 0 : type_settle(pg);
	if (!rc)
		rc = type_refuse(type_get(pg, level), -XEN_EINVAL, m, dm, level, "pin of", m.n);
	if (!rc && !type_pin(pg)) {
		/* Pinned already, so this is not the last reference: nothing is taken apart. */
		BUG_ON(type_put(pg));
		rc = refuse(BAD_STATE, "frame %lx is pinned already", m.n);
	} else if (!rc && READ_ONCE(dm->dying)) {
		/* Its pages may have been looked through already: nobody else would unpin this one.
		 */
		rc = type_unpin(pg);
		if (!rc)
			rc = refuse(BAD_STATE, "d%u is dying", dm->domid);
	}
	mm_put_page(pg);
	return rc;
}

static int unpin(mfn_t m, struct domain_memory *dm)
{
	struct page *pg = mm_get_page(m, dm);
	int rc;

	if (!pg)
		return refuse_not_owned(m, dm);
	rc = type_unpin(pg);
	if (rc == -XEN_EINVAL && type_settle(pg))
		rc = -XEN_ERESTART;
	mm_put_page(pg);
	if (rc == -XEN_EINVAL)
		refuse_as(rc, BAD_STATE, "frame %lx is not pinned", m.n);
	return rc;
}

static int set_root(struct vcpu_memory *vm, const struct mmuext_op *op, struct domain_memory *dm)
{
	mfn_t m = mfn(op->arg1.mfn);

	if (dm != vm->domain)
		return refuse(NOT_ALLOWED, "a root of d%u", dm->domid);
	if (op->cmd == MMUEXT_NEW_BASEPTR)
		return mm_set_kernel_root(vm, m);
	return mm_set_user_root(vm, m);
}

static int flush(struct vcpu_memory *vm, const struct mmuext_op *op)
{
	u64 va = op->arg1.linear_addr, bitmap = (uintptr_t)op->arg2.vcpumask.p;
	bool page = op->cmd == MMUEXT_INVLPG_MULTI || op->cmd == MMUEXT_INVLPG_ALL;
	struct cpumask cpus = domain_cpus(vm->domain);

	if (page && !guest_va(va))
		return 0;
	if ((op->cmd == MMUEXT_TLB_FLUSH_MULTI || op->cmd == MMUEXT_INVLPG_MULTI) &&
	    !flush_cpus(vm, bitmap, &cpus))
		return refuse(BAD_ADDRESS, "vCPU bitmap at %lx", bitmap);
	if (page)
		tlb_flush_mask_page(cpus, va);
	else
		tlb_flush_mask(cpus);
	return 0;
}

static int flush_local_page(u64 va)
{
	if (guest_va(va))
		tlb_flush_local_page(va);
	return 0;
}

static int flush_caches(struct vcpu_memory *vm)
{
	if (!vm->domain->privileged && !vm->domain->iomem_ranges)
		return refuse(NOT_ALLOWED, "no device memory, no reason to flush caches");
	cache_flush_all();
	return 0;
}

static int set_ldt(struct vcpu_memory *vm, u64 base, u32 entries)
{
	if (entries > MAX_LDT_ENTRIES || (entries && ((base & ~PAGE_MASK) || !guest_va(base))))
		return refuse(BAD_ARGUMENT, "LDT of %u entries at %lx", entries, base);
	mm_ldt_drop(vm);
	hook_set_ldt(vm, entries ? base : 0, entries);
	return 0;
}

/** Clear a page, or copy src to it (src.n ~0: clear). Both belong to dm; the destination is
 * writable data. */
static int fill_page(mfn_t dest, mfn_t src, struct domain_memory *dm)
{
	bool copy = !mfn_eq(src, INVALID_MFN);
	struct page *from = NULL, *to;
	int rc;

	if (copy && !(from = mm_get_page(src, dm)))
		return refuse_not_owned(src, dm);
	rc = type_get_frame(dest, dm, TYPE_WRITABLE, &to);
	if (!rc) {
		if (copy)
			memcpy(page_to_virt(to), page_to_virt(from), PAGE_SIZE);
		else
			memset(page_to_virt(to), 0, PAGE_SIZE);
		rc = type_put(to);
	} else {
		rc = type_refuse(rc, -XEN_EINVAL, dest, dm, TYPE_WRITABLE, "page", dest.n);
	}
	if (from)
		mm_put_page(from);
	return rc;
}

static int one_op(struct vcpu_memory *vm, const struct mmuext_op *op, struct domain_memory *dm)
{
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return pin(mfn(op->arg1.mfn), dm, TYPE_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
	case MMUEXT_UNPIN_TABLE:
		return unpin(mfn(op->arg1.mfn), dm);
	case MMUEXT_NEW_BASEPTR:
	case MMUEXT_NEW_USER_BASEPTR:
		return set_root(vm, op, dm);
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local();
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		return flush_local_page(op->arg1.linear_addr);
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		return flush(vm, op);
	case MMUEXT_FLUSH_CACHE:
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return flush_caches(vm);
	case MMUEXT_SET_LDT:
		return set_ldt(vm, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_CLEAR_PAGE:
		return fill_page(mfn(op->arg1.mfn), INVALID_MFN, dm);
	case MMUEXT_COPY_PAGE:
		return fill_page(mfn(op->arg1.mfn), mfn(op->arg2.src_mfn), dm);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return refuse(NOT_OFFERED, "PV superpages are not offered");
	default:
		return refuse(NO_CALL, "command %u", op->cmd);
	}
}

/** Operations [*next, count). 0, -errno, -XEN_ERESTART; *next is the first that was not done. */
static int run_ops(struct vcpu_memory *vm, u64 ops, u32 count, struct domain_memory *dm, u32 *next)
{
	struct cpu *cpu = this_cpu();
	u32 base = cpu->batch_index;
	struct mmuext_op op;
	int rc = mm_drain(vm);

	for (; !rc && *next < count; ++*next) {
		if (*next && hypercall_preempt_check())
			return -XEN_ERESTART;
		if (!get_guest(op, ops + *next * sizeof(op)))
			return refuse(BAD_ADDRESS, "operations at %lx", ops);
		cpu->batch_index = base + *next;
		rc = one_op(vm, &op, dm);
		if (rc)
			break;
	}
	return rc;
}

long do_mmuext_op(u64 ops, u64 count_arg, u64 done_ptr, u64 domain)
{
	struct vcpu_memory *vm = current_memory();
	u32 done = hypercall_done(), count = count_arg, next = 0;
	struct domain_memory *dm;
	long rc = target_get(domain, &dm);

	if (rc)
		return rc;
	this_cpu()->batch_index = done;
	rc = run_ops(vm, ops, count, dm, &next);
	target_put(dm);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(done + next, ops + next * sizeof(struct mmuext_op), count - next, done_ptr, domain);
	done += next;
	if (done_ptr && !put_guest(done_ptr, done))
		rc = -XEN_EFAULT;
	return rc;
}
