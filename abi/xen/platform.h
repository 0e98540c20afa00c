/* SPDX-License-Identifier: MIT */
/*
 * platform_op(struct xen_platform_op *): the machine as its owner sees it. dom0 only.
 * EACCES: interface_version is not XENPF_INTERFACE_VERSION. EINVAL, EFAULT as usual; ENOSYS for
 * what Parapet does not offer. Not preempted. Conventions: see xen.h.
 */
#ifndef __XEN_PUBLIC_PLATFORM_H__
#define __XEN_PUBLIC_PLATFORM_H__

#include "xen.h"

#define XENPF_INTERFACE_VERSION 0x03000001

/* Set the wall clock: the time of day was `secs`.`nsecs` at system time `system_time`. */
#define XENPF_settime32 17
#define XENPF_settime64 62
#define XENPF_settime	XENPF_settime64
#define xenpf_settime	xenpf_settime64

/* Memory types (MTRR). ENOSYS; dom0 uses the page attributes instead. */
#define XENPF_add_memtype  31
#define XENPF_del_memtype  32
#define XENPF_read_memtype 33

/* Load processor microcode: ENOSYS. */
#define XENPF_microcode_update 35

/* The machine has a known defect. Accepted. */
#define XENPF_platform_quirk	 39
#define QUIRK_NOIRQBALANCING	 1
#define QUIRK_IOAPIC_BAD_REGSEL	 2
#define QUIRK_IOAPIC_GOOD_REGSEL 3

/* Identity of a physical CPU. EINVAL: no such CPU. */
#define XENPF_get_cpu_version 48

/* EFI run-time services: ENOSYS. */
#define XENPF_efi_runtime_call 49

/* What the firmware said at boot. ESRCH: nothing of that type and index. EINVAL: unknown type. */
#define XENPF_firmware_info	    50
#define XEN_FW_DISK_INFO	    1 /* index: disk; BIOS EDD data */
#define XEN_FW_DISK_MBR_SIGNATURE   2 /* index: disk */
#define XEN_FW_VBEDDC_INFO	    3 /* the monitor's EDID block */
#define XEN_FW_EFI_INFO		    4 /* index: */
#define XEN_FW_EFI_VERSION	    0
#define XEN_FW_EFI_CONFIG_TABLE	    1
#define XEN_FW_EFI_VENDOR	    2
#define XEN_FW_EFI_MEM_INFO	    3
#define XEN_FW_EFI_RT_VERSION	    4
#define XEN_FW_EFI_PCI_ROM	    5
#define XEN_FW_EFI_APPLE_PROPERTIES 6
#define XEN_FW_KBD_SHIFT_FLAGS	    5

/* Enter an ACPI sleep state: S5, off. ENOSYS: others. */
#define XENPF_enter_acpi_sleep 51

/* Power management of physical CPUs: ENOSYS. */
#define XENPF_change_freq	   52
#define XENPF_set_processor_pminfo 54
#define XENPF_core_parking	   60
#define XENPF_resource_op	   61

/* How long physical CPUs idled. */
#define XENPF_getidletime 53

/* Which physical CPUs there are; flags tell of one that is not. */
#define XENPF_get_cpuinfo 55

/* Physical CPUs on and off, CPUs and memory added: ENOSYS. */
#define XENPF_cpu_online  56
#define XENPF_cpu_offline 57
#define XENPF_cpu_hotadd  58
#define XENPF_mem_hotadd  59

/* A symbol of the hypervisor's: ENOSYS. */
#define XENPF_get_symbol 63

#ifndef __ASSEMBLY__
struct xenpf_settime32 {
	uint32_t secs;	      /* IN: seconds since 1970, UTC */
	uint32_t nsecs;	      /* IN: ns */
	uint64_t system_time; /* IN: ns */
};
typedef struct xenpf_settime32 xenpf_settime32_t;

struct xenpf_settime64 {
	uint64_t secs;	      /* IN: seconds since 1970, UTC */
	uint32_t nsecs;	      /* IN: ns */
	uint32_t mbz;	      /* IN: 0 */
	uint64_t system_time; /* IN: ns */
};
typedef struct xenpf_settime64 xenpf_settime64_t;
typedef struct xenpf_settime xenpf_settime_t; /* struct xenpf_settime64 */
DEFINE_XEN_GUEST_HANDLE(xenpf_settime_t);

struct xenpf_add_memtype {
	xen_pfn_t mfn;	  /* IN: first frame */
	uint64_t nr_mfns; /* IN */
	uint32_t type;	  /* IN: MTRR type */
	uint32_t handle;  /* OUT */
	uint32_t reg;	  /* OUT */
};
typedef struct xenpf_add_memtype xenpf_add_memtype_t;

struct xenpf_del_memtype {
	uint32_t handle; /* IN */
	uint32_t reg;	 /* IN */
};
typedef struct xenpf_del_memtype xenpf_del_memtype_t;

struct xenpf_read_memtype {
	uint32_t reg;	  /* IN */
	xen_pfn_t mfn;	  /* OUT */
	uint64_t nr_mfns; /* OUT */
	uint32_t type;	  /* OUT */
};
typedef struct xenpf_read_memtype xenpf_read_memtype_t;

struct xenpf_platform_quirk {
	uint32_t quirk_id; /* IN: QUIRK_* */
};
typedef struct xenpf_platform_quirk xenpf_platform_quirk_t;

