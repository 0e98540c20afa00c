/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine in dom0's hands: console_io, platform_op, and parapet_op. Guests have their console
 * ring; a domU that tries is told so. What is not listed of platform_op has no meaning here:
 * ENOSYS.
 */
#include <core/calls.h>
#include <core/hooks.h>
#include <lib/printk.h>
#include <lib/string.h>
#include <xen/parapet.h>
#include <xen/platform.h>

/* --- console_io --- */

/* The UART is slow: one chunk, then look whether somebody waits. */
static long console_write(u64 count, u64 buffer)
{
	char chunk[128];

	while (count) {
		size_t n = MIN(count, sizeof(chunk));

		if (!copy_from_guest(chunk, buffer, n))
			return refuse_fault(buffer);
		log_serial(chunk, n);
		count -= n;
		buffer += n;
		if (count && hypercall_preempt_check())
			return hypercall_preempt(0, CONSOLEIO_write, count, buffer, 0);
	}
	return 0;
}

static long console_read(u64 count, u64 buffer)
{
	u64 done = 0;

	for (int c; done < count && (c = serial_getc()) >= 0; done++) {
		char ch = (char)c;

		if (!put_guest(buffer + done, ch))
			return refuse_fault(buffer + done);
	}
	return (long)done;
}

long do_console_io(u64 cmd, u64 count, u64 buffer)
{
	count = (u32)count;
	if (!current_domain()->privileged)
		return refuse(NOT_ALLOWED, "only dom0 has the console: use the ring of start_info");
	if ((s32)count < 0)
		return refuse(BAD_ARGUMENT, "%lu bytes are too many", count);
	if ((u32)cmd == CONSOLEIO_write)
		return console_write(count, buffer);
	if ((u32)cmd == CONSOLEIO_read)
		return console_read(count, buffer);
	return refuse_operation(cmd);
}

/* --- platform_op --- */

#define ACPI_S5 5

static long cpu_info(struct xenpf_pcpuinfo *i)
{
	bool known = i->xen_cpuid < cpu_count;

	i->max_present = cpu_count - 1;
	i->flags = known ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID;
	if (known)
		i->apic_id = i->acpi_id = cpus[i->xen_cpuid]->apic_id;
	return 0;
}

static long perform(struct xen_platform_op *op)
{
	const struct xenpf_settime64 *time = &op->u.settime64;
	struct xenpf_firmware_info *info = &op->u.firmware_info;

	switch (op->cmd) {
	case XENPF_settime64:
		if (time->mbz)
			return refuse(BAD_ARGUMENT, "settime64: mbz is not 0");
		wallclock_set(time->secs, time->nsecs, time->system_time);
		return 0;
	case XENPF_firmware_info:
		if (!info->type || info->type > XEN_FW_KBD_SHIFT_FLAGS)
			return refuse(NO_OBJECT, "firmware_info type %u", info->type);
		if (info->type != XEN_FW_KBD_SHIFT_FLAGS)
			return -XEN_ESRCH; /* disks, EDID, EFI tables are the drivers' business */
		info->u.kbd_shift_flags = 0;
		return 0;
	case XENPF_enter_acpi_sleep:
		if (op->u.enter_acpi_sleep.sleep_state != ACPI_S5)
			return refuse(NO_CALL, "ACPI sleep state S%u",
				      op->u.enter_acpi_sleep.sleep_state);
		printk(LOG_INFO, "dom0 switches the machine off\n");
		machine_poweroff();
	case XENPF_get_cpuinfo:
		return cpu_info(&op->u.pcpu_info);
	default:
		return -XEN_ENOSYS;
	}
}

long do_platform_op(u64 arg)
{
	struct xen_platform_op op;
	long rc = control_read(&op, sizeof(op), arg, XENPF_INTERFACE_VERSION) ?: perform(&op);

	return !rc && !put_guest(arg, op) ? refuse_fault(arg) : rc;
}

/* --- parapet_op: the auditor and the counts of refusals, for tools and tests --- */

static long refusals(u64 arg)
{
	struct parapet_refusals op;
	struct domain *d;

	if (!get_guest(op, arg))
		return refuse_fault(arg);
	if (get_target(op.domid, &d))
		return -XEN_ESRCH;
	memcpy(op.counts, d->refusals, sizeof(op.counts));
	domain_put(d);
	return put_guest(arg, op) ? 0 : refuse_fault(arg);
}

long do_parapet_op(u64 cmd, u64 arg)
{
	struct parapet_audit result = {0};

	if (need_privilege())
		return -XEN_EPERM;
	if ((u32)cmd == PARAPET_audit) {
		mm_audit(&result);
		return put_guest(arg, result) ? 0 : refuse_fault(arg);
	}
	if ((u32)cmd == PARAPET_refusals)
		return refusals(arg);
	return refuse_operation(cmd);
}
