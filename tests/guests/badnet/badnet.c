/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network front end that breaks the protocol in every way, one after the other, and expects the
 * back end to close on it, or to answer an error, and to be as good as new afterwards. With the
 * word `vanish` it ends itself while it is connected, frames under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/grant.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/time.h>
#include <xen/sched.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/netif.h>

#define PATIENCE (20 * PV_NS_PER_SECOND)
#define NO_GRANT 0xfffffff0u

static struct pv_frontend front;
static netif_tx_front_ring_t tx;
static netif_rx_front_ring_t rx;
static void *tx_page, *rx_page, *data;
static grant_ref_t tx_ref, rx_ref, data_ref;
static int port;
static unsigned int cases;

static void fail(const char *name, const char *what)
{
	printf("badnet: FAIL %s: %s\n", name, what);
	exit(1);
}

static uint64_t soon(void)
{
	return pv_time_ns() + PATIENCE;
}

/* Fresh rings, and their nodes; those given replace the honest ones. */
static int publish(unsigned long tx_node, unsigned long rx_node, unsigned long port_node,
		   enum xenbus_state state)
{
	const struct pv_frontend_node nodes[] = {
		{"tx-ring-ref", tx_node},
		{"rx-ring-ref", rx_node},
		{"event-channel", port_node},
		{"request-rx-copy", 1},
	};

	return pv_frontend_publish(&front, nodes, PV_ARRAY_SIZE(nodes), state);
}

static void begin(const char *name)
{
	int error = pv_frontend_open(&front, "vif", 0, soon());

	if (error)
		fail(name, "the device is not offered");
	XEN_FRONT_RING_INIT(&tx, (struct netif_tx_sring *)tx_page, PV_PAGE_SIZE);
	XEN_FRONT_RING_INIT(&rx, (struct netif_rx_sring *)rx_page, PV_PAGE_SIZE);
	port = pv_event_alloc_unbound(front.backend_id, NULL, NULL);
	if (port < 0)
		fail(name, "no port");
}

static void connect(const char *name)
{
	begin(name);
	if (publish(tx_ref, rx_ref, (unsigned long)port, XenbusStateConnected) ||
	    pv_frontend_wait(&front, soon()))
		fail(name, "an honest connection is refused");
}

static void end(void)
{
	pv_frontend_close(&front, soon());
	pv_event_close((evtchn_port_t)port);
	cases++;
}

static void expect_closing(const char *name)
{
	unsigned int closed = 1u << XenbusStateClosing | 1u << XenbusStateClosed;

	if (pv_xenbus_wait(front.backend, closed, soon()) == XenbusStateUnknown)
		fail(name, "the back end goes on");
	end();
}

static void push(grant_ref_t gref, unsigned int offset, unsigned int flags, unsigned int size)
{
	*RING_GET_REQUEST(&tx, tx.req_prod_pvt) = (netif_tx_request_t){
		gref, (uint16_t)offset, (uint16_t)flags, (uint16_t)tx.req_prod_pvt, (uint16_t)size};
	tx.req_prod_pvt++;
	RING_PUSH_REQUESTS(&tx);
}

static void expect_status(const char *name, int status)
{
	uint64_t deadline = soon();

	while (!RING_HAS_UNCONSUMED_RESPONSES(&tx)) {
		if (pv_time_ns() > deadline)
			fail(name, "no answer");
		pv_sleep_ms(10);
	}
	if (RING_GET_RESPONSE(&tx, tx.rsp_cons++)->status != status)
		fail(name, "another status");
}

/* --- lies in the store -------------------------------------------------------------------------
 */

static void lie_in_store(void)
{
	begin("ring-ref");
	publish(NO_GRANT, rx_ref, (unsigned long)port, XenbusStateConnected);
	expect_closing("ring-ref");
	begin("rx-ring-ref");
	publish(tx_ref, NO_GRANT, (unsigned long)port, XenbusStateConnected);
	expect_closing("rx-ring-ref");
	begin("event-channel");
	publish(tx_ref, rx_ref, 4000000000ul, XenbusStateConnected);
	expect_closing("event-channel");
	begin("someone's port");
	publish(tx_ref, rx_ref, pv_start_info->store_evtchn, XenbusStateConnected);
	expect_closing("someone's port");
}

