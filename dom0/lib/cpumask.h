/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of physical CPUs 0..63, and the way operators write them: "all", "0-3,5", "0-7,^2". */
#ifndef DOM0_LIB_CPUMASK_H
#define DOM0_LIB_CPUMASK_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t cpumask_t;
#define CPUMASK_ALL (~(cpumask_t)0)

/* Parse text. Returns 0, or -XEN_EINVAL when it is malformed or the set would be empty. */
int cpumask_parse(const char *text, cpumask_t *mask);

/* Write the set as text ("all" where it has every CPU below cpus), cut to size bytes. */
void cpumask_format(cpumask_t mask, unsigned int cpus, char *text, size_t size);

#endif
