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
#include "input.h"
#include "vcpus_model.h"

#define OPERATIONS 200
#define MS	   1000000ull
#define CPUS	   2
#define BAD	   0xffff830000000000ull
#define POISON	   0xee
#define CONTEXT	   5168

/* --- what guests have --- */

struct area {
	uint8_t runstate[48], time[32];
};

static struct {
	uint8_t arguments[640];
	struct area areas[DOMAINS * EACH][2];
	uint8_t context[CONTEXT];
} guest;
_Static_assert(sizeof(struct vcpu_guest_context) == CONTEXT, "the ABI's size");

static struct domain *domains[DOMAINS];
static bool fresh[DOMAINS * EACH];   /* its runstate area was written by its registration */
static bool arrives[DOMAINS * EACH]; /* onto a CPU, or into kernel mode */

const uint8_t *guest_bytes(uint64_t at, uint64_t size)
{
	uint64_t offset = at - (uint64_t)&guest;

	return offset <= sizeof(guest) && size <= sizeof(guest) - offset ? (void *)at : NULL;
}

static bool accessible(u64 at, size_t size)
{
	return guest_bytes(at, size);
}

static struct vcpu *real_vcpu(unsigned i)
{
	return domains[i / EACH]->vcpus[i % EACH];
}

static struct model_vcpu *model_vcpu(unsigned i)
{
	return &model[i / EACH].v[i % EACH];
}

static void same(const char *what, uint32_t cmd, long rc, long expects)
{
	accepted += rc >= 0;
	if (rc != expects)
		FINDING("%s %u: %ld; the model: %ld", what, cmd, rc, expects);
}

/* --- comparison --- */

static uint64_t word(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, 8);
	return value;
}

static bool is_poison(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != POISON)
			return false;
	return true;
}

static void compare_flags(unsigned i)
{
	const struct model_vcpu *v = model_vcpu(i);
	const struct vcpu *r = real_vcpu(i);
	bool may = model_may_run(&model[i / EACH], v);

	if (r->pause_flags != ((u32)v->blocked | (u32)v->down << 1) ||
	    r->initialised != v->initialised || r->pv.nmi_pending != v->nmi ||
	    r->poll_port != v->polls)
		FINDING("vCPU %u: flags %x, context %d, NMI %d, polls %u; the model: %d%d, %d, %d, %u",
			i, r->pause_flags, r->initialised, r->pv.nmi_pending, r->poll_port, v->down,
			v->blocked, v->initialised, v->nmi, v->polls);
	if (r->sched.queued != may || (v->on_cpu && !may))
		FINDING("vCPU %u: queued %d, on a CPU %d", i, r->sched.queued, v->on_cpu);
	for (unsigned c = 0; c < CPUS; c++)
		if (may && !v->on_cpu && !cpus[c]->current->domain)
			FINDING("CPU %u idles beside vCPU %u", c, i);
}

static void compare_info(unsigned i)
{
	const struct model_vcpu *v = model_vcpu(i);
	const struct vcpu *r = real_vcpu(i);
	const struct vcpu_info *info = r->info;

	if (info->evtchn_upcall_pending != v->upcall || info->evtchn_upcall_mask != v->masked ||
	    (info->evtchn_pending_sel & 1) != v->selected || info->time.version & 1 ||
	    info->time.tsc_to_system_mul != 1u << 31)
		FINDING("vCPU %u: pending %d, masked %d, selector %lx", i,
			info->evtchn_upcall_pending, info->evtchn_upcall_mask,
			info->evtchn_pending_sel);
	if (!v->placed !=
	    ((void *)info < world_page->bytes || (void *)info >= world_page->bytes + PAGE_SIZE))
		FINDING("vCPU %u: its information is elsewhere", i);
}

static void compare_timer(unsigned i, const struct timer *t, uint64_t due)
{
	if (t->active ? t->expires != due : due != NEVER)
		FINDING("vCPU %u: a timer is set %d, for %lu; the model: %lu", i, t->active,
			t->expires, due);
}

