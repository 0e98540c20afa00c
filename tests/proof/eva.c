/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arbitrary hypercalls on the real sources of mm/, for Frama-C EVA: a machine of a few frames and
 * two domains, any calls in any order with any arguments, and guests that write anything into any
 * frame meanwhile (into page tables too, so what mm/ checked before is no help to it).
 */
#include <mm/mmu_update.c> /* its functions are called by themselves too */
#include <xen/grant_table.h>
#include <core/hypercall.h>
#include <mm/hooks.h>
#include <mm/root.h>
#include <mm/table.h>
#include <mm/target.h>
#include <x86/context.h>
#include <x86/tlb.h>

#include <__fc_builtin.h>

//@ assigns \nothing; ensures \false;
void proof_stop(void);

static struct page table[PROOF_FRAMES];
struct page *const proof_frames = table;
u64 proof_m2p[PROOF_FRAMES], proof_ram[PROOF_FRAMES * TABLE_ENTRIES];

static volatile u64 any;
/* Which call is looked at: -DCALL=CALL_... */
enum {
	CALL_mmu_update,
	CALL_mmu_update_open,
	CALL_mmuext_op,
	CALL_update_va_mapping,
	CALL_update_va_mapping_otherdomain,
	CALL_update_descriptor,
	CALL_ldt_fault,
	CALL_ptwr_candidate,
	CALL_ptwr_write,
	CALL_fault_spurious,
	CALL_grant_map,
	CALL_grant_unmap,
	CALL_set_root,
	CALL_drop_roots,
	CALL_walk,
	CALL_relinquish,
	CALL_alloc_pages,
	CALL_share_page,
	CALL_descriptor_fix,
	CALL_tables,
	CALL_settle,
};

#define u32_any() Frama_C_unsigned_int_interval(0, ~0u)
static u64 master[TABLE_ENTRIES];
static u64 windows[2][(2 + 4) * TABLE_ENTRIES];
static struct domain_memory domains[2];
static struct vcpu_memory vcpus[2];
static struct cpu cpu;

/* --- what is not mm/ --- */

u32 cpu_count = 2;

u64 proof_load(u64 value)
{
	if (value >= (u64)(TABLE_ENTRIES + 1) << PROGRESS_SHIFT)
		proof_stop();
	return value;
}

struct cpu *this_cpu(void)
{
	return &cpu;
}

void cpu_relax(void)
{
}

void spin_lock(struct spinlock *l)
{
}

void spin_unlock(struct spinlock *l)
{
}

void panic(const char *fmt, ...)
{
	proof_stop();
}

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	return err;
}

u64 read_cr3(void)
{
	return any;
}

void write_cr3(u64 cr3)
{
}

void tlb_flush_local(u64 page)
{
}

void tlb_flush_mask(struct cpumask mask, u64 page)
{
}

u32 tlb_clock_now(void)
{
	return u32_any();
}

struct cpumask tlb_filter(struct cpumask mask, u32 stamp)
{
	return (struct cpumask){mask.bits & any};
}

void cache_flush_all(void)
{
}

#undef copy_from_guest
bool copy_from_guest(void *dst, u64 src, size_t size)
{
	Frama_C_make_unknown(dst, size);
	return any & 1;
}

bool copy_to_guest(u64 dst, const void *src, size_t size)
{
	return any & 1;
}

bool hypercall_preempt_check(void)
{
	return any & 1;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	return HYPERCALL_PREEMPTED;
}

u64 hypercall_done(void)
{
	return any;
}

struct domain_memory *hook_get_domain(domid_t domid)
{
	return domid < 2 ? &domains[domid] : NULL;
}

void hook_put_domain(struct domain_memory *dm)
{
}

void hook_last_page_gone(struct domain_memory *dm)
{
}

void hook_get_ldt(struct vcpu_memory *vm, u64 *base, unsigned *entries)
{
	*base = any;
	*entries = u32_any();
}

void hook_set_ldt(struct vcpu_memory *vm, u64 base, unsigned entries)
{
}

struct cpumask hook_vcpu_cpus(struct domain_memory *dm, u64 bits)
{
	return (struct cpumask){any};
}

void heap_free_frames(mfn_t first, u64 count)
{
	//@ check first.n < PROOF_FRAMES;
}

