/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: the table itself, pins, handles and the end of a domain. */
#include <core/calls.h>

/* --- the table --- */

void grant_domain_unshare(struct domain *d)
{
	struct grant_table *gt = &d->grants;

	spin_lock(&gt->lock);
	while (gt->frames)
		mm_unshare_page(gt->pages[--gt->frames]);
	spin_unlock(&gt->lock);
}

void grant_domain_free(struct domain *d)
{
	struct grant_table *gt = &d->grants;

	grant_domain_unshare(d);
	for (unsigned i = 0; i < GRANT_FRAMES_LIMIT; i++)
		heap_free(gt->active[i]);
	for (unsigned i = 0; i < gt->maptrack_pages; i++)
		heap_free(gt->maptracks[i]);
	heap_free(gt->maptracks);
}

int grant_table_grow(struct domain *d, u32 frames)
{
	struct grant_table *gt = &d->grants;
	int rc = 0;

	spin_lock(&gt->lock);
	if (frames > gt->frames && (frames > d->max_grant_frames || d->is_dying))
		rc = -XEN_EINVAL;
	while (!rc && gt->frames < frames) {
		struct active_grant **active = &gt->active[gt->frames];
		struct page *pg = NULL;

		if (!*active) /* none is left from an earlier try */
			*active = heap_alloc(GRANTS_PER_FRAME * sizeof(**active));
		if (*active)
			pg = mm_share_new_page(&d->mem, false);
		if (pg)
			gt->pages[gt->frames++] = pg;
		else
			rc = -XEN_ENOMEM;
	}
	spin_unlock(&gt->lock);
	return rc;
}

long grant_give_frames(struct domain *d, u64 first, u32 count, u64 list)
{
	if (first > d->max_grant_frames || count > d->max_grant_frames - first)
		return refuse(OVER_LIMIT, "grant frames %lu..%lu of %u", first, first + count,
			      d->max_grant_frames);
	if (grant_table_grow(d, first + count))
		return refuse(NO_MEMORY, "no memory for %lu grant frames", first + count);
	for (u64 i = 0; i < count; i++) {
		xen_pfn_t frame = page_to_mfn(d->grants.pages[first + i]).n;

		if (!put_guest(list + i * sizeof(frame), frame))
			return refuse_fault(list);
	}
	return 0;
}

/* --- pins --- */

static struct grant_entry_v1 *shared_entry(struct grant_table *gt, u32 ref)
{
	struct grant_entry_v1 *table = page_to_virt(gt->pages[ref / GRANTS_PER_FRAME]);

	return &table[ref % GRANTS_PER_FRAME];
}

static struct active_grant *active_entry(struct grant_table *gt, u32 ref)
{
	return &gt->active[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME];
}

static int bad_entry(u32 ref, u32 word, const char *what)
{
	return refuse_as(GNTST_general_error, NOT_ALLOWED, "grant %u (flags %#x, for domain %u) %s",
			 ref, word & 0xffff, word >> 16, what);
}

/*
 * Mark the shared entry as in use: flags and domid are one word, changed by compare and exchange,
 * since the granter may change it at any moment. Bounded: a granter that keeps writing is refused.
 */
