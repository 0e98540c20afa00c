/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "bytes.h"
#include "vcpus_model.h"

enum { PERM = -1, NOENT = -2, SRCH = -3, NXIO = -6, FAULT = -14, EXIST = -17, INVAL = -22 };
enum { NOSPC = -28, NOSYS = -38 };

#define SECOND 1000000000ull
#define MS     1000000ull

struct model_domain model[DOMAINS];
uint64_t model_now;

void model_reset(void)
{
	memset(model, 0, sizeof(model));
	model_now = 0;
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		struct model_vcpu *v = &model[i / EACH].v[i % EACH];

		v->down = v->masked = true;
		v->shot_due = v->tick_due = v->poll_due = NEVER;
	}
	for (unsigned d = 0; d < DOMAINS; d++)
		model[d].bites[0] = model[d].bites[1] = NEVER;
}

bool model_may_run(const struct model_domain *d, const struct model_vcpu *v)
{
	return !d->shut && !v->down && !v->blocked;
}

/* --- events --- */

unsigned port_vcpu(uint32_t port)
{
	return (port - 1) / 2;
}

static void unblock(struct model_vcpu *v)
{
	if (!v->blocked)
		return;
	v->blocked = v->dozes = false;
	v->polls = 0;
}

static void upcall(struct model_vcpu *v)
{
	bool was = v->selected;

	v->selected = true;
	if (was || v->upcall)
		return;
	v->upcall = true;
	unblock(v);
}

void model_event(struct model_domain *d, uint32_t port)
{
	if (d->pending[port])
		return;
	d->pending[port] = true;
	if (!d->masked[port])
		upcall(&d->v[port_vcpu(port)]);
	for (unsigned i = 0; i < EACH; i++)
		if (d->v[i].polls == port || d->v[i].polls == MANY) {
			d->v[i].polls = 0;
			unblock(&d->v[i]);
		}
}

void model_unmask(struct model_domain *d, uint32_t port)
{
	d->masked[port] = false;
	if (d->pending[port])
		upcall(&d->v[port_vcpu(port)]);
}

void model_nmi(struct model_vcpu *v)
{
	v->nmi = true;
	unblock(v);
}

static void block(struct model_vcpu *v)
{
	if (v->nmi || (v->upcall && !v->masked))
		return;
	v->blocked = v->dozes = true;
}

/* --- time --- */

static void shut_down(struct model_domain *d, uint8_t code)
{
	if (d->shut)
		return;
	d->shut = true;
	d->code = code;
	for (unsigned i = 0; i < EACH; i++)
		d->v[i].dozes = false;
}

static bool is_due(uint64_t *due)
{
	bool now = *due != NEVER && *due <= model_now;

	if (now)
		*due = NEVER;
	return now;
}

static void timers_of(struct model_domain *d, unsigned i)
{
	struct model_vcpu *v = &d->v[i];
	uint64_t tick = v->tick_due;

	if (is_due(&v->shot_due))
		model_event(d, 1 + 2 * i);
	if (is_due(&v->tick_due)) {
		model_event(d, 1 + 2 * i);
		while (tick <= model_now) /* those that were missed are not made up for */
			tick += v->period;
		v->tick_due = tick;
	}
	if (is_due(&v->poll_due) && v->polls)
		unblock(v);
}

void model_pass(uint64_t ns)
{
	for (unsigned i = 0; i < DOMAINS * EACH; i++) {
		struct model_vcpu *v = &model[i / EACH].v[i % EACH];

		*(v->on_cpu			       ? &v->ran
		  : model_may_run(&model[i / EACH], v) ? &v->waited
						       : &v->slept) += ns;
	}
	model_now += ns;
	for (unsigned i = 0; i < DOMAINS * EACH; i++)
		timers_of(&model[i / EACH], i % EACH);
	for (unsigned i = 0; i < DOMAINS * 2; i++)
		if (is_due(&model[i / 2].bites[i % 2]))
			shut_down(&model[i / 2], 4);
}

/* --- vcpu_op --- */

void model_set_timer(struct model_vcpu *v, uint64_t due)
{
	v->shot_due = due;
}

static long initialise(struct model_vcpu *v, uint64_t at)
{
	const uint8_t *c = guest_bytes(at, 5168);

	if (!c)
		return FAULT;
	if (v->initialised)
		return EXIST;
	if (!get_bytes(c + 512, 8)) /* the fakes' only demand */
		return INVAL;
	v->initialised = true;
	return 0;
}

static long set_power(struct model_vcpu *v, bool down)
{
	if (!down && !v->initialised)
		return INVAL;
	v->down = down;
	v->dozes = false;
	return 0;
}

static long place_info(struct model_domain *d, struct model_vcpu *v, bool own, const uint8_t *a)
{
	uint32_t offset = (uint32_t)get_bytes(a + 8, 4);

	if (offset > 4096 - 64 || offset % 8)
		return NXIO;
	if (v->placed || (!own && !v->down) || d == &model[0] || get_bytes(a, 8) != FRAME)
		return INVAL;
	v->placed = v->selected = v->upcall = true;
	return 0;
}

static long runstate_area(struct model_vcpu *v, const uint8_t *a)
{
	uint64_t at = get_bytes(a, 8);

	if (at && !guest_bytes(at, 48))
		return FAULT;
	v->runstate_area = at;
	return 0;
}

static long time_area(struct model_vcpu *v, const uint8_t *a)
{
	uint64_t at = get_bytes(a, 8);

	if (at + 32 < at || (at + 32) >> 47)
		return FAULT;
	v->time_area = at;
	return 0;
}

