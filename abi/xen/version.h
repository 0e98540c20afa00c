/* SPDX-License-Identifier: MIT */
/*
 * xen_version(unsigned int cmd, void *arg): what the hypervisor is. Any domain. Returns 0, or what
 * the command says. Texts end with 0. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_VERSION_H__
#define __XEN_PUBLIC_VERSION_H__

#include "xen.h"

/* Returns the ABI's version: major << 16 | minor (4 << 16 | 17). arg is ignored. */
#define XENVER_version 0

/* OUT: the rest of the version, e.g. "-parapet". */
#define XENVER_extraversion 1
#ifndef __ASSEMBLY__
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))
#endif

/* OUT: how it was built. */
#define XENVER_compile_info 2
#ifndef __ASSEMBLY__
struct xen_compile_info {
	char compiler[64];	 /* OUT */
	char compile_by[16];	 /* OUT */
	char compile_domain[32]; /* OUT */
	char compile_date[32];	 /* OUT */
};
typedef struct xen_compile_info xen_compile_info_t;
#endif

/* OUT: the kinds of guest that run, separated by spaces: "xen-3.0-x86_64 ". */
#define XENVER_capabilities 3
#ifndef __ASSEMBLY__
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))
#endif

/* OUT: revision of the source. */
#define XENVER_changeset 4
#ifndef __ASSEMBLY__
typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))
#endif

#define XENVER_platform_parameters 5
#ifndef __ASSEMBLY__
struct xen_platform_parameters {
	xen_ulong_t virt_start; /* OUT: first virtual address of the hypervisor */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;
#endif

/* Features, <xen/features.h>, 32 at a time. EINVAL: no such word. */
#define XENVER_get_features 6
#ifndef __ASSEMBLY__
struct xen_feature_info {
	unsigned int submap_idx; /* IN: word, 0..XENFEAT_NR_SUBMAPS - 1 */
	uint32_t submap;	 /* OUT: bit f % 32: XENFEAT f */
};
typedef struct xen_feature_info xen_feature_info_t;
#endif

#include "features.h"

/* Returns the page size: 4096. arg is ignored. */
#define XENVER_pagesize 7

/* OUT: the domain's UUID, xen_domain_handle_t. */
#define XENVER_guest_handle 8

/* OUT: the hypervisor's command line. Unprivileged domains get an empty text. */
#define XENVER_commandline 9
#ifndef __ASSEMBLY__
typedef char xen_commandline_t[1024];
#endif

/*
 * The linker's build id. With a null arg returns its length; else fills the buffer and returns
 * the length. ENOBUFS: no room. ENODATA: none.
 */
#define XENVER_build_id 10
#ifndef __ASSEMBLY__
struct xen_build_id {
	uint32_t len;			       /* IN: room in buf, bytes */
	unsigned char buf[XEN_FLEX_ARRAY_DIM]; /* OUT */
};
typedef struct xen_build_id xen_build_id_t;
#endif

#endif
