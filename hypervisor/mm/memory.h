/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mm/ keeps of a domain and of a vCPU (embedded in struct domain and struct vcpu), and what
 * the rooms above call. The frame table and the type machine are in frame.h and types.h of mm/.
 */
#ifndef MM_MEMORY_H
#define MM_MEMORY_H

#include <xen/xen.h>
#include <lib/list.h>
#include <lib/types.h>
#include <x86/cpu.h>
#include <x86/spinlock.h>

struct page; /* frame-table entry, mm/frame.h */

/* Pages linked through the frame table; frame number 0 ends the list (frame 0 is never owned). */
struct page_list {
	u32 first;
};

struct mfn_range {
	u64 first, last; /* inclusive */
};
#define MAX_IOMEM_RANGES 32

struct domain_memory {
	domid_t domid;
	bool privileged;	       /* may name foreign domains, map MMIO */
	bool dying;		       /* no new references for the guest's sake */
	struct spinlock lock;	       /* lists and counts below */
	struct page_list pages;	       /* frames that count towards tot_pages */
	struct page_list settled;      /* the same, once relinquish has dealt with them */
	struct page_list shared_pages; /* hypervisor's frames shared with the domain (shared_info,
					  grant table) */
	u64 tot_pages, max_pages;
	u64 vm_assist;		   /* VMASST_TYPE_* bits in force */
	struct cpumask dirty_cpus; /* CPUs that may hold translations of this domain; atomic */
	u32 window_tables;	   /* L3, L2 and L1 tables of its windows, one behind the other: */
	u64 *perdomain_l3;	   /* L4 slot 259 of each of its roots, see mm/root.h */
	struct mfn_range iomem[MAX_IOMEM_RANGES]; /* MMIO frames it may map */
	unsigned iomem_ranges;
	bool last_page_gone; /* hook_last_page_gone() was called */
};

struct vcpu_memory {
	struct domain_memory *domain;
	unsigned vcpu_id;
	u64 cr3_kernel, cr3_user; /* full CR3 values; cr3_user is 0 where none was set */
	struct page *root_kernel, *root_user; /* each holds a typed reference */
	struct page *deferred; /* a table whose type reference is still being dropped (preempted) */
	u32 ldt_mapped;	       /* LDT window slots in use, each with a descriptor type reference */
};

/* --- life cycle; core/ calls --- */

/** Prepare a domain's memory: perdomain tables, for so many vCPUs. 0 or -ENOMEM. */
int mm_domain_init(struct domain_memory *dm, domid_t domid, bool privileged, unsigned vcpus);
/**
 * Give up every page of a dying domain, roots and pins included. Preemptible: -XEN_ERESTART means
 * call again; 0: nothing is left but pages that others still refer to (they return when put).
 */
int mm_domain_relinquish(struct domain_memory *dm);
/** Free what mm_domain_init() made. The domain has no pages and no vCPU is on any CPU. */
void mm_domain_destroy(struct domain_memory *dm);
/** Drop the vCPU's roots; it runs nowhere. Preemptible like relinquish. */
int mm_vcpu_drop_roots(struct vcpu_memory *vm);

/* --- references --- */

/** The frame, with a general reference, if it is RAM that dm owns; otherwise NULL. */
struct page *mm_get_page(mfn_t m, struct domain_memory *dm);
void mm_put_page(struct page *pg); /* the last one frees the frame */
/** Same, as a writable page (for rings, runstate areas, grant copies): put it with type_put(). */
struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm);
/**
 * Drop a typed reference; with the last one a table is taken apart, and if nothing else holds it
 * the frame is freed. 0; -XEN_ERESTART: preempted, the caller still has the reference and puts it
 * again. Types other than L2..L4 are never preempted.
 */
int type_put(struct page *pg);
/** 2^order zeroed machine-contiguous frames below frame number limit (~0: anywhere), owned by dm
 * and counted, for the M2P table from pfn on (INVALID_M2P_ENTRY: nowhere); or NULL. Another vCPU
 * of dm may give them back before this returns. */
struct page *mm_alloc_domain_pages(struct domain_memory *dm, unsigned order, u64 limit, u64 pfn);
/** The owner, without a reference (so it lives as long as one is held); NULL: no domain. */
struct domain_memory *mm_page_owner(const struct page *pg);
mfn_t page_to_mfn(const struct page *pg);
/** Hypervisor mapping of RAM (direct map). */
void *page_to_virt(const struct page *pg);

