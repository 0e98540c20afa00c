/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "bytes.h"
#include "devices_model.h"
#include "finding.h"

enum { PERM = -1, SRCH = -3, FAULT = -14, BUSY = -16, NODEV = -19, INVAL = -22, NOSPC = -28 };
enum { ACCES = -13, NOSYS = -38 };

struct model_irq model_irqs[IRQS];
struct model_domain model_domains[ALL_DOMAINS];
struct model_message model_messages[MESSAGES];
uint64_t model_boot;

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)get_bytes(at, 4);
}

void put_bit(uint32_t *bits, uint32_t irq, bool set)
{
	bits[irq / 32] &= ~(1u << irq % 32);
	bits[irq / 32] |= (uint32_t)set << irq % 32;
}

void model_reset(void)
{
	memset(model_irqs, 0, sizeof(model_irqs));
	memset(model_domains, 0, sizeof(model_domains));
	memset(model_messages, 0, sizeof(model_messages));
	for (uint32_t i = 16; i < LINES; i++)
		model_irqs[i].level = model_irqs[i].low = true;
	/* what the firmware says: machine.overrides */
	model_irqs[9].level = true;
	model_irqs[20].level = false;
}

/* --- interrupts --- */

bool model_exists(uint32_t irq)
{
	return irq < LINES ? line_exists(irq) : irq < IRQS && model_irqs[irq].mapped;
}

static bool any(const bool who[ALL_DOMAINS])
{
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		if (who[d])
			return true;
	return false;
}

bool model_bound(uint32_t irq)
{
	return any(model_irqs[irq].bound);
}

long model_bind(unsigned d, uint32_t irq, bool share)
{
	struct model_irq *q = &model_irqs[irq < IRQS ? irq : 0];

	if (!model_exists(irq))
		return INVAL;
	if (irq == OWN_LINE || q->bound[d] || (any(q->bound) && !(share && q->level)))
		return BUSY;
	q->bound[d] = true;
	if (q->level && model_domains[d].has_map)
		put_bit(model_domains[d].bits, irq, true);
	return 0;
}

void model_unbind(unsigned d, uint32_t irq)
{
	if (irq < IRQS)
		model_irqs[irq].bound[d] = model_irqs[irq].in_flight[d] = false;
}

void model_interrupt(uint32_t irq, bool told[ALL_DOMAINS])
{
	struct model_irq *q = &model_irqs[irq];

	memcpy(told, q->bound, sizeof(q->bound));
	if (q->level)
		memcpy(q->in_flight, q->bound, sizeof(q->bound));
}

static void unmap(uint32_t irq)
{
	struct model_irq *q = &model_irqs[irq];

	model_messages[q->message].on = false;
	memset(q, 0, sizeof(*q));
}

void model_end(unsigned d)
{
	for (uint32_t i = 0; i < IRQS; i++) {
		model_unbind(d, i);
		if (model_irqs[i].mapped && model_irqs[i].owner == d)
			unmap(i);
	}
	model_domains[d].has_map = false;
	memset(model_domains[d].bits, 0, sizeof(model_domains[d].bits));
}

/* --- messages --- */

/* Which message is asked for; -errno: it is not there. */
static long find_message(uint32_t name, bool table, uint32_t entry)
{
	const struct function *f = function_named(name);

	if (!f || !(table ? f->msix : f->msi))
		return NODEV;
	if (!table)
		return f - functions;
	if (entry >= f->messages || f->in_ram)
		return INVAL;
	return FUNCTIONS + table_row(f, entry);
}

static bool of_function(const struct function *f, uint32_t message)
{
	if (message < FUNCTIONS)
		return message == f - functions;
	return f->msix && message >= FUNCTIONS + table_row(f, 0) &&
	       message < FUNCTIONS + table_row(f, f->messages);
}

static void switch_on(uint32_t message, unsigned vector)
{
	model_messages[message] = (struct model_message){true, true, vector};
}

void model_function_reset(const struct function *f)
{
	for (uint32_t i = 0; i < MESSAGES; i++)
		if (of_function(f, i) && !(f->in_ram && i >= FUNCTIONS))
			model_messages[i] = (struct model_message){0};
}

static bool is_free(uint32_t irq)
{
	return irq >= LINES && irq < IRQS && irq != SYSCALL_IRQ && !model_irqs[irq].mapped;
}

