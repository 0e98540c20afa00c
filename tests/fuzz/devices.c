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
#include <xen/parapet.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <dev/irq.h>
#include <x86/apic.h>
#include <x86/hooks.h>
#include <x86/machine.h>
#include "fakes/core_fakes.h"
#include "devices_model.h"
#include "input.h"

#define OPERATIONS 200
#define CPUS	   2
#define MEMORY	   1024
#define WAITING	   7 /* characters at the console */

static struct domain *domains[ALL_DOMAINS];
static uint8_t memory[MEMORY], expected[MEMORY];
static bool told[ALL_DOMAINS], may_tell, own_called;
static unsigned ends_of_interrupt, told_of, characters_left;
static char printed[MEMORY];
static size_t printed_count;
static jmp_buf switched_off;
static bool may_switch_off;

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

void machine_poweroff(void)
{
	if (!may_switch_off)
		FINDING("the machine is switched off");
	longjmp(switched_off, 1);
}

void mm_audit(struct parapet_audit *out)
{
	out->frames = 77;
}

void log_serial(const char *text, size_t n)
{
	if (n > sizeof(printed) - printed_count)
		FINDING("%zu characters more than there are", n);
	memcpy(printed + printed_count, text, n);
	printed_count += n;
}

int serial_getc(void)
{
	return characters_left ? (int)('a' + --characters_left) : -1;
}

static void own_handler(void)
{
	own_called = true;
}

static bool accessible(u64 address, size_t size)
{
	return address >= (u64)memory && address - (u64)memory <= MEMORY &&
	       size <= MEMORY - (address - (u64)memory);
}

/* --- parts of the input --- */

/* Some more often, so that much happens to them: lines of either kind, and the first MSIs. */
static uint32_t any_irq(void)
{
	static const uint8_t often[] = {16, 17, 9, 20, 35, OWN_LINE, IRQS - 1, IRQS - 2};
	uint8_t b = input_byte();

	if (b < 0xc0)
		return often[b % sizeof(often)];
	return b < 0xf0	  ? input_byte() % (IRQS + 2u)
	       : b < 0xf8 ? SYSCALL_IRQ
			  : (uint32_t)input_word();
}

static unsigned choose_caller(void)
{
	uint8_t b = input_byte();
	unsigned caller = b < 0xc0 ? 0 : b % ALL_DOMAINS;

	fake_run_as(domains[caller]->vcpus[0]);
	return caller;
}

/* Where an argument of that size lies; the memory ends behind it, or just before. */
static u64 place(unsigned size, bool *reads)
{
	uint8_t b = input_byte();
	u64 at = (u64)memory + MEMORY - size;

	*reads = b < 0xf0 || !size;
	if (!*reads)
		at = b < 0xf8 ? at + 1 : b < 0xfc ? 0xffff830000000000 : input_word() | 1ull << 62;
	return at;
}

static void set32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void same(const char *what, uint32_t cmd, long rc, long expects)
{
	accepted += rc >= 0;
	if (rc != expects)
		FINDING("%s %u: %ld; the model: %ld", what, cmd, rc, expects);
	if (memcmp(memory, expected, MEMORY))
		FINDING("%s %u (%ld): another answer than the model's", what, cmd, rc);
}

/* --- physdev_op --- */

static void name_device(uint8_t *bus, uint8_t *devfn)
{
	uint8_t b = input_byte();
	uint16_t name = b < 0xf0 ? functions[b % FUNCTIONS].name : (uint16_t)input_word();

	*bus = (uint8_t)(name >> 8);
	*devfn = (uint8_t)name;
}

static void fill_map(uint8_t *a)
{
	uint8_t b = input_byte(), bus, devfn;

	set32(a, b & 3);
	set32(a + 4, b & 4 ? b >> 3 & 7 : b >> 3 & 1);
	set32(a + 8, any_irq());
	set32(a + 12, b & 0x80 ? any_irq() : ~0u);
	name_device(&bus, &devfn);
	set32(a + 16, bus);
	set32(a + 20, devfn);
	b = input_byte();
	if (b >= 0xf0)
		set32(a + (b & 4 ? 16 : 20), (uint32_t)input_word());
	set32(a + 24, b & 8 ? input_byte() * 2u : input_byte() & 3);
	memset(a + 32, b & 1, 8);
}

