/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of hypercalls: returned negated. Each with what it means here; a call's own page
 * says more. They equal Linux's numbers for x86, so `-ret` can be given to strerror().
 */
#ifndef __XEN_PUBLIC_ERRNO_H__
#define __XEN_PUBLIC_ERRNO_H__

#include "xen-compat.h"

#ifndef __ASSEMBLY__
enum xen_errno {
	XEN_EPERM = 1,		/* the caller may not do that, or not to that domain or frame */
	XEN_ENOENT = 2,		/* no such vCPU, port, reference or key */
	XEN_ESRCH = 3,		/* no such domain */
	XEN_EINTR = 4,		/* never leaves the hypervisor */
	XEN_EIO = 5,		/* hardware or console failed */
	XEN_ENXIO = 6,		/* no such device or frame */
	XEN_E2BIG = 7,		/* more than the structure or limit holds */
	XEN_ENOEXEC = 8,	/* not an image that can be run */
	XEN_EBADF = 9,		/* that port or handle is not yours */
	XEN_ECHILD = 10,	/* unused */
	XEN_EAGAIN = 11,	/* not now; the same call may succeed later */
	XEN_EWOULDBLOCK = 11,	/* the same */
	XEN_ENOMEM = 12,	/* no memory in the hypervisor, or beyond the domain's limit */
	XEN_EACCES = 13,	/* the interface version or a permission does not fit */
	XEN_EFAULT = 14,	/* argument memory is not readable or writable by the guest */
	XEN_EBUSY = 16,		/* in use */
	XEN_EEXIST = 17,	/* already there, or already bound */
	XEN_EXDEV = 18,		/* unused */
	XEN_ENODEV = 19,	/* no such device, or not offered on this machine */
	XEN_ENOTDIR = 20,	/* store */
	XEN_EISDIR = 21,	/* store */
	XEN_EINVAL = 22,	/* an argument is out of range or contradicts the state */
	XEN_ENFILE = 23,	/* unused */
	XEN_EMFILE = 24,	/* unused */
	XEN_ENOSPC = 28,	/* no free port, vector or slot */
	XEN_EROFS = 30,		/* store */
	XEN_EMLINK = 31,	/* unused */
	XEN_EDOM = 33,		/* unused */
	XEN_ERANGE = 34,	/* the answer does not fit */
	XEN_EDEADLK = 35,	/* unused */
	XEN_EDEADLOCK = 35,	/* the same */
	XEN_ENAMETOOLONG = 36,	/* unused */
	XEN_ENOLCK = 37,	/* unused */
	XEN_ENOSYS = 38,	/* no such hypercall or sub-operation */
	XEN_ENOTEMPTY = 39,	/* store */
	XEN_ENODATA = 61,	/* there is nothing to read */
	XEN_ETIME = 62,		/* the time is already past (VCPU_SSHOTTMR_future) */
	XEN_EBADMSG = 74,	/* unused */
	XEN_EOVERFLOW = 75,	/* a value or a count does not fit */
	XEN_EILSEQ = 84,	/* unused */
	XEN_ERESTART = 85,	/* never leaves the hypervisor: the call is to be continued */
	XEN_ENOTSOCK = 88,	/* unused */
	XEN_EMSGSIZE = 90,	/* unused */
	XEN_EOPNOTSUPP = 95,	/* known, but not for this kind of guest or on this machine */
	XEN_EADDRINUSE = 98,	/* unused */
	XEN_EADDRNOTAVAIL = 99, /* unused */
	XEN_ENOBUFS = 105,	/* the caller's buffer is too small */
	XEN_EISCONN = 106,	/* store */
	XEN_ENOTCONN = 107,	/* unused */
	XEN_ETIMEDOUT = 110,	/* unused */
	XEN_ECONNREFUSED = 111, /* unused */
};
#endif

#endif
