/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcpu_op, sched_op, set_timer_op and the events that wake: two domains of three vCPUs on two CPUs
 * and a clock of the fuzzer's, made of the input. After each step all that a guest can see of its
 * vCPUs, and what the areas that it has registered hold, must be as the model says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <core/calls.h>
#include <core/sched.h>
#include "fakes/work.h"
#include "fakes/world.h"
#include "vcpus.h"

#define OPERATIONS 200

/* --- what guests have --- */

struct guest_memory guest;
struct domain *domains[DOMAINS];
bool fresh[DOMAINS * EACH];
bool arrives[DOMAINS * EACH];

const uint8_t *guest_bytes(uint64_t at, uint64_t size)
{
	uint64_t offset = at - (uint64_t)&guest;

	return offset <= sizeof(guest) && size <= sizeof(guest) - offset ? (void *)at : NULL;
}

static bool accessible(u64 at, size_t size)
{
	return guest_bytes(at, size);
}

struct vcpu *real_vcpu(unsigned i)
{
	return domains[i / EACH]->vcpus[i % EACH];
}

unsigned number_of(const struct vcpu *v)
{
	return v->vcpu_id + (v->domain == domains[0] ? 0 : EACH);
}

struct model_vcpu *model_vcpu(unsigned i)
{
	return &model[i / EACH].v[i % EACH];
}

/* --- CPUs and time --- */

/* All CPUs do what they have to; no time passes. */
static void settle(void)
{
	unsigned quiet = 0, steps = 0;

	model_pass(0);
	while (quiet < CPUS) {
		quiet = fake_work_on(steps % CPUS) ? 0 : quiet + 1;
		if (++steps > 10000)
			FINDING("it does not come to rest");
	}
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		struct vcpu *v = real_vcpu(i);
		bool is = cpus[v->cpu]->current == v;

		if (is != v->is_running)
			FINDING("vCPU %u runs, or does not", i);
		if (v->arch.kernel_mode && is != model_vcpu(i)->on_cpu) {
			arrives[i] |= is;
			fresh[i] = false;
		}
		model_vcpu(i)->on_cpu = is;
	}
}

/* late: the CPUs come to their timers at the end alone. */
static void pass(uint64_t ns, bool late)
{
	uint64_t end = fake_now + ns;

	while (fake_now < end) {
		uint64_t next = end;

		for (unsigned c = 0; c < CPUS && !late; c++)
			next = fake_deadline[c] < next ? fake_deadline[c] : next;
		next = next > fake_now ? next : fake_now;
		model_pass(next - fake_now);
		fake_now = next;
		settle();
	}
}

/* --- what guests do without calls --- */

static void op_memory(void)
{
	uint8_t b = input_byte();
	unsigned i = b % (DOMAINS * EACH);
	struct model_domain *m = &model[i / EACH];
	struct model_vcpu *v = model_vcpu(i);
	struct shared_info *s = domains[i / EACH]->shared_info;
	struct vcpu_info *info = real_vcpu(i)->info;
	uint32_t port = 1 + b / 8 % PORTS;

	if (b & 0x80) { /* it takes its events */
		v->upcall = v->selected = false;
		info->evtchn_upcall_pending = 0;
		info->evtchn_pending_sel = 0;
		memset(m->pending, 0, sizeof(m->pending));
		s->evtchn_pending[0] = 0;
	} else if (b & 0x40) {
		v->masked = !v->masked;
		info->evtchn_upcall_mask = v->masked;
	} else {
		m->masked[port] = !m->masked[port];
		s->evtchn_mask[0] ^= 1ull << port;
	}
}

