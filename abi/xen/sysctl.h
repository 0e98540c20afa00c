/* SPDX-License-Identifier: MIT */
/*
 * sysctl(struct xen_sysctl *): the machine as its keeper sees it. dom0 only.
 * For all: EACCES: interface_version differs. ENOSYS: Parapet does not offer it. The structure is
 * written back where a field says OUT. Conventions of the comments: see xen.h. None is preempted.
 */
#ifndef __XEN_PUBLIC_SYSCTL_H__
#define __XEN_PUBLIC_SYSCTL_H__

#include "xen.h"
#include "domctl.h"
#include "physdev.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015

/* Read the hypervisor's log. */
struct xen_sysctl_readconsole {
	uint8_t clear;	     /* IN: 1 = forget what was read */
	uint8_t incremental; /* IN: 1 = from `index` on, else from the start */
	uint8_t pad0, pad1;
	uint32_t index;			  /* IN/OUT: position; OUT: where to go on */
	XEN_GUEST_HANDLE_64(char) buffer; /* OUT */
	uint32_t count;			  /* IN: room in bytes. OUT: bytes written */
};

/* Trace buffers: ENOSYS. */
struct xen_sysctl_tbuf_op {
#define XEN_SYSCTL_TBUFOP_get_info     0
#define XEN_SYSCTL_TBUFOP_set_cpu_mask 1
#define XEN_SYSCTL_TBUFOP_set_evt_mask 2
#define XEN_SYSCTL_TBUFOP_set_size     3
#define XEN_SYSCTL_TBUFOP_enable       4
#define XEN_SYSCTL_TBUFOP_disable      5
	uint32_t cmd;		       /* IN */
	struct xenctl_bitmap cpu_mask; /* IN */
	uint32_t evt_mask;	       /* IN/OUT */
	uint64_aligned_t buffer_mfn;   /* OUT */
	uint32_t size;		       /* IN/OUT: frames */
};

#define _XEN_SYSCTL_PHYSCAP_hvm		       0
#define XEN_SYSCTL_PHYSCAP_hvm		       (1u << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv		       1
#define XEN_SYSCTL_PHYSCAP_pv		       (1u << _XEN_SYSCTL_PHYSCAP_pv) /* PV guests run */
#define _XEN_SYSCTL_PHYSCAP_directio	       2
#define XEN_SYSCTL_PHYSCAP_directio	       (1u << _XEN_SYSCTL_PHYSCAP_directio)
#define _XEN_SYSCTL_PHYSCAP_hap		       3
#define XEN_SYSCTL_PHYSCAP_hap		       (1u << _XEN_SYSCTL_PHYSCAP_hap)
#define _XEN_SYSCTL_PHYSCAP_shadow	       4
#define XEN_SYSCTL_PHYSCAP_shadow	       (1u << _XEN_SYSCTL_PHYSCAP_shadow)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share 5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share  (1u << _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share)
#define XEN_SYSCTL_PHYSCAP_vmtrace	       (1u << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu		       (1u << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1	       (1u << 8) /* grant tables of version 1 */
#define XEN_SYSCTL_PHYSCAP_gnttab_v2	       (1u << 9)
#define XEN_SYSCTL_PHYSCAP_MAX		       XEN_SYSCTL_PHYSCAP_gnttab_v2
/* Hardware in numbers. All OUT. */
struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;	    /* CPUs that are up */
	uint32_t max_cpu_id;	    /* the highest CPU number */
	uint32_t nr_nodes;	    /* NUMA nodes: 1 */
	uint32_t max_node_id;	    /* 0 */
	uint32_t cpu_khz;	    /* TSC frequency, kHz */
	uint32_t capabilities;	    /* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities; /* 0 */
	uint32_t pad;
	uint64_aligned_t total_pages;	    /* frames of RAM */
	uint64_aligned_t free_pages;	    /* frames that are free */
	uint64_aligned_t scrub_pages;	    /* freed, to be cleaned: 0 */
	uint64_aligned_t outstanding_pages; /* claimed by XENMEM_claim_pages */
	uint64_aligned_t max_mfn;	    /* the highest frame */
	uint32_t hw_cap[8];		    /* CPUID feature words */
};

struct xen_sysctl_sched_id {
	uint32_t sched_id; /* OUT: XEN_SCHEDULER_* */
};

/* Performance counters: ENOSYS. */
#define XEN_SYSCTL_PERFCOP_reset 1
#define XEN_SYSCTL_PERFCOP_query 2

