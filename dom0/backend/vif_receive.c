/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a guest's queue into the buffers that it offers: batches, with one hypercall each. */
#include <string.h>
#include "backend/netback.h"

#define BATCH 128 /* pages */

/* Slots of the ring, of which those with extra information have no page to be copied, and those
 * whose page is mapped have it already. */
static struct {
	unsigned int slots, copies;
	struct gnttab_copy copy[BATCH];
	struct {
		netif_rx_response_t response; /* status is the length, if all goes well */
		const struct gnttab_copy *copy;
	} slot[BATCH];
} batch;

static bool is_ipv6(const struct packet *packet)
{
	const uint8_t *frame = packet_head(packet);

	return frame[12] == 0x86 && frame[13] == 0xdd;
}

/* In one piece, for what needs it so. */
static uint8_t *linear(const struct packet *packet)
{
	static uint8_t buffer[PACKET_MAX + 1];
	size_t at = 0;

	if (packet->pages == 1)
		return packet_head(packet);
	for (unsigned int i = 0; i < packet->pages; i++) {
		memcpy(buffer + at, packet->segment[i].data, packet->segment[i].length);
		at += packet->segment[i].length;
	}
	return buffer;
}

/* The checksum is in the first page, and right for all who hold the packet. */
static void fill_checksum(struct packet *packet)
{
	uint8_t *frame = linear(packet);

	if (net_fill_checksum(frame, packet->length) && packet->pages > 1)
		memcpy(packet_head(packet), frame, packet->segment[0].length);
	packet->flags = 0;
}

/* Take the first one out of the queue. */
static void dequeue(struct vif *vif)
{
	struct packet *packet = vif->queue[vif->queue_head++ % VIF_QUEUE];

	vif->queue_pages -= packet->pages;
	packet_put(packet);
}

void vif_purge(struct vif *vif)
{
	while (vif->queue_head != vif->queue_tail)
		dequeue(vif);
}

static uint16_t response_flags(const struct packet *packet)
{
	if (packet->flags & NET_CHECKSUM_BLANK)
		return NETRXF_csum_blank | NETRXF_data_validated;
	return packet->flags & NET_CHECKSUM_VALID ? NETRXF_data_validated : 0;
}

/* Into a page that is mapped at once; otherwise add it to the batch, and return that. */
static struct gnttab_copy *plan_copy(struct vif *vif, struct packet *packet,
				     const struct net_segment *segment, grant_ref_t ref)
{
	uint8_t *page = vif->pages ? vif_page(vif, ref) : NULL;
	struct gnttab_copy *copy;

	if (page) {
		memcpy(page, segment->data, segment->length);
		return NULL;
	}
	packet_own(packet); /* the hypervisor copies from nothing else */
	copy = &batch.copy[batch.copies++];
	*copy = (struct gnttab_copy){
		.source = {.u.gmfn = segment->machine >> PV_PAGE_SHIFT, .domid = DOMID_SELF},
		.dest = {.u.ref = ref, .domid = vif->backend.domid},
		.len = (uint16_t)segment->length,
		.flags = GNTCOPY_dest_gref,
	};
	return copy;
}

/* Bring a page of a packet into the next buffer of the guest's. */
static void plan_page(struct vif *vif, struct packet *packet, unsigned int page)
{
	const struct net_segment *segment = &packet->segment[page];
	bool last = page + 1 == packet->pages;
	netif_rx_request_t request;

	RING_COPY_REQUEST(&vif->rx, vif->rx.req_cons, &request);
	vif->rx.req_cons++;
	batch.slot[batch.slots].copy = plan_copy(vif, packet, segment, request.gref);
	batch.slot[batch.slots++].response = (netif_rx_response_t){
		.id = request.id,
		.flags = (page ? 0 : response_flags(packet)) | (last ? 0 : NETRXF_more_data),
		.status = (int16_t)segment->length,
	};
}

/* What a large packet stands for: in the slot behind its first page. The buffer there is not used,
 * and the front end knows it by its place. */
static void plan_extra(struct vif *vif, const struct packet *packet)
{
	netif_extra_info_t extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = {.size = packet->gso_size, .type = XEN_NETIF_GSO_TYPE_TCPV4},
	};

	vif->rx.req_cons++;
	batch.slot[batch.slots - 1].response.flags |= NETRXF_extra_info;
	batch.slot[batch.slots].copy = NULL;
	memcpy(&batch.slot[batch.slots++].response, &extra, sizeof(extra));
}

