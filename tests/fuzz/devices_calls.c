/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <xen/parapet.h>
#include <core/calls.h>
#include <core/hooks.h>
#include "bytes.h"
#include "devices.h"
#include "fakes/core_fakes.h"

#define WAITING 7 /* characters at the console */

uint8_t memory[MEMORY];
static uint8_t expected[MEMORY]; /* of it, after the call */
static unsigned characters_left;
static char printed[MEMORY];
static size_t printed_count;
static jmp_buf switched_off;
static bool may_switch_off;

/* --- what the calls reach --- */

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

bool accessible(u64 address, size_t size)
{
	return address >= (u64)memory && address - (u64)memory <= MEMORY &&
	       size <= MEMORY - (address - (u64)memory);
}

/* --- parts of the input --- */

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
	put_bytes(at, value, 4);
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

void op_physdev(void)
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
void op_many_messages(void)
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

void op_platform(void)
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

void op_console(void)
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

void op_parapet(void)
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
