/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <xen/errno.h>
#include "problem.h"

int problem_note(struct problem *problem, int error, const char *format, ...)
{
	va_list args;

	if (problem && !problem->text[0]) {
		va_start(args, format);
		vsnprintf(problem->text, sizeof(problem->text), format, args);
		va_end(args);
	}
	return -error;
}

static const struct {
	int error;
	const char *reason;
} reasons[] = {
	{XEN_EPERM, "not permitted"},
	{XEN_ENOENT, "no such thing"},
	{XEN_ESRCH, "no such domain"},
	{XEN_EIO, "input/output error"},
	{XEN_E2BIG, "too big"},
	{XEN_ENOMEM, "out of memory"},
	{XEN_EACCES, "access denied"},
	{XEN_EFAULT, "bad address"},
	{XEN_EBUSY, "busy"},
	{XEN_EEXIST, "exists already"},
	{XEN_EXDEV, "not yours"},
	{XEN_EINVAL, "invalid argument"},
	{XEN_ENOSPC, "no space left"},
	{XEN_EROFS, "read-only"},
	{XEN_ENOSYS, "the hypervisor does not offer it"},
	{XEN_EOPNOTSUPP, "the hypervisor does not support it"},
	{XEN_ENODATA, "no data"},
	{XEN_EAGAIN, "try again"},
	{XEN_ETIMEDOUT, "timed out"},
};

const char *problem_reason(int error)
{
	int positive = error < 0 ? -error : error;

	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == positive)
			return reasons[i].reason;
	return "refused";
}
