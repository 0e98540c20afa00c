/* SPDX-License-Identifier: MIT */
/* lwIP's network interface on top of netfront. */
#include <stdlib.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <pv/frontend.h>
#include <pv/net.h>
#include <pv/netfront.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "pv_lwip.h"

#define RECEIVE_BATCH 64
#define MAX_PIECES    32
#define HEADERS	      136 /* bytes that hold all headers of TCP over IPv4, at their longest */
#define MOST_LENT     128
#define LOOK_NS	      PV_NS_PER_SECOND /* how often the store is asked whether it was unplugged */
#define FULL_PATIENCE 50	       /* ms that a full ring is waited for */

struct interface {
	struct netif netif;
	struct pv_netfront *device;
	ip4_addr_t address, mask; /* 0: DHCP */
	bool unpushed;
	struct interface *next;
};

static struct interface *interfaces; /* that are attached */

/* --- sending -------------------------------------------------------------------------------------
 */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
	struct interface *interface = netif->state;
	struct pv_net_piece pieces[MAX_PIECES];
	unsigned int count = 0, flags = PV_NET_LATER;
	int error;

	if (pv_lwip_leave_checksum(frame))
		flags |= PV_NET_BLANK;
	for (const struct pbuf *part = frame; part; part = part->next) {
		if (count == MAX_PIECES)
			return ERR_BUF;
		pieces[count++] = (struct pv_net_piece){part->payload, part->len};
	}
	for (int tries = 0; tries < FULL_PATIENCE; tries++) {
		error = pv_netfront_send(interface->device, pieces, count, flags,
					 pv_lwip_segment_size(frame));
		if (error != -XEN_EBUSY) {
			interface->unpushed = true;
			return error ? ERR_IF : ERR_OK;
		}
		pv_netfront_push(interface->device);
		pv_sleep_ms(1);
	}
	return ERR_MEM;
}

/* Before the core is unlocked. */
static void push_frames(void)
{
	for (struct interface *interface = interfaces; interface; interface = interface->next) {
		if (interface->unpushed)
			pv_netfront_push(interface->device);
		interface->unpushed = false;
	}
}

/* --- receiving: with the core locked
 * ---------------------------------------------------------------- */

/* A page of netfront's that lwIP reads from where it is. */
struct lent {
	struct pbuf_custom custom;
	struct pv_netfront *device;
	int page;
};

LWIP_MEMPOOL_DECLARE(lent, MOST_LENT, sizeof(struct lent), "pages lent to lwIP")

static void give_back(struct pbuf *pbuf)
{
	struct lent *lent = (struct lent *)pbuf;

	pv_netfront_release(lent->device, lent->page);
	LWIP_MEMPOOL_FREE(lent, lent);
}

/* What is behind the first `skip` bytes of a piece, before the rest. NULL: it cannot be lent. */
static struct pbuf *lend(struct pv_netfront *device, const struct pv_net_piece *pieces,
			 unsigned int piece, size_t skip, struct pbuf *rest)
{
	struct lent *lent = LWIP_MEMPOOL_ALLOC(lent);
	u16_t length = (u16_t)(pieces[piece].length - skip);
	struct pbuf *pbuf;

	if (!lent)
		return NULL;
	lent->page = pv_netfront_keep(device, piece);
	if (lent->page < 0) {
		LWIP_MEMPOOL_FREE(lent, lent);
		return NULL;
	}
	lent->device = device;
	lent->custom.custom_free_function = give_back;
	pbuf = pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &lent->custom,
				   (char *)pieces[piece].data + skip, length);
	if (rest)
		pbuf_cat(pbuf, rest);
	return pbuf;
}

/* A large packet: lwIP reads its payload where it is. The headers, which it trusts once it has
 * checked them, are copied to where the back end cannot change them. NULL: copy all of it. */
static struct pbuf *lend_frame(struct pv_netfront *device, const struct pv_net_piece *pieces,
			       unsigned int count)
{
	struct pbuf *frame, *rest = NULL;

	if (pieces[0].length <= HEADERS)
		return NULL;
	for (unsigned int i = count; i--;) {
		struct pbuf *pbuf = lend(device, pieces, i, i ? 0 : HEADERS, rest);

		if (!pbuf) {
			if (rest)
				pbuf_free(rest);
			return NULL;
		}
		rest = pbuf;
	}
	frame = pbuf_alloc(PBUF_RAW, HEADERS, PBUF_POOL);
	if (!frame) {
		pbuf_free(rest);
		return NULL;
	}
	pbuf_take(frame, pieces[0].data, HEADERS);
	pbuf_cat(frame, rest);
	return frame;
}

