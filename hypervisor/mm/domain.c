/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory from creation to the last page. */
#include <core/hypercall.h>
#include <lib/string.h>
#include <mm/root.h>
#include <mm/hooks.h>
#include <mm/types.h>

struct domain_memory *domain_memories[DOMID_FIRST_RESERVED];

int mm_domain_init(struct domain_memory *dm, domid_t domid, bool privileged, unsigned vcpus)
{
	struct domain_memory *none = NULL;

	memset(dm, 0, sizeof(*dm));
	dm->domid = domid;
	dm->privileged = privileged;
	if (!windows_make(dm, vcpus))
		return -XEN_ENOMEM;
	if (domid < DOMID_FIRST_RESERVED &&
	    __atomic_compare_exchange_n(&domain_memories[domid], &none, dm, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		return 0;
	windows_free(dm);
	return -XEN_EEXIST; /* another domain has the id still: it has pages left */
}

void mm_domain_destroy(struct domain_memory *dm)
{
	BUG_ON(dm->tot_pages || dm->shared_pages.first);
	__atomic_store_n(&domain_memories[dm->domid], NULL, __ATOMIC_SEQ_CST);
	windows_free(dm);
}

void domain_unlock(struct domain_memory *dm)
{
	bool last = dm->dying && !dm->last_page_gone && !dm->tot_pages && !dm->shared_pages.first;

	dm->last_page_gone |= last;
	spin_unlock(&dm->lock);
	if (last)
		hook_last_page_gone(dm);
}

/** Unpin it, take apart what an interrupted validation left, and drop the allocation. */
static int settle(struct domain_memory *dm, struct page *pg)
{
	int rc = type_unpin(pg);

	if (rc != -XEN_ERESTART)
		rc = type_settle(pg);
	if (rc)
		return rc;
	spin_lock(&dm->lock);
	page_list_del(&dm->pages, pg);
	__atomic_or_fetch(&pg->flags, PAGE_SETTLED, __ATOMIC_SEQ_CST);
	page_list_add(&dm->settled, pg);
	spin_unlock(&dm->lock);
	page_drop_allocation(pg);
	return 0;
}

int mm_domain_relinquish(struct domain_memory *dm)
{
	BUG_ON(!dm->dying);
	for (;;) {
		int rc = 0;

		spin_lock(&dm->lock);
		struct page *pg = page_list_first(&dm->pages);
		if (!pg) {
			domain_unlock(dm);
			return 0;
		}
		/* Also where the guest has used the count up: it must not keep its memory so. */
		bool held = page_ref_below(pg, PAGE_COUNT_MAX + 1);
		spin_unlock(&dm->lock);
		if (held) {
			rc = settle(dm, pg);
			mm_put_page(pg);
		} else {
			cpu_relax(); /* another CPU is just freeing it */
		}
		if (rc || hypercall_preempt_check())
			return -XEN_ERESTART;
	}
}
