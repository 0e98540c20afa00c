/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/mmu.md. Where only "refused" is promised, which error it is does not matter. */
#include "answers.h"

static long extended(unsigned int command, unsigned long mfn)
{
	struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn};

	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = {ptr, val};

	return HYPERVISOR_mmu_update(&u, 1, NULL, DOMID_SELF);
}

/* An empty page as level-1 table: only without a writable mapping. */
static void pinning(void)
{
	char *page = pv_page_alloc();
	unsigned long mfn = pv_virt_to_mfn(page);

	REFUSED(extended(MMUEXT_PIN_L1_TABLE, mfn));
	pv_protect((uintptr_t)page, 1, PV_RO);
	ANSWER(extended(MMUEXT_PIN_L1_TABLE, mfn), 0);
	REFUSED(extended(MMUEXT_PIN_L1_TABLE, mfn));
	REFUSED(extended(MMUEXT_PIN_L2_TABLE, mfn));
	REFUSED(HYPERVISOR_update_va_mapping((uintptr_t)page, pv_pte(mfn, PV_RW), UVMF_INVLPG));
	ANSWER(update(mfn * 4096 + 8, pv_pte(mfn, PV_RO)), 0);
	REFUSED(update(mfn * 4096 + 8, pv_pte(mfn, PV_RW)));
	ANSWER(update(mfn * 4096 + 8, 0), 0);
	ANSWER(extended(MMUEXT_UNPIN_TABLE, mfn), 0);
	ANSWER(extended(MMUEXT_UNPIN_TABLE, mfn), -XEN_EINVAL);
	pv_protect((uintptr_t)page, 1, PV_RW);
	pv_pages_free(page, 1);
}

/* The third of five is bad: two are done. */
static void batch(void)
{
	char *page = pv_page_alloc();
	uint64_t entry = pv_virt_to_mfn(page) * 4096;
	struct mmu_update list[5];
	unsigned int done = 77;

	for (unsigned int i = 0; i < 5; i++)
		list[i] = (struct mmu_update){entry + i * 8, i + 1};
	list[2].ptr = 0xffffffffff000UL;
	REFUSED(HYPERVISOR_mmu_update(list, 5, &done, DOMID_SELF));
	HOLDS(done == 2);
	HOLDS(((uint64_t *)page)[1] == 2 && !((uint64_t *)page)[3]);
	done = 77;
	ANSWER(HYPERVISOR_mmu_update(list, 0, &done, DOMID_SELF), 0);
	HOLDS(done == 0);
	ANSWER(HYPERVISOR_mmu_update(HYPERVISORS_OWN, 1, &done, DOMID_SELF), -XEN_EFAULT);
	ANSWER(HYPERVISOR_mmu_update(list, 1, &done, NO_DOMAIN), nobody());
	pv_pages_free(page, 1);
}

/* Refused as a whole: *done is written only where the tables' owner is known. */
static void batch_of_nobody(void)
{
	struct mmu_update list = {0, 0};
	struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};
	unsigned int done = 77;

	ANSWER(HYPERVISOR_mmu_update(&list, 1, &done, (NO_DOMAIN + 1) << 16), nobody());
	HOLDS(done == 77);
	ANSWER(HYPERVISOR_mmuext_op(&op, 1, &done, NO_DOMAIN), nobody());
	HOLDS(done == 77);
	ANSWER(HYPERVISOR_mmuext_op(HYPERVISORS_OWN, 1, &done, DOMID_SELF), -XEN_EFAULT);
	HOLDS(done == 77);
	ANSWER(HYPERVISOR_mmu_update(HYPERVISORS_OWN, 1, &done, DOMID_SELF), -XEN_EFAULT);
	HOLDS(done == 77);
	ANSWER(HYPERVISOR_mmu_update(&list, 1, &done, NO_DOMAIN), nobody());
	HOLDS(done == 0);
}

static void single(void)
{
	char *page = pv_page_alloc();
	uintptr_t va = (uintptr_t)page;
	unsigned long mfn = pv_virt_to_mfn(page);

	ANSWER(HYPERVISOR_update_va_mapping(va, pv_pte(mfn, PV_RW), UVMF_INVLPG | UVMF_ALL), 0);
	REFUSED(HYPERVISOR_update_va_mapping(0x700000000000UL, pv_pte(mfn, PV_RW), 0));
	REFUSED(HYPERVISOR_update_va_mapping(va, pv_pte(0xffffffffffUL, PV_RW), 0));
	REFUSED(HYPERVISOR_update_va_mapping((uintptr_t)HYPERVISORS_OWN, pv_pte(mfn, PV_RW), 0));
	memset(page, 1, 4096);
	ANSWER(extended(MMUEXT_CLEAR_PAGE, mfn), 0);
	HOLDS(!page[0] && !page[4095]);
	ANSWER(extended(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
	ANSWER(extended(MMUEXT_TLB_FLUSH_ALL, 0), 0);
	REFUSED(extended(MMUEXT_MARK_SUPER, mfn));
	ANSWER(extended(99, 0), -XEN_ENOSYS);
	pv_pages_free(page, 1);
}

/* The hypervisor's own slots, and bits that no guest may set. */
static void forbidden_entries(void)
{
	uint64_t slot = pv_pte_find(0, 4, NULL);

	REFUSED(update(slot + 256 * 8, 0));
	REFUSED(update(slot + 271 * 8, 0));
	REFUSED(update(slot + 300 * 8, slot | PV_RO | PV_PTE_LARGE));
	REFUSED(update(slot + 300 * 8, PV_RO | 1ull << 51));
}

void answers_of_tables(void)
{
	pinning();
	batch();
	batch_of_nobody();
	single();
	forbidden_entries();
}
