/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Included before everything else: what comes from outside (string.h), then all else hidden, so
 * that nothing goes through a GOT. */
#include <string.h>
#pragma GCC visibility push(hidden)