static bool free_for(int32_t wanted)
{
	if (wanted >= 0)
		return is_free((uint32_t)wanted);
	for (uint32_t i = 0; i < IRQS; i++)
		if (is_free(i))
			return true;
	return false;
}

static long map_message(unsigned d, uint8_t *a, const uint8_t *after)
{
	uint32_t name = word(a + 16) << 8 & 0xff00, got = word(after + 12);
	int32_t wanted = (int32_t)word(a + 12);
	long message;

	if (word(a + 16) >> 16)
		return NODEV;
	if (model_domains[d].dying || !free_for(wanted))
		return NOSPC;
	message =
		find_message(name | (word(a + 20) & 0xff), get_bytes(a + 32, 8) != 0, word(a + 24));
	if (message < 0)
		return message == NODEV ? NODEV : INVAL;
	if (wanted >= 0)
		got = (uint32_t)wanted;
	if (!is_free(got))
		FINDING("an MSI becomes pirq %u", got);
	model_irqs[got] = (struct model_irq){
		.mapped = true, .owner = (uint8_t)d, .message = (uint32_t)message};
	switch_on((uint32_t)message, FIRST_VECTOR + got);
	put_bytes(a + 12, got, 4);
	return 0;
}

static long map_line(uint8_t *a)
{
	int32_t line = (int32_t)word(a + 8), wanted = (int32_t)word(a + 12);

	if (line < 0 || line >= LINES || !line_exists((unsigned)line) ||
	    (wanted >= 0 && wanted != line))
		return INVAL;
	put_bytes(a + 12, (uint32_t)line, 4);
	return 0;
}

static long map_pirq(unsigned d, uint8_t *a, const uint8_t *after)
{
	uint32_t type = word(a + 4);
	long rc = type == 1		   ? map_line(a)
		  : type == 0 || type == 3 ? map_message(d, a, after)
					   : INVAL;

	if (!rc)
		put_bit(model_domains[d].allowed, word(a + 12), true);
	return rc;
}

static long unmap_pirq(unsigned d, const uint8_t *a)
{
	uint32_t irq = word(a + 4);

	if (!model_exists(irq))
		return INVAL;
	if (irq < LINES)
		return 0;
	if (model_irqs[irq].owner != d)
		return PERM;
	unmap(irq);
	put_bit(model_domains[d].allowed, irq, false);
	return 0;
}

static long restore(const struct function *f)
{
	long rc = SRCH;

	for (uint32_t i = LINES; i < IRQS; i++)
		if (model_irqs[i].mapped && of_function(f, model_irqs[i].message)) {
			switch_on(model_irqs[i].message, 0);
			rc = 0;
		}
	return rc;
}

/* --- physdev_op --- */

static const struct {
	uint8_t cmd, size;
	bool privileged, names;
} commands[] = {
	{5, 8, 0, 0},	{6, 4, 0, 0},  {7, 16, 0, 0}, {8, 16, 1, 0},  {10, 8, 1, 0}, {12, 4, 0, 0},
	{13, 40, 1, 1}, {14, 8, 1, 1}, {21, 8, 1, 0}, {24, 16, 1, 0}, {25, 4, 1, 0}, {26, 4, 1, 0},
	{27, 4, 1, 0},	{28, 8, 0, 0}, {29, 6, 1, 0}, {30, 4, 1, 0},  {31, 4, 1, 0},
};

int model_physdev_size(uint32_t cmd)
{
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].cmd == cmd)
			return commands[i].size;
	return -1;
}

static long set_trigger(const uint8_t *a)
{
	uint32_t line = word(a);
	bool used;

	if (line >= LINES || !line_exists(line))
		return INVAL;
	used = line == OWN_LINE || any(model_irqs[line].bound);
	if (!used) {
		model_irqs[line].level = a[4];
		model_irqs[line].low = a[5];
	}
	return 0;
}

static long end_map(unsigned caller, uint64_t frame)
{
	struct model_domain *d = &model_domains[caller];

	if (frame != caller * PAGE_FRAMES)
		return INVAL;
	if (d->has_map)
		return BUSY;
	d->has_map = true;
	for (uint32_t i = 0; i < LINES; i++)
		put_bit(d->bits, i, line_exists(i) && model_irqs[i].level);
	return 0;
}

