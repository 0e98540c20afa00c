/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/traps.md */
#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include "answers.h"

#define CALLBACK(command, ...)                                                                     \
	HYPERVISOR_callback_op(CALLBACKOP_##command, &(struct callback_##command)__VA_ARGS__)
#define TASK_STATE   0x0000890000000000UL
#define CALL_GATE    0x00008c0000000000UL
#define DATA_SEGMENT 0x00cff3000000ffffUL

static void descriptors(void)
{
	static uint64_t page[512] __attribute__((aligned(4096)));
	uint64_t address = pv_virt_to_mfn(page) * 4096;
	unsigned long nothing = 0xffffffffffUL;

	ANSWER(HYPERVISOR_update_descriptor(address + 8, DATA_SEGMENT), 0);
	HOLDS(page[1] == DATA_SEGMENT);
	ANSWER(HYPERVISOR_update_descriptor(address + 4, DATA_SEGMENT), -XEN_EINVAL);
	ANSWER(HYPERVISOR_update_descriptor(address, TASK_STATE), -XEN_EINVAL);
	ANSWER(HYPERVISOR_update_descriptor(address, CALL_GATE), here(-XEN_EINVAL, 0));
	ANSWER(HYPERVISOR_update_descriptor(nothing * 4096, DATA_SEGMENT), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_gdt(&nothing, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_gdt(&nothing, 8), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_gdt(HYPERVISORS_OWN, 8), -XEN_EFAULT);
}

static void entry_points(void)
{
	const struct trap_info bad[] = {{77, 0, FLAT_KERNEL_CS, NOT_CANONICAL}, {0}};

	ANSWER(CALLBACK(register, {CALLBACKTYPE_event, 0, NOT_CANONICAL}), -XEN_EINVAL);
	ANSWER(CALLBACK(register, {99, 0, 0x1000}), -XEN_ENOSYS);
	ANSWER(CALLBACK(unregister, {CALLBACKTYPE_event, 0}), -XEN_EINVAL);
	ANSWER(CALLBACK(unregister, {99, 0}), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_callback_op(9, HYPERVISORS_OWN), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_set_callbacks(NOT_CANONICAL, 0x1000, 0x1000), here(-XEN_EINVAL, 0));
	ANSWER(HYPERVISOR_set_trap_table(bad), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_trap_table(HYPERVISORS_OWN), -XEN_EFAULT);
	ANSWER(HYPERVISOR_nmi_op(9, NULL), -XEN_ENOSYS);
}

static void registers(void)
{
	ANSWER(HYPERVISOR_set_segment_base(SEGBASE_FS, NOT_CANONICAL), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_segment_base(9, 0), -XEN_EINVAL);
	ANSWER(HYPERVISOR_set_debugreg(0, (unsigned long)HYPERVISORS_OWN), -XEN_EPERM);
	ANSWER(HYPERVISOR_set_debugreg(9, 0), here(-XEN_EINVAL, -XEN_ENODEV));
	ANSWER(HYPERVISOR_set_debugreg(1, 0x1000), 0);
	ANSWER(HYPERVISOR_get_debugreg(1), 0x1000);
	ANSWER(HYPERVISOR_set_debugreg(1, -0x7001UL), 0); /* Parapet's inner mark of preemption */
	ANSWER(HYPERVISOR_get_debugreg(1), -0x7001);
	struct multicall_entry call = {.op = __HYPERVISOR_get_debugreg, .args = {1}};
	ANSWER(HYPERVISOR_multicall(&call, 1), 0);
	ANSWER(call.result, -0x7001);
	ANSWER(HYPERVISOR_set_debugreg(1, 0), 0);
	ANSWER(HYPERVISOR_get_debugreg(9), here(-XEN_EINVAL, -XEN_ENODEV));
	ANSWER(HYPERVISOR_fpu_taskswitch(1), 0);
	ANSWER(HYPERVISOR_fpu_taskswitch(0), 0);
	ANSWER(HYPERVISOR_vm_assist(VMASST_CMD_enable, VMASST_TYPE_4gb_segments), 0);
	ANSWER(HYPERVISOR_vm_assist(VMASST_CMD_enable, 63), -XEN_EINVAL);
	ANSWER(HYPERVISOR_vm_assist(VMASST_CMD_enable, 99), -XEN_EINVAL);
	ANSWER(HYPERVISOR_vm_assist(9, VMASST_TYPE_4gb_segments), -XEN_ENOSYS);
	ANSWER(HYPERVISOR_console_io(9, 0, NULL), to_whom(-XEN_ENOSYS, -XEN_EPERM));
}

static void ports(void)
{
	struct physdev_set_iopl iopl = {4};
	struct physdev_set_iobitmap bitmap = {.nr_ports = 65537};
	struct physdev_eoi eoi = {1 << 20};

	ANSWER(HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
	iopl.iopl = 1;
	ANSWER(HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
	iopl.iopl = 0;
	ANSWER(HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
	ANSWER(HYPERVISOR_physdev_op(PHYSDEVOP_set_iobitmap, &bitmap), -XEN_EINVAL);
	ANSWER(HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
	ANSWER(HYPERVISOR_physdev_op(99, &eoi), -XEN_ENOSYS);
}

void answers_of_processor(void)
{
	descriptors();
	entry_points();
	registers();
	ports();
}
