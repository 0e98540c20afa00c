/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bridge/bridge.h"

#define MAC 6

struct bridge *bridges;

struct bridge *bridge_named(const char *name)
{
	struct bridge **link = &bridges;

	while (*link && strcmp((*link)->name, name))
		link = &(*link)->next;
	if (!*link && (*link = calloc(1, sizeof(**link))))
		snprintf((*link)->name, BRIDGE_NAME_LENGTH, "%s", name);
	return *link;
}

void bridge_join(struct bridge *bridge, struct bridge_port *port)
{
	struct bridge_port **link = &bridge->ports;

	while (*link)
		link = &(*link)->next;
	port->next = NULL;
	port->bridge = bridge;
	*link = port;
}

void bridge_leave(struct bridge_port *port)
{
	struct bridge *bridge = port->bridge;
	struct bridge_port **link;

	if (!bridge)
		return;
	for (link = &bridge->ports; *link != port; link = &(*link)->next)
		;
	*link = port->next;
	for (unsigned int set = 0; set < BRIDGE_SETS; set++)
		for (unsigned int way = 0; way < BRIDGE_WAYS; way++)
			if (bridge->entry[set][way].port == port)
				bridge->entry[set][way].port = NULL;
	port->bridge = NULL;
}

static bool is_group(const uint8_t mac[MAC])
{
	return mac[0] & 1;
}

/* 01:80:c2:00:00:0x: meant for the neighbour alone (spanning tree, pause frames). */
static bool is_link_local(const uint8_t mac[MAC])
{
	static const uint8_t prefix[] = {0x01, 0x80, 0xc2, 0, 0};

	return !memcmp(mac, prefix, sizeof(prefix)) && mac[5] < 0x10;
}

/* The low bytes differ most. */
static struct bridge_entry *set_of(const struct bridge *bridge, const uint8_t mac[MAC])
{
	uint32_t low =
		(uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
	uint32_t hash = low * 0x9e3779b1u;

	return (struct bridge_entry *)bridge->entry[hash >> 24 & (BRIDGE_SETS - 1)];
}

static struct bridge_entry *find(const struct bridge *bridge, const uint8_t mac[MAC])
{
	struct bridge_entry *entry = set_of(bridge, mac);

	for (unsigned int way = 0; way < BRIDGE_WAYS; way++)
		if (entry[way].port && !memcmp(entry[way].mac, mac, MAC))
			return &entry[way];
	return NULL;
}

struct bridge_port *bridge_lookup(const struct bridge *bridge, const uint8_t mac[MAC], uint64_t now)
{
	const struct bridge_entry *entry = find(bridge, mac);

	return entry && now - entry->seen < BRIDGE_AGEING ? entry->port : NULL;
}

static struct bridge_entry *oldest(struct bridge_entry *entry)
{
	struct bridge_entry *old = entry;

	for (unsigned int way = 0; way < BRIDGE_WAYS; way++) {
		if (!entry[way].port)
			return &entry[way];
		if (entry[way].seen < old->seen)
			old = &entry[way];
	}
	return old;
}

static void learn(struct bridge *bridge, struct bridge_port *port, const uint8_t mac[MAC],
		  uint64_t now)
{
	struct bridge_entry *entry = find(bridge, mac);

	if (!entry) {
		entry = oldest(set_of(bridge, mac));
		memcpy(entry->mac, mac, MAC);
	}
	entry->port = port;
	entry->seen = now;
}

/* The sender's hardware address that an ARP packet claims: another place for a lie. */
static bool arp_lies(const struct bridge_port *port, const uint8_t *frame, uint32_t length)
{
	return length >= NET_HEADER + 14 && frame[12] == 0x08 && frame[13] == 0x06 &&
	       memcmp(frame + NET_HEADER + 8, port->mac, MAC) != 0;
}

static bool may_send(const struct bridge_port *port, const uint8_t *frame, uint32_t length)
{
	const uint8_t *source = frame + MAC;

	if (is_group(source))
		return false;
	return !port->antispoof ||
	       (!memcmp(source, port->mac, MAC) && !arp_lies(port, frame, length));
}

/* Without memory for it, it is lost. */
static void deliver(struct bridge_port *to, struct packet *packet)
{
	if (!packet->lent || to->takes_lent || packet_own(packet))
		to->deliver(to, packet);
}

static void flood(struct bridge_port *from, struct packet *packet)
{
	struct bridge_port *port, *next;

	for (port = from->bridge->ports; port; port = next) {
		next = port->next;
		if (port != from)
			deliver(port, packet);
	}
	from->bridge->flooded++;
}

void bridge_forward(struct bridge_port *from, struct packet *packet, uint64_t now)
{
	const uint8_t *frame = packet_head(packet);
	struct bridge_port *to;

	if (!from->bridge || packet->length < NET_HEADER)
		return;
	if (!may_send(from, frame, packet->segment[0].length)) {
		from->spoofed++;
		return;
	}
	learn(from->bridge, from, frame + MAC, now);
	if (is_link_local(frame))
		return;
	to = is_group(frame) ? NULL : bridge_lookup(from->bridge, frame, now);
	if (!to) {
		flood(from, packet);
	} else if (to != from) {
		from->bridge->forwarded++;
		deliver(to, packet);
	}
}
