/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 PV ABI: hypercall numbers and what every guest shares with the hypervisor.
 *
 * How to read the comments in this folder
 *   IN, OUT, IN/OUT   an argument structure: read by the hypervisor, written by it, or both.
 *   hypervisor, guest, dom0, either
 *                     a page that both sides see: who writes the field.
 *   "any domain"      the call needs no privilege. "dom0" means the privileged domain only;
 *                     everyone else gets -XEN_EPERM.
 *   "preempted"       the hypervisor may stop half-way and restart the call by itself. The guest
 *                     sees one call; its vCPU may take interrupts in between.
 *   Names and numbers are the ABI's own. Errors are negative values of <xen/errno.h>. Every call
 *   that takes a pointer can fail with -XEN_EFAULT (the memory cannot be read or written by the
 *   guest kernel), every call that takes a command with -XEN_ENOSYS (unknown command); this is
 *   not repeated.
 *
 * The calling convention: number in RAX, arguments in RDI, RSI, RDX, R10, R8, R9, then SYSCALL
 * (or a call to `hypercall_page + 32 * number`). The result is in RAX; RCX and R11 are destroyed,
 * argument registers may be changed by a preempted call, all others are kept. See
 * abi/reference/calling-convention.md.
 */
#ifndef __XEN_PUBLIC_XEN_H__
#define __XEN_PUBLIC_XEN_H__

#include "xen-compat.h"

#ifndef __x86_64__
#error "Parapet's ABI is the x86-64 one"
#endif

/* Constants that assembly files use too: the suffix is for C only. */
#ifdef __ASSEMBLY__
#define xen_mk_uint(x)	 x
#define xen_mk_ulong(x)	 x
#define xen_mk_ullong(x) x
#else
#define __xen_mk_uint(x)   x##U
#define __xen_mk_ulong(x)  x##UL
#define __xen_mk_ullong(x) x##ULL
#define xen_mk_uint(x)	   __xen_mk_uint(x)
#define xen_mk_ulong(x)	   __xen_mk_ulong(x)
#define xen_mk_ullong(x)   __xen_mk_ullong(x)
#endif

/* Dimension of an array whose length another field gives. */
#define XEN_FLEX_ARRAY_DIM

#include "arch-x86/xen.h"

#ifndef __ASSEMBLY__
DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

/* A domain's number. 0 is dom0; DOMID_FIRST_RESERVED and up are not domains but roles. */
typedef uint16_t domid_t;
#endif

/*
 * ---------------------------------------------------------------------------------------------
 * Hypercall numbers. "refused" means: the number belongs to the ABI, Parapet answers -XEN_ENOSYS.
 * ---------------------------------------------------------------------------------------------
 */

/*
 * set_trap_table(const struct trap_info *table)
 * Install exception handlers: entries up to one whose `address` is 0. A null pointer removes all.
 * EINVAL: an entry's code selector cannot be a guest's. Any domain. Preempted.
 */
#define __HYPERVISOR_set_trap_table 0
/*
 * mmu_update(struct mmu_update *req, unsigned int count, unsigned int *done, domid_t whose)
 * Write `count` page-table or machine-to-physical entries. `*done` (may be null) receives how many
 * took effect; the call stops at the first one refused. `whose` is DOMID_SELF, or (dom0) another
 * domain in the low 16 bits, and the owner of the tables + 1 in the high 16 bits or 0.
 * EINVAL: bad table or bad entry. EBUSY: the frame of a level-1 entry is someone else's, or in use
 * as a table. EPERM: no permission for device memory or another domain. ENOSYS: unknown command.
 * ESRCH: no such domain. Any domain for itself. Preempted.
 */
#define __HYPERVISOR_mmu_update 1
/*
 * set_gdt(const xen_pfn_t *frames, unsigned int entries)
 * Use `entries` descriptors (at most FIRST_RESERVED_GDT_ENTRY) in the given machine frames as GDT.
 * The frames become descriptor pages: no longer writable by the guest.
 * EINVAL: too many entries, or a frame that is not the caller's or is writable somewhere.
 */
#define __HYPERVISOR_set_gdt 2
/*
 * stack_switch(unsigned long ss, unsigned long esp)
 * Set the kernel stack on which exceptions that arrive in guest user mode are delivered.
 * EPERM is never returned on x86-64: the selector is made a ring-3 one.
 */
#define __HYPERVISOR_stack_switch 3
/*
 * set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
 * Set the three entry points at once (virtual addresses). callback_op says more and is preferred.
 */
