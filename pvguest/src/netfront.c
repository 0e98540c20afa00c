/* SPDX-License-Identifier: MIT */
/*
 * Both rings have 256 slots. Slot i of the transmit ring always uses half a page of its own, slot i
 * of the receive ring a whole one; an id is a slot's number. The back end is believed in nothing:
 * ids and lengths are checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/grant.h>
#include <pv/netfront.h>
#include <pv/time.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/netif.h>

#define SLOTS	    256
#define TX_BUFFER   2048 /* bytes */
#define TX_PER_PAGE (PV_PAGE_SIZE / TX_BUFFER)
#define PATIENCE_NS (20 * PV_NS_PER_SECOND)
#define NOBODY	    0xffff

struct page {
	void *address;
	grant_ref_t ref;
};

struct pv_netfront {
	struct pv_frontend frontend;
	uint8_t mac[6];
	bool closed; /* the back end broke the rules */
	evtchn_port_t port;
	struct pv_semaphore event;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	struct page tx_ring, rx_ring;
	struct page tx_page[SLOTS / TX_PER_PAGE], rx_page[SLOTS];
	uint16_t tx_free[SLOTS]; /* free ids, tx_free_count of them */
	bool tx_busy[SLOTS];
	unsigned int tx_free_count;
	bool more; /* the frame whose end is being awaited is too large: skip it */
};

static bool new_page(struct pv_netfront *device, struct page *page)
{
	page->address = pv_frontend_page(&device->frontend, &page->ref);
	return page->address != NULL;
}

static void free_page(struct page *page)
{
	if (page->address)
		pv_frontend_free_page(page->address, page->ref);
	page->address = NULL;
}

static void free_pages(struct pv_netfront *device)
{
	free_page(&device->tx_ring);
	free_page(&device->rx_ring);
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(device->tx_page); i++)
		free_page(&device->tx_page[i]);
	for (unsigned int i = 0; i < SLOTS; i++)
		free_page(&device->rx_page[i]);
}

static bool new_pages(struct pv_netfront *device)
{
	bool all = new_page(device, &device->tx_ring) && new_page(device, &device->rx_ring);

	for (unsigned int i = 0; i < PV_ARRAY_SIZE(device->tx_page) && all; i++)
		all = new_page(device, &device->tx_page[i]);
	for (unsigned int i = 0; i < SLOTS && all; i++)
		all = new_page(device, &device->rx_page[i]);
	if (!all)
		free_pages(device);
	return all;
}

/* Hand a receive buffer to the back end; the caller pushes. */
static void offer_buffer(struct pv_netfront *device, uint16_t id)
{
	netif_rx_request_t *request = RING_GET_REQUEST(&device->rx, device->rx.req_prod_pvt);

	*request = (netif_rx_request_t){.id = id, .gref = device->rx_page[id].ref};
	device->rx.req_prod_pvt++;
}

static void start_rings(struct pv_netfront *device)
{
	XEN_FRONT_RING_INIT(&device->tx, (struct netif_tx_sring *)device->tx_ring.address,
			    PV_PAGE_SIZE);
	XEN_FRONT_RING_INIT(&device->rx, (struct netif_rx_sring *)device->rx_ring.address,
			    PV_PAGE_SIZE);
	for (uint16_t id = 0; id < SLOTS; id++) {
		device->tx_free[id] = id;
		offer_buffer(device, id);
	}
	device->tx_free_count = SLOTS;
	RING_PUSH_REQUESTS(&device->rx);
}

static int connect(struct pv_netfront *device)
{
	const struct pv_frontend_node nodes[] = {
		{"tx-ring-ref", device->tx_ring.ref},
		{"rx-ring-ref", device->rx_ring.ref},
		{"event-channel", device->port},
		{"request-rx-copy", 1},
		{"feature-rx-notify", 1},
		{"feature-sg", 0},
	};
	int error = pv_frontend_publish(&device->frontend, nodes, PV_ARRAY_SIZE(nodes),
					XenbusStateConnected);

	return error ? error : pv_frontend_wait(&device->frontend, pv_time_ns() + PATIENCE_NS);
}