/* What is not set here is any bytes. */
static void fill(uint32_t cmd, uint8_t *a, unsigned size)
{
	uint64_t rest = input_word();
	uint8_t b = (uint8_t)rest;

	for (unsigned i = 0; i < size; i++)
		a[i] = (uint8_t)(rest >> i % 8 * 8);
	if (cmd == 13)
		fill_map(a);
	else if (cmd == 14)
		set32(a + 4, any_irq());
	if (cmd == 14)
		set32(a, b & 1 ? 0x7ff0 : b >> 1 & 7);
	else if (cmd == 5 || cmd == 10 || cmd == 12 || cmd == 21)
		set32(a, any_irq());
	else if (cmd == 6 || (cmd == 28 && b < 0xf0))
		memset(a, 0, size), a[0] = b & 7;
	else if (cmd == 7 && b < 0x80)
		set32(a + 8, 0xfff8u + (b & 15));
	else if (cmd == 8)
		memset(a, 0, 8), set32(a, 0xfec00000 + (b & 3) * 0x1000);
	else if (size == 4 && b < 0xf8)
		set32(a, 0), name_device(&a[2], &a[3]);
}

static void op_physdev(void)
{
	static const uint8_t often[] = {5,  6,	7,  8,	10, 12, 13, 13, 13, 13, 14,
					14, 21, 25, 27, 27, 28, 24, 29, 30, 26, 31};
	unsigned caller = choose_caller();
	uint8_t b = input_byte();
	uint32_t cmd = b < 0xf0	  ? often[b % sizeof(often)]
		       : b < 0xfc ? b & 31
				  : (uint32_t)input_word();
	int size = model_physdev_size(cmd);
	bool reads;
	u64 at = place(size < 0 ? 8 : (unsigned)size, &reads);
	u64 above = input_byte() & 3 ? 0 : 0xdead00000000;

	if (size > 0)
		fill(cmd, memory + MEMORY - size, (unsigned)size);
	memcpy(expected, memory, MEMORY);
	long rc = do_physdev_op(cmd | above, at);
	uint8_t *end = expected + MEMORY - (size < 0 ? 8 : size);

	same("physdev_op", cmd, rc,
	     model_physdev(caller, cmd, end, reads, memory + (end - expected)));
}

/* Until no number is left. */
static void op_many_messages(void)
{
	uint8_t b = input_byte();
	unsigned n = b < 0xe0 ? b % 8 : b, domain = input_byte() % ALL_DOMAINS;
	uint8_t *a = memory + MEMORY - 40, from = input_byte();

	fake_run_as(domains[0]->vcpus[0]);
	for (unsigned i = 0; i < n; i++) {
		memset(a, 0, 40);
		set32(a, domain);
		set32(a + 12, ~0u);
		set32(a + 16, 3);
		set32(a + 20, 0x10);
		set32(a + 24, from + i);
		a[38] = 1;
		memcpy(expected, memory, MEMORY);
		long rc = do_physdev_op(13, (u64)a);

		same("physdev_op", 13, rc, model_physdev(0, 13, expected + MEMORY - 40, true, a));
	}
}

/* --- the machine in dom0's hands --- */

static void op_platform(void)
{
	static const uint8_t often[] = {62, 62, 50, 51, 55, 17, 48, 53};
	unsigned caller = choose_caller();
	uint8_t b = input_byte(), *a = memory + MEMORY - 136;
	uint64_t rest = input_word();
	bool reads, off = false;
	u64 at = place(136, &reads);

	for (unsigned i = 0; i < 128; i++)
		a[8 + i] = (uint8_t)(rest >> i % 8 * 8);
	set32(a, b < 0xf0 ? often[b & 7] : b);
	set32(a + 4, b < 0xf8 ? 0x03000001 : (uint32_t)rest);
	if (b & 8) {
		set32(a + 8, rest % 7);
		set32(a + 12, rest % 7);
	}
	if (b & 16)
		set32(a + 20, 0);
	memcpy(expected, memory, MEMORY);
	uint32_t cmd = a[0];
	long expects = model_platform(caller, expected + MEMORY - 136, reads, &off, CPUS);

	if (expects) /* nothing is written back */
		memcpy(expected, memory, MEMORY);
	may_switch_off = off;
	if (!setjmp(switched_off)) {
		same("platform_op", cmd, do_platform_op(at), expects);
		if (off)
			FINDING("the machine stays on");
	}
	may_switch_off = false;
}