/* What time[] says of the states, if all that it says is of `birth` and later. */
static void compare_runstate(unsigned i, const struct vcpu_runstate_info *r)
{
	const struct model_vcpu *v = model_vcpu(i);

	if (r->time[0] != v->ran || r->time[1] != v->waited || r->time[2] + r->time[3] != v->slept)
		FINDING("vCPU %u: %lu, %lu, %lu+%lu ns; the model: %lu, %lu, %lu", i, r->time[0],
			r->time[1], r->time[2], r->time[3], v->ran, v->waited, v->slept);
	bool may = model_may_run(&model[i / EACH], v);

	if (v->on_cpu  ? r->state != 0
	    : may      ? r->state != 1
	    : v->dozes ? r->state != 2
		       : r->state < 2)
		FINDING("vCPU %u: state %d", i, r->state);
}

static void compare_runstate_area(unsigned i)
{
	const struct model_vcpu *v = model_vcpu(i);
	uint64_t sum = 0;

	for (unsigned k = 0; k < 2; k++) {
		const uint8_t *a = guest.areas[i][k].runstate;

		if ((uint64_t)a != v->runstate_area) {
			if (!is_poison(a, 48))
				FINDING("vCPU %u: a runstate where none is wanted", i);
			continue;
		}
		for (unsigned t = 0; t < 4; t++)
			sum += word(a + 16 + 8 * t);
		if (word(a + 8) >> 63 || (!fresh[i] && sum != word(a + 8)) || sum > model_now)
			FINDING("vCPU %u: its area is of %lu, its times add up to %lu", i,
				word(a + 8), sum);
		if (v->on_cpu && real_vcpu(i)->arch.kernel_mode && a[0])
			FINDING("vCPU %u runs, its area says %u", i, a[0]);
	}
}

static void compare_time_area(unsigned i)
{
	struct model_vcpu *v = model_vcpu(i);
	static const struct vcpu_time_info holds = {
		.version = 2, .tsc_to_system_mul = 1u << 31, .tsc_shift = 1, .flags = 1};

	for (unsigned k = 0; k < 2; k++) {
		uint8_t *a = guest.areas[i][k].time;
		bool wanted = (uint64_t)a == v->time_area;
		bool written = !memcmp(a, &holds, sizeof(holds));

		if (!written && !is_poison(a, 32))
			FINDING("vCPU %u: its time is nonsense", i);
		if (wanted ? arrives[i] && !written : written)
			FINDING("vCPU %u: its time is %swritten", i, written ? "" : "not ");
		if (!written)
			continue;
		v->time_area = 0; /* once is enough */
		memset(a, POISON, 32);
	}
}

static void compare_domain(unsigned d)
{
	const struct model_domain *m = &model[d];
	const struct shared_info *s = domains[d]->shared_info;

	for (uint32_t p = 1; p <= PORTS; p++)
		if ((s->evtchn_pending[0] >> p & 1) != m->pending[p] ||
		    (s->evtchn_mask[0] >> p & 1) != m->masked[p])
			FINDING("d%u, port %u: pending %d, masked %d says the model", d, p,
				m->pending[p], m->masked[p]);
	if (domains[d]->is_shut_down != m->shut || domains[d]->shutdown_code != m->code)
		FINDING("d%u is shut down %d, %u", d, domains[d]->is_shut_down,
			domains[d]->shutdown_code);
	for (unsigned i = 0; i < 2; i++) {
		compare_timer(d, &domains[d]->watchdog[i], m->bites[i]);
		if ((domains[d]->watchdog_inuse >> i & 1) != m->watched[i])
			FINDING("d%u: watchdog %u", d, i);
	}
}

static void compare(void)
{
	int placed = 0;

	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		const struct model_vcpu *v = model_vcpu(i);
		struct vcpu_runstate_info r;

		compare_flags(i);
		compare_info(i);
		compare_timer(i, &real_vcpu(i)->singleshot, v->shot_due);
		compare_timer(i, &real_vcpu(i)->periodic, v->tick_due);
		vcpu_get_runstate(real_vcpu(i), &r);
		compare_runstate(i, &r);
		compare_runstate_area(i);
		compare_time_area(i);
		placed += v->placed;
	}
	for (unsigned d = 0; d < DOMAINS; d++)
		compare_domain(d);
	if (world_page->refs != 1 + placed || sched_lock.held)
		FINDING("%d references to the guest's page", world_page->refs);
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

