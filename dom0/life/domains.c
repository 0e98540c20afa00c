/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/time.h>
#include <xen/errno.h>
#include "backend/backend.h"
#include "backend/vbd.h"
#include "backend/vif.h"
#include "console/console.h"
#include "hyp/domctl.h"
#include "hyp/sysctl.h"
#include "lib/ramdisk.h"
#include "life/table.h"
#include "store/store.h"

#define SLACK_KIB 1024 /* above what the guest is given, as xl allows */

struct pv_mutex domains_mutex;
struct pv_condition domains_changed;
struct domain *domains_first;

struct domain *table_find(domid_t domid)
{
	struct domain *domain = domains_first;

	while (domain && domain->domid != domid)
		domain = domain->next;
	return domain;
}

struct domain *table_find_name(const char *name)
{
	struct domain *domain = domains_first;

	while (domain && strcmp(domain->name, name))
		domain = domain->next;
	return domain;
}

static void table_remove(domid_t domid)
{
	for (struct domain **link = &domains_first; *link; link = &(*link)->next) {
		struct domain *domain = *link;

		if (domain->domid == domid) {
			*link = domain->next;
			free(domain);
			return;
		}
	}
}

static int find_files(const struct guest_config *config, struct image_files *files,
		      struct problem *problem)
{
	struct cpio_file file;

	memset(files, 0, sizeof(*files));
	if (ramdisk_find_image(config->kernel, &file))
		return problem_note(problem, XEN_ENOENT,
				    "%s: no kernel \"%s\" in dom0's ramdisk: see ls images",
				    config->name, config->kernel);
	files->kernel = file.data;
	files->kernel_size = file.size;
	if (!config->ramdisk[0])
		return 0;
	if (ramdisk_find_image(config->ramdisk, &file))
		return problem_note(problem, XEN_ENOENT,
				    "%s: no ramdisk \"%s\" in dom0's ramdisk: see ls images",
				    config->name, config->ramdisk);
	files->ramdisk = file.data;
	files->ramdisk_size = file.size;
	return 0;
}

/* Make the store and the console serve a domain that was built. */
static int connect(const struct domain *domain, const struct built_domain *built,
		   struct problem *problem)
{
	int error = nodes_create(domain, built, problem);

	if (error)
		return error;
	error = console_connect(domain->domid, built->console_mfn, built->console_port);
	if (error)
		return problem_note(problem, -error, "%s: connecting the console failed: %s",
				    domain->name, problem_reason(error));
	error = store_introduce(domain->domid, built->store_mfn, built->store_port);
	if (error)
		return problem_note(problem, -error, "%s: connecting the store failed: %s",
				    domain->name, problem_reason(error));
	return 0;
}

/* The devices of the configuration. MAC addresses that are chosen stay when the guest restarts. */
static int plug_in(struct domain *domain, struct problem *problem)
{
	int error = 0;

	for (unsigned int i = 0; i < domain->config.vifs && !error; i++)
		error = vif_add(domain->domid, domain->vifs_plugged++, &domain->config.vif[i],
				problem);
	for (unsigned int i = 0; i < domain->config.disks && !error; i++)
		error = vbd_add(domain->domid, &domain->config.disk[i], problem);
	return error;
}

static int build_and_connect(struct domain *domain, bool paused, struct problem *problem)
{
	struct image_files files;
	struct built_domain built;
	int error = find_files(&domain->config, &files, problem);

	if (!error)
		error = builder_build(&domain->config, &files, &built, problem);
	if (error)
		return error;
	domain->domid = built.domid;
	domain->created = pv_time_ns();
	domain->next = domains_first;
	domains_first = domain;
	error = connect(domain, &built, problem);
	if (!error)
		error = plug_in(domain, problem);
	if (!error && !paused) {
		error = domctl_unpause(domain->domid);
		if (error)
			problem_note(problem, -error, "%s: unpausing failed: %s", domain->name,
				     problem_reason(error));
	}
	return error;
}

int life_create(const struct guest_config *config, bool paused, domid_t *domid,
		struct problem *problem)
{
	struct domain *domain;
	int error;