static void plan_packet(struct vif *vif, struct packet *packet)
{
	bool blank = packet->flags & NET_CHECKSUM_BLANK;

	if (blank && !(is_ipv6(packet) ? vif->takes_blank_6 : vif->takes_blank))
		fill_checksum(packet);
	for (unsigned int page = 0; page < packet->pages; page++) {
		plan_page(vif, packet, page);
		if (!page && packet->gso_size)
			plan_extra(vif, packet);
	}
	vif->received++;
	vif->received_bytes += packet->length;
}

static void run_batch(struct vif *vif)
{
	if (batch.copies)
		pv_grant_copy(batch.copy, batch.copies);
	for (unsigned int i = 0; i < batch.slots; i++) {
		netif_rx_response_t *response = RING_GET_RESPONSE(&vif->rx, vif->rx.rsp_prod_pvt);

		*response = batch.slot[i].response;
		if (batch.slot[i].copy && batch.slot[i].copy->status != GNTST_okay)
			response->status = NETIF_RSP_ERROR;
		vif->rx.rsp_prod_pvt++;
	}
}

static struct packet *first(const struct vif *vif)
{
	return vif->queue_head == vif->queue_tail ? NULL : vif->queue[vif->queue_head % VIF_QUEUE];
}

/* Buffers for the first packet of the queue? If not, ask to be told when there are. */
static bool has_room(struct vif *vif, unsigned int slots)
{
	int offered = rx_offered(&vif->rx);

	if (offered >= 0 && (unsigned int)offered < slots) {
		vif->rx.sring->req_event = vif->rx.req_cons + slots;
		xen_mb();
		offered = rx_offered(&vif->rx);
	}
	if (offered < 0)
		backend_fail(&vif->backend, "receive ring: impossible index");
	return offered >= (int)slots;
}

/* Fill a batch; returns how many packets it took. They stay in the queue. */
static unsigned int plan(struct vif *vif)
{
	unsigned int taken = 0;

	batch.slots = batch.copies = 0;
	for (; vif->queue_head + taken != vif->queue_tail; taken++) {
		struct packet *packet = vif->queue[(vif->queue_head + taken) % VIF_QUEUE];
		unsigned int slots = packet->pages + !!packet->gso_size;

		if (batch.slots + slots > BATCH || !has_room(vif, slots))
			break;
		plan_packet(vif, packet);
	}
	return taken;
}

/* What is lent goes straight into the guest's buffers, if those are mapped, nothing waits before it
 * and there are enough. */
static bool pass_on(struct vif *vif, struct packet *packet)
{
	if (!packet->lent || !vif->pages || vif->backend.failed || first(vif) ||
	    !has_room(vif, packet->pages + !!packet->gso_size))
		return false;
	batch.slots = batch.copies = 0;
	plan_packet(vif, packet);
	run_batch(vif);
	return true;
}

static void enqueue(struct vif *vif, struct packet *packet)
{
	packet_get(packet);
	vif->queue_pages += packet->pages;
	vif->queue[vif->queue_tail++ % VIF_QUEUE] = packet;
}

void vif_enqueue(struct bridge_port *port, struct packet *packet)
{
	struct vif *vif = port->owner;

	if (packet->gso_size && !vif->gso) {
		segment_packet(port, packet);
		return;
	}
	if (!vif->backend.connected || vif->queue_tail - vif->queue_head == VIF_QUEUE ||
	    vif->queue_pages + packet->pages > VIF_QUEUE_PAGES || (packet->pages > 1 && !vif->sg)) {
		vif->dropped++;
		return;
	}
	if (pass_on(vif, packet))
		vif->unpushed = true;
	else if (packet_own(packet))
		enqueue(vif, packet);
	else
		vif->dropped++;
	vifs_wake();
}

void vif_receive(struct vif *vif)
{
	bool notify, any = vif->unpushed;
	unsigned int taken;

	while (!vif->backend.failed && first(vif) && (taken = plan(vif))) {
		run_batch(vif);
		while (taken--)
			dequeue(vif);
		any = true;
	}
	if (!any)
		return;
	vif->unpushed = false;
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&vif->rx, notify);
	if (notify)
		pv_event_send(vif->evtchn);
}
