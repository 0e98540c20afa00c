/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include "driver/net.h"

struct net_device *net_devices;

static void drop(struct net_device *device, const struct net_segment *segments, unsigned int count,
		 unsigned int flags)
{
	(void)segments;
	(void)count;
	(void)flags;
	device->received.dropped++;
}

void net_attach(struct net_device *device,
		void (*receive)(struct net_device *device, const struct net_segment *segments,
				unsigned int count, unsigned int flags),
		void (*link_changed)(struct net_device *device), void *owner)
{
	device->receive = receive ? receive : drop;
	device->link_changed = link_changed;
	device->owner = owner;
}

void net_add(struct net_device *device)
{
	struct net_device **last = &net_devices;
	unsigned int number = 0;

	for (; *last; last = &(*last)->next)
		number++;
	snprintf(device->name, sizeof(device->name), "eth%u", number);
	net_attach(device, NULL, NULL, NULL);
	*last = device;
}

void net_set_link(struct net_device *device, bool up)
{
	if (up == device->link)
		return;
	device->link = up;
	if (device->link_changed)
		device->link_changed(device);
}

size_t net_length(const struct net_device *device, const struct net_segment *segments,
		  unsigned int count)
{
	size_t length = 0, most = NET_HEADER + 4u + device->mtu; /* with a VLAN tag */

	for (unsigned int i = 0; i < count && length <= most; i++)
		length += segments[i].length;
	return length < NET_HEADER || length > most ? 0 : length;
}

void net_copy(uint8_t *target, const struct net_segment *segments, unsigned int count,
	      unsigned int flags)
{
	size_t length = 0;

	for (unsigned int i = 0; i < count; i++) {
		memcpy(target + length, segments[i].data, segments[i].length);
		length += segments[i].length;
	}
	if (flags & NET_CHECKSUM_BLANK)
		net_fill_checksum(target, length);
}