/* --- calling --- */

static unsigned caller; /* a vCPU that is on a CPU, in its kernel */

static bool choose_caller(void)
{
	unsigned first = input_byte();

	for (unsigned c = 0; c < CPUS; c++) {
		const struct vcpu *v = cpus[(first + c) % CPUS]->current;

		if (!v->domain || !v->arch.kernel_mode)
			continue;
		fake_cpu = (first + c) % CPUS;
		caller = v->vcpu_id + (v->domain == domains[0] ? 0 : EACH);
		return true;
	}
	return false;
}

static uint64_t any_argument(uint64_t good)
{
	uint8_t b = input_byte();

	return b < 0xf0	  ? good
	       : b < 0xf8 ? BAD
	       : b < 0xfc ? input_word()
			  : (uint64_t)(&guest + 1) - 4;
}

static uint64_t any_time(void)
{
	uint8_t b = input_byte();

	if (b >= 0xf0)
		return input_word();
	return b & 1 ? fake_now + b * MS / 4 : b * MS / 2;
}

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(guest.arguments + at, &value, size);
}

static uint64_t any_area(unsigned i, bool time)
{
	uint8_t b = input_byte();
	struct area *a = &guest.areas[i][b & 1];

	if (b >= 0xe0)
		return b < 0xf0 ? 0 : b < 0xf8 ? BAD : input_word();
	return time ? (uint64_t)a->time : (uint64_t)a->runstate;
}

static void fill(uint32_t cmd, unsigned named)
{
	uint8_t b = input_byte();
	unsigned i = caller / EACH * EACH + named % EACH;

	memset(&guest.arguments, b, 64);
	switch (cmd) {
	case 5:
	case 13:
		put(0, any_area(i, cmd == 13), 8);
		break;
	case 6:
		put(0, b & 1 ? b * MS / 8 : any_time(), 8);
		break;
	case 8:
		put(0, any_time(), 8);
		break;
	case 10:
		put(0, b < 0xf0 ? FRAME : b, 8);
		put(8, named % EACH * 1360 + input_word() % 1296 / 8 * 8 + (b % 16 == 8), 4);
		if (b % 16 == 15) /* the last place, or beyond it */
			put(8, named % EACH == 2 && b & 16 ? 4032 : 4033 + b, 4);
		break;
	case 0:
		memset(guest.context + 512, b & 7, 8);
	}
}

/* An area that is no longer wanted is made poison again. */
static void areas_were(unsigned i, uint64_t runstate_was)
{
	struct model_vcpu *v = model_vcpu(i);

	if (v->runstate_area != runstate_was)
		for (unsigned k = 0; k < 2; k++)
			if ((uint64_t)guest.areas[i][k].runstate == runstate_was)
				memset((void *)runstate_was, POISON, 48);
}

static void op_vcpu(void)
{
	uint8_t b = input_byte();
	uint32_t cmd = b < 0xf0 ? b % 14 : (uint32_t)input_word();
	uint32_t named = input_byte();
	uint64_t above = b & 0x40 ? 0x1234ull << 32 : 0, at, was;
	unsigned i;

	if (!choose_caller())
		return;
	named = named < 0xf0 ? named % (EACH + (named >= 0xe0)) : (uint32_t)input_word();
	i = caller / EACH * EACH + named % EACH;
	fill(cmd, named);
	at = any_argument(cmd ? (uint64_t)guest.arguments : (uint64_t)guest.context);
	was = model_vcpu(i)->runstate_area;
	long expects = model_vcpu_op(caller / EACH, caller % EACH, cmd, named, at);
	long rc = do_vcpu_op(cmd | above, named | above, at);

	same("vcpu_op", cmd, rc, expects);
	if (rc)
		return;
	if (cmd == 5) {
		fresh[i] = true;
		areas_were(i, was);
	}
	arrives[i] |= cmd == 13 && i == caller;
	if (cmd == 4 && at == (uint64_t)guest.arguments) {
		struct vcpu_runstate_info r;

		memcpy(&r, guest.arguments, sizeof(r));
		compare_runstate(i, &r);
	}
}

