/* SPDX-License-Identifier: MIT */
/*
 * What this port's network interfaces have in common: the one on netfront (net.c), and those of
 * programs that get their frames from elsewhere. All but pv_lwip_init() and pv_lwip_parse() with
 * the core locked.
 */
#ifndef PV_LWIP_H
#define PV_LWIP_H

#include <stdbool.h>
#include <lwip/netif.h>

#define PV_LWIP_MTU 1500 /* bytes behind the Ethernet header, on a wire */
#define PV_LWIP_MSS 1460 /* of them, of TCP's payload */

/* Start lwIP, the first time that it is called. */
void pv_lwip_init(void);

/* An interface that there is or will be does not take large packets (large.c): send no more. */
void pv_lwip_no_large(void);

/* Of a frame that is to be sent: 0, or how much payload each frame has that it stands for. */
unsigned int pv_lwip_segment_size(const struct pbuf *frame);

/* Send an IP packet: an Ethernet interface's output(). */
err_t pv_lwip_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to);

/* Fill in an Ethernet interface: to be called by what is handed to netif_add(). TCP and UDP leave
 * without checksums; send() fills them in, or has it done. */
err_t pv_lwip_set_up(struct netif *netif, const char name[2], const uint8_t mac[6],
		     netif_linkoutput_fn send);

/* Before a frame is sent: leave its TCP or UDP checksum to the other end, or its card, by putting
 * in the sum of the pseudo-header. False: it has none, or needs nothing. */
bool pv_lwip_leave_checksum(const struct pbuf *frame);

/* If set, it is called before the core is unlocked. */
extern void (*pv_lwip_unlocking)(void);

/* Memory for a frame that has come, or NULL. */
struct pbuf *pv_lwip_frame(size_t length);

/* A frame has come, and is lwIP's now. checked: its checksums were, or never left memory. */
void pv_lwip_input(struct netif *netif, struct pbuf *frame, bool checked);

/* "10.0.0.1/24"; without a slash it is /24. False: it is no such thing. */
bool pv_lwip_parse(const char *text, ip4_addr_t *address, ip4_addr_t *mask);

#endif
