/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "cpumask.h"

#define CPUS 64u

static bool read_cpu(const char **text, unsigned int *cpu)
{
	if (!isdigit((unsigned char)**text))
		return false;
	for (*cpu = 0; isdigit((unsigned char)**text); (*text)++) {
		*cpu = *cpu * 10 + (unsigned int)(**text - '0');
		if (*cpu >= CPUS)
			return false;
	}
	return true;
}

static cpumask_t range(unsigned int first, unsigned int last)
{
	return (CPUMASK_ALL >> (CPUS - 1 - last)) & (CPUMASK_ALL << first);
}

/* One of: N, N-M, all; with ^ in front it takes away. */
static bool read_part(const char **text, cpumask_t *mask)
{
	bool remove = **text == '^';
	unsigned int first = 0, last = CPUS - 1;

	if (remove)
		(*text)++;
	if (!strncmp(*text, "all", 3)) {
		*text += 3;
	} else {
		if (!read_cpu(text, &first))
			return false;
		last = first;
		if (**text == '-') {
			(*text)++;
			if (!read_cpu(text, &last) || last < first)
				return false;
		}
	}
	*mask = remove ? *mask & ~range(first, last) : *mask | range(first, last);
	return true;
}

int cpumask_parse(const char *text, cpumask_t *mask)
{
	cpumask_t result = 0;

	for (;;) {
		while (*text == ' ')
			text++;
		if (!read_part(&text, &result))
			return -XEN_EINVAL;
		while (*text == ' ')
			text++;
		if (!*text)
			break;
		if (*text++ != ',')
			return -XEN_EINVAL;
	}
	if (!result)
		return -XEN_EINVAL;
	*mask = result;
	return 0;
}

void cpumask_format(cpumask_t mask, unsigned int cpus, char *text, size_t size)
{
	cpumask_t present = cpus && cpus < CPUS ? range(0, cpus - 1) : CPUMASK_ALL;
	size_t used = 0;

	if ((mask & present) == present) {
		snprintf(text, size, "all");
		return;
	}
	snprintf(text, size, "none");
	for (unsigned int cpu = 0; cpu < CPUS && used < size; cpu++) {
		unsigned int last = cpu;

		if (!(mask >> cpu & 1))
			continue;
		while (last + 1 < CPUS && (mask >> (last + 1) & 1))
			last++;
		used += (size_t)snprintf(text + used, size - used, last > cpu ? "%s%u-%u" : "%s%u",
					 used ? "," : "", cpu, last);
		cpu = last;
	}
}