struct page *heap_take(unsigned order, u64 limit)
{
	u64 frame = any;

	if (order || frame >= PROOF_FRAMES)
		return NULL;
	return &table[frame];
}

void *heap_pages(unsigned order)
{
	return NULL;
}

void heap_pages_free(void *va, unsigned order)
{
}

/* --- the machine, in any state of this shape --- */

/*@ predicate shape =
	(\forall integer i; 0 <= i < PROOF_FRAMES ==> table[i].next < PROOF_FRAMES &&
		table[i].prev < PROOF_FRAMES) &&
	(\forall integer i; 0 <= i < 2 ==> domains[i].pages.first < PROOF_FRAMES &&
		domains[i].settled.first < PROOF_FRAMES &&
		domains[i].shared_pages.first < PROOF_FRAMES);
*/

static void any_frame_state(struct page *pg)
{
	const u16 owners[] = {0, 1, OWNER_NONE};

	pg->type = proof_load(any);
	pg->count = Frama_C_unsigned_int_interval(0, ~0u);
	pg->tlb_stamp = Frama_C_unsigned_int_interval(0, ~0u);
	pg->next = Frama_C_interval(0, PROOF_FRAMES - 1);
	pg->prev = Frama_C_interval(0, PROOF_FRAMES - 1);
	pg->owner = owners[Frama_C_interval(0, 2)];
	pg->flags = 2 * Frama_C_interval(0, 127) + PAGE_RAM;
}

static void any_list(struct page_list *l)
{
	l->first = Frama_C_interval(0, PROOF_FRAMES - 1);
}

/** What other operations, and guests that write into every frame, may do meanwhile. */
static void anything_happens(void)
{
	Frama_C_make_unknown((char *)proof_ram, sizeof(proof_ram));
	Frama_C_make_unknown((char *)proof_m2p, sizeof(proof_m2p));
	for (unsigned i = 2; i < PROOF_FRAMES; i++) /* frame 1 stays what it is: the M2P table */
		any_frame_state(&table[i]);
	for (unsigned i = 0; i < 2; i++) {
		any_list(&domains[i].pages);
		any_list(&domains[i].settled);
		any_list(&domains[i].shared_pages);
		domains[i].tot_pages = any;
		domains[i].dying = any & 1;
		domains[i].last_page_gone = any & 1;
	}
}

static void boot(void)
{
	struct page *const maybe[] = {NULL, &table[2], &table[3], &table[4]};
	const struct mem_region ram = {PAGE_SIZE, PROOF_FRAMES * PAGE_SIZE};

	mm_boot_init(&ram, 1, 40);
	Frama_C_make_unknown((char *)master, sizeof(master));
	mm_boot_root(master);
	mm_boot_m2p(0, mfn(1), 1);
	for (unsigned i = 0; i < 2; i++) {
		domains[i].domid = i;
		domains[i].privileged = any & 1;
		domains[i].max_pages = any;
		domains[i].vm_assist = any;
		domains[i].iomem_ranges = Frama_C_interval(0, MAX_IOMEM_RANGES);
		Frama_C_make_unknown((char *)domains[i].iomem, sizeof(domains[i].iomem));
		domains[i].perdomain_l3 = windows[i];
		domains[i].window_tables = 2 + 4;
		domain_memories[i] = &domains[i];
		vcpus[i].domain = &domains[i];
		vcpus[i].vcpu_id = 0;
		vcpus[i].cr3_kernel = any;
		vcpus[i].cr3_user = any;
		vcpus[i].root_kernel = maybe[Frama_C_interval(0, PROOF_FRAMES - 2)];
		vcpus[i].root_user = maybe[Frama_C_interval(0, PROOF_FRAMES - 2)];
		vcpus[i].deferred = maybe[Frama_C_interval(0, PROOF_FRAMES - 2)];
		vcpus[i].ldt_mapped = Frama_C_interval(0, 0xffff);
	}
	/* What is in the windows is the hypervisor's choice: RAM. */
	for (unsigned slot = 0; slot < DESCRIPTOR_WINDOW_PAGES; slot++) {
		*window_entry(&domains[0], 0, slot) = (u64)Frama_C_interval(2, 4) << PAGE_SHIFT;
		*window_entry(&domains[1], 0, slot) = (u64)Frama_C_interval(2, 4) << PAGE_SHIFT;
	}
}

