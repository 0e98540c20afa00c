/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions, system calls of user mode, emulated instructions, writes to page tables. */
#include <pv/cpu.h>
#include <pv/start.h>
#include <pv/trap.h>
#include <xen/callback.h>
#include "bench.h"

#define SYSCALLS    100
#define STACK_PAGES 4

extern const char bench_fault[], bench_syscall[];
void bench_run_user(long calls, void *user_stack);

static char *user_stack, *kernel_stack;
static volatile uint64_t *entry; /* of an address without mapping */
static uint64_t value;

static void catch_faults(void)
{
	struct trap_info traps[2] = {{
		.vector = PV_TRAP_PAGE_FAULT,
		.cs = FLAT_KERNEL_CS,
		.address = (uintptr_t)bench_fault,
	}};

	check("set_trap_table", HYPERVISOR_set_trap_table(traps), 0);
}

static void fault(void)
{
	__asm__ volatile("movb (%%rax), %%al" ::"a"(PV_HEAP_END) : "memory");
}

static void read_cr0(void)
{
	uint64_t cr0;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
}

static void read_cr4(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
}

static void cpuid(void)
{
	struct pv_cpuid out;

	pv_cpuid(1, 0, &out);
}

/* A root for user mode with the kernel's linear map, where code and stacks are. */
static void prepare_user(void)
{
	struct callback_register syscall = {
		.type = CALLBACKTYPE_syscall,
		.address = (uintptr_t)bench_syscall,
	};
	uint64_t *root = take_pages(1);

	root[0] = *(const uint64_t *)pv_start_info->pt_base;
	protect(root, PV_RO);
	check("user root", ext(MMUEXT_NEW_USER_BASEPTR, pv_virt_to_mfn(root)), 0);
	user_stack = take_pages(STACK_PAGES);
	kernel_stack = take_pages(STACK_PAGES);
	check("stack", pv_trap_stack(kernel_stack + STACK_PAGES * PV_PAGE_SIZE), 0);
	check("callback", HYPERVISOR_callback_op(CALLBACKOP_register, &syscall), 0);
}

static void system_calls(void)
{
	bench_run_user(SYSCALLS, user_stack + STACK_PAGES * PV_PAGE_SIZE);
}

static void prepare_direct_writes(void)
{
	uintptr_t va = pv_va_alloc(1);
	uint64_t at = pv_pte_find(va, 1, NULL);

	entry = (uint64_t *)((char *)pv_mfn_to_virt(at >> PV_PAGE_SHIFT) + at % PV_PAGE_SIZE);
	value = pv_pte(pv_virt_to_mfn(take_pages(1)), PV_RW);
	check("vm_assist", HYPERVISOR_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables),
	      0);
}

static void direct_write(void)
{
	*entry = value;
	*entry = 0;
}

const struct row trap_rows[] = {
	{"page fault to the kernel and back", 1, .prepare = catch_faults, .run = fault},
	{"CR0 read", 1, .run = read_cr0},
	{"CR4 read", 1, .run = read_cr4},
	{"CPUID, forced emulation", 1, .run = cpuid},
	{"system call of user mode and back", SYSCALLS, .prepare = prepare_user,
	 .run = system_calls},
	{"write to a page table", 2, .prepare = prepare_direct_writes, .run = direct_write},
	{0},
};
