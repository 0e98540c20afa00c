/* SPDX-License-Identifier: MIT */
/*
 * Large packets: what lwIP sends in one go on a connection leaves as one packet, which stands for
 * frames of PV_LWIP_MSS bytes of payload each, and is cut up where the wire begins, if it ever gets
 * there. lwIP knows nothing of this: once a connection stands whose other end takes frames of full
 * size, its maximum segment size is made larger.
 */
#include <lwip/etharp.h>
#include <lwip/ip4_frag.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>
#include <lwip/tcp.h>
#include "hooks.h"
#include "pv_lwip.h"

#define FRAMES	  22 /* that a packet stands for, at most: half a dozen packets fill a window */
#define LARGE_MSS (FRAMES * PV_LWIP_MSS)

_Static_assert(TCP_MSS == PV_LWIP_MSS, "what lwIP says of itself is what the wire takes");

static bool some_do_not; /* take large packets */

void pv_lwip_no_large(void)
{
	some_do_not = true;
}

static u8_t option_byte(const struct tcp_hdr *header, u16_t first, const u8_t *rest, u16_t at)
{
	return at < first ? ((const u8_t *)(header + 1))[at] : rest[at - first];
}

/* Does it say how large segments may be? lwIP would believe it at any time. */
static bool says_mss(const struct tcp_hdr *header, u16_t options, u16_t first, const u8_t *rest)
{
	for (u16_t at = 0; at < options;) {
		u8_t kind = option_byte(header, first, rest, at);
		u8_t length = at + 1 < options ? option_byte(header, first, rest, at + 1) : 0;

		if (kind == LWIP_TCP_OPT_MSS)
			return true;
		if (kind == LWIP_TCP_OPT_EOL)
			return false;
		if (kind != LWIP_TCP_OPT_NOP && length < 2)
			return false;
		at += kind == LWIP_TCP_OPT_NOP ? 1 : length;
	}
	return false;
}

static void enlarge(struct tcp_pcb *pcb)
{
	pcb->mss = LARGE_MSS;
	if (pcb->cwnd < 2 * LARGE_MSS)
		pcb->cwnd = 2 * LARGE_MSS; /* two, or the other end would wait with its answer */
}

err_t pv_lwip_segment(struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options, u16_t first,
		      const u8_t *rest)
{
	if (!(TCPH_FLAGS(header) & TCP_SYN) && says_mss(header, options, first, rest))
		return ERR_VAL;
	if (pcb->state == ESTABLISHED && pcb->mss == PV_LWIP_MSS && !some_do_not)
		enlarge(pcb);
	return ERR_OK;
}

/* lwIP believes that anything may be sent; what is not TCP is cut into fragments here. */
err_t pv_lwip_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
	const struct ip_hdr *header = packet->payload;
	u16_t believed = netif->mtu;
	err_t error;

	if (packet->tot_len <= PV_LWIP_MTU || IPH_PROTO(header) == IP_PROTO_TCP)
		return etharp_output(netif, packet, to);
	netif->mtu = PV_LWIP_MTU;
	error = ip4_frag(packet, netif, to);
	netif->mtu = believed;
	return error;
}

unsigned int pv_lwip_segment_size(const struct pbuf *frame)
{
	return frame->tot_len > SIZEOF_ETH_HDR + PV_LWIP_MTU ? PV_LWIP_MSS : 0;
}
