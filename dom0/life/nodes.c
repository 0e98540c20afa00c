/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store says of each domain, in the places where PV kernels and xl's users look for it. */
#include <stdio.h>
#include <xen/errno.h>
#include "hyp/domctl.h"
#include "life/table.h"
#include "store/store.h"

#define PATH_LENGTH 96

static void make_path(domid_t domid, const char *name, char path[PATH_LENGTH])
{
	snprintf(path, PATH_LENGTH, "/local/domain/%u%s%s", domid, name[0] ? "/" : "", name);
}

int nodes_write(domid_t domid, const char *name, const char *value)
{
	char path[PATH_LENGTH];

	make_path(domid, name, path);
	return store_write(path, value);
}

int nodes_write_number(domid_t domid, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return nodes_write(domid, name, text);
}

int nodes_read(domid_t domid, const char *name, char *value, size_t size)
{
	char path[PATH_LENGTH];

	make_path(domid, name, path);
	return store_read(path, value, size);
}

/* A node that the guest owns: it may write it and make others below. */
static int give(domid_t domid, const char *name)
{
	char path[PATH_LENGTH];
	int error;

	make_path(domid, name, path);
	error = store_mkdir(path);
	return error ? error : store_permit(path, domid, DOMID_INVALID);
}

static void format_uuid(const xen_domain_handle_t handle, char text[37])
{
	char *at = text;

	for (int i = 0; i < 16; i++)
		at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
			      handle[i]);
}

/* /vm/UUID, which xl's readers expect beside the domain's own folder. */
static int write_vm(const struct domain *domain)
{
	struct xen_domctl_getdomaininfo info;
	char uuid[37], path[PATH_LENGTH];
	int error = domctl_info(domain->domid, &info);

	if (error)
		return error;
	format_uuid(info.handle, uuid);
	snprintf(path, sizeof(path), "/vm/%s", uuid);
	error = nodes_write(domain->domid, "vm", path);
	snprintf(path, sizeof(path), "/vm/%s/name", uuid);
	if (!error)
		error = store_write(path, domain->name);
	snprintf(path, sizeof(path), "/vm/%s/uuid", uuid);
	return error ? error : store_write(path, uuid);
}

static int write_memory_and_cpus(const struct domain *domain)
{
	const struct guest_config *config = &domain->config;
	domid_t domid = domain->domid;
	int error = nodes_write_number(domid, "memory/static-max", (uint64_t)config->maxmem << 10);

	if (!error)
		error = nodes_write_number(domid, "memory/target", (uint64_t)config->memory << 10);
	for (unsigned int cpu = 0; cpu < config->maxvcpus && !error; cpu++) {
		char name[32];

		snprintf(name, sizeof(name), "cpu/%u/availability", cpu);
		error = nodes_write(domid, name, cpu < config->vcpus ? "online" : "offline");
	}
	return error;
}

static int write_rings(domid_t domid, const struct built_domain *built)
{
	int error = nodes_write_number(domid, "console/ring-ref", built->console_mfn);

	if (!error)
		error = nodes_write_number(domid, "console/port", built->console_port);
	if (!error)
		error = nodes_write(domid, "console/type", "xenconsoled");
	if (!error)
		error = nodes_write_number(domid, "store/ring-ref", built->store_mfn);
	return error ? error : nodes_write_number(domid, "store/port", built->store_port);
}

static int write_all(const struct domain *domain, const struct built_domain *built)
{
	static const char *const owned[] = {"control/shutdown",
					    "control/feature-poweroff",
					    "control/feature-reboot",
					    "control/feature-suspend",
					    "data",
					    "drivers",
					    "feature",
					    "attr",
					    "error"};
	domid_t domid = domain->domid;
	char path[PATH_LENGTH];
	int error;

	make_path(domid, "", path);
	error = store_mkdir(path);
	/* Before the rest: nodes inherit it. */
	if (!error)
		error = store_permit(path, 0, domid);
	if (!error)
		error = nodes_write(domid, "name", domain->name);
	if (!error)
		error = nodes_write_number(domid, "domid", domid);
	if (!error)
		error = nodes_write(domid, "control/platform-feature-multiprocessor-suspend", "1");
	if (!error)
		error = nodes_write(domid, "control/platform-feature-xs_reset_watches", "1");
	make_path(domid, "device", path);
	if (!error)
		error = store_mkdir(path);
	for (unsigned int i = 0; i < sizeof(owned) / sizeof(owned[0]) && !error; i++)
		error = give(domid, owned[i]);
	if (!error)
		error = write_memory_and_cpus(domain);
	if (!error)
		error = write_rings(domid, built);
	return error ? error : write_vm(domain);
}

int nodes_create(const struct domain *domain, const struct built_domain *built,
		 struct problem *problem)
{
	int error = write_all(domain, built);

	return error ? problem_note(problem, -error, "%s: writing the store's nodes failed: %s",
				    domain->name, problem_reason(error))
		     : 0;
}

void nodes_remove(domid_t domid)
{
	char path[PATH_LENGTH], vm[PATH_LENGTH];

	if (nodes_read(domid, "vm", vm, sizeof(vm)) > 0 && vm[0] == '/')
		store_rm(vm);
	make_path(domid, "", path);
	store_rm(path);
}
