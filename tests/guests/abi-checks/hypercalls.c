/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercall entry itself, multicall, trap table, callbacks, assists, console. */
#include <string.h>
#include <pv/event.h>
#include <xen/callback.h>
#include "checks.h"

static void check_entry(void)
{
	uint64_t rax = __HYPERVISOR_xen_version, rbx, rdx, rcx = 1, r11 = 2, r12, r15;

	__asm__ volatile(
		"mov $0x77, %%ebx; mov $0x1212, %%r12d; mov $0x1515, %%r15d; mov $3, %%edx;"
		"xor %%edi, %%edi; xor %%esi, %%esi; syscall;"
		"mov %%rcx, %3; mov %%r11, %4; mov %%r12, %5; mov %%r15, %6"
		: "+&a"(rax), "=&b"(rbx), "=&d"(rdx), "=m"(rcx), "=m"(r11), "=m"(r12), "=m"(r15)
		:
		: "rdi", "rsi", "r8", "r9", "r10", "rcx", "r11", "r12", "r15", "memory");
	expect("result", rax, 4 << 16 | 17);
	expect("rbx is kept", rbx, 0x77);
	expect("r12 is kept", r12, 0x1212);
	expect("r15 is kept", r15, 0x1515);
	for (unsigned long nr = 56; nr < 4096; nr = nr * 2 + 1)
		expect("number beyond the table", pv_hypercall(nr, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("number ~0", pv_hypercall(~0UL, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("number 11, retired", pv_hypercall(11, 0, 0, 0, 0, 0), -XEN_ENOSYS);
	TRY("movl $17, %%eax; xorl %%edi, %%edi; pushfq; orl $0x40000, (%%rsp); popfq; syscall;"
	    "pushfq; andl $~0x40000, (%%rsp); popfq",
	    :
	    : "D"(0));
	expect_no_trap("hypercall with AC set");
}

extern char hypercall_page[];

/* The builder has put a stub of 32 bytes for each hypercall where the note says. */
static void check_page(void)
{
	long (*version)(long command, void *argument) =
		(void *)(hypercall_page + __HYPERVISOR_xen_version * 32);
	long (*yield)(long command, void *argument) =
		(void *)(hypercall_page + __HYPERVISOR_sched_op * 32);
	long (*none)(void) = (void *)(hypercall_page + 60 * 32);

	expect("hypercall page: xen_version", version(0, NULL), 4 << 16 | 17);
	expect("hypercall page: sched_op", yield(SCHEDOP_yield, NULL), 0);
	expect("hypercall page: no such hypercall", none(), -XEN_ENOSYS);
}

static void check_multicall(void)
{
	struct multicall_entry calls[4] = {
		{.op = __HYPERVISOR_xen_version, .args = {0}},
		{.op = 60},
		{.op = __HYPERVISOR_xen_version, .args = {999}},
		{.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield}},
	};

	expect("multicall", HYPERVISOR_multicall(calls, 4), 0);
	expect("first result", calls[0].result, 4 << 16 | 17);
	expect("number beyond the table", calls[1].result, -XEN_ENOSYS);
	expect("failing call", calls[2].result, -XEN_ENOSYS);
	expect("call after the failing ones", calls[3].result, 0);
	expect("multicall of none", HYPERVISOR_multicall(calls, 0), 0);
	expect("multicall at a bad address", HYPERVISOR_multicall((void *)8, 1), -XEN_EFAULT);
	expect("multicall of too many",
	       HYPERVISOR_multicall((void *)(uintptr_t)PV_HEAP_END, 0xffffffff) < 0, 1);
}

static void check_tables(void)
{
	struct trap_info bad[2] = {
		{.vector = 200, .cs = FLAT_KERNEL_CS, .address = 0x8000000000000000}};
	struct trap_info good[2] = {
		{.vector = 200, .cs = FLAT_KERNEL_CS, .address = (unsigned long)check_entry}};
	struct callback_register reg = {.type = CALLBACKTYPE_syscall,
					.address = 0x8000000000000000};
	struct callback_unregister unknown = {.type = 99};

	expect("set_trap_table: non-canonical", HYPERVISOR_set_trap_table(bad), -XEN_EINVAL);
	expect("set_trap_table: one entry", HYPERVISOR_set_trap_table(good), 0);
	expect("set_trap_table: bad pointer", HYPERVISOR_set_trap_table((void *)8), -XEN_EFAULT);
	expect("callback_op: non-canonical", HYPERVISOR_callback_op(CALLBACKOP_register, &reg),
	       -XEN_EINVAL);
	reg.type = 99;
	reg.address = (unsigned long)check_entry;
	expect("callback_op: unknown type", HYPERVISOR_callback_op(CALLBACKOP_register, &reg),
	       -XEN_ENOSYS);
	expect_refused("callback_op: unregister unknown",
		       HYPERVISOR_callback_op(CALLBACKOP_unregister, &unknown));
	expect("callback_op: unknown command", HYPERVISOR_callback_op(99, &reg), -XEN_ENOSYS);
	expect("vm_assist: unknown type", HYPERVISOR_vm_assist(VMASST_CMD_enable, 25) < 0, 1);
	expect("vm_assist: unknown command",
	       HYPERVISOR_vm_assist(9, VMASST_TYPE_writable_pagetables), -XEN_ENOSYS);
	expect("vm_assist: runstate flag",
	       HYPERVISOR_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
	expect("vm_assist: runstate flag off",
	       HYPERVISOR_vm_assist(VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0);
	if (!pv_is_dom0()) {
		uint32_t op[64] = {0};

		expect_refused("domctl by an ordinary domain", HYPERVISOR_domctl(op));
		expect_refused("sysctl by an ordinary domain", HYPERVISOR_sysctl(op));
		expect_refused("platform_op by an ordinary domain", HYPERVISOR_platform_op(op));
	}
	expect("console_io: unknown command", HYPERVISOR_console_io(99, 0, NULL),
	       pv_is_dom0() ? -XEN_ENOSYS : -XEN_EPERM);
}

void check_hypercalls(void)
{
	check_entry();
	check_page();
	check_multicall();
	check_tables();
}
