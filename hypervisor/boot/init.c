/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start-up, in order, from head.S to the first guest. */
#include <boot/boot.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <dev/irq.h>
#include <dev/chips.h>
#include <dev/serial.h>
#include <lib/options.h>
#include <lib/printk.h>
#include <mm/frame.h>
#include <pv/pv.h>
#include <x86/apic.h>
#include <x86/paging.h>
#include <x86/time.h>

static u64 memory_limit;
OPTION("mem", option_size, memory_limit);

extern char image_start[], image_end[];

static void init_memory_map(paddr_t load_address)
{
	paddr_t load_end = load_address + (image_end - image_start);

	machine_map_finish(memory_limit);
	if (!machine_is_ram(load_address, load_end))
		panic("the image at %#lx is not in RAM\n", load_address);
	early_reserve(load_address, load_end);
	for (struct boot_module *m = boot_info.modules; m->size; m++)
		early_reserve(m->address, m->address + m->size);
	for (unsigned i = 0; i < machine_map_entries; i++)
		printk(LOG_DEBUG, "memory %012lx-%012lx type %u\n", machine_map[i].start,
		       machine_map[i].start + machine_map[i].size, machine_map[i].type);
	printk(LOG_INFO, "RAM: %lu MiB, image at %#lx\n", machine_ram_pages >> 8, load_address);
}

static void init_memory(void)
{
	paging_init_tables(sizeof(struct page));
	mm_boot_init(machine_ram, machine_ram_regions, physical_bits);
	paging_share_m2p(mm_boot_m2p);
	mm_boot_root(master_l4);
	early_finish(mm_boot_free);
	printk(LOG_INFO, "heap: %lu MiB free\n", heap_free_pages() >> 8);
}

/** Every CPU ends here, on its own stack: it becomes idle, and schedules. */
void cpu_main(void)
{
	timers_init_cpu();
	sched_init_cpu();
	context_enter();
}

static void build_dom0(void)
{
	struct boot_module *kernel = &boot_info.modules[0], *ramdisk = kernel + 1;

	if (!kernel->size)
		panic("no dom0 kernel: the first module2 line of GRUB's entry names it\n");
	pv_build_dom0(kernel, ramdisk->size ? ramdisk : NULL, kernel->cmdline);
	/* dom0 has copies. A region mem= has hidden was never the heap's to begin with. */
	for (struct boot_module *m = kernel; m->size; m++) {
		paddr_t end = ROUND_UP(m->address + m->size, PAGE_SIZE);

		if (machine_is_ram(m->address, end))
			mm_boot_free(m->address, end);
	}
}

/* On the boot CPU's own stack, with the final page tables. */
static void init_machine(void)
{
	descriptors_load(0);
	features_enable();
	apic_init();
	power_init();
	irq_init();
	time_init();
	smp_prepare();
	init_memory();
	sched_init();
	timers_init_cpu();
	sched_init_cpu();
	smp_start();
	serial_init_irq();
	build_dom0();
	booted = true;
	context_enter();
}

/** From head.S: on the boot stack, with its page tables. */
void init(u32 information, paddr_t load_address)
{
	multiboot2_parse(information);
	options_parse(boot_command_line);
	serial_init();
	printk(LOG_INFO, "Parapet, loaded by %s\n", boot_info.loader);
	printk(LOG_INFO, "options: %s\n", boot_command_line);
	init_memory_map(load_address);
	acpi_parse();
	features_detect();
	paging_init(load_address);
	for (struct boot_module *m = boot_info.modules; m->size; m++)
		m->data = phys_to_virt(m->address);
	descriptors_init();
	cpus[0] = window_create(0, 0);
	cpu_count = 1;
	asm volatile("movq %0, %%rsp; xorl %%ebp, %%ebp; call *%1" ::"r"(cpus[0]),
		     "r"(init_machine));
}
