/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: the table itself, pins, handles and the end of a domain. */
#include <xen/errno.h>
#include <core/grant_table.h>

/* --- the table --- */

int grant_domain_init(struct domain *d)
{
	struct grant_table *gt = heap_alloc(sizeof(*gt));
	int rc;

	if (!gt)
		return -XEN_ENOMEM;
	gt->max_frames = MIN(MAX(d->max_grant_frames, 1u), (u32)GRANT_FRAMES_LIMIT);
	gt->max_maptrack_pages = MIN(d->max_maptrack_frames, (u32)MAPTRACK_FRAMES_LIMIT);
	gt->maptrack_free = MAPTRACK_NONE;
	d->grants = gt;
	rc = grant_table_grow(d, 1);
	if (rc)
		grant_domain_free(d);
	return rc;
}

void grant_domain_unshare(struct domain *d)
{
	struct grant_table *gt = d->grants;

	if (!gt)
		return;
	spin_lock(&gt->lock);
	while (gt->frames)
		mm_unshare_page(gt->pages[--gt->frames]);
	spin_unlock(&gt->lock);
}

void grant_domain_free(struct domain *d)
{
	struct grant_table *gt = d->grants;
	unsigned i;

	if (!gt)
		return;
	grant_domain_unshare(d);
	for (i = 0; i < ACTIVE_PAGES; i++)
		heap_free(gt->active[i]);
	for (i = 0; i < gt->maptrack_pages; i++)
		heap_free(gt->maptracks[i]);
	heap_free(gt);
	d->grants = NULL;
}

/* Memory for the active entries that `frames` need. Kept on failure: a later try finds it. */
static bool grow_active(struct grant_table *gt, u32 frames)
{
	u32 pages = (frames * GRANTS_PER_FRAME + ACTIVE_PER_PAGE - 1) / ACTIVE_PER_PAGE, i;

	for (i = 0; i < pages; i++) {
		if (!gt->active[i])
			gt->active[i] = heap_alloc(ACTIVE_PER_PAGE * sizeof(struct active_grant));
		if (!gt->active[i])
			return false;
	}
	return true;
}

static int grow_locked(struct domain *d, u32 frames)
{
	struct grant_table *gt = d->grants;

	if (frames > gt->max_frames || d->is_dying)
		return -XEN_EINVAL;
	if (!grow_active(gt, frames))
		return -XEN_ENOMEM;
	while (gt->frames < frames) {
		struct page *pg = mm_share_new_page(&d->mem, false);

		if (!pg)
			return -XEN_ENOMEM;
		gt->pages[gt->frames++] = pg;
	}
	return 0;
}

int grant_table_grow(struct domain *d, u32 frames)
{
	int rc;

	spin_lock(&d->grants->lock);
	rc = frames > d->grants->frames ? grow_locked(d, frames) : 0;
	spin_unlock(&d->grants->lock);
	return rc;
}

mfn_t grant_table_frame(struct domain *d, unsigned index)
{
	if (index >= d->grants->max_frames || grant_table_grow(d, index + 1))
		return INVALID_MFN;
	return page_to_mfn(d->grants->pages[index]);
}

/* --- pins --- */

static struct grant_entry_v1 *shared_entry(struct grant_table *gt, u32 ref)
{
	struct grant_entry_v1 *table = page_to_virt(gt->pages[ref / GRANTS_PER_FRAME]);

	return &table[ref % GRANTS_PER_FRAME];
}

