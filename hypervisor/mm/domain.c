/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory from creation to the last page. */
#include <xen/errno.h>
#include <core/hypercall.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <mm/descriptor.h>
#include <mm/heap.h>
#include <mm/hooks.h>
#include <mm/types.h>

int mm_domain_init(struct domain_memory *dm, domid_t domid, bool privileged)
{
	void *l3 = heap_pages(0);

	if (!l3)
		return -XEN_ENOMEM;
	memset(dm, 0, sizeof(*dm));
	dm->domid = domid;
	dm->privileged = privileged;
	dm->perdomain_l3 = mfn_to_page(virt_to_mfn(l3));
	if (!domain_memory_register(dm)) {
		heap_pages_free(l3, 0);
		return -XEN_EEXIST;
	}
	return 0;
}

void mm_domain_destroy(struct domain_memory *dm)
{
	BUG_ON(dm->tot_pages || dm->shared_pages.first);
	domain_memory_unregister(dm);
	windows_free(dm);
}

/**
 * The first page that relinquish has not dealt with, with a reference. NULL: there is none; *busy:
 * the first is just being freed by another CPU.
 */
static struct page *first_unsettled(struct domain_memory *dm, bool *busy)
{
	struct page *pg;

	spin_lock(&dm->lock);
	pg = page_list_first(&dm->pages);
	*busy = pg && !page_ref(pg);
	spin_unlock(&dm->lock);
	return *busy ? NULL : pg;
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
	page_list_add_tail(&dm->settled, pg);
	spin_unlock(&dm->lock);
	page_drop_allocation(pg);
	return 0;
}

/** True if this call is the one that reports the last page. */
static bool last_page(struct domain_memory *dm)
{
	bool last;

	spin_lock(&dm->lock);
	last = !dm->last_page_gone && !dm->tot_pages && !dm->shared_pages.first;
	if (last)
		dm->last_page_gone = true;
	spin_unlock(&dm->lock);
	return last;
}

int mm_domain_relinquish(struct domain_memory *dm)
{
	struct page *pg;
	bool busy;
	int rc;

	BUG_ON(!dm->dying);
	for (;;) {
		pg = first_unsettled(dm, &busy);
		if (busy) {
			cpu_relax();
			continue;
		}
		if (!pg)
			break;
		rc = settle(dm, pg);
		mm_put_page(pg);
		if (rc || hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	if (last_page(dm))
		hook_last_page_gone(dm);
	return 0;
}
