/* SPDX-License-Identifier: MIT */
/* What lwIP calls in the middle of things. */
#ifndef LWIP_HOOKS_H
#define LWIP_HOOKS_H

struct tcp_pcb;
struct tcp_hdr;

/* A TCP segment has come for a connection: ERR_OK, or it is dropped. */
err_t pv_lwip_segment(struct tcp_pcb *pcb, const struct tcp_hdr *header, u16_t options,
		      u16_t options_first, const u8_t *options_rest);

#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, options_first, options_rest, frame)       \
	pv_lwip_segment(pcb, header, options, options_first, options_rest)

#endif
