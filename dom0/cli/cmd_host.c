/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the machine and its hypervisor. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <xen/errno.h>
#include <xen/features.h>
#include <xen/sched.h>
#include <xen/version.h>
#include <xen/parapet.h>
#include "cli/command.h"
#include "disk/disk.h"
#include "hyp/sysctl.h"
#include "life/domains.h"

#define FLUSH_SECONDS 30

static void row(const char *key, const char *value)
{
	printf("%-23s: %s\n", key, value);
}

static void number_row(const char *key, uint64_t value)
{
	printf("%-23s: %llu\n", key, (unsigned long long)value);
}

static void show_hardware(const struct xen_sysctl_physinfo *info)
{
	row("host", "dom0");
	row("release", "Parapet");
	row("version", "dom0 on pvguest");
	row("machine", "x86_64");
	number_row("nr_cpus", info->nr_cpus);
	number_row("max_cpu_id", info->max_cpu_id);
	number_row("nr_nodes", info->nr_nodes);
	number_row("cores_per_socket", info->cores_per_socket);
	number_row("threads_per_core", info->threads_per_core);
	printf("%-23s: %u.%03u\n", "cpu_mhz", info->cpu_khz / 1000, info->cpu_khz % 1000);
	printf("%-23s: ", "hw_caps");
	for (int i = 0; i < 8; i++)
		printf("%08x%s", info->hw_cap[i], i < 7 ? ":" : "\n");
	printf("%-23s:%s%s%s\n", "virt_caps",
	       info->capabilities & XEN_SYSCTL_PHYSCAP_pv ? " pv" : "",
	       info->capabilities & XEN_SYSCTL_PHYSCAP_hvm ? " hvm" : "",
	       info->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v1 ? " gnttab-v1" : "");
	number_row("total_memory", info->total_pages >> 8);
	number_row("free_memory", info->free_pages >> 8);
	number_row("free_pages", info->free_pages);
	number_row("sharing_freed_memory", 0);
	number_row("sharing_used_memory", 0);
	number_row("outstanding_claims", info->outstanding_pages >> 8);
	number_row("free_cpus", 0);
}

/* Ask for one of the hypervisor's texts; the answer is cut to the buffer's last byte. */
static const char *version_text(int command, char *text, size_t size)
{
	memset(text, 0, size);
	if (HYPERVISOR_xen_version(command, text) < 0)
		text[0] = '\0';
	text[size - 1] = '\0';
	return text;
}

static void show_compiler(void)
{
	struct xen_compile_info info;

	memset(&info, 0, sizeof(info));
	HYPERVISOR_xen_version(XENVER_compile_info, &info);
	printf("%-23s: %.63s\n", "cc_compiler", info.compiler);
	printf("%-23s: %.15s\n", "cc_compile_by", info.compile_by);
	printf("%-23s: %.31s\n", "cc_compile_domain", info.compile_domain);
	printf("%-23s: %.31s\n", "cc_compile_date", info.compile_date);
}

static void show_hypervisor(void)
{
	long version = HYPERVISOR_xen_version(XENVER_version, NULL);
	char extra[sizeof(xen_extraversion_t) + 1], text[sizeof(xen_capabilities_info_t) + 1];
	xen_platform_parameters_t platform = {0};
	uint32_t scheduler = 0;

	version_text(XENVER_extraversion, extra, sizeof(extra));
	number_row("xen_major", (uint64_t)version >> 16);
	number_row("xen_minor", version & 0xffff);
	row("xen_extra", extra);
	printf("%-23s: %ld.%ld%s\n", "xen_version", version >> 16, version & 0xffff, extra);
	row("xen_caps", version_text(XENVER_capabilities, text, sizeof(text)));
	sysctl_scheduler(&scheduler);
	row("xen_scheduler", scheduler_name(scheduler));
	number_row("xen_pagesize", (uint64_t)HYPERVISOR_xen_version(XENVER_pagesize, NULL));
	HYPERVISOR_xen_version(XENVER_platform_parameters, &platform);
	printf("%-23s: virt_start=0x%lx\n", "platform_params", (unsigned long)platform.virt_start);
	row("xen_changeset", version_text(XENVER_changeset, text, sizeof(xen_changeset_info_t)));
	row("xen_commandline", version_text(XENVER_commandline, text, sizeof(text)));
}

static int run_info(struct words *words, struct problem *problem)
{
	struct xen_sysctl_physinfo info;
	int error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	error = sysctl_physinfo(&info);
	if (error)
		return problem_note(problem, -error, "asking the hypervisor failed: %s",
				    problem_reason(error));
	show_hardware(&info);
	show_hypervisor();
	show_compiler();
	row("xend_config_format", "4");
	printf("info: ok\n");
	return 0;
}