/* State of domains first_domain and up, in order. */
struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;					/* IN */
	uint32_t max_domains;					/* IN: room */
	XEN_GUEST_HANDLE_64(xen_domctl_getdomaininfo_t) buffer; /* OUT */
	uint32_t num_domains;					/* OUT: entries written */
};

/* Press keys of the hypervisor's debug menu. Answers go to its log. */
struct xen_sysctl_debug_keys {
	XEN_GUEST_HANDLE_64(const_char) keys; /* IN */
	uint32_t nr_keys;		      /* IN */
};

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime; /* OUT: ns of idling */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpuinfo_t);
struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;				/* IN: room */
	XEN_GUEST_HANDLE_64(xen_sysctl_cpuinfo_t) info; /* OUT: by CPU number */
	uint32_t nr_cpus;				/* OUT: entries written */
};

/* Free memory. Parapet counts all of it, whatever the address limits. */
struct xen_sysctl_availheap {
	uint32_t min_bitwidth;	      /* IN: frames at 2^n and above; 0 = from 0 */
	uint32_t max_bitwidth;	      /* IN: frames below 2^n; 0 = all */
	int32_t node;		      /* IN: NUMA node; -1 = all */
	uint64_aligned_t avail_bytes; /* OUT: bytes */
};

#define XEN_INVALID_CORE_ID   (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID   (~0U)
struct xen_sysctl_cputopo {
	uint32_t core;	 /* OUT; XEN_INVALID_* for a CPU that is not there */
	uint32_t socket; /* OUT */
	uint32_t node;	 /* OUT */
};
typedef struct xen_sysctl_cputopo xen_sysctl_cputopo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cputopo_t);
/* With a null handle: num_cpus receives what is needed. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;				   /* IN: room. OUT: entries */
	XEN_GUEST_HANDLE_64(xen_sysctl_cputopo_t) cputopo; /* OUT: by CPU number */
};

#define XEN_INVALID_MEM_SZ    (~0U)
#define XEN_INVALID_NODE_DIST (~0U)
struct xen_sysctl_meminfo {
	uint64_t memsize; /* OUT: bytes */
	uint64_t memfree; /* OUT: bytes */
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_meminfo_t);
/* With null handles: num_nodes receives what is needed. */
struct xen_sysctl_numainfo {
	uint32_t num_nodes;				   /* IN: room. OUT: nodes */
	XEN_GUEST_HANDLE_64(xen_sysctl_meminfo_t) meminfo; /* OUT: by node */
	XEN_GUEST_HANDLE_64(uint32) distance;		   /* OUT: matrix, 10 = itself */
};

/* CPU pools: there is one, number 0, with all CPUs. Changes to it: EOPNOTSUPP. */
#define XEN_SYSCTL_CPUPOOL_OP_CREATE	 1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY	 2
#define XEN_SYSCTL_CPUPOOL_OP_INFO	 3 /* the first pool >= cpupool_id; ENOENT: no more */
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU	 4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU	 5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO	 7 /* CPUs in no pool */
#define XEN_SYSCTL_CPUPOOL_PAR_ANY	 0xFFFFFFFF
struct xen_sysctl_cpupool_op {
	uint32_t op;		     /* IN */
	uint32_t cpupool_id;	     /* IN/OUT */
	uint32_t sched_id;	     /* OUT: XEN_SCHEDULER_* */
	uint32_t domid;		     /* IN */
	uint32_t cpu;		     /* IN */
	uint32_t n_dom;		     /* OUT: domains in it */
	struct xenctl_bitmap cpumap; /* OUT */
};

/* Parameters of the scheduler as a whole. */
#define XEN_SYSCTL_SCHED_RATELIMIT_MAX 500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN 100
struct xen_sysctl_credit_schedule {
#define XEN_SYSCTL_CSCHED_TSLICE_MAX 1000
#define XEN_SYSCTL_CSCHED_TSLICE_MIN 1
	uint32_t tslice_ms;    /* IN/OUT: ms */
	uint32_t ratelimit_us; /* IN/OUT: us that a vCPU runs at least */
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US (100 * 1000)
	uint32_t vcpu_migr_delay_us; /* IN/OUT: us */
};
struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us; /* IN/OUT: us */
};
#define XEN_SYSCTL_SCHEDOP_putinfo 0
#define XEN_SYSCTL_SCHEDOP_getinfo 1
struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id; /* IN: 0 */
	uint32_t sched_id;   /* IN: XEN_SCHEDULER_* */
	uint32_t cmd;	     /* IN: XEN_SYSCTL_SCHEDOP_* */
	union {
		struct xen_sysctl_sched_arinc653 {
			XEN_GUEST_HANDLE_64(void) schedule; /* not offered */
		} sched_arinc653;
		struct xen_sysctl_credit_schedule sched_credit;
		struct xen_sysctl_credit2_schedule sched_credit2;
	} u; /* put: IN, get: OUT */
};

