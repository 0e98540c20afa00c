/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAKES_ACCESS_H
#define FAKES_ACCESS_H

/**
 * Called before each access to memory of this thread, but not within itself; NULL: nothing is. For
 * programs whose sources are compiled with -fsanitize=thread.
 */
extern __thread void (*fake_before_access)(void);

#endif
