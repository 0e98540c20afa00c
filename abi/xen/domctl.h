/* SPDX-License-Identifier: MIT */
/*
 * domctl(struct xen_domctl *): one domain's life, as its builder and keeper sees it. dom0 only.
 *
 * For all: EACCES: interface_version differs. ESRCH: no such domain or vCPU.
 * ENOSYS: Parapet does not offer it. The structure is written back where a field says OUT.
 * Conventions of the comments: see xen.h. Preempted: destroydomain, getpageframeinfo3, max_vcpus.
 */
#ifndef __XEN_PUBLIC_DOMCTL_H__
#define __XEN_PUBLIC_DOMCTL_H__

#include "xen.h"
#include "event_channel.h"
#include "grant_table.h"
#include "memory.h"

#define XEN_DOMCTL_INTERFACE_VERSION 0x00000015

/*
 * Make a domain without memory or vCPUs, paused. `domain` of struct xen_domctl: the wanted number,
 * or 0 (or a reserved one) to be given the next free one (OUT).
 * EEXIST: number taken. EINVAL: not a PV domain, limits out of range. ENOMEM.
 */
struct xen_domctl_createdomain {
	uint32_t ssidref;	    /* IN: security label; ignored */
	xen_domain_handle_t handle; /* IN: UUID */
#define _XEN_DOMCTL_CDF_hvm	     0
#define XEN_DOMCTL_CDF_hvm	     (1U << _XEN_DOMCTL_CDF_hvm) /* EINVAL, like all but xs_domain */
#define _XEN_DOMCTL_CDF_hap	     1
#define XEN_DOMCTL_CDF_hap	     (1U << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity 2
#define XEN_DOMCTL_CDF_s3_integrity  (1U << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off	     3
#define XEN_DOMCTL_CDF_oos_off	     (1U << _XEN_DOMCTL_CDF_oos_off) /* accepted: HVM only */
#define _XEN_DOMCTL_CDF_xs_domain    4
#define XEN_DOMCTL_CDF_xs_domain     (1U << _XEN_DOMCTL_CDF_xs_domain) /* runs the store */
#define _XEN_DOMCTL_CDF_iommu	     5
#define XEN_DOMCTL_CDF_iommu	     (1U << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt  6
#define XEN_DOMCTL_CDF_nested_virt   (1U << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu	     (1U << 7)
#define XEN_DOMCTL_CDF_MAX	     XEN_DOMCTL_CDF_vpmu
	uint32_t flags; /* IN: XEN_DOMCTL_CDF_* */
#define _XEN_DOMCTL_IOMMU_no_sharept 0
#define XEN_DOMCTL_IOMMU_no_sharept  (1U << _XEN_DOMCTL_IOMMU_no_sharept)
#define XEN_DOMCTL_IOMMU_MAX	     XEN_DOMCTL_IOMMU_no_sharept
	uint32_t iommu_opts;	     /* IN: 0 */
	uint32_t max_vcpus;	     /* IN: at least 1 */
	uint32_t max_evtchn_port;    /* IN: the highest port */
	int32_t max_grant_frames;    /* IN: pages of grant table; -1 = default */
	int32_t max_maptrack_frames; /* IN: pages' worth of grant handles; -1 = default */
#define XEN_DOMCTL_GRANT_version_mask 0xf
#define XEN_DOMCTL_GRANT_version(v)   ((v)&XEN_DOMCTL_GRANT_version_mask)
	uint32_t grant_opts;		   /* IN: highest grant table version; 1 is what there is */
	uint32_t vmtrace_size;		   /* IN: 0 */
	uint32_t cpupool_id;		   /* IN: 0 */
	struct xen_arch_domainconfig arch; /* IN */
};

