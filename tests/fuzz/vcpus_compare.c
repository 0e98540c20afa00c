/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <core/sched.h>
#include "bytes.h"
#include "fakes/world.h"
#include "vcpus.h"

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
void compare_runstate(unsigned i, const struct vcpu_runstate_info *r)
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
			sum += get_bytes(a + 16 + 8 * t, 8);
		if (get_bytes(a + 8, 8) >> 63 || (!fresh[i] && sum != get_bytes(a + 8, 8)) ||
		    sum > model_now)
			FINDING("vCPU %u: its area is of %lu, its times add up to %lu", i,
				get_bytes(a + 8, 8), sum);
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

void compare(void)
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
