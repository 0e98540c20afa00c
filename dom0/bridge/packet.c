/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
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
	while (packet->pages)
		free_page((void *)packet->segment[--packet->pages].data);
	if (spares == KEPT) {
		free(packet);
		return;
	}
	packet->next = spare;
	spare = packet;
	spares++;
}

struct packet *packet_new(uint32_t length)
{
	struct packet *packet = new_header();

	if (!packet)
		return NULL;
	packet->refs = 1;
	packet->flags = 0;
	packet->gso_size = 0;
	packet->length = length;
	for (packet->pages = 0; length; packet->pages++) {
		struct net_segment *segment = &packet->segment[packet->pages];

		segment->data = new_page();
		if (!segment->data) {
			free_packet(packet);
			return NULL;
		}
		segment->machine = (uint64_t)pv_virt_to_mfn(segment->data) << PV_PAGE_SHIFT;
		segment->length = length < PACKET_PAGE ? length : PACKET_PAGE;
		length -= segment->length;
	}
	return packet;
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
