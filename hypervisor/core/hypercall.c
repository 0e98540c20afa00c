/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of hypercalls, and preemption. */
#include <xen/errno.h>
#include <xen/parapet.h>
#include <core/calls.h>
#include <core/console_io.h>
#include <core/evtchn.h>
#include <core/grant.h>
#include <pv/pv.h>
#include <x86/time.h>

static long hypercall_none(void)
{
	u32 nr = this_cpu()->hypercall;
	u64 bit = nr < HYPERCALLS ? BIT(nr) : 1UL;

	if (__atomic_fetch_or(&current_domain()->unknown_calls, bit, __ATOMIC_RELAXED) & bit)
		return -XEN_ENOSYS;
	return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "there is no hypercall %u (told once)", nr);
}

/* --- preemption --- */

/* When the running hypercall should give way, in TSC ticks; 0: it has not asked yet. */
static u64 give_way_at[MAX_CPUS];

bool hypercall_preempt_check(void)
{
	struct cpu *c = this_cpu();
	u64 now;

	if (READ_ONCE(c->work) & (WORK_SCHEDULE | WORK_TIMERS | WORK_CRASH))
		return true;
	/* interrupts are off: look for them after a millisecond, also if none is known to wait */
	now = rdtsc();
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

long hypercall_preempt(u32 nr, u64 done, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	*running_state() = (struct hypercall_state){
		.active = true,
		.nr = nr,
		.args = {a1, a2, a3, a4, a5, a6},
		.done = done,
	};
	cpu_set_work(this_cpu(), WORK_HYPERCALL);
	return HYPERCALL_PREEMPTED;
}

u64 hypercall_done(void)
{
	struct hypercall_state *s = running_state();
	u64 done = s->done;

	s->done = 0;
	return done;
}

long hypercall_call(u32 nr, const u64 args[6])
{
	this_cpu()->hypercall = nr;
	if (nr >= HYPERCALLS)
		return hypercall_none();
	return hypercall_table[nr](args[0], args[1], args[2], args[3], args[4], args[5]);
}

void hypercall_resume(struct vcpu *v)
{
	const struct hypercall_state s = v->call;
	long rc;

	v->call.active = false;
	give_way_at[this_cpu()->id] = 0;
	rc = hypercall_call(s.nr, s.args);
	if (rc == HYPERCALL_PREEMPTED)
		return;
	v->call.done = 0;
	guest_regs()->rax = (u64)rc;
}

/* --- the table --- */

/*
 * Each function takes the arguments that it needs; by the calling convention the rest, in further
 * registers, does no harm. So no wrapper stands between entry code and the function.
 */
#define CALL(fn) ((hypercall_fn)(void (*)(void))(fn))

const hypercall_fn hypercall_table[HYPERCALLS] = {
	CALL(do_set_trap_table),
	CALL(do_mmu_update),
	CALL(do_set_gdt),
	CALL(do_stack_switch),
	CALL(do_set_callbacks),
	CALL(do_fpu_taskswitch),
	CALL(do_sched_op_compat),
	CALL(do_platform_op),
	CALL(do_set_debugreg),
	CALL(do_get_debugreg),
	CALL(do_update_descriptor),
	CALL(hypercall_none),
	CALL(do_memory_op),
	CALL(do_multicall),
	CALL(do_update_va_mapping),
	CALL(do_set_timer_op),
	CALL(hypercall_none), /* event_channel_op_compat */
	CALL(do_xen_version),
	CALL(do_console_io),
	CALL(hypercall_none), /* physdev_op_compat */
	CALL(do_grant_table_op),
	CALL(do_vm_assist),
	CALL(do_update_va_mapping_otherdomain),
	CALL(do_iret),
	CALL(do_vcpu_op),
	CALL(do_set_segment_base),
	CALL(do_mmuext_op),
	CALL(hypercall_none), /* xsm_op */
	CALL(do_nmi_op),
	CALL(do_sched_op),
	CALL(do_callback_op),
	CALL(hypercall_none), /* xenoprof_op */
	CALL(do_event_channel_op),
	CALL(do_physdev_op),
	CALL(hypercall_none), /* hvm_op */
	CALL(do_sysctl),
	CALL(do_domctl),
	CALL(hypercall_none), /* kexec_op, tmem_op, argo_op, xenpmu_op, dm_op, hypfs_op … */
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none), /* 40 */
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none), /* arch_0 */
	CALL(hypercall_none),
	CALL(hypercall_none), /* 50 */
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(do_parapet_op),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none), /* 60 */
	CALL(hypercall_none),
	CALL(hypercall_none),
	CALL(hypercall_none),
};

static const char *const names[] = {
	"set_trap_table",    "mmu_update",
	"set_gdt",	     "stack_switch",
	"set_callbacks",     "fpu_taskswitch",
	"sched_op_compat",   "platform_op",
	"set_debugreg",	     "get_debugreg",
	"update_descriptor", "hypercall 11",
	"memory_op",	     "multicall",
	"update_va_mapping", "set_timer_op",
	"event_channel_op_compat",
	"xen_version",	     "console_io",
	"physdev_op_compat", "grant_table_op",
	"vm_assist",	     "update_va_mapping_otherdomain",
	"iret",		     "vcpu_op",
	"set_segment_base",  "mmuext_op",
	"xsm_op",	     "nmi_op",
	"sched_op",	     "callback_op",
	"xenoprof_op",	     "event_channel_op",
	"physdev_op",	     "hvm_op",
	"sysctl",	     "domctl",
	"kexec_op",	     "tmem_op",
	"argo_op",	     "xenpmu_op",
	"dm_op",	     "hypfs_op",
};

const char *hypercall_name(u32 nr)
{
	if (nr == __HYPERVISOR_arch_0)
		return "mca";
	if (nr == __HYPERVISOR_parapet_op)
		return "parapet_op";
	return nr < ARRAY_SIZE(names) ? names[nr] : "hypercall";
}
