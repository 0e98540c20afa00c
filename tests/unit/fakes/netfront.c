/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "fakes/netfront.h"

struct fake_back fake;

/* Pages between two uses: a fuzzer opens the device often. */
static void *spare[FAKE_PAGES];
static unsigned int spares;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.mac = "00:16:3e:01:02:03";
	fake.pages_left = FAKE_PAGES;
	fake.state = XenbusStateConnected;
}

uint8_t *fake_page(unsigned int ref)
{
	return ref - FAKE_REF < FAKE_PAGES ? fake.page[ref - FAKE_REF] : NULL;
}

uint64_t pv_time_ns(void)
{
	return 0;
}

/* --- the front ends' frame --- */

int pv_frontend_open(struct pv_frontend *frontend, const char *class, unsigned int number,
		     uint64_t deadline)
{
	(void)class, (void)number, (void)deadline;
	strcpy(frontend->path, "device/vif/0");
	frontend->backend_id = 0;
	return fake.open_error;
}

unsigned long pv_frontend_offer(const struct pv_frontend *frontend, const char *name,
				unsigned long otherwise)
{
	(void)frontend;
	if (!strcmp(name, "feature-rx-copy"))
		return !fake.no_copy;
	if (!strcmp(name, "feature-sg") || !strcmp(name, "feature-gso-tcpv4"))
		return !fake.no_large;
	return otherwise;
}

void *pv_frontend_page(const struct pv_frontend *frontend, grant_ref_t *ref)
{
	unsigned int index = 0;

	(void)frontend;
	while (index < FAKE_PAGES && fake.page[index])
		index++;
	if (!fake.pages_left || index == FAKE_PAGES)
		return NULL;
	fake.pages_left--;
	fake.pages++;
	fake.page[index] = spares ? spare[--spares] : aligned_alloc(PV_PAGE_SIZE, PV_PAGE_SIZE);
	memset(fake.page[index], 0, PV_PAGE_SIZE);
	*ref = FAKE_REF + index;
	return fake.page[index];
}

void pv_frontend_free_page(void *page, grant_ref_t ref)
{
	if (fake_page(ref) != page)
		abort();
	spare[spares++] = page;
	fake.page[ref - FAKE_REF] = NULL;
	fake.pages--;
}

int pv_frontend_publish(const struct pv_frontend *frontend, const struct pv_frontend_node *nodes,
			unsigned int count, enum xenbus_state state)
{
	(void)frontend, (void)state;
	for (unsigned int i = 0; i < count; i++) {
		if (!strcmp(nodes[i].name, "tx-ring-ref"))
			fake.tx_ref = (unsigned int)nodes[i].value;
		if (!strcmp(nodes[i].name, "rx-ring-ref"))
			fake.rx_ref = (unsigned int)nodes[i].value;
	}
	fake.tx = (void *)fake_page(fake.tx_ref);
	fake.rx = (void *)fake_page(fake.rx_ref);
	return 0;
}

int pv_frontend_wait(const struct pv_frontend *frontend, uint64_t deadline)
{
	(void)frontend, (void)deadline;
	return fake.connect_error;
}

void pv_frontend_close(const struct pv_frontend *frontend, uint64_t deadline)
{
	(void)frontend, (void)deadline;
	fake.closes++;
}

char *pv_store_read(pv_store_tx tx, const char *path, int *error)
{
	(void)tx, (void)path, (void)error;
	return fake.mac ? strdup(fake.mac) : NULL;
}

enum xenbus_state pv_xenbus_state(const char *path)
{
	(void)path;
	return (enum xenbus_state)fake.state;
}

/* --- events --- */

int pv_event_alloc_unbound(domid_t remote, pv_event_handler handler, void *argument)
{
	(void)remote, (void)handler, (void)argument;
	if (!fake.port_error)
		fake.ports++;
	return fake.port_error ? fake.port_error : 7;
}

void pv_event_close(evtchn_port_t port)
{
	(void)port;
	fake.ports--;
}

int pv_event_send(evtchn_port_t port)
{
	(void)port;
	fake.events++;
	return 0;
}

void pv_event_raise(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
}

void pv_semaphore_up(struct pv_semaphore *semaphore)
{
	semaphore->count++;
}

bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline)
{
	(void)deadline;
	return semaphore->count && semaphore->count--;
}
