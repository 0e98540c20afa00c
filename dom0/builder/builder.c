/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <image/layout.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include "builder/builder.h"
#include "builder/memory.h"
#include "hyp/domctl.h"
#include "hyp/sysctl.h"
#include "image/kernel.h"

#define PAGES_PER_MIB 256ull
#define SLACK_KIB     1024 /* above what the guest is given, as xl allows */

/* A domain under construction. */
struct build {
	const struct guest_config *config;
	const struct image_files *files;
	struct built_domain *built;
	struct problem *problem;
	struct kernel kernel;
	struct guest_layout layout;
	struct guest_memory memory;
	domid_t domid;
};

static int failed(const struct build *build, const char *what, int error)
{
	return problem_note(build->problem, -error, "%s: %s failed: %s", build->config->name, what,
			    problem_reason(error));
}

static int set_cpus(const struct build *build)
{
	const struct guest_config *config = build->config;
	int error = domctl_max_vcpus(build->domid, config->maxvcpus);

	if (error)
		return failed(build, "making the vCPUs", error);
	for (unsigned int vcpu = 0; vcpu < config->maxvcpus; vcpu++) {
		if (!config->affinity[vcpu])
			continue;
		error = domctl_set_affinity(build->domid, vcpu, config->affinity[vcpu]);
		if (error)
			return problem_note(
				build->problem, -error,
				"%s: the host has none of the CPUs in cpus=: see info, nr_cpus",
				config->name);
	}
	return 0;
}

static int set_share(const struct build *build)
{
	const struct guest_config *config = build->config;
	uint16_t weight, cap;
	uint32_t scheduler;
	int error;

	if (!config->weight && !config->cap)
		return 0;
	error = sysctl_scheduler(&scheduler);
	if (!error)
		error = domctl_get_share(build->domid, scheduler, &weight, &cap);
	if (!error)
		error = domctl_set_share(build->domid, scheduler,
					 config->weight ? (uint16_t)config->weight : weight,
					 (uint16_t)config->cap);
	return error ? failed(build, "setting cpu_weight and cap", error) : 0;
}

/* Tell the guest which memory it may have, so that it can grow from memory to maxmem. */
static int set_memory_map(const struct build *build)
{
	/* An entry of the PC firmware's table of memory, 20 bytes. */
	struct {
		uint64_t start, size;
		uint32_t type;
	} __attribute__((packed)) usable = {0, (uint64_t)build->config->maxmem << 20, 1};
	struct xen_foreign_memory_map map = {.domid = build->domid, .map.nr_entries = 1};

	set_xen_guest_handle(map.map.buffer, (void *)&usable);
	int error = (int)HYPERVISOR_memory_op(XENMEM_set_memory_map, &map);

	/* A guest without a table takes what start_info says. */
	return error == -XEN_ENOSYS || !error ? 0 : failed(build, "setting the memory map", error);
}

static int make_port(const struct build *build, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound alloc = {.dom = build->domid, .remote_dom = DOMID_SELF};
	int error = (int)HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

	*port = alloc.port;
	return error ? failed(build, "making an event channel", error) : 0;
}

static int set_up_domain(struct build *build)
{
	int error = set_cpus(build);

	if (!error)
		error = set_share(build);
	if (!error) {
		error = domctl_max_mem(build->domid,
				       ((uint64_t)build->config->maxmem << 10) + SLACK_KIB);
		if (error)
			return failed(build, "setting the memory limit", error);
		error = set_memory_map(build);
	}
	if (!error)
		error = make_port(build, &build->built->store_port);
	if (!error)
		error = make_port(build, &build->built->console_port);
	return error;
}

static int write_piece(void *context, uint64_t offset, const uint8_t *bytes, size_t size)
{
	struct build *build = context;

	return guest_memory_write(&build->memory, offset, bytes, size, build->problem);
}

/* Clear what a segment's bytes in the file do not reach, up to the end of its last page. */
static int clear_tails(struct build *build)
{
	const struct kernel_image *image = &build->kernel.image;
	int error = 0;

	for (unsigned int i = 0; i < image->segments && !error; i++) {
		const struct image_segment *segment = &image->segment[i];

		error = guest_memory_clear(
			&build->memory, image_place(image, segment) + segment->file_size,
			segment->memory_size - segment->file_size, build->problem);
	}
	return error;
}

static int plan(struct build *build)
{
	struct guest_layout *layout = &build->layout;
	const char *wrong = layout_plan(layout, &build->kernel.image, false,
					build->files->ramdisk_size, build->memory.pages);

	if (wrong)
		return problem_note(build->problem, XEN_EINVAL, "%s", wrong);
	if (layout->used_pages > layout->total_pages)
		return problem_note(
			build->problem, XEN_ENOMEM,
			"kernel and ramdisk need %llu MiB at least, the guest has %llu: raise memory",
			(unsigned long long)((layout->used_pages + 255) >> 8),
			(unsigned long long)(layout->total_pages >> 8));
	return 0;
}

