/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xen_version: what this hypervisor is. The version number is that of the ABI (Xen 4.17), the rest
 * says Parapet. Answers are built in zeroed buffers: no byte of the stack leaves with them.
 */
#include <xen/features.h>
#include <xen/version.h>
#include <core/calls.h>
#include <core/console_io.h>
#include <lib/string.h>
#include <x86/layout.h>

#define ABI_MAJOR 4
#define ABI_MINOR 17

#ifndef PARAPET_VERSION
#define PARAPET_VERSION "0.1"
#endif

static long answer(u64 arg, const void *data, size_t size)
{
	return copy_to_guest(arg, data, size) ? 0 : refuse_fault(arg);
}

static long answer_string(u64 arg, const char *text, size_t size)
{
	char buf[1024] = {0};

	snprintk(buf, MIN(size, sizeof(buf)), "%s", text);
	return answer(arg, buf, MIN(size, sizeof(buf)));
}

static long compile_info(u64 arg)
{
	struct xen_compile_info info = {0};

	snprintk(info.compiler, sizeof(info.compiler), "%s", __VERSION__);
	snprintk(info.compile_by, sizeof(info.compile_by), "parapet");
	/* no build date: two builds of one source are the same bytes */
	snprintk(info.compile_date, sizeof(info.compile_date), "reproducible build");
	return answer(arg, &info, sizeof(info));
}

static long get_features(u64 arg)
{
	struct xen_feature_info fi;

	if (!get_guest(fi, arg))
		return refuse_fault(arg);
	if (fi.submap_idx >= XENFEAT_NR_SUBMAPS)
		return refuse(BAD_ARGUMENT, "there is no feature submap %u", fi.submap_idx);
	fi.submap = 1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_gnttab_map_avail_bits |
		    1U << XENFEAT_highmem_assist | 1U << XENFEAT_memory_op_vnode_supported |
		    1U << XENFEAT_not_direct_mapped | 1U << XENFEAT_pae_pgdir_above_4gb;
	if (current_domain()->privileged)
		fi.submap |= 1U << XENFEAT_dom0;
	return answer(arg, &fi, sizeof(fi));
}

static long platform_parameters(u64 arg)
{
	const struct xen_platform_parameters p = {.virt_start = HYPERVISOR_VIRT_START};

	return answer(arg, &p, sizeof(p));
}

long do_xen_version(u64 cmd, u64 arg)
{
	switch ((u32)cmd) {
	case XENVER_version:
		return ABI_MAJOR << 16 | ABI_MINOR;
	case XENVER_extraversion:
		return answer_string(arg, "-parapet-" PARAPET_VERSION, XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return compile_info(arg);
	case XENVER_capabilities:
		return answer_string(arg, "xen-3.0-x86_64 ", XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return answer_string(arg, "parapet " PARAPET_VERSION, XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters:
		return platform_parameters(arg);
	case XENVER_get_features:
		return get_features(arg);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return answer(arg, current_domain()->handle, sizeof(xen_domain_handle_t));
	case XENVER_commandline:
		return answer_string(arg, boot_command_line(), sizeof(xen_commandline_t));
	case XENVER_build_id:
		return -XEN_ENODATA; /* the image carries no build id */
	default:
		return refuse_operation(cmd);
	}
}
