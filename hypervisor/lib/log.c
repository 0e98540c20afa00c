/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: the ring, levels, and the serial line. */
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/spinlock.h>

static char ring[CONSOLE_RING_SIZE];
static u32 ring_end, ring_start; /* bytes since boot */
static struct spinlock log_lock = SPINLOCK_INIT;
static bool lock_broken;

/*
 * Messages of lower levels than these reach the serial line; all reach the ring. Refusals of guests
 * do not by default: they would come between the operator and the prompt.
 */
static unsigned serial_level = LOG_INFO, guest_level = LOG_WARN;

/* Xen's form is lower/upper threshold; what is below the lower one is always printed here. */
static bool option_level(void *target, size_t size, const char *value)
{
	static const char *const names[] = {"none", "error", "warning", "info", "debug", "all"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(value, names[i], strlen(names[i]))) {
			*(unsigned *)target = i;
			return true;
		}
	return false;
}
OPTION("loglvl", option_level, serial_level);
OPTION("guest_loglvl", option_level, guest_level);

void log_break_lock(void)
{
	lock_broken = true;
}

void log_serial(const char *text, size_t n)
{
	spin_lock(&log_lock);
	serial_puts(text, n);
	spin_unlock(&log_lock);
}

size_t console_ring_read(char *buf, size_t size, u32 *index)
{
	size_t n = 0;

	spin_lock(&log_lock);
	/* A position that is no longer, or not yet, in the ring means the oldest byte kept. */
	if (*index - ring_start > ring_end - ring_start)
		*index = ring_start;
	for (; n < size && *index != ring_end; n++, (*index)++)
		buf[n] = ring[*index % CONSOLE_RING_SIZE];
	spin_unlock(&log_lock);
	return n;
}

void console_ring_clear(void)
{
	spin_lock(&log_lock);
	ring_start = ring_end;
	spin_unlock(&log_lock);
}

void printk(enum log_level level, const char *fmt, ...)
{
	bool guest = level >= LOG_GUEST_ERR;
	char line[320] = "(PPT) ";
	va_list ap;

	va_start(ap, fmt);
	u32 n = 6 + vsnprintk(line + 6, sizeof(line) - 6, fmt, ap);

	va_end(ap);
	if (n >= sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	if (!lock_broken)
		spin_lock(&log_lock);
	for (u32 i = 0; i < n; i++)
		ring[ring_end++ % CONSOLE_RING_SIZE] = line[i];
	if (ring_end - ring_start > CONSOLE_RING_SIZE)
		ring_start = ring_end - CONSOLE_RING_SIZE;
	if (guest ? level - LOG_GUEST_ERR < guest_level : level < serial_level)
		serial_puts(line, n);
	if (!lock_broken)
		spin_unlock(&log_lock);
}
