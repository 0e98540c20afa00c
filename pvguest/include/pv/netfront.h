/* SPDX-License-Identifier: MIT */
/*
 * Network devices: Ethernet frames to and from a back end, and large TCP packets over IPv4 that
 * stand for many frames, with the same headers before all their payload. For TCP/IP see pv/net.h.
 *
 * Buffers are granted once, when the device is opened, and frames are copied into and out of them:
 * so nothing that the program keeps is ever seen by the back end, but for the pages of what came
 * that it keeps on purpose. Callable from threads.
 */
#ifndef PV_NETFRONT_H
#define PV_NETFRONT_H

#include <pv/types.h>

#define PV_NET_FRAME  1518  /* bytes of a frame, at most */
#define PV_NET_LARGE  65535 /* bytes of a large packet, at most */
#define PV_NET_PIECES 18    /* of what is received, at most */

enum {
	PV_NET_BLANK = 1, /* the TCP or UDP checksum is of the pseudo-header alone */
	PV_NET_VALID = 2, /* the checksum was checked, or never left the machine's memory */
	PV_NET_LATER = 4, /* another one follows at once: pv_netfront_push() sends them together */
};

struct pv_netfront;

struct pv_net_piece {
	const void *data;
	size_t length;
};

/* Connect device/vif/number. NULL, and *error (may be NULL): -XEN_ENODEV, -XEN_ETIMEDOUT… */
struct pv_netfront *pv_netfront_open(unsigned int number, int *error);

/* Close it, and wait until the back end has let go. Nobody may use it meanwhile, nor later, but for
 * pv_netfront_release(). */
void pv_netfront_close(struct pv_netfront *device);

/* Its address: 6 bytes. */
const uint8_t *pv_netfront_mac(const struct pv_netfront *device);

/* Whether the back end takes large packets. */
bool pv_netfront_large(const struct pv_netfront *device);

/*
 * Send a frame, in pieces. flags: PV_NET_BLANK, PV_NET_LATER or 0. segment: 0, or how many bytes of
 * payload each frame has that a large packet stands for; its checksum is blank. -XEN_EBUSY: the
 * ring is full; -XEN_EINVAL: too long; -XEN_ENODEV: the back end has closed.
 */
int pv_netfront_send(struct pv_netfront *device, const struct pv_net_piece *pieces,
		     unsigned int count, unsigned int flags, unsigned int segment);

/* Send what was left for later. */
void pv_netfront_push(struct pv_netfront *device);

/* What is done with a frame that has come; it is lent for the call. */
typedef void pv_netfront_take(void *argument, const struct pv_net_piece *pieces, unsigned int count,
			      size_t length, unsigned int flags);

/* Call take() for each frame that has arrived, at most `limit`. Returns how many there were. */
unsigned int pv_netfront_receive(struct pv_netfront *device, unsigned int limit,
				 pv_netfront_take *take, void *argument);

/*
 * In take(): keep the page of a piece, which then stays as it is until it is released. The back end
 * could still write to it. Once for each piece; returns what to release, or -XEN_EBUSY if so many
 * are kept that this one has to be copied.
 */
int pv_netfront_keep(struct pv_netfront *device, unsigned int piece);
void pv_netfront_release(struct pv_netfront *device, int page);

/* Wait until a frame may have arrived, the ring may have room again, or the device was unplugged.
 * False: system time deadline has passed. */
bool pv_netfront_wait(struct pv_netfront *device, uint64_t deadline);

/* Whether the back end wants to close (the device was unplugged). Asks the store. */
bool pv_netfront_unplugged(struct pv_netfront *device);

#endif
