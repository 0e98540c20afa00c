/* SPDX-License-Identifier: MIT */
/*
 * The network protocol: two rings, one each way. Named from the guest's side: on *tx* the front end
 * sends packets, on *rx* it offers empty pages and gets packets in them. A packet may take several
 * slots (more_data); slots of extra information may stand between the first and the second.
 * (The control ring of newer front ends is not here.)
 */
#ifndef __XEN_PUBLIC_IO_NETIF_H__
#define __XEN_PUBLIC_IO_NETIF_H__

#include "ring.h"
#include "../grant_table.h"

/* Slots that a back end takes for one packet at least. */
#define XEN_NETIF_NR_SLOTS_MIN 18

#define _NETTXF_csum_blank     (0)
#define NETTXF_csum_blank      (1U << _NETTXF_csum_blank) /* checksum is still to be computed */
#define _NETTXF_data_validated (1)
#define NETTXF_data_validated  (1U << _NETTXF_data_validated) /* checksum is right */
#define _NETTXF_more_data      (2)
#define NETTXF_more_data       (1U << _NETTXF_more_data) /* the packet goes on in the next slot */
#define _NETTXF_extra_info     (3)
#define NETTXF_extra_info      (1U << _NETTXF_extra_info) /* a netif_extra_info follows */

#define XEN_NETIF_MAX_TX_SIZE 0xFFFF
struct netif_tx_request {
	grant_ref_t gref; /* page */
	uint16_t offset;  /* bytes into it */
	uint16_t flags;	  /* NETTXF_* */
	uint16_t id;	  /* the response repeats it */
	uint16_t size;	  /* first slot: bytes of the whole packet; others: of this slot */
};
typedef struct netif_tx_request netif_tx_request_t;

#define XEN_NETIF_EXTRA_TYPE_NONE      (0)
#define XEN_NETIF_EXTRA_TYPE_GSO       (1)
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD (2)
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL (3)
#define XEN_NETIF_EXTRA_TYPE_HASH      (4)
#define XEN_NETIF_EXTRA_TYPE_MAX       (5)

#define _XEN_NETIF_EXTRA_FLAG_MORE (0)
#define XEN_NETIF_EXTRA_FLAG_MORE  (1U << _XEN_NETIF_EXTRA_FLAG_MORE) /* another one follows */

#define XEN_NETIF_GSO_TYPE_NONE	 (0)
#define XEN_NETIF_GSO_TYPE_TCPV4 (1)
#define XEN_NETIF_GSO_TYPE_TCPV6 (2)

struct netif_extra_info {
	uint8_t type;  /* XEN_NETIF_EXTRA_TYPE_* */
	uint8_t flags; /* XEN_NETIF_EXTRA_FLAG_* */
	union {
		struct {
			uint16_t size; /* bytes of payload in each segment */
			uint8_t type;  /* XEN_NETIF_GSO_TYPE_* */
			uint8_t pad;
			uint16_t features; /* 0 */
		} gso;
		struct {
			uint8_t addr[6]; /* group's hardware address */
		} mcast;
		struct {
			uint8_t type;
			uint8_t algorithm;
			uint8_t value[4];
		} hash;
		uint16_t pad[3];
	} u;
};
typedef struct netif_extra_info netif_extra_info_t;

struct netif_tx_response {
	uint16_t id;	/* of the request */
	int16_t status; /* NETIF_RSP_* */
};
typedef struct netif_tx_response netif_tx_response_t;

struct netif_rx_request {
	uint16_t id; /* the response repeats it */
	uint16_t pad;
	grant_ref_t gref; /* empty page */
};
typedef struct netif_rx_request netif_rx_request_t;

#define _NETRXF_data_validated (0)
#define NETRXF_data_validated  (1U << _NETRXF_data_validated) /* checksum is right */
#define _NETRXF_csum_blank     (1)
#define NETRXF_csum_blank      (1U << _NETRXF_csum_blank) /* checksum is not computed */
#define _NETRXF_more_data      (2)
#define NETRXF_more_data       (1U << _NETRXF_more_data) /* the packet goes on in the next slot */
#define _NETRXF_extra_info     (3)
#define NETRXF_extra_info      (1U << _NETRXF_extra_info) /* a netif_extra_info follows */
#define _NETRXF_gso_prefix     (4)
#define NETRXF_gso_prefix      (1U << _NETRXF_gso_prefix) /* older form of GSO */

struct netif_rx_response {
	uint16_t id;	 /* of the request */
	uint16_t offset; /* bytes into the page */
	uint16_t flags;	 /* NETRXF_* */
	int16_t status;	 /* bytes, or NETIF_RSP_* */
};
typedef struct netif_rx_response netif_rx_response_t;

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#define NETIF_RSP_DROPPED -2
#define NETIF_RSP_ERROR	  -1
#define NETIF_RSP_OKAY	  0
#define NETIF_RSP_NULL	  1 /* slot held no packet (extra information) */

#endif
