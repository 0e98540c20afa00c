/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about the whole machine. Results are 0 or more, or a negative XEN_E… number. */
#ifndef DOM0_HYP_SYSCTL_H
#define DOM0_HYP_SYSCTL_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/sysctl.h>

/* Fill list with up to `room` domains whose ids are `first` or higher. Returns how many. */
int sysctl_domains(domid_t first, unsigned int room, struct xen_domctl_getdomaininfo *list);

int sysctl_physinfo(struct xen_sysctl_physinfo *info);

/* XEN_SCHEDULER_* of the scheduler that runs. */
int sysctl_scheduler(uint32_t *scheduler);
const char *scheduler_name(uint32_t scheduler);

/*
 * Copy a part of the hypervisor's message buffer, from *index, which moves on. clear: empty the
 * buffer. Returns the number of bytes.
 */
int sysctl_messages(char *buffer, size_t size, uint32_t *index, int clear);

/* Nanoseconds that each CPU was idle, for up to `room` CPUs. Returns how many CPUs there are. */
int sysctl_idle_times(xen_sysctl_cpuinfo_t *times, unsigned int room);

#endif
