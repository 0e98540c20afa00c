/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update, update_va_mapping and mmuext_op: what is done and what is refused. */
#include <string.h>
#include <pv/event.h>
#include "checks.h"

#define TABLE_BITS (PV_PTE_PRESENT | PV_PTE_WRITE | PV_PTE_USER | PV_PTE_ACCESSED)

static char *page, *other; /* ordinary pages */
static uintptr_t va;	   /* an address with an L1 table and without mapping */
static uint64_t va_pte;	   /* machine address of its L1 entry */

static long update(uint64_t ptr, uint64_t val)
{
	struct mmu_update req = {.ptr = ptr, .val = val};

	return HYPERVISOR_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static uint64_t entry_now(uintptr_t at, unsigned int level)
{
	uint64_t entry = 0;

	pv_pte_find(at, level, &entry);
	return entry;
}

static pv_mfn_t mfn_of(const void *p)
{
	return pv_virt_to_mfn(p);
}

static void check_updates(void)
{
	struct mmu_update reqs[3];
	unsigned int done = 99;

	expect("map a page", update(va_pte, pv_pte(mfn_of(page), PV_RW)), 0);
	strcpy((char *)va, "through the new mapping");
	expect("it is the page", strcmp(page, "through the new mapping"), 0);
	expect("A and D are in the entry", entry_now(va, 1) & 0x60, 0x60);
	expect("keep A and D",
	       update(va_pte | MMU_PT_UPDATE_PRESERVE_AD,
		      pv_pte(mfn_of(page), PV_RO & ~PV_PTE_ACCESSED)),
	       0);
	expect("A and D were kept", entry_now(va, 1) & 0x60, 0x60);
	expect("W is gone", entry_now(va, 1) & 2, 0);
	expect("no translation",
	       update(va_pte | MMU_PT_UPDATE_NO_TRANSLATE, pv_pte(mfn_of(page), PV_RW)), 0);
	expect("unmap", update(va_pte, 0), 0);
	expect("entry is empty", entry_now(va, 1), 0);
	reqs[0] = (struct mmu_update){va_pte, pv_pte(mfn_of(page), PV_RW)};
	reqs[1] = (struct mmu_update){va_pte, pv_pte(mfn_of(other), PV_RW)};
	reqs[2] =
		(struct mmu_update){va_pte, pv_pte(mfn_of((void *)pv_start_info->pt_base), PV_RW)};
	expect_refused("batch with a bad third request",
		       HYPERVISOR_mmu_update(reqs, 3, &done, DOMID_SELF));
	expect("two were done", done, 2);
	expect("the second is in force", (entry_now(va, 1) & PV_PTE_FRAME) >> 12, mfn_of(other));
	expect("batch of none", HYPERVISOR_mmu_update(reqs, 0, &done, DOMID_SELF), 0);
	expect("bad array", HYPERVISOR_mmu_update((void *)8, 1, NULL, DOMID_SELF), -XEN_EFAULT);
	expect("unmap again", update(va_pte, 0), 0);
	expect("entry that is not present may hold anything low", update(va_pte, 0xe00), 0);
	expect("it is kept", entry_now(va, 1), 0xe00);
	update(va_pte, 0);
}

static void check_refused_entries(void)
{
	uint64_t *root = (void *)pv_start_info->pt_base;
	uint64_t root_ma = (uint64_t)mfn_of(root) << 12;
	uint64_t l2_pte = pv_pte_find(va, 2, NULL), l2 = entry_now(va, 2);
	pv_mfn_t l1_mfn = (l2 & PV_PTE_FRAME) >> 12;

	expect_refused("an L1 table cannot be mapped writable",
		       update(va_pte, pv_pte(l1_mfn, PV_RW)));
	expect("but it can be mapped read-only", update(va_pte, pv_pte(l1_mfn, PV_RO)), 0);
	expect_refused("the root cannot be mapped writable",
		       update(va_pte, pv_pte(mfn_of(root), PV_RW)));
	expect("but it can be mapped read-only", update(va_pte, pv_pte(mfn_of(root), PV_RO)), 0);
	expect("empty again", update(va_pte, 0), 0);
	expect_refused("frame beyond the machine", update(va_pte, pv_pte(0xfffffffffUL, PV_RW)));
	expect_refused("frame number that needs 40 bits",
		       update(va_pte, pv_pte(0x100000000UL + mfn_of(page), PV_RW)));
	expect_refused("reserved bit 52", update(va_pte, pv_pte(mfn_of(page), PV_RW) | 1ULL << 51));
	expect_refused("large page at L2",
		       update(l2_pte, pv_pte(mfn_of(page) & ~511UL, PV_RW | PV_PTE_LARGE)));
	expect_refused("a page mapped writable cannot become an L1 table",
		       update(l2_pte, pv_pte(mfn_of(page), TABLE_BITS)));
	expect_refused("an L1 table cannot be an L3 table",
		       update(pv_pte_find(va, 4, NULL), pv_pte(l1_mfn, TABLE_BITS)));
	expect_refused("the root cannot be an L1 table",
		       update(l2_pte, pv_pte(mfn_of(root), TABLE_BITS)));
	expect("L2 entry is as before", entry_now(va, 2), l2);
	for (unsigned int slot = 256; slot < 272; slot++) {
		expect_refused("root entry of the hypervisor: clear",
			       update(root_ma + slot * 8, 0));
		expect_refused("root entry of the hypervisor: set",
			       update(root_ma + slot * 8, pv_pte(l1_mfn, TABLE_BITS)));
	}
	expect_refused("misaligned entry", update(va_pte | 4, 0));
	expect_refused("entry in a frame beyond the machine", update(0xfffffffff000UL, 0));
	expect_refused("entry in the hypervisor",
		       update(pv_pte_find(0xffff800000000000, 4, NULL), 0));
}

static void check_m2p_update(void)
{
	pv_mfn_t mfn = mfn_of(page);
	pv_pfn_t pfn = pv_virt_to_pfn(page);

	expect("machphys update", update((uint64_t)mfn << 12 | MMU_MACHPHYS_UPDATE, 0x1234), 0);
	expect("m2p says so", pv_mfn_to_pfn(mfn), 0x1234);
	expect("machphys back", update((uint64_t)mfn << 12 | MMU_MACHPHYS_UPDATE, pfn), 0);
	expect_refused("machphys of a frame beyond the machine",
		       update(0xfffffffff000UL | MMU_MACHPHYS_UPDATE, 0));
}

static void check_update_va(void)
{
	expect("update_va_mapping",
	       HYPERVISOR_update_va_mapping(va, pv_pte(mfn_of(page), PV_RW), UVMF_NONE), 0);
	strcpy(page, "first");
	strcpy(other, "second");
	expect("sees the first page", strcmp((char *)va, "first"), 0);
	expect("with INVLPG",
	       HYPERVISOR_update_va_mapping(va, pv_pte(mfn_of(other), PV_RW),
					    UVMF_INVLPG | UVMF_LOCAL),
	       0);
	expect("sees the second page", strcmp((char *)va, "second"), 0);
	expect("with a flush of all",
	       HYPERVISOR_update_va_mapping(va, pv_pte(mfn_of(page), PV_RW),
					    UVMF_TLB_FLUSH | UVMF_ALL),
	       0);
	expect("sees the first page again", strcmp((char *)va, "first"), 0);
	expect_refused("a table writable",
		       HYPERVISOR_update_va_mapping(
			       va, pv_pte(mfn_of((void *)pv_start_info->pt_base), PV_RW), 0));
	expect_refused(
		"address of the hypervisor",
		HYPERVISOR_update_va_mapping(0xffff830000000000, pv_pte(mfn_of(page), PV_RW), 0));
	expect_refused("address without L1 table",
		       HYPERVISOR_update_va_mapping(PV_HEAP_END, pv_pte(mfn_of(page), PV_RW), 0));
	expect("empty", HYPERVISOR_update_va_mapping(va, 0, UVMF_INVLPG | UVMF_ALL), 0);
	TRY("movb (%0), %%cl", ::"r"(va));
	expect_trap("read of what was unmapped", PV_TRAP_PAGE_FAULT, 0);
	expect_refused("otherdomain: a domain that there is not",
		       HYPERVISOR_update_va_mapping_otherdomain(va, pv_pte(mfn_of(page), PV_RW), 0,
								0x7000));
	if (!pv_is_dom0())
		expect_refused("otherdomain: dom0's frame by an ordinary domain",
			       HYPERVISOR_update_va_mapping_otherdomain(
				       va, pv_pte(mfn_of(page), PV_RW), 0, 0));
}

static long ext(unsigned int cmd, unsigned long a1, unsigned long a2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.mfn = a1;
	op.arg2.src_mfn = a2;
	return HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_flushes(void)
{
	unsigned long mask = 1;
	struct mmuext_op ops[3] = {{.cmd = MMUEXT_TLB_FLUSH_LOCAL}, {.cmd = 99}};
	unsigned int done = 77;
	long error;

	expect("TLB_FLUSH_LOCAL", ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	expect("TLB_FLUSH_ALL", ext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	expect("INVLPG_LOCAL", ext(MMUEXT_INVLPG_LOCAL, va, 0), 0);
	expect("INVLPG_ALL", ext(MMUEXT_INVLPG_ALL, va, 0), 0);
	expect("TLB_FLUSH_MULTI", ext(MMUEXT_TLB_FLUSH_MULTI, 0, (unsigned long)&mask), 0);
	expect("INVLPG_MULTI", ext(MMUEXT_INVLPG_MULTI, va, (unsigned long)&mask), 0);
	expect("INVLPG of a non-canonical address", ext(MMUEXT_INVLPG_LOCAL, 0x8000000000000000, 0),
	       0);
	error = HYPERVISOR_mmuext_op(ops, 2, &done, DOMID_SELF);
	expect("unknown command", error, -XEN_ENOSYS);
	expect("the one before it was done", done, 1);
	memset(page, 0x55, PV_PAGE_SIZE);
	expect("CLEAR_PAGE", ext(MMUEXT_CLEAR_PAGE, mfn_of(page), 0), 0);
	expect("page is clear", page[0] | page[4095], 0);
	memset(other, 0x66, PV_PAGE_SIZE);
	expect("COPY_PAGE", ext(MMUEXT_COPY_PAGE, mfn_of(page), mfn_of(other)), 0);
	expect("page is copied", page[4095], 0x66);
	expect_refused("CLEAR_PAGE of a table",
		       ext(MMUEXT_CLEAR_PAGE, mfn_of((void *)pv_start_info->pt_base), 0));
	expect_refused("CLEAR_PAGE beyond the machine", ext(MMUEXT_CLEAR_PAGE, 0xfffffffffUL, 0));
	expect_refused("COPY_PAGE from beyond the machine",
		       ext(MMUEXT_COPY_PAGE, mfn_of(page), 0xfffffffffUL));
	expect("NEW_BASEPTR of the present root",
	       ext(MMUEXT_NEW_BASEPTR, mfn_of((void *)pv_start_info->pt_base), 0), 0);
	expect_refused("NEW_BASEPTR of a writable page", ext(MMUEXT_NEW_BASEPTR, mfn_of(page), 0));
	expect_refused("NEW_USER_BASEPTR of a writable page",
		       ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(page), 0));
	expect("NEW_USER_BASEPTR of none", ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
}

void check_page_tables(void)
{
	page = pv_page_alloc();
	other = pv_page_alloc();
	va = pv_va_alloc(1);
	va_pte = pv_pte_find(va, 1, NULL);
	check_updates();
	check_refused_entries();
	check_m2p_update();
	check_update_va();
	check_flushes();
	pv_va_free(va, 1);
	pv_pages_free(page, 1);
	pv_pages_free(other, 1);
}

/* --- pinning ------------------------------------------------------------------------------- */

static long pin(unsigned int level, const void *table)
{
	return ext(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(table), 0);
}

static long unpin(const void *table)
{
	return ext(MMUEXT_UNPIN_TABLE, mfn_of(table), 0);
}

static uint64_t *readonly_page(void)
{
	uint64_t *p = pv_page_alloc();

	expect("make a page read-only", set_pte(p, pv_pte(mfn_of(p), PV_RO)), 0);
	return p;
}

static long writable(const void *p)
{
	return set_pte((void *)p, pv_pte(mfn_of(p), PV_RW));
}

static void give(void *p)
{
	expect("page is writable again", writable(p), 0);
	pv_pages_free(p, 1);
}

static void check_pin_l1(void)
{
	uint64_t *table = pv_page_alloc(), *target = pv_page_alloc();

	table[3] = pv_pte(mfn_of(target), PV_RW);
	expect_refused("pin a page that is mapped writable", pin(1, table));
	set_pte(table, pv_pte(mfn_of(table), PV_RO));
	expect("pin L1", pin(1, table), 0);
	expect_refused("pin it again", pin(1, table));
	expect_refused("pin it as L2", pin(2, table));
	expect_refused("map it writable", writable(table));
	expect("update an entry of a pinned table that is not in use",
	       update((uint64_t)mfn_of(table) << 12 | 5 << 3, pv_pte(mfn_of(target), PV_RO)), 0);
	expect("the entry is there", table[5] & PV_PTE_FRAME, (uint64_t)mfn_of(target) << 12);
	expect_refused("its target cannot become read-only table of another kind", pin(2, target));
	expect("unpin", unpin(table), 0);
	expect_refused("unpin again", unpin(table));
	expect("map it writable", writable(table), 0);
	table[3] = pv_pte(mfn_of((void *)pv_start_info->pt_base), PV_RW);
	set_pte(table, pv_pte(mfn_of(table), PV_RO));
	expect_refused("pin L1 with a writable entry for a page table", pin(1, table));
	expect("a refused pin leaves the page free", writable(table), 0);
	pv_pages_free(table, 1);
	pv_pages_free(target, 1);
}

static void check_pin_tree(void)
{
	uint64_t *l4 = pv_page_alloc(), *l3 = pv_page_alloc(), *l2 = pv_page_alloc(),
		 *l1 = pv_page_alloc();
	char *target = pv_page_alloc();
	bool filled = false;

	l1[0] = pv_pte(mfn_of(target), PV_RW);
	l2[0] = pv_pte(mfn_of(l1), TABLE_BITS);
	l3[0] = pv_pte(mfn_of(l2), TABLE_BITS);
	l4[0] = pv_pte(mfn_of(l3), TABLE_BITS);
	set_pte(l4, pv_pte(mfn_of(l4), PV_RO));
	set_pte(l3, pv_pte(mfn_of(l3), PV_RO));
	set_pte(l2, pv_pte(mfn_of(l2), PV_RO));
	expect_refused("pin L4 over an L1 that is mapped writable", pin(4, l4));
	set_pte(l1, pv_pte(mfn_of(l1), PV_RO));
	expect("pin L4", pin(4, l4), 0);
	for (unsigned int slot = 256; slot < 272; slot++)
		filled |= l4[slot] != 0;
	expect("the hypervisor's slots are filled in", filled, 1);
	expect_refused("L3 below it cannot be writable", writable(l3));
	expect_refused("L2 below it cannot be writable", writable(l2));
	expect_refused("L1 below it cannot be writable", writable(l1));
	expect("pin L2 below it as well", pin(2, l2), 0);
	expect_refused("pin L3 below it as L1", pin(1, l3));
	expect("load it as user root", ext(MMUEXT_NEW_USER_BASEPTR, mfn_of(l4), 0), 0);
	expect("unpin L4 while loaded", unpin(l4), 0);
	expect_refused("L4 still cannot be writable", writable(l4));
	expect("unload", ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	expect("L4 is free", writable(l4), 0);
	expect("L3 is free", writable(l3), 0);
	expect_refused("L2 is pinned still", writable(l2));
	expect("unpin L2", unpin(l2), 0);
	give(l2);
	give(l1);
	pv_pages_free(l3, 1);
	pv_pages_free(l4, 1);
	pv_pages_free(target, 1);
}

void check_pinning(void)
{
	uint64_t *empty = readonly_page();

	check_pin_l1();
	check_pin_tree();
	expect("pin an empty L4", pin(4, empty), 0);
	expect("unpin it", unpin(empty), 0);
	give(empty);
	expect_refused("unpin a page that is no table", ext(MMUEXT_UNPIN_TABLE, 0xfffffffffUL, 0));
}

/* --- the writable page table assist --------------------------------------------------------- */

void check_writable_tables(void)
{
	uint64_t *entry, wanted, got = 0;
	pv_mfn_t table;

	page = pv_page_alloc();
	other = pv_page_alloc();
	va = pv_va_alloc(1);
	table = pv_pte_find(va, 1, NULL) >> 12;
	entry = (uint64_t *)((char *)pv_mfn_to_virt(table) +
			     pv_pte_find(va, 1, NULL) % PV_PAGE_SIZE);
	wanted = pv_pte(mfn_of(page), PV_RW);
	expect("enable", HYPERVISOR_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables),
	       0);
	TRY("movq %1, (%0)", ::"r"(entry), "r"(wanted));
	expect_no_trap("mov to an L1 entry");
	expect("entry's frame", *entry & PV_PTE_FRAME, wanted & PV_PTE_FRAME);
	strcpy(page, "written directly");
	expect("mapping works", strcmp((char *)va, "written directly"), 0);
	wanted = pv_pte(mfn_of(other), PV_RW);
	TRY("movq %2, %%rcx; xchgq %%rcx, (%1); movq %%rcx, %0",
	    : "=m"(got)
	    : "r"(entry), "r"(wanted));
	expect_no_trap("xchg of an L1 entry");
	expect("old entry's frame", (got & PV_PTE_FRAME) >> 12, mfn_of(page));
	expect("new entry's frame", (*entry & PV_PTE_FRAME) >> 12, mfn_of(other));
	got = *entry;
	TRY("movq %1, %%rax; movq $0, %%rcx; lock cmpxchgq %%rcx, (%0)", ::"r"(entry), "r"(got));
	expect_no_trap("cmpxchg of an L1 entry");
	expect("entry is empty", *entry, 0);
	TRY("movq $5, %%rax; movq $0, %%rcx; lock cmpxchgq %%rcx, (%0); movq %%rax, %%rcx",
	    ::"r"(entry));
	expect_no_trap("failing cmpxchg of an L1 entry");
	wanted = pv_pte(mfn_of(page), PV_RW);
	TRY("movq %1, (%0)", ::"r"(entry), "r"(wanted));
	TRY("lock andq $~2, (%0)", ::"r"(entry));
	expect_no_trap("and of an L1 entry");
	expect("W is clear", *entry & 2, 0);
	TRY("lock btrq $5, (%0)", ::"r"(entry));
	expect_no_trap("btr of an L1 entry");
	pv_tlb_flush();
	TRY("movb %%cl, (%0)", ::"r"(va));
	expect_trap("write through the read-only mapping", PV_TRAP_PAGE_FAULT, 3);
	TRY("movq %1, (%0)", ::"r"(entry),
	    "r"(pv_pte(mfn_of((void *)pv_start_info->pt_base), PV_RW)));
	expect_trap("mov of a writable entry for a table", PV_TRAP_PAGE_FAULT, 3);
	expect("fault address", outcome.address, (uintptr_t)entry);
	TRY("movq $0, (%0)", ::"r"(entry));
	expect_no_trap("mov of 0");
	TRY("movq $0, (%0)", ::"r"((uint64_t *)pv_start_info->pt_base + 5));
	expect_trap("mov to an L4 entry", PV_TRAP_PAGE_FAULT, 3);
	expect("disable", HYPERVISOR_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables),
	       0);
	pv_va_free(va, 1);
	pv_pages_free(page, 1);
	pv_pages_free(other, 1);
}
