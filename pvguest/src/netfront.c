/* SPDX-License-Identifier: MIT */
/*
 * Both rings have 256 slots, and a page for each. What is sent takes any free pages, whose numbers
 * are the ids. A page of the receive ring is offered again in its slot as soon as what was in it
 * has been taken, unless it is kept: then a spare one takes its place. A large packet has several
 * slots, and behind the first one that says what it stands for. The back end is believed in
 * nothing: ids and lengths are checked.
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
#define SPARES	    64 /* pages that can be kept: two windows of TCP's, in lwIP's port */
#define PATIENCE_NS (20 * PV_NS_PER_SECOND)

struct page {
	void *address;
	grant_ref_t ref;
};

struct pv_netfront {
	struct pv_frontend frontend;
	uint8_t mac[6];
	bool closed; /* the back end broke the rules */
	bool large;  /* it takes packets that stand for many frames */
	evtchn_port_t port;
	struct pv_semaphore event;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	struct page tx_ring, rx_ring;
	struct page tx_page[SLOTS], rx_page[SLOTS + SPARES];
	uint16_t rx_at[SLOTS];	   /* the page of each slot */
	uint16_t rx_spare[SPARES]; /* the first rx_spares of them */
	unsigned int rx_spares;
	bool rx_kept[SLOTS + SPARES];
	const struct arrival *taking; /* during take() */
	bool over;		      /* closed, but pages are kept */
	uint16_t tx_free[SLOTS];      /* free ids, tx_free_count of them */
	bool tx_busy[SLOTS];
	unsigned int tx_free_count;
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

/* All but those that are kept. */
static void free_pages(struct pv_netfront *device)
{
	free_page(&device->tx_ring);
	free_page(&device->rx_ring);
	for (unsigned int i = 0; i < SLOTS; i++)
		free_page(&device->tx_page[i]);
	for (unsigned int i = 0; i < SLOTS + SPARES; i++)
		if (!device->rx_kept[i])
			free_page(&device->rx_page[i]);
}

static bool new_pages(struct pv_netfront *device)
{
	bool all = new_page(device, &device->tx_ring) && new_page(device, &device->rx_ring);

	for (unsigned int i = 0; i < SLOTS && all; i++)
		all = new_page(device, &device->tx_page[i]);
	for (unsigned int i = 0; i < SLOTS + SPARES && all; i++)
		all = new_page(device, &device->rx_page[i]);
	if (!all)
		free_pages(device);
	return all;
}

/* Hand the next slot's page to the back end; the caller pushes. */
static void offer_buffer(struct pv_netfront *device)
{
	netif_rx_request_t *request = RING_GET_REQUEST(&device->rx, device->rx.req_prod_pvt);
	uint16_t id = device->rx.req_prod_pvt % SLOTS;

	*request = (netif_rx_request_t){.id = id, .gref = device->rx_page[device->rx_at[id]].ref};
	device->rx.req_prod_pvt++;
}

static void start_rings(struct pv_netfront *device)
{
	XEN_FRONT_RING_INIT(&device->tx, (struct netif_tx_sring *)device->tx_ring.address,
			    PV_PAGE_SIZE);
	XEN_FRONT_RING_INIT(&device->rx, (struct netif_rx_sring *)device->rx_ring.address,
			    PV_PAGE_SIZE);
	for (uint16_t i = 0; i < SPARES; i++)
		device->rx_spare[i] = SLOTS + i;
	device->rx_spares = SPARES;
	for (uint16_t id = 0; id < SLOTS; id++) {
		device->tx_free[id] = device->rx_at[id] = id;
		offer_buffer(device);
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
		{"feature-sg", 1},
		{"feature-gso-tcpv4", 1},
		/* The same pages until the end. Parapet's own: see dom0/backend/vif.h */
		{"standing-grants",
		 pv_frontend_offer(&device->frontend, "feature-standing-grants", 0)},
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

/* From the connection on, whether that was made or not. */
static void shut_device(struct pv_netfront *device)
{
	pv_frontend_close(&device->frontend, pv_time_ns() + PATIENCE_NS);
	pv_event_close(device->port);
	free_pages(device);
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
	device->large = pv_frontend_offer(&device->frontend, "feature-sg", 0) &&
			pv_frontend_offer(&device->frontend, "feature-gso-tcpv4", 0);
	start_rings(device);
	port = pv_event_alloc_unbound(device->frontend.backend_id, pv_event_raise, &device->event);
	if (port < 0) {
		free_pages(device);
		return port;
	}
	device->port = port;
	error = connect(device);
	if (error)
		shut_device(device);
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
	shut_device(device);
	device->over = true;
	if (device->rx_spares == SPARES)
		free(device);
}

bool pv_netfront_large(const struct pv_netfront *device)
{
	return device->large;
}

const uint8_t *pv_netfront_mac(const struct pv_netfront *device)
{
	return device->mac;
}

/* --- sending -----------------------------------------------------------------------------------
 */

/* Take back the buffers of frames that were sent. Slots without a buffer are answered as such. */
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
		if (response.status == NETIF_RSP_NULL || response.id >= SLOTS ||
		    !device->tx_busy[response.id])
			continue;
		device->tx_busy[response.id] = false;
		device->tx_free[device->tx_free_count++] = response.id;
	}
}

static bool has_room(struct pv_netfront *device, unsigned int pages, unsigned int slots)
{
	return device->tx_free_count >= pages && RING_FREE_REQUESTS(&device->tx) >= slots;
}

/* False: not now; the waiter is told when there may be room. */
static bool make_room(struct pv_netfront *device, unsigned int pages, unsigned int slots)
{
	if (device->tx_free_count < SLOTS / 2)
		reap(device);
	if (has_room(device, pages, slots))
		return true;
	device->tx.sring->rsp_event = device->tx.rsp_cons + 1;
	pv_mb();
	reap(device);
	return has_room(device, pages, slots);
}

/* Where the next byte of a packet comes from. */
struct reader {
	const struct pv_net_piece *piece;
	size_t at;
};

static void read_bytes(struct reader *reader, char *to, size_t length)
{
	while (length) {
		size_t part = reader->piece->length - reader->at;

		if (part > length)
			part = length;
		memcpy(to, (const char *)reader->piece->data + reader->at, part);
		to += part;
		length -= part;
		reader->at += part;
		if (reader->at == reader->piece->length) {
			reader->piece++;
			reader->at = 0;
		}
	}
}

/* Fill the next slot and its page; its size is what the caller says. */
static netif_tx_request_t *put_page(struct pv_netfront *device, struct reader *reader,
				    size_t length)
{
	netif_tx_request_t *request = RING_GET_REQUEST(&device->tx, device->tx.req_prod_pvt++);
	uint16_t id = device->tx_free[--device->tx_free_count];

	device->tx_busy[id] = true;
	read_bytes(reader, device->tx_page[id].address, length);
	*request = (netif_tx_request_t){
		.gref = device->tx_page[id].ref, .id = id, .size = (uint16_t)length};
	return request;
}

/* What a large packet stands for, in the slot behind the first. */
static void put_extra(struct pv_netfront *device, unsigned int segment)
{
	netif_extra_info_t *extra =
		(void *)RING_GET_REQUEST(&device->tx, device->tx.req_prod_pvt++);

	*extra = (netif_extra_info_t){
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = {.size = (uint16_t)segment, .type = XEN_NETIF_GSO_TYPE_TCPV4},
	};
}

static void put_packet(struct pv_netfront *device, const struct pv_net_piece *pieces, size_t length,
		       unsigned int flags, unsigned int segment)
{
	struct reader reader = {pieces, 0};
	size_t left = length, part = left < PV_PAGE_SIZE ? left : PV_PAGE_SIZE;
	netif_tx_request_t *request = put_page(device, &reader, part);

	request->size = (uint16_t)length; /* the first one says how much it is in all */
	request->flags = (flags & PV_NET_BLANK ? NETTXF_csum_blank | NETTXF_data_validated : 0) |
			 (segment ? NETTXF_extra_info : 0);
	if (segment)
		put_extra(device, segment);
	while ((left -= part)) {
		request->flags |= NETTXF_more_data;
		part = left < PV_PAGE_SIZE ? left : PV_PAGE_SIZE;
		request = put_page(device, &reader, part);
	}
}

void pv_netfront_push(struct pv_netfront *device)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&device->tx, notify);
	if (notify)
		pv_event_send(device->port);
}

