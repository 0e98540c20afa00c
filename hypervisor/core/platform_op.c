/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform_op: the machine as dom0 manages it. What is not listed has no meaning here: ENOSYS. */
#include <core/calls.h>
#include <core/hooks.h>
#include <x86/machine.h>
#include <x86/time.h>
#include <xen/platform.h>

#define ACPI_S5 5

static long set_time(const struct xenpf_settime64 *t)
{
	if (t->mbz)
		return refuse(BAD_ARGUMENT, "settime64: mbz is not 0");
	wallclock_set(t->secs, t->nsecs, t->system_time);
	return 0;
}

/* Disks, EDID and EFI tables are for drivers, which are not the hypervisor's business. */
static long firmware_info(struct xenpf_firmware_info *f)
{
	switch (f->type) {
	case XEN_FW_KBD_SHIFT_FLAGS:
		f->u.kbd_shift_flags = 0;
		return 0;
	case XEN_FW_DISK_INFO:
	case XEN_FW_DISK_MBR_SIGNATURE:
	case XEN_FW_VBEDDC_INFO:
	case XEN_FW_EFI_INFO:
		return -XEN_ESRCH;
	default:
		return refuse(NO_OBJECT, "firmware_info type %u", f->type);
	}
}

static long enter_sleep(const struct xenpf_enter_acpi_sleep *s)
{
	if (s->sleep_state != ACPI_S5)
		return refuse(NO_CALL, "ACPI sleep state S%u", s->sleep_state);
	printk(LOG_INFO, "dom0 switches the machine off\n");
	machine_poweroff();
}

static long cpu_info(struct xenpf_pcpuinfo *i)
{
	i->max_present = cpu_count - 1;
	if (i->xen_cpuid >= cpu_count) {
		i->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	i->flags = XEN_PCPU_FLAGS_ONLINE;
	i->apic_id = i->acpi_id = cpus[i->xen_cpuid]->apic_id;
	return 0;
}

static long perform(struct xen_platform_op *op)
{
	switch (op->cmd) {
	case XENPF_settime64:
		return set_time(&op->u.settime64);
	case XENPF_firmware_info:
		return firmware_info(&op->u.firmware_info);
	case XENPF_enter_acpi_sleep:
		return enter_sleep(&op->u.enter_acpi_sleep);
	case XENPF_get_cpuinfo:
		return cpu_info(&op->u.pcpu_info);
	default:
		return -XEN_ENOSYS;
	}
}

long do_platform_op(u64 arg)
{
	struct xen_platform_op op;
	long rc = control_read(&op, sizeof(op), arg, XENPF_INTERFACE_VERSION);

	if (!rc)
		rc = perform(&op);
	return !rc && !put_guest(arg, op) ? refuse_fault(arg) : rc;
}