static int load_images(struct build *build)
{
	int error = clear_tails(build);

	if (!error)
		error = kernel_load(&build->kernel, write_piece, build, build->problem);
	/* A packed kernel's notes are known only now. */
	if (!error)
		error = plan(build);
	if (!error && build->files->ramdisk_size)
		error = guest_memory_write(
			&build->memory, build->layout.ramdisk.first << PV_PAGE_SHIFT,
			build->files->ramdisk, build->files->ramdisk_size, build->problem);
	return error;
}

/* The list of frames, whose last page is filled up with "no frame". */
static int write_p2m(struct build *build)
{
	const struct page_run *run = &build->layout.p2m;
	uint64_t start = run->first << PV_PAGE_SHIFT,
		 size = build->memory.pages * sizeof(xen_pfn_t);
	static const xen_pfn_t none = ~0ul;
	int error =
		guest_memory_write(&build->memory, start, build->memory.p2m, size, build->problem);

	for (; !error && size < run->count << PV_PAGE_SHIFT; size += sizeof(none))
		error = guest_memory_write(&build->memory, start + size, &none, sizeof(none),
					   build->problem);
	return error;
}

/* Page tables are made in dom0's memory: those of the run `tables`, then those of p2m_tables. */
struct table_pages {
	const struct guest_layout *layout;
	uint64_t (*pages)[512];
};

static uint64_t *table_page(void *context, uint64_t page)
{
	const struct table_pages *t = context;
	const struct guest_layout *layout = t->layout;

	if (page - layout->tables.first < layout->tables.count)
		return t->pages[page - layout->tables.first];
	return t->pages[layout->tables.count + page - layout->p2m_tables.first];
}

static int write_tables(struct build *build)
{
	const struct guest_layout *layout = &build->layout;
	const struct page_run *runs[] = {&layout->tables, &layout->p2m_tables};
	uint64_t count = layout->tables.count + layout->p2m_tables.count, done = 0;
	struct table_pages tables = {layout, calloc(count, sizeof(tables.pages[0]))};
	int error = 0;

	if (!tables.pages)
		return problem_note(build->problem, XEN_ENOMEM,
				    "dom0 is out of memory: raise dom0_mem");
	layout_fill_tables(layout, build->memory.p2m, table_page, &tables);
	for (int i = 0; i < 2 && !error; done += runs[i++]->count)
		error = guest_memory_write(&build->memory, runs[i]->first << PV_PAGE_SHIFT,
					   tables.pages[done], runs[i]->count << PV_PAGE_SHIFT,
					   build->problem);
	free(tables.pages);
	return error;
}

static xen_pfn_t frame_of(const struct build *build, const struct page_run *run)
{
	return build->memory.p2m[run->first];
}

static void fill_start_info(const struct build *build, struct start_info *info,
			    unsigned long shared_info)
{
	const struct guest_layout *layout = &build->layout;

	strcpy(info->magic, "xen-3.0-x86_64"); /* of the ABI, not of the hypervisor */
	info->shared_info = shared_info;
	info->flags = SIF_VIRT_P2M_4TOOLS;
	info->store_mfn = frame_of(build, &layout->store);
	info->store_evtchn = build->built->store_port;
	info->console.domU.mfn = frame_of(build, &layout->console);
	info->console.domU.evtchn = build->built->console_port;
	layout_start_info(layout, build->files->ramdisk_size, info);
	memcpy(info->cmd_line, build->config->cmdline, sizeof(info->cmd_line));
}

/* Every vCPU starts with its events masked: the kernel has no handler yet. */
static int mask_events(const struct build *build, xen_pfn_t shared_info)
{
	int error;
	struct shared_info *shared = pv_map_foreign(&shared_info, 1, PV_RW, build->domid, &error);

	if (!shared)
		return failed(build, "mapping the shared page", error);
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		shared->vcpu_info[i].evtchn_upcall_mask = 1;
	pv_unmap_free(shared, 1);
	return 0;
}

static int write_start_info(struct build *build)
{
	struct xen_domctl_getdomaininfo domain;
	struct start_info info = {0};
	int error = domctl_info(build->domid, &domain);

	if (error)
		return failed(build, "asking for the shared page", error);
	error = mask_events(build, domain.shared_info_frame);
	if (error)
		return error;
	fill_start_info(build, &info, domain.shared_info_frame << PV_PAGE_SHIFT);
	uint64_t start = build->layout.start_info.first << PV_PAGE_SHIFT;

	error = guest_memory_clear(&build->memory, start, 3 * PV_PAGE_SIZE, build->problem);
	if (!error)
		error = guest_memory_clear(&build->memory,
					   build->layout.stack.first << PV_PAGE_SHIFT, PV_PAGE_SIZE,
					   build->problem);
	if (!error)
		error = guest_memory_write(&build->memory, start, &info, sizeof(info),
					   build->problem);
	build->built->store_mfn = info.store_mfn;
	build->built->console_mfn = info.console.domU.mfn;
	return error;
}

static int fill_hypercall_page(struct build *build)
{
	const struct kernel_image *image = &build->kernel.image;
	uint64_t page = (image->hypercall_page - image->virt_base) >> PV_PAGE_SHIFT;

	if (image->hypercall_page == IMAGE_NONE)
		return 0;
	int error = domctl_hypercall_page(build->domid, build->memory.p2m[page]);

	return error ? failed(build, "filling the hypercall page", error) : 0;
}

