/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains and vCPUs: the data. core/ owns it; pv/ owns the behaviour of the pv_* parts.
 *
 * References: a domain is found by id with domain_get() and put with domain_put(); the domain list
 * holds one reference, each of its pages one in sum (dropped by hook_last_page_gone()). A vCPU
 * lives as long as its domain.
 */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include <xen/xen.h>
#include <xen/vcpu.h>
#include <core/evtchn.h>
#include <core/grant.h>
#include <core/hypercall.h>
#include <core/timer.h>
#include <lib/list.h>
#include <lib/printk.h>
#include <mm/memory.h>
#include <x86/context.h>

#define MAX_VCPUS 64 /* per domain */

struct pv_trap {
	u64 address;
	u16 cs;
	u8 flags; /* bits 0..1: DPL that INT n needs; PV_TRAP_MASKS */
};

#define PV_TRAP_MASKS 4 /* events are masked on entry */
#define NMI_VECTOR    2

struct pv_vcpu {
	struct pv_trap traps[256];
	struct pv_trap callbacks[8]; /* by CALLBACKTYPE_*; the NMI's is traps[NMI_VECTOR] */
	u64 kernel_sp;		     /* stack_switch: used on entry from guest user mode */
	u8 iopl;
	u64 iobmp; /* guest address of its I/O bitmap, 0: none */
	u32 iobmp_limit;
	u64 cr4; /* what the guest sees */
	u64 cr2; /* arch_vcpu_info.cr2 shadow */
	struct page *gdt_pages[14];
	u64 ldt_virt; /* guest linear address of its LDT */
	bool nmi_pending, in_nmi;
	u32 tsc_aux;		    /* MSR_TSC_AUX */
	const struct cpu *last_cpu; /* where it ran last; NULL: nowhere yet */
};

/* What the scheduler keeps, under its lock: core/sched.h. */
struct sched_domain {
	u32 weight;	     /* share, relative to other domains */
	u32 cap;	     /* per cent of one CPU, 0: none */
	u32 active;	     /* runnable vCPUs: they share the weight */
	s64 covered_until;   /* system time until which the cap covers what was used */
	struct timer unpark; /* armed: the cap's run time is used up, its vCPUs wait */
};

struct sched_vcpu {
	struct list link; /* runnable ones */
	s64 credit;	  /* weighted ns, see sched_policy.c */
	u64 rounds_seen;  /* when it fell asleep */
	bool queued, on_cpu, yielding;
};

struct vcpu {
	struct arch_vcpu arch; /* first: entry code finds it there */
	struct vcpu_memory mem;
	struct pv_vcpu pv;

	struct domain *domain;
	unsigned vcpu_id;
	u32 cpu;	  /* CPU it runs or last ran on */
	bool is_running;  /* on a CPU now (its state may be in registers) */
	bool initialised; /* has a context */
	u32 pause_flags;  /* VPF_*; atomic; runnable when 0 */

	struct vcpu_info *info;	      /* hypervisor mapping */
	struct page *info_page;	      /* NULL until the guest has registered its own */
	struct vcpu_info own_info;    /* where vCPUs without a place in shared_info start */
	struct hypercall_state call;  /* preempted hypercall */
	struct hypercall_state inner; /* preempted call within a multicall */
	bool in_multicall;

	struct sched_vcpu sched;
	struct cpumask affinity;
	struct timer singleshot, periodic, poll_timer;
	u64 periodic_ns;
	struct vcpu_runstate_info runstate; /* RUNSTATE_* */
	/* Guest virtual addresses, 0: none. time_area: vcpu_time_info is yet to be copied there. */
	u64 runstate_area, time_area;
	bool areas_stale; /* they wait for guest kernel mode: vcpu_update_areas() */

	evtchn_port_t virq_port[NR_VIRQS]; /* 0: not bound */
	evtchn_port_t poll_port;	   /* sched_op poll: 0 none, ~0 several */
};

/* vcpu.pause_flags */
#define VPF_BLOCKED 1 /* sched_op block or poll */
#define VPF_DOWN    2 /* not brought up, or vcpu_op down */

struct domain {
	struct domain_memory mem; /* first: hooks convert by cast-free container_of */
	struct list link;	  /* domain list, ordered by id */
	u32 refs;		  /* atomic; 0: being freed */
	bool pages_hold_ref;	  /* atomic; the reference that stands for all its pages */
	u32 destroy_step;	  /* progress of domain_kill() */
	bool released;		  /* domain_kill() has done all but wait for the pages */
	bool retired;		  /* atomic; pages shared with it have been given up */
	bool privileged, is_dying, is_shut_down, is_crashed, xs_domain; /* runs the store */
	u32 pause_count;						/* atomic */
	u32 control_pauses; /* those of domctl, counted in pause_count too; domctl's lock */
	u8 shutdown_code;
	struct spinlock lock; /* shutdown, watchdogs */
	u8 handle[16];	      /* UUID */
	u32 ssidref;
	struct vcpu *vcpus[MAX_VCPUS + 1]; /* made in order; NULL ends them */
	struct shared_info *shared_info;
	struct page *shared_info_page;

	struct evtchn_domain evtchn;
	struct grant_table grants;
	struct sched_domain sched;

