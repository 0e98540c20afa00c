/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that show domains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/time.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include "cli/command.h"
#include "cli/terminal.h"
#include "hyp/domctl.h"
#include "hyp/sysctl.h"
#include "life/domains.h"

#define MAX_DOMAINS 128

struct domain_list {
	int count;
	struct xen_domctl_getdomaininfo info[MAX_DOMAINS];
};

/* All domains, or the one that the first word names. The caller frees the list. */
static int get_list(const struct words *words, struct domain_list **list, struct problem *problem)
{
	domid_t domid = 0;
	int error = words->count > 1 ? domains_find(words->word[1], &domid, problem) : 0;

	if (error)
		return error;
	*list = malloc(sizeof(**list));
	if (!*list)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	(*list)->count = sysctl_domains(domid, words->count > 1 ? 1 : MAX_DOMAINS, (*list)->info);
	if ((*list)->count < 0) {
		error = (*list)->count;
		free(*list);
		return problem_note(problem, -error, "listing domains failed: %s",
				    problem_reason(error));
	}
	return 0;
}

/* A time in ns as seconds with one decimal, in eight columns. */
static void print_time(uint64_t ns)
{
	printf("%6llu.%llu", (unsigned long long)(ns / PV_NS_PER_SECOND),
	       (unsigned long long)(ns / (PV_NS_PER_SECOND / 10) % 10));
}

static void state_letters(const struct xen_domctl_getdomaininfo *info, char letters[7])
{
	unsigned int reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	bool ended = info->flags & XEN_DOMINF_shutdown;

	letters[0] = info->flags & XEN_DOMINF_running ? 'r' : '-';
	letters[1] = info->flags & XEN_DOMINF_blocked ? 'b' : '-';
	letters[2] = info->flags & XEN_DOMINF_paused ? 'p' : '-';
	letters[3] = ended ? 's' : '-';
	letters[4] = ended && reason == SHUTDOWN_crash ? 'c' : '-';
	letters[5] = info->flags & XEN_DOMINF_dying ? 'd' : '-';
	letters[6] = '\0';
}

static void print_short(const struct domain_list *list)
{
	char name[GUEST_NAME_LENGTH], state[7];

	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)\n");
	for (int i = 0; i < list->count; i++) {
		const struct xen_domctl_getdomaininfo *info = &list->info[i];

		domains_name(info->domain, name);
		state_letters(info, state);
		printf("%-40s %5u %5llu %5u     %s", name, info->domain,
		       (unsigned long long)(info->tot_pages >> 8), info->nr_online_vcpus, state);
		print_time(info->cpu_time);
		printf("\n");
	}
}

/* As a configuration that `create` would read. */
static void print_config(const struct guest_config *config)
{
	printf("kernel = \"%s\"\n", config->kernel);
	if (config->ramdisk[0])
		printf("ramdisk = \"%s\"\n", config->ramdisk);
	if (config->cmdline[0])
		printf("cmdline = '%s'\n", config->cmdline);
	printf("memory = %u\nmaxmem = %u\nvcpus = %u\nmaxvcpus = %u\n", config->memory,
	       config->maxmem, config->vcpus, config->maxvcpus);
	if (config->weight)
		printf("cpu_weight = %u\n", config->weight);
	if (config->cap)
		printf("cap = %u\n", config->cap);
	printf("on_poweroff = \"%s\"\non_reboot = \"%s\"\non_crash = \"%s\"\non_watchdog = \"%s\"\n",
	       guest_action_name(config->on_poweroff), guest_action_name(config->on_reboot),
	       guest_action_name(config->on_crash), guest_action_name(config->on_watchdog));
}