struct xenpf_firmware_info {
	uint32_t type;	/* IN: XEN_FW_* */
	uint32_t index; /* IN */
	union {		/* OUT, where it does not say IN */
		struct {
			uint8_t device;		    /* BIOS drive number */
			uint8_t version;	    /* EDD version */
			uint16_t interface_support; /* EDD interface bits */
			uint16_t legacy_max_cylinder;
			uint8_t legacy_max_head;
			uint8_t legacy_sectors_per_track;
			XEN_GUEST_HANDLE(void)
			edd_params; /* IN: where the EDD block goes; its first
				     * 16 bits are its room */
		} disk_info;
		struct {
			uint8_t device;
			uint32_t mbr_signature;
		} disk_mbr_signature;
		struct {
			uint8_t capabilities;
			uint8_t edid_transfer_time;   /* seconds */
			XEN_GUEST_HANDLE(uint8) edid; /* IN: room for 128 bytes */
		} vbeddc_info;
		union xenpf_efi_info {
			uint32_t version;
			struct {
				uint64_t addr; /* machine address */
				uint32_t nent; /* entries */
			} cfg;
			struct {
				uint32_t revision;
				uint32_t bufsz;		     /* IN: room in bytes */
				XEN_GUEST_HANDLE(void) name; /* IN: where it goes */
			} vendor;
			struct {
				uint64_t addr; /* IN: machine address; OUT: of its region */
				uint64_t size; /* IN/OUT: bytes */
				uint64_t attr;
				uint32_t type;
			} mem;
			struct {
				uint16_t segment; /* IN */
				uint8_t bus;	  /* IN */
				uint8_t devfn;	  /* IN */
				uint16_t vendor;  /* IN */
				uint16_t devid;	  /* IN */
				uint64_t address;
				xen_ulong_t size;
			} pci_rom;
			struct {
				uint64_t address;
				xen_ulong_t size;
			} apple_properties;
		} efi_info;
		uint8_t kbd_shift_flags; /* BIOS keyboard flags */
	} u;
};
typedef struct xenpf_firmware_info xenpf_firmware_info_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_firmware_info_t);

struct xenpf_enter_acpi_sleep {
	uint16_t val_a;	      /* IN: PM1a control value, or sleep type */
	uint16_t val_b;	      /* IN: PM1b control value, or sleep type */
	uint32_t sleep_state; /* IN: n of Sn */
#define XENPF_ACPI_SLEEP_EXTENDED 0x00000001
	uint32_t flags; /* IN: XENPF_ACPI_SLEEP_EXTENDED: hardware-reduced registers */
};
typedef struct xenpf_enter_acpi_sleep xenpf_enter_acpi_sleep_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_enter_acpi_sleep_t);

struct xenpf_getidletime {
	XEN_GUEST_HANDLE(uint8) cpumap_bitmap; /* IN: which CPUs. OUT: those that exist */
	uint32_t cpumap_nr_cpus;	       /* IN: bits in it */
	XEN_GUEST_HANDLE(uint64) idletime;     /* OUT: ns of idling, by CPU number */
	uint64_t now;			       /* OUT: system time in ns */
};
typedef struct xenpf_getidletime xenpf_getidletime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_getidletime_t);

struct xenpf_pcpuinfo {
	uint32_t xen_cpuid;   /* IN: CPU */
	uint32_t max_present; /* OUT: the highest CPU number */
#define XEN_PCPU_FLAGS_ONLINE  1
#define XEN_PCPU_FLAGS_INVALID 2 /* no such CPU */
	uint32_t flags;		 /* OUT */
	uint32_t apic_id;	 /* OUT */
	uint32_t acpi_id;	 /* OUT */
};
typedef struct xenpf_pcpuinfo xenpf_pcpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpuinfo_t);

struct xenpf_pcpu_version {
	uint32_t xen_cpuid;   /* IN: CPU. OUT: the same */
	uint32_t max_present; /* OUT: the highest CPU number */
	char vendor_id[12];   /* OUT: not ended by 0 */
	uint32_t family;      /* OUT */
	uint32_t model;	      /* OUT */
	uint32_t stepping;    /* OUT */
};
typedef struct xenpf_pcpu_version xenpf_pcpu_version_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpu_version_t);

struct xenpf_cpu_ol {
	uint32_t cpuid; /* IN: CPU */
};
typedef struct xenpf_cpu_ol xenpf_cpu_ol_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_cpu_ol_t);

struct xenpf_symdata {
	uint32_t namelen;	     /* IN: room. OUT: length of the name + 1 */
	uint32_t symnum;	     /* IN: position in the table. OUT: the next */
	XEN_GUEST_HANDLE(char) name; /* OUT */
	uint64_t address;	     /* OUT */
	char type;		     /* OUT: letter as of nm */
};
typedef struct xenpf_symdata xenpf_symdata_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_symdata_t);

struct xen_platform_op {
	uint32_t cmd;		    /* IN: XENPF_* */
	uint32_t interface_version; /* IN: XENPF_INTERFACE_VERSION */
	union {
		xenpf_settime_t settime;
		xenpf_settime32_t settime32;
		xenpf_settime64_t settime64;
		xenpf_add_memtype_t add_memtype;
		xenpf_del_memtype_t del_memtype;
		xenpf_read_memtype_t read_memtype;
		xenpf_platform_quirk_t platform_quirk;
		xenpf_firmware_info_t firmware_info;
		xenpf_enter_acpi_sleep_t enter_acpi_sleep;
		xenpf_getidletime_t getidletime;
		xenpf_pcpuinfo_t pcpu_info;
		xenpf_pcpu_version_t pcpu_version;
		xenpf_cpu_ol_t cpu_ol;
		xenpf_symdata_t symdata;
		uint8_t pad[128];
	} u;
};
typedef struct xen_platform_op xen_platform_op_t;
DEFINE_XEN_GUEST_HANDLE(xen_platform_op_t);
#endif /* !__ASSEMBLY__ */
#endif