static void op_sched(void)
{
	static const uint8_t often[] = {0, 1, 1, 1, 3, 3, 3, 3, 5, 6, 6};
	uint8_t b = input_byte();
	uint32_t cmd = b < 0xf0	  ? often[b % sizeof(often)]
		       : b < 0xfe ? b & 7
				  : (uint32_t)input_word();
	enum machine_end machine = GOES_ON;
	uint64_t at;

	if (!choose_caller())
		return;
	if (cmd == 6 && caller < EACH)
		return; /* the machine would end in the middle of a timer */
	b = input_byte();
	memset(guest.arguments, b, 64);
	if (cmd == 3) {
		put(0, b < 0xf8 ? (uint64_t)guest.arguments + 64 : BAD, 8);
		uint32_t n = b & 1 ? 1 : b < 0xf0 ? b >> 1 & 7 : 125 + (b & 7);

		put(8, n, 4);
		put(16, b & 0x40 ? 0 : any_time(), 8);
		for (unsigned i = 0; i < n; i++)
			put(64 + 4 * i, 1 + input_byte() % (PORTS + (b == 0x77)), 4);
	} else if (cmd == 6) {
		put(0, b & 3, 4);
		put(4, b >> 2 & 7, 4);
	} else if (cmd == 4) {
		put(0, b & 1 ? b & 3 : 0x7ff0, 2);
	}
	at = any_argument((uint64_t)guest.arguments);
	long expects = model_sched_op(caller / EACH, caller % EACH, cmd, at, &machine);

	world_machine_did = NULL;
	if (setjmp(world_stopped)) {
		if (machine == GOES_ON ||
		    !strcmp(world_machine_did, "poweroff") != (machine == POWERS_OFF))
			FINDING("the machine: %s", world_machine_did);
		if (cmd == 4) /* it was named, and nobody went on with it */
			domain_put(world_dom0);
		return;
	}
	same("sched_op", cmd, do_sched_op(cmd | (uint64_t)(b & 8) << 40, at), expects);
	if (machine != GOES_ON)
		FINDING("the machine goes on");
}

static void op_set_timer(void)
{
	uint64_t due = input_byte() & 7 ? any_time() : 0;

	if (!choose_caller())
		return;
	same("set_timer_op", 0, do_set_timer_op(due), 0);
	model_set_timer(model_vcpu(caller), due ?: NEVER);
}

static void op_event(void)
{
	uint8_t b = input_byte();
	uint32_t port = 1 + b % PORTS;
	struct model_domain *m = &model[b >> 6 & 1];

	if (b & 0x80) { /* from a device, or the keeper */
		evtchn_send_virq(domains[b >> 6 & 1]->vcpus[port_vcpu(port)], VIRQ_TIMER);
		model_event(m, 1 + 2 * port_vcpu(port));
		return;
	}
	if (!choose_caller())
		return;
	m = &model[caller / EACH];
	put(0, port, 4);
	same("event_channel_op", b & 0x20 ? 9 : 4,
	     do_event_channel_op(b & 0x20 ? 9 : 4, (u64)guest.arguments),
	     b & 0x20 || port % 2 == 0 ? 0 : -XEN_EINVAL);
	if (b & 0x20)
		model_unmask(m, port);
	else if (port % 2 == 0)
		model_event(m, port);
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
	unsigned i = v->vcpu_id + (v->domain == domains[0] ? 0 : EACH);

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
	fake_accessible = NULL;
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		vcpu_stop_timers(real_vcpu(i));
		real_vcpu(i)->pause_flags = VPF_DOWN;
		vcpu_sleep_nosync(real_vcpu(i));
		fake_work_on(real_vcpu(i)->cpu);
	}
	world_end(domains[1]);
	world_tear_down(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	begin();
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, settle_and_compare);
	end();
	return 0;
}