int pv_netfront_send(struct pv_netfront *device, const struct pv_net_piece *pieces,
		     unsigned int count, unsigned int flags, unsigned int segment)
{
	unsigned int pages;
	size_t length = 0;

	for (unsigned int i = 0; i < count; i++)
		length += pieces[i].length;
	pages = (unsigned int)((length + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE);
	if (!length || length > (segment && device->large ? PV_NET_LARGE : PV_NET_FRAME))
		return -XEN_EINVAL;
	if (!make_room(device, pages, pages + !!segment))
		return device->closed ? -XEN_ENODEV : -XEN_EBUSY;
	put_packet(device, pieces, length, flags, segment);
	if (!(flags & PV_NET_LATER))
		pv_netfront_push(device);
	return device->closed ? -XEN_ENODEV : 0;
}

/* --- receiving ----------------------------------------------------------------------------------
 */

static unsigned int flags_of(const netif_rx_response_t *response)
{
	if (response->flags & NETRXF_csum_blank)
		return PV_NET_BLANK;
	return response->flags & NETRXF_data_validated ? PV_NET_VALID : 0;
}

/* A frame as its responses say. */
struct arrival {
	unsigned int slots, count; /* pieces: 0, if it is of no use */
	size_t length;
	unsigned int flags;
	struct pv_net_piece piece[PV_NET_PIECES];
	uint16_t slot[PV_NET_PIECES];
};

/* Add the page of the response at a place in the ring. False: there is no such piece. */
static bool add_piece(const struct pv_netfront *device, RING_IDX place,
		      const netif_rx_response_t *response, struct arrival *frame)
{
	if (frame->count == PV_NET_PIECES || response->id != place % SLOTS ||
	    response->status <= 0 || response->offset >= PV_PAGE_SIZE ||
	    (size_t)response->status > PV_PAGE_SIZE - response->offset ||
	    frame->length + (size_t)response->status > PV_NET_LARGE)
		return false;
	frame->slot[frame->count] = response->id;
	frame->piece[frame->count++] = (struct pv_net_piece){
		(char *)device->rx_page[device->rx_at[response->id]].address + response->offset,
		(size_t)response->status};
	frame->length += (size_t)response->status;
	return true;
}

/* Slots of extra information: that it is a large packet is all that may be said. */
static bool skip_extras(const struct pv_netfront *device, RING_IDX end, struct arrival *frame,
			bool *good)
{
	netif_extra_info_t extra;
	netif_rx_response_t response;

	do {
		if (device->rx.rsp_cons + frame->slots == end)
			return false;
		RING_COPY_RESPONSE(&device->rx, device->rx.rsp_cons + frame->slots++, &response);
		memcpy(&extra, &response, sizeof(extra));
		*good &= extra.type == XEN_NETIF_EXTRA_TYPE_GSO;
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return true;
}

/* Look at the next frame. False: its end is not there yet, as it should be. */
static bool look_at_frame(const struct pv_netfront *device, RING_IDX end, struct arrival *frame)
{
	netif_rx_response_t response;
	bool good = true;

	frame->slots = frame->count = 0;
	frame->length = 0;
	do {
		RING_IDX place = device->rx.rsp_cons + frame->slots;

		if (place == end)
			return false;
		RING_COPY_RESPONSE(&device->rx, place, &response);
		good &= add_piece(device, place, &response, frame);
		if (!frame->slots++)
			frame->flags = flags_of(&response);
		if ((response.flags & NETRXF_extra_info) && !skip_extras(device, end, frame, &good))
			return false;
	} while (response.flags & NETRXF_more_data);
	if (!good)
		frame->count = 0;
	return true;
}

/* At the places of the ring where the responses stood, requests for the same buffers. */
static unsigned int take_frames(struct pv_netfront *device, unsigned int limit,
				pv_netfront_take *take, void *argument)
{
	RING_IDX end = __atomic_load_n(&device->rx.sring->rsp_prod, __ATOMIC_ACQUIRE);
	unsigned int taken = 0;
	struct arrival frame;

	if (RING_RESPONSE_PROD_OVERFLOW(&device->rx, end))
		device->closed = true;
	device->taking = &frame;
	for (; !device->closed && device->rx.rsp_cons != end && taken < limit; taken++) {
		if (!look_at_frame(device, end, &frame)) {
			device->closed = true; /* frames are pushed as a whole */
			break;
		}
		if (frame.count)
			take(argument, frame.piece, frame.count, frame.length, frame.flags);
		device->rx.rsp_cons += frame.slots;
		while (frame.slots--)
			offer_buffer(device);
	}
	device->taking = NULL;
	return taken;
}

int pv_netfront_keep(struct pv_netfront *device, unsigned int piece)
{
	uint16_t *at = &device->rx_at[device->taking->slot[piece]], page = *at;

	if (!device->rx_spares)
		return -XEN_EBUSY;
	*at = device->rx_spare[--device->rx_spares];
	device->rx_kept[page] = true;
	return page;
}

void pv_netfront_release(struct pv_netfront *device, int page)
{
	device->rx_kept[page] = false;
	device->rx_spare[device->rx_spares++] = (uint16_t)page;
	if (!device->over)
		return;
	free_page(&device->rx_page[page]);
	if (device->rx_spares == SPARES)
		free(device);
}

/* Ask for an event at the next frame, unless one has come meanwhile. */
static bool more_frames(struct pv_netfront *device)
{
	bool more;

	RING_FINAL_CHECK_FOR_RESPONSES(&device->rx, more);
	return more;
}

unsigned int pv_netfront_receive(struct pv_netfront *device, unsigned int limit,
				 pv_netfront_take *take, void *argument)
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
	if (!device->closed && more_frames(device))
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