static bool read_mac(struct pv_netfront *device)
{
	char node[PV_FRONTEND_PATH + 4], *text;
	unsigned int byte[6];
	bool good;

	snprintf(node, sizeof(node), "%s/mac", device->frontend.path);
	text = pv_store_read(0, node, NULL);
	good = text && sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3],
			      &byte[4], &byte[5]) == 6;
	for (int i = 0; i < 6 && good; i++)
		device->mac[i] = (uint8_t)byte[i];
	free(text);
	return good;
}

static int open_device(struct pv_netfront *device, unsigned int number)
{
	int error = pv_frontend_open(&device->frontend, "vif", number, pv_time_ns() + PATIENCE_NS);
	int port;

	if (error)
		return error;
	if (!pv_frontend_offer(&device->frontend, "feature-rx-copy", 0) || !read_mac(device))
		return -XEN_ENODEV;
	if (!new_pages(device))
		return -XEN_ENOMEM;
	start_rings(device);
	port = pv_event_alloc_unbound(device->frontend.backend_id, pv_event_raise, &device->event);
	if (port < 0) {
		free_pages(device);
		return port;
	}
	device->port = port;
	error = connect(device);
	if (!error)
		return 0;
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	free_pages(device);
	return error;
}

struct pv_netfront *pv_netfront_open(unsigned int number, int *error)
{
	struct pv_netfront *device = calloc(1, sizeof(*device));
	int result = device ? open_device(device, number) : -XEN_ENOMEM;

	if (error)
		*error = result;
	if (!result)
		return device;
	free(device);
	return NULL;
}

void pv_netfront_close(struct pv_netfront *device)
{
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	free_pages(device);
	free(device);
}

const uint8_t *pv_netfront_mac(const struct pv_netfront *device)
{
	return device->mac;
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* Take back the buffers of frames that were sent. */
static void reap(struct pv_netfront *device)
{
	RING_IDX end = __atomic_load_n(&device->tx.sring->rsp_prod, __ATOMIC_ACQUIRE);

	if (RING_RESPONSE_PROD_OVERFLOW(&device->tx, end)) {
		device->closed = true;
		return;
	}
	for (; device->tx.rsp_cons != end; device->tx.rsp_cons++) {
		netif_tx_response_t response;

		RING_COPY_RESPONSE(&device->tx, device->tx.rsp_cons, &response);
		if (response.id >= SLOTS || !device->tx_busy[response.id])
			continue;
		device->tx_busy[response.id] = false;
		device->tx_free[device->tx_free_count++] = response.id;
	}
}

static char *tx_buffer(const struct pv_netfront *device, uint16_t id)
{
	return (char *)device->tx_page[id / TX_PER_PAGE].address + id % TX_PER_PAGE * TX_BUFFER;
}

static void push_frame(struct pv_netfront *device, uint16_t id, size_t length, unsigned int flags)
{
	netif_tx_request_t *request = RING_GET_REQUEST(&device->tx, device->tx.req_prod_pvt);
	bool notify;

	*request = (netif_tx_request_t){
		.gref = device->tx_page[id / TX_PER_PAGE].ref,
		.offset = id % TX_PER_PAGE * TX_BUFFER,
		.flags = flags & PV_NET_BLANK ? NETTXF_csum_blank | NETTXF_data_validated : 0,
		.id = id,
		.size = (uint16_t)length,
	};
	device->tx.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->tx, notify);
	if (notify)
		pv_event_send(device->port);
}

