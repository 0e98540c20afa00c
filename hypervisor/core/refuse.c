/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals: counted per domain and reason, told in one line each, at a bounded rate. */
#include <core/domain.h>
#include <x86/time.h>

#define WINDOW_NS    5000000000UL
#define WINDOW_LINES 30u

static struct spinlock refuse_lock = SPINLOCK_INIT;

/* May this domain log one more line now? Tells how many it was not allowed before. */
static bool may_tell(struct domain *d)
{
	u64 now = now_ns();
	u32 missed = 0;

	spin_lock(&refuse_lock);
	if (now - d->refusal_window_ns >= WINDOW_NS) {
		missed = MAX(d->refusals_in_window, WINDOW_LINES) - WINDOW_LINES;
		d->refusal_window_ns = now;
		d->refusals_in_window = 0;
	}
	bool tell = d->refusals_in_window++ < WINDOW_LINES;

	spin_unlock(&refuse_lock);
	if (missed)
		printk(LOG_GUEST_WARN, "d%u: %u further refusals not told\n", d->mem.domid, missed);
	return tell;
}

/* "d3v0 mmu_update[17]: …"; the index, of a batch or a multicall, where it is not 0. */
static void tell(const struct vcpu *v, const char *text)
{
	u32 vector = guest_regs()->entry_vector, index = this_cpu()->batch_index;
	char where[24] = "";

	if (vector != ENTRY_SYSCALL)
		snprintk(where, sizeof(where), "vector %u", vector);
	else if (index)
		snprintk(where, sizeof(where), "[%u]", index);
	printk(LOG_GUEST_WARN, "d%uv%u %s%s: %s\n", v->domain->mem.domid, v->vcpu_id,
	       vector == ENTRY_SYSCALL ? hypercall_name(this_cpu()->hypercall) : "", where, text);
}

long refuse_as(long err, enum refusal why, const char *fmt, ...)
{
	const struct vcpu *v = current_vcpu();
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintk(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!v || !v->domain) {
		printk(LOG_WARN, "%s\n", text); /* dom0's builder, at boot */
		return err;
	}
	__atomic_fetch_add(&v->domain->refusals[REFUSAL_COUNTED(why)], 1, __ATOMIC_RELAXED);
	if (may_tell(v->domain))
		tell(v, text);
	return err;
}
