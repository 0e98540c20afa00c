/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a front end puts into its transmit ring, taken out with care: everything is copied once and
 * bounded before it is believed. Pure: the ring is any memory, and no guest is asked.
 */
#ifndef DOM0_BACKEND_NETRING_H
#define DOM0_BACKEND_NETRING_H

#include <stdint.h>
#include <pv/types.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/netif.h>

#define TX_SLOTS XEN_NETIF_NR_SLOTS_MIN /* of one packet, at most */

struct tx_slot {
	grant_ref_t gref;
	uint16_t offset, size; /* within one page */
	uint16_t id;
};

struct tx_packet {
	unsigned int slots, extras; /* extras: ring slots behind the first one that hold no data */
	uint16_t gso_size;	    /* 0: it is one frame */
	uint16_t flags;		    /* NETTXF_* of the first slot */
	uint32_t length;	    /* of all slots */
	struct tx_slot slot[TX_SLOTS];
};

/* Requests that were pushed and not taken: -1 if the index is nonsense. Reads it once. */
int tx_pending(const netif_tx_back_ring_t *ring);

/*
 * Take the next packet, of which `pending` (> 0) slots may be looked at. 0, or the sentence that
 * says how the front end broke the protocol. A packet of no use, which harms nobody, has slots and
 * ids to answer, but length 0.
 */
const char *tx_take(netif_tx_back_ring_t *ring, unsigned int pending, struct tx_packet *packet);

/* Answer all slots of the packet with a status, in the order in which they were taken. */
void tx_answer(netif_tx_back_ring_t *ring, const struct tx_packet *packet, int16_t status);

/* Empty buffers that the front end has offered: -1 if the index is nonsense. Reads it once. */
int rx_offered(const netif_rx_back_ring_t *ring);

#endif
