/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "config/vif.h"

#define DEFAULT_INTERVAL 50000 /* microseconds */

static char mistake[96];

void vif_config_init(struct vif_config *vif)
{
	*vif = (struct vif_config){.bridge = VIF_DEFAULT_BRIDGE, .antispoof = true};
}

bool vif_mac_is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !memcmp(mac, zero, sizeof(zero));
}

void vif_format_mac(const uint8_t mac[6], char text[VIF_MAC_TEXT])
{
	snprintf(text, VIF_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vif_parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t bytes[6];

	for (unsigned int i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	if ((bytes[0] & 1) || vif_mac_is_zero(bytes))
		return false;
	memcpy(mac, bytes, sizeof(bytes));
	return true;
}

/* Digits, at most nine. */
static const char *read_number(const char *text, uint64_t *number)
{
	unsigned int digits = 0;

	for (*number = 0; isdigit((unsigned char)*text) && digits < 9; digits++)
		*number = *number * 10 + (uint64_t)(*text++ - '0');
	return digits && !isdigit((unsigned char)*text) ? text : NULL;
}

/* K, M or G, by thousands. */
static const char *read_scale(const char *text, uint64_t *number)
{
	switch (*text) {
	case 'G':
		*number *= 1000;
		/* fall through */
	case 'M':
		*number *= 1000;
		/* fall through */
	case 'K':
		*number *= 1000;
		return text + 1;
	default:
		return text;
	}
}

/* What follows @: a number with us, ms or s. */
static bool read_interval(const char *text, uint32_t *interval)
{
	uint64_t number;

	text = read_number(text, &number);
	if (!text)
		return false;
	if (!strcmp(text, "ms"))
		number *= 1000;
	else if (!strcmp(text, "s"))
		number *= 1000000;
	else if (strcmp(text, "us"))
		return false;
	*interval = (uint32_t)number;
	return number && number <= 60 * 1000000;
}

bool vif_parse_rate(const char *text, uint64_t *bytes, uint32_t *interval)
{
	uint64_t number;
	bool bits;

	text = read_number(text, &number);
	if (!text)
		return false;
	text = read_scale(text, &number);
	bits = *text == 'b';
	if (*text != 'b' && *text != 'B')
		return false;
	if (strncmp(text + 1, "/s", 2))
		return false;
	*interval = DEFAULT_INTERVAL;
	if (text[3] && (text[3] != '@' || !read_interval(text + 4, interval)))
		return false;
	if (bits)
		number /= 8;
	if (number > 1000ull * 1000 * 1000 * 1000)
		return false;
	/* In two steps: the product of both would not fit. */
	*bytes = number / 1000000 * *interval + number % 1000000 * *interval / 1000000;
	return *bytes > 0;
}

static bool parse_bool(const char *text, bool *value)
{
	*value = !strcmp(text, "1") || !strcmp(text, "yes") || !strcmp(text, "on");
	return *value || !strcmp(text, "0") || !strcmp(text, "no") || !strcmp(text, "off");
}

static bool parse_bridge(const char *text, char bridge[VIF_BRIDGE_LENGTH])
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	if (!length || length >= VIF_BRIDGE_LENGTH)
		return false;
	strcpy(bridge, text);
	return true;
}

static const char *take(struct vif_config *vif, const char *key, const char *value)
{
	if (!strcmp(key, "mac"))
		return vif_parse_mac(value, vif->mac) ? NULL : "expected mac=00:16:3e:xx:xx:xx";
	if (!strcmp(key, "bridge"))
		return parse_bridge(value, vif->bridge)
			       ? NULL
			       : "expected bridge=NAME, up to 15 letters and digits";
	if (!strcmp(key, "rate"))
		return vif_parse_rate(value, &vif->rate_bytes, &vif->rate_interval)
			       ? NULL
			       : "expected rate=10Mb/s, rate=1MB/s or rate=1MB/s@20ms";
	if (!strcmp(key, "antispoof"))
		return parse_bool(value, &vif->antispoof) ? NULL : "expected antispoof=0 or 1";
	if (!strcmp(key, "type"))
		return !strcmp(value, "vif") ? NULL : "only type=vif is offered";
	snprintf(mistake, sizeof(mistake),
		 "unknown key %.16s of a vif: mac, bridge, rate, antispoof are known", key);
	return mistake;
}

const char *vif_config_parse(struct vif_config *vif, const char *text)
{
	const char *wrong = NULL;

	while (*text && !wrong) {
		char item[64], *value;
		size_t length = strcspn(text, ",");

		while (length && isspace((unsigned char)*text)) {
			text++;
			length--;
		}
		if (length >= sizeof(item))
			return "something in a vif is too long";
		memcpy(item, text, length);
		item[length] = '\0';
		while (length && isspace((unsigned char)item[length - 1]))
			item[--length] = '\0';
		text += strcspn(text, ",");
		text += *text == ',';
		value = strchr(item, '=');
		if (!value && length)
			return "expected key=value,key=value…";
		if (!value)
			continue;
		*value++ = '\0';
		wrong = take(vif, item, value);
	}
	return wrong;
}