static int mark_shared(struct grant_entry_v1 *e, const struct grant_pin *pin, domid_t user)
{
	u32 *word = (u32 *)e, old = READ_ONCE(*word);
	u32 mark = GTF_reading | (pin->writable ? GTF_writing : 0);

	for (unsigned tries = 0; tries < 5; tries++) {
		if ((old & GTF_type_mask) != GTF_permit_access || (old & GTF_sub_page))
			return bad_entry(pin->ref, old, "does not permit access");
		if (old >> 16 != user)
			return bad_entry(pin->ref, old, "is for another domain");
		if (pin->writable && (old & GTF_readonly))
			return bad_entry(pin->ref, old, "is read-only");
		if (__atomic_compare_exchange_n(word, &old, old | mark, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return GNTST_okay;
	}
	return bad_entry(pin->ref, old, "keeps changing");
}

static void unmark_shared(struct grant_entry_v1 *e, const struct active_grant *a)
{
	u16 clear = 0;

	if (!a->uses[true])
		clear = a->uses[false] ? GTF_writing : GTF_writing | GTF_reading;
	if (clear)
		__atomic_fetch_and(&e->flags, (u16)~clear, __ATOMIC_SEQ_CST);
}

struct page *grant_page_get(struct domain *owner, u64 frame, bool writable)
{
	return writable ? mm_get_page_writable(mfn(frame), &owner->mem)
			: mm_get_page(mfn(frame), &owner->mem);
}

/* The granter's lock is held. */
static int pin_locked(struct grant_pin *pin)
{
	struct domain *granter = pin->granter;
	struct grant_table *gt = &granter->grants;
	domid_t user = current_domain()->mem.domid;

	if (granter->is_dying) /* its table may go as soon as nothing is pinned */
		return refuse_as(GNTST_bad_domain, NO_DOMAIN, "domain %u is dying",
				 granter->mem.domid);
	if (pin->ref >= gt->frames * GRANTS_PER_FRAME)
		return refuse_as(GNTST_bad_gntref, BAD_ARGUMENT,
				 "grant %u is beyond domain %u's table (%lu)", pin->ref,
				 granter->mem.domid, gt->frames * GRANTS_PER_FRAME);
	struct grant_entry_v1 *e = shared_entry(gt, pin->ref);
	struct active_grant *a = active_entry(gt, pin->ref);
	bool in_use = a->uses[false] || a->uses[true];

	if (in_use && a->user != user)
		return bad_entry(pin->ref, a->user << 16, "is in use by another domain");
	if (a->uses[pin->writable] == ~0u)
		return refuse_as(GNTST_no_space, OVER_LIMIT, "grant %u has too many uses",
				 pin->ref);
	int status = mark_shared(e, pin, user);

	if (status != GNTST_okay)
		return status;
	if (!in_use)
		*a = (struct active_grant){.frame = READ_ONCE(e->frame), .user = user};
	pin->page = grant_page_get(granter, a->frame, pin->writable);
	if (!pin->page) {
		unmark_shared(e, a);
		return refuse_as(GNTST_bad_page, NOT_OWNED,
				 "grant %u: frame %#x is not domain %u's, or not to be written",
				 pin->ref, a->frame, granter->mem.domid);
	}
	a->uses[pin->writable]++;
	return GNTST_okay;
}

int grant_pin(struct grant_pin *pin, domid_t granter)
{
	pin->granter = domain_get(granter);
	if (!pin->granter)
		return refuse_as(GNTST_bad_domain, NO_DOMAIN, "there is no domain %u", granter);
	spin_lock(&pin->granter->grants.lock);
	int status = pin_locked(pin);

	spin_unlock(&pin->granter->grants.lock);
	if (status != GNTST_okay)
		domain_put(pin->granter);
	return status;
}

void grant_unpin(const struct grant_pin *pin)
{
	/* the page first: once the entry is unmarked the granter may believe that nobody uses it */
	if (pin->writable)
		type_put(pin->page);
	else
		mm_put_page(pin->page);
	if (!pin->granter)
		return;
	struct grant_table *gt = &pin->granter->grants;
	struct active_grant *a = active_entry(gt, pin->ref);

	spin_lock(&gt->lock);
	a->uses[pin->writable]--;
	unmark_shared(shared_entry(gt, pin->ref), a);
	spin_unlock(&gt->lock);
	domain_put(pin->granter);
}

/* --- handles --- */

struct maptrack *maptrack_entry(struct grant_table *gt, u32 handle)
{
	if (handle >= __atomic_load_n(&gt->maptrack_pages, __ATOMIC_ACQUIRE) * MAPTRACKS_PER_PAGE)
		return NULL;
	return &gt->maptracks[handle / MAPTRACKS_PER_PAGE][handle % MAPTRACKS_PER_PAGE];
}

static void grow_maptrack(struct grant_table *gt)
{
	u32 n = gt->maptrack_pages, next = n * MAPTRACKS_PER_PAGE + 1;
	struct maptrack *page = heap_alloc(MAPTRACKS_PER_PAGE * sizeof(*page));

	if (page && !gt->maptracks)
		gt->maptracks = heap_alloc(MAPTRACK_FRAMES_LIMIT * sizeof(page));
	if (!page || !gt->maptracks) {
		heap_free(page);
		return;
	}
	gt->maptrack_free = next;
	for (u32 i = 0; i < MAPTRACKS_PER_PAGE - 1; i++)
		page[i].next_free = ++next;
	gt->maptracks[n] = page;
	__atomic_store_n(&gt->maptrack_pages, n + 1, __ATOMIC_RELEASE); /* maptrack_entry() */
}

u32 maptrack_take(struct domain *d)
{
	struct grant_table *gt = &d->grants;

	spin_lock(&gt->maptrack_lock);
	if (!gt->maptrack_free && gt->maptrack_pages < d->max_maptrack_frames)
		grow_maptrack(gt);
	u32 handle = gt->maptrack_free - 1; /* MAPTRACK_NONE at the end of the list */
	struct maptrack *mt = maptrack_entry(gt, handle);

	if (mt) {
		gt->maptrack_free = mt->next_free;
		mt->state = MAPTRACK_BUSY;
	}
	spin_unlock(&gt->maptrack_lock);
	return handle;
}

void maptrack_free(struct grant_table *gt, u32 handle)
{
	spin_lock(&gt->maptrack_lock);
	*maptrack_entry(gt, handle) =
		(struct maptrack){.state = MAPTRACK_FREE, .next_free = gt->maptrack_free};
	gt->maptrack_free = handle + 1;
	spin_unlock(&gt->maptrack_lock);
}

void maptrack_release(struct grant_table *gt, u32 handle)
{
	const struct grant_pin pin = maptrack_entry(gt, handle)->pin;

	maptrack_free(gt, handle);
	grant_unpin(&pin);
}

/* --- end of a domain, audit --- */

/*
 * The dying domain's vCPUs run no more and its TLB entries go with its roots; page-table entries
 * that still map the frames hold their own references, so pins may end first.
 */
int grant_domain_release(struct domain *d)
{
	struct grant_table *gt = &d->grants;
	struct maptrack *mt;

	while ((mt = maptrack_entry(gt, gt->release_next))) {
		if (mt->state == MAPTRACK_USED)
			maptrack_release(gt, gt->release_next);
		if (++gt->release_next % 64 == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

void grant_audit(struct domain *d, void (*add)(struct page *pg, bool writable, void *arg),
		 void *arg)
{
	struct maptrack *mt;

	for (u32 i = 0; (mt = maptrack_entry(&d->grants, i)); i++)
		if (mt->state != MAPTRACK_FREE && mt->pin.page)
			add(mt->pin.page, mt->pin.writable, arg);
}
