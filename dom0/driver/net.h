/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network cards: Ethernet frames, without the checksum at their end.
 *
 * Frames are lent for the length of a call, both ways: send() copies what it takes, and a receiver
 * copies what it keeps. receive() and link_changed() are called on a thread of the driver: they may
 * make hypercalls and allocate, but should not wait. All of this lives on vCPU 0, in threads, never
 * in event handlers.
 */
#ifndef DOM0_DRIVER_NET_H
#define DOM0_DRIVER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_NAME_LENGTH 16
#define NET_HEADER	14   /* bytes of an Ethernet header */
#define NET_FRAME_MAX	1518 /* header, VLAN tag, 1500 bytes */

/* A piece of a frame: readable at data, and consecutive at machine, as it does not cross a page. */
struct net_segment {
	const void *data;
	uint64_t machine;
	uint32_t length; /* bytes */
};

/* What is said of a frame. */
enum {
	NET_CHECKSUM_BLANK =
		1, /* its TCP or UDP checksum is of the pseudo-header only: to be filled in */
	NET_CHECKSUM_VALID = 2, /* the card has checked it */
};

struct net_statistics {
	uint64_t frames, bytes, dropped, errors;
};

struct net_device {
	char name[NET_NAME_LENGTH]; /* eth0, eth1, … */
	uint8_t mac[6];
	uint16_t mtu;	  /* bytes after the header: 1500 */
	bool link;	  /* the cable is in */
	const char *kind; /* "virtio" */
	struct net_statistics sent, received;

	/*
	 * Send a frame, at most NET_HEADER + mtu + 4 bytes, at least NET_HEADER, to the wire. The
	 * flag NET_CHECKSUM_BLANK is honoured, in software where the card cannot. 0; -XEN_EBUSY:
	 * the queue is full, drop it or wait; -XEN_EINVAL: too long or short; -XEN_ENODEV: the card
	 * is broken.
	 */
	int (*send)(struct net_device *device, const struct net_segment *segments,
		    unsigned int count, unsigned int flags);

	/* Set by net_attach(). All frames come that the card sees (it is promiscuous). */
	void (*receive)(struct net_device *device, const struct net_segment *segments,
			unsigned int count, unsigned int flags);
	void (*link_changed)(struct net_device *device);
	void *owner;

	void *driver;
	struct net_device *next;
};

/* All cards that were found, in the order of their names. They never go away. */
extern struct net_device *net_devices;

/* Take over a card: frames and changes of its link (may be NULL) come here from now on. With
 * receive NULL, they are dropped again. */
void net_attach(struct net_device *device,
		void (*receive)(struct net_device *device, const struct net_segment *segments,
				unsigned int count, unsigned int flags),
		void (*link_changed)(struct net_device *device), void *owner);

/* Fill in the checksum of an IPv4 or IPv6 TCP or UDP frame that carries the pseudo-header's sum.
 * False, with nothing written, if the frame is no such thing. Pure computation. */
bool net_fill_checksum(uint8_t *frame, size_t length);

/* --- for drivers --- */

/* Bytes of a frame that is to be sent, or 0 if it is too long or too short. */
size_t net_length(const struct net_device *device, const struct net_segment *segments,
		  unsigned int count);

/* Copy a frame together; with NET_CHECKSUM_BLANK its checksum is filled in. */
void net_copy(uint8_t *target, const struct net_segment *segments, unsigned int count,
	      unsigned int flags);

/* Name a card (eth0 …) and list it. */
void net_add(struct net_device *device);

/* Tell whether the cable is in, again and again; whoever has attached to the card hears of changes.
 */
void net_set_link(struct net_device *device, bool up);

#endif