/* What CPUID can be levelled to. caps 0: nothing can. */
struct xen_sysctl_cpu_levelling_caps {
	uint32_t caps; /* OUT */
};

/* CPUID feature words. With a null handle: nr_features receives what is needed. */
struct xen_sysctl_cpu_featureset {
#define XEN_SYSCTL_cpu_featureset_raw	  0
#define XEN_SYSCTL_cpu_featureset_host	  1
#define XEN_SYSCTL_cpu_featureset_pv	  2
#define XEN_SYSCTL_cpu_featureset_hvm	  3 /* EOPNOTSUPP */
#define XEN_SYSCTL_cpu_featureset_pv_max  4
#define XEN_SYSCTL_cpu_featureset_hvm_max 5   /* EOPNOTSUPP */
	uint32_t index;			      /* IN */
	uint32_t nr_features;		      /* IN/OUT: words */
	XEN_GUEST_HANDLE_64(uint32) features; /* OUT */
};

/* CPUID leaves that a domain starts with, or may have at most. As XEN_DOMCTL_get_cpu_policy. */
struct xen_sysctl_cpu_policy {
#define XEN_SYSCTL_cpu_policy_raw	  0
#define XEN_SYSCTL_cpu_policy_host	  1
#define XEN_SYSCTL_cpu_policy_pv_max	  2
#define XEN_SYSCTL_cpu_policy_hvm_max	  3 /* EOPNOTSUPP */
#define XEN_SYSCTL_cpu_policy_pv_default  4
#define XEN_SYSCTL_cpu_policy_hvm_default 5 /* EOPNOTSUPP */
	uint32_t index;			    /* IN */
	uint32_t nr_leaves;		    /* IN/OUT */
	uint32_t nr_msrs;		    /* IN/OUT */
	uint32_t _rsvd;
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves; /* OUT */
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;    /* OUT */
};
typedef struct xen_sysctl_cpu_policy xen_sysctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpu_policy_t);

/* PCI devices' NUMA nodes: ENOSYS. */
#define XEN_INVALID_DEV (XEN_INVALID_NODE_ID - 1)

#define XEN_SYSCTL_readconsole		  1
#define XEN_SYSCTL_tbuf_op		  2
#define XEN_SYSCTL_physinfo		  3
#define XEN_SYSCTL_sched_id		  4
#define XEN_SYSCTL_perfc_op		  5
#define XEN_SYSCTL_getdomaininfolist	  6
#define XEN_SYSCTL_debug_keys		  7
#define XEN_SYSCTL_getcpuinfo		  8
#define XEN_SYSCTL_availheap		  9
#define XEN_SYSCTL_get_pmstat		  10
#define XEN_SYSCTL_cpu_hotplug		  11
#define XEN_SYSCTL_pm_op		  12
#define XEN_SYSCTL_page_offline_op	  14
#define XEN_SYSCTL_lockprof_op		  15
#define XEN_SYSCTL_cputopoinfo		  16
#define XEN_SYSCTL_numainfo		  17
#define XEN_SYSCTL_cpupool_op		  18
#define XEN_SYSCTL_scheduler_op		  19
#define XEN_SYSCTL_coverage_op		  20
#define XEN_SYSCTL_psr_cmt_op		  21
#define XEN_SYSCTL_pcitopoinfo		  22
#define XEN_SYSCTL_psr_alloc		  23
#define XEN_SYSCTL_get_cpu_levelling_caps 25
#define XEN_SYSCTL_get_cpu_featureset	  26
#define XEN_SYSCTL_livepatch_op		  27
#define XEN_SYSCTL_get_cpu_policy	  29

struct xen_sysctl {
	uint32_t cmd;		    /* IN: XEN_SYSCTL_* */
	uint32_t interface_version; /* IN: XEN_SYSCTL_INTERFACE_VERSION */
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_tbuf_op tbuf_op;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		uint8_t pad[128];
	} u;
};
typedef struct xen_sysctl xen_sysctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_t);

#endif
