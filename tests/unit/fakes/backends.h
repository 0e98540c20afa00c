/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the frame of back ends needs of the SDK: its thread runs when it is let, until it would
 * wait, and what a guest grants is counted. No cmocka: a fuzzer has it too.
 */
#ifndef FAKES_BACKENDS_H
#define FAKES_BACKENDS_H

#include <stdbool.h>
#include "backend/backend.h"

#define GUEST 7 /* whose pages are mapped, and whose ports bound */

/* The guest's pages that are mapped, its ports that are bound. Who gives them back counts down. */
extern unsigned int mapped, bound;

/* The mutex of all back ends is held. */
extern bool locked;

/* backend_start() has been called. */
bool settle_ready(void);

/* Let the frame's thread do all that it has to. */
void settle(void);

/* The test's own: which references and ports are good ones. */
bool good_ref(grant_ref_t ref);
bool good_port(evtchn_port_t port);

/* The test's own: what happens while somebody waits, who does not hold the mutex. False: the
 * deadline has passed. */
bool while_waiting(void);

#endif