/* State of a domain. ESRCH: there is none of that number (Xen answers with the next one above). */
struct xen_domctl_getdomaininfo {
	domid_t domain; /* OUT: which it is */
	uint16_t pad1;
#define _XEN_DOMINF_dying	 0
#define XEN_DOMINF_dying	 (1U << _XEN_DOMINF_dying) /* being torn down */
#define _XEN_DOMINF_hvm_guest	 1
#define XEN_DOMINF_hvm_guest	 (1U << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown	 2
#define XEN_DOMINF_shutdown	 (1U << _XEN_DOMINF_shutdown) /* ended; why: see below */
#define _XEN_DOMINF_paused	 3
#define XEN_DOMINF_paused	 (1U << _XEN_DOMINF_paused) /* by the toolstack */
#define _XEN_DOMINF_blocked	 4
#define XEN_DOMINF_blocked	 (1U << _XEN_DOMINF_blocked) /* all vCPUs sleep */
#define _XEN_DOMINF_running	 5
#define XEN_DOMINF_running	 (1U << _XEN_DOMINF_running) /* a vCPU is on a CPU */
#define _XEN_DOMINF_debugged	 6
#define XEN_DOMINF_debugged	 (1U << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain	 7
#define XEN_DOMINF_xs_domain	 (1U << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap		 8
#define XEN_DOMINF_hap		 (1U << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask	 255 /* SHUTDOWN_* in these bits */
#define XEN_DOMINF_shutdownshift 16
	uint32_t flags;			    /* OUT: XEN_DOMINF_* */
	uint64_aligned_t tot_pages;	    /* OUT: frames owned */
	uint64_aligned_t max_pages;	    /* OUT: frames allowed */
	uint64_aligned_t outstanding_pages; /* OUT: frames claimed, not yet owned */
	uint64_aligned_t shr_pages;	    /* OUT: 0 */
	uint64_aligned_t paged_pages;	    /* OUT: 0 */
	uint64_aligned_t shared_info_frame; /* OUT: machine frame of shared_info */
	uint64_aligned_t cpu_time;	    /* OUT: ns on physical CPUs, all vCPUs */
	uint32_t nr_online_vcpus;	    /* OUT: vCPUs that are up */
#define XEN_INVALID_MAX_VCPU_ID (~0U)
	uint32_t max_vcpu_id; /* OUT: the highest vCPU number; XEN_INVALID_MAX_VCPU_ID = none */
	uint32_t ssidref;     /* OUT: 0 */
	xen_domain_handle_t handle; /* OUT: UUID */
	uint32_t cpupool;	    /* OUT: 0 */
	uint8_t gpaddr_bits;	    /* OUT: address bits of the domain's memory */
	uint8_t pad2[7];
	struct xen_arch_domainconfig arch_config; /* OUT: as it was created */
};
typedef struct xen_domctl_getdomaininfo xen_domctl_getdomaininfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_getdomaininfo_t);

/* Types of frames: each word of the array holds a machine frame (IN), and its type (OUT). */
#define XEN_DOMCTL_PFINFO_LTAB_SHIFT	28
#define XEN_DOMCTL_PFINFO_NOTAB		(0x0U << 28) /* not a page table */
#define XEN_DOMCTL_PFINFO_L1TAB		(0x1U << 28)
#define XEN_DOMCTL_PFINFO_L2TAB		(0x2U << 28)
#define XEN_DOMCTL_PFINFO_L3TAB		(0x3U << 28)
#define XEN_DOMCTL_PFINFO_L4TAB		(0x4U << 28)
#define XEN_DOMCTL_PFINFO_LTABTYPE_MASK (0x7U << 28)
#define XEN_DOMCTL_PFINFO_LPINTAB	(0x1U << 31) /* and pinned */
#define XEN_DOMCTL_PFINFO_XTAB		(0xfU << 28) /* not a frame of the domain */
#define XEN_DOMCTL_PFINFO_XALLOC	(0xeU << 28) /* tools' own use */
#define XEN_DOMCTL_PFINFO_BROKEN	(0xdU << 28) /* bad memory */
#define XEN_DOMCTL_PFINFO_LTAB_MASK	(0xfU << 28)
struct xen_domctl_getpageframeinfo3 {
	uint64_aligned_t num;		      /* IN: words, at most 1024 */
	XEN_GUEST_HANDLE_64(xen_pfn_t) array; /* IN/OUT */
};

/* Shadow page tables and the dirty log: not offered. ENOSYS. */
#define XEN_DOMCTL_SHADOW_OP_OFF	     0
#define XEN_DOMCTL_SHADOW_OP_ENABLE	     32
#define XEN_DOMCTL_SHADOW_OP_CLEAN	     11
#define XEN_DOMCTL_SHADOW_OP_PEEK	     12
#define XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION  30
#define XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION  31
#define XEN_DOMCTL_SHADOW_OP_ENABLE_TEST     1
#define XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY 2
struct xen_domctl_shadow_op_stats {
	uint32_t fault_count; /* OUT */
	uint32_t dirty_count; /* OUT */
};
struct xen_domctl_shadow_op {
	uint32_t op;				 /* IN */
	uint32_t mode;				 /* IN */
	uint32_t mb;				 /* IN/OUT: MiB */
	XEN_GUEST_HANDLE_64(uint8) dirty_bitmap; /* OUT */
	uint64_aligned_t pages;			 /* IN/OUT */
	struct xen_domctl_shadow_op_stats stats; /* OUT */
};