	if (table_find_name(config->name) || !strcmp(config->name, "Domain-0"))
		return problem_note(problem, XEN_EEXIST,
				    "%s: a domain has this name already: add name=… or destroy it",
				    config->name);
	domain = calloc(1, sizeof(*domain));
	if (!domain)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	domain->config = *config;
	strcpy(domain->name, config->name);
	error = build_and_connect(domain, paused, problem);
	if (error && domain != domains_first) {
		free(domain); /* it came to no domain */
	} else if (error) {
		life_destroy(domain->domid, NULL);
	} else {
		*domid = domain->domid;
	}
	return error;
}

int life_destroy(domid_t domid, struct problem *problem)
{
	struct xen_domctl_getdomaininfo info;
	int error = domid ? domctl_info(domid, &info) : 0;

	if (!domid)
		return problem_note(problem, XEN_EPERM,
				    "Domain-0 is this system: poweroff and restart end it");
	if (error)
		return problem_note(problem, -error, "domain %u: %s", domid, problem_reason(error));
	/* Paused first: the guest cannot make its own end longer. */
	domctl_pause(domid);
	backend_remove_domain(domid);
	console_disconnect(domid);
	store_release(domid);
	nodes_remove(domid);
	error = domctl_destroy(domid);
	table_remove(domid);
	pv_condition_broadcast(&domains_changed);
	return error ? problem_note(problem, -error, "domain %u: destroying failed: %s", domid,
				    problem_reason(error))
		     : 0;
}

void life_rename(struct domain *domain, const char *name)
{
	snprintf(domain->name, sizeof(domain->name), "%s", name);
	nodes_write(domain->domid, "name", name);
}

