/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power control; machine_poweroff() and machine_restart() are in core/hooks.h. */
#ifndef DEV_POWER_H
#define DEV_POWER_H

#include <lib/types.h>

/** Map what a reset needs. Once, at boot. */
void power_init(void);
/** Write dom0's own values to the PM1 control registers (XENPF_enter_acpi_sleep). False: it did not
 * sleep. */
bool power_sleep(u16 pm1a_value, u16 pm1b_value);

#endif