/* The most memory that the domain may own. Below what it owns now: no more can be added. */
struct xen_domctl_max_mem {
	uint64_aligned_t max_memkb; /* IN: KiB */
};

/* setvcpucontext: dom0 fills ctxt. EINVAL: not usable, as VCPUOP_initialise, or the caller itself.
 * getvcpucontext: the hypervisor does. ENODATA: never initialised. */
struct xen_domctl_vcpucontext {
	uint32_t vcpu;					/* IN */
	XEN_GUEST_HANDLE_64(vcpu_guest_context_t) ctxt; /* IN or OUT */
};

struct xen_domctl_getvcpuinfo {
	uint32_t vcpu;		   /* IN */
	uint8_t online;		   /* OUT: 1 = up */
	uint8_t blocked;	   /* OUT: 1 = sleeps */
	uint8_t running;	   /* OUT: 1 = on a physical CPU */
	uint64_aligned_t cpu_time; /* OUT: ns */
	uint32_t cpu;		   /* OUT: physical CPU now, or last */
};

/* setnodeaffinity, getnodeaffinity: NUMA nodes that memory should come from. Accepted, one node. */
struct xen_domctl_nodeaffinity {
	struct xenctl_bitmap nodemap; /* IN or OUT */
};

/* setvcpuaffinity, getvcpuaffinity. EINVAL: no CPU would be left. */
struct xen_domctl_vcpuaffinity {
	uint32_t vcpu; /* IN */
#define _XEN_VCPUAFFINITY_HARD	0
#define XEN_VCPUAFFINITY_HARD	(1U << _XEN_VCPUAFFINITY_HARD) /* may run there only */
#define _XEN_VCPUAFFINITY_SOFT	1
#define XEN_VCPUAFFINITY_SOFT	(1U << _XEN_VCPUAFFINITY_SOFT) /* runs there rather */
#define _XEN_VCPUAFFINITY_FORCE 2
#define XEN_VCPUAFFINITY_FORCE	(1U << _XEN_VCPUAFFINITY_FORCE) /* undo a pin override */
	uint32_t flags;			  /* IN: which of the maps are meant */
	struct xenctl_bitmap cpumap_hard; /* IN/OUT: OUT = what is in force */
	struct xenctl_bitmap cpumap_soft; /* IN/OUT */
};

/* Make the vCPUs that the domain was created for. EINVAL: another number. */
struct xen_domctl_max_vcpus {
	uint32_t max; /* IN */
};

#define XEN_SCHEDULER_CREDIT   5 /* what Parapet calls its own: weight and cap */
#define XEN_SCHEDULER_CREDIT2  6
#define XEN_SCHEDULER_ARINC653 7
#define XEN_SCHEDULER_RTDS     8
#define XEN_SCHEDULER_NULL     9 /* and its round robin, which has no parameters */

struct xen_domctl_sched_credit {
	uint16_t weight; /* IN/OUT: share, 256 is normal; put 0: as it is */
	uint16_t cap;	 /* IN/OUT: percent of one CPU at most; 0 = no limit */
};
struct xen_domctl_sched_credit2 {
	uint16_t weight; /* IN/OUT: likewise */
	uint16_t cap;	 /* IN/OUT: percent of one CPU at most; 0 = no limit */
};
struct xen_domctl_sched_rtds {
	uint32_t period; /* us */
	uint32_t budget; /* us */
#define _XEN_DOMCTL_SCHEDRT_extra 0
#define XEN_DOMCTL_SCHEDRT_extra  (1U << _XEN_DOMCTL_SCHEDRT_extra)
	uint32_t flags;
};
typedef struct xen_domctl_schedparam_vcpu {
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
	} u;
	uint32_t vcpuid;
} xen_domctl_schedparam_vcpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_schedparam_vcpu_t);