static struct active_grant *active_entry(struct grant_table *gt, u32 ref)
{
	return &gt->active[ref / ACTIVE_PER_PAGE][ref % ACTIVE_PER_PAGE];
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
static int mark_shared(struct grant_entry_v1 *e, u32 ref, domid_t user, bool writable)
{
	u32 *word = (u32 *)e, old = READ_ONCE(*word),
	    mark = GTF_reading | (writable ? GTF_writing : 0);
	unsigned tries;

	for (tries = 0; tries < 5; tries++) {
		if ((old & GTF_type_mask) != GTF_permit_access || (old & GTF_sub_page))
			return bad_entry(ref, old, "does not permit access");
		if (old >> 16 != user)
			return bad_entry(ref, old, "is for another domain");
		if (writable && (old & GTF_readonly))
			return bad_entry(ref, old, "is read-only");
		if (__atomic_compare_exchange_n(word, &old, old | mark, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return GNTST_okay;
	}
	return bad_entry(ref, old, "keeps changing");
}

static void unmark_shared(struct grant_entry_v1 *e, const struct active_grant *a)
{
	u16 clear = 0;

	if (!a->writers)
		clear |= GTF_writing;
	if (!a->writers && !a->readers)
		clear |= GTF_reading;
	if (clear)
		__atomic_fetch_and(&e->flags, (u16)~clear, __ATOMIC_SEQ_CST);
}

struct page *grant_page_get(struct domain *granter, u64 frame, bool writable)
{
	return writable ? mm_get_page_writable(mfn(frame), &granter->mem)
			: mm_get_page(mfn(frame), &granter->mem);
}

void grant_page_put(struct page *pg, bool writable)
{
	if (writable)
		mm_put_page_writable(pg);
	else
		mm_put_page(pg);
}

/* The granter's lock is held. */
static int pin_locked(struct grant_pin *pin, const struct domain *user)
{
	struct grant_table *gt = pin->granter->grants;
	struct grant_entry_v1 *e;
	struct active_grant *a;
	int status;

	if (pin->ref >= gt->frames * GRANTS_PER_FRAME)
		return refuse_as(GNTST_bad_gntref, BAD_ARGUMENT,
				 "grant %u is beyond domain %u's table (%lu)", pin->ref,
				 pin->granter->mem.domid, gt->frames * GRANTS_PER_FRAME);
	e = shared_entry(gt, pin->ref);
	a = active_entry(gt, pin->ref);
	if ((a->readers || a->writers) && a->user != user->mem.domid)
		return bad_entry(pin->ref, a->user << 16, "is in use by another domain");
	if (a->readers == ~0u || a->writers == ~0u)
		return GNTST_no_space;
	status = mark_shared(e, pin->ref, user->mem.domid, pin->writable);
	if (status != GNTST_okay)
		return status;
	if (!a->readers && !a->writers) {
		a->frame = READ_ONCE(e->frame);
		a->user = user->mem.domid;
	}
	pin->page = grant_page_get(pin->granter, a->frame, pin->writable);
	if (!pin->page) {
		unmark_shared(e, a);
		return refuse_as(GNTST_bad_page, NOT_OWNED,
				 "grant %u: frame %#lx is not domain %u's, or not to be written",
				 pin->ref, a->frame, pin->granter->mem.domid);
	}
	if (pin->writable)
		a->writers++;
	else
		a->readers++;
	return GNTST_okay;
}

int grant_pin(struct grant_pin *pin, const struct domain *user)
{
	int status;

	spin_lock(&pin->granter->grants->lock);
	/* a dying granter's table may go as soon as nothing is pinned */
	status = pin->granter->is_dying ? GNTST_bad_domain : pin_locked(pin, user);
	spin_unlock(&pin->granter->grants->lock);
	return status;
}

void grant_unpin(const struct grant_pin *pin)
{
	struct grant_table *gt = pin->granter->grants;
	struct active_grant *a;

	/* the page first: once the entry is unmarked the granter may believe that nobody uses it */
	grant_page_put(pin->page, pin->writable);
	spin_lock(&gt->lock);
	a = active_entry(gt, pin->ref);
	if (pin->writable)
		a->writers--;
	else
		a->readers--;
	unmark_shared(shared_entry(gt, pin->ref), a);
	spin_unlock(&gt->lock);
}

/* --- handles --- */

struct maptrack *maptrack_entry(struct grant_table *gt, u32 handle)
{
	if (handle >= gt->maptrack_pages * MAPTRACKS_PER_PAGE)
		return NULL;
	return &gt->maptracks[handle / MAPTRACKS_PER_PAGE][handle % MAPTRACKS_PER_PAGE];
}

static void grow_maptrack(struct grant_table *gt)
{
	u32 first = gt->maptrack_pages * MAPTRACKS_PER_PAGE, i;
	struct maptrack *page;

	if (gt->maptrack_pages == gt->max_maptrack_pages)
		return;
	page = heap_alloc(MAPTRACKS_PER_PAGE * sizeof(*page));
	if (!page)
		return;
	for (i = 0; i < MAPTRACKS_PER_PAGE; i++)
		page[i].next_free = i + 1 < MAPTRACKS_PER_PAGE ? first + i + 1 : MAPTRACK_NONE;
	gt->maptracks[gt->maptrack_pages++] = page;
	gt->maptrack_free = first;
}

u32 maptrack_take(struct grant_table *gt)
{
	u32 handle;

	spin_lock(&gt->maptrack_lock);
	if (gt->maptrack_free == MAPTRACK_NONE)
		grow_maptrack(gt);
	handle = gt->maptrack_free;
	if (handle != MAPTRACK_NONE) {
		struct maptrack *mt = maptrack_entry(gt, handle);

		gt->maptrack_free = mt->next_free;
		mt->state = MAPTRACK_BUSY;
	}
	spin_unlock(&gt->maptrack_lock);
	return handle;
}

void maptrack_free(struct grant_table *gt, u32 handle)
{
	struct maptrack *mt = maptrack_entry(gt, handle);

	spin_lock(&gt->maptrack_lock);
	*mt = (struct maptrack){.state = MAPTRACK_FREE, .next_free = gt->maptrack_free};
	gt->maptrack_free = handle;
	spin_unlock(&gt->maptrack_lock);
}

struct maptrack *maptrack_claim(struct grant_table *gt, u32 handle)
{
	struct maptrack *mt;

	spin_lock(&gt->maptrack_lock);
	mt = maptrack_entry(gt, handle);
	if (mt && mt->state == MAPTRACK_USED)
		mt->state = MAPTRACK_BUSY;
	else
		mt = NULL;
	spin_unlock(&gt->maptrack_lock);
	return mt;
}

void maptrack_release(struct grant_table *gt, u32 handle, struct maptrack *mt)
{
	const struct grant_pin pin = mt->pin;

	maptrack_free(gt, handle);
	grant_unpin(&pin);
	domain_put(pin.granter);
}

/* --- end of a domain, audit --- */

/*
 * The dying domain's vCPUs run no more and its TLB entries go with its roots; page-table entries
 * that still map the frames hold their own references, so pins may end first.
 */
int grant_domain_release(struct domain *d)
{
	struct grant_table *gt = d->grants;
	struct maptrack *mt;

	for (; gt && (mt = maptrack_entry(gt, gt->release_next)); gt->release_next++) {
		if (mt->state == MAPTRACK_USED)
			maptrack_release(gt, gt->release_next, mt);
		if (gt->release_next % 64 == 63 && hypercall_preempt_check()) {
			gt->release_next++;
			return -XEN_ERESTART;
		}
	}
	return 0;
}

void grant_audit(void (*add)(struct page *pg, bool writable, void *arg), void *arg)
{
	struct maptrack *mt;
	struct domain *d;

	for_each_domain (d)
		for (u32 i = 0; d->grants && (mt = maptrack_entry(d->grants, i)); i++)
			if (mt->state != MAPTRACK_FREE && mt->pin.page)
				add(mt->pin.page, mt->pin.writable, arg);
}
