/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a back end does next, from the states of both ends. Pure: no store, no rings.
 *
 *     plugged in ─ OFFER ─> InitWait ─ CONNECT ─> Connected ─ CLOSING ─> Closing ─ CLOSE ─> Closed
 *                              ^                                                              │
 *                              └───────────────── OFFER (the guest begins anew) ──────────────┤
 *                                                                  REMOVE (it was unplugged) <┘
 *
 * A back end is taken off its rings by CLOSE and by FAIL alone. So a front end that is asked to
 * close (a disk that is still mounted) is served until it says that it has closed.
 */
#ifndef DOM0_BACKEND_HANDSHAKE_H
#define DOM0_BACKEND_HANDSHAKE_H

#include <stdbool.h>
#include <xen/io/xenbus.h>

enum backend_step {
	STEP_STAY,
	STEP_OFFER,   /* publish what is offered: InitWait */
	STEP_CONNECT, /* read the front end's nodes, map its rings: Connected */
	STEP_CLOSING, /* agree to close: Closing */
	STEP_FAIL,    /* the front end broke the protocol: off its rings at once, Closing */
	STEP_CLOSE,   /* off its rings: Closed */
	STEP_REMOVE,  /* forget the device */
};

struct backend_view {
	enum xenbus_state back;
	enum xenbus_state front; /* whatever the guest wrote */
	bool online;		 /* false: unplugged, to go when the front end has closed */
	bool failed;		 /* the front end broke the protocol since the last OFFER */
};

enum backend_step backend_decide(const struct backend_view *view);

/* A decimal number of a guest: digits alone, below 2^32. False, with nothing written, otherwise. */
bool backend_parse_number(const char *text, unsigned int *number);

#endif