/* --- hypervisor's own memory: blocks of frames and small objects (mm/frame.h) --- */

/** 2^order zeroed contiguous frames in the direct map, or NULL. */
void *heap_pages(unsigned order);
void heap_pages_free(void *va, unsigned order);
/** Zeroed bytes, 16-byte aligned, or NULL. */
void *heap_alloc(size_t size);
void heap_free(void *p); /* NULL is fine */
u64 heap_free_pages(void);

/** One hypervisor page given to a domain to map (RW or RO); it stays until mm_unshare_page(). */
struct page *mm_share_new_page(struct domain_memory *dm, bool readonly);
/** The hypervisor's own reference ends; the frame is freed when the guest's last mapping goes. */
void mm_unshare_page(struct page *pg);

/* --- page tables --- */

/** Install L4 table m (it is validated) as kernel or user root; mfn(0): no user root. 0 or a
 * negative errno; -XEN_ERESTART when preempted. */
int mm_set_root(struct vcpu_memory *vm, mfn_t m, bool user);
/** How often an L4 table became valid or an entry of one was written: counted after it was, before
 * the old entry's reference is dropped. For who has a copy. */
extern u64 mm_root_changes;

/**
 * Map a granted frame for the caller's vCPU at host_addr: a virtual address whose L1 entry exists
 * in its current tables, or (contains_pte) the machine address of an L1 entry that it owns. flags:
 * further PTE bits (_PAGE_*; RW is decided by writable). The entry takes its own references on the
 * frame; the caller holds one during the call. Returns GNTST_*.
 */
int mm_grant_map(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		 bool writable, u64 flags);
/** Undo: the entry must still map frame. new_addr != 0: GNTTABOP_unmap_and_replace. GNTST_*. No TLB
 * flush: the caller batches it. */
int mm_grant_unmap(struct vcpu_memory *vm, u64 host_addr, bool contains_pte, mfn_t frame,
		   bool writable, u64 new_addr);

/** Bind a frame into a vCPU's descriptor window: slot 0..15 GDT pages, 16..31 LDT pages. mfn(~0):
 * remove. */
void mm_window_set(struct vcpu_memory *vm, unsigned slot, mfn_t m);
/** May a guest have this descriptor? Its DPL is raised to 3 if so. False: a system descriptor. */
bool mm_descriptor_fix(u64 *descriptor);
/** do_update_descriptor: write one at machine address maddr of the caller's own memory. 0, -errno,
 * -XEN_ERESTART. */
int mm_update_descriptor(struct vcpu_memory *vm, paddr_t maddr, u64 descriptor);
/** Bring LDT page `index` in on a fault at the LDT window. True if it now is mapped. */
bool mm_ldt_fault(struct vcpu_memory *vm, unsigned index);
void mm_ldt_drop(struct vcpu_memory *vm); /* unmap all LDT window pages */

/** Machine address of a guest virtual address through its kernel's tables, whatever mode it is in;
 * ~0 if not mapped. */
paddr_t mm_walk(struct vcpu_memory *vm, u64 va);

/**
 * Page fault of the running guest at va, error code ec: if writable page tables are on and va is
 * one of its own L1 page tables mapped read-only, pv/ decodes the instruction and calls
 * mm_ptwr_write().
 */
bool mm_ptwr_candidate(struct vcpu_memory *vm, u64 va);
/** Do the write: size 1..8 bytes within one entry. *expected: what must be there (out: what is
 * there instead, and nothing was written); NULL: whatever. 0, -errno. */
int mm_ptwr_write(struct vcpu_memory *vm, u64 va, u64 *expected, u64 value, unsigned size);
/** Fault explained by something that mm/ has already mended (spurious, lazily synchronised). */
bool mm_fault_spurious(struct vcpu_memory *vm, u64 va, u32 ec);

/* --- hypercalls; arguments as in the ABI, see core/hypercall.h for preemption --- */
long do_mmu_update(u64 requests, u64 count, u64 done, u64 domain);
long do_mmuext_op(u64 ops, u64 count, u64 done, u64 domain);
long do_update_va_mapping(u64 va, u64 entry, u64 flags);
long do_update_va_mapping_otherdomain(u64 va, u64 entry, u64 flags, u64 domain);

/* --- auditor (invariant 6) --- */
struct parapet_audit; /* xen/parapet.h */
/** Recount everything from tables, grants and lists. Stops all other CPUs' guests while it runs. */
void mm_audit(struct parapet_audit *out);

#endif
