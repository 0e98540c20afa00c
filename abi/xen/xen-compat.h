/* SPDX-License-Identifier: MIT */
/*
 * Which edition of the ABI these headers describe.
 *
 * The edition is that of Xen 4.17. A program may state the edition that it was written for by
 * defining __XEN_INTERFACE_VERSION__ before the first include; older editions gave some names
 * another meaning (XENPF_settime, PHYSDEVOP_pirq_eoi_gmfn, ...), so one that is too old is
 * refused here rather than compiled into something else.
 */
#ifndef __XEN_PUBLIC_XEN_COMPAT_H__
#define __XEN_PUBLIC_XEN_COMPAT_H__

#if defined(__ASSEMBLER__) && !defined(__ASSEMBLY__)
#define __ASSEMBLY__
#endif

#ifndef __ASSEMBLY__
#include <stdint.h>
#endif

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#elif __XEN_INTERFACE_VERSION__ < 0x00040d00
#error "these headers describe interface version 0x00040e00; your code asks for an older one"
#endif

#endif