#define __HYPERVISOR_set_callbacks 4
/*
 * fpu_taskswitch(int set)
 * Set (1) or clear (0) the guest's CR0.TS: with it set, the next FPU instruction traps (#NM).
 */
#define __HYPERVISOR_fpu_taskswitch 5
/* sched_op of the first edition: (int cmd, unsigned long arg); yield, block, shutdown(reason). */
#define __HYPERVISOR_sched_op_compat 6
/* platform_op(struct xen_platform_op *): <xen/platform.h>. dom0. */
#define __HYPERVISOR_platform_op 7
/*
 * set_debugreg(int reg, unsigned long value)
 * EINVAL: reg is 4, 5 or above 7. EPERM: an address in the hypervisor's range, or bits of DR7 that
 * a guest may not set.
 */
#define __HYPERVISOR_set_debugreg 8
/* get_debugreg(int reg) returns the value, or -XEN_EINVAL (indistinguishable from such a value). */
#define __HYPERVISOR_get_debugreg 9
/*
 * update_descriptor(uint64_t machine_address, uint64_t descriptor)
 * Write one 8-byte descriptor in a live GDT or LDT page, or in an ordinary page of the caller.
 * EINVAL: address not 8-aligned, page not usable, or a descriptor that a guest may not have.
 */
#define __HYPERVISOR_update_descriptor 10
/* memory_op(unsigned int cmd, void *arg): <xen/memory.h>. */
#define __HYPERVISOR_memory_op 12
/*
 * multicall(struct multicall_entry *list, unsigned int count)
 * Run the calls in order; each one's result goes to its entry. The call itself returns 0.
 * EINVAL: count absurd. Any domain. Preempted between entries and within them.
 */
#define __HYPERVISOR_multicall 13
/*
 * update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
 * Write the level-1 entry that maps `va` in the current address space, flush as UVMF_* says.
 * EINVAL: no level-1 table there, or a bad entry. EPERM: a frame that is not the caller's.
 */
#define __HYPERVISOR_update_va_mapping 14
/*
 * set_timer_op(uint64_t ns)
 * One VIRQ_TIMER when system time reaches `ns`; 0 cancels. A time in the past fires at once.
 */
#define __HYPERVISOR_set_timer_op 15
/* event_channel_op of the first edition: one struct evtchn_op. Refused. */
#define __HYPERVISOR_event_channel_op_compat 16
/* xen_version(unsigned int cmd, void *arg): <xen/version.h>. */
#define __HYPERVISOR_xen_version 17
/*
 * console_io(unsigned int cmd, unsigned int count, char *buffer)
 * CONSOLEIO_write: print; returns 0. CONSOLEIO_read: returns how many bytes were read.
 * dom0: EPERM for others, who have the console ring of start_info. Writing is preempted.
 */
#define __HYPERVISOR_console_io 18
/* physdev_op of the first edition: one struct physdev_op. Refused. */
#define __HYPERVISOR_physdev_op_compat 19
/* grant_table_op(unsigned int cmd, void *array, unsigned int count): <xen/grant_table.h>. */
#define __HYPERVISOR_grant_table_op 20
/* vm_assist(unsigned int cmd, unsigned int type): VMASST_* below. EINVAL: unknown. */
#define __HYPERVISOR_vm_assist 21
/* As update_va_mapping, with a fourth argument: the domid that owns the frame. dom0 or EPERM. */
#define __HYPERVISOR_update_va_mapping_otherdomain 22
/*
 * iret(): return from an exception or event, with a struct iret_context on the stack, and the
 * event mask restored from its RFLAGS.IF. Never returns to the caller. A frame that cannot be
 * loaded ends in the failsafe callback, or crashes the domain if there is none.
 */
#define __HYPERVISOR_iret 23
/* vcpu_op(unsigned int cmd, unsigned int vcpu, void *arg): <xen/vcpu.h>. */
#define __HYPERVISOR_vcpu_op 24
/*
 * set_segment_base(unsigned int which, unsigned long base): SEGBASE_*.
 * EINVAL: not canonical, or an unknown `which`.
 */
#define __HYPERVISOR_set_segment_base 25
/*
 * mmuext_op(struct mmuext_op *ops, unsigned int count, unsigned int *done, domid_t whose)
 * Pin tables, switch base pointers, flush, set the LDT. Same rules as mmu_update.
 */
