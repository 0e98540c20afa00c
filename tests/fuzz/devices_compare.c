/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dev/irq.h>
#include "devices.h"
#include "fakes/core_fakes.h"

static void compare_lines(void)
{
	for (uint32_t i = 0; i < LINES; i++) {
		const struct input_line *l = &input_lines[i];
		const struct model_irq *q = &model_irqs[i];
		bool open = model_bound(i) || i == OWN_LINE;
		bool masked = !open;

		for (unsigned d = 0; d < ALL_DOMAINS; d++)
			masked |= q->in_flight[d];
		if (l->masked != masked)
			FINDING("line %u is %smasked", i, masked ? "not " : "");
		if (open &&
		    (l->vector != FIRST_VECTOR + i || l->level != q->level || l->low != q->low))
			FINDING("line %u: vector %#x, level %d, low %d", i, l->vector, l->level,
				l->low);
	}
}

static bool goes_to(uint32_t message, unsigned vector)
{
	const struct model_irq *q = &model_irqs[vector - FIRST_VECTOR];

	if (model_messages[message].vector)
		return vector == model_messages[message].vector;
	return vector >= FIRST_VECTOR && vector < FIRST_VECTOR + IRQS && q->mapped &&
	       q->message == message;
}

static void compare_msi(unsigned i)
{
	const struct function *f = &functions[i];
	const uint8_t *c = config[i] + f->msi;
	uint16_t control, data;
	uint64_t address = 0;

	memcpy(&control, c + 2, 2);
	memcpy(&address, c + 4, f->wide ? 8 : 4);
	memcpy(&data, c + (f->wide ? 12 : 8), 2);
	if ((control & 1) != model_messages[i].on)
		FINDING("MSI of %x is %s", f->name, control & 1 ? "on" : "off");
	if (model_messages[i].on &&
	    (control & 0x70 || address != (0xfee00000 | APIC_ID << 12) || !goes_to(i, data)))
		FINDING("MSI of %x: control %x, %#lx, %x", f->name, control, address, data);
}

static void compare_rows(void)
{
	static uint32_t tables_were[sizeof(tables) / 4];
	static struct model_message model_was[MESSAGES];

	if (!memcmp(tables_were, tables, sizeof(tables)) &&
	    !memcmp(model_was, model_messages, sizeof(model_was)))
		return;
	memcpy(tables_were, tables, sizeof(tables));
	memcpy(model_was, model_messages, sizeof(model_was));
	for (uint32_t i = FUNCTIONS; i < MESSAGES; i++) {
		const uint32_t *row = &tables[4 * (i - FUNCTIONS)];
		bool on = model_messages[i].on;

		if (!(row[3] & 1) != on)
			FINDING("row %u of MSI-X is %s", i - FUNCTIONS, on ? "off" : "on");
		if (on && (row[0] != (0xfee00000 | APIC_ID << 12) || row[1] || !goes_to(i, row[2])))
			FINDING("row %u of MSI-X: %x, %x, %x", i - FUNCTIONS, row[0], row[1],
				row[2]);
		if (!on && !model_messages[i].touched && (row[0] | row[1] | row[2]))
			FINDING("row %u of MSI-X is written", i - FUNCTIONS);
	}
}

static void compare_chips(void)
{
	compare_lines();
	compare_rows();
	for (unsigned i = 0; i < FUNCTIONS; i++)
		if (functions[i].msi)
			compare_msi(i);
	for (uint32_t i = 0; i < IRQS; i++)
		if (irq_exists(i) != model_exists(i) ||
		    irq_is_level(i) != (model_exists(i) && model_irqs[i].level))
			FINDING("interrupt %u: exists %d, level %d", i, irq_exists(i),
				irq_is_level(i));
}

static void compare_domain(unsigned d)
{
	const struct model_domain *m = &model_domains[d];
	const struct domain *real = domains[d];
	const struct shared_info *s = real->shared_info;
	const struct pv_vcpu *pv = &real->vcpus[0]->pv;
	const uint8_t *map = (const uint8_t *)fake_frames[d * PAGE_FRAMES].bytes;

	if (memcmp(real->irq_allowed, m->allowed, sizeof(m->allowed)))
		FINDING("d%u may bind other interrupts than in the model", d);
	if (m->has_map && memcmp(map, m->bits, sizeof(m->bits)))
		FINDING("d%u is told that others want an end than in the model", d);
	if (!real->pirq_eoi_map != !m->has_map || fake_frames[d * PAGE_FRAMES].refs != m->has_map ||
	    fake_frames[d * PAGE_FRAMES + 1].refs || real->refs != 1)
		FINDING("d%u: references %u, %d of its page", d, real->refs,
			fake_frames[d * PAGE_FRAMES].refs);
	if (pv->iopl != m->iopl || pv->iobmp != m->bitmap || pv->iobmp_limit != m->ports)
		FINDING("d%u: privilege %u, map %#lx of %u ports", d, pv->iopl, pv->iobmp,
			pv->iobmp_limit);
	uint64_t sec = s->wc_sec | (uint64_t)s->wc_sec_hi << 32;

	if (sec != m->wallclock / 1000000000 || s->wc_nsec != m->wallclock % 1000000000 ||
	    s->wc_version & 1)
		FINDING("d%u: the time is %lu", d, sec);
}

void compare(void)
{
	compare_chips();
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		compare_domain(d);
}
