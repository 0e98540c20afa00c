/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update: a batch of entries of page tables, or of the machine-to-physical table. */
#include <xen/errno.h>
#include <core/hypercall.h>
#include <lib/printk.h>
#include <mm/table.h>
#include <mm/target.h>
#include <mm/types.h>
#include <x86/uaccess.h>

#define CHUNK 32 /* requests copied from the guest at once */

/* Consecutive requests for one table find it open. */
struct update_run {
	struct vcpu_memory *vm;
	struct domain_memory *table_owner, *frame_owner;
	struct open_table table;
	mfn_t table_mfn; /* of the open table */
};

/* What one request returns beside 0 and a negative errno. */
#define DONE_GIVE_WAY 1 /* done, but what it replaced is still being taken apart */

/** The frame is no table: the write is like a guest's own, and needs what that would need. */
static int write_data(struct update_run *run, mfn_t m, u64 ptr, u64 value)
{
	struct page *pg;
	int rc = type_get_frame(m, run->table_owner, TYPE_WRITABLE, &pg);

	if (rc)
		return type_refuse(rc, -XEN_EINVAL, m, run->table_owner, TYPE_WRITABLE, "entry at",
				   ptr);
	WRITE_ONCE(*(u64 *)((char *)page_to_virt(pg) + (ptr & ~PAGE_MASK)), value);
	return type_put(pg);
}

/** Drop what the entry referred to. Not under the table's lock where that can take long or go far.
 */
static int drop_old(struct update_run *run, u64 old)
{
	struct page *pg = frame_of_ram(entry_frame(old));
	unsigned level = run->table.level;

	if (level > 1 || (pg && READ_ONCE(pg->owner) != run->table_owner->domid))
		table_close(&run->table);
	return entry_put_deferred(run->vm, old, level) ? DONE_GIVE_WAY : 0;
}

static int update_entry(struct update_run *run, u64 ptr, u64 value, enum entry_mode mode)
{
	mfn_t m = paddr_to_mfn(ptr);
	u64 old;
	int rc;

	if (!run->table.page || !mfn_eq(m, run->table_mfn)) {
		table_close(&run->table);
		rc = table_open(&run->table, m, run->table_owner);
		if (unlikely(rc < 0))
			return refuse_as(rc, NOT_OWNED,
					 "entry at %lx: frame %lx is not memory of d%u", ptr, m.n,
					 run->table_owner->domid);
		if (unlikely(rc))
			return write_data(run, m, ptr, value);
		run->table_mfn = m;
	}
	rc = table_update(&run->table, (ptr & ~PAGE_MASK) / sizeof(u64), value, mode,
			  run->frame_owner, &old);
	if (rc || !(old & PTE_PRESENT))
		return rc;
	return drop_old(run, old);
}

static int update_m2p(struct update_run *run, u64 ptr, u64 value)
{
	mfn_t m = paddr_to_mfn(ptr);
	struct page *pg = mm_get_page(m, run->frame_owner);

	if (!pg)
		return refuse(NOT_OWNED, "M2P of frame %lx: it is not memory of d%u", m.n,
			      run->frame_owner->domid);
	m2p_table[m.n] = value;
	mm_put_page(pg);
	return 0;
}

static int one_request(struct update_run *run, const struct mmu_update *req)
{
	u64 ptr = req->ptr & ~7UL;

	switch (req->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return update_entry(run, ptr, req->val, ENTRY_SET);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return update_entry(run, ptr, req->val, ENTRY_KEEP_AD);
	case MMU_MACHPHYS_UPDATE:
		table_close(&run->table);
		return update_m2p(run, ptr, req->val);
	default:
		return refuse(NO_CALL, "command %lu", req->ptr & 7);
	}
}

/** Requests [*next, count). 0, -errno; *next is the first that was not done. */
static int run_requests(struct update_run *run, u64 requests, u32 count, u32 *next)
{
	struct mmu_update chunk[CHUNK];
	struct cpu *cpu = this_cpu();
	u32 base = cpu->batch_index;
	int rc = 0;

	while (*next < count && !rc) {
		u32 n = MIN(count - *next, CHUNK);

		table_close(&run->table);
		if (*next && hypercall_preempt_check())
			return -XEN_ERESTART;
		if (!copy_from_guest(chunk, requests + *next * sizeof(*chunk), n * sizeof(*chunk)))
			return refuse(BAD_ADDRESS, "requests at %lx", requests);
		for (u32 i = 0; i < n && !rc; i++) {
			cpu->batch_index = base + *next;
			rc = one_request(run, &chunk[i]);
			if (rc >= 0)
				++*next;
		}
	}
	table_close(&run->table);
	return rc == DONE_GIVE_WAY ? (*next < count ? -XEN_ERESTART : 0) : rc;
}

static int get_targets(struct update_run *run, u32 domain)
{
	int rc = 0;

	run->table_owner = run->vm->domain;
	/* Upper half: one more than the id of the tables' owner; 0: the caller. */
	if (domain >> 16)
		rc = target_get((domain >> 16) - 1, &run->table_owner);
	if (rc)
		return rc;
	rc = target_get(domain & 0xffff, &run->frame_owner);
	if (rc)
		target_put(run->table_owner);
	return rc;
}

long do_mmu_update(u64 requests, u64 count_arg, u64 done_ptr, u64 domain)
{
	struct update_run run = {.vm = current_memory()};
	u32 done = hypercall_done(), count = count_arg, next = 0;
	long rc = get_targets(&run, domain);

	if (rc)
		return rc;
	this_cpu()->batch_index = done;
	rc = mm_drain(run.vm);
	if (!rc)
		rc = run_requests(&run, requests, count, &next);
	target_put(run.table_owner);
	target_put(run.frame_owner);
	if (rc == -XEN_ERESTART)
		return hypercall_preempt(done + next, requests + next * sizeof(struct mmu_update), count - next, done_ptr, domain);
	done += next;
	if (done_ptr && !put_guest(done_ptr, done))
		rc = -XEN_EFAULT;
	return rc;
}