/* Guests have a say in these messages: only what is printable reaches the terminal. */
static void print_plain(const char *text, int size)
{
	for (int i = 0; i < size; i++)
		if (isprint((unsigned char)text[i]) || text[i] == '\n' || text[i] == '\t')
			putchar(text[i]);
}

static int run_dmesg(struct words *words, struct problem *problem)
{
	bool clear = words_flag(words, "-c");
	uint32_t index = 0;
	unsigned long total = 0;
	char buffer[1024];
	int got, error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	while ((got = sysctl_messages(buffer, sizeof(buffer), &index, 0)) > 0) {
		print_plain(buffer, got);
		total += (unsigned long)got;
	}
	if (got >= 0 && clear)
		got = sysctl_messages(buffer, sizeof(buffer), &index, 1);
	if (got < 0)
		return problem_note(problem, -got, "reading the messages failed: %s",
				    problem_reason(got));
	printf("dmesg: %lu bytes%s\n", total, clear ? ", cleared" : "");
	return 0;
}

static int run_audit(struct words *words, struct problem *problem)
{
	struct parapet_audit audit = {0};
	int error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	error = (int)pv_hypercall(__HYPERVISOR_parapet_op, PARAPET_audit, (unsigned long)&audit, 0,
				  0, 0);
	if (error)
		return problem_note(problem, -error,
				    "this hypervisor has no auditor (%s): only Parapet has",
				    problem_reason(error));
	if (audit.kind)
		return problem_note(problem, XEN_EIO, "frame 0x%llx differs: %.127s",
				    (unsigned long long)audit.mfn, audit.text);
	printf("audit: ok, %llu frames\n", (unsigned long long)audit.frames);
	return 0;
}

static const char *const refusal_names[] = {
	"argument", "fault",  "permission", "owner",   "type",	      "entry",
	"limit",    "memory", "state",	    "unknown", "instruction",
};

static int run_refusals(struct words *words, struct problem *problem)
{
	struct parapet_refusals refusals = {0};
	uint64_t total = 0;
	domid_t domid;
	int error = command_domain(words, 1, 1, &domid, problem);

	if (error)
		return error;
	refusals.domid = domid;
	error = (int)pv_hypercall(__HYPERVISOR_parapet_op, PARAPET_refusals,
				  (unsigned long)&refusals, 0, 0, 0);
	if (error)
		return problem_note(problem, -error, "this hypervisor does not count refusals (%s)",
				    problem_reason(error));
	for (unsigned int i = 0; i < PARAPET_NR_REFUSALS; i++) {
		total += refusals.counts[i];
		if (refusals.counts[i] && i < sizeof(refusal_names) / sizeof(refusal_names[0]))
			number_row(refusal_names[i], refusals.counts[i]);
		else if (refusals.counts[i])
			printf("reason %-16u: %llu\n", i, (unsigned long long)refusals.counts[i]);
	}
	printf("domain %u: %llu requests refused (dmesg has the last ones)\n", domid,
	       (unsigned long long)total);
	return 0;
}

static int end_machine(struct words *words, unsigned int reason, const char *what,
		       struct problem *problem)
{
	int error = command_words(words, 0, 0, problem);

	if (error)
		return error;
	if (!disk_flush_all(FLUSH_SECONDS))
		printf("a disk could not be flushed: what was written last may be lost\n");
	printf("%s\n", what);
	fflush(stdout);
	pv_shutdown(reason);
}

static int run_poweroff(struct words *words, struct problem *problem)
{
	return end_machine(words, SHUTDOWN_poweroff, "powering off", problem);
}

static int run_restart(struct words *words, struct problem *problem)
{
	return end_machine(words, SHUTDOWN_reboot, "restarting the machine", problem);
}

const struct command host_commands[] = {
	{"info", "", "show the machine and the hypervisor",
	 "    memory is in MiB; free_pages in pages of 4 KiB\n", COMPLETE_NOTHING, run_info},
	{"dmesg", "[-c]", "show the hypervisor's messages", "    -c clears them afterwards\n",
	 COMPLETE_NOTHING, run_dmesg},
	{"audit", "", "recount every frame of the machine", NULL, COMPLETE_NOTHING, run_audit},
	{"refusals", "DOMAIN", "count requests of a domain that the hypervisor turned down", NULL,
	 COMPLETE_DOMAIN, run_refusals},
	{"poweroff", "", "switch the machine off, guests and all", NULL, COMPLETE_NOTHING,
	 run_poweroff},
	{"restart", "", "restart the machine", NULL, COMPLETE_NOTHING, run_restart},
	{0},
};
