/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update: a batch of entries of page tables, or of the machine-to-physical table. */
#include <mm/target.h>

#define CHUNK 32 /* requests copied from the guest at once */

/* Consecutive requests for one table find it open. */
struct update_run {
	struct domain_memory *table_owner, *frame_owner;
	struct open_table table;
};

/* What one request returns beside 0 and a negative errno. */
#define DONE_GIVE_WAY 1 /* done, but what it replaced is still being taken apart */

/** No table of dm's: the write is like a guest's own, and needs what that would need. */
static int write_data(const struct domain_memory *dm, u64 ptr, u64 value)
{
	mfn_t m = paddr_to_mfn(ptr);
	struct page *pg = frame_of_ram(m);
	int rc = type_refuse(type_get_owned(pg, dm, TYPE_WRITABLE), -XEN_EINVAL, m, dm,
			     TYPE_WRITABLE, "entry at", ptr);

	if (rc)
		return rc;
	WRITE_ONCE(*(u64 *)(page_to_virt(pg) + (ptr & ~PAGE_MASK)), value);
	return type_put(pg);
}

static inline int update_entry(struct update_run *run, u64 ptr, u64 value, enum entry_mode mode)
{
	struct open_table *t = &run->table;
	u64 old;
	int rc;

	if (!t->page || t->entries != paddr_virt(ptr & PAGE_MASK)) {
		table_close(t);
		if (unlikely(!table_open(t, paddr_to_mfn(ptr), run->table_owner, 4)))
			return write_data(run->table_owner, ptr, value);
	}
	rc = table_update(t, (ptr & ~PAGE_MASK) / sizeof(u64), value, mode, run->frame_owner, &old);
	if (rc || !(old & PTE_PRESENT))
		return rc;
	/* What it referred to is not dropped under the lock where that can take long or go far. */
	struct page *pg = frame_of_ram(entry_frame(old));
	if (t->level > 1 && likely(pg)) {
		table_close(t);
		return table_put_deferred(current_memory(), pg) ? DONE_GIVE_WAY : 0;
	}
	if (pg && READ_ONCE(pg->owner) != run->table_owner->domid)
		table_close(t);
	return entry_put_page(old, 1, pg);
}

static int update_m2p(struct update_run *run, u64 ptr, u64 value)
{
	mfn_t m = paddr_to_mfn(ptr);
	struct page *pg = mm_get_page(m, run->frame_owner);

	if (!pg)
		return refuse(NOT_OWNED, "M2P of frame %lx: it is not memory of d%u", m.n,
			      run->frame_owner->domid);
	m2p_table[frame_mfn(pg).n] = value;
	mm_put_page(pg);
	return 0;
}

static int one_request(struct update_run *run, const struct mmu_update *req)
{
	u64 ptr = req->ptr & ~7UL;

	switch (req->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
	case MMU_PT_UPDATE_PRESERVE_AD:
		return update_entry(run, ptr, req->val,
				    (req->ptr & 7) == MMU_PT_UPDATE_PRESERVE_AD ? ENTRY_KEEP_AD
										: ENTRY_SET);
	case MMU_MACHPHYS_UPDATE:
		table_close(&run->table);
		return update_m2p(run, ptr, req->val);
	default:
		return refuse(NO_CALL, "command %lu", req->ptr & 7);
	}
}

/** Requests [*next, count). 0, -errno; *next is the first that was not done. */
static inline __attribute__((always_inline)) int run_requests(struct update_run *run, u64 requests,
							      u32 count, u32 *next)
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

static int run_updates(u64 requests, u32 count, u32 *next, u64 domain)
{
	struct update_run run;
	/* Upper half: one more than the id of the tables' owner; 0: the caller. */
	u32 table_owner = (u32)domain >> 16;
	int rc = target_get(table_owner ? table_owner - 1 : DOMID_SELF, &run.table_owner);

	if (rc) {
		*next = NO_TARGET;
		return rc;
	}
	run.table.page = NULL;
	rc = target_get(domain & 0xffff, &run.frame_owner);
	if (!rc) {
		rc = run_requests(&run, requests, count, next);
		target_put(run.frame_owner);
	}
	target_put(run.table_owner);
	return rc;
}

long do_mmu_update(u64 requests, u64 count, u64 done_ptr, u64 domain)
{
	return run_batch(sizeof(struct mmu_update), run_updates, requests, count, done_ptr, domain);
}