#define __HYPERVISOR_mmuext_op 26
#define __HYPERVISOR_xsm_op    27 /* refused */
/* nmi_op(unsigned int cmd, void *arg): <xen/nmi.h>. */
#define __HYPERVISOR_nmi_op 28
/* sched_op(int cmd, void *arg): <xen/sched.h>. */
#define __HYPERVISOR_sched_op 29
/* callback_op(int cmd, const void *arg): <xen/callback.h>. */
#define __HYPERVISOR_callback_op 30
#define __HYPERVISOR_xenoprof_op 31 /* refused */
/* event_channel_op(int cmd, void *arg): <xen/event_channel.h>. */
#define __HYPERVISOR_event_channel_op 32
/* physdev_op(int cmd, void *arg): <xen/physdev.h>. */
#define __HYPERVISOR_physdev_op 33
#define __HYPERVISOR_hvm_op	34 /* refused: no HVM guests */
/* sysctl(struct xen_sysctl *): <xen/sysctl.h>. dom0. */
#define __HYPERVISOR_sysctl 35
/* domctl(struct xen_domctl *): <xen/domctl.h>. dom0. */
#define __HYPERVISOR_domctl    36
#define __HYPERVISOR_kexec_op  37 /* refused */
#define __HYPERVISOR_tmem_op   38 /* refused */
#define __HYPERVISOR_argo_op   39 /* refused */
#define __HYPERVISOR_xenpmu_op 40 /* refused */
#define __HYPERVISOR_dm_op     41 /* refused: no HVM guests */
#define __HYPERVISOR_hypfs_op  42 /* refused */

/* Numbers kept for an architecture's own use. Xen uses the first for machine checks. */
#define __HYPERVISOR_arch_0 48
#define __HYPERVISOR_arch_1 49
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55 /* Parapet's own: <xen/parapet.h> */

/*
 * ---------------------------------------------------------------------------------------------
 * Virtual interrupts, bound to a port by EVTCHNOP_bind_virq. (V): one for each vCPU, bound with
 * the number of that vCPU. (G): one for the whole domain, bound on vCPU 0 and movable.
 * (dom0): delivered to the privileged domain only.
 * ---------------------------------------------------------------------------------------------
 */
#define VIRQ_TIMER	0  /* (V) set_timer_op, VCPUOP_set_*_timer: the time has come */
#define VIRQ_DEBUG	1  /* (V) someone asks the guest to dump its state */
#define VIRQ_CONSOLE	2  /* (G, dom0) input waits on the machine's console */
#define VIRQ_DOM_EXC	3  /* (G, dom0) a domain shut down, crashed or finished dying */
#define VIRQ_TBUF	4  /* (G, dom0) trace records wait; never raised by Parapet */
#define VIRQ_DEBUGGER	6  /* (G, dom0) a domain stopped for its debugger; never raised */
#define VIRQ_XENOPROF	7  /* (V) never raised */
#define VIRQ_CON_RING	8  /* (G, dom0) the hypervisor's log grew */
#define VIRQ_PCPU_STATE 9  /* (G, dom0) a physical CPU came or went; never raised */
#define VIRQ_MEM_EVENT	10 /* (G, dom0) never raised */
#define VIRQ_ARGO	11 /* (G) never raised */
#define VIRQ_ENOMEM	12 /* (G, dom0) the machine runs out of memory; never raised */
#define VIRQ_XENPMU	13 /* (V) never raised */
#define VIRQ_ARCH_0	16 /* (V, dom0) machine check */
#define VIRQ_ARCH_1	17
#define VIRQ_ARCH_2	18
#define VIRQ_ARCH_3	19
#define VIRQ_ARCH_4	20
#define VIRQ_ARCH_5	21
#define VIRQ_ARCH_6	22
#define VIRQ_ARCH_7	23
#define NR_VIRQS	24

/*
 * ---------------------------------------------------------------------------------------------
 * mmu_update: the command sits in the two low bits of `ptr`.
 * ---------------------------------------------------------------------------------------------
 */
#define MMU_NORMAL_PT_UPDATE	   0 /* ptr: machine address of an entry; val: its new value */
#define MMU_MACHPHYS_UPDATE	   1 /* ptr: machine address of a frame; val: its pfn in the M2P */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* as 0, but keep the accessed and dirty bits found there */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0 for PV guests: there is no translation to skip */

/*
 * ---------------------------------------------------------------------------------------------
 * mmuext_op: commands. Arguments in arg1 / arg2 as named. All for any domain, except where said.
 * ---------------------------------------------------------------------------------------------
 */
