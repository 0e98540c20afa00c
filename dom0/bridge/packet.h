/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame on its way through dom0, in pages of dom0's own, counted by who holds it: the queue of a
 * guest that it goes to, or whoever has just made it. Nobody writes to it once the bridge has it.
 *
 * Pages behind the first may be lent by the guest that sends it, which can write to them all the
 * time: they are for copying alone, and for the call of bridge_forward().
 */
#ifndef DOM0_BRIDGE_PACKET_H
#define DOM0_BRIDGE_PACKET_H

#include <stdbool.h>
#include <stdint.h>
#include "driver/net.h"

#define PACKET_MAX   65535 /* bytes, with the Ethernet header */
#define PACKET_PAGE  4096
#define PACKET_PAGES 16

struct packet {
	struct packet *next; /* the pool's */
	unsigned int refs;
	unsigned int flags; /* NET_CHECKSUM_* */
	uint32_t length;
	uint16_t lent;	   /* a bit for each page that is not dom0's own */
	uint16_t gso_size; /* TCP over IPv4 that stands for frames of so much payload; 0: a frame */
	unsigned int pages;
	struct net_segment segment[PACKET_PAGES]; /* whole pages, but for the last */
};

/* A packet with pages for length bytes (1..PACKET_MAX), contents undefined, held once. NULL: out of
 * memory. */
struct packet *packet_new(uint32_t length);
/* The same, with only its first page: the others are added by packet_lend(), in their order. */
struct packet *packet_new_head(uint32_t length);
void packet_lend(struct packet *packet, void *page);
/* Replace what is lent by copies: to keep it longer than the call. False: out of memory. */
bool packet_own(struct packet *packet);
void packet_get(struct packet *packet);
/* The last one to let go frees it. */
void packet_put(struct packet *packet);

/* The first page: headers are there, as far as length goes. */
static inline uint8_t *packet_head(const struct packet *packet)
{
	return (uint8_t *)packet->segment[0].data;
}

#endif