static long set_period(struct model_vcpu *v, uint64_t period)
{
	if (period < MS || period > NEVER / 4)
		return INVAL;
	v->period = period;
	v->tick_due = model_now + period;
	return 0;
}

static long change(struct model_domain *d, unsigned caller, uint32_t cmd, struct model_vcpu *v,
		   uint64_t at)
{
	static const uint8_t sizes[] = {[5] = 8, [6] = 8, [8] = 16, [10] = 16, [13] = 8};
	bool own = v == &d->v[caller];
	const uint8_t *a = NULL;

	if ((cmd == 8 || cmd == 9) && !own)
		return INVAL;
	if (cmd < sizeof(sizes) && sizes[cmd]) {
		a = guest_bytes(at, sizes[cmd]);
		if (!a)
			return FAULT;
	}
	switch (cmd) {
	case 1:
	case 2:
		return set_power(v, cmd == 2);
	case 5:
		return runstate_area(v, a);
	case 6:
		return set_period(v, get_bytes(a, 8));
	case 7:
		v->tick_due = NEVER;
		return 0;
	case 8:
		model_set_timer(v, get_bytes(a, 8));
		return 0;
	case 9:
		v->shot_due = NEVER;
		return 0;
	case 10:
		return place_info(d, v, own, a);
	case 11:
		model_nmi(v);
		return 0;
	case 13:
		return time_area(v, a);
	}
	return NOSYS;
}

long model_vcpu_op(unsigned domain, unsigned caller, uint32_t cmd, uint32_t vcpu, uint64_t at)
{
	struct model_domain *d = &model[domain];

	if (vcpu >= EACH)
		return NOENT;
	switch (cmd) {
	case 0:
		return initialise(&d->v[vcpu], at);
	case 3:
		return !d->v[vcpu].down;
	case 4:
		return guest_bytes(at, 48) ? 0 : FAULT;
	}
	return change(d, caller, cmd, &d->v[vcpu], at);
}

/* --- sched_op --- */

static long watch_ports(const struct model_domain *d, uint64_t ports, uint32_t n, bool *pending)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = guest_bytes(ports + i * 4ull, 4);
		uint32_t port = p ? (uint32_t)get_bytes(p, 4) : 0;

		if (!p)
			return FAULT;
		if (!port || port > PORTS)
			return INVAL;
		*pending = d->pending[port];
		if (*pending)
			return 0;
	}
	return 0;
}

static long poll(struct model_domain *d, struct model_vcpu *v, const uint8_t *a)
{
	uint64_t ports = get_bytes(a, 8), until = get_bytes(a + 16, 8);
	uint32_t n = (uint32_t)get_bytes(a + 8, 4);
	bool pending = false;
	long rc;

	if (n > 128)
		return INVAL;
	rc = watch_ports(d, ports, n, &pending);
	if (n == 1 && rc == FAULT)
		return rc;
	v->poll_due = NEVER;
	if (rc || pending || (until && until <= model_now))
		return rc;
	block(v);
	if (!v->blocked)
		return 0;
	v->polls = n == 1 ? (uint32_t)get_bytes(guest_bytes(ports, 4), 4) : MANY;
	v->poll_due = until ?: NEVER;
	return 0;
}

static long watchdog(struct model_domain *d, const uint8_t *a)
{
	uint32_t id = (uint32_t)get_bytes(a, 4);
	uint64_t after = get_bytes(a + 4, 4) * SECOND, due = after ? model_now + after : NEVER;

	if (id > 2 || (id && !d->watched[id - 1]) || (!id && !after))
		return INVAL;
	if (id) {
		d->watched[id - 1] = after;
		d->bites[id - 1] = due;
		return 0;
	}
	if (d->watched[0] && d->watched[1])
		return NOSPC;
	id = d->watched[0];
	d->watched[id] = true;
	d->bites[id] = due;
	return id + 1;
}

static long end_of(struct model_domain *d, uint8_t reason, enum machine_end *machine)
{
	if (d == &model[0])
		*machine = reason ? RESTARTS : POWERS_OFF;
	else
		shut_down(d, reason);
	return 0;
}

static long remote_shutdown(unsigned caller, uint64_t at, enum machine_end *machine)
{
	const uint8_t *a = guest_bytes(at, 8);
	uint32_t id;

	if (caller)
		return PERM;
	if (!a)
		return FAULT;
	id = (uint32_t)get_bytes(a, 2);
	if (id != 0x7ff0 && id >= DOMAINS)
		return SRCH;
	return end_of(&model[id == 1], a[4], machine);
}

long model_sched_op(unsigned domain, unsigned caller, uint32_t cmd, uint64_t at,
		    enum machine_end *machine)
{
	static const uint8_t sizes[] = {[2] = 4, [3] = 24, [5] = 4, [6] = 8};
	struct model_domain *d = &model[domain];
	const uint8_t *a = NULL;

	if (cmd == 4)
		return remote_shutdown(domain, at, machine);
	if (cmd < sizeof(sizes) && sizes[cmd]) {
		a = guest_bytes(at, sizes[cmd]);
		if (!a)
			return FAULT;
	}
	switch (cmd) {
	case 0:
		return 0;
	case 1:
		d->v[caller].masked = false;
		block(&d->v[caller]);
		return 0;
	case 2:
		return end_of(d, a[0], machine);
	case 3:
		return poll(d, &d->v[caller], a);
	case 5:
		d->code = d->shut ? d->code : a[0];
		return 0;
	case 6:
		return watchdog(d, a);
	}
	return NOSYS;
}
