/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/mm.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "backend/netback.h"

#define PATIENCE_NS (10 * PV_NS_PER_SECOND) /* with a guest that is asked to let go */

static struct pv_semaphore work;
static struct vif *connected;

/* --- the type of back end -------------------------------------------------------------------- */

/* What is said here is true: frames in several pages and without their checksum are taken and
 * given, and large TCP packets over IPv4; multicast filters and further queues are not offered. */
static int publish(struct backend *backend)
{
	static const char *const features[] = {"feature-rx-copy", "feature-sg", "feature-gso-tcpv4",
					       "feature-ipv6-csum-offload",
					       "feature-standing-grants"};
	struct vif *vif = (struct vif *)backend;
	char mac[VIF_MAC_TEXT];
	int error;

	vif_format_mac(vif->config.mac, mac);
	error = backend_write(backend->front, "mac", "%s", mac);
	if (!error)
		error = backend_write(backend->front, "handle", "%u", backend->handle);
	if (!error)
		error = backend_write(backend->back, "mac", "%s", mac);
	if (!error)
		error = backend_write(backend->back, "handle", "%u", backend->handle);
	if (!error)
		error = backend_write(backend->back, "bridge", "%s", vif->config.bridge);
	if (!error && vif->config.rate_bytes)
		error = backend_write(backend->back, "rate", "%llu,%u",
				      (unsigned long long)vif->config.rate_bytes,
				      vif->config.rate_interval);
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(features) && !error; i++)
		error = backend_write(backend->back, features[i], "1");
	return error;
}

static void interrupt(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
	vifs_wake();
}

static int map_rings(struct vif *vif)
{
	int error = backend_map_ring(&vif->backend, "tx-ring-ref", 1, &vif->tx_map);

	if (error)
		return error;
	error = backend_map_ring(&vif->backend, "rx-ring-ref", 1, &vif->rx_map);
	if (!error)
		return 0;
	pv_grant_unmap(&vif->tx_map);
	return error;
}

static void unmap_rings(struct vif *vif)
{
	pv_grant_unmap(&vif->rx_map);
	pv_grant_unmap(&vif->tx_map);
}

static int connect(struct backend *backend)
{
	struct vif *vif = (struct vif *)backend;
	int error;

	if (!backend_number_or(backend, "request-rx-copy", 0)) {
		backend_fail(backend, "the front end does not ask for request-rx-copy");
		return -XEN_EINVAL;
	}
	error = map_rings(vif);
	if (error)
		return error;
	vif->evtchn = backend_bind(backend, "event-channel", interrupt, NULL);
	if (vif->evtchn < 0) {
		unmap_rings(vif);
		return vif->evtchn;
	}
	BACK_RING_INIT(&vif->tx, (struct netif_tx_sring *)vif->tx_map.address, PV_PAGE_SIZE);
	BACK_RING_INIT(&vif->rx, (struct netif_rx_sring *)vif->rx_map.address, PV_PAGE_SIZE);
	vif->sg = backend_number_or(backend, "feature-sg", 0);
	vif->gso = vif->sg && backend_number_or(backend, "feature-gso-tcpv4", 0);
	vif->takes_blank = !backend_number_or(backend, "feature-no-csum-offload", 0);
	vif->takes_blank_6 = backend_number_or(backend, "feature-ipv6-csum-offload", 0);
	if (backend_number_or(backend, "standing-grants", 0))
		vif_pages_begin(vif);
	rate_set(&vif->rate, vif->config.rate_bytes, vif->config.rate_interval * 1000ull,
		 pv_time_ns());
	vif->next = connected;
	connected = vif;
	vifs_wake(); /* it may have sent already */
	return 0;
}

static void disconnect(struct backend *backend)
{
	struct vif *vif = (struct vif *)backend, **link = &connected;

	while (*link != vif)
		link = &(*link)->next;
	*link = vif->next;
	vif_purge(vif);
	pv_event_close(vif->evtchn);
	vif_pages_end(vif);
	unmap_rings(vif);
}

static void release(struct backend *backend)
{
	struct vif *vif = (struct vif *)backend;

	vif_purge(vif);
	bridge_leave(&vif->port);
	free(vif);
}

static const struct backend_type vif_type = {"vif", publish, connect, disconnect, release};

/* --- the thread --------------------------------------------------------------------------------
 */

void vifs_wake(void)
{
	if (!work.count)
		pv_semaphore_up(&work);
}

/* One round over all; returns the system time at which one may send again. */
static uint64_t serve_all(void)
{
	uint64_t resume = PV_FOREVER, now = pv_time_ns();
	struct vif *vif;

	for (vif = connected; vif; vif = vif->next) {
		bool waits = vif->tx_resume > now;

		if (!vif->backend.failed && !waits && vif_transmit(vif))
			vifs_wake();
		if (vif->tx_resume && vif->tx_resume < resume)
			resume = vif->tx_resume;
	}
	for (vif = connected; vif; vif = vif->next)
		vif_receive(vif);
	return resume;
}