/* mfn: validate the table (and all below it) as one of that level and keep it so until unpinned.
 * EINVAL: not valid as such, or in use as something else. EPERM: not the caller's frame. */
#define MMUEXT_PIN_L1_TABLE 0
#define MMUEXT_PIN_L2_TABLE 1
#define MMUEXT_PIN_L3_TABLE 2
#define MMUEXT_PIN_L4_TABLE 3
/* mfn: drop the pin. EINVAL: it was not pinned. */
#define MMUEXT_UNPIN_TABLE 4
/* mfn: load CR3 of guest kernel mode; the frame must be, or be valid as, a level-4 table. */
#define MMUEXT_NEW_BASEPTR 5
/* no argument: flush this vCPU's TLB. */
#define MMUEXT_TLB_FLUSH_LOCAL 6
/* linear_addr: flush one page from this vCPU's TLB. */
#define MMUEXT_INVLPG_LOCAL 7
/* vcpumask: flush the TLBs of the vCPUs in the bitmap (an array of unsigned long). */
#define MMUEXT_TLB_FLUSH_MULTI 8
/* linear_addr, vcpumask. */
#define MMUEXT_INVLPG_MULTI 9
/* no argument: flush the TLBs of all vCPUs of the domain. */
#define MMUEXT_TLB_FLUSH_ALL 10
/* linear_addr: flush one page in all of them. */
#define MMUEXT_INVLPG_ALL 11
/* no argument: write back and invalidate caches. EPERM: the domain has no device memory. */
#define MMUEXT_FLUSH_CACHE 12
/* linear_addr: page-aligned table, nr_ents: its entries, at most 8192; 0 removes the LDT. */
#define MMUEXT_SET_LDT 13
/* mfn: load CR3 of guest user mode; 0 means that there is none. */
#define MMUEXT_NEW_USER_BASEPTR 15
/* mfn: fill with zeroes a frame of the caller that is writable. */
#define MMUEXT_CLEAR_PAGE 16
/* mfn: destination, src_mfn: source; both the caller's. */
#define MMUEXT_COPY_PAGE 17
/* no argument: as FLUSH_CACHE, on all physical CPUs. */
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
/* PV superpages: refused. */
#define MMUEXT_MARK_SUPER   19
#define MMUEXT_UNMARK_SUPER 20

#ifndef __ASSEMBLY__
struct mmuext_op {
	unsigned int cmd; /* IN: MMUEXT_* */
	union {
		xen_pfn_t mfn;		   /* IN: machine frame number */
		unsigned long linear_addr; /* IN: virtual address */
	} arg1;
	union {
		unsigned int nr_ents;		       /* IN: descriptors in the LDT */
		XEN_GUEST_HANDLE(const_void) vcpumask; /* IN: bit v set: vCPU v */
		xen_pfn_t src_mfn;		       /* IN: machine frame number */
	} arg2;
};
typedef struct mmuext_op mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

struct mmu_update {
	uint64_t ptr; /* IN: machine address, 8-aligned, ored with the command in bits 0..1 */
	uint64_t val; /* IN: new entry, or pfn for MMU_MACHPHYS_UPDATE */
};
typedef struct mmu_update mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

struct multicall_entry {
	xen_ulong_t op;	     /* IN: hypercall number */
	xen_ulong_t result;  /* OUT: what the call returned */
	xen_ulong_t args[6]; /* IN: may be changed while the entry is run */
};
typedef struct multicall_entry multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);
#endif

/*
 * update_va_mapping: what to flush (bits 0..1), and where (from bit 2). Without UVMF_ALL and
 * with a non-zero pointer in the bits above, the pointer names a bitmap of vCPUs (UVMF_MULTI).
 */
#define UVMF_NONE	    (xen_mk_ulong(0) << 0) /* nothing */
#define UVMF_TLB_FLUSH	    (xen_mk_ulong(1) << 0) /* the whole TLB */
#define UVMF_INVLPG	    (xen_mk_ulong(2) << 0) /* the page that was changed */
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI	    (xen_mk_ulong(0) << 2) /* vCPUs of the bitmap */
#define UVMF_LOCAL	    (xen_mk_ulong(0) << 2) /* no bitmap: this vCPU */
#define UVMF_ALL	    (xen_mk_ulong(1) << 2) /* all vCPUs of the domain */

#define CONSOLEIO_write 0
#define CONSOLEIO_read	1