	/* the last three: its tables may grow so far */
	u32 max_vcpus, max_evtchn_port, max_grant_frames, max_maptrack_frames;
	struct e820entry_list *memory_map; /* XENMEM_set_memory_map, NULL: synthesised */
	struct mfn_range ioport_ranges[16];
	unsigned ioport_range_count;
	u32 pci_address;	   /* what it chose by port 0xcf8: dev/pci.c, under its lock */
	struct page *pirq_eoi_map; /* pirqs that want EOI; writable reference, dev/irq.c */
	u32 irq_allowed[256 / 32]; /* GSIs and pirqs that it may bind */
	u64 refusals[PARAPET_NR_REFUSALS]; /* by PARAPET_REFUSED_*; atomic */
	u64 refusal_window_ns; /* rate limit of refusal lines: refuse.c, under its lock */
	u32 refusals_in_window;
	u64 unknown_calls; /* hypercall numbers whose absence was told; atomic */
	struct timer watchdog[2];
	u32 watchdog_inuse;
};

extern struct domain *dom0;

struct domain_config {
	u32 max_vcpus;	     /* 1..MAX_VCPUS */
	u32 max_evtchn_port; /* highest port that it may use */
	u32 max_grant_frames, max_maptrack_frames;
};
extern const struct domain_config domain_defaults;

/**
 * Create and list a domain without vCPUs. domid 0: dom0, privileged; >= DOMID_FIRST_RESERVED:
 * choose one, under domctl's lock. NULL: errno in *err.
 */
struct domain *domain_create(domid_t domid, const struct domain_config *config, int *err);
/** Allocate the domain's next vCPU (down, without context). NULL: no memory, or not the next. */
struct vcpu *vcpu_create(struct domain *d, unsigned vcpu_id);
/** With a reference; DOMID_SELF: the caller's. NULL if none. */
struct domain *domain_get(domid_t domid);
void domain_put(struct domain *d);
/** Tear down; -XEN_ERESTART when preempted. The caller holds a reference. */
int domain_kill(struct domain *d);
void domain_pause(struct domain *d); /* returns when no vCPU of it runs (own one excepted) */
void domain_unpause(struct domain *d);
void domain_shutdown(struct domain *d, u8 reason); /* SHUTDOWN_*; dom0's stops the machine */
/** The running vCPU's domain cannot go on: report, SHUTDOWN_crash. Returns; sets WORK_CRASH. */
void domain_crash(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));
/** The domain after d by id, or the first (d NULL), with a reference; d's is put. NULL: none. */
struct domain *domain_next(struct domain *d);
/** The first domain with an id in first..last, with a reference, or NULL. */
struct domain *domain_find(domid_t first, domid_t last);
/** For each domain d, with a reference held and no lock; to leave the loop put it. */
#define for_each_domain(d) for ((d) = domain_next(NULL); (d); (d) = domain_next(d))

/** For each vCPU v (declared here) of a domain. */
#define for_each_vcpu(v, d)                                                                        \
	for (struct vcpu **v##_at = (d)->vcpus, *v;                                                \
	     (v = __atomic_load_n(v##_at, __ATOMIC_ACQUIRE)); v##_at++)

static inline struct domain *current_domain(void)
{
	return current_vcpu()->domain;
}

/* --- vCPUs, core/vcpu.c --- */
void vcpu_stop_timers(struct vcpu *v);
/** The domain dies, nothing runs: give up what the vCPU refers to. -XEN_ERESTART: call again. */
int vcpu_release(struct vcpu *v);
void vcpu_free(struct vcpu *v);
/**
 * Give it the context at a guest address; it runs nowhere. first: -XEN_EEXIST if it has one
 * already; otherwise it is up or down afterwards as the context says. 0, -errno, -XEN_ERESTART.
 */
long vcpu_set_context(struct vcpu *v, u64 at, bool first);
/** Write its context to a guest address; it runs nowhere. 0 or -errno. */
long vcpu_get_context(struct vcpu *v, u64 at);
void vcpu_send_nmi(struct vcpu *v);
/** A place of the guest's own for vcpu_info. Once only. 0 or -errno. */
long vcpu_register_info(struct vcpu *v, mfn_t frame, u32 offset);

/* --- scheduler, core/sched.c --- */
void vcpu_block(struct vcpu *v);	/* current; returns at once, takes effect at exit */
void vcpu_unblock(struct vcpu *v);	/* clear VPF_BLOCKED and wake */
void vcpu_wake(struct vcpu *v);		/* it may have become runnable */
void vcpu_sleep_nosync(struct vcpu *v); /* it is not runnable any more: its CPU will let go */
/** Make a vCPU notice WORK_* soon: sets them on its CPU (IPI as needed) if it runs on one. */
void vcpu_kick(struct vcpu *v, u32 work);
bool vcpu_runnable(const struct vcpu *v);
void schedule(void); /* from exit_work() */
void sched_yield(void);
/** A copy of the vCPU's runstate, brought up to now. */
void vcpu_get_runstate(const struct vcpu *v, struct vcpu_runstate_info *out);

/* --- exit path: called by entry code when this_cpu()->work is set or events are pending --- */
void exit_work(void);

/* --- time, core/vcpu_time.c --- */
void vcpu_update_time_info(struct vcpu *v); /* publish pvclock; v is current or runs nowhere */
void domain_update_wallclock(struct domain *d);
/** Set the wall clock: seconds and ns since 1970 UTC at system time `at_ns`. All domains see it. */
void wallclock_set(u64 sec, u32 nsec, u64 at_ns);
/**
 * Write current's runstate and time areas, which lie in the guest kernel's address space: on
 * switches, and by pv/ when the guest returns to kernel mode with areas_stale set.
 */
void vcpu_update_areas(struct vcpu *v);

/* --- options of the command line, set by boot/ before domains exist --- */
extern bool opt_noreboot; /* dom0's crash halts the machine for the report to be read */

#endif