static void lie_in_states(void)
{
	static const char *const states[] = {"", "x", "-1", "99999999999999999999", "0"};
	char node[PV_FRONTEND_PATH + 8];

	for (unsigned int i = 0; i < PV_ARRAY_SIZE(states); i++) {
		connect("state");
		snprintf(node, sizeof(node), "%s/state", front.path);
		pv_store_write(0, node, states[i]);
		expect_closing("state");
	}
	connect("rewritten nodes");
	publish(NO_GRANT, NO_GRANT, 0, XenbusStateConnected);
	push(data_ref, 0, 0, 100); /* it has what it read */
	pv_event_send((evtchn_port_t)port);
	expect_status("rewritten nodes", NETIF_RSP_OKAY);
	end();
	for (int i = 0; i < 100; i++) {
		pv_xenbus_set_state(0, front.path, XenbusStateInitialising);
		pv_xenbus_set_state(0, front.path, XenbusStateConnected);
		pv_xenbus_set_state(0, front.path, XenbusStateClosed);
	}
	cases++;
}

/* --- lies in the rings
 * ---------------------------------------------------------------------------- */

static void break_ring(const char *name, void (*lie)(void))
{
	connect(name);
	lie();
	pv_event_send((evtchn_port_t)port);
	expect_closing(name);
}

static void far_index(void)
{
	tx.sring->req_prod = 100000;
}

static void back_index(void)
{
	tx.sring->req_prod = -1u;
}

static void beyond_page(void)
{
	push(data_ref, 4000, 0, 1000);
}

static void endless(void)
{
	for (int i = 0; i < 60; i++)
		push(data_ref, 0, NETTXF_more_data, i ? 60 : 60000);
}

static void unfinished(void)
{
	push(data_ref, 0, NETTXF_more_data, 1000);
}

static void too_small(void)
{
	push(data_ref, 0, NETTXF_more_data, 100);
	push(data_ref, 0, 0, 101);
}

static void extra(void)
{
	push(data_ref, 0, NETTXF_extra_info, 100);
	push(data_ref, 0, 0, 100);
}

static void break_rings(void)
{
	break_ring("index far ahead", far_index);
	break_ring("index behind", back_index);
	break_ring("beyond the page", beyond_page);
	break_ring("endless packet", endless);
	break_ring("unfinished packet", unfinished);
	break_ring("slots larger than the packet", too_small);
	break_ring("extra information", extra);
}

/* What harms nobody is answered. */
static void send_useless(void)
{
	connect("useless frames");
	push(NO_GRANT, 0, 0, 100);
	push(data_ref, 0, 0, 5);
	push(tx_ref, 0, 0, 100); /* the ring itself: granted, so be it */
	push(data_ref, 0, 0, 100);
	pv_event_send((evtchn_port_t)port);
	expect_status("no grant", NETIF_RSP_ERROR);
	expect_status("too short", NETIF_RSP_ERROR);
	expect_status("its own ring", NETIF_RSP_OKAY);
	expect_status("honest frame", NETIF_RSP_OKAY);
	end();
}

static void vanish(void)
{
	connect("vanish");
	for (int i = 0; i < 200; i++)
		push(data_ref, 0, 0, 1514);
	pv_event_send((evtchn_port_t)port);
	printf("badnet: vanishing\n");
	pv_shutdown(SHUTDOWN_crash);
}

/* To all, from an address that is not its own: dropped where that is looked at. */
static const uint8_t frame[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				  0x00, 0x16, 0x3e, 0xff, 0xff, 1};

int main(int argc, char **argv)
{
	if (pv_frontend_open(&front, "vif", 0, soon()))
		fail("start", "no device");
	tx_page = pv_frontend_page(&front, &tx_ref);
	rx_page = pv_frontend_page(&front, &rx_ref);
	data = pv_frontend_page(&front, &data_ref);
	if (!tx_page || !rx_page || !data)
		fail("start", "no pages");
	memcpy(data, frame, sizeof(frame));
	if (argc > 1 && !strcmp(argv[1], "vanish"))
		vanish();
	lie_in_store();
	lie_in_states();
	break_rings();
	send_useless();
	pv_frontend_free_page(tx_page, tx_ref);
	pv_frontend_free_page(rx_page, rx_ref);
	if (pv_grant_end(data_ref))
		fail("end", "the back end holds a page");
	printf("badnet: passed, %u cases\n", cases);
	return 0;
}
