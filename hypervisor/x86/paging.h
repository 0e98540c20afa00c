/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own page tables: built once at boot, shared by every root through L4 slots
 * 256..271. */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include <lib/types.h>

#define PTE_PRESENT  BIT(0)
#define PTE_WRITE    BIT(1)
#define PTE_USER     BIT(2)
#define PTE_PCD	     BIT(4)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_LARGE    BIT(7)
#define PTE_GLOBAL   BIT(8)
#define PTE_NX	     BIT(63)
#define PTE_ADDRESS  0x000ffffffffff000UL

#define MAP_RX (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define MAP_RO (MAP_RX | PTE_NX)
#define MAP_RW (MAP_RO | PTE_WRITE | PTE_DIRTY)
#define MAP_IO (MAP_RW | PTE_PCD)

/** The root that maps the hypervisor and no guest; slot 259 is empty. Guests' roots copy its slots.
 */
extern u64 *master_l4;
extern u64 master_cr3;

/** Build the final tables from machine_ram and switch to them. head.S's identity map ends here. */
void paging_init(paddr_t load_address);
/** Frame table (entries of entry_size bytes, zeroed) and M2P table (all ones) for machine_ram. */
void paging_init_tables(size_t entry_size);
/** Show the M2P table to guests, and hand its frames to piece(): index of the 2-MiB piece, first
 * frame, frames. */
void paging_share_m2p(void (*piece)(unsigned index, mfn_t first, unsigned frames));

/** Map size bytes at va with the largest pages that fit. Boot only: tables come from early_alloc().
 */
void paging_map(u64 va, paddr_t pa, u64 size, u64 flags);
/** Map the page at va, as all roots do, in another, which is made where *cr3 is 0. Boot only. */
void paging_show(u64 *cr3, u64 va);
/** Map device registers for good; uncached. Any time; panics when the window (16 MiB) is full. */
void *map_mmio(paddr_t pa, size_t size);

/** Machine address of something in the image. */
paddr_t image_to_phys(const void *p);

/** RAM by machine address, in the direct map. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(0xffff830000000000UL + pa);
}

#endif
