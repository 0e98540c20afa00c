/* SPDX-License-Identifier: MIT */
/*
 * Rings of split drivers: one shared page; the front end produces requests, the back end consumes
 * them and produces responses in the same slots. Indices run freely; the low bits choose the slot.
 *
 *     shared page:  req_prod req_event rsp_prod rsp_event | slots (a power of two)
 *     front end:    req_prod_pvt >= what is pushed, rsp_cons
 *     back end:     rsp_prod_pvt, req_cons
 *
 * The *_event fields say at which index the other end wishes to be notified.
 * The user of the macros defines xen_mb(), xen_rmb() and xen_wmb() (full, read and write barrier).
 * A peer is not to be trusted: check the indices with RING_*_OVERFLOW, and take a request out of
 * the page once, with RING_COPY_REQUEST, before looking at it.
 */
#ifndef __XEN_PUBLIC_IO_RING_H__
#define __XEN_PUBLIC_IO_RING_H__

#include <stddef.h>
#include <stdint.h>
#include "../xen-compat.h"

typedef unsigned int RING_IDX;

/* The greatest power of two that is not above x: x with all bits below its highest one cleared. */
#define __RD2(_x)  (((_x)&0x2) ? 0x2 : ((_x)&0x1))
#define __RD4(_x)  (((_x)&0xc) ? __RD2((_x) >> 2) << 2 : __RD2(_x))
#define __RD8(_x)  (((_x)&0xf0) ? __RD4((_x) >> 4) << 4 : __RD4(_x))
#define __RD16(_x) (((_x)&0xff00) ? __RD8((_x) >> 8) << 8 : __RD8(_x))
#define __RD32(_x) (((_x)&0xffff0000) ? __RD16((_x) >> 16) << 16 : __RD16(_x))

