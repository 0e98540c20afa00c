/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatted output into a buffer. */
#include <lib/printk.h>
#include <lib/string.h>

struct output {
	char *buf;
	size_t size, length; /* length counts what would have been written, too */
	va_list args;
};

static void put(struct output *o, char c)
{
	if (o->length < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void put_string(struct output *o, const char *s)
{
	for (s = s ? s : "(null)"; *s; s++)
		put(o, *s);
}

/* Signs and prefixes come before filling zeros and after filling spaces. */
static void put_number(struct output *o, u64 value, unsigned base, const char *prefix, int width,
		       bool zeros)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	width -= n + strlen(prefix);
	for (; !zeros && width > 0; width--)
		put(o, ' ');
	put_string(o, prefix);
	for (; width > 0; width--)
		put(o, '0');
	while (n)
		put(o, digits[--n]);
}

/* One conversion, from behind the percent sign; returns what follows it. */
static const char *convert(struct output *o, const char *p)
{
	bool alternate = *p == '#', zeros, wide = false;
	int width = 0;

	p += alternate;
	zeros = *p == '0';
	for (; *p >= '0' && *p <= '9'; p++)
		width = width * 10 + *p - '0';
	for (; *p == 'l' || *p == 'z'; p++)
		wide = true;
	wide |= *p == 'p';
	if (*p == 's') {
		put_string(o, va_arg(o->args, const char *));
	} else if (*p == 'd') {
		s64 value = wide ? va_arg(o->args, s64) : va_arg(o->args, int);

		put_number(o, value < 0 ? -(u64)value : (u64)value, 10, value < 0 ? "-" : "", width,
			   zeros);
	} else if (*p == 'u' || *p == 'x' || *p == 'p') {
		u64 value = wide ? va_arg(o->args, u64) : va_arg(o->args, unsigned);

		put_number(o, value, *p == 'u' ? 10 : 16, alternate && value ? "0x" : "", width,
			   zeros);
	} else if (*p) {
		put(o, *p);
	}
	return p + (*p != 0);
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = {.buf = buf, .size = size ? size - 1 : 0};

	va_copy(o.args, ap);
	while (*fmt)
		if (*fmt++ == '%')
			fmt = convert(&o, fmt);
		else
			put(&o, fmt[-1]);
	va_end(o.args);
	if (size)
		buf[MIN(o.length, size - 1)] = 0;
	return o.length;
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintk(buf, size, fmt, ap);

	va_end(ap);
	return n;
}
