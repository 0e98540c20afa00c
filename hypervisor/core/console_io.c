/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_io: the machine's console, for dom0 alone. Guests have their console ring; a domU that
 * tries is told so.
 */
#include <core/calls.h>
#include <core/console_io.h>
#include <core/hooks.h>
#include <lib/printk.h>

/* The UART is slow: one chunk, then look whether somebody waits. */
static long console_write(u64 count, u64 buffer)
{
	char chunk[128];

	while (count) {
		size_t n = MIN(count, sizeof(chunk));

		if (!copy_from_guest(chunk, buffer, n))
			return refuse_fault(buffer);
		log_serial(chunk, n);
		count -= n;
		buffer += n;
		if (count && hypercall_preempt_check())
			return hypercall_preempt(0, CONSOLEIO_write, count, buffer, 0);
	}
	return 0;
}

static long console_read(u64 count, u64 buffer)
{
	long done = 0;
	int c;

	while (count-- && (c = serial_getc()) >= 0) {
		char ch = c;

		if (!put_guest(buffer + done, ch))
			return refuse_fault(buffer + done);
		done++;
	}
	return done;
}

long do_console_io(u64 cmd, u64 count, u64 buffer)
{
	count = (u32)count;
	if (!current_domain()->privileged)
		return refuse(
			NOT_ALLOWED,
			"only dom0 has the machine's console: use the console ring of start_info");
	if ((s32)count < 0)
		return refuse(BAD_ARGUMENT, "%lu bytes are too many", count);
	switch ((u32)cmd) {
	case CONSOLEIO_write:
		return console_write(count, buffer);
	case CONSOLEIO_read:
		return console_read(count, buffer);
	default:
		return refuse_operation(cmd);
	}
}

void console_input_ready(void)
{
	evtchn_send_dom0_virq(VIRQ_CONSOLE);
}
