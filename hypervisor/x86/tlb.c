/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request at a time is posted for all CPUs of a mask; each does it when it next polls its
 * mailbox (any busy wait, the inter-CPU interrupt) and clears its bit.
 *
 * The clock: a flush takes its time before it begins, a frame's stamp is read after its last use
 * has ended; so a CPU whose flush has a later time than the stamp has nothing of that use left.
 * When the 32-bit clock has gone round it stays at 0, and every CPU is told to flush whenever one
 * is asked for, until all CPUs were flushed together; then it starts anew at 1, and stamps beyond
 * the clock are known to be of the old round.
 */
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/context.h>
#include <x86/descriptors.h>
#include <x86/spinlock.h>
#include <x86/tlb.h>

enum flush_kind { FLUSH_ALL, FLUSH_PAGE };

static struct spinlock request_lock = SPINLOCK_INIT;
static u64 request_cpus; /* still to do it */
static enum flush_kind request_kind;
static u64 request_page;

static u32 clock = 1;

static u32 clock_tick(void)
{
	u32 t = __atomic_load_n(&clock, __ATOMIC_RELAXED);

	while (t && !__atomic_compare_exchange_n(&clock, &t, t + 1, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_RELAXED))
		;
	return t ? t + 1 : 0;
}

u32 tlb_clock_now(void)
{
	return __atomic_load_n(&clock, __ATOMIC_SEQ_CST);
}

void write_cr3(u64 cr3)
{
	u32 t = clock_tick();

	set_cr3(cr3);
	WRITE_ONCE(this_cpu()->tlb_flushed, t);
}

u64 read_cr3(void)
{
	return get_cr3();
}

void tlb_flush_local(void)
{
	write_cr3(get_cr3());
}

void tlb_flush_local_page(u64 va)
{
	invlpg(va);
}

static void flush(enum flush_kind kind, u64 page)
{
	if (kind == FLUSH_PAGE)
		invlpg(page);
	else
		tlb_flush_local();
}

void tlb_serve_mailbox(void)
{
	u64 me = __atomic_load_n(&request_cpus, __ATOMIC_ACQUIRE);

	if (likely(!me))
		return;
	me &= BIT(this_cpu()->id);
	if (!me)
		return;
	flush(request_kind, request_page);
	__atomic_fetch_and(&request_cpus, ~me, __ATOMIC_RELEASE);
}

static void post(u64 others, enum flush_kind kind, u64 page)
{
	request_kind = kind;
	request_page = page;
	__atomic_store_n(&request_cpus, others, __ATOMIC_SEQ_CST);
	for (u64 m = others; m; m &= m - 1)
		apic_send_ipi(cpus[__builtin_ctzl(m)], VECTOR_IPI);
	while (__atomic_load_n(&request_cpus, __ATOMIC_ACQUIRE))
		pause();
}

static void flush_cpus(u64 mask, enum flush_kind kind, u64 page)
{
	u64 me = BIT(this_cpu()->id), online = cpu_count == 64 ? ~0UL : BIT(cpu_count) - 1;
	bool new_round = !tlb_clock_now();

	if (new_round) {
		mask = online;
		kind = FLUSH_ALL;
	}
	mask &= online;
	if (mask & me)
		flush(kind, page);
	if (!(mask & ~me))
		goto out;
	/* spin_lock() serves this CPU's mailbox: the holder may be waiting for us. */
	spin_lock(&request_lock);
	post(mask & ~me, kind, page);
	spin_unlock(&request_lock);
out:
	if (new_round) {
		u32 zero = 0;

		__atomic_compare_exchange_n(&clock, &zero, 1, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
	}
}

void tlb_flush_mask(struct cpumask mask)
{
	flush_cpus(mask.bits, FLUSH_ALL, 0);
}

void tlb_flush_mask_page(struct cpumask mask, u64 va)
{
	flush_cpus(mask.bits, FLUSH_PAGE, va);
}

struct cpumask tlb_filter(struct cpumask mask, u32 stamp)
{
	u32 now = tlb_clock_now();
	struct cpumask left = {0};

	if (!now)
		return mask;
	if (stamp > now)
		return left;
	for (u64 m = mask.bits; m; m &= m - 1) {
		unsigned id = __builtin_ctzl(m);

		if (id < cpu_count && READ_ONCE(cpus[id]->tlb_flushed) <= stamp)
			left.bits |= BIT(id);
	}
	return left;
}
