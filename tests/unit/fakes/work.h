/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work of the CPUs of host.h, with the real scheduler and timers. */
#ifndef FAKES_WORK_H
#define FAKES_WORK_H

#include <stdbool.h>

/*
 * Let a CPU do its work, as its exit path would, with the interrupt of its timer if that is due.
 * False: it had nothing to do for timers and scheduler. CPU 0 runs afterwards.
 */
bool fake_work_on(unsigned cpu);

#endif
