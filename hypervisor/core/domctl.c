/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <core/calls.h>
long do_domctl(u64 arg) { (void)arg; return -1; }