/* vm_assist: behaviour that the guest asks for, for the whole domain. */
#define VMASST_CMD_enable  0
#define VMASST_CMD_disable 1

#define VMASST_TYPE_4gb_segments	0 /* 32-bit guests' only; accepted, no effect */
#define VMASST_TYPE_4gb_segments_notify 1 /* likewise */
/* A direct write to a level-1 table is trapped, checked and done as if by mmu_update. */
#define VMASST_TYPE_writable_pagetables	 2
#define VMASST_TYPE_pae_extended_cr3	 3  /* 32-bit guests' only; accepted, no effect */
#define VMASST_TYPE_architectural_iopl	 4  /* RFLAGS.IOPL behaves as on hardware in guest kernel */
#define VMASST_TYPE_runstate_update_flag 5  /* XEN_RUNSTATE_UPDATE marks a half-written runstate */
#define VMASST_TYPE_m2p_strict		 32 /* the M2P is not mapped in guest user mode */

/* Reserved domain numbers. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF	     xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO	     xen_mk_uint(0x7FF1) /* owner of device memory (dom0 maps it) */
#define DOMID_XEN	     xen_mk_uint(0x7FF2) /* owner of what the hypervisor shows: M2P, ... */
#define DOMID_COW	     xen_mk_uint(0x7FF3) /* memory sharing; unused */
#define DOMID_INVALID	     xen_mk_uint(0x7FF4) /* nobody */
#define DOMID_IDLE	     xen_mk_uint(0x7FFF)
#define DOMID_MASK	     xen_mk_uint(0x7FFF)

#ifndef __ASSEMBLY__

/*
 * ---------------------------------------------------------------------------------------------
 * Time. The hypervisor makes `version` odd, changes the rest, makes it even again; read until you
 * saw the same even version before and after. Then
 *     delta = TSC - tsc_timestamp, shifted left by tsc_shift (right if negative)
 *     now   = system_time + ((delta * tsc_to_system_mul) >> 32)
 * ---------------------------------------------------------------------------------------------
 */
struct vcpu_time_info {
	uint32_t version; /* hypervisor: odd while being written */
	uint32_t pad0;
	uint64_t tsc_timestamp;	    /* hypervisor: TSC at which system_time was right */
	uint64_t system_time;	    /* hypervisor: ns since the hypervisor started */
	uint32_t tsc_to_system_mul; /* hypervisor: ns for each TSC tick, as a 0.32 fraction */
	int8_t tsc_shift;	    /* hypervisor: power of two to apply to ticks first */
	uint8_t flags;		    /* hypervisor: XEN_PVCLOCK_* */
	uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* all vCPUs' clocks agree */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1) /* the guest was stopped for long */

/*
 * One vCPU's mailbox: in shared_info for the first 32 vCPUs until VCPUOP_register_vcpu_info moves
 * it into a page of the guest's own.
 */
struct vcpu_info {
	uint8_t evtchn_upcall_pending;	/* either: 1 = look at evtchn_pending_sel. The hypervisor
					 * sets it, the guest clears it before looking */
	uint8_t evtchn_upcall_mask;	/* either: the virtual interrupt flag, inverted. The guest
					 * sets and clears it; the hypervisor sets it on delivery */
	xen_ulong_t evtchn_pending_sel; /* either: bit w set: word w of evtchn_pending has news.
					 * Use atomic operations */
	struct arch_vcpu_info arch;
	vcpu_time_info_t time;
};
typedef struct vcpu_info vcpu_info_t;

/* One page for each domain, shared with the hypervisor; start_info says where. */
struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	/*
	 * Two-level event channels, one bit a port: 4096 of them. Both arrays: either, by atomic
	 * bit operations. A port whose mask bit is set stays pending without an upcall; to clear
	 * a mask bit safely use EVTCHNOP_unmask.
	 */
	xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
	xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
	/* Wall clock at system time 0: the time of day is wc_* + system time. UTC. */
	uint32_t wc_version; /* hypervisor: odd while being written */
	uint32_t wc_sec;     /* hypervisor: seconds since 1970, low 32 bits */
	uint32_t wc_nsec;    /* hypervisor: ns, 0..999999999 */
	uint32_t wc_sec_hi;  /* hypervisor: high 32 bits of the seconds */
#define xen_wc_sec_hi wc_sec_hi
	struct arch_shared_info arch;
};
typedef struct shared_info shared_info_t;

/*
 * Start of day: RSI of the first vCPU points here (virtual address). All fields are written by the
 * domain builder before the guest runs; the guest owns the page from then on.
 */
