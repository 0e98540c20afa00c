/* SPDX-License-Identifier: MIT */
/* What the parts of the SDK know of each other: not for guests. */
#ifndef PV_INTERNAL_H
#define PV_INTERNAL_H

#include <pv/spinlock.h>
#include <pv/trap.h>
#include <pv/types.h>

/* Ends of the image's parts, set by guest.ld; page-aligned. */
extern char pv_text_start[], pv_text_end[], pv_rodata_end[], pv_image_end[];
extern char pv_stack_guard[], pv_stack_bottom[], pv_stack_top[];

/* First-fit allocator of numbers 0..size-1; a set bit is a number in use. */
struct pv_bitmap {
	uint64_t *words;
	unsigned long size;
	unsigned long hint; /* nothing below is free */
	unsigned long free;
	struct pv_spinlock lock;
};

#define PV_BITMAP_NONE (~0UL)

/* words must hold size bits; everything starts in use. */
void pv_bitmap_init(struct pv_bitmap *map, uint64_t *words, unsigned long size);
/* count consecutive free numbers become used; the first of them, or PV_BITMAP_NONE. */
unsigned long pv_bitmap_take(struct pv_bitmap *map, unsigned long count);
/* count numbers from first, all in use, become free. */
void pv_bitmap_give(struct pv_bitmap *map, unsigned long first, unsigned long count);

void pv_mm_init(void);
void pv_vmap_init(void);
void pv_trap_init(void);
void pv_event_init(void);
void pv_time_init(void);
void pv_thread_init(void);
void pv_vcpu_init_first(void);
/* Output works from here on; input and blocking after pv_console_init(). */
void pv_console_find(void);
void pv_console_init(void);
void pv_console_drain(void);
void pv_start(struct start_info *si) __attribute__((noreturn));

/* Entry points of entry.S: 256 stubs of 16 bytes, and the three callbacks. */
extern char pv_entry_vectors[], pv_entry_event[], pv_entry_failsafe[], pv_entry_syscall[];
#define PV_ENTRY_STUB 16

/* Continue with regs, which lies on the present stack and is used up. */
void pv_regs_return(struct pv_regs *regs) __attribute__((noreturn));
/* Called by entry.S with events masked. */
void pv_trap_dispatch(struct pv_regs *regs);
/* The trap table, for a vCPU that is being started. */
void pv_trap_table_copy(struct trap_info *table);

void pv_context_switch(uintptr_t *save_sp, uintptr_t load_sp);
void pv_thread_begin(void);
/* The context of a vCPU that runs no threads, so that errno and locks work there. */
struct pv_thread *pv_thread_for_vcpu(const char *name);

/* The queues of page-table changes: that of vCPU 0, and one for another vCPU (NULL: no memory). */
struct pv_mmu_queue;
struct pv_mmu_queue *pv_mmu_queue_first(void);
struct pv_mmu_queue *pv_mmu_queue_create(void);

/* Make table (a linear address; a page filled as wanted) what the entry of va at level points to.
 */
int pv_table_hook(uintptr_t va, unsigned int level, void *table);

#endif