static int print_long(const struct domain_list *list, struct problem *problem)
{
	struct guest_config *config = malloc(sizeof(*config));
	char name[GUEST_NAME_LENGTH], state[7];

	if (!config)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	for (int i = 0; i < list->count; i++) {
		const struct xen_domctl_getdomaininfo *info = &list->info[i];

		domains_name(info->domain, name);
		state_letters(info, state);
		printf("name = \"%s\"\n# domain %u, state %s, %llu KiB of %llu, CPU time", name,
		       info->domain, state, (unsigned long long)info->tot_pages * 4,
		       (unsigned long long)info->max_pages * 4);
		print_time(info->cpu_time);
		printf(" s\n");
		if (domains_config(info->domain, config))
			print_config(config);
		printf("\n");
	}
	free(config);
	return 0;
}

static int run_list(struct words *words, struct problem *problem)
{
	bool detailed = words_flag(words, "-l");
	struct domain_list *list;
	int error = command_words(words, 0, 1, problem);

	if (!error)
		error = get_list(words, &list, problem);
	if (error)
		return error;
	if (detailed)
		error = print_long(list, problem);
	else
		print_short(list);
	if (!error)
		printf("%d domain%s\n", list->count, list->count == 1 ? "" : "s");
	free(list);
	return error;
}

static void print_vcpu(const char *name, domid_t domid, unsigned int vcpu, unsigned int cpus)
{
	struct xen_domctl_getvcpuinfo info;
	cpumask_t hard = CPUMASK_ALL;
	char affinity[64];

	if (domctl_vcpu_info(domid, vcpu, &info))
		return;
	domctl_get_affinity(domid, vcpu, &hard);
	cpumask_format(hard, cpus, affinity, sizeof(affinity));
	printf("%-32s %5u %5u ", name, domid, vcpu);
	if (info.online)
		printf("%5u   %c%c-", info.cpu, info.running ? 'r' : '-', info.blocked ? 'b' : '-');
	else
		printf("    -   --p");
	print_time(info.cpu_time);
	printf("  %s / all\n", affinity);
}

static int run_vcpu_list(struct words *words, struct problem *problem)
{
	struct xen_sysctl_physinfo physical = {0};
	char name[GUEST_NAME_LENGTH];
	struct domain_list *list;
	unsigned int count = 0;
	int error = command_words(words, 0, 1, problem);

	if (!error)
		error = get_list(words, &list, problem);
	if (error)
		return error;
	sysctl_physinfo(&physical);
	printf("Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n");
	for (int i = 0; i < list->count; i++) {
		unsigned int last = list->info[i].max_vcpu_id;

		domains_name(list->info[i].domain, name);
		for (unsigned int vcpu = 0; last != XEN_INVALID_MAX_VCPU_ID && vcpu <= last;
		     vcpu++, count++)
			print_vcpu(name, list->info[i].domain, vcpu, physical.nr_cpus);
	}
	printf("%u vCPU%s\n", count, count == 1 ? "" : "s");
	free(list);
	return 0;
}

/* CPU time of a domain in an earlier list, or its present one if it was not there. */
static uint64_t earlier_time(const struct domain_list *before,
			     const struct xen_domctl_getdomaininfo *now)
{
	for (int i = 0; i < before->count; i++)
		if (before->info[i].domain == now->domain)
			return before->info[i].cpu_time;
	return now->cpu_time;
}

