/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a process, as a kernel does it: an address space is built, entered, taken apart. */
#include <string.h>
#include <pv/start.h>
#include "bench.h"

#define TABLES 6u  /* L4 L3 L2 and three L1: code, data, stack */
#define PAGES  64u /* mapped in each L1 */

static uint64_t *tables[TABLES];
static char *memory;

static void prepare(void)
{
	uint64_t *all = take_pages(TABLES);

	memory = take_pages(PAGES);
	for (unsigned int i = 0; i < TABLES; i++)
		tables[i] = all + i * 512;
}

/* All tables in one batch each way, as kernels do with lazy MMU mode and multicalls. */
static void protect_all(uint64_t bits)
{
	struct multicall_entry calls[TABLES];

	for (unsigned int i = 0; i < TABLES; i++)
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_update_va_mapping,
			.args = {(uintptr_t)tables[i], pv_pte(pv_virt_to_mfn(tables[i]), bits),
				 i == TABLES - 1 ? UVMF_TLB_FLUSH : UVMF_NONE},
		};
	check("multicall", HYPERVISOR_multicall(calls, TABLES), 0);
}

static void live(void)
{
	struct mmu_update updates[PAGES];
	struct mmuext_op pin = {.cmd = MMUEXT_PIN_L4_TABLE, .arg1 = {pv_virt_to_mfn(tables[0])}};

	memset(tables[0], 0, TABLES * PV_PAGE_SIZE);
	tables[0][0] = pv_pte(pv_virt_to_mfn(tables[1]), TABLE_BITS);
	tables[1][0] = pv_pte(pv_virt_to_mfn(tables[2]), TABLE_BITS);
	for (unsigned int i = 3; i < TABLES; i++)
		tables[2][i] = pv_pte(pv_virt_to_mfn(tables[i]), TABLE_BITS);
	protect_all(PV_RO);
	check("pin", HYPERVISOR_mmuext_op(&pin, 1, NULL, DOMID_SELF), 0);
	check("enter", ext(MMUEXT_NEW_USER_BASEPTR, pin.arg1.mfn), 0);
	for (unsigned int t = 3; t < TABLES; t++) {
		for (unsigned int i = 0; i < PAGES; i++)
			updates[i] = (struct mmu_update){
				(uint64_t)pv_virt_to_mfn(tables[t]) * PV_PAGE_SIZE + i * 8,
				pv_pte(pv_virt_to_mfn(memory + i * PV_PAGE_SIZE), PV_RO)};
		check("fill", HYPERVISOR_mmu_update(updates, PAGES, NULL, DOMID_SELF), 0);
	}
	check("leave", ext(MMUEXT_NEW_USER_BASEPTR, 0), 0);
	check("unpin", ext(MMUEXT_UNPIN_TABLE, pin.arg1.mfn), 0);
	protect_all(PV_RW);
}

const struct row process_rows[] = {
	{"life of a process of 192 pages", 1, .prepare = prepare, .run = live},
	{0},
};
