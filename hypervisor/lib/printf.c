/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatted output into a buffer. */
#include <lib/printk.h>
#include <lib/string.h>

struct output {
	char *buf;
	size_t size, length; /* length counts what would have been written, too */
};

struct spec {
	bool left, zero, plus, space, alternate, upper, negative;
	int width, precision; /* precision -1: not given */
	unsigned base;
};

static void put(struct output *o, char c)
{
	if (o->length < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void pad(struct output *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct output *o, const char *s, const struct spec *f)
{
	int n;

	if (!s)
		s = "(null)";
	n = strnlen(s, f->precision < 0 ? ~0UL : (size_t)f->precision);
	if (!f->left)
		pad(o, ' ', f->width - n);
	for (int i = 0; i < n; i++)
		put(o, s[i]);
	if (f->left)
		pad(o, ' ', f->width - n);
}

static void put_number(struct output *o, u64 value, const struct spec *f)
{
	const char *digits = f->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char tmp[24], prefix[3];
	int n = 0, prefixes = 0, zeros;

	if (f->negative)
		prefix[prefixes++] = '-';
	else if (f->plus || f->space)
		prefix[prefixes++] = f->plus ? '+' : ' ';
	if (f->alternate && f->base == 16 && value) {
		prefix[prefixes++] = '0';
		prefix[prefixes++] = f->upper ? 'X' : 'x';
	}
	for (; value; value /= f->base)
		tmp[n++] = digits[value % f->base];
	if (!n && f->precision)
		tmp[n++] = '0';
	zeros = f->precision - n;
	if (f->precision < 0 && f->zero && !f->left)
		zeros = f->width - prefixes - n;
	zeros = MAX(zeros, 0);
	if (!f->left)
		pad(o, ' ', f->width - prefixes - zeros - n);
	for (int i = 0; i < prefixes; i++)
		put(o, prefix[i]);
	pad(o, '0', zeros);
	for (int i = n; i > 0; i--)
		put(o, tmp[i - 1]);
	if (f->left)
		pad(o, ' ', f->width - prefixes - zeros - n);
}

static const char *parse_flags(const char *p, struct spec *f)
{
	for (;; p++) {
		if (*p == '-')
			f->left = true;
		else if (*p == '0')
			f->zero = true;
		else if (*p == '+')
			f->plus = true;
		else if (*p == ' ')
			f->space = true;
		else if (*p == '#')
			f->alternate = true;
		else
			return p;
	}
}

static int parse_int(const char **p)
{
	int n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		n = n * 10 + **p - '0';
	return n;
}

static u64 integer(va_list *ap, bool is_signed, int size, struct spec *f)
{
	s64 value;

	if (size >= 8)
		value = va_arg(*ap, s64);
	else if (is_signed)
		value = va_arg(*ap, int);
	else
		value = va_arg(*ap, unsigned);
	if (size == 2)
		value = is_signed ? (s16)value : (u16)value;
	if (size == 1)
		value = is_signed ? (s8)value : (u8)value;
	f->negative = is_signed && value < 0;
	return f->negative ? -(u64)value : (u64)value;
}

static const char *parse_size_modifier(const char *p, int *size)
{
	*size = 4;
	for (;; p++) {
		if (*p == 'l' || *p == 'z' || *p == 't' || *p == 'j')
			*size = 8;
		else if (*p == 'h')
			*size = *size == 2 ? 1 : 2;
		else
			return p;
	}
}

static void convert(struct output *o, char c, int size, struct spec *f, va_list *ap)
{
	char text[2] = {0, 0};

	f->base = 10;
	switch (c) {
	case 'd':
	case 'i':
		put_number(o, integer(ap, true, size, f), f);
		break;
	case 'u':
		put_number(o, integer(ap, false, size, f), f);
		break;
	case 'p':
		size = 8;
		f->precision = 16;
		/* fall through */
	case 'X':
	case 'x':
		f->base = 16;
		f->upper = c == 'X';
		put_number(o, integer(ap, false, size, f), f);
		break;
	case 'o':
		f->base = 8;
		put_number(o, integer(ap, false, size, f), f);
		break;
	case 'c':
		text[0] = va_arg(*ap, int);
		put_string(o, text, f);
		break;
	case 's':
		put_string(o, va_arg(*ap, const char *), f);
		break;
	default:
		put(o, c);
	}
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = {buf, size ? size - 1 : 0, 0};
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		struct spec f = {.precision = -1};
		int modifier;

		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_flags(fmt + 1, &f);
		if (*fmt == '*') {
			f.width = va_arg(args, int);
			fmt++;
		} else {
			f.width = parse_int(&fmt);
		}
		if (*fmt == '.') {
			fmt++;
			if (*fmt == '*') {
				f.precision = va_arg(args, int);
				fmt++;
			} else {
				f.precision = parse_int(&fmt);
			}
		}
		fmt = parse_size_modifier(fmt, &modifier);
		if (!*fmt)
			break;
		convert(&o, *fmt++, modifier, &f, &args);
	}
	va_end(args);
	if (size)
		buf[MIN(o.length, size - 1)] = 0;
	return o.length;
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintk(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
