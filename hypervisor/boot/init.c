/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <boot/boot.h>
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/printk.h>
#include <x86/asm.h>
#include <x86/machine.h>
void init(u32 information, paddr_t load_address);
void init(u32 information, paddr_t load_address)
{
	multiboot2_parse(information);
	options_parse(boot_info.cmdline);
	serial_init();
	printk(LOG_INFO, "Parapet: image at %#lx, loader %s, options: %s\n", load_address, boot_info.loader, boot_info.cmdline);
	machine_map_finish(0);
	for (unsigned i=0;i<machine_ram_regions;i++) printk(LOG_INFO,"RAM %016lx-%016lx\n",machine_ram[i].start,machine_ram[i].end);
	panic("end\n");
}
