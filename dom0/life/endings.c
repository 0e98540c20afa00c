/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of domains that ended: powered off, rebooted or crashed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/time.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include "cli/operator.h"
#include "hyp/domctl.h"
#include "life/table.h"
#include "store/store.h"

/* A guest that ends sooner than this after its start is not restarted: it would go on for ever. */
#define SHORTEST_LIFE (5 * PV_NS_PER_SECOND)

static struct pv_semaphore ending_seen;

static const char *reason_text(unsigned int reason)
{
	static const char *const texts[] = {
		[SHUTDOWN_poweroff] = "powered off",
		[SHUTDOWN_reboot] = "asked for a reboot",
		[SHUTDOWN_suspend] = "suspended",
		[SHUTDOWN_crash] = "crashed",
		[SHUTDOWN_watchdog] = "was ended by its watchdog",
	};

	return reason < sizeof(texts) / sizeof(texts[0]) ? texts[reason]
							 : "ended for an unknown reason";
}

static enum guest_action action_for(const struct guest_config *config, unsigned int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		return config->on_poweroff;
	case SHUTDOWN_reboot:
		return config->on_reboot;
	case SHUTDOWN_crash:
		return config->on_crash;
	case SHUTDOWN_watchdog:
		return config->on_watchdog;
	default:
		return ACTION_PRESERVE; /* nobody asked for it: the operator decides */
	}
}

static bool restarts(enum guest_action action)
{
	return action == ACTION_RESTART || action == ACTION_RENAME_RESTART;
}

/* NAME-1, NAME-2 … whichever is free, for the domain that is kept. */
static void free_name(const char *name, char other[GUEST_NAME_LENGTH])
{
	unsigned int number = 1;

	do
		snprintf(other, GUEST_NAME_LENGTH, "%.50s-%u", name, number++);
	while (table_find_name(other));
}

static void preserve(struct domain *domain)
{
	domain->ended = true;
	pv_condition_broadcast(&domains_changed);
}

static void restart(const struct guest_config *config)
{
	struct problem problem = {""};
	domid_t domid;

	if (life_create(config, false, &domid, &problem))
		operator_note("%s: not restarted: %s", config->name, problem.text);
	else
		operator_note("%s: restarted as domain %u", config->name, domid);
}

static void deal_with(struct domain *domain, unsigned int reason)
{
	struct guest_config *config = malloc(sizeof(*config));
	enum guest_action action = action_for(&domain->config, reason);
	bool again = restarts(action) && config;
	bool too_soon = again && pv_time_ns() - domain->created < SHORTEST_LIFE;

	operator_note("%s (domain %u) %s: %s", domain->name, domain->domid, reason_text(reason),
		      guest_action_name(action));
	if (too_soon) {
		operator_note("%s: not restarted: it ran for less than 5 seconds", domain->name);
		again = false;
	}
	if (config)
		*config = domain->config;
	if (action == ACTION_RENAME_RESTART && again) {
		char other[GUEST_NAME_LENGTH];

		free_name(domain->name, other);
		life_rename(domain, other);
	}
	if (action == ACTION_PRESERVE || (action == ACTION_RENAME_RESTART && again))
		preserve(domain);
	else
		life_destroy(domain->domid, NULL);
	if (again)
		restart(config);
	free(config);
}

/* The first domain whose end was not dealt with; *reason: why it ended. */
static struct domain *find_ended(unsigned int *reason)
{
	for (struct domain *domain = domains_first; domain; domain = domain->next) {
		struct xen_domctl_getdomaininfo info;
		int error = domctl_info(domain->domid, &info);

		*reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
		if (!error && !domain->ended && (info.flags & XEN_DOMINF_shutdown) &&
		    !(info.flags & XEN_DOMINF_dying))
			return domain;
	}
	return NULL;
}

void life_sweep(void)
{
	struct domain *domain;
	unsigned int reason;

	/* The list changes at each: look again from its start. */
	while ((domain = find_ended(&reason)))
		deal_with(domain, reason);
}

static void watch(void *unused)
{
	(void)unused;
	for (;;) {
		pv_semaphore_down(&ending_seen);
		pv_mutex_lock(&domains_mutex);
		life_sweep();
		pv_mutex_unlock(&domains_mutex);
	}
}

int domains_start(struct problem *problem)
{
	int port;

	if (pv_thread_start("endings", watch, NULL, 16))
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	store_write("/local/domain/0/name", "Domain-0");
	store_write("/local/domain/0/domid", "0");
	port = pv_event_bind_virq(VIRQ_DOM_EXC, 0, pv_event_raise, &ending_seen);
	return port < 0 ? problem_note(problem, -port, "watching for the ends of guests failed: %s",
				       problem_reason(port))
			: 0;
}