#define XEN_DOMCTL_SCHEDOP_putinfo     0
#define XEN_DOMCTL_SCHEDOP_getinfo     1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo 2 /* by vCPU: EINVAL */
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo 3
/* Parameters of the scheduler for a domain. EINVAL: another scheduler, or a bad value. */
struct xen_domctl_scheduler_op {
	uint32_t sched_id; /* IN: XEN_SCHEDULER_*, as XEN_SYSCTL_sched_id says */
	uint32_t cmd;	   /* IN: XEN_DOMCTL_SCHEDOP_* */
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
		struct {
			XEN_GUEST_HANDLE_64(xen_domctl_schedparam_vcpu_t) vcpus;
			uint32_t nr_vcpus;
			uint32_t padding;
		} v;
	} u; /* put: IN, get: OUT */
};

struct xen_domctl_setdomainhandle {
	xen_domain_handle_t handle; /* IN: UUID */
};
struct xen_domctl_setdebugging {
	uint8_t enable; /* IN */
};

/* Let a domain use an interrupt, machine frames of a device, or I/O ports; or stop it.
 * EPERM: dom0 has not got them itself. */
struct xen_domctl_irq_permission {
	uint32_t pirq;	      /* IN: dom0's pirq */
	uint8_t allow_access; /* IN: 1 = give, 0 = take */
	uint8_t pad[3];
};
struct xen_domctl_iomem_permission {
	uint64_aligned_t first_mfn; /* IN */
	uint64_aligned_t nr_mfns;   /* IN */
	uint8_t allow_access;	    /* IN */
};
struct xen_domctl_ioport_permission {
	uint32_t first_port;  /* IN */
	uint32_t nr_ports;    /* IN */
	uint8_t allow_access; /* IN */
};

/* Write the hypercall stubs into a page of the domain. EACCES: not a frame of it, not writable. */
struct xen_domctl_hypercall_init {
	uint64_aligned_t gmfn; /* IN: machine frame */
};

/* The domain's wall clock is that of the machine plus this. */
struct xen_domctl_settimeoffset {
	int64_aligned_t time_offset_seconds; /* IN */
};

/* set_address_size: 64 or EINVAL (no 32-bit domains). get_address_size: 64. */
struct xen_domctl_address_size {
	uint32_t size; /* IN or OUT: bits */
};

/* Deliver a signal to a vCPU: an NMI. Others are HVM's: ENOSYS. */
#define XEN_DOMCTL_SENDTRIGGER_NMI   0
#define XEN_DOMCTL_SENDTRIGGER_RESET 1
#define XEN_DOMCTL_SENDTRIGGER_INIT  2
#define XEN_DOMCTL_SENDTRIGGER_POWER 3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP 4
struct xen_domctl_sendtrigger {
	uint32_t trigger; /* IN */
	uint32_t vcpu;	  /* IN */
};

/* Machine-check state of a vCPU, within the following. */
struct hvm_vmce_vcpu {
	uint64_t caps;
	uint64_t mci_ctl2_bank0;
	uint64_t mci_ctl2_bank1;
	uint64_t mcg_ext_ctl;
};
/* set_ext_vcpucontext, get_ext_vcpucontext: callbacks that vcpu_guest_context has no room for.
 * ENOSYS. */
struct xen_domctl_ext_vcpucontext {
	uint32_t vcpu;				 /* IN */
	uint32_t size;				 /* set: IN; get: OUT: bytes of this structure */
	uint64_aligned_t syscall32_callback_eip; /* set: IN, get: OUT, and so on: addresses */
	uint64_aligned_t sysenter_callback_eip;
	uint16_t syscall32_callback_cs; /* ignored in 64-bit domains */
	uint16_t sysenter_callback_cs;
	uint8_t syscall32_disables_events; /* 1 = events masked on entry */
	uint8_t sysenter_disables_events;
	union {
		uint64_aligned_t mcg_cap; /* ignored */
		struct hvm_vmce_vcpu vmce;
	};
};

/* get_cpu_policy, set_cpu_policy: what CPUID shows to the domain. OUT counts are what was written;
 * with null handles, what is needed. ENOBUFS: no room. EINVAL: see err_*. */
#define XEN_CPUID_INPUT_UNUSED 0xFFFFFFFF
struct xen_domctl_cpu_policy {
	uint32_t nr_leaves;			      /* IN/OUT */
	uint32_t nr_msrs;			      /* IN/OUT */
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves; /* get: OUT, set: IN */
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;    /* get: OUT, set: IN */
	uint32_t err_leaf, err_subleaf, err_msr;      /* OUT: what set refused; ~0 = not that */
};
typedef struct xen_domctl_cpu_policy xen_domctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_cpu_policy_t);

