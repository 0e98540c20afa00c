/* SPDX-License-Identifier: MIT */
/*
 * physdev_op(int cmd, void *arg): physical interrupts and devices, for domains that drive them.
 * dom0, or (where it says "permitted") a domain that was given the interrupt or ports.
 * Conventions: see xen.h. None of the calls is preempted.
 */
#ifndef __XEN_PUBLIC_PHYSDEV_H__
#define __XEN_PUBLIC_PHYSDEV_H__

#include "xen.h"

/*
 * A pirq is the domain's number for a physical interrupt. Life of one: setup_gsi (trigger mode),
 * map_pirq, EVTCHNOP_bind_pirq, then for each event: handle it, and eoi if it needs one.
 */

/* The interrupt was handled: let the next one come. Permitted. EINVAL: not a pirq of the caller. */
#define PHYSDEVOP_eoi 12
#ifndef __ASSEMBLY__
struct physdev_eoi {
	uint32_t irq; /* IN: pirq */
};
typedef struct physdev_eoi physdev_eoi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_eoi_t);
#endif

/*
 * Share a page in which bit p says that pirq p needs an eoi (hypervisor writes). v1, which also
 * made unmask imply the eoi, is refused: ENOSYS. EBUSY: there is one. EINVAL: not a writable frame
 * of the caller. Any domain.
 */
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#define PHYSDEVOP_pirq_eoi_gmfn	   PHYSDEVOP_pirq_eoi_gmfn_v2
#ifndef __ASSEMBLY__
struct physdev_pirq_eoi_gmfn {
	xen_pfn_t gmfn; /* IN: machine frame */
};
typedef struct physdev_pirq_eoi_gmfn physdev_pirq_eoi_gmfn_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pirq_eoi_gmfn_t);
#endif

/* How an interrupt behaves. Permitted. EINVAL: out of range. */
#define PHYSDEVOP_irq_status_query 5
#ifndef __ASSEMBLY__
struct physdev_irq_status_query {
	uint32_t irq;	/* IN: pirq */
	uint32_t flags; /* OUT: XENIRQSTAT_* */
};
typedef struct physdev_irq_status_query physdev_irq_status_query_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_status_query_t);
#endif
#define _XENIRQSTAT_needs_eoi (0)
#define XENIRQSTAT_needs_eoi  (1U << _XENIRQSTAT_needs_eoi) /* level-triggered: call eoi */
#define _XENIRQSTAT_shared    (1)
#define XENIRQSTAT_shared     (1U << _XENIRQSTAT_shared) /* other domains handle it too */

/*
 * The calling vCPU's I/O privilege: its kernel mode may use IN/OUT if iopl is at least 1, its user
 * mode if 3; always within the ports that the domain has. Any domain. EINVAL: above 3.
 */
#define PHYSDEVOP_set_iopl 6
#ifndef __ASSEMBLY__
struct physdev_set_iopl {
	uint32_t iopl; /* IN: 0..3 */
};
typedef struct physdev_set_iopl physdev_set_iopl_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iopl_t);
#endif

/* Ports that guest user mode may use: a 0 bit permits. Any domain. EINVAL: above 65536 ports. */
#define PHYSDEVOP_set_iobitmap 7
#ifndef __ASSEMBLY__
struct physdev_set_iobitmap {
	XEN_GUEST_HANDLE(uint8) bitmap; /* IN: virtual address; must stay mapped */
	uint32_t nr_ports;		/* IN: bits */
};
typedef struct physdev_set_iobitmap physdev_set_iobitmap_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iobitmap_t);
#endif

/* Registers of an I/O APIC. Reading: dom0. ENODEV: no such APIC. Writing: EPERM, the routing is the
 * hypervisor's. */
#define PHYSDEVOP_apic_read  8
#define PHYSDEVOP_apic_write 9
#ifndef __ASSEMBLY__
struct physdev_apic {
	unsigned long apic_physbase; /* IN: machine address of the I/O APIC */
	uint32_t reg;		     /* IN: index */
	uint32_t value;		     /* read: OUT, write: IN */
};
typedef struct physdev_apic physdev_apic_t;
DEFINE_XEN_GUEST_HANDLE(physdev_apic_t);
#endif

/* Vectors are the hypervisor's business: alloc tells which one it uses, free does nothing. */
#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector  11
#ifndef __ASSEMBLY__
struct physdev_irq {
	uint32_t irq;	 /* IN: GSI */
	uint32_t vector; /* OUT */
};
typedef struct physdev_irq physdev_irq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_t);
#endif

#define MAP_PIRQ_TYPE_MSI	0x0 /* a device's MSI or MSI-X entry, segment 0 */
#define MAP_PIRQ_TYPE_GSI	0x1 /* an I/O APIC input */
#define MAP_PIRQ_TYPE_UNKNOWN	0x2
#define MAP_PIRQ_TYPE_MSI_SEG	0x3 /* as MSI; bits 16..31 of bus are the segment */
#define MAP_PIRQ_TYPE_MULTI_MSI 0x4 /* entry_nr consecutive MSI vectors */

/*
 * Give a domain a pirq for an interrupt. EINVAL: bad type, index or pirq. EPERM. ENOSPC: no vector
 * is left. ENODEV: no such device or capability.
 */
#define PHYSDEVOP_map_pirq 13
#ifndef __ASSEMBLY__
struct physdev_map_pirq {
	domid_t domid;	     /* IN: who gets it, DOMID_SELF */
	int type;	     /* IN: MAP_PIRQ_TYPE_* */
	int index;	     /* IN: the GSI; -1 for MSI */
	int pirq;	     /* IN: wanted number or -1. OUT: the number */
	int bus;	     /* IN, MSI: bus | segment << 16 */
	int devfn;	     /* IN, MSI: device << 3 | function */
	int entry_nr;	     /* IN, MSI-X: entry; MULTI_MSI: IN/OUT count */
	uint64_t table_base; /* IN, MSI-X: machine address of its table; 0 = plain MSI */
};
typedef struct physdev_map_pirq physdev_map_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_map_pirq_t);
#endif