#define MAX_GUEST_CMDLINE 1024
struct start_info {
	char magic[32];		   /* "xen-<major>.<minor>-x86_64" */
	unsigned long nr_pages;	   /* frames that the domain has */
	unsigned long shared_info; /* machine address of struct shared_info */
	uint32_t flags;		   /* SIF_* */
	xen_pfn_t store_mfn;	   /* machine frame of the store's ring; 0 in dom0 */
	uint32_t store_evtchn;	   /* its port, already allocated to the store's domain */
	union {
		struct {
			xen_pfn_t mfn;	 /* machine frame of the console's ring */
			uint32_t evtchn; /* its port */
		} domU;
		struct {
			uint32_t info_off;  /* bytes from here to a dom0_vga_console_info */
			uint32_t info_size; /* its size in bytes; 0 = none */
		} dom0;			    /* if SIF_INITDOMAIN */
	} console;
	unsigned long pt_base;	    /* virtual address of the level-4 table in CR3 */
	unsigned long nr_pt_frames; /* frames that the initial tables use */
	unsigned long mfn_list;	    /* virtual address of the p2m: mfn of pfn i, 8 bytes each */
	unsigned long mod_start;    /* virtual address (pfn if SIF_MOD_START_PFN) of the ramdisk */
	unsigned long mod_len;	    /* its length in bytes; 0 = none */
	int8_t cmd_line[MAX_GUEST_CMDLINE]; /* command line, ended by 0 */
	unsigned long first_p2m_pfn;	    /* first pfn of the p2m's own frames, if it */
	unsigned long nr_p2m_frames;	    /* ... lies outside the initial mapping */
};
typedef struct start_info start_info_t;

/* A multiboot module list, at mod_start when SIF_MULTIBOOT_MOD is set. Addresses are pfn-based. */
struct xen_multiboot_mod_list {
	uint32_t mod_start; /* first byte */
	uint32_t mod_end;   /* last byte + 1 */
	uint32_t cmdline;   /* address of a string ended by 0 */
	uint32_t pad;	    /* 0 */
};

/* What shows on the machine's screen, for dom0's console driver; written by the hypervisor. */
typedef struct dom0_vga_console_info {
	uint8_t video_type; /* one of: */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB	0x23
#define XEN_VGATYPE_EFI_LFB	0x70
	union {
		struct {
			uint16_t font_height;	     /* scan lines */
			uint16_t cursor_x, cursor_y; /* characters */
			uint16_t rows, columns;	     /* characters */
		} text_mode_3;
		struct {
			uint16_t width, height; /* pixels */
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base;	   /* machine address, low 32 bits */
			uint32_t lfb_size;	   /* units of 64 KiB */
			uint8_t red_pos, red_size; /* bits */
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
			uint32_t gbl_caps;   /* VBE capabilities */
			uint16_t mode_attrs; /* VBE mode attributes */
			uint16_t pad;
			uint32_t ext_lfb_base; /* machine address, high 32 bits */
		} vesa_lfb;
	} u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

/* A domain's UUID, as the toolstack gives it. */
typedef uint8_t xen_domain_handle_t[16];

/* In domctl and sysctl: integers of 64 bits are 8-aligned, handles are 64 bits wide. */
#ifndef int64_aligned_t
#define int64_aligned_t int64_t
#endif
#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif
#ifndef XEN_GUEST_HANDLE_64
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)
#endif

/* A bitmap in the caller's memory: bit i is bit i % 8 of byte i / 8. */
struct xenctl_bitmap {
	XEN_GUEST_HANDLE_64(uint8) bitmap; /* IN: where */
	uint32_t nr_bits;		   /* IN: how many bits there are; missing ones are 0 */
};
typedef struct xenctl_bitmap xenctl_bitmap_t;

#endif /* !__ASSEMBLY__ */

/* start_info.flags */
#define SIF_PRIVILEGED	    (1 << 0)	/* may make privileged calls */
#define SIF_INITDOMAIN	    (1 << 1)	/* is the domain that the hypervisor started */
#define SIF_MULTIBOOT_MOD   (1 << 2)	/* mod_start is a xen_multiboot_mod_list */
#define SIF_MOD_START_PFN   (1 << 3)	/* mod_start is a pfn, not an address */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)	/* tools can follow a p2m given by p2m_cr3, p2m_vaddr */
#define SIF_PM_MASK	    (0xFF << 8) /* power-management tasks left to dom0 */

#endif