static struct pbuf *copy_frame(const struct pv_net_piece *pieces, unsigned int count, size_t length)
{
	struct pbuf *frame = pv_lwip_frame(length);
	u16_t at = 0;

	for (unsigned int i = 0; i < count && frame; at += (u16_t)pieces[i++].length)
		pbuf_take_at(frame, pieces[i].data, (u16_t)pieces[i].length, at);
	return frame;
}

static void take_frame(void *argument, const struct pv_net_piece *pieces, unsigned int count,
		       size_t length, unsigned int flags)
{
	struct interface *interface = argument;
	struct pbuf *frame = NULL;

	if (length > PBUF_POOL_BUFSIZE)
		frame = lend_frame(interface->device, pieces, count);
	if (!frame)
		frame = copy_frame(pieces, count, length);
	if (frame) /* else it is lost, as with a card without room */
		pv_lwip_input(&interface->netif, frame, flags != 0);
}

static err_t set_up(struct netif *netif)
{
	const struct interface *interface = netif->state;

	return pv_lwip_set_up(netif, "vf", pv_netfront_mac(interface->device), send_frame);
}

static void attach(struct interface *interface)
{
	if (!pv_netfront_large(interface->device))
		pv_lwip_no_large();
	LOCK_TCPIP_CORE();
	interface->next = interfaces;
	interfaces = interface;
	netif_add(&interface->netif, &interface->address, &interface->mask, IP4_ADDR_ANY4,
		  interface, set_up, ethernet_input);
	if (!netif_default)
		netif_set_default(&interface->netif);
	netif_set_up(&interface->netif);
	netif_set_link_up(&interface->netif);
	if (ip4_addr_isany_val(interface->address))
		dhcp_start(&interface->netif);
	UNLOCK_TCPIP_CORE();
}

static void detach(struct interface *interface)
{
	struct interface **link = &interfaces;

	LOCK_TCPIP_CORE();
	while (*link != interface)
		link = &(*link)->next;
	*link = interface->next;
	dhcp_stop(&interface->netif);
	dhcp_cleanup(&interface->netif);
	netif_remove(&interface->netif);
	UNLOCK_TCPIP_CORE();
	pv_netfront_close(interface->device);
}

/* Until it is unplugged. */
static void serve(struct interface *interface)
{
	uint64_t look = pv_time_ns() + LOOK_NS;

	for (;;) {
		pv_netfront_wait(interface->device, look);
		LOCK_TCPIP_CORE();
		pv_netfront_receive(interface->device, RECEIVE_BATCH, take_frame, interface);
		UNLOCK_TCPIP_CORE();
		pv_yield();
		if (pv_time_ns() < look)
			continue;
		if (pv_netfront_unplugged(interface->device))
			return;
		look = pv_time_ns() + LOOK_NS;
	}
}

/* What is plugged in again has another number, as a rule. */
static struct pv_netfront *wait_for_device(void)
{
	for (;;) {
		int number = pv_frontend_first("vif");
		struct pv_netfront *device =
			number < 0 ? NULL : pv_netfront_open((unsigned int)number, NULL);

		if (device)
			return device;
		pv_sleep_ms(1000);
	}
}

static void drive(void *argument)
{
	struct interface *interface = argument;

	for (;;) {
		attach(interface);
		serve(interface);
		detach(interface);
		interface->device = wait_for_device();
	}
}

/* --- starting
 * ------------------------------------------------------------------------------------------ */

int pv_net_start(unsigned int number, const char *address)
{
	struct interface *interface = calloc(1, sizeof(*interface));
	int error = interface ? 0 : -XEN_ENOMEM;

	if (!error && address && !pv_lwip_parse(address, &interface->address, &interface->mask))
		error = -XEN_EINVAL;
	if (!error)
		interface->device = pv_netfront_open(number, &error);
	if (error) {
		free(interface);
		return error;
	}
	pv_lwip_init();
	if (!pv_lwip_unlocking)
		LWIP_MEMPOOL_INIT(lent);
	pv_lwip_unlocking = push_frames;
	error = pv_thread_start("net", drive, interface, 0);
	if (error) {
		pv_netfront_close(interface->device);
		free(interface);
	}
	return error;
}

bool pv_net_wait(uint64_t deadline)
{
	while (!netif_default || ip4_addr_isany_val(*netif_ip4_addr(netif_default))) {
		if (pv_time_ns() >= deadline)
			return false;
		pv_sleep_ms(50);
	}
	return true;
}

const char *pv_net_address(void)
{
	return netif_default ? ip4addr_ntoa(netif_ip4_addr(netif_default)) : "no address";
}
