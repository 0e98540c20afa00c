/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the guests: dom0's table of the domains that it created, and what can be done to
 * them.
 *
 * One mutex covers the table and every change of a domain's life, so that the operator and the
 * thread that watches for endings do not act on one domain at once. It is taken inside these
 * functions. All return 0 or a negative XEN_E… number with the problem, which is a whole sentence.
 */
#ifndef DOM0_LIFE_DOMAINS_H
#define DOM0_LIFE_DOMAINS_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include "config/guest.h"
#include "lib/problem.h"

/* What dom0 remembers of a domain that it created. */
struct domain {
	struct domain *next;
	domid_t domid;
	bool ended;		      /* its end was seen, and it was preserved */
	unsigned int vifs_plugged;    /* the next one's number */
	uint64_t created;	      /* system time, ns */
	char name[GUEST_NAME_LENGTH]; /* config.name unless it was renamed */
	struct guest_config config;
};

/* Start the thread that watches for endings. Called once, after the store. */
int domains_start(struct problem *problem);

/* Create a domain; paused: leave it so. *domid: its number. */
int domains_create(const struct guest_config *config, bool paused, domid_t *domid,
		   struct problem *problem);

/* Free a domain at once, whatever it does. */
int domains_destroy(domid_t domid, struct problem *problem);

/* Ask the guest's kernel to end, through the store. request: "poweroff" or "reboot". */
int domains_ask(domid_t domid, const char *request, struct problem *problem);

int domains_rename(domid_t domid, const char *name, struct problem *problem);

/* Have the guest grow or shrink to a size in KiB (at most its maxmem), which its balloon does. */
int domains_set_memory(domid_t domid, uint64_t kib, struct problem *problem);

/* Change the most memory that the guest may ask for, in KiB. */
int domains_set_max_memory(domid_t domid, uint64_t kib, struct problem *problem);

/* Plug a network device into a guest; see vif_add(). Its configuration for a restart stays as it
 * was. */
int domains_attach_vif(domid_t domid, struct vif_config *config, unsigned int *handle,
		       struct problem *problem);

/* The same for a disk; see vbd_add(). */
int domains_attach_disk(domid_t domid, const struct disk_config *config, struct problem *problem);

/* The domain that the operator means: by number or by name. */
int domains_find(const char *word, domid_t *domid, struct problem *problem);

/* The same, but not Domain-0, which is no guest; and its name: GUEST_NAME_LENGTH bytes. */
int domains_find_guest(const char *word, domid_t *domid, char *name, struct problem *problem);

/* A domain's name, for display; "(null)" where it has none. name: GUEST_NAME_LENGTH bytes. */
void domains_name(domid_t domid, char *name);

/* The name of the index-th guest (from 0). False behind the last. */
bool domains_name_at(unsigned int index, char *name);

/* The system time (ns) at which a domain was created; 0 (the machine's start) for dom0. */
uint64_t domains_created(domid_t domid);

/* A copy of the configuration with which a domain was created. False if it was not created here. */
bool domains_config(domid_t domid, struct guest_config *config);

/*
 * Wait until the domain has ended and was dealt with (destroyed, preserved, restarted), at most
 * until the given system time (ns). False: it goes on.
 */
bool domains_wait(domid_t domid, uint64_t deadline);

#endif
