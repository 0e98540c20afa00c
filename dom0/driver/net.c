/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
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
