/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xen_version: what this hypervisor is. The version number is that of the ABI (Xen 4.17), the rest
 * says Parapet. No byte of the stack leaves with an answer.
 */
#include <xen/features.h>
#include <xen/version.h>
#include <core/calls.h>
#include <core/hooks.h>
#include <x86/layout.h>

#define ABI_VERSION (4 << 16 | 17)

#define PARAPET_VERSION "0.1"

/* Answers that are always the same; zero to their ends. */
static const xen_extraversion_t extraversion = "-parapet-" PARAPET_VERSION;
static const xen_capabilities_info_t capabilities = "xen-3.0-x86_64 ";
static const xen_changeset_info_t changeset = "parapet " PARAPET_VERSION;
static const struct xen_platform_parameters platform = {.virt_start = HYPERVISOR_VIRT_START};
static const struct xen_compile_info compile_info = {
	.compiler = __VERSION__,
	.compile_by = "parapet",
	.compile_date = "reproducible build", /* no date: two builds are the same bytes */
};

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
	return put_guest(arg, fi) ? 0 : refuse_fault(arg);
}

static long command_line(u64 arg)
{
	xen_commandline_t text = {0};

	snprintk(text, sizeof(text), "%s", boot_command_line);
	return put_guest(arg, text) ? 0 : refuse_fault(arg);
}

long do_xen_version(u64 cmd, u64 arg)
{
	/* The shortest of all: kernels call it to have their events delivered. */
	if (likely((u32)cmd == XENVER_version))
		return ABI_VERSION;
	switch ((u32)cmd) {
	case XENVER_extraversion:
		return put_guest(arg, extraversion) ? 0 : refuse_fault(arg);
	case XENVER_compile_info:
		return put_guest(arg, compile_info) ? 0 : refuse_fault(arg);
	case XENVER_capabilities:
		return put_guest(arg, capabilities) ? 0 : refuse_fault(arg);
	case XENVER_changeset:
		return put_guest(arg, changeset) ? 0 : refuse_fault(arg);
	case XENVER_platform_parameters:
		return put_guest(arg, platform) ? 0 : refuse_fault(arg);
	case XENVER_get_features:
		return get_features(arg);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return put_guest(arg, current_domain()->handle) ? 0 : refuse_fault(arg);
	case XENVER_commandline:
		return command_line(arg);
	case XENVER_build_id:
		return -XEN_ENODATA; /* the image carries no build id */
	default:
		return refuse_operation(cmd);
	}
}
