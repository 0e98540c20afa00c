/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What netfront needs of the rest of the SDK, and its back end's view: the pages that it grants are
 * an array here, the store says what a test wants. No cmocka: the fuzzer has it too. */
#ifndef FAKES_NETFRONT_H
#define FAKES_NETFRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <pv/netfront.h>
#include <pv/types.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/netif.h>

#define FAKE_REF   100 /* of the first page granted */
#define FAKE_PAGES 2048

struct fake_back {
	/* what a test decides */
	const char *mac;	 /* in the store; NULL: no such node */
	bool no_copy;		 /* the back end does not offer feature-rx-copy */
	bool no_large;		 /* nor large packets */
	unsigned int pages_left; /* then memory is out */
	int open_error, port_error, connect_error;
	int state; /* of the back end, as pv_netfront_unplugged() sees it */
	/* what happened */
	void *page[FAKE_PAGES]; /* granted as FAKE_REF + index; NULL: taken back */
	unsigned int pages, ports, closes, events;
	unsigned int tx_ref, rx_ref; /* as published */
	netif_tx_sring_t *tx;
	netif_rx_sring_t *rx;
};

extern struct fake_back fake;

/* As if nothing had happened: a back end that means well. */
void fake_reset(void);

/* The page behind a reference, or NULL. */
uint8_t *fake_page(unsigned int ref);

#endif
