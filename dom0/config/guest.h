/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's configuration: what an xl.cfg file and the operator's key=value words say. See
 * xl.cfg.md. */
#ifndef DOM0_CONFIG_GUEST_H
#define DOM0_CONFIG_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include "config/disk.h"
#include "config/syntax.h"
#include "config/vif.h"
#include "lib/cpumask.h"
#include "lib/problem.h"

#define GUEST_NAME_LENGTH 64
#define GUEST_PATH_LENGTH 128
#define GUEST_MAX_VCPUS	  32 /* what shared_info has room for */
#define GUEST_MAX_VIFS	  8
#define GUEST_MAX_DISKS	  8
#define GUEST_MAX_MEMORY  (1u << 20) /* MiB */

/* What dom0 does with a domain that ended. */
enum guest_action {
	ACTION_DESTROY,	      /* free it */
	ACTION_RESTART,	      /* free it and create it again from the same configuration */
	ACTION_PRESERVE,      /* leave it as it is, for inspection */
	ACTION_RENAME_RESTART /* rename and preserve it, and create another with its name */
};

struct guest_config {
	char name[GUEST_NAME_LENGTH];
	char kernel[GUEST_PATH_LENGTH];
	char ramdisk[GUEST_PATH_LENGTH]; /* empty: none */
	char cmdline[SETTING_TEXT_LENGTH];
	uint32_t memory; /* MiB at start */
	uint32_t maxmem; /* MiB, at least memory */
	uint32_t vcpus;	 /* online at start */
	uint32_t maxvcpus;
	uint32_t weight;		     /* 0: the scheduler's default */
	uint32_t cap;			     /* per cent of one CPU; 0: none */
	cpumask_t affinity[GUEST_MAX_VCPUS]; /* 0: not set */
	uint8_t uuid[16];		     /* all zero: dom0 chooses */
	unsigned int vifs;
	struct vif_config vif[GUEST_MAX_VIFS];
	unsigned int disks;
	struct disk_config disk[GUEST_MAX_DISKS];
	enum guest_action on_poweroff, on_reboot, on_crash, on_watchdog;
	/* Kept until the whole configuration is read: an own cmdline wins over root and extra. */
	char root[SETTING_ITEM_LENGTH];
	char extra[SETTING_TEXT_LENGTH];
};

/* The configuration of a guest of which nothing is said yet. */
void guest_config_init(struct guest_config *config);

/* Take over every setting of the source. Returns 0 or -XEN_EINVAL, the problem naming source and
 * line. */
int guest_config_read(struct guest_config *config, struct config_source *source,
		      struct problem *problem);

/*
 * Take over one word of the command line, `key=value`, where quotes may be left out.
 * Returns 0 or -XEN_EINVAL with the problem.
 */
int guest_config_word(struct guest_config *config, const char *word, struct problem *problem);

/* Fill in what follows from the rest, and check the whole. Returns 0 or -XEN_EINVAL with the
 * problem. */
int guest_config_finish(struct guest_config *config, struct problem *problem);

/* Is this a name that a domain may have? Letters, digits, and - _ . + after the first; not a
 * number. */
bool guest_name_valid(const char *name);

const char *guest_action_name(enum guest_action action);

#endif