static void console_write(u64 from, uint32_t count, unsigned caller)
{
	bool whole = accessible(from, count) || !count;
	long expects = caller ? -1 : (int32_t)count < 0 ? -22 : whole ? 0 : -14, rc;

	printed_count = 0;
	fake_preempt_in = input_byte() & 3 ? -1 : 1;
	rc = do_console_io(0 | (u64)count << 32, count | (u64)count << 32, from);
	while (rc == HYPERCALL_PREEMPTED)
		rc = do_console_io(fake_preempt_args[0], fake_preempt_args[1],
				   fake_preempt_args[2]);
	fake_preempt_in = -1;
	same("console_io", 0, rc, expects);
	if (printed_count > (expects == -1 || expects == -22 ? 0 : count) ||
	    (!rc && printed_count != count) ||
	    (printed_count && memcmp(printed, (void *)from, printed_count)))
		FINDING("%zu characters of %u are printed (%ld)", printed_count, count, rc);
}

static void console_read(u64 to, uint32_t count, unsigned caller)
{
	uint32_t n = count < WAITING ? count : WAITING;
	long expects = caller ? -1 : (int32_t)count < 0 ? -22 : (long)n;

	characters_left = WAITING;
	for (uint32_t i = 0; i < n && expects >= 0; i++) {
		if (!accessible(to + i, 1))
			expects = -14;
		else
			expected[to + i - (u64)memory] = (uint8_t)('a' + WAITING - 1 - i);
	}
	same("console_io", 1, do_console_io(1, count, to), expects);
}

static void op_console(void)
{
	unsigned caller = choose_caller();
	uint8_t b = input_byte();
	uint32_t count = b & 0x40 ? (uint32_t)input_word() : input_byte() * 4u;
	u64 at = (u64)memory + (b & 0x80 ? input_byte() * 5u : 0);

	memcpy(expected, memory, MEMORY);
	if ((b & 3) == 3)
		same("console_io", b, do_console_io(2 + b, 8, at), caller ? -1 : -38);
	else if (b & 1)
		console_read(at, count, caller);
	else
		console_write(at, count, caller);
}

static void op_parapet(void)
{
	unsigned caller = choose_caller();
	uint8_t b = input_byte(), *a = memory + MEMORY - 520;
	uint32_t named = b >> 4 < 8 ? b >> 4 : 0x7ff0;
	long expects = caller ? -1 : 0;
	bool reads;
	u64 at;

	memcpy(expected, memory, MEMORY);
	if ((b & 3) == 3) {
		same("parapet_op", b, do_parapet_op(b, (u64)a), expects ?: -38);
		return;
	}
	at = place(b & 1 ? 520 : sizeof(struct parapet_audit), &reads);
	expects = expects ?: !reads ? -14 : 0;
	set32(a, named);
	memcpy(expected, memory, MEMORY);
	if (b & 1 && !expects && named >= ALL_DOMAINS && named != 0x7ff0)
		expects = -3;
	if (!expects && b & 1)
		memset(expected + MEMORY - 512, named == 0x7ff0 ? 0 : (int)named, 512);
	else if (!expects)
		memset(expected + (at - (u64)memory), 0, sizeof(struct parapet_audit)),
			expected[at - (u64)memory] = 77;
	same("parapet_op", b & 1, do_parapet_op((b & 1) | (u64)b << 32, at), expects);
}

/* --- what else happens --- */

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

/* --- comparison --- */

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

static void compare(void)
{
	compare_chips();
	for (unsigned d = 0; d < ALL_DOMAINS; d++)
		compare_domain(d);
}

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
