/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All drivers: each takes over the devices that it knows. */
#ifndef DOM0_DRIVER_DRIVERS_H
#define DOM0_DRIVER_DRIVERS_H

#include "pci/pci.h"

/* Find devices and start them: afterwards block_devices and net_devices are complete. Tells the
 * operator of a device that should work and does not. Waits; on a thread. 0, or a negative XEN_E…
 * where this domain has no devices at all. */
int drivers_start(void);

#define NOT_OURS 1

/* Each returns 0, NOT_OURS for a device of another kind, or a negative XEN_E… with the device left
 * alone. */
int virtio_blk_start(struct pci_device *pci);
int virtio_net_start(struct pci_device *pci);
int nvme_start(struct pci_device *pci);
int e1000_start(struct pci_device *pci);

#endif
