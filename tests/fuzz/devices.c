/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physdev_op, platform_op and what else dom0 has of the machine, with interrupts, devices and the
 * ends of domains in between, made of the input. After each step the answer, the caller's memory,
 * the chips and each domain's share must be what the model says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <core/hooks.h>
#include <dev/irq.h>
#include <x86/apic.h>
#include <x86/hooks.h>
#include <x86/machine.h>
#include "devices.h"
#include "fakes/core_fakes.h"

#define OPERATIONS 200

struct domain *domains[ALL_DOMAINS];
static bool told[ALL_DOMAINS], may_tell, own_called;
static unsigned ends_of_interrupt, told_of;

/* --- what the rooms need of others --- */

struct machine_info machine;
u64 max_mfn = 1000;

void evtchn_send_pirq(struct domain *d, unsigned pirq)
{
	unsigned id = d->mem.domid;

	if (!may_tell || pirq != told_of || told[id] || domains[id] != d)
		FINDING("d%u is told of pirq %u", id, pirq);
	told[id] = true;
}

void apic_eoi(void)
{
	ends_of_interrupt++;
}

static void own_handler(void)
{
	own_called = true;
}

/* Some more often, so that much happens to them: lines of either kind, and the first MSIs. */
uint32_t any_irq(void)
{
	static const uint8_t often[] = {16, 17, 9, 20, 35, OWN_LINE, IRQS - 1, IRQS - 2};
	uint8_t b = input_byte();

	if (b < 0xc0)
		return often[b % sizeof(often)];
	return b < 0xf0	  ? input_byte() % (IRQS + 2u)
	       : b < 0xf8 ? SYSCALL_IRQ
			  : (uint32_t)input_word();
}

/* --- what happens besides calls --- */

static void op_bind(void)
{
	uint8_t b = input_byte();
	unsigned d = b % ALL_DOMAINS;
	uint32_t irq = any_irq();

	if (b & 0x80) {
		irq_unbind_guest(domains[d], irq);
		model_unbind(d, irq);
		return;
	}
	if (model_domains[d].dying)
		return;
	long rc = irq_bind_guest(domains[d], irq, b & 0x40), expects = model_bind(d, irq, b & 0x40);

	if (rc != expects)
		FINDING("d%u binds pirq %u: %ld; the model: %ld", d, irq, rc, expects);
}

static void op_interrupt(void)
{
	bool expects[ALL_DOMAINS] = {0};
	unsigned irq = any_irq(), ends = ends_of_interrupt;

	if (irq >= IRQS) { /* the old chips' */
		irq_dispatch(0x20 + irq % 16);
		if (ends_of_interrupt != ends)
			FINDING("the end of what no APIC sent");
		return;
	}
	model_interrupt(irq, expects);
	memset(told, 0, sizeof(told));
	may_tell = true;
	own_called = false;
	told_of = irq;
	irq_dispatch(FIRST_VECTOR + irq);
	may_tell = false;
	if (memcmp(told, expects, sizeof(told)) || ends_of_interrupt != ends + 1 ||
	    own_called != (irq == OWN_LINE))
		FINDING("interrupt %u: %u ends, own %d, told: %d%d%d%d", irq,
			ends_of_interrupt - ends, own_called, told[0], told[1], told[2], told[3]);
}

static void end_of(unsigned d)
{
	domains[d]->is_dying = true;
	irq_domain_release(domains[d]);
	model_end(d);
}

static void op_life(void)
{
	uint8_t b = input_byte();
	unsigned d = 1 + b % GUESTS;
	struct model_domain *m = &model_domains[d];

	if (!m->dying) {
		domains[d]->is_dying = m->dying = true;
		if (b & 0x80)
			end_of(d);
		return;
	}
	end_of(d);
	domains[d]->is_dying = m->dying = false;
	memset(domains[d]->irq_allowed, 0, sizeof(domains[d]->irq_allowed));
	memset(m->allowed, 0, sizeof(m->allowed));
	memset(fake_frames[d * PAGE_FRAMES].bytes, 0, PAGE_SIZE);
}

static void op_device(void)
{
	uint8_t b = input_byte();
	struct function *f = &functions[b % FUNCTIONS];

	if (b & 0x80 && f->msix) {
		move_table(f, !f->in_ram);
	} else {
		function_reset(f);
		model_function_reset(f);
	}
}

static void (*const table[])(void) = {
	op_physdev, op_physdev, op_physdev,   op_physdev,	op_platform, op_bind,
	op_bind,    op_bind,	op_interrupt, op_interrupt,	op_life,     op_device,
	op_console, op_parapet, op_platform,  op_many_messages,
};

/* --- beginning and end --- */

static void begin(void)
{
	machine_reset();
	model_reset();
	fake_reset();
	fake_host_reset(CPUS);
	for (unsigned i = 0; i < CPUS; i++)
		cpus[i]->apic_id = APIC_ID + i;
	machine.overrides[0] = (struct machine_override){9, false, true, 9};
	machine.overrides[1] = (struct machine_override){5, true, false, 20};
	machine.overrides[2] = (struct machine_override){7, true, true, 200};
	machine.overrides_found = 3;
	irq_init();
	if (!irq_bind_internal(OWN_LINE, own_handler) || irq_bind_internal(28, own_handler))
		FINDING("the hypervisor's own line");
	for (unsigned d = 0; d < ALL_DOMAINS; d++) {
		domains[d] = fake_domain((domid_t)d, 1);
		fake_own_frame(d * PAGE_FRAMES, domains[d]);
		fake_own_frame(d * PAGE_FRAMES + 1, domains[d]);
		fake_frames[d * PAGE_FRAMES + 1].no_write = true;
		memset(domains[d]->refusals, (int)d, sizeof(domains[d]->refusals));
	}
	memset(memory, 0x5a, sizeof(memory));
	fake_accessible = accessible;
	fake_run_as(domains[0]->vcpus[0]);
}

static void end(void)
{
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		end_of(d);
	compare();
	for (uint32_t i = LINES; i < IRQS; i++)
		if (irq_exists(i))
			FINDING("an MSI of nobody");
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		fake_domain_free(domains[d]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	begin();
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, compare);
	end();
	return 0;
}