/* Grant the ring pages to dom0 in the guest's name, as its kernel would otherwise have to. */
static int seed_grants(struct build *build)
{
	xen_pfn_t frame = 0;
	struct xen_mem_acquire_resource resource = {.domid = build->domid,
						    .type = XENMEM_resource_grant_table,
						    .id = XENMEM_resource_grant_table_id_shared,
						    .nr_frames = 1};
	int error;

	set_xen_guest_handle(resource.frame_list, &frame);
	error = (int)HYPERVISOR_memory_op(XENMEM_acquire_resource, &resource);
	if (error)
		return failed(build, "finding the grant table", error);
	grant_entry_v1_t *grants = pv_map_foreign(&frame, 1, PV_RW, build->domid, &error);

	if (!grants)
		return failed(build, "mapping the grant table", error);
	grants[CONSOLE_GRANT] = (grant_entry_v1_t){.flags = GTF_permit_access,
						   .frame = (uint32_t)build->built->console_mfn};
	grants[STORE_GRANT] = (grant_entry_v1_t){.flags = GTF_permit_access,
						 .frame = (uint32_t)build->built->store_mfn};
	pv_unmap_free(grants, 1);
	return 0;
}

static int pin_root(struct build *build)
{
	struct mmuext_op op = {.cmd = MMUEXT_PIN_L4_TABLE,
			       .arg1.mfn = frame_of(build, &build->layout.tables)};
	int error;

	guest_memory_close_window(&build->memory);
	error = (int)HYPERVISOR_mmuext_op(&op, 1, NULL, build->domid);
	return error ? problem_note(build->problem, -error,
				    "%s: the hypervisor refused the page tables (%s): see dmesg",
				    build->config->name, problem_reason(error))
		     : 0;
}

/* The state in which the ABI has a guest begin. */
static int start_state(struct build *build)
{
	struct vcpu_guest_context *context = calloc(1, sizeof(*context));
	int error;

	if (!context)
		return problem_note(build->problem, XEN_ENOMEM,
				    "dom0 is out of memory: raise dom0_mem");
	layout_start_context(&build->layout, &build->kernel.image, build->memory.p2m, context);
	error = domctl_set_vcpu_context(build->domid, 0, context);
	free(context);
	return error ? failed(build, "setting the first vCPU's registers", error) : 0;
}

/* Fill the domain's memory. The order is free but for the last three steps. */
static int fill_domain(struct build *build)
{
	int error = load_images(build);

	if (!error)
		error = write_p2m(build);
	if (!error)
		error = write_start_info(build);
	if (!error)
		error = write_tables(build);
	if (!error)
		error = fill_hypercall_page(build);
	if (!error)
		error = seed_grants(build);
	if (!error)
		error = pin_root(build);
	return error ? error : start_state(build);
}

/* A domain identifier of our own making where the configuration has none. */
static void choose_uuid(const struct guest_config *config, uint8_t uuid[16])
{
	static const uint8_t none[16];

	memcpy(uuid, config->uuid, 16);
	if (memcmp(uuid, none, 16))
		return;
	for (int i = 0; i < 16; i++)
		uuid[i] = (uint8_t)rand();
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* Refuse before anything is created what can be seen to be impossible. */
static int open_kernel(struct build *build)
{
	const struct guest_config *config = build->config;
	int error = kernel_open(build->files->kernel, build->files->kernel_size, &build->kernel,
				build->problem);

	if (error)
		return error;
	if (build->kernel.image.end_byte > (uint64_t)config->memory << 20)
		return problem_note(
			build->problem, XEN_ENOMEM,
			"%s: the kernel alone needs %llu MiB, the guest has %u: raise memory",
			config->name, (unsigned long long)(build->kernel.image.end_byte >> 20) + 1,
			config->memory);
	return 0;
}

static int build_domain(struct build *build)
{
	uint8_t uuid[16];
	int error;

	choose_uuid(build->config, uuid);
	error = domctl_create(uuid, build->config->maxvcpus, &build->domid);
	if (error)
		return failed(build, "creating the domain", error);
	build->built->domid = build->domid;
	error = set_up_domain(build);
	if (!error)
		error = guest_memory_populate(&build->memory, build->domid,
					      build->config->memory * PAGES_PER_MIB,
					      build->problem);
	if (!error)
		error = fill_domain(build);
	guest_memory_release(&build->memory);
	if (error)
		domctl_destroy(build->domid);
	return error;
}

int builder_build(const struct guest_config *config, const struct image_files *files,
		  struct built_domain *built, struct problem *problem)
{
	struct build *build = calloc(1, sizeof(*build));
	int error;

	if (!build)
		return problem_note(problem, XEN_ENOMEM, "dom0 is out of memory: raise dom0_mem");
	build->config = config;
	build->files = files;
	build->built = built;
	build->problem = problem;
	error = open_kernel(build);
	if (!error)
		error = build_domain(build);
	free(build);
	return error;
}
