/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals: counted per domain and reason, told in one line each, at a bounded rate. */
#include <xen/xen.h>
#include <core/domain.h>
#include <x86/time.h>

#define WINDOW_NS    5000000000UL
#define WINDOW_LINES 30u

static struct spinlock refuse_lock = SPINLOCK_INIT;

static bool batched(u32 nr)
{
	return nr == __HYPERVISOR_mmu_update || nr == __HYPERVISOR_mmuext_op ||
	       nr == __HYPERVISOR_grant_table_op || nr == __HYPERVISOR_multicall;
}

/* May this domain log one more line now? Tells how many it was not allowed before. */
static bool may_tell(struct domain *d)
{
	u64 now = now_ns();
	u32 suppressed = 0;
	bool tell;

	spin_lock(&refuse_lock);
	if (now - d->refusal_window_ns >= WINDOW_NS) {
		if (d->refusals_in_window > WINDOW_LINES)
			suppressed = d->refusals_in_window - WINDOW_LINES;
		d->refusal_window_ns = now;
		d->refusals_in_window = 0;
	}
	tell = d->refusals_in_window++ < WINDOW_LINES;
	spin_unlock(&refuse_lock);
	if (suppressed)
		printk(LOG_GUEST_WARN, "d%u: %u further refusals were not told\n", d->mem.domid, suppressed);
	return tell;
}

static void tell(const struct vcpu *v, const char *text)
{
	const struct cpu *c = this_cpu();
	const struct cpu_regs *regs = guest_regs();

	if (regs->entry_vector != ENTRY_SYSCALL)
		printk(LOG_GUEST_WARN, "d%uv%u vector %u: %s\n", v->domain->mem.domid, v->vcpu_id,
		       regs->entry_vector, text);
	else if (batched(c->hypercall))
		printk(LOG_GUEST_WARN, "d%uv%u %s[%u]: %s\n", v->domain->mem.domid, v->vcpu_id,
		       hypercall_name(c->hypercall), c->batch_index, text);
	else
		printk(LOG_GUEST_WARN, "d%uv%u %s: %s\n", v->domain->mem.domid, v->vcpu_id,
		       hypercall_name(c->hypercall), text);
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
