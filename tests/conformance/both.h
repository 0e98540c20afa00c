/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Included first by what is compiled with either set of headers; SIDE is `ours` or `theirs`. */
#ifndef CONFORMANCE_BOTH_H
#define CONFORMANCE_BOTH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The distribution's headers hide what only a hypervisor or only tools should see. */
#define __XEN__
#include <xen/errno.h>
#undef __XEN__
#define __XEN_TOOLS__
#include <xen/xen.h> /* not every one of theirs compiles alone */
#include "headers.h"

#define PASTE_(a, b)	   a##_##b
#define PASTE(a, b)	   PASTE_(a, b)
#define ON_THIS_SIDE(name) PASTE(name, SIDE)

#endif
