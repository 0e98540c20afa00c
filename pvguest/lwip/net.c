/* SPDX-License-Identifier: MIT */
/* lwIP's network interface on top of netfront. */
#include <stdlib.h>
#include <string.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <pv/cpu.h>
#include <pv/frontend.h>
#include <pv/net.h>
#include <pv/netfront.h>
#include <pv/thread.h>
#include <pv/time.h>

#define RECEIVE_BATCH 64
#define MAX_PIECES    32
#define LOOK_NS	      PV_NS_PER_SECOND /* how often the store is asked whether it was unplugged */
#define FULL_PATIENCE 50	       /* ms that a full ring is waited for */

enum { IP_PROTOCOL = 9, IP_SOURCE = 12, TCP_CHECKSUM = 16, UDP_CHECKSUM = 6 };

struct interface {
	struct netif netif;
	struct pv_netfront *device;
	ip4_addr_t address, mask; /* 0: DHCP */
};

/* --- sending -------------------------------------------------------------------------------------
 */

static uint32_t add_words(uint32_t sum, const uint8_t *at, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	return sum;
}

/* Leave to the other end, or its card, the summing up of TCP or UDP: put in what it starts with. */
static unsigned int leave_checksum(const struct pbuf *frame)
{
	uint8_t *ip = (uint8_t *)frame->payload + SIZEOF_ETH_HDR, *place;
	unsigned int header, length;
	uint32_t sum;

	if (frame->len < SIZEOF_ETH_HDR + 20 || ip[-2] != 0x08 || ip[-1] != 0x00)
		return 0;
	header = (ip[0] & 15) * 4;
	length = (unsigned int)(ip[2] << 8 | ip[3]) - header;
	if ((ip[IP_PROTOCOL] != IP_PROTO_TCP && ip[IP_PROTOCOL] != IP_PROTO_UDP) ||
	    (ip[6] & 0x3f) || ip[7] || frame->len < SIZEOF_ETH_HDR + header + 18)
		return 0;
	place = ip + header + (ip[IP_PROTOCOL] == IP_PROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
	sum = add_words(ip[IP_PROTOCOL] + length, ip + IP_SOURCE, 8);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	place[0] = (uint8_t)(sum >> 8);
	place[1] = (uint8_t)sum;
	return PV_NET_BLANK;
}

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
	struct interface *interface = netif->state;
	struct pv_net_piece pieces[MAX_PIECES];
	unsigned int count = 0, flags = leave_checksum(frame);
	int error;

	for (const struct pbuf *part = frame; part; part = part->next) {
		if (count == MAX_PIECES)
			return ERR_BUF;
		pieces[count++] = (struct pv_net_piece){part->payload, part->len};
	}
	for (int tries = 0; tries < FULL_PATIENCE; tries++) {
		error = pv_netfront_send(interface->device, pieces, count, flags);
		if (error != -XEN_EBUSY)
			return error ? ERR_IF : ERR_OK;
		pv_sleep_ms(1);
	}
	return ERR_MEM;
}

/* --- receiving: with the core locked
 * ---------------------------------------------------------------- */

static void take_frame(void *argument, const void *data, size_t length, unsigned int flags)
{
	struct interface *interface = argument;
	struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL);
	u16_t checks = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;

	if (!frame)
		return; /* as a card without room does */
	pbuf_take(frame, data, (u16_t)length);
	if (flags)
		interface->netif.chksum_flags &= (u16_t)~checks;
	else
		interface->netif.chksum_flags |= checks;
	if (ethernet_input(frame, &interface->netif) != ERR_OK)
		pbuf_free(frame);
}

static err_t set_up(struct netif *netif)
{
	const struct interface *interface = netif->state;

	netif->name[0] = 'v';
	netif->name[1] = 'f';
	netif->hostname = "parapet";
	netif->mtu = 1500;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, pv_netfront_mac(interface->device), ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	netif->output = etharp_output;
	netif->linkoutput = send_frame;
	netif->chksum_flags &= (u16_t) ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP);
	return ERR_OK;
}

static void attach(struct interface *interface)
{
	LOCK_TCPIP_CORE();
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
	LOCK_TCPIP_CORE();
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

/* "10.0.0.1/24" */
static bool parse_address(const char *text, ip4_addr_t *address, ip4_addr_t *mask)
{
	char copy[20];
	const char *slash = strchr(text, '/');
	int bits = slash ? atoi(slash + 1) : 24;

	if (bits < 1 || bits > 32 || (size_t)(slash ? slash - text : 0) >= sizeof(copy))
		return false;
	strncpy(copy, text, sizeof(copy) - 1);
	copy[slash ? (size_t)(slash - text) : sizeof(copy) - 1] = '\0';
	mask->addr = lwip_htonl((u32_t)(0xffffffffull << (32 - bits)));
	return ip4addr_aton(copy, address);
}

int pv_net_start(unsigned int number, const char *address)
{
	static bool started;
	struct interface *interface = calloc(1, sizeof(*interface));
	int error = interface ? 0 : -XEN_ENOMEM;

	if (!error && address && !parse_address(address, &interface->address, &interface->mask))
		error = -XEN_EINVAL;
	if (!error)
		interface->device = pv_netfront_open(number, &error);
	if (error) {
		free(interface);
		return error;
	}
	if (!started) {
		srand((unsigned int)(pv_rdtsc() ^ pv_wallclock_ns()));
		tcpip_init(NULL, NULL);
	}
	started = true;
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
