/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercalls of core/ that no other header declares, and what is behind the table. */
#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include <core/domain.h>

long do_multicall(u64 list, u64 count);
long do_sched_op(u64 cmd, u64 arg);
long do_sched_op_compat(u64 cmd, u64 arg);
long do_set_timer_op(u64 timeout);
long do_vcpu_op(u64 cmd, u64 vcpu_id, u64 arg);
long do_domctl(u64 arg);
long do_sysctl(u64 arg);
long do_parapet_op(u64 cmd, u64 arg);

/* of other rooms: core/memory_op.c, pv/platform_op.c, dev/physdev.c */
long do_memory_op(u64 cmd, u64 arg);
long do_platform_op(u64 arg);
long do_physdev_op(u64 cmd, u64 arg);

/** Call by number, any number, with the caller's name for messages set. */
long hypercall_call(u32 nr, const u64 args[6]);
/** Run v's preempted hypercall on; v is current. Its result goes to the guest. */
void hypercall_resume(struct vcpu *v);

#endif
