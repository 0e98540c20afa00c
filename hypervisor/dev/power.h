/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power control; machine_poweroff() and machine_restart() are in core/hooks.h. */
#ifndef DEV_POWER_H
#define DEV_POWER_H

/** Map what a reset needs. Once, at boot. */
void power_init(void);

#endif