/* Slots in a shared area of _sz bytes: by type name, and by pointer. */
#define __CONST_RING_SIZE(_s, _sz)                                                                 \
	(__RD32(((_sz)-offsetof(struct _s##_sring, ring)) /                                        \
		sizeof(((struct _s##_sring *)0)->ring[0])))
#define __RING_SIZE(_s, _sz)                                                                       \
	(__RD32(((_sz) - ((const char *)(_s)->ring - (const char *)(_s))) / sizeof((_s)->ring[0])))

/*
 * Types of one protocol: NAME_sring (the page), NAME_front_ring, NAME_back_ring (private state).
 * `pvt` belongs to the protocol; the slots begin 64 bytes into the page.
 */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t)                                                \
	union __name##_sring_entry {                                                               \
		__req_t req; /* front end */                                                       \
		__rsp_t rsp; /* back end */                                                        \
	};                                                                                         \
	struct __name##_sring {                                                                    \
		RING_IDX req_prod;  /* front end: requests pushed */                               \
		RING_IDX req_event; /* back end: notify when req_prod reaches this */              \
		RING_IDX rsp_prod;  /* back end: responses pushed */                               \
		RING_IDX rsp_event; /* front end: notify when rsp_prod reaches this */             \
		union {                                                                            \
			struct {                                                                   \
				uint8_t smartpoll_active;                                          \
			} netif;                                                                   \
			struct {                                                                   \
				uint8_t msg;                                                       \
			} tapif_user;                                                              \
			uint8_t pvt_pad[4];                                                        \
		} pvt;                                                                             \
		uint8_t __pad[44];                                                                 \
		union __name##_sring_entry ring[1];                                                \
	};                                                                                         \
	struct __name##_front_ring {                                                               \
		RING_IDX req_prod_pvt; /* next request to fill */                                  \
		RING_IDX rsp_cons;     /* next response to take */                                 \
		unsigned int nr_ents;  /* slots */                                                 \
		struct __name##_sring *sring;                                                      \
	};                                                                                         \
	struct __name##_back_ring {                                                                \
		RING_IDX rsp_prod_pvt; /* next response to fill */                                 \
		RING_IDX req_cons;     /* next request to take */                                  \
		unsigned int nr_ents;  /* slots */                                                 \
		struct __name##_sring *sring;                                                      \
	};                                                                                         \
	typedef struct __name##_sring __name##_sring_t;                                            \
	typedef struct __name##_front_ring __name##_front_ring_t;                                  \
	typedef struct __name##_back_ring __name##_back_ring_t

/* The front end clears a fresh page, and both attach to it. */
#define SHARED_RING_INIT(_s)                                                                       \
	do {                                                                                       \
		__builtin_memset((_s), 0, offsetof(__typeof__(*(_s)), ring));                      \
		(_s)->req_event = 1;                                                               \
		(_s)->rsp_event = 1;                                                               \
	} while (0)

#define __RING_ATTACH(_r, _s, _mine, _theirs, _i, __size)                                          \
	do {                                                                                       \
		(_r)->_mine = (_i);                                                                \
		(_r)->_theirs = (_i);                                                              \
		(_r)->nr_ents = __RING_SIZE(_s, __size);                                           \
		(_r)->sring = (_s);                                                                \
	} while (0)
#define FRONT_RING_ATTACH(_r, _s, _i, __size)                                                      \
	__RING_ATTACH(_r, _s, req_prod_pvt, rsp_cons, _i, __size)
#define BACK_RING_ATTACH(_r, _s, _i, __size)                                                       \
	__RING_ATTACH(_r, _s, rsp_prod_pvt, req_cons, _i, __size)
#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define BACK_RING_INIT(_r, _s, __size)	BACK_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size)                                                            \
	do {                                                                                       \
		SHARED_RING_INIT(s);                                                               \
		FRONT_RING_INIT(r, s, size);                                                       \
	} while (0)

#define RING_SIZE(_r)	       ((_r)->nr_ents)
#define RING_FREE_REQUESTS(_r) (RING_SIZE(_r) - ((_r)->req_prod_pvt - (_r)->rsp_cons))
#define RING_FULL(_r)	       (RING_FREE_REQUESTS(_r) == 0)

/* How many responses, requests can be taken now. Requests: no more than there are free responses.
 */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r) ((_r)->sring->rsp_prod - (_r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r)                                                        \
	({                                                                                         \
		unsigned int __pushed = (_r)->sring->req_prod - (_r)->req_cons;                    \
		unsigned int __room = RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt);       \
		__pushed < __room ? __pushed : __room;                                             \
	})
#define RING_HAS_UNCONSUMED_RESPONSES(_r) (!!XEN_RING_NR_UNCONSUMED_RESPONSES(_r))
#define RING_HAS_UNCONSUMED_REQUESTS(_r)  (!!XEN_RING_NR_UNCONSUMED_REQUESTS(_r))

/* Pointers into the page. */
#define __RING_SLOT(_r, _idx)	    ((_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)])
#define RING_GET_REQUEST(_r, _idx)  (&__RING_SLOT(_r, _idx).req)
#define RING_GET_RESPONSE(_r, _idx) (&__RING_SLOT(_r, _idx).rsp)

/* Private copies, read once. */
#define RING_COPY_(type, r, idx, dest)                                                             \
	((void)(*(dest) = *(volatile __typeof__(dest))RING_GET_##type(r, idx)))
#define RING_COPY_REQUEST(r, idx, req)	RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* True if an index cannot be honest. */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons)  (((_cons) - (_r)->rsp_prod_pvt) >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod)  (((_prod) - (_r)->rsp_prod_pvt) > RING_SIZE(_r))
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod) (((_prod) - (_r)->rsp_cons) > RING_SIZE(_r))

/* Publish what was filled; the second form also says whether the other end must be notified. */
#define RING_PUSH_REQUESTS(_r)                                                                     \
	do {                                                                                       \
		xen_wmb();                                                                         \
		(_r)->sring->req_prod = (_r)->req_prod_pvt;                                        \
	} while (0)
#define RING_PUSH_RESPONSES(_r)                                                                    \
	do {                                                                                       \
		xen_wmb();                                                                         \
		(_r)->sring->rsp_prod = (_r)->rsp_prod_pvt;                                        \
	} while (0)

#define __RING_PUSH_AND_CHECK(_r, _dir, _notify)                                                   \
	do {                                                                                       \
		const RING_IDX __before = (_r)->sring->_dir##_prod;                                \
		const RING_IDX __after = (_r)->_dir##_prod_pvt;                                    \
		xen_wmb(); /* contents before index */                                             \
		(_r)->sring->_dir##_prod = __after;                                                \
		xen_mb(); /* index before the look at the event field */                           \
		(_notify) = (RING_IDX)(__after - (_r)->sring->_dir##_event) <                      \
			    (RING_IDX)(__after - __before);                                        \
	} while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify)  __RING_PUSH_AND_CHECK(_r, req, _notify)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify) __RING_PUSH_AND_CHECK(_r, rsp, _notify)

/* Before sleeping: ask to be notified of the next one, and look once more. */
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do)                                             \
	do {                                                                                       \
		(_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);                                  \
		if (_work_to_do)                                                                   \
			break;                                                                     \
		(_r)->sring->req_event = (_r)->req_cons + 1;                                       \
		xen_mb();                                                                          \
		(_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);                                  \
	} while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do)                                            \
	do {                                                                                       \
		(_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);                                 \
		if (_work_to_do)                                                                   \
			break;                                                                     \
		(_r)->sring->rsp_event = (_r)->rsp_cons + 1;                                       \
		xen_mb();                                                                          \
		(_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);                                 \
	} while (0)

#endif
