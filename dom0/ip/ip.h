/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's own address: lwIP as a port of bridge xenbr0, with the hardware address of the card there.
 *
 * Nothing listens but what is asked for (pv/netbench.h); neighbours get answers to ARP and to
 * pings. Frames come on any thread, wait in a queue of bounded length, and are looked at by a
 * thread of this room.
 */
#ifndef DOM0_IP_IP_H
#define DOM0_IP_IP_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/problem.h"

#define IP_TEXT 20 /* "255.255.255.255/32" and the zero */

struct ip_status {
	const char *bridge;
	uint8_t mac[6];
	bool dhcp;
	char address[IP_TEXT]; /* with the mask's bits; empty: none (yet) */
	char gateway[IP_TEXT]; /* empty: none */
	uint64_t received, received_bytes, sent, sent_bytes, dropped;
};

/*
 * Take the address that a text says: "dhcp", "none", or "10.0.0.1/24", with a gateway behind a
 * comma if there is one; NULL is "dhcp" if the machine has a network card, "none" otherwise. DHCP
 * goes on without the caller, as long as it takes. Once the bridges have their cards. 0, or
 * negative with the problem.
 */
int ip_set(const char *text, struct problem *problem);

/* False: dom0 is on no bridge. */
bool ip_status(struct ip_status *status);

#endif
