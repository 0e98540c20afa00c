/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <pv/mm.h>
#include "bridge/packet.h"

#define KEPT 512 /* pages and packets that wait for their next use */

static struct packet *spare;
static unsigned int spares;
static void *spare_pages[KEPT];
static unsigned int spare_page_count;

static void *new_page(void)
{
	return spare_page_count ? spare_pages[--spare_page_count] : pv_pages_alloc(1);
}

static void free_page(void *page)
{
	if (spare_page_count < KEPT)
		spare_pages[spare_page_count++] = page;
	else
		pv_pages_free(page, 1);
}

static struct packet *new_header(void)
{
	struct packet *packet = spare;

	if (!packet)
		return malloc(sizeof(*packet));
	spare = packet->next;
	spares--;
	return packet;
}

static void free_packet(struct packet *packet)
{
	while (packet->pages--)
		if (!(packet->lent >> packet->pages & 1))
			free_page((void *)packet->segment[packet->pages].data);
	if (spares == KEPT) {
		free(packet);
		return;
	}
	packet->next = spare;
	spare = packet;
	spares++;
}

static bool fill_segment(struct net_segment *segment)
{
	segment->data = new_page();
	if (!segment->data)
		return false;
	segment->machine = (uint64_t)pv_virt_to_mfn(segment->data) << PV_PAGE_SHIFT;
	return true;
}

/* The next page, which the caller fills in. */
static struct net_segment *add_segment(struct packet *packet)
{
	struct net_segment *segment = &packet->segment[packet->pages];
	uint32_t left = packet->length - packet->pages++ * PACKET_PAGE;

	segment->length = left < PACKET_PAGE ? left : PACKET_PAGE;
	return segment;
}

static struct packet *new_packet(uint32_t length, unsigned int pages)
{
	struct packet *packet = new_header();

	if (!packet)
		return NULL;
	packet->refs = 1;
	packet->flags = 0;
	packet->lent = 0;
	packet->gso_size = 0;
	packet->length = length;
	packet->pages = 0;
	while (packet->pages < pages)
		if (!fill_segment(add_segment(packet))) {
			packet->pages--;
			free_packet(packet);
			return NULL;
		}
	return packet;
}

struct packet *packet_new(uint32_t length)
{
	return new_packet(length, (length + PACKET_PAGE - 1) / PACKET_PAGE);
}

struct packet *packet_new_head(uint32_t length)
{
	return new_packet(length, 1);
}

void packet_lend(struct packet *packet, void *page)
{
	struct net_segment *segment = add_segment(packet);

	segment->data = page;
	segment->machine = 0;
	packet->lent |= 1u << (packet->pages - 1);
}

bool packet_own(struct packet *packet)
{
	for (unsigned int i = 0; i < packet->pages; i++) {
		struct net_segment *segment = &packet->segment[i];
		const void *lent = segment->data;

		if (!(packet->lent >> i & 1))
			continue;
		if (!fill_segment(segment)) {
			segment->data = lent;
			return false;
		}
		memcpy((void *)segment->data, lent, segment->length);
		packet->lent &= ~(1u << i);
	}
	return true;
}

void packet_get(struct packet *packet)
{
	packet->refs++;
}

void packet_put(struct packet *packet)
{
	if (!--packet->refs)
		free_packet(packet);
}
