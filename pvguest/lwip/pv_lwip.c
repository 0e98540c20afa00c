/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <lwip/etharp.h>
#include <lwip/prot/ip.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <pv/cpu.h>
#include <pv/time.h>
#include "pv_lwip.h"

enum { IP_PROTOCOL = 9, IP_SOURCE = 12, TCP_CHECKSUM = 16, UDP_CHECKSUM = 6 };

void (*pv_lwip_unlocking)(void);

void pv_lwip_unlock(void)
{
	if (pv_lwip_unlocking)
		pv_lwip_unlocking();
	sys_mutex_unlock(&lock_tcpip_core);
}

void pv_lwip_init(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	mallopt(M_TRIM_THRESHOLD, INT_MAX); /* large packets come and go */
	srand((unsigned int)(pv_rdtsc() ^ pv_wallclock_ns()));
	tcpip_init(NULL, NULL);
}

err_t pv_lwip_set_up(struct netif *netif, const char name[2], const uint8_t mac[6],
		     netif_linkoutput_fn send)
{
	memcpy(netif->name, name, sizeof(netif->name));
	netif->hostname = "parapet";
	netif->mtu = 65535; /* large packets; pv_lwip_output() knows better */
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	netif->output = pv_lwip_output;
	netif->linkoutput = send;
	netif->chksum_flags &= (u16_t) ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP);
	return ERR_OK;
}

static uint32_t add_words(uint32_t sum, const uint8_t *at, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	return sum;
}

bool pv_lwip_leave_checksum(const struct pbuf *frame)
{
	uint8_t *ip = (uint8_t *)frame->payload + SIZEOF_ETH_HDR, *place;
	unsigned int header, length;
	uint32_t sum;

	if (frame->len < SIZEOF_ETH_HDR + 20 || ip[-2] != 0x08 || ip[-1] != 0x00)
		return false;
	header = (ip[0] & 15) * 4;
	length = (unsigned int)(ip[2] << 8 | ip[3]) - header;
	if ((ip[IP_PROTOCOL] != IP_PROTO_TCP && ip[IP_PROTOCOL] != IP_PROTO_UDP) ||
	    (ip[6] & 0x3f) || ip[7] || frame->len < SIZEOF_ETH_HDR + header + 18)
		return false;
	place = ip + header + (ip[IP_PROTOCOL] == IP_PROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
	sum = add_words(ip[IP_PROTOCOL] + length, ip + IP_SOURCE, 8);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	place[0] = (uint8_t)(sum >> 8);
	place[1] = (uint8_t)sum;
	return true;
}

/* Large packets are in one piece, so that nothing but copying depends on their length. */
struct pbuf *pv_lwip_frame(size_t length)
{
	return pbuf_alloc(PBUF_RAW, (u16_t)length,
			  length <= PBUF_POOL_BUFSIZE ? PBUF_POOL : PBUF_RAM);
}

void pv_lwip_input(struct netif *netif, struct pbuf *frame, bool checked)
{
	u16_t checks = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;

	if (checked)
		netif->chksum_flags &= (u16_t)~checks;
	else
		netif->chksum_flags |= checks;
	if (ethernet_input(frame, netif) != ERR_OK)
		pbuf_free(frame);
}

bool pv_lwip_parse(const char *text, ip4_addr_t *address, ip4_addr_t *mask)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	int bits = slash ? atoi(slash + 1) : 24;
	char copy[16];

	if (bits < 1 || bits > 32 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	mask->addr = lwip_htonl((u32_t)(0xffffffffull << (32 - bits)));
	return ip4addr_aton(copy, address);
}
