/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of one client's ring (xs_wire.h), without the mapping: so that tests can be the guest.
 */
#ifndef DOM0_STORE_RING_H
#define DOM0_STORE_RING_H

#include "connection.h"

/*
 * Move what there is in both directions. Returns whether anything moved, so that the guest must be
 * told. Impossible indices break the connection: it is marked in the ring's error field.
 */
bool ring_serve(struct connection *connection, struct xenstore_domain_interface *ring);

#endif
