/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comes to grief in the way that its first word names, after "crasher: WORD". */
#include <stdio.h>
#include <string.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/trap.h>
#include <pv/vcpu.h>

static void end_by_reason(void)
{
	pv_shutdown(SHUTDOWN_crash);
}

static void invalid_instruction(void)
{
	__asm__ volatile("ud2");
}

static void null_pointer(void)
{
	volatile char *volatile nowhere = NULL;

	*nowhere = 1;
}

static void jump_to_hypervisor(void)
{
	((void (*)(void))HYPERVISOR_VIRT_START)();
}

/* The hypervisor cannot push the frame of the fault that follows. */
static void no_stack(void)
{
	__asm__ volatile("xor %esp, %esp; ud2");
}

static void stack_in_hypervisor(void)
{
	__asm__ volatile("mov %0, %%rsp; ud2" ::"r"(HYPERVISOR_VIRT_START + 0x1000000000UL));
}

/* Every fault leads to the next one. */
static void handlers_nowhere(void)
{
	HYPERVISOR_set_trap_table(NULL);
	invalid_instruction();
}

static void set_handlers(unsigned long address)
{
	static struct trap_info table[33];

	for (unsigned int i = 0; i < 32; i++)
		table[i] =
			(struct trap_info){.vector = i, .cs = FLAT_KERNEL_CS, .address = address};
	HYPERVISOR_set_trap_table(table);
	invalid_instruction();
}

/* Where handlers should be nothing is mapped: a frame for each fault, until the stack is at its
 * end. */
static void handlers_unmapped(void)
{
	set_handlers(0x10);
}

/* Always room for one more frame: it faults in its handler for ever, and somebody must destroy it.
 */
static void handlers_fault(void)
{
	unsigned long handler;

	__asm__ volatile(
		"lea 2f(%%rip), %0; jmp 1f; 2: lea 4096(%%rsp), %%rsp; and $-4096, %%rsp; ud2; 1:"
		: "=r"(handler));
	set_handlers(handler);
}

/* A return frame that no CPU accepts. */
static void bad_return(void)
{
	__asm__ volatile("push $0x1234; push $0x1000; push $0x202; push $0x5678; push %%rax;"
			 "push $0; push $0; push $0; push $0; mov %0, %%eax; syscall" ::"i"(
				 __HYPERVISOR_iret));
}

/* The code that runs loses its mapping: its own fault handler is gone too. */
static void unmap_all(void)
{
	for (unsigned long pfn = 0; pfn < pv_nr_pfns; pfn++)
		HYPERVISOR_update_va_mapping((unsigned long)pv_pfn_to_virt(pfn), 0,
					     UVMF_INVLPG | UVMF_ALL);
}

static void spin(void *unused)
{
	(void)unused;
	for (;;)
		;
}

/* One vCPU crashes while the other is busy. */
static void with_company(void)
{
	if (pv_vcpu_start(1, spin, NULL))
		printf("crasher: no second vCPU\n");
	pv_sleep_ms(200);
	null_pointer();
}

/* Never ends and never answers: somebody must destroy it. */
static void deaf(void)
{
	pv_events_disable();
	spin(NULL);
}

static void reboot(void)
{
	pv_shutdown(SHUTDOWN_reboot);
}

static const struct way {
	const char *word;
	void (*go)(void);
} ways[] = {
	{"reason", end_by_reason},
	{"instruction", invalid_instruction},
	{"null", null_pointer},
	{"jump", jump_to_hypervisor},
	{"nostack", no_stack},
	{"badstack", stack_in_hypervisor},
	{"nohandler", handlers_nowhere},
	{"unmapped", handlers_unmapped},
	{"faulty", handlers_fault},
	{"badreturn", bad_return},
	{"unmap", unmap_all},
	{"company", with_company},
	{"deaf", deaf},
	{"reboot", reboot},
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; argc > 1 && i < PV_ARRAY_SIZE(ways); i++) {
		if (strcmp(ways[i].word, argv[1]))
			continue;
		printf("crasher: %s\n", argv[1]);
		pv_sleep_ms(100);
		ways[i].go();
		printf("crasher: FAIL: still there\n");
		return 0;
	}
	printf("crasher: FAIL: which way?\n");
	return 0;
}
