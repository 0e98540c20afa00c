/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <lwip/dhcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <xen/errno.h>
#include <pv_lwip.h>
#include "bridge/bridge.h"
#include "bridge/segment.h"
#include "ip/ip.h"

#define BRIDGE	    "xenbr0"
#define QUEUE	    512 /* frames that wait to be looked at; a power of two */
#define QUEUE_PAGES 1024
#define BATCH	    64

static struct {
	bool on; /* joined to the bridge */
	bool dhcp;
	struct netif netif;
	struct bridge_port port;
	struct packet *queue[QUEUE];
	unsigned int head, tail; /* run freely */
	unsigned int queue_pages;
	struct pv_semaphore arrived;
	uint64_t received, received_bytes, sent, sent_bytes, dropped;
} own;

/* --- receiving --- */

/* From the bridge, on whose thread nothing may wait: so not under lwIP's lock. */
static void deliver(struct bridge_port *port, struct packet *packet)
{
	(void)port;
	if (own.tail - own.head == QUEUE || own.queue_pages + packet->pages > QUEUE_PAGES) {
		own.dropped++;
		return;
	}
	packet_get(packet);
	own.queue_pages += packet->pages;
	own.queue[own.tail++ % QUEUE] = packet;
	if (!own.arrived.count)
		pv_semaphore_up(&own.arrived);
}

/* Out of the queue; the caller puts it. */
static struct packet *dequeue(void)
{
	struct packet *packet = own.queue[own.head++ % QUEUE];

	own.queue_pages -= packet->pages;
	return packet;
}

/* lwIP writes to the frames that it gets, and keeps them as long as it likes: so it gets a copy. */
static void take(const struct packet *packet)
{
	struct pbuf *frame = pv_lwip_frame(packet->length);
	u16_t at = 0;

	if (!frame) {
		own.dropped++;
		return;
	}
	for (unsigned int i = 0; i < packet->pages; at += (u16_t)packet->segment[i++].length)
		pbuf_take_at(frame, packet->segment[i].data, (u16_t)packet->segment[i].length, at);
	own.received++;
	own.received_bytes += packet->length;
	pv_lwip_input(&own.netif, frame, packet->flags != 0);
}

static void receive_batch(void)
{
	LOCK_TCPIP_CORE();
	for (unsigned int i = 0; i < BATCH && own.head != own.tail; i++) {
		struct packet *packet = dequeue();

		take(packet);
		packet_put(packet);
	}
	UNLOCK_TCPIP_CORE();
}

static void serve(void *unused)
{
	(void)unused;
	for (;;) {
		pv_semaphore_down(&own.arrived);
		while (own.head != own.tail) {
			receive_batch();
			pv_yield();
		}
	}
}

/* --- sending: with lwIP's core locked --- */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
	struct packet *packet = packet_new(frame->tot_len);
	u16_t at = 0;

	(void)netif;
	if (!packet)
		return ERR_MEM;
	packet->gso_size = (uint16_t)pv_lwip_segment_size(frame);
	if (pv_lwip_leave_checksum(frame))
		packet->flags = NET_CHECKSUM_BLANK;
	for (unsigned int i = 0; i < packet->pages; at += (u16_t)packet->segment[i++].length)
		pbuf_copy_partial(frame, (void *)packet->segment[i].data,
				  (u16_t)packet->segment[i].length, at);
	own.sent++;
	own.sent_bytes += packet->length;
	bridge_forward(&own.port, packet, pv_time_ns());
	packet_put(packet);
	return ERR_OK;
}

static err_t set_up(struct netif *netif)
{
	return pv_lwip_set_up(netif, "xb", own.port.mac, send_frame);
}

/* --- coming and going --- */

/* The card's address, as nobody else has it; without a card a locally administered one. */
static void choose_mac(uint8_t mac[6])
{
	static const uint8_t local[6] = {0x02, 0x70, 0x61, 0x72, 0x61, 0xff};

	memcpy(mac, net_devices ? net_devices->mac : local, sizeof(local));
}

