/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <core/calls.h>
long do_sysctl(u64 arg) { (void)arg; return -1; }
long do_parapet_op(u64 c, u64 arg) { (void)c; (void)arg; return -1; }
