/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that change what a domain gets: CPUs, shares of them, memory. */
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "hyp/domctl.h"
#include "hyp/sysctl.h"
#include "life/domains.h"

/* Apply to one vCPU, or to all where vcpu is not a number. Returns how many were changed, or
 * negative. */
static int pin(domid_t domid, const char *vcpu, cpumask_t mask, struct problem *problem)
{
	struct xen_domctl_getdomaininfo info;
	uint64_t first = 0, last;
	int error = domctl_info(domid, &info);

	if (error)
		return problem_note(problem, -error, "domain %u: %s", domid, problem_reason(error));
	last = info.max_vcpu_id;
	if (strcmp(vcpu, "all")) {
		error = words_number(vcpu, "a vCPU", 0, last, &first, problem);
		last = first;
	}
	for (uint64_t i = first; i <= last && !error; i++) {
		error = domctl_set_affinity(domid, (unsigned int)i, mask);
		if (error)
			problem_note(problem, -error,
				     "vCPU %u: %s: does the host have these CPUs? (see info)",
				     (unsigned int)i, problem_reason(error));
	}
	return error ? error : (int)(last - first + 1);
}

static int run_vcpu_pin(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	cpumask_t mask;
	domid_t domid;
	int result = command_domain(words, 3, 3, &domid, problem);

	if (!result && cpumask_parse(words->word[3], &mask))
		result = problem_note(problem, XEN_EINVAL,
				      "\"%.32s\": expected CPUs, as in 0-3,5 or all",
				      words->word[3]);
	if (!result)
		result = pin(domid, words->word[2], mask, problem);
	if (result < 0)
		return result;
	domains_name(domid, name);
	printf("%d vCPU%s of %s now run%s on CPUs %s\n", result, result == 1 ? "" : "s", name,
	       result == 1 ? "s" : "", words->word[3]);
	return 0;
}

static int show_share(domid_t domid, uint32_t scheduler, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	uint16_t weight, cap;
	int error = domctl_get_share(domid, scheduler, &weight, &cap);

	if (error)
		return problem_note(problem, -error, "domain %u: %s", domid, problem_reason(error));
	domains_name(domid, name);
	printf("%-33s %4u %6u %4u\n", name, domid, weight, cap);
	return 0;
}

static int show_shares(const char *word, uint32_t scheduler, struct problem *problem)
{
	struct xen_domctl_getdomaininfo info[64];
	domid_t domid = 0;
	int count = 1, error = word ? domains_find(word, &domid, problem) : 0;

	if (error)
		return error;
	if (!word)
		count = sysctl_domains(0, 64, info);
	printf("Name                                ID Weight  Cap\n");
	for (int i = 0; i < count && !error; i++)
		error = show_share(word ? domid : info[i].domain, scheduler, problem);
	if (!error)
		printf("scheduler: %s\n", scheduler_name(scheduler));
	return error;
}

static int change_share(const char *word, const char *weight_word, const char *cap_word,
			uint32_t scheduler, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	uint16_t old_weight, old_cap;
	uint64_t weight, cap;
	domid_t domid;
	int error = domains_find(word, &domid, problem);

	if (error)
		return error;
	error = domctl_get_share(domid, scheduler, &old_weight, &old_cap);
	weight = old_weight;
	cap = old_cap;
	if (!error && weight_word)
		error = words_number(weight_word, "a weight", 1, 65535, &weight, problem);
	if (!error && cap_word)
		error = words_number(cap_word, "a cap in per cent", 0, 6400, &cap, problem);
	if (!error)
		error = domctl_set_share(domid, scheduler, (uint16_t)weight, (uint16_t)cap);
	if (error)
		return problem_note(problem, -error, "domain %u: %s", domid, problem_reason(error));
	domains_name(domid, name);
	printf("%s has weight %u, cap %u\n", name, (unsigned int)weight, (unsigned int)cap);
	return 0;
}

static int run_sched(struct words *words, struct problem *problem)
{
	const char *domain = words_option(words, "-d"), *weight = words_option(words, "-w");
	const char *cap = words_option(words, "-c");
	uint32_t scheduler;
	int error = command_words(words, 0, 1, problem);

	if (error)
		return error;
	if (words->count > 1)
		domain = words->word[1];
	error = sysctl_scheduler(&scheduler);
	if (error)
		return problem_note(problem, -error, "asking for the scheduler failed: %s",
				    problem_reason(error));
	if (!weight && !cap)
		return show_shares(domain, scheduler, problem);
	if (!domain)
		return problem_note(problem, XEN_EINVAL, "which domain? see help sched");
	return change_share(domain, weight, cap, scheduler, problem);
}

/* A size with k, m or g behind it (m where nothing is), in KiB. */
static int parse_size(const char *word, uint64_t *kib, struct problem *problem)
{
	char number[16];
	size_t length = strlen(word);
	char unit = length ? word[length - 1] | 32 : '\0';
	unsigned int shift = unit == 'g' ? 20 : unit == 'k' ? 0 : 10;

	if (unit == 'g' || unit == 'k' || unit == 'm')
		length--;
	snprintf(number, sizeof(number), "%.*s", (int)(length < 15 ? length : 15), word);
	int error = words_number(number, "a size, as in 64, 64m or 1g", 1, 1u << 30, kib, problem);

	*kib <<= shift;
	return error;
}

static int resize(struct words *words, int (*action)(domid_t, uint64_t, struct problem *),
		  const char *done, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	domid_t domid;
	uint64_t kib;
	int error = command_domain(words, 2, 2, &domid, problem);

	if (!error)
		error = parse_size(words->word[2], &kib, problem);
	if (!error)
		error = action(domid, kib, problem);
	if (error)
		return error;
	domains_name(domid, name);
	printf("%s: %s %llu KiB\n", name, done, (unsigned long long)kib);
	return 0;
}

static int run_mem_set(struct words *words, struct problem *problem)
{
	return resize(words, domains_set_memory, "asked to go to", problem);
}

static int run_mem_max(struct words *words, struct problem *problem)
{
	return resize(words, domains_set_max_memory, "may now have", problem);
}

const struct command tune_commands[] = {
	{"vcpu-pin", "DOMAIN VCPU|all CPUS", "bind virtual CPUs to physical ones",
	 "    CPUS: all, or a list as in 0-3,5\n", COMPLETE_DOMAIN, run_vcpu_pin},
	{"sched", "[DOMAIN] [-w WEIGHT] [-c CAP]", "show or set shares of the CPUs",
	 "    WEIGHT is relative (256 as a rule), CAP is in per cent of one CPU (0: none)\n",
	 COMPLETE_DOMAIN, run_sched},
	{"mem-set", "DOMAIN SIZE", "have a guest grow or shrink to a size",
	 "    SIZE in MiB, or with k, m, g behind it. The guest's balloon driver does it.\n",
	 COMPLETE_DOMAIN, run_mem_set},
	{"mem-max", "DOMAIN SIZE", "set the most memory that a guest may have", NULL,
	 COMPLETE_DOMAIN, run_mem_max},
	{0},
};