static long device(const uint8_t *a, const struct function **f)
{
	*f = get_bytes(a, 2) ? NULL : function_named((uint32_t)a[2] << 8 | a[3]);
	return *f ? 0 : NODEV;
}

static long status(uint8_t *a)
{
	if (!model_exists(word(a)))
		return INVAL;
	put_bytes(a + 4, model_irqs[word(a)].level ? 3 : 0, 4);
	return 0;
}

static long perform(unsigned caller, unsigned named, uint32_t cmd, uint8_t *a, const uint8_t *after)
{
	struct model_domain *d = &model_domains[caller];
	const struct function *f;

	switch (cmd) {
	case 5:
		return status(a);
	case 6:
		d->iopl = word(a) < 4 ? (uint8_t)word(a) : d->iopl;
		return word(a) < 4 ? 0 : INVAL;
	case 7:
		if (word(a + 8) > 65536)
			return INVAL;
		d->bitmap = get_bytes(a, 8);
		d->ports = word(a + 8);
		return 0;
	case 8:
		if (!apic_at(get_bytes(a, 8)))
			return NODEV;
		put_bytes(a + 12, apic_register(get_bytes(a, 8), word(a + 8)), 4);
		return 0;
	case 10:
		if (!model_exists(word(a)))
			return INVAL;
		put_bytes(a + 4, FIRST_VECTOR + word(a), 4);
		return 0;
	case 12:
		if (word(a) < IRQS)
			model_irqs[word(a)].in_flight[caller] = false;
		return word(a) < IRQS ? 0 : INVAL;
	case 13:
		return map_pirq(named, a, after);
	case 14:
		return unmap_pirq(named, a);
	case 21:
		return set_trigger(a);
	case 27:
		return device(a, &f) ?: restore(f);
	case 28:
		return end_map(caller, get_bytes(a, 8));
	case 24:
	case 29:
		return 0;
	default:
		return device(a, &f);
	}
}

long model_physdev(unsigned caller, uint32_t cmd, uint8_t *argument, bool reads,
		   const uint8_t *after)
{
	unsigned i = 0, named = caller;

	while (i < sizeof(commands) / sizeof(commands[0]) && commands[i].cmd != cmd)
		i++;
	if (i == sizeof(commands) / sizeof(commands[0]))
		return NOSYS;
	if (commands[i].privileged && caller)
		return PERM;
	if (!reads)
		return FAULT;
	if (commands[i].names) {
		named = (unsigned)get_bytes(argument, 2);
		named = named == 0x7ff0 ? caller : named;
		if (named >= ALL_DOMAINS)
			return SRCH;
	}
	return perform(caller, named, cmd, argument, after);
}

/* --- platform_op --- */

static void set_time(const uint8_t *a)
{
	model_boot = get_bytes(a + 8, 8) * 1000000000u + word(a + 16) - get_bytes(a + 24, 8);
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		if (!model_domains[d].dying)
			model_domains[d].wallclock = model_boot;
}

static void cpu_info(uint8_t *a, unsigned cpus)
{
	uint32_t cpu = word(a + 8);

	put_bytes(a + 12, cpus - 1, 4);
	put_bytes(a + 16, cpu < cpus ? 1 : 2, 4);
	if (cpu < cpus) {
		put_bytes(a + 20, APIC_ID + cpu, 4);
		put_bytes(a + 24, APIC_ID + cpu, 4);
	}
}

long model_platform(unsigned caller, uint8_t *a, bool reads, bool *off, unsigned cpus)
{
	if (caller)
		return PERM;
	if (!reads)
		return FAULT;
	if (word(a + 4) != 0x03000001)
		return ACCES;
	switch (word(a)) {
	case 62:
		if (word(a + 20))
			return INVAL;
		set_time(a);
		return 0;
	case 50: /* the keyboard's state alone */
		if (word(a + 8) != 5)
			return word(a + 8) - 1 < 5 ? SRCH : INVAL;
		a[16] = 0;
		return 0;
	case 51:
		*off = word(a + 12) == 5;
		return *off ? 0 : NOSYS;
	case 55:
		cpu_info(a, cpus);
		return 0;
	}
	return NOSYS;
}
