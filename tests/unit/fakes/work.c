/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <core/sched.h>
#include "fakes/host.h"
#include "fakes/work.h"

bool fake_work_on(unsigned cpu)
{
	u32 work;

	if (fake_deadline[cpu] <= fake_now) {
		fake_deadline[cpu] = ~0ul;
		cpus[cpu]->work |= WORK_TIMERS;
	}
	work = cpus[cpu]->work & (WORK_TIMERS | WORK_SCHEDULE | WORK_CRASH);
	cpus[cpu]->work = 0;
	fake_cpu = cpu;
	if (work & WORK_TIMERS)
		timers_run();
	if (work & (WORK_SCHEDULE | WORK_CRASH)) /* as exit_work() has it */
		schedule();
	fake_cpu = 0;
	return work;
}
