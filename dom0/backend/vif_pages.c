/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of front ends whose grants stand: mapped at their first use, each at its reference's place
 * of a table. */
#include <stdlib.h>
#include "backend/netback.h"

#define PLACES 2048

struct vif_page {
	grant_ref_t ref;
	struct pv_grant_map map; /* count 0: nothing is here */
};

void vif_pages_begin(struct vif *vif)
{
	vif->pages = calloc(PLACES, sizeof(*vif->pages));
}

uint8_t *vif_page(struct vif *vif, grant_ref_t ref)
{
	struct vif_page *page = &vif->pages[ref % PLACES];

	if (!page->map.count) {
		if (pv_grant_map(&page->map, vif->backend.domid, &ref, 1, false)) {
			page->map.count = 0;
			return NULL;
		}
		page->ref = ref;
	}
	return page->ref == ref ? page->map.address : NULL;
}

void vif_pages_end(struct vif *vif)
{
	for (unsigned int i = 0; vif->pages && i < PLACES; i++)
		if (vif->pages[i].map.count)
			pv_grant_unmap(&vif->pages[i].map);
	free(vif->pages);
	vif->pages = NULL;
}
