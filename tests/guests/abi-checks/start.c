/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the domain builder leaves: start_info, the p2m list, shared_info; and xen_version. */
#include <string.h>
#include <xen/features.h>
#include <xen/version.h>
#include "checks.h"

void check_start(void)
{
	const struct start_info *si = pv_start_info;
	const struct shared_info *s = &pv_shared_info;
	unsigned long wrong = 0, twice = 0;

	expect("magic", strncmp(si->magic, "xen-3.0-x86_64", 14), 0);
	expect("nr_pages", si->nr_pages > 256, 1);
	expect("shared_info: alignment", si->shared_info % PV_PAGE_SIZE, 0);
	expect("pt_base: alignment", si->pt_base % PV_PAGE_SIZE, 0);
	expect("pt_base: behind the image", si->pt_base > (unsigned long)check_start, 1);
	expect("mfn_list: behind the image", si->mfn_list > (unsigned long)check_start, 1);
	expect("nr_pt_frames", si->nr_pt_frames >= 4, 1);
	expect("mod_len without ramdisk", si->mod_len == 0 || si->mod_start != 0, 1);
	expect("cmd_line ends", memchr(si->cmd_line, 0, MAX_GUEST_CMDLINE) != NULL, 1);
	expect("privileged and initial domain go together",
	       !!(si->flags & SIF_INITDOMAIN) == !!(si->flags & SIF_PRIVILEGED), 1);
	for (unsigned long pfn = 0; pfn < si->nr_pages; pfn++) {
		wrong += pv_p2m[pfn] == PV_NO_FRAME;
		twice += pv_p2m[pfn] != PV_NO_FRAME && pv_mfn_to_pfn(pv_p2m[pfn]) != pfn;
	}
	expect("frames missing from the p2m list", wrong, 0);
	expect("frames whose m2p entry does not lead back", twice, 0);
	expect("evtchn_pending_sel of other vCPUs", s->vcpu_info[1].evtchn_pending_sel, 0);
	if (!pv_is_dom0()) {
		expect("console frame", pv_mfn_to_pfn(si->console.domU.mfn) < si->nr_pages, 1);
		expect("store frame", pv_mfn_to_pfn(si->store_mfn) < si->nr_pages, 1);
		expect("console port", si->console.domU.evtchn > 0, 1);
		expect("store port", si->store_evtchn > 0, 1);
	}
}

/* Filled before each call, so that a missing terminator shows. */
static char text[1024 + 1];

static long ask_text(int cmd)
{
	memset(text, 0xff, sizeof(text));
	return HYPERVISOR_xen_version(cmd, text);
}

/* And behind the end there is nothing: what lay on the hypervisor's stack must not come along. */
static bool ends_within(size_t size)
{
	const char *at = memchr(text, 0, size);

	while (at && at < text + size)
		if (*at++)
			return false;
	return at && text[size] == (char)0xff;
}

bool on_xen(void)
{
	ask_text(XENVER_extraversion);
	return !memchr(text, 'P', 1) && !strstr(text, "arapet");
}

void check_version(void)
{
	struct xen_platform_parameters platform;
	struct xen_feature_info features = {.submap_idx = 0};

	expect("version", HYPERVISOR_xen_version(XENVER_version, NULL), 4 << 16 | 17);
	expect("extraversion", ask_text(XENVER_extraversion), 0);
	expect("extraversion ends", ends_within(sizeof(xen_extraversion_t)), 1);
	expect("compile_info", ask_text(XENVER_compile_info), 0);
	expect("changeset", ask_text(XENVER_changeset), 0);
	expect("changeset ends", ends_within(sizeof(xen_changeset_info_t)), 1);
	expect("capabilities", ask_text(XENVER_capabilities), 0);
	expect("capabilities end", ends_within(sizeof(xen_capabilities_info_t)), 1);
	expect("capabilities name this ABI", strstr(text, "xen-3.0-x86_64") != NULL, 1);
	expect("platform_parameters", HYPERVISOR_xen_version(XENVER_platform_parameters, &platform),
	       0);
	expect("virt_start", platform.virt_start, HYPERVISOR_VIRT_START);
	expect("pagesize", HYPERVISOR_xen_version(XENVER_pagesize, NULL), PV_PAGE_SIZE);
	expect("guest_handle", ask_text(XENVER_guest_handle), 0);
	expect("get_features", HYPERVISOR_xen_version(XENVER_get_features, &features), 0);
	expect("feature: preserve A and D",
	       features.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1, 1);
	expect("feature: auto-translated", features.submap >> XENFEAT_auto_translated_physmap & 1,
	       0);
	expect("feature: dom0", features.submap >> XENFEAT_dom0 & 1, pv_is_dom0());
	features.submap_idx = 1000;
	expect("get_features beyond the end",
	       HYPERVISOR_xen_version(XENVER_get_features, &features), -XEN_EINVAL);
	expect("unknown command", HYPERVISOR_xen_version(999, text), -XEN_ENOSYS);
	expect("bad pointer", HYPERVISOR_xen_version(XENVER_capabilities, (void *)8), -XEN_EFAULT);
}