int pv_netfront_send(struct pv_netfront *device, const struct pv_net_piece *pieces,
		     unsigned int count, unsigned int flags)
{
	size_t length = 0, at = 0;
	uint16_t id;

	for (unsigned int i = 0; i < count; i++)
		length += pieces[i].length;
	if (length > PV_NET_FRAME || length > TX_BUFFER)
		return -XEN_EINVAL;
	if (device->tx_free_count < SLOTS / 2)
		reap(device);
	if (device->closed)
		return -XEN_ENODEV;
	if (!device->tx_free_count) {
		/* Tell the waiter when one frame has gone. */
		device->tx.sring->rsp_event = device->tx.rsp_cons + 1;
		pv_mb();
		reap(device);
		if (!device->tx_free_count)
			return -XEN_EBUSY;
	}
	id = device->tx_free[--device->tx_free_count];
	device->tx_busy[id] = true;
	for (unsigned int i = 0; i < count; at += pieces[i++].length)
		memcpy(tx_buffer(device, id) + at, pieces[i].data, pieces[i].length);
	push_frame(device, id, length, flags);
	return 0;
}

/* --- receiving ----------------------------------------------------------------------------------
 */

static unsigned int flags_of(const netif_rx_response_t *response)
{
	if (response->flags & NETRXF_csum_blank)
		return PV_NET_BLANK;
	return response->flags & NETRXF_data_validated ? PV_NET_VALID : 0;
}

/* A frame that is all in this page. Others were not asked for. */
static bool is_whole(struct pv_netfront *device, const netif_rx_response_t *response)
{
	bool part = device->more;

	device->more = response->flags & NETRXF_more_data;
	return !part && !device->more && response->id < SLOTS && response->status > 0 &&
	       response->offset < PV_PAGE_SIZE &&
	       (size_t)response->status <= PV_PAGE_SIZE - response->offset;
}

/* Ask for an event at the next frame, unless one has come meanwhile. */
static bool more_frames(struct pv_netfront *device)
{
	bool more;

	RING_FINAL_CHECK_FOR_RESPONSES(&device->rx, more);
	return more;
}

/* At the place of the ring where the response stood, the request for the same buffer. */
static unsigned int take_frames(struct pv_netfront *device, unsigned int limit,
				void (*take)(void *argument, const void *frame, size_t length,
					     unsigned int flags),
				void *argument)
{
	RING_IDX end = __atomic_load_n(&device->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);
	unsigned int taken = 0;

	if (RING_RESPONSE_PROD_OVERFLOW(&device->rx, end)) {
		device->closed = true;
		return 0;
	}
	for (; device->rx.rsp_cons != end && taken < limit; taken++) {
		netif_rx_response_t response;

		RING_COPY_RESPONSE(&device->rx, device->rx.rsp_cons, &response);
		device->rx.rsp_cons++;
		if (is_whole(device, &response))
			take(argument,
			     (char *)device->rx_page[response.id].address + response.offset,
			     (size_t)response.status, flags_of(&response));
		offer_buffer(device, response.id % SLOTS);
	}
	return taken;
}

unsigned int pv_netfront_receive(struct pv_netfront *device, unsigned int limit,
				 void (*take)(void *argument, const void *frame, size_t length,
					      unsigned int flags),
				 void *argument)
{
	unsigned int taken = 0, round;
	bool notify;

	do {
		round = take_frames(device, limit - taken, take, argument);
		taken += round;
	} while (round && taken < limit);
	if (taken) {
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->rx, notify);
		if (notify)
			pv_event_send(device->port);
	}
	if (more_frames(device))
		pv_semaphore_up(&device->event);
	return taken;
}

bool pv_netfront_wait(struct pv_netfront *device, uint64_t deadline)
{
	if (!pv_semaphore_down_until(&device->event, deadline))
		return false;
	while (pv_semaphore_down_until(&device->event, 0))
		; /* one look serves all that has come */
	return true;
}

bool pv_netfront_unplugged(struct pv_netfront *device)
{
	enum xenbus_state state = pv_xenbus_state(device->frontend.backend);

	return device->closed || state == XenbusStateClosing || state == XenbusStateClosed ||
	       state == XenbusStateUnknown;
}