/* --- the calls --- */

/* types.c calls these in place of table_validate() and table_invalidate(), which are looked at by
 * themselves: so no function is below itself. */
int proof_lower(struct page *pg, unsigned level, unsigned *progress)
{
	//@ check 1 <= level <= 4 && *progress <= 512;
	anything_happens();
	*progress = Frama_C_interval(0, TABLE_ENTRIES);
	return any & 1 ? 0 : any & 1 ? -XEN_ERESTART : -XEN_EINVAL;
}

/* In place of type_settle() for a caller that holds a reference: so the frame keeps its owner. */
int proof_settle(struct page *pg)
{
	u16 owner = pg->owner;

	anything_happens();
	pg->owner = owner;
	return any & 1 ? 0 : -XEN_ERESTART;
}

static void walk_table(u64 frame)
{
	unsigned progress = Frama_C_interval(0, TABLE_ENTRIES), level = Frama_C_interval(1, 4);
	mfn_t m = mfn(frame);
	struct page *pg = frame_of_ram(m);

	if (!pg)
		return;
	pg->owner = any & 1;
	if (any & 1)
		table_validate(pg, level, &progress);
	else
		table_invalidate(pg, level, &progress);
	//@ check progress <= 512;
}

/** The second request of a batch, and all that follow: a table may be open. */
static void request_on_open_table(struct vcpu_memory *vm, mfn_t m)
{
	struct mmu_update request = {any, any};
	struct update_run run = {vm->domain, &domains[any & 1]};

	if (!table_open(&run.table, m, vm->domain, 4))
		return;
	one_request(&run, &request);
	table_close(&run.table);
}

static void anything(struct vcpu_memory *vm)
{
	u64 expected = any, descriptor = any, frame = any;

	switch (CALL) {
	case CALL_mmu_update:
		do_mmu_update(any, 1, any, any);
		break;
	case CALL_mmuext_op:
		do_mmuext_op(any, 1, any, any);
		break;
	case CALL_mmu_update_open:
		request_on_open_table(vm, mfn(frame));
		break;
	case CALL_update_va_mapping:
		do_update_va_mapping(any, any, any);
		break;
	case CALL_update_va_mapping_otherdomain:
		do_update_va_mapping_otherdomain(any, any, any, any);
		break;
	case CALL_update_descriptor:
		mm_update_descriptor(vm, any, any);
		break;
	case CALL_ldt_fault:
		mm_ldt_fault(vm, u32_any());
		break;
	case CALL_ptwr_candidate:
		mm_ptwr_candidate(vm, any);
		break;
	case CALL_ptwr_write:
		mm_ptwr_write(vm, any, any & 1 ? &expected : NULL, any, u32_any());
		break;
	case CALL_fault_spurious:
		mm_fault_spurious(vm, any, u32_any());
		break;
	case CALL_grant_map:
		if (frame > 0 && frame < PROOF_FRAMES) /* the grant table holds it */
			mm_grant_map(vm, any, any & 1, mfn(frame), any & 1, any);
		break;
	case CALL_grant_unmap:
		mm_grant_unmap(vm, any, any & 1, mfn(frame), any & 1, any);
		break;
	case CALL_set_root:
		mm_set_root(vm, mfn(frame), any & 1);
		break;
	case CALL_drop_roots:
		mm_vcpu_drop_roots(vm);
		break;
	case CALL_walk:
		mm_walk(vm, any);
		break;
	case CALL_relinquish:
		vm->domain->dying = true;
		mm_domain_relinquish(vm->domain);
		break;
	case CALL_alloc_pages:
		mm_alloc_domain_pages(vm->domain, 0, any, any);
		break;
	case CALL_share_page:
		mm_share_new_page(vm->domain, any & 1);
		break;
	case CALL_descriptor_fix:
		mm_descriptor_fix(&descriptor);
		break;
	case CALL_settle:
		type_settle(&table[Frama_C_interval(2, 4)]);
		break;
	case CALL_tables:
		walk_table(frame);
		break;
	}
}

int main(void)
{
	unsigned who = any & 1;

	boot();
	anything_happens();
	cpu.current_memory = &vcpus[who];
	anything(&vcpus[who]);
	//@ check shape;
	return 0;
}
