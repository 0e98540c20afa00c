/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum of a frame that leaves it to the card. */
#include "driver/net.h"

enum { IPV4 = 0x0800, VLAN = 0x8100, IPV6 = 0x86dd };
enum { TCP = 6, UDP = 17, IPV6_HEADER = 40, IPV4_HEADER = 20 };
enum { TCP_CHECKSUM = 16, UDP_CHECKSUM = 6, TCP_HEADER = 20, UDP_HEADER = 8 };

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Where in the frame TCP or UDP is. */
struct payload {
	size_t start, length;
	uint8_t protocol;
};

static bool find_ipv4(const uint8_t *frame, size_t length, struct payload *found)
{
	const uint8_t *ip = frame + found->start;
	size_t room = length - found->start, header, total;

	if (room < IPV4_HEADER || ip[0] >> 4 != 4)
		return false;
	header = (size_t)(ip[0] & 15) * 4;
	total = get16(ip + 2);
	/* A fragment does not hold all that the checksum covers. */
	if (header < IPV4_HEADER || total < header || total > room || (get16(ip + 6) & 0x3fff))
		return false;
	found->start += header;
	found->length = total - header;
	found->protocol = ip[9];
	return true;
}

static bool find_ipv6(const uint8_t *frame, size_t length, struct payload *found)
{
	const uint8_t *ip = frame + found->start;
	size_t room = length - found->start;

	if (room < IPV6_HEADER || ip[0] >> 4 != 6 || get16(ip + 4) > room - IPV6_HEADER)
		return false;
	found->start += IPV6_HEADER;
	found->length = get16(ip + 4);
	found->protocol = ip[6];
	return true;
}

static bool find_payload(const uint8_t *frame, size_t length, struct payload *found)
{
	size_t type = NET_HEADER - 2;

	if (length < NET_HEADER + 4)
		return false;
	if (get16(frame + type) == VLAN)
		type += 4;
	found->start = type + 2;
	if (get16(frame + type) == IPV4)
		return find_ipv4(frame, length, found);
	return get16(frame + type) == IPV6 && find_ipv6(frame, length, found);
}

static uint16_t sum(const uint8_t *at, size_t length)
{
	uint64_t total = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		total += get16(at + i);
	if (length & 1)
		total += (uint64_t)at[length - 1] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

bool net_fill_checksum(uint8_t *frame, size_t length)
{
	struct payload found;
	bool tcp;
	uint8_t *place;
	uint16_t result;

	if (!find_payload(frame, length, &found))
		return false;
	tcp = found.protocol == TCP;
	if (!tcp && found.protocol != UDP)
		return false;
	if (found.length < (tcp ? TCP_HEADER : UDP_HEADER))
		return false;
	/* The pseudo-header's sum is in its place already, and is summed with the rest. */
	place = frame + found.start + (tcp ? TCP_CHECKSUM : UDP_CHECKSUM);
	result = (uint16_t)~sum(frame + found.start, found.length);
	if (!result && !tcp)
		result = 0xffff; /* 0 says that UDP has none */
	place[0] = (uint8_t)(result >> 8);
	place[1] = (uint8_t)result;
	return true;
}
