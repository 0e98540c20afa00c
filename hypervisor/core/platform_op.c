/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform_op: the machine as dom0 manages it. What is not listed has no meaning here: ENOSYS. */
#include <core/calls.h>
#include <core/hooks.h>
#include <lib/string.h>
#include <x86/machine.h>
#include <x86/privileged.h>
#include <x86/time.h>
#include <x86/uaccess.h>
#include <xen/errno.h>
#include <xen/platform.h>

#define ACPI_S5 5

static long set_time(const struct xenpf_settime64 *t)
{
	if (t->mbz)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "settime64: mbz is not 0");
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
		return refuse(-XEN_EINVAL, REFUSE_UNKNOWN, "firmware_info type %u", f->type);
	}
}

static long enter_sleep(const struct xenpf_enter_acpi_sleep *s)
{
	if (s->sleep_state != ACPI_S5)
		return refuse(-XEN_ENOSYS, REFUSE_UNKNOWN, "ACPI sleep state S%u", s->sleep_state);
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

static long cpu_version(struct xenpf_pcpu_version *p)
{
	u32 id[4], vendor[4];

	if (p->xen_cpuid >= cpu_count)
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT, "CPU %u of %u", p->xen_cpuid,
			      cpu_count);
	cpuid(0, 0, vendor);
	cpuid(1, 0, id);
	memcpy(p->vendor_id, &vendor[1], 4);
	memcpy(p->vendor_id + 4, &vendor[3], 4);
	memcpy(p->vendor_id + 8, &vendor[2], 4);
	p->max_present = cpu_count - 1;
	p->family = (id[0] >> 8) & 15;
	p->model = (id[0] >> 4) & 15;
	if (p->family == 6 || p->family == 15)
		p->model |= (id[0] >> 12) & 0xf0;
	if (p->family == 15)
		p->family += (id[0] >> 20) & 0xff;
	p->stepping = id[0] & 15;
	return 0;
}

static long idle_times(struct xenpf_getidletime *t)
{
	u64 bitmap = (u64)t->cpumap_bitmap.p, times = (u64)t->idletime.p;
	unsigned cpus_asked = MIN(t->cpumap_nr_cpus, MAX_CPUS);
	u8 map[MAX_CPUS / 8] = {0};

	if (!copy_from_guest(map, bitmap, (cpus_asked + 7) / 8))
		return -XEN_EFAULT;
	for (unsigned i = 0; i < cpus_asked; i++) {
		if (!(map[i / 8] >> (i % 8) & 1))
			continue;
		if (i >= cpu_count)
			map[i / 8] &= (u8) ~(1U << (i % 8));
		else if (!put_guest(times + i * sizeof(u64), cpus[i]->idle_ns))
			return -XEN_EFAULT;
	}
	t->now = now_ns();
	return copy_to_guest(bitmap, map, (cpus_asked + 7) / 8) ? 0 : -XEN_EFAULT;
}

static long perform(struct xen_platform_op *op)
{
	switch (op->cmd) {
	case XENPF_settime32:
		wallclock_set(op->u.settime32.secs, op->u.settime32.nsecs,
			      op->u.settime32.system_time);
		return 0;
	case XENPF_settime64:
		return set_time(&op->u.settime64);
	case XENPF_platform_quirk:
		return 0;
	case XENPF_firmware_info:
		return firmware_info(&op->u.firmware_info);
	case XENPF_enter_acpi_sleep:
		return enter_sleep(&op->u.enter_acpi_sleep);
	case XENPF_getidletime:
		return idle_times(&op->u.getidletime);
	case XENPF_get_cpuinfo:
		return cpu_info(&op->u.pcpu_info);
	case XENPF_get_cpu_version:
		return cpu_version(&op->u.pcpu_version);
	default:
		return -XEN_ENOSYS;
	}
}

long do_platform_op(u64 arg)
{
	struct xen_platform_op op;
	long err;

	if (!current_domain()->privileged)
		return refuse(-XEN_EPERM, REFUSE_PERMISSION, "platform_op is dom0's");
	if (!get_guest(op, arg))
		return -XEN_EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return refuse(-XEN_EACCES, REFUSE_ARGUMENT,
			      "platform_op interface version %#x, not %#x", op.interface_version,
			      XENPF_INTERFACE_VERSION);
	err = perform(&op);
	if (!err && !put_guest(arg, op))
		err = -XEN_EFAULT;
	return err;
}
