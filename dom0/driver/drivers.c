/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/errno.h>
#include "cli/operator.h"
#include "driver/drivers.h"
#include "lib/problem.h"

static const struct driver {
	const char *name;
	int (*start)(struct pci_device *pci);
} drivers[] = {
	{"virtio-blk", virtio_blk_start},
	{"virtio-net", virtio_net_start},
	{"nvme", nvme_start},
	{"e1000", e1000_start},
};

static void offer(const struct driver *driver, struct pci_device *pci)
{
	int error = driver->start(pci);

	if (error == NOT_OURS)
		return;
	pci->driver = driver->name;
	if (error)
		operator_note("%s: PCI device %02x:%02x.%x cannot be used: %s", driver->name,
			      pci->bus, pci->devfn >> 3, pci->devfn & 7, problem_reason(error));
}

int drivers_start(void)
{
	int found = pci_scan();

	for (struct pci_device *pci = pci_devices; pci; pci = pci->next)
		for (unsigned int i = 0; i < sizeof(drivers) / sizeof(drivers[0]) && !pci->driver;
		     i++)
			offer(&drivers[i], pci);
	return found < 0 ? found : 0;
}
