/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request at a time is posted for all CPUs of a mask; each does it when it next polls its
 * mailbox (any busy wait, the inter-CPU interrupt) and clears its bit.
 *
 * The clock: a flush takes its time before it begins, a frame's stamp is read after its last use
 * has ended; so a CPU whose flush has a later time than the stamp has nothing of that use left. A
 * flush moves the clock on only if it was read since: mostly, a system call's two do not.
 * When the 32-bit clock has gone round it stays at 0, and every CPU is told to flush whenever one
 * is asked for, until all CPUs were flushed together; then it starts anew at 1, and stamps beyond
 * the clock are known to be of the old round.
 *
 * PCIDs: a vCPU's kernel root is loaded as 0, its user root as 1; with xpti its guests run as 2 and
 * 3 (xpti.c). A flush concerns the current one at once, and is counted: any other that was in use
 * before is flushed as it is loaded next. So what is said above of a CPU's translations holds.
 */
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/spinlock.h>
#include <x86/tlb.h>

static struct spinlock request_lock = SPINLOCK_INIT;
static u64 request_cpus; /* still to do it */
static u64 request_page; /* or TLB_ALL */

static u32 clock = 1;
static bool clock_read; /* since it last went on: only then does it need to */

u32 tlb_clock_now(void)
{
	if (!READ_ONCE(clock_read))
		WRITE_ONCE(clock_read, true);
	return __atomic_load_n(&clock, __ATOMIC_SEQ_CST);
}

u64 read_cr3(void)
{
	u64 v;

	asm volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}

inline void write_cr3(u64 cr3)
{
	u32 t = __atomic_load_n(&clock, __ATOMIC_SEQ_CST);

	/*
	 * No stamp is of a later time than the clock's, so the flush that begins now is later than
	 * all of them. Should another CPU take one right now, this is one advance too few: a flush
	 * too many.
	 */
	if (unlikely(READ_ONCE(clock_read))) {
		WRITE_ONCE(clock_read, false);
		while (t && !__atomic_compare_exchange_n(&clock, &t, t + 1, false, __ATOMIC_SEQ_CST,
							 __ATOMIC_RELAXED))
			;
		t += t != 0;
	}
	this_cpu()->tlb_flushes++;
	load_cr3(cr3);
	WRITE_ONCE(this_cpu()->tlb_flushed, t);
}

inline void toggle_cr3(u64 root, bool user)
{
	if (!cpu_has_pcid) {
		write_cr3(root);
		return;
	}
	struct cpu *c = this_cpu();
	u64 left = c->left_cr3;

	c->left_cr3 = read_cr3();
	root |= user;
	load_cr3(root == left && c->left_at == c->tlb_flushes ? root | CR3_NO_FLUSH : root);
	c->left_at = c->tlb_flushes;
}

void tlb_flush_local(u64 page)
{
	if (page == TLB_ALL) {
		write_cr3(read_cr3());
	} else {
		this_cpu()->tlb_flushes++;
		invlpg(page);
	}
}

void tlb_serve_mailbox(void)
{
	u64 me = BIT(this_cpu()->id);

	if (likely(!(__atomic_load_n(&request_cpus, __ATOMIC_ACQUIRE) & me)))
		return;
	tlb_flush_local(request_page);
	__atomic_fetch_and(&request_cpus, ~me, __ATOMIC_RELEASE);
}

void tlb_flush_mask(struct cpumask mask, u64 page)
{
	u64 me = BIT(this_cpu()->id), online = ~0UL >> (64 - cpu_count), others;
	u32 now = __atomic_load_n(&clock, __ATOMIC_SEQ_CST);

	if (!now) {
		mask.bits = online;
		page = TLB_ALL;
	}
	others = mask.bits & online & ~me;
	if (mask.bits & me)
		tlb_flush_local(page);
	if (others) {
		/* spin_lock() serves this CPU's mailbox: the holder may be waiting for us. */
		spin_lock(&request_lock);
		request_page = page;
		__atomic_store_n(&request_cpus, others, __ATOMIC_SEQ_CST);
		for (u64 m = others; m; m &= m - 1)
			apic_send(cpus[__builtin_ctzl(m)]->apic_id, VECTOR_IPI);
		while (__atomic_load_n(&request_cpus, __ATOMIC_ACQUIRE))
			pause();
		spin_unlock(&request_lock);
	}
	/* All were flushed together. Another CPU may have begun the new round already. */
	if (!now)
		__atomic_compare_exchange_n(&clock, &now, 1, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
}

struct cpumask tlb_filter(struct cpumask mask, u32 stamp)
{
	u32 now = __atomic_load_n(&clock, __ATOMIC_SEQ_CST);
	struct cpumask left = {0};

	if (!now)
		return mask;
	for (u64 m = stamp > now ? 0 : mask.bits; m; m &= m - 1) {
		unsigned id = __builtin_ctzl(m);

		if (id < cpu_count && READ_ONCE(cpus[id]->tlb_flushed) <= stamp)
			left.bits |= BIT(id);
	}
	return left;
}

void cache_flush_all(void)
{
	asm volatile("wbinvd" ::: "memory");
}