/* Into user mode, or back, as pv/ does it; or it takes its NMI. */
static void op_mode(void)
{
	uint8_t b = input_byte();
	struct vcpu *v = cpus[b % CPUS]->current;
	unsigned i = number_of(v);

	if (!v->domain)
		return;
	if (b & 0x80) {
		v->pv.nmi_pending = model_vcpu(i)->nmi = false;
		return;
	}
	fake_cpu = b % CPUS;
	v->arch.kernel_mode = !v->arch.kernel_mode;
	if (v->arch.kernel_mode && v->areas_stale) {
		vcpu_update_areas(v);
		fresh[i] = false;
		arrives[i] = true;
	}
	domains[i / EACH]->mem.vm_assist = b & 0x40 ? BIT(VMASST_TYPE_runstate_update_flag) : 0;
}

static void op_time(void)
{
	uint8_t b = input_byte();

	pass(b < 0xf0 ? b * MS / 8 : b < 0xf8 ? 500 * MS : input_word() % (4000 * MS), b & 1);
}

/* One that is down is brought up from outside, so that somebody can call. */
static void op_rescue(void)
{
	unsigned i = input_byte() % (DOMAINS * EACH);

	real_vcpu(i)->pause_flags &= ~(u32)VPF_DOWN;
	model_vcpu(i)->down = model_vcpu(i)->dozes = false;
	vcpu_wake(real_vcpu(i));
}

static void (*const table[])(void) = {
	op_vcpu,  op_vcpu, op_vcpu,  op_vcpu, op_vcpu,	    op_vcpu, op_sched,	op_sched, op_sched,
	op_event, op_time, op_event, op_time, op_set_timer, op_mode, op_memory, op_rescue};

static void settle_and_compare(void)
{
	fake_cpu = 0;
	settle();
	compare();
	memset(arrives, 0, sizeof(arrives));
}

/* --- beginning and end --- */

static void bind(unsigned d, unsigned i)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = i};
	struct evtchn_bind_ipi ipi = {.vcpu = i};

	if (do_event_channel_op(EVTCHNOP_bind_virq, (u64)&virq) || virq.port != 1 + 2 * i ||
	    do_event_channel_op(EVTCHNOP_bind_ipi, (u64)&ipi) || ipi.port != 2 + 2 * i)
		FINDING("d%u has other ports", d);
}

static void begin(void)
{
	struct vcpu *was;
	int err;

	sched_id = XEN_SCHEDULER_CREDIT;
	sched_slice_ns = SCHED_SLICE_DEFAULT;
	world_set_up(NULL);
	model_reset();
	memset(&guest, POISON, sizeof(guest));
	memset(fresh, 0, sizeof(fresh));
	domains[0] = world_dom0;
	domains[1] = domain_create(1, &domain_defaults, &err);
	for (unsigned i = 0; i < DOMAINS * EACH; i++)
		if (i && !vcpu_create(domains[i / EACH], i % EACH))
			FINDING("no vCPU %u", i);
	was = current_vcpu();
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		this_cpu()->current = real_vcpu(i);
		bind(i / EACH, i % EACH);
	}
	this_cpu()->current = was;
	world_page = world_new_page(&domains[1]->mem, false);
	domains[1]->control_pauses--;
	domain_unpause(domains[1]);
	for (unsigned d = 0; d < DOMAINS; d++) {
		struct model_vcpu *v = &model[d].v[0];

		v->initialised = true;
		v->down = false;
		domains[d]->vcpus[0]->initialised = true;
		domains[d]->vcpus[0]->pause_flags = 0;
		vcpu_wake(domains[d]->vcpus[0]);
		domains[d]->shared_info->evtchn_mask[0] = 0;
	}
	fake_accessible = accessible;
	settle_and_compare();
}

static void end(void)
{
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		vcpu_stop_timers(real_vcpu(i));
		real_vcpu(i)->pause_flags = VPF_DOWN;
		vcpu_sleep_nosync(real_vcpu(i));
		fake_work_on(real_vcpu(i)->cpu);
	}
	world_end(domains[1]);
	world_tear_down(NULL);
	fake_accessible = NULL; /* areas are written until then, wherever the guests want them */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	begin();
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, settle_and_compare);
	end();
	return 0;
}
