/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot loader left. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <lib/types.h>

/** A module, in the direct map once paging is up. Its memory is freed when dom0 is built. */
struct boot_module {
	paddr_t address; /* page aligned */
	void *data;	 /* the same, mapped */
	size_t size;	 /* bytes */
	char cmdline[1024];
};

#define MAX_BOOT_MODULES 4
struct boot_info {
	char loader[64];
	struct boot_module modules[MAX_BOOT_MODULES + 1]; /* one of size 0 ends them */
	paddr_t rsdt, xsdt; /* ACPI's roots, of 32-bit and 64-bit addresses; 0: none */
};
extern struct boot_info boot_info;

/** Read the tags at information (identity-mapped); fills boot_info and machine_map. */
void multiboot2_parse(paddr_t information);

/** Read ACPI's tables into `machine`. Needs the identity map of head.S. */
void acpi_parse(void);

#endif