/* Undo it; the event channel goes too. EINVAL: not mapped. */
#define PHYSDEVOP_unmap_pirq 14
#ifndef __ASSEMBLY__
struct physdev_unmap_pirq {
	domid_t domid; /* IN */
	int pirq;      /* IN */
};
typedef struct physdev_unmap_pirq physdev_unmap_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_unmap_pirq_t);
#endif

/* Tell about PCI devices found or gone (three generations of the same call). Accepted. */
#define PHYSDEVOP_manage_pci_add    15
#define PHYSDEVOP_manage_pci_remove 16
#ifndef __ASSEMBLY__
struct physdev_manage_pci {
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_manage_pci physdev_manage_pci_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_t);
#endif

/* Write a device's MSI registers again, after it lost power. */
#define PHYSDEVOP_restore_msi 19
#ifndef __ASSEMBLY__
struct physdev_restore_msi {
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_restore_msi physdev_restore_msi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_restore_msi_t);
#endif

#define PHYSDEVOP_manage_pci_add_ext 20
#ifndef __ASSEMBLY__
struct physdev_manage_pci_ext {
	uint8_t bus;	    /* IN */
	uint8_t devfn;	    /* IN */
	uint32_t is_extfn;  /* IN: an ARI function */
	uint32_t is_virtfn; /* IN: an SR-IOV function, of: */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
};
typedef struct physdev_manage_pci_ext physdev_manage_pci_ext_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_ext_t);
#endif

/* Trigger mode and polarity of an I/O APIC input. EINVAL: no such input. While it is in use the
 * mode stays. */
#define PHYSDEVOP_setup_gsi 21
#ifndef __ASSEMBLY__
struct physdev_setup_gsi {
	int gsi;	    /* IN: global system interrupt */
	uint8_t triggering; /* IN: 0 edge, 1 level */
	uint8_t polarity;   /* IN: 0 high, 1 low */
};
typedef struct physdev_setup_gsi physdev_setup_gsi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_setup_gsi_t);
#endif

/* A pirq number that is free, for a later map_pirq. ENOSPC. */
#define PHYSDEVOP_get_free_pirq 23
#ifndef __ASSEMBLY__
struct physdev_get_free_pirq {
	int type;      /* IN: MAP_PIRQ_TYPE_* */
	uint32_t pirq; /* OUT */
};
typedef struct physdev_get_free_pirq physdev_get_free_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_get_free_pirq_t);
#endif

/* The firmware confirms (or not) that an MMCONFIG window is reserved. Accepted. */
#define XEN_PCI_MMCFG_RESERVED	     0x1
#define PHYSDEVOP_pci_mmcfg_reserved 24
#ifndef __ASSEMBLY__
struct physdev_pci_mmcfg_reserved {
	uint64_t address;  /* IN: machine address */
	uint16_t segment;  /* IN */
	uint8_t start_bus; /* IN */
	uint8_t end_bus;   /* IN: last one, inclusive */
	uint32_t flags;	   /* IN: XEN_PCI_MMCFG_RESERVED or 0 */
};
typedef struct physdev_pci_mmcfg_reserved physdev_pci_mmcfg_reserved_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_mmcfg_reserved_t);
#endif

#define XEN_PCI_DEV_EXTFN	 0x1 /* an ARI function */
#define XEN_PCI_DEV_VIRTFN	 0x2 /* an SR-IOV function of physfn */
#define XEN_PCI_DEV_PXM		 0x4 /* optarr[0] is its NUMA proximity domain */
#define PHYSDEVOP_pci_device_add 25
#ifndef __ASSEMBLY__
struct physdev_pci_device_add {
	uint16_t seg;	/* IN */
	uint8_t bus;	/* IN */
	uint8_t devfn;	/* IN */
	uint32_t flags; /* IN: XEN_PCI_DEV_* */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
	uint32_t optarr[XEN_FLEX_ARRAY_DIM]; /* IN: values that flags announce */
};
typedef struct physdev_pci_device_add physdev_pci_device_add_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_add_t);
#endif

/* On struct physdev_pci_device. */
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext   27
#define PHYSDEVOP_prepare_msix	    30 /* before an MSI-X device is given away */
#define PHYSDEVOP_release_msix	    31
#ifndef __ASSEMBLY__
struct physdev_pci_device {
	uint16_t seg;  /* IN */
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_pci_device physdev_pci_device_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_t);
#endif

/* The USB debug port is about to be reset, or was. Parapet does not use it: accepted. */
#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE    2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN   0
#define PHYSDEVOP_DBGP_BUS_PCI	     1
#define PHYSDEVOP_dbgp_op	     29
#ifndef __ASSEMBLY__
struct physdev_dbgp_op {
	uint8_t op;  /* IN: PHYSDEVOP_DBGP_RESET_* */
	uint8_t bus; /* IN: PHYSDEVOP_DBGP_BUS_* */
	union {
		physdev_pci_device_t pci; /* IN */
	} u;
};
typedef struct physdev_dbgp_op physdev_dbgp_op_t;
DEFINE_XEN_GUEST_HANDLE(physdev_dbgp_op_t);
#endif

/* Of the first edition: unmask, then say whether an eoi is needed. ENOSYS. */
#define PHYSDEVOP_IRQ_UNMASK_NOTIFY 4

#endif
