/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a guest's transmit ring to the bridge: a batch of frames with one grant copy hypercall. */
#include <string.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "backend/netback.h"

#define BATCH_FRAMES 64
/* A slot may end in one page of ours and go on in the next. */
#define BATCH_COPIES 256
#define MOST_COPIES  (2 * TX_SLOTS)

/* One thread: one batch. */
static struct {
	unsigned int frames, copies;
	struct {
		struct tx_packet slots;
		struct packet *packet; /* NULL: of no use, or out of memory */
		unsigned int first, copies;
	} frame[BATCH_FRAMES];
	struct gnttab_copy copy[BATCH_COPIES];
} batch;

/* Bring one slot to `at` bytes into the packet: at once if its page is mapped, else by copies that
 * are added to the batch. */
static void plan_slot(struct vif *vif, const struct tx_slot *slot, struct packet *packet,
		      uint32_t at)
{
	const uint8_t *page = vif->pages ? vif_page(vif, slot->gref) : NULL;
	uint16_t offset = slot->offset, left = slot->size;

	while (left) {
		const struct net_segment *segment = &packet->segment[at / PACKET_PAGE];
		uint16_t into = at % PACKET_PAGE, length = left;

		if (length > PACKET_PAGE - into)
			length = PACKET_PAGE - into;
		if (page)
			memcpy((uint8_t *)segment->data + into, page + offset, length);
		else
			batch.copy[batch.copies++] = (struct gnttab_copy){
				.source = {.u.ref = slot->gref,
					   .domid = vif->backend.domid,
					   .offset = offset},
				.dest = {.u.gmfn = segment->machine >> PV_PAGE_SHIFT,
					 .domid = DOMID_SELF,
					 .offset = into},
				.len = length,
				.flags = GNTCOPY_source_gref,
			};
		offset += length;
		left -= length;
		at += length;
	}
}

/* Whole pages, of which those behind the first are mapped: they can be lent. */
static bool can_lend(struct vif *vif, const struct tx_packet *slots)
{
	if (!vif->pages)
		return false;
	for (unsigned int i = 0; i < slots->slots; i++) {
		const struct tx_slot *slot = &slots->slot[i];

		if (slot->offset || !slot->size ||
		    (slot->size < PACKET_PAGE && i + 1 < slots->slots) ||
		    (i && !vif_page(vif, slot->gref)))
			return false;
	}
	return true;
}

static struct packet *plan_packet(struct vif *vif, const struct tx_packet *slots)
{
	bool lend = can_lend(vif, slots);
	struct packet *packet = lend ? packet_new_head(slots->length) : packet_new(slots->length);
	uint32_t at = 0;

	for (unsigned int i = 0; i < slots->slots && packet; i++) {
		if (i && lend)
			packet_lend(packet, vif_page(vif, slots->slot[i].gref));
		else
			plan_slot(vif, &slots->slot[i], packet, at);
		at += slots->slot[i].size;
	}
	return packet;
}

/* Add a frame to the batch. False: the front end broke the protocol. */
static bool plan_frame(struct vif *vif, unsigned int pending)
{
	struct tx_packet *slots = &batch.frame[batch.frames].slots;
	const char *mistake = tx_take(&vif->tx, pending, slots);

	if (mistake) {
		backend_fail(&vif->backend, "transmit ring: %s", mistake);
		return false;
	}
	rate_charge(&vif->rate, slots->length);
	batch.frame[batch.frames].first = batch.copies;
	batch.frame[batch.frames].packet = slots->length ? plan_packet(vif, slots) : NULL;
	batch.frame[batch.frames].copies = batch.copies - batch.frame[batch.frames].first;
	batch.frames++;
	return true;
}

static bool all_copied(unsigned int first, unsigned int copies)
{
	for (unsigned int i = first; i < first + copies; i++)
		if (batch.copy[i].status != GNTST_okay)
			return false;
	return true;
}

static unsigned int flags_of(const struct tx_packet *slots)
{
	if (slots->flags & NETTXF_csum_blank)
		return NET_CHECKSUM_BLANK;
	return slots->flags & NETTXF_data_validated ? NET_CHECKSUM_VALID : 0;
}

/* Answer a frame, and send it on its way. */
static void finish_frame(struct vif *vif, unsigned int index, uint64_t now)
{
	const struct tx_packet *slots = &batch.frame[index].slots;
	struct packet *packet = batch.frame[index].packet;
	bool good = packet && all_copied(batch.frame[index].first, batch.frame[index].copies);

	tx_answer(&vif->tx, slots, good ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
	if (good) {
		vif->sent++;
		vif->sent_bytes += packet->length;
		packet->flags = flags_of(slots);
		packet->gso_size = slots->gso_size;
		bridge_forward(&vif->port, packet, now);
	}
	if (packet)
		packet_put(packet);
}

static void run_batch(struct vif *vif, uint64_t now)
{
	bool notify;

	if (batch.copies)
		pv_grant_copy(batch.copy, batch.copies);
	for (unsigned int i = 0; i < batch.frames; i++)
		finish_frame(vif, i, now);
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&vif->tx, notify);
	if (notify)
		pv_event_send(vif->evtchn);
}

/* Whether its rate lets it send now; otherwise it is looked at again when that is so. */
static bool may_send(struct vif *vif, uint64_t now)
{
	vif->tx_resume = rate_wait(&vif->rate, now);
	return !vif->tx_resume;
}

bool vif_transmit(struct vif *vif)
{
	uint64_t now = pv_time_ns();
	int pending, more;

	batch.frames = batch.copies = 0;
	while (batch.frames < BATCH_FRAMES && batch.copies + MOST_COPIES <= BATCH_COPIES) {
		pending = tx_pending(&vif->tx);
		if (pending < 0)
			backend_fail(&vif->backend, "transmit ring: impossible index");
		if (pending <= 0 || !may_send(vif, now) || !plan_frame(vif, (unsigned int)pending))
			break;
	}
	if (batch.frames)
		run_batch(vif, now);
	if (vif->backend.failed || vif->tx_resume)
		return false;
	RING_FINAL_CHECK_FOR_REQUESTS(&vif->tx, more);
	return more;
}
