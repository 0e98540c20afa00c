/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "bridge/segment.h"

enum {
	IP_LENGTH = 2,
	IP_ID = 4,
	IP_FRAGMENT = 6,
	IP_PROTOCOL = 9,
	IP_CHECKSUM = 10,
	IP_SOURCE = 12
};
enum { TCP_SEQUENCE = 4, TCP_OFFSET = 12, TCP_FLAGS = 13, TCP_CHECKSUM = 16 };
enum { IP_HEADER = 20, TCP_HEADER = 20, TCP = 6 };
enum { FIN = 1, PSH = 8, CWR = 0x80 };

/* Of one packet: where its parts are, from its start. */
struct parts {
	uint32_t ip, tcp, payload;
};

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* All headers are in the first page, or it is refused. */
static bool find_parts(const struct packet *packet, struct parts *parts)
{
	const uint8_t *head = packet_head(packet), *ip = head + NET_HEADER;
	uint32_t room = packet->segment[0].length;

	parts->ip = NET_HEADER;
	if (room < NET_HEADER + IP_HEADER + TCP_HEADER || get16(head + 12) != 0x0800 ||
	    ip[0] >> 4 != 4 || ip[IP_PROTOCOL] != TCP || (get16(ip + IP_FRAGMENT) & 0x3fff))
		return false;
	parts->tcp = parts->ip + (ip[0] & 15u) * 4;
	if (parts->tcp < parts->ip + IP_HEADER || room < parts->tcp + TCP_HEADER)
		return false;
	parts->payload = parts->tcp + (head[parts->tcp + TCP_OFFSET] >> 4) * 4u;
	return parts->payload >= parts->tcp + TCP_HEADER && parts->payload <= room &&
	       parts->payload < packet->length;
}

/* Bytes from anywhere in the packet. */
static void copy_out(const struct packet *packet, uint32_t at, uint8_t *to, uint32_t length)
{
	while (length) {
		uint32_t offset = at % PACKET_PAGE, part = PACKET_PAGE - offset;

		if (part > length)
			part = length;
		memcpy(to, (const uint8_t *)packet->segment[at / PACKET_PAGE].data + offset, part);
		at += part;
		to += part;
		length -= part;
	}
}

static uint32_t add(uint32_t sum, const uint8_t *at, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 2)
		sum += get16(at + i);
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The headers of the frame that begins `at` bytes into the payload; the checksum of TCP is left to
 * whom it goes to. */
static void fix_headers(uint8_t *frame, const struct parts *parts, uint32_t number, uint32_t at,
			uint32_t length, bool last)
{
	uint8_t *ip = frame + parts->ip, *tcp = frame + parts->tcp;
	uint32_t sequence = get16(tcp + TCP_SEQUENCE) << 16 | get16(tcp + TCP_SEQUENCE + 2);
	uint32_t tcp_length = length - parts->tcp;

	put16(ip + IP_LENGTH, length - parts->ip);
	put16(ip + IP_ID, (get16(ip + IP_ID) + number) & 0xffff);
	put16(ip + IP_CHECKSUM, 0);
	put16(ip + IP_CHECKSUM, ~fold(add(0, ip, parts->tcp - parts->ip)) & 0xffff);
	put32(tcp + TCP_SEQUENCE, sequence + at);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(FIN | PSH);
	if (number)
		tcp[TCP_FLAGS] &= (uint8_t)~CWR;
	put16(tcp + TCP_CHECKSUM, fold(add(TCP + tcp_length, ip + IP_SOURCE, 8)));
}

/* The frame of `size` bytes of payload. NULL: out of memory. */
static struct packet *cut(const struct packet *packet, const struct parts *parts, uint32_t number,
			  uint32_t at, uint32_t size)
{
	uint32_t length = parts->payload + size;
	struct packet *frame = packet_new(length);

	if (!frame)
		return NULL;
	copy_out(packet, 0, packet_head(frame), parts->payload);
	copy_out(packet, parts->payload + at, packet_head(frame) + parts->payload, size);
	fix_headers(packet_head(frame), parts, number, at, length,
		    parts->payload + at + size == packet->length);
	frame->flags = NET_CHECKSUM_BLANK;
	return frame;
}

unsigned int segment_packet(struct bridge_port *port, const struct packet *packet)
{
	uint32_t at = 0, number = 0, left, size = packet->gso_size;
	struct parts parts;

	if (!find_parts(packet, &parts))
		return 0;
	left = packet->length - parts.payload;
	if (!size || size > PACKET_PAGE - parts.payload || left > size * SEGMENTS_MAX)
		return 0;
	for (; left; number++) {
		uint32_t part = left < size ? left : size;
		struct packet *frame = cut(packet, &parts, number, at, part);

		if (!frame)
			break;
		port->deliver(port, frame);
		packet_put(frame);
		at += part;
		left -= part;
	}
	return number;
}
