/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <xen/version.h>
#include <xen/features.h>
#include "answers.h"

struct verdict answers = {.name = "answers"};
bool on_parapet;

static long feature_words(unsigned int index, uint32_t *word)
{
	struct xen_feature_info info = {.submap_idx = index};
	long rc = HYPERVISOR_xen_version(XENVER_get_features, &info);

	*word = info.submap;
	return rc;
}

void answers_of_version(void)
{
	static xen_capabilities_info_t capabilities;
	struct xen_platform_parameters platform;
	uint32_t features;

	ANSWER(HYPERVISOR_xen_version(XENVER_version, NULL), 4 << 16 | 17);
	ANSWER(HYPERVISOR_xen_version(XENVER_pagesize, NULL), 4096);
	ANSWER(HYPERVISOR_xen_version(XENVER_capabilities, capabilities), 0);
	HOLDS(strstr(capabilities, "xen-3.0-x86_64 "));
	ANSWER(HYPERVISOR_xen_version(XENVER_platform_parameters, &platform), 0);
	HOLDS(platform.virt_start >= HYPERVISOR_VIRT_START);
	HOLDS(platform.virt_start < HYPERVISOR_VIRT_END);
	ANSWER(feature_words(0, &features), 0);
	HOLDS(features >> XENFEAT_mmu_pt_update_preserve_ad & 1);
	HOLDS(features >> XENFEAT_gnttab_map_avail_bits & 1);
	HOLDS(features >> XENFEAT_highmem_assist & 1);
	HOLDS(features >> XENFEAT_memory_op_vnode_supported & 1);
	HOLDS((features >> XENFEAT_dom0 & 1) == pv_is_dom0());
	HOLDS(!(features & 15));
	ANSWER(feature_words(XENFEAT_NR_SUBMAPS, &features), -XEN_EINVAL);
	ANSWER(HYPERVISOR_xen_version(XENVER_extraversion, HYPERVISORS_OWN), -XEN_EFAULT);
	ANSWER(HYPERVISOR_xen_version(99, NULL), -XEN_ENOSYS);
}

int main(void)
{
	xen_extraversion_t extra = "";

	HYPERVISOR_xen_version(XENVER_extraversion, extra);
	on_parapet = !strncmp(extra, "-parapet", 8);
	printf("answers: on %s, %s\n", on_parapet ? "Parapet" : "Xen",
	       pv_is_dom0() ? "privileged" : "not privileged");
	answers_of_version();
	answers_of_events();
	answers_of_vcpus();
	answers_of_processor();
	answers_of_frames();
	answers_of_memory();
	answers_of_tables();
	answers_of_grants();
	answers_of_control();
	return verdict_give(&answers);
}
