/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Learning bridges. A port is a guest's vif or a network card. A frame goes to the port behind
 * which its destination was last heard of; to all others if that is unknown or a group; never back.
 *
 * With `antispoof`, a port may only send from its own address (and may claim no other in ARP). The
 * table of addresses is bounded: a port that invents addresses pushes out old ones, and the bridge
 * floods where it has forgotten. Pure computation: time is handed in, and nothing here waits.
 */
#ifndef DOM0_BRIDGE_BRIDGE_H
#define DOM0_BRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>
#include "bridge/packet.h"

#define BRIDGE_NAME_LENGTH 16
#define BRIDGE_AGEING	   (300 * 1000000000ULL) /* ns until an address that is silent is forgotten */
#define BRIDGE_SETS	   256
#define BRIDGE_WAYS	   4

struct bridge_port {
	struct bridge_port *next;
	struct bridge *bridge; /* NULL: joined to none */
	char name[BRIDGE_NAME_LENGTH];
	uint8_t mac[6]; /* for antispoof */
	bool antispoof;
	bool takes_lent;  /* packets with lent pages (packet.h) */
	uint64_t spoofed; /* frames refused for it */
	/* Take a frame: packet_get() to keep it longer than the call. */
	void (*deliver)(struct bridge_port *port, struct packet *packet);
	void *owner;
};

struct bridge_entry {
	uint8_t mac[6];
	struct bridge_port *port; /* NULL: empty */
	uint64_t seen;		  /* ns */
};

struct bridge {
	struct bridge *next;
	char name[BRIDGE_NAME_LENGTH];
	struct bridge_port *ports;
	struct bridge_entry entry[BRIDGE_SETS][BRIDGE_WAYS];
	uint64_t forwarded, flooded;
};

extern struct bridge *bridges; /* in the order of their making; they stay */

/* The bridge of this name, made if there is none. NULL: out of memory. */
struct bridge *bridge_named(const char *name);

void bridge_join(struct bridge *bridge, struct bridge_port *port);
/* Leave, and be forgotten; harmless if it joined none. */
void bridge_leave(struct bridge_port *port);

/* A frame came in at a port, at system time now (ns). It stays the caller's. */
void bridge_forward(struct bridge_port *from, struct packet *packet, uint64_t now);

/* The port behind which the bridge believes an address to be, or NULL. */
struct bridge_port *bridge_lookup(const struct bridge *bridge, const uint8_t mac[6], uint64_t now);

#endif
