/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that tries what is forbidden. Each attempt must be refused, and the guest itself must go
 * on working. As the privileged domain it leaves out what such a domain may do.
 * With "garbage=SEED" it sends nonsense to every hypercall until it perishes of it.
 */
#include <stdlib.h>
#include <string.h>
#include "isolation.h"

struct verdict verdict = {.name = "isolation"};

/* The guest lives: memory can be had, written and mapped elsewhere. */
static void still_well(const char *after)
{
	uint64_t *page = pv_page_alloc(), *again;
	pv_mfn_t mfn;

	if (!works(page, "a page can be allocated after %s", after))
		return;
	mfn = pv_virt_to_mfn(page);
	again = pv_map_foreign(&mfn, 1, PV_RW, DOMID_SELF, NULL);
	if (works(again, "a page can be mapped after %s", after)) {
		*again = 0x1234;
		works(*page == 0x1234, "both mappings are the same page after %s", after);
		pv_unmap_free(again, 1);
	}
	pv_pages_free(page, 1);
}

static const struct part {
	const char *name;
	void (*attack)(void);
	bool guests_only; /* a privileged domain may do it */
} parts[] = {
	{"page tables", attack_tables, false},
	{"foreign frames", attack_foreign_frames, true},
	{"the processor", attack_cpu, false},
	{"descriptor tables", attack_descriptors, false},
	{"event channels", attack_events, false},
	{"grants", attack_grants, false},
	{"memory", attack_memory, true},
	{"control calls", attack_control, true},
	{"bad pointers", attack_with_bad_pointers, true},
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], "garbage=", 8))
		attack_with_garbage(strtoul(argv[1] + 8, NULL, 0));
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(parts); i++) {
		if (parts[i].guests_only && pv_is_dom0())
			continue;
		printf("isolation: attacking %s\n", parts[i].name);
		parts[i].attack();
		still_well(parts[i].name);
	}
	return verdict_give(&verdict);
}