static void print_top(const struct domain_list *before, const struct domain_list *now,
		      uint64_t elapsed, const struct xen_sysctl_physinfo *physical)
{
	char name[GUEST_NAME_LENGTH], state[7];

	printf("%d domain%s; %llu MiB of memory, %llu free; %u CPU%s\n", now->count,
	       now->count == 1 ? "" : "s", (unsigned long long)(physical->total_pages >> 8),
	       (unsigned long long)(physical->free_pages >> 8), physical->nr_cpus,
	       physical->nr_cpus == 1 ? "" : "s");
	printf("      NAME  STATE   CPU(sec) CPU(%%)     MEM(k) MEM(%%)  VCPUS\n");
	for (int i = 0; i < now->count; i++) {
		const struct xen_domctl_getdomaininfo *info = &now->info[i];
		uint64_t used = info->cpu_time - earlier_time(before, info);
		uint64_t cpu = elapsed ? used * 1000 / elapsed : 0;
		uint64_t memory =
			physical->total_pages ? info->tot_pages * 1000 / physical->total_pages : 0;

		domains_name(info->domain, name);
		state_letters(info, state);
		printf("%10.10s %s %10llu %4llu.%llu %10llu %4llu.%llu %6u\n", name, state,
		       (unsigned long long)(info->cpu_time / PV_NS_PER_SECOND),
		       (unsigned long long)(cpu / 10), (unsigned long long)(cpu % 10),
		       (unsigned long long)info->tot_pages * 4, (unsigned long long)(memory / 10),
		       (unsigned long long)(memory % 10), info->nr_online_vcpus);
	}
	fflush(stdout);
}

/* Show tables, `count` of them (0: until q), each of what happened in `milliseconds`. */
static int show_tables(uint64_t count, uint64_t milliseconds, struct problem *problem)
{
	struct words all = {.count = 1};
	struct xen_sysctl_physinfo physical = {0};
	struct domain_list *before, *now;
	bool left = false;
	int error = get_list(&all, &before, problem);

	for (uint64_t shown = 0; !error && !left && (!count || shown < count); shown++) {
		uint64_t start = pv_time_ns();

		left = terminal_interrupted((int)milliseconds);
		error = get_list(&all, &now, problem);
		if (error)
			break;
		sysctl_physinfo(&physical);
		if (count != 1)
			printf("\033[H\033[2J");
		print_top(before, now, pv_time_ns() - start, &physical);
		free(before);
		before = now;
	}
	free(before);
	return error;
}

static int run_top(struct words *words, struct problem *problem)
{
	const char *times = words_option(words, "-n"), *delay = words_option(words, "-d");
	uint64_t count = 0, seconds = 2;
	int error = command_words(words, 0, 0, problem);

	if (!error && times)
		error = words_number(times, "tables", 1, 1000000, &count, problem);
	if (!error && delay)
		error = words_number(delay, "seconds", 1, 3600, &seconds, problem);
	if (!error)
		error = show_tables(count, count == 1 && !delay ? 300 : seconds * 1000, problem);
	if (!error)
		printf("top: done\n");
	return error;
}

static void print_duration(const char *name, domid_t domid, uint64_t ns)
{
	unsigned long long seconds = ns / PV_NS_PER_SECOND;

	printf("%-33s %4u %llu days, %2llu:%02llu:%02llu\n", name, domid, seconds / 86400,
	       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

static int run_uptime(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	struct domain_list *list;
	int error = command_words(words, 0, 1, problem);

	if (!error)
		error = get_list(words, &list, problem);
	if (error)
		return error;
	printf("Name                                ID Uptime\n");
	for (int i = 0; i < list->count; i++) {
		domains_name(list->info[i].domain, name);
		print_duration(name, list->info[i].domain,
			       pv_time_ns() - domains_created(list->info[i].domain));
	}
	printf("%d domain%s\n", list->count, list->count == 1 ? "" : "s");
	free(list);
	return 0;
}

const struct command view_commands[] = {
	{"list", "[DOMAIN] [-l]", "list domains",
	 "    State: r running, b blocked, p paused, s ended, c after a crash, d dying. -l: all details\n",
	 COMPLETE_DOMAIN, run_list},
	{"vcpu-list", "[DOMAIN]", "list virtual CPUs", NULL, COMPLETE_DOMAIN, run_vcpu_list},
	{"top", "[-n TABLES] [-d SECONDS]", "watch what domains use; q leaves",
	 "    -n 1 shows one table and returns\n", COMPLETE_NOTHING, run_top},
	{"uptime", "[DOMAIN]", "how long domains have been there", NULL, COMPLETE_DOMAIN,
	 run_uptime},
	{0},
};
