/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network back ends, for backend/vif*.c alone. One thread serves all of them in turn. */
#ifndef DOM0_BACKEND_NETBACK_H
#define DOM0_BACKEND_NETBACK_H

#include "backend/netring.h"
#include "backend/vif.h"
#include "bridge/bridge.h"
#include "bridge/rate.h"
#include "bridge/segment.h"

/* Frames that wait for a guest to offer buffers. A power of two. */
#define VIF_QUEUE	256
#define VIF_QUEUE_PAGES 1024

struct vif {
	struct backend backend;
	struct vif *next; /* connected ones */
	struct vif_config config;
	struct bridge_port port;

	struct pv_grant_map tx_map, rx_map;
	netif_tx_back_ring_t tx;
	netif_rx_back_ring_t rx;
	int evtchn;
	bool sg;		/* it takes frames in several pages */
	bool gso;		/* and TCP packets that stand for several frames */
	bool takes_blank;	/* and frames over IPv4 without their checksum */
	bool takes_blank_6;	/* and over IPv6 */
	struct vif_page *pages; /* that stay mapped; NULL: the front end's grants do not stand */

	struct rate rate;
	uint64_t tx_resume; /* system time at which it may send again; 0: now */

	struct packet *queue[VIF_QUEUE];
	unsigned int queue_head, queue_tail; /* run freely */
	unsigned int queue_pages;
	bool unpushed; /* responses of what went past the queue */

	uint64_t sent, sent_bytes, received, received_bytes, dropped;
};

/* Have the thread look at all of them. Callable from event handlers. */
void vifs_wake(void);

/* Move what the guest sends, a bounded number of frames. True: there is more. */
bool vif_transmit(struct vif *vif);

/* Move what waits for the guest, as far as it has offered buffers. */
void vif_receive(struct vif *vif);

/* The front end said that its grants stand. Without memory for that it works as well. */
void vif_pages_begin(struct vif *vif);

/* With vif->pages: the page behind a reference. NULL: there is none, or no room for it; it is to be
 * copied by the hypervisor, which says what is wrong. */
uint8_t *vif_page(struct vif *vif, grant_ref_t ref);

/* Unmap them all. */
void vif_pages_end(struct vif *vif);

/* Take a frame for the guest into its queue, or drop it: the bridge's deliver(). */
void vif_enqueue(struct bridge_port *port, struct packet *packet);

/* Drop all that waits. */
void vif_purge(struct vif *vif);

#endif
