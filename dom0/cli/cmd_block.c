/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on the guests' disks. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "backend/vbd.h"
#include "cli/command.h"
#include "life/domains.h"

/* The words from the third on are one item, as if with commas between. */
static int read_config(const struct words *words, struct disk_config *config,
		       struct problem *problem)
{
	const char *wrong;
	char text[256] = "";
	size_t length = 0;

	for (unsigned int i = 2; i < words->count && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   i > 2 ? "," : "", words->word[i]);
	disk_config_init(config);
	wrong = length < sizeof(text) ? disk_config_parse(config, text) : "that is too long";
	return wrong ? problem_note(problem, XEN_EINVAL, "%s", wrong) : 0;
}

static int run_attach(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	struct disk_config config;
	domid_t domid;
	int error = command_words(words, 2, WORDS_MAX, problem);

	if (!error)
		error = read_config(words, &config, problem);
	if (!error)
		error = domains_find_guest(words->word[1], &domid, name, problem);
	if (!error)
		error = domains_attach_disk(domid, &config, problem);
	if (!error)
		printf("attached %s to %s (domain %u): %s%s\n", config.vdev, name, domid,
		       config.target, config.write ? "" : ", read-only");
	return error;
}

/* A disk of the guest's by its name there, or by its device number. */
static int find_disk(domid_t domid, const char *word, struct disk_config *config,
		     struct problem *problem)
{
	uint64_t number = disk_vdev_number(word);
	struct vbd_status status;
	int error = 0;

	if (!number)
		error = words_number(word, "the guest's name of it or its number", 0, UINT32_MAX,
				     &number, problem);
	for (unsigned int i = 0; !error && vbd_status(domid, i, &status); i++) {
		if (status.config.number != number)
			continue;
		*config = status.config;
		return 0;
	}
	return error ? error
		     : problem_note(problem, XEN_ENODEV, "domain %u has no disk %s: see block-list",
				    domid, word);
}

static int run_detach(struct words *words, struct problem *problem)
{
	bool force = words_flag(words, "-f");
	char name[GUEST_NAME_LENGTH];
	struct disk_config config;
	domid_t domid;
	int error = command_guest(words, 2, 2, &domid, name, problem);

	if (!error)
		error = find_disk(domid, words->word[2], &config, problem);
	if (!error)
		error = vbd_remove(domid, config.number, force, problem);
	if (!error)
		printf("detached %s from %s (domain %u)\n", config.vdev, name, domid);
	return error;
}

static void show_disk(const struct vbd_status *status)
{
	printf("%-8s %9u %-12s %-4s %-12s %9llu %10llu %9llu %10llu %7llu %4u\n",
	       status->config.vdev, status->config.number, status->disk,
	       status->config.write ? "w" : "r", backend_state_name(status->state),
	       (unsigned long long)status->reads, (unsigned long long)(status->read_sectors / 2),
	       (unsigned long long)status->writes,
	       (unsigned long long)(status->written_sectors / 2),
	       (unsigned long long)status->errors, status->busy);
}

static int run_list(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	struct vbd_status status;
	unsigned int count = 0;
	domid_t domid;
	int error = command_guest(words, 1, 1, &domid, name, problem);

	if (error)
		return error;
	for (; vbd_status(domid, count, &status); count++) {
		if (!count)
			printf("%-8s %9s %-12s %-4s %-12s %9s %10s %9s %10s %7s %4s\n", "vdev",
			       "number", "disk", "mode", "state", "reads", "KiB", "writes", "KiB",
			       "errors", "busy");
		show_disk(&status);
	}
	printf("%u disk%s of %s\n", count, count == 1 ? "" : "s", name);
	return 0;
}

#define ATTACH_HELP                                                                                \
	"    vdev=xvda access=rw target=vda1, or phy:vda1,xvda,w: as in disk=[ … ] of a\n"       \
	"    configuration. block-list-host shows what can be the target.\n"

const struct command block_commands[] = {
	{"block-attach", "DOMAIN DISK", "plug a disk into a guest", ATTACH_HELP,
	 COMPLETE_DOMAIN_DISK, run_attach},
	{"block-detach", "DOMAIN VDEV [-f]", "unplug a guest's disk",
	 "    -f does not wait until the guest has let go of it\n", COMPLETE_DOMAIN, run_detach},
	{"block-list", "DOMAIN", "show a guest's disks", NULL, COMPLETE_DOMAIN, run_list},
	{0},
};
