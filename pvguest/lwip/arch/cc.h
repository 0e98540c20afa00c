/* SPDX-License-Identifier: MIT */
/* What lwIP wants to know of the compiler and the C library. */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/time.h>
#include <pv/console.h>
#include <pv/start.h>

#define LWIP_PLATFORM_DIAG(message)   pv_printk message
#define LWIP_PLATFORM_ASSERT(message) pv_panic("lwIP: %s (%s:%d)", message, __FILE__, __LINE__)
/* newlib says what ssize_t is, but not how large it may be. */
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif
#define LWIP_RAND() ((u32_t)rand())

/* The distribution's lwIP leaves the lengths in socket addresses to the port: there are none. */
#define IP4ADDR_SOCKADDR_SET_LEN(address)
#define IPADDR_SOCKADDR_GET_LEN(address) sizeof(struct sockaddr_in)

#endif