/* Nothing in a round waits, so that no device goes away meanwhile. */
static void serve(void *unused)
{
	uint64_t resume = PV_FOREVER;

	(void)unused;
	for (;;) {
		pv_semaphore_down_until(&work, resume);
		resume = serve_all();
		pv_yield();
	}
}

/* --- network cards ------------------------------------------------------------------------------
 */

struct card {
	struct bridge_port port;
	struct net_device *device;
};

static void card_deliver(struct bridge_port *port, struct packet *packet)
{
	struct net_device *device = ((struct card *)port->owner)->device;

	if (packet->gso_size)
		segment_packet(port, packet);
	else
		device->send(device, packet->segment, packet->pages, packet->flags);
}

/* What the card lends is copied: the guests that it goes to may take their time. */
static void card_receive(struct net_device *device, const struct net_segment *segments,
			 unsigned int count, unsigned int flags)
{
	struct card *card = device->owner;
	uint32_t length = 0, at = 0;
	struct packet *packet;

	for (unsigned int i = 0; i < count; i++)
		length += segments[i].length;
	if (length < NET_HEADER || length > PV_PAGE_SIZE || !(packet = packet_new(length)))
		return;
	for (unsigned int i = 0; i < count; at += segments[i++].length)
		memcpy(packet_head(packet) + at, segments[i].data, segments[i].length);
	packet->flags = flags;
	bridge_forward(&card->port, packet, pv_time_ns());
	packet_put(packet);
}

static int bridge_card(struct net_device *device, unsigned int number)
{
	char name[BRIDGE_NAME_LENGTH];
	struct card *card = calloc(1, sizeof(*card));
	struct bridge *bridge;

	snprintf(name, sizeof(name), "xenbr%u", number);
	bridge = bridge_named(name);
	if (!card || !bridge)
		return -XEN_ENOMEM;
	card->device = device;
	card->port.owner = card;
	card->port.deliver = card_deliver;
	snprintf(card->port.name, sizeof(card->port.name), "%s", device->name);
	bridge_join(bridge, &card->port);
	net_attach(device, card_receive, NULL, card);
	return 0;
}

int vifs_start(void)
{
	unsigned int number = 0;
	int error = pv_thread_start("vifs", serve, NULL, 0);

	for (struct net_device *device = net_devices; device && !error; device = device->next)
		error = bridge_card(device, number++);
	return error;
}

/* --- plugging ----------------------------------------------------------------------------------
 */

/* From the range that Xen's vendor has given away for guests. */
static void choose_mac(uint8_t mac[6])
{
	static const uint8_t prefix[] = {0x00, 0x16, 0x3e};

	memcpy(mac, prefix, sizeof(prefix));
	mac[3] = rand() & 0x7f;
	mac[4] = (uint8_t)rand();
	mac[5] = (uint8_t)rand();
}

int vif_add(domid_t domid, unsigned int handle, struct vif_config *config, struct problem *problem)
{
	struct bridge *bridge = bridge_named(config->bridge);
	struct vif *vif = bridge ? calloc(1, sizeof(*vif)) : NULL;
	int error;

	if (!vif)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	if (vif_mac_is_zero(config->mac))
		choose_mac(config->mac);
	vif->config = *config;
	vif->port = (struct bridge_port){
		.antispoof = config->antispoof,
		.takes_lent = true,
		.deliver = vif_enqueue,
		.owner = vif,
	};
	memcpy(vif->port.mac, config->mac, sizeof(vif->port.mac));
	snprintf(vif->port.name, sizeof(vif->port.name), "vif%u.%u", domid, handle % 1000);
	bridge_join(bridge, &vif->port);
	error = backend_add(&vif->backend, &vif_type, domid, handle);
	if (!error)
		return 0;
	bridge_leave(&vif->port);
	free(vif);
	return problem_note(problem, -error, "plugging in a vif failed: %s", problem_reason(error));
}

int vif_remove(domid_t domid, unsigned int handle, bool force, struct problem *problem)
{
	int error = backend_remove(&vif_type, domid, handle, force, pv_time_ns() + PATIENCE_NS);

	if (error == -XEN_ENODEV)
		return problem_note(problem, XEN_ENODEV,
				    "domain %u has no vif %u: see network-list", domid, handle);
	if (error == -XEN_EBUSY)
		return problem_note(problem, XEN_EBUSY,
				    "the guest has not let go of it within 10 s: -f does not wait");
	return error;
}

bool vif_status(domid_t domid, unsigned int index, struct vif_status *status)
{
	const struct backend *backend = backend_at(&vif_type, domid, index);
	const struct vif *vif = (const struct vif *)backend;

	if (!backend)
		return false;
	*status = (struct vif_status){
		.handle = backend->handle,
		.state = backend->state,
		.config = vif->config,
		.sent = vif->sent,
		.sent_bytes = vif->sent_bytes,
		.received = vif->received,
		.received_bytes = vif->received_bytes,
		.dropped = vif->dropped,
		.spoofed = vif->port.spoofed,
	};
	return true;
}