/* gettscinfo, settscinfo: how the domain's TSC behaves. */
struct xen_domctl_tsc_info {
	uint32_t tsc_mode;    /* IN/OUT: 0 default, 1 always emulate, 2 never emulate */
	uint32_t gtsc_khz;    /* IN/OUT: kHz */
	uint32_t incarnation; /* IN/OUT: counts restores */
	uint32_t pad;
	uint64_aligned_t elapsed_nsec; /* IN/OUT: ns that the domain has existed */
};

/* A global dom0 VIRQ goes to this domain from now on. EINVAL: not such a VIRQ. */
struct xen_domctl_set_virq_handler {
	uint32_t virq; /* IN */
};

/* setvcpuextstate, getvcpuextstate: XSAVE state of a vCPU. ENOSYS. */
struct xen_domctl_vcpuextstate {
	uint32_t vcpu;			    /* IN */
	uint64_aligned_t xfeature_mask;	    /* get: OUT, set: IN: components */
	uint64_aligned_t size;		    /* IN/OUT: bytes */
	XEN_GUEST_HANDLE_64(uint64) buffer; /* get: OUT, set: IN */
};

/* get_vcpu_msrs, set_vcpu_msrs: MSRs that belong to a saved vCPU. ENOSYS. */
struct xen_domctl_vcpu_msr {
	uint32_t index;
	uint32_t reserved;
	uint64_aligned_t value;
};
typedef struct xen_domctl_vcpu_msr xen_domctl_vcpu_msr_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_vcpu_msr_t);
struct xen_domctl_vcpu_msrs {
	uint32_t vcpu;					 /* IN */
	uint32_t msr_count;				 /* IN/OUT */
	XEN_GUEST_HANDLE_64(xen_domctl_vcpu_msr_t) msrs; /* get: OUT, set: IN */
};

/* Memory for shadow tables: HVM only. ENOSYS. */
struct xen_domctl_paging_mempool {
	uint64_aligned_t size; /* IN or OUT: bytes */
};

#define XEN_DOMCTL_createdomain		   1
#define XEN_DOMCTL_destroydomain	   2 /* return all it has; -EAGAIN is never seen: preempted */
#define XEN_DOMCTL_pausedomain		   3 /* counts; returns when no vCPU runs. EINVAL: oneself */
#define XEN_DOMCTL_unpausedomain	   4 /* EINVAL: not paused */
#define XEN_DOMCTL_getdomaininfo	   5
#define XEN_DOMCTL_setvcpuaffinity	   9
#define XEN_DOMCTL_shadow_op		   10
#define XEN_DOMCTL_max_mem		   11
#define XEN_DOMCTL_setvcpucontext	   12
#define XEN_DOMCTL_getvcpucontext	   13
#define XEN_DOMCTL_getvcpuinfo		   14
#define XEN_DOMCTL_max_vcpus		   15
#define XEN_DOMCTL_scheduler_op		   16
#define XEN_DOMCTL_setdomainhandle	   17
#define XEN_DOMCTL_setdebugging		   18
#define XEN_DOMCTL_irq_permission	   19
#define XEN_DOMCTL_iomem_permission	   20
#define XEN_DOMCTL_ioport_permission	   21
#define XEN_DOMCTL_hypercall_init	   22
#define XEN_DOMCTL_settimeoffset	   24
#define XEN_DOMCTL_getvcpuaffinity	   25
#define XEN_DOMCTL_real_mode_area	   26
#define XEN_DOMCTL_resumedomain		   27 /* forget a shutdown: it runs on */
#define XEN_DOMCTL_sendtrigger		   28
#define XEN_DOMCTL_subscribe		   29
#define XEN_DOMCTL_gethvmcontext	   33
#define XEN_DOMCTL_sethvmcontext	   34
#define XEN_DOMCTL_set_address_size	   35
#define XEN_DOMCTL_get_address_size	   36
#define XEN_DOMCTL_assign_device	   37
#define XEN_DOMCTL_bind_pt_irq		   38
#define XEN_DOMCTL_memory_mapping	   39
#define XEN_DOMCTL_ioport_mapping	   40
#define XEN_DOMCTL_set_ext_vcpucontext	   42
#define XEN_DOMCTL_get_ext_vcpucontext	   43
#define XEN_DOMCTL_set_opt_feature	   44
#define XEN_DOMCTL_test_assign_device	   45
#define XEN_DOMCTL_set_target		   46
#define XEN_DOMCTL_deassign_device	   47
#define XEN_DOMCTL_unbind_pt_irq	   48
#define XEN_DOMCTL_get_device_group	   50
#define XEN_DOMCTL_debug_op		   54
#define XEN_DOMCTL_gethvmcontext_partial   55
#define XEN_DOMCTL_vm_event_op		   56
#define XEN_DOMCTL_mem_sharing_op	   57
#define XEN_DOMCTL_gettscinfo		   59
#define XEN_DOMCTL_settscinfo		   60
#define XEN_DOMCTL_getpageframeinfo3	   61
#define XEN_DOMCTL_setvcpuextstate	   62
#define XEN_DOMCTL_getvcpuextstate	   63
#define XEN_DOMCTL_set_access_required	   64
#define XEN_DOMCTL_audit_p2m		   65
#define XEN_DOMCTL_set_virq_handler	   66
#define XEN_DOMCTL_set_broken_page_p2m	   67
#define XEN_DOMCTL_setnodeaffinity	   68
#define XEN_DOMCTL_getnodeaffinity	   69
#define XEN_DOMCTL_cacheflush		   71
#define XEN_DOMCTL_get_vcpu_msrs	   72
#define XEN_DOMCTL_set_vcpu_msrs	   73
#define XEN_DOMCTL_setvnumainfo		   74
#define XEN_DOMCTL_psr_cmt_op		   75
#define XEN_DOMCTL_monitor_op		   77
#define XEN_DOMCTL_psr_alloc		   78
#define XEN_DOMCTL_soft_reset		   79
#define XEN_DOMCTL_vuart_op		   81
#define XEN_DOMCTL_get_cpu_policy	   82
#define XEN_DOMCTL_set_cpu_policy	   83
#define XEN_DOMCTL_vmtrace_op		   84
#define XEN_DOMCTL_get_paging_mempool_size 85
#define XEN_DOMCTL_set_paging_mempool_size 86
#define XEN_DOMCTL_gdbsx_guestmemio	   1000
#define XEN_DOMCTL_gdbsx_pausevcpu	   1001
#define XEN_DOMCTL_gdbsx_unpausevcpu	   1002
#define XEN_DOMCTL_gdbsx_domstatus	   1003

