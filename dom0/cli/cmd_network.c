/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on the guests' network devices. */
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "backend/vif.h"
#include "cli/command.h"
#include "life/domains.h"

/* The number of a device that is named by its number or its address. */
static int find_vif(domid_t domid, const char *word, unsigned int *handle, struct problem *problem)
{
	struct vif_status status;
	uint64_t number;
	uint8_t mac[6];

	if (!vif_parse_mac(word, mac)) {
		int error = words_number(word, "a device's number or address", 0, UINT32_MAX,
					 &number, problem);

		*handle = (unsigned int)number;
		return error;
	}
	for (unsigned int i = 0; vif_status(domid, i, &status); i++) {
		if (memcmp(status.config.mac, mac, sizeof(mac)))
			continue;
		*handle = status.handle;
		return 0;
	}
	return problem_note(problem, XEN_ENODEV,
			    "domain %u has no vif of this address: see network-list", domid);
}

static int run_attach(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH], mac[VIF_MAC_TEXT];
	struct vif_config config;
	unsigned int handle;
	domid_t domid;
	int error = command_words(words, 1, WORDS_MAX, problem);

	vif_config_init(&config);
	for (unsigned int i = 2; i < words->count && !error; i++) {
		const char *wrong = vif_config_parse(&config, words->word[i]);

		if (wrong)
			error = problem_note(problem, XEN_EINVAL, "%s", wrong);
	}
	if (!error)
		error = domains_find_guest(words->word[1], &domid, name, problem);
	if (!error)
		error = domains_attach_vif(domid, &config, &handle, problem);
	if (error)
		return error;
	vif_format_mac(config.mac, mac);
	printf("attached vif %u to %s (domain %u): %s on %s\n", handle, name, domid, mac,
	       config.bridge);
	return 0;
}

static int run_detach(struct words *words, struct problem *problem)
{
	bool force = words_flag(words, "-f");
	char name[GUEST_NAME_LENGTH];
	unsigned int handle = 0;
	domid_t domid;
	int error = command_guest(words, 2, 2, &domid, name, problem);

	if (!error)
		error = find_vif(domid, words->word[2], &handle, problem);
	if (!error)
		error = vif_remove(domid, handle, force, problem);
	if (!error)
		printf("detached vif %u from %s (domain %u)\n", handle, name, domid);
	return error;
}

static void show_vif(const struct vif_status *status)
{
	char mac[VIF_MAC_TEXT];

	vif_format_mac(status->config.mac, mac);
	printf("%3u  %s  %-12s %-12s %10llu %10llu %10llu %10llu %8llu\n", status->handle, mac,
	       status->config.bridge, backend_state_name(status->state),
	       (unsigned long long)status->sent, (unsigned long long)(status->sent_bytes >> 10),
	       (unsigned long long)status->received,
	       (unsigned long long)(status->received_bytes >> 10),
	       (unsigned long long)(status->dropped + status->spoofed));
}

static int run_list(struct words *words, struct problem *problem)
{
	char name[GUEST_NAME_LENGTH];
	struct vif_status status;
	unsigned int count = 0;
	domid_t domid;
	int error = command_guest(words, 1, 1, &domid, name, problem);

	if (error)
		return error;
	for (; vif_status(domid, count, &status); count++) {
		if (!count)
			printf("idx  %-17s  %-12s %-12s %10s %10s %10s %10s %8s\n", "mac", "bridge",
			       "state", "sent", "KiB", "received", "KiB", "dropped");
		show_vif(&status);
	}
	printf("%u network device%s of %s\n", count, count == 1 ? "" : "s", name);
	return 0;
}

#define ATTACH_HELP                                                                                \
	"    mac=00:16:3e:…, bridge=xenbr0, rate=10Mb/s, antispoof=0: as in vif=[ … ] of a\n"  \
	"    configuration. Without them: an address of our choice, on xenbr0.\n"

const struct command network_commands[] = {
	{"network-attach", "DOMAIN [key=value]…", "plug a network device into a guest", ATTACH_HELP,
	 COMPLETE_DOMAIN, run_attach},
	{"network-detach", "DOMAIN NUMBER|MAC [-f]", "unplug a guest's network device",
	 "    -f does not wait until the guest has let go of it\n", COMPLETE_DOMAIN, run_detach},
	{"network-list", "DOMAIN", "show a guest's network devices", NULL, COMPLETE_DOMAIN,
	 run_list},
	{0},
};
