/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory hypercalls cost, in ticks of the TSC: under `-icount shift=0` these are
 * instructions, the same in every run. It boots here and on Xen; one line an operation.
 */
#include <stdio.h>
#include <string.h>
#include <pv/cpu.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>

#define ENTRIES 512u
#define ROUNDS	20u

static struct mmu_update batch[ENTRIES];

/* The least of the rounds, for one of `n` operations. */
static void report(const char *what, uint64_t least, unsigned int n)
{
	printf("mmcost: %-28s %8lu\n", what, least / n);
}

#define LEAST(call)                                                                                \
	({                                                                                         \
		uint64_t least_ = ~0UL;                                                            \
		for (unsigned int r_ = 0; r_ < ROUNDS; r_++) {                                     \
			uint64_t t_ = pv_rdtsc();                                                  \
			call;                                                                      \
			t_ = pv_rdtsc() - t_;                                                      \
			least_ = t_ < least_ ? t_ : least_;                                        \
		}                                                                                  \
		least_;                                                                            \
	})

static long one_op(unsigned int cmd, unsigned long mfn)
{
	struct mmuext_op op = {.cmd = cmd, .arg1 = {mfn}};

	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static long failures;

static void check(long rc, const char *what)
{
	if (rc) {
		failures++;
		printf("mmcost: %s: %ld\n", what, rc);
	}
}

int main(void)
{
	uintptr_t va = pv_va_alloc(ENTRIES);
	char *pages = pv_pages_alloc(ENTRIES);
	uint64_t *table = pv_page_alloc();
	pv_mfn_t root = pv_virt_to_mfn((void *)pv_start_info->pt_base);
	unsigned int turn = 0;

	check(pv_tables_prepare(va, ENTRIES), "tables");
	for (unsigned int i = 0; i < ENTRIES; i++) {
		batch[i].ptr = pv_pte_find(va + i * PV_PAGE_SIZE, 1, NULL);
		table[i] = pv_pte(pv_virt_to_mfn(pages + i * PV_PAGE_SIZE), PV_RO);
	}
	report("null hypercall", LEAST(HYPERVISOR_xen_version(0, NULL)), 1);
	report("mmu_update, map writable", LEAST({
		       for (unsigned int i = 0; i < ENTRIES; i++)
			       batch[i].val = pv_pte(
				       pv_virt_to_mfn(pages + (i ^ (turn & 1)) * PV_PAGE_SIZE),
				       PV_RW);
		       turn++;
		       check(HYPERVISOR_mmu_update(batch, ENTRIES, NULL, DOMID_SELF), "mmu_update");
	       }),
	       ENTRIES);
	report("the same without the call", LEAST({
		       for (unsigned int i = 0; i < ENTRIES; i++)
			       batch[i].val = pv_pte(
				       pv_virt_to_mfn(pages + (i ^ (turn & 1)) * PV_PAGE_SIZE),
				       PV_RW);
		       turn++;
	       }),
	       ENTRIES);
	report("mmu_update, unmap", LEAST({
		       for (unsigned int i = 0; i < ENTRIES; i++)
			       batch[i].val = 0;
		       check(HYPERVISOR_mmu_update(batch, ENTRIES, NULL, DOMID_SELF), "mmu_update");
	       }),
	       ENTRIES);
	report("update_va_mapping", LEAST({
		       char *page = pages + (turn++ & 1) * PV_PAGE_SIZE;

		       check(HYPERVISOR_update_va_mapping(va, pv_pte(pv_virt_to_mfn(page), PV_RW),
							  UVMF_INVLPG),
			     "update_va_mapping");
	       }),
	       1);
	check(HYPERVISOR_update_va_mapping((uintptr_t)table, pv_pte(pv_virt_to_mfn(table), PV_RO),
					   UVMF_INVLPG),
	      "read-only");
	report("pin and unpin a full L1", LEAST({
		       check(one_op(MMUEXT_PIN_L1_TABLE, pv_virt_to_mfn(table)), "pin");
		       check(one_op(MMUEXT_UNPIN_TABLE, pv_virt_to_mfn(table)), "unpin");
	       }),
	       1);
	report("new base pointer", LEAST(check(one_op(MMUEXT_NEW_BASEPTR, root), "new base")), 1);
	report("local flush", LEAST(check(one_op(MMUEXT_TLB_FLUSH_LOCAL, 0), "flush")), 1);
	printf("mmcost: %s\n", failures ? "FAIL" : "passed");
	return failures != 0;
}
