/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include "backend/handshake.h"

/* The front end holds nothing of ours: it has closed, is gone, or never was there. */
static enum backend_step without_front(const struct backend_view *view)
{
	if (view->back != XenbusStateClosed)
		return STEP_CLOSE;
	return view->online ? STEP_STAY : STEP_REMOVE;
}

/* It begins, for the first time or anew. */
static enum backend_step beginning(const struct backend_view *view)
{
	if (!view->online)
		return without_front(view);
	switch (view->back) {
	case XenbusStateInitialising:
	case XenbusStateClosed:
		return STEP_OFFER;
	case XenbusStateInitWait:
		return STEP_STAY;
	default:
		return STEP_CLOSE; /* it never closed what it had: its kernel was replaced */
	}
}

enum backend_step backend_decide(const struct backend_view *view)
{
	if (view->failed && view->back < XenbusStateClosing)
		return STEP_FAIL;
	switch (view->front) {
	case XenbusStateInitialising:
		return beginning(view);
	case XenbusStateInitialised:
	case XenbusStateConnected:
		return view->back == XenbusStateInitWait ? STEP_CONNECT : STEP_STAY;
	case XenbusStateClosing:
		return view->back < XenbusStateClosing ? STEP_CLOSING : STEP_STAY;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		return without_front(view);
	default:
		return STEP_STAY;
	}
}

bool backend_parse_number(const char *text, unsigned int *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned int)(*text - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*number = (unsigned int)value;
	return true;
}
