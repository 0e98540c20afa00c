/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block front end that breaks the protocol in every way, one after the other, and expects the
 * back end to close on it, or to answer an error, and to be as good as new afterwards. With the
 * word `vanish` it ends itself while it is connected, requests under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/time.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/blkif.h>

#define PATIENCE (20 * PV_NS_PER_SECOND)
#define NO_GRANT 0xfffffff0u
#define XVDA	 51712

static struct pv_frontend front;
static blkif_front_ring_t ring;
static void *page, *data;
static grant_ref_t page_ref, data_ref, readonly_ref;
static int port;
static unsigned int cases;

static void fail(const char *name, const char *what)
{
	printf("blktorture: FAIL %s: %s\n", name, what);
	exit(1);
}

static uint64_t soon(void)
{
	return pv_time_ns() + PATIENCE;
}

static void begin(const char *name)
{
	if (pv_frontend_open(&front, "vbd", XVDA, soon()))
		fail(name, "the device is not offered");
	XEN_FRONT_RING_INIT(&ring, (struct blkif_sring *)page, PV_PAGE_SIZE);
	port = pv_event_alloc_unbound(front.backend_id, NULL, NULL);
	if (port < 0)
		fail(name, "no port");
}

static void publish(unsigned long ref, unsigned long event, unsigned long order)
{
	const struct pv_frontend_node nodes[] = {
		{"ring-ref", ref},
		{"event-channel", event},
		{"ring-page-order", order},
	};

	pv_frontend_publish(&front, nodes, PV_ARRAY_SIZE(nodes), XenbusStateInitialised);
}

static void end(void)
{
	pv_frontend_close(&front, soon());
	pv_event_close((evtchn_port_t)port);
	cases++;
}

static void connect(const char *name)
{
	begin(name);
	publish(page_ref, (unsigned long)port, 0);
	if (pv_frontend_wait(&front, soon()))
		fail(name, "an honest connection is refused");
}

static void expect_closing(const char *name)
{
	unsigned int closed = 1u << XenbusStateClosing | 1u << XenbusStateClosed;

	if (pv_xenbus_wait(front.backend, closed, soon()) == XenbusStateUnknown)
		fail(name, "the back end goes on");
	end();
}

static blkif_request_t *fill(uint8_t operation, uint64_t sector, unsigned int segments)
{
	blkif_request_t *request = RING_GET_REQUEST(&ring, ring.req_prod_pvt++);

	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->nr_segments = (uint8_t)segments;
	request->id = 77;
	request->sector_number = sector;
	for (unsigned int i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
		request->seg[i] = (struct blkif_request_segment){data_ref, 0, 7};
	return request;
}

static void push(void)
{
	RING_PUSH_REQUESTS(&ring);
	pv_event_send((evtchn_port_t)port);
}

static void expect_status(const char *name, int status)
{
	uint64_t deadline = soon();

	push();
	while (!RING_HAS_UNCONSUMED_RESPONSES(&ring)) {
		if (pv_time_ns() > deadline)
			fail(name, "no answer");
		pv_sleep_ms(5);
	}
	if (RING_GET_RESPONSE(&ring, ring.rsp_cons++)->status != status)
		fail(name, "another status");
	cases++;
}

/* --- lies in the store ------------------------------------------------------------------------ */

static void lie_in_store(void)
{
	begin("ring-ref");
	publish(NO_GRANT, (unsigned long)port, 0);
	expect_closing("ring-ref");
	begin("event-channel");
	publish(page_ref, 4000000000ul, 0);
	expect_closing("event-channel");
	begin("someone's port");
	publish(page_ref, pv_start_info->store_evtchn, 0);
	expect_closing("someone's port");
	begin("order");
	publish(page_ref, (unsigned long)port, 3);
	expect_closing("order");
	begin("large order");
	publish(page_ref, (unsigned long)port, 4294967295ul);
	expect_closing("large order");
	begin("references that are missing");
	publish(page_ref, (unsigned long)port, 1);
	expect_closing("references that are missing");
}

/* Nodes and states change without end while the back end connects. */
static void rewrite_in_handshake(void)
{
	char node[PV_FRONTEND_PATH + 16];

	for (unsigned int i = 0; i < 50; i++) {
		begin("rewriting");
		publish(page_ref, (unsigned long)port, 0);
		snprintf(node, sizeof(node), "%s/ring-ref", front.path);
		pv_store_write(0, node, i % 2 ? "x" : "4294967295");
		snprintf(node, sizeof(node), "%s/state", front.path);
		pv_store_write(0, node, i % 3 ? "4" : "0");
		if (i % 5 == 0)
			pv_store_rm(0, node);
		end();
	}
}

/* --- lies in the ring ------------------------------------------------------------------------- */

static void lie_in_indices(void)
{
	static const RING_IDX bad[] = {33, 0x80000000, 0xffffffff};

	for (unsigned int i = 0; i < PV_ARRAY_SIZE(bad); i++) {
		connect("index");
		ring.sring->req_prod = bad[i];
		pv_event_send((evtchn_port_t)port);
		expect_closing("index");
	}
}

static void lie_in_requests(void)
{
	connect("requests");
	fill(BLKIF_OP_READ, 0, 12);
	expect_status("too many segments", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_READ, 0, 0);
	expect_status("no segment", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_READ, 0, 1)->seg[0].last_sect = 8;
	expect_status("beyond the page", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_WRITE, 0, 1)->seg[0].first_sect = 255;
	expect_status("backwards", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_READ, 0, 3)->seg[1].gref = NO_GRANT;
	expect_status("no such grant", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_READ, 0, 1)->seg[0].gref = readonly_ref;
	expect_status("into a read-only page", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_READ, ~0ull - 3, 1);
	expect_status("beyond the end", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_WRITE, 1ull << 40, 1);
	expect_status("far beyond the end", BLKIF_RSP_ERROR);
	fill(BLKIF_OP_WRITE_BARRIER, 0, 1);
	expect_status("barrier", BLKIF_RSP_EOPNOTSUPP);
	fill(99, 0, 1);
	expect_status("no operation", BLKIF_RSP_EOPNOTSUPP);
	for (unsigned int i = 0; i < 20; i++)
		fill((uint8_t)(i % 7), i << 20, i);
	push();
	pv_sleep_ms(200);
	ring.rsp_cons = ring.sring->rsp_prod;
	fill(BLKIF_OP_READ, 0, 1);
	expect_status("an honest one", BLKIF_RSP_OKAY);
	end();
}

static void vanish(void)
{
	connect("vanish");
	for (unsigned int i = 0; i < 32; i++)
		fill(i % 2 ? BLKIF_OP_WRITE : BLKIF_OP_READ, i * 88, 11);
	push();
	printf("blktorture: vanishing\n");
	HYPERVISOR_sched_op(SCHEDOP_shutdown, &(struct sched_shutdown){SHUTDOWN_crash});
}

int main(int argc, char **argv)
{
	page = pv_page_alloc();
	data = pv_page_alloc();
	page_ref = (grant_ref_t)pv_grant_access(0, pv_virt_to_mfn(page), false);
	data_ref = (grant_ref_t)pv_grant_access(0, pv_virt_to_mfn(data), false);
	readonly_ref = (grant_ref_t)pv_grant_access(0, pv_virt_to_mfn(data), true);
	if (argc > 1 && !strcmp(argv[1], "vanish"))
		vanish();
	lie_in_store();
	rewrite_in_handshake();
	lie_in_indices();
	lie_in_requests();
	printf("blktorture: PASS, %u cases\n", cases);
	return 0;
}
