/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercalls of core/ that no other header declares, the table's, and what they share. */
#ifndef CORE_CALLS_H
#define CORE_CALLS_H

#include <core/domain.h>
#include <x86/uaccess.h>

long do_xen_version(u64 cmd, u64 arg);
long do_console_io(u64 cmd, u64 count, u64 buffer);
long do_multicall(u64 list, u64 count);
long do_sched_op(u64 cmd, u64 arg);
long do_set_timer_op(u64 timeout);
long do_vcpu_op(u64 cmd, u64 vcpu_id, u64 arg);
long do_domctl(u64 arg);
long do_sysctl(u64 arg);
long do_parapet_op(u64 cmd, u64 arg);
long do_memory_op(u64 cmd, u64 arg);
long do_platform_op(u64 arg);
long do_physdev_op(u64 cmd, u64 arg); /* dev/physdev.c */

/* --- domctl and sysctl: the caller is privileged, domctl's lock is held; 0 or -errno --- */
struct xen_domctl;
struct xen_domctl_getdomaininfo;
void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
long domctl_ioport_permission(struct domain *d, struct xen_domctl *op);
long domctl_iomem_permission(struct domain *d, struct xen_domctl *op);
long domctl_irq_permission(struct domain *d, struct xen_domctl *op);
/** Take ports or frames away from a domain that does not run; false: it has too many ranges. */
bool domain_deny(struct domain *d, bool ports, u64 first, u64 last);

/** The answer to numbers that have no hypercall. */
long hypercall_none(void);
/** Call by number, any number, with the caller's name for messages set. */
static inline long hypercall_call(u32 nr, const u64 args[6])
{
	this_cpu()->hypercall = nr;
	return hypercall_table[MIN(nr, HYPERCALLS)](args[0], args[1], args[2], args[3], args[4],
						    args[5]);
}
/** Run v's preempted hypercall on; v is current. Its result goes to the guest. */
void hypercall_resume(struct vcpu *v);

/* --- what most hypercalls say sooner or later --- */

static inline long refuse_fault(u64 addr)
{
	return refuse(BAD_ADDRESS, "argument at %#lx is not accessible", addr);
}

static inline long refuse_operation(u64 cmd)
{
	return refuse(NO_CALL, "there is no operation %u", (u32)cmd);
}

/** 0 for dom0, otherwise -XEN_EPERM. */
static inline long need_privilege(void)
{
	return likely(current_domain()->privileged) ? 0 : refuse(NOT_ALLOWED, "only dom0 may");
}

/** The named domain with a reference; others than one's own only for the privileged. 0, -errno. */
static inline long get_target(domid_t domid, struct domain **out)
{
	const struct domain *own = current_domain();

	if (domid != DOMID_SELF && domid != own->mem.domid && !own->privileged)
		return refuse(NOT_ALLOWED, "only dom0 may name domain %u", domid);
	*out = domain_get(domid);
	return *out ? 0 : refuse(NO_DOMAIN, "there is no domain %u", domid);
}

/** A command of a hypercall whose argument is one structure in guest memory. */
struct command {
	/* d: the caller, or the domain that is named. 0, -errno, or (not with OP_ANSWERS) more. */
	long (*fn)(struct domain *d, void *op);
	u8 size; /* of the structure, bytes */
	u8 flags;
};
#define OP_ANSWERS	1 /* it is written back after success */
#define OP_NAMES_DOMAIN 2 /* it begins with a domid: see get_target() */
#define OP_PRIVILEGED	4

/** Run command cmd: its structure is read once, and written back if there is an answer in it. */
static inline long run_command(const struct command *table, u64 count, u64 cmd, u64 arg)
{
	const struct command *o = cmd < count ? &table[cmd] : NULL;
	struct domain *d = current_domain();
	u64 op[32]; /* for any u8 size */
	long rc = 0;

	if (!o || !o->fn)
		return refuse_operation(cmd);
	if (o->flags & OP_PRIVILEGED)
		rc = need_privilege();
	if (!rc && o->size && !copy_from_guest(op, arg, o->size))
		rc = refuse_fault(arg);
	if (!rc && (o->flags & OP_NAMES_DOMAIN))
		rc = get_target(*(domid_t *)op, &d);
	if (rc)
		return rc;
	rc = o->fn(d, op);
	if (o->flags & OP_NAMES_DOMAIN)
		domain_put(d);
	return !rc && (o->flags & OP_ANSWERS) && !copy_to_guest(arg, op, o->size)
		       ? refuse_fault(arg)
		       : rc;
}

/**
 * The start of domctl, sysctl and platform_op alike: dom0 calls, and the structure, which begins
 * with u32 command and u32 version, is copied to op. 0 or -errno.
 */
static inline long control_read(void *op, size_t size, u64 arg, u32 version)
{
	const u32 *head = op;
	long rc = need_privilege();

	if (rc)
		return rc;
	if (!copy_from_guest(op, arg, size))
		return refuse_fault(arg);
	if (head[1] != version)
		return refuse_as(-XEN_EACCES, BAD_ARGUMENT, "interface version %#x, this is %#x",
				 head[1], version);
	return 0;
}

#endif
