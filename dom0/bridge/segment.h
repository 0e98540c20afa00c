/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting a large TCP/IPv4 packet that stands for many frames (gso_size) into those frames, for a
 * port that takes only real ones. Guests make such packets: nothing in them is believed.
 */
#ifndef DOM0_BRIDGE_SEGMENT_H
#define DOM0_BRIDGE_SEGMENT_H

#include "bridge/bridge.h"

#define SEGMENTS_MAX 256 /* of one packet: as many as wait before a guest at most */

/* Hand each frame to the port's deliver(). Those of a packet that is no such thing, or stands for
 * more than SEGMENTS_MAX, are none. Returns how many. */
unsigned int segment_packet(struct bridge_port *port, const struct packet *packet);

#endif