struct xen_domctl {
	uint32_t cmd;		    /* IN: XEN_DOMCTL_* */
	uint32_t interface_version; /* IN: XEN_DOMCTL_INTERFACE_VERSION */
	domid_t domain;		    /* IN: which; createdomain: IN/OUT */
	uint16_t _pad[3];
	union {
		struct xen_domctl_createdomain createdomain;
		struct xen_domctl_getdomaininfo getdomaininfo;
		struct xen_domctl_getpageframeinfo3 getpageframeinfo3;
		struct xen_domctl_nodeaffinity nodeaffinity;
		struct xen_domctl_vcpuaffinity vcpuaffinity;
		struct xen_domctl_shadow_op shadow_op;
		struct xen_domctl_max_mem max_mem;
		struct xen_domctl_vcpucontext vcpucontext;
		struct xen_domctl_getvcpuinfo getvcpuinfo;
		struct xen_domctl_max_vcpus max_vcpus;
		struct xen_domctl_scheduler_op scheduler_op;
		struct xen_domctl_setdomainhandle setdomainhandle;
		struct xen_domctl_setdebugging setdebugging;
		struct xen_domctl_irq_permission irq_permission;
		struct xen_domctl_iomem_permission iomem_permission;
		struct xen_domctl_ioport_permission ioport_permission;
		struct xen_domctl_hypercall_init hypercall_init;
		struct xen_domctl_settimeoffset settimeoffset;
		struct xen_domctl_tsc_info tsc_info;
		struct xen_domctl_address_size address_size;
		struct xen_domctl_sendtrigger sendtrigger;
		struct xen_domctl_ext_vcpucontext ext_vcpucontext;
		struct xen_domctl_cpu_policy cpu_policy;
		struct xen_domctl_vcpuextstate vcpuextstate;
		struct xen_domctl_vcpu_msrs vcpu_msrs;
		struct xen_domctl_set_virq_handler set_virq_handler;
		struct xen_domctl_paging_mempool paging_mempool;
		uint8_t pad[128];
	} u;
};
typedef struct xen_domctl xen_domctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_t);

#endif
