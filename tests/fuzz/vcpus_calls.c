/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <core/calls.h>
#include "bytes.h"
#include "fakes/world.h"
#include "vcpus.h"

#define BAD 0xffff830000000000ull

static void same(const char *what, uint32_t cmd, long rc, long expects)
{
	accepted += rc >= 0;
	if (rc != expects)
		FINDING("%s %u: %ld; the model: %ld", what, cmd, rc, expects);
}

static unsigned caller; /* a vCPU that is on a CPU, in its kernel */

static bool choose_caller(void)
{
	unsigned first = input_byte();

	for (unsigned c = 0; c < CPUS; c++) {
		const struct vcpu *v = cpus[(first + c) % CPUS]->current;

		if (!v->domain || !v->arch.kernel_mode)
			continue;
		fake_cpu = (first + c) % CPUS;
		caller = number_of(v);
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
	put_bytes(guest.arguments + at, value, size);
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
		memset((uint8_t *)&guest.context + 512, b & 7, 8);
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

void op_vcpu(void)
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
	at = any_argument(cmd ? (uint64_t)guest.arguments : (uint64_t)&guest.context);
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

void op_sched(void)
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

void op_set_timer(void)
{
	uint64_t due = input_byte() & 7 ? any_time() : 0;

	if (!choose_caller())
		return;
	same("set_timer_op", 0, do_set_timer_op(due), 0);
	model_set_timer(model_vcpu(caller), due ?: NEVER);
}

void op_event(void)
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
