/* SPDX-License-Identifier: MIT */
/*
 * States of a split driver's two ends. Each end writes its own in the node "state" of its store
 * directory (as decimal text) and watches the other's.
 */
#ifndef _XEN_PUBLIC_IO_XENBUS_H
#define _XEN_PUBLIC_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,
	XenbusStateInitialising = 1,  /* written by the toolstack: start */
	XenbusStateInitWait = 2,      /* back end: waits for the other's ring and port */
	XenbusStateInitialised = 3,   /* front end: ring and port are in the store */
	XenbusStateConnected = 4,     /* works */
	XenbusStateClosing = 5,	      /* lets go */
	XenbusStateClosed = 6,	      /* let go */
	XenbusStateReconfiguring = 7, /* PCI only */
	XenbusStateReconfigured = 8,
};
typedef enum xenbus_state XenbusState;

#endif
