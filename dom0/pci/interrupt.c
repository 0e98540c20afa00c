/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and interrupts: what of a device needs the hypervisor. */
#include <stdlib.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <xen/errno.h>
#include <xen/physdev.h>
#include "pci/pci.h"

#define REG_COMMAND	0x04
#define COMMAND_NO_LINE 0x0400u
#define REG_LINE	0x3c
#define REG_PIN		0x3d
#define MSIX_TABLE	4
#define STACK_PAGES	8

struct handler {
	void (*function)(void *argument);
	void *argument;
	struct handler *next;
};

/* An event channel, its thread, and who is called: several only where devices share a line. */
struct source {
	struct pv_semaphore pending;
	struct handler *handlers;
	unsigned int pirq;
	bool line;
	struct source *next;
};

static struct source *lines;

volatile void *pci_map(const struct pci_device *device, unsigned int index, uint64_t offset,
		       size_t bytes)
{
	struct pci_bar bar;

	if (pci_bar(device, index, &bar) || bar.io || offset > bar.size ||
	    bytes > bar.size - offset)
		return NULL;
	return pv_map_mmio(bar.address + offset, bytes);
}

/* The thread of a source. A line stays masked until all of its devices were asked. */
static void serve(void *argument)
{
	struct source *source = argument;
	struct physdev_eoi eoi = {.irq = source->pirq};

	for (;;) {
		pv_semaphore_down(&source->pending);
		while (pv_semaphore_down_until(&source->pending, 0))
			;
		for (struct handler *h = source->handlers; h; h = h->next)
			h->function(h->argument);
		if (source->line)
			HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &eoi);
	}
}

/* A source with its thread and event channel; NULL with the *error. */
static struct source *source_start(unsigned int pirq, bool line, struct handler *handler,
				   int *error)
{
	struct source *source = calloc(1, sizeof(*source));

	*error = source ? pv_thread_start("interrupt", serve, source, STACK_PAGES) : -XEN_ENOMEM;
	if (*error) {
		free(source);
		return NULL;
	}
	source->pirq = pirq;
	source->line = line;
	source->handlers = handler;
	*error = pv_event_bind_pirq(pirq, line ? BIND_PIRQ__WILL_SHARE : 0, pv_event_raise,
				    &source->pending);
	/* Without a channel, the thread waits for ever: a matter of start-up, not worth more. */
	if (*error < 0)
		return NULL;
	*error = 0;
	return source;
}

static int start_message(const struct pci_device *device, uint64_t table, struct handler *handler)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_MSI,
		.index = -1,
		.pirq = -1,
		.bus = device->bus,
		.devfn = device->devfn,
		.table_base = table,
	};
	int error = (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);

	if (!error)
		source_start(map.pirq, false, handler, &error);
	return error;
}

/* Machine address of the MSI-X table; 0 if the device does not say sensibly. */
static uint64_t msix_table(const struct pci_device *device)
{
	unsigned int at = pci_capability(device, PCI_CAP_MSIX, 0);
	struct pci_bar bar;
	uint32_t where;

	if (!at)
		return 0;
	where = pci_read(device, at + MSIX_TABLE, 4);
	if (pci_bar(device, where & 7, &bar) || bar.io || (where & ~7u) >= bar.size)
		return 0;
	return bar.address + (where & ~7u);
}

static int set_level(unsigned int line)
{
	struct physdev_irq_status_query query = {.irq = line};
	struct physdev_setup_gsi gsi = {.gsi = (int)line, .triggering = 1, .polarity = 1};
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_GSI,
		.index = (int)line,
		.pirq = (int)line,
	};
	int error = (int)HYPERVISOR_physdev_op(PHYSDEVOP_irq_status_query, &query);

	if (!error && !(query.flags & XENIRQSTAT_needs_eoi))
		error = (int)HYPERVISOR_physdev_op(PHYSDEVOP_setup_gsi, &gsi);
	return error ? error : (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);
}

/* Which line, firmware has written into the device's own configuration space. */
static int start_line(const struct pci_device *device, struct handler *handler)
{
	unsigned int line = pci_read(device, REG_LINE, 1);
	struct source *source = lines;
	int error;

	if (!pci_read(device, REG_PIN, 1) || line == 0xff)
		return -XEN_ENODEV;
	pci_write(device, REG_COMMAND, pci_read(device, REG_COMMAND, 2) & ~COMMAND_NO_LINE, 2);
	while (source && source->pirq != line)
		source = source->next;
	if (source) {
		handler->next = source->handlers;
		source->handlers = handler;
		return 0;
	}
	error = set_level(line);
	if (!error)
		source = source_start(line, true, handler, &error);
	if (error)
		return error;
	source->next = lines;
	lines = source;
	return 0;
}

static int start_any(struct pci_device *device, struct handler *handler)
{
	uint64_t table = msix_table(device);
	bool message = table || pci_capability(device, PCI_CAP_MSI, 0);

	device->interrupt = table ? "MSI-X" : "MSI";
	if (message && !start_message(device, table, handler))
		return 0;
	device->interrupt = "line";
	return start_line(device, handler);
}

int pci_interrupt(struct pci_device *device, void (*function)(void *argument), void *argument)
{
	struct handler *handler = calloc(1, sizeof(*handler));
	int error;

	if (!handler)
		return -XEN_ENOMEM;
	handler->function = function;
	handler->argument = argument;
	error = start_any(device, handler);
	if (error) {
		device->interrupt = NULL;
		free(handler);
	}
	return error;
}
