/* SPDX-License-Identifier: MIT */
/*
 * TCP/IP by lwIP on the guest's network devices. After pv_net_start(), lwIP's own interfaces are
 * there: <lwip/sockets.h> with lwip_socket(), lwip_recv() … (not read() and close(), which are the
 * C library's), <lwip/api.h>, and the raw one under LOCK_TCPIP_CORE().
 *
 * A guest that uses it is named in PV_LWIP_GUESTS (pvguest.mk).
 */
#ifndef PV_NET_H
#define PV_NET_H

#include <pv/types.h>

/*
 * Start lwIP, and a thread that drives device/vif/number; when that is unplugged, whichever is
 * plugged in next. address: "10.0.0.1/24", or NULL for DHCP. The first device is the default
 * route. 0, or a negative XEN_E* number: -XEN_ENODEV if there is no such device.
 */
int pv_net_start(unsigned int number, const char *address);

/* Wait until some device has an address. False: system time deadline has passed. */
bool pv_net_wait(uint64_t deadline);

/* The address of the default device, as text that is valid until the next call. */
const char *pv_net_address(void);

#endif
