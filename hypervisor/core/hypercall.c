/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of hypercalls, and preemption. */
#include <core/calls.h>
#include <pv/pv.h>
#include <x86/time.h>

long hypercall_none(void)
{
	u32 nr = this_cpu()->hypercall;
	u64 bit = nr < HYPERCALLS ? BIT(nr) : 1UL;

	if (__atomic_fetch_or(&current_domain()->unknown_calls, bit, __ATOMIC_RELAXED) & bit)
		return -XEN_ENOSYS;
	return refuse(NO_CALL, "there is no hypercall %u (told once)", nr);
}

/* --- preemption --- */

/* When the running hypercall should give way, in TSC ticks; 0: it has not asked yet. */
static u64 give_way_at[MAX_CPUS];

bool hypercall_preempt_check(void)
{
	struct cpu *c = this_cpu();

	if (READ_ONCE(c->work) & (WORK_SCHEDULE | WORK_TIMERS | WORK_CRASH))
		return true;
	/* interrupts are off: look for them after a millisecond, also if none is known to wait */
	u64 now = rdtsc();

	if (!give_way_at[c->id])
		give_way_at[c->id] = now + tsc_khz;
	if (now < give_way_at[c->id])
		return false;
	give_way_at[c->id] = 0;
	return true;
}

static struct hypercall_state *running_state(void)
{
	struct vcpu *v = current_vcpu();

	return v->in_multicall ? &v->inner : &v->call;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	struct cpu *c = this_cpu();

	*running_state() = (struct hypercall_state){
		.active = true, .nr = c->hypercall, .args = {a1, a2, a3, a4}, .done = done};
	cpu_set_work(c, WORK_HYPERCALL);
	return HYPERCALL_PREEMPTED;
}

inline u64 hypercall_done(void)
{
	struct hypercall_state *s = running_state();
	u64 done = s->done;

	s->done = 0;
	return done;
}

void hypercall_resume(struct vcpu *v)
{
	const struct hypercall_state s = v->call;

	v->call.active = false;
	give_way_at[this_cpu()->id] = 0;
	long rc = hypercall_call(s.nr, s.args);

	if (v->call.active) /* preempted again */
		return;
	v->call.done = 0;
	guest_regs()->rax = (u64)rc;
}

/* --- the table --- */

/* Each hypercall that there is; the numbers are xen.h's and parapet.h's. */
/* clang-format off */
#define FOR_EACH_HYPERCALL(X)                                                                      \
	X(set_trap_table) X(mmu_update) X(set_gdt) X(stack_switch) X(set_callbacks)                \
	X(fpu_taskswitch) X(platform_op) X(set_debugreg) X(get_debugreg) X(update_descriptor)      \
	X(memory_op) X(multicall) X(update_va_mapping) X(set_timer_op) X(xen_version)              \
	X(console_io) X(grant_table_op) X(vm_assist) X(update_va_mapping_otherdomain) X(iret)      \
	X(vcpu_op) X(set_segment_base) X(mmuext_op) X(nmi_op) X(sched_op) X(callback_op)           \
	X(event_channel_op) X(physdev_op) X(sysctl) X(domctl) X(parapet_op)
/* clang-format on */

/*
 * Each function takes the arguments that it needs; by the calling convention the rest, in further
 * registers, does no harm. So no wrapper stands between entry code and the function.
 */
#define CALL(fn)    ((hypercall_fn)(void (*)(void))(fn))
#define ENTRY(name) [__HYPERVISOR_##name] = CALL(do_##name),
#define NAME(name)  [__HYPERVISOR_##name] = #name,

/* Numbers without a function have hypercall_none: entry code need not look whether there is one. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const hypercall_fn hypercall_table[HYPERCALLS + 1] = {
	[0 ... HYPERCALLS] = CALL(hypercall_none), /* but for those that there are */
	FOR_EACH_HYPERCALL(ENTRY)};
#pragma GCC diagnostic pop

const char *hypercall_name(u32 nr)
{
	static const char *const names[HYPERCALLS] = {FOR_EACH_HYPERCALL(NAME)};

	return nr < HYPERCALLS && names[nr] ? names[nr] : "hypercall";
}