static int join(struct problem *problem)
{
	static bool started;
	struct bridge *bridge = bridge_named(BRIDGE);

	if (own.on)
		return 0;
	if (!bridge || (!started && pv_thread_start("ip", serve, NULL, 0)))
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	started = true;
	choose_mac(own.port.mac);
	own.port.deliver = deliver;
	snprintf(own.port.name, sizeof(own.port.name), "dom0");
	bridge_join(bridge, &own.port);
	pv_lwip_init();
	LOCK_TCPIP_CORE();
	netif_add(&own.netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4, NULL, set_up,
		  ethernet_input);
	netif_set_default(&own.netif);
	netif_set_up(&own.netif);
	netif_set_link_up(&own.netif);
	UNLOCK_TCPIP_CORE();
	own.on = true;
	return 0;
}

/* Let go of whatever address it has. */
static void forget(void)
{
	LOCK_TCPIP_CORE();
	dhcp_release_and_stop(&own.netif);
	dhcp_cleanup(&own.netif);
	netif_set_addr(&own.netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
	UNLOCK_TCPIP_CORE();
	own.dhcp = false;
}

static void leave(void)
{
	if (!own.on)
		return;
	forget();
	own.on = false;
	bridge_leave(&own.port);
	LOCK_TCPIP_CORE();
	netif_remove(&own.netif);
	UNLOCK_TCPIP_CORE();
	while (own.head != own.tail)
		packet_put(dequeue());
}

static int take_dhcp(struct problem *problem)
{
	int error = join(problem);

	if (error)
		return error;
	forget();
	LOCK_TCPIP_CORE();
	error = dhcp_start(&own.netif) == ERR_OK ? 0 : -XEN_ENOMEM;
	UNLOCK_TCPIP_CORE();
	own.dhcp = !error;
	return error ? problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem")
		     : 0;
}

/* "10.0.0.1/24,10.0.0.254" */
static bool parse(const char *text, ip4_addr_t *address, ip4_addr_t *mask, ip4_addr_t *gateway)
{
	const char *comma = strchr(text, ',');
	char copy[IP_TEXT];

	gateway->addr = 0;
	if (comma && !ip4addr_aton(comma + 1, gateway))
		return false;
	snprintf(copy, sizeof(copy), "%.*s", comma ? (int)(comma - text) : IP_TEXT, text);
	return pv_lwip_parse(copy, address, mask);
}

static int take_address(const char *text, struct problem *problem)
{
	ip4_addr_t address, mask, gateway;
	int error;

	if (!parse(text, &address, &mask, &gateway) || ip4_addr_isany_val(address))
		return problem_note(
			problem, XEN_EINVAL,
			"%.40s: expected dhcp, none or an address like 10.0.0.1/24,10.0.0.254",
			text);
	error = join(problem);
	if (error)
		return error;
	forget();
	LOCK_TCPIP_CORE();
	netif_set_addr(&own.netif, &address, &mask, &gateway);
	UNLOCK_TCPIP_CORE();
	return 0;
}

int ip_set(const char *text, struct problem *problem)
{
	if (!text)
		text = net_devices ? "dhcp" : "none";
	if (!strcmp(text, "dhcp"))
		return take_dhcp(problem);
	if (strcmp(text, "none"))
		return take_address(text, problem);
	leave();
	return 0;
}

static unsigned int mask_bits(const ip4_addr_t *mask)
{
	unsigned int bits = 0;

	for (u32_t left = lwip_ntohl(mask->addr); left; left <<= 1)
		bits++;
	return bits;
}

bool ip_status(struct ip_status *status)
{
	const struct netif *netif = &own.netif;

	*status = (struct ip_status){
		.bridge = BRIDGE,
		.dhcp = own.dhcp,
		.received = own.received,
		.received_bytes = own.received_bytes,
		.sent = own.sent,
		.sent_bytes = own.sent_bytes,
		.dropped = own.dropped,
	};
	memcpy(status->mac, own.port.mac, sizeof(status->mac));
	if (own.on && !ip4_addr_isany_val(*netif_ip4_addr(netif)))
		snprintf(status->address, IP_TEXT, "%s/%u", ip4addr_ntoa(netif_ip4_addr(netif)),
			 mask_bits(netif_ip4_netmask(netif)));
	if (own.on && !ip4_addr_isany_val(*netif_ip4_gw(netif)))
		snprintf(status->gateway, IP_TEXT, "%s", ip4addr_ntoa(netif_ip4_gw(netif)));
	return own.on;
}
