/* SPDX-License-Identifier: MIT */
/*
 * The store's protocol and ring: one page, whose frame and port start_info (store_mfn,
 * store_evtchn) names. A message is a header and `len` bytes; strings in it end with 0. A reply has
 * the type and req_id of its request, or type XS_ERROR and the name of an error ("ENOENT") as
 * payload.
 */
#ifndef _XS_WIRE_H
#define _XS_WIRE_H

#include <stdint.h>

enum xsd_sockmsg_type {
	XS_CONTROL = 0,
#define XS_DEBUG XS_CONTROL
	XS_DIRECTORY = 1,	      /* path -> names of its children, each ended by 0 */
	XS_READ = 2,		      /* path -> value, not ended */
	XS_GET_PERMS = 3,	      /* path -> permissions */
	XS_WATCH = 4,		      /* path, token -> "OK", and an event at once */
	XS_UNWATCH = 5,		      /* path, token -> "OK" */
	XS_TRANSACTION_START = 6,     /* "" -> number as text */
	XS_TRANSACTION_END = 7,	      /* "T" (do it) or "F" (forget it) -> "OK", or EAGAIN */
	XS_INTRODUCE = 8,	      /* domid, mfn, port as text -> "OK"; privileged */
	XS_RELEASE = 9,		      /* domid -> "OK"; privileged */
	XS_GET_DOMAIN_PATH = 10,      /* domid -> "/local/domain/<domid>" */
	XS_WRITE = 11,		      /* path, value -> "OK"; parents are made */
	XS_MKDIR = 12,		      /* path -> "OK", also if it is there */
	XS_RM = 13,		      /* path -> "OK"; children go too */
	XS_SET_PERMS = 14,	      /* path, permissions -> "OK" */
	XS_WATCH_EVENT = 15,	      /* from the store only: path, token; req_id is 0 */
	XS_ERROR = 16,		      /* from the store only */
	XS_IS_DOMAIN_INTRODUCED = 17, /* domid -> "T" or "F" */
	XS_RESUME = 18,		      /* domid -> "OK"; privileged */
	XS_SET_TARGET = 19,	      /* domid, domid -> "OK"; privileged */
	XS_RESET_WATCHES = 21,	      /* "" -> "OK"; the domain's watches and transactions go */
	XS_DIRECTORY_PART = 22,	      /* path, offset -> generation, names */
	XS_TYPE_COUNT = 23,
	XS_INVALID = 0xffff,
};

#define XS_WRITE_NONE	     "NONE"
#define XS_WRITE_CREATE	     "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

struct xsd_sockmsg {
	uint32_t type;	 /* sender: XS_* */
	uint32_t req_id; /* guest: any number; the reply repeats it */
	uint32_t tx_id;	 /* guest: transaction, 0 = none */
	uint32_t len;	 /* sender: bytes that follow, at most XENSTORE_PAYLOAD_MAX */
};

/* Positions of the strings in a watch event. */
enum xs_watch_type {
	XS_WATCH_PATH = 0,
	XS_WATCH_TOKEN = 1,
};

#define XENSTORE_RING_SIZE 1024
typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE];	      /* guest: requests */
	char rsp[XENSTORE_RING_SIZE];	      /* dom0: replies and watch events */
	XENSTORE_RING_IDX req_cons, req_prod; /* dom0; guest. Free-running byte counts */
	XENSTORE_RING_IDX rsp_cons, rsp_prod; /* guest; dom0 */
	uint32_t server_features;	      /* dom0: XENSTORE_SERVER_FEATURE_* */
	uint32_t connection;		      /* either: guest writes RECONNECT, dom0 CONNECTED */
	uint32_t error;			      /* dom0: XENSTORE_ERROR_* */
};

/* Limits, in bytes. */
#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR	     2

#define XENSTORE_CONNECTED 0 /* normal */
#define XENSTORE_RECONNECT 1 /* the guest asks to start anew */

#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1 /* channel broken */
#define XENSTORE_ERROR_RINGIDX 2 /* an index is out of range */
#define XENSTORE_ERROR_PROTO   3 /* a message is not one */

#endif