int domains_create(const struct guest_config *config, bool paused, domid_t *domid,
		   struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = life_create(config, paused, domid, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

int domains_destroy(domid_t domid, struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = life_destroy(domid, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

/* The table's entry of a guest, or the problem that there is none. */
static struct domain *need(domid_t domid, struct problem *problem)
{
	struct domain *domain = table_find(domid);

	if (!domain)
		problem_note(problem, XEN_ESRCH, "domain %u is not a guest of this dom0: see list",
			     domid);
	return domain;
}

static int ask_locked(domid_t domid, const char *request, struct problem *problem)
{
	struct domain *domain = need(domid, problem);

	if (!domain)
		return -XEN_ESRCH;
	if (domain->ended)
		return problem_note(problem, XEN_EINVAL,
				    "%s has ended and is preserved: destroy it", domain->name);
	int error = nodes_write(domid, "control/shutdown", request);

	return error ? problem_note(problem, -error, "%s: writing the request failed: %s",
				    domain->name, problem_reason(error))
		     : 0;
}

int domains_ask(domid_t domid, const char *request, struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = ask_locked(domid, request, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

static int rename_locked(domid_t domid, const char *name, struct problem *problem)
{
	struct domain *domain = need(domid, problem);

	if (!domain)
		return -XEN_ESRCH;
	if (!guest_name_valid(name))
		return problem_note(
			problem, XEN_EINVAL,
			"\"%.32s\" is no name: letters, digits and - _ . +, not a number", name);
	if (table_find_name(name) || !strcmp(name, "Domain-0"))
		return problem_note(problem, XEN_EEXIST, "%s: a domain has this name already",
				    name);
	life_rename(domain, name);
	return 0;
}

int domains_rename(domid_t domid, const char *name, struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = rename_locked(domid, name, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

static int set_memory_locked(domid_t domid, uint64_t kib, struct problem *problem)
{
	struct domain *domain = need(domid, problem);
	uint64_t most;
	int error;

	if (!domain)
		return -XEN_ESRCH;
	most = (uint64_t)domain->config.maxmem << 10;
	if (kib > most)
		return problem_note(problem, XEN_E2BIG,
				    "%s may have %u MiB at most: raise that with mem-max",
				    domain->name, domain->config.maxmem);
	error = domctl_max_mem(domid, kib + SLACK_KIB);
	if (!error)
		error = nodes_write_number(domid, "memory/target", kib);
	return error ? problem_note(problem, -error, "%s: setting the size failed: %s",
				    domain->name, problem_reason(error))
		     : 0;
}

int domains_set_memory(domid_t domid, uint64_t kib, struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = set_memory_locked(domid, kib, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

static int set_max_memory_locked(domid_t domid, uint64_t kib, struct problem *problem)
{
	struct xen_domctl_getdomaininfo info;
	struct domain *domain = need(domid, problem);
	int error;

	if (!domain)
		return -XEN_ESRCH;
	error = domctl_info(domid, &info);
	if (!error && info.tot_pages * 4 > kib)
		return problem_note(problem, XEN_EINVAL,
				    "%s has %llu MiB already: shrink it first, with mem-set",
				    domain->name, (unsigned long long)(info.tot_pages >> 8));
	if (!error)
		error = domctl_max_mem(domid, kib + SLACK_KIB);
	if (!error)
		error = nodes_write_number(domid, "memory/static-max", kib);
	if (error)
		return problem_note(problem, -error, "%s: setting the limit failed: %s",
				    domain->name, problem_reason(error));
	domain->config.maxmem = (uint32_t)(kib >> 10);
	return 0;
}

int domains_set_max_memory(domid_t domid, uint64_t kib, struct problem *problem)
{
	pv_mutex_lock(&domains_mutex);
	int error = set_max_memory_locked(domid, kib, problem);

	pv_mutex_unlock(&domains_mutex);
	return error;
}

int domains_attach_vif(domid_t domid, struct vif_config *config, unsigned int *handle,
		       struct problem *problem)
{
	struct domain *domain;
	int error = -XEN_ESRCH;

	pv_mutex_lock(&domains_mutex);
	domain = need(domid, problem);
	if (domain) {
		*handle = domain->vifs_plugged++;
		error = vif_add(domid, *handle, config, problem);
	}
	pv_mutex_unlock(&domains_mutex);
	return error;
}

int domains_attach_disk(domid_t domid, const struct disk_config *config, struct problem *problem)
{
	int error = -XEN_ESRCH;

	pv_mutex_lock(&domains_mutex);
	if (need(domid, problem))
		error = vbd_add(domid, config, problem);
	pv_mutex_unlock(&domains_mutex);
	return error;
}

int domains_find(const char *word, domid_t *domid, struct problem *problem)
{
	struct xen_domctl_getdomaininfo info;

	if (isdigit((unsigned char)word[0])) {
		char *end;
		unsigned long number = strtoul(word, &end, 10);

		if (!*end && number < DOMID_FIRST_RESERVED &&
		    !domctl_info((domid_t)number, &info)) {
			*domid = (domid_t)number;
			return 0;
		}
	} else if (!strcmp(word, "Domain-0")) {
		*domid = 0;
		return 0;
	} else {
		struct domain *domain = table_find_name(word);

		if (domain) {
			*domid = domain->domid;
			return 0;
		}
	}
	return problem_note(problem, XEN_ESRCH, "no domain \"%.64s\": see list", word);
}

void domains_name(domid_t domid, char *name)
{
	struct domain *domain = table_find(domid);

	snprintf(name, GUEST_NAME_LENGTH, "%s",
		 !domid	  ? "Domain-0"
		 : domain ? domain->name
			  : "(null)");
}

int domains_find_guest(const char *word, domid_t *domid, char *name, struct problem *problem)
{
	int error = domains_find(word, domid, problem);

	if (error)
		return error;
	domains_name(*domid, name);
	return *domid ? 0
		      : problem_note(problem, XEN_EINVAL,
				     "Domain-0 has the machine's devices: name a guest");
}

bool domains_name_at(unsigned int index, char *name)
{
	struct domain *domain = domains_first;

	while (domain && index--)
		domain = domain->next;
	if (domain)
		domains_name(domain->domid, name);
	return domain != NULL;
}

uint64_t domains_created(domid_t domid)
{
	struct domain *domain = table_find(domid);

	return domain ? domain->created : 0;
}

bool domains_config(domid_t domid, struct guest_config *config)
{
	struct domain *domain = table_find(domid);

	if (domain)
		*config = domain->config;
	return domain != NULL;
}

bool domains_wait(domid_t domid, uint64_t deadline)
{
	bool gone;

	pv_mutex_lock(&domains_mutex);
	for (;;) {
		struct domain *domain = table_find(domid);

		gone = !domain || domain->ended;
		if (gone || !pv_condition_wait(&domains_changed, &domains_mutex, deadline))
			break;
	}
	pv_mutex_unlock(&domains_mutex);
	return gone;
}
