/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A broad self-test of what the ABI promises a guest. It passes on real Xen 4.17, as domU and as
 * dom0 kernel, so a line "FAIL abi-checks: ..." elsewhere names a difference from it.
 * Words of the command line pick groups: "abi-checks iret events".
 */
#include <stdio.h>
#include <string.h>
#include "checks.h"

struct outcome outcome;
volatile uintptr_t try_resume;

static unsigned int checks, failures;
static const char *group;

void expect(const char *what, long got, long wanted)
{
	checks++;
	if (got == wanted)
		return;
	failures++;
	printf("FAIL abi-checks: %s: %s: got %#lx (%ld), expected %#lx (%ld)\n", group, what, got,
	       got, wanted, wanted);
}

void expect_refused(const char *what, long got)
{
	checks++;
	if (got < 0 && got > -200)
		return;
	failures++;
	printf("FAIL abi-checks: %s: %s: got %#lx (%ld), expected to be refused\n", group, what,
	       got, got);
}

void expect_trap(const char *what, unsigned int vector, uint64_t error)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: vector (-1: no trap)", what);
	expect(text, outcome.trapped ? (long)outcome.vector : -1, vector);
	if (!outcome.trapped || outcome.vector != vector)
		return;
	snprintf(text, sizeof(text), "%s: error code", what);
	expect(text, outcome.error, error);
}

void expect_no_trap(const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: vector (-1: no trap)", what);
	expect(text, outcome.trapped ? (long)outcome.vector : -1, -1);
}

static bool caught(struct pv_regs *regs)
{
	if (!try_resume)
		return false;
	outcome.trapped = true;
	outcome.vector = regs->vector;
	outcome.error = regs->error;
	outcome.address = pv_fault_address();
	outcome.regs = *regs;
	regs->rip = try_resume;
	/* After a failed iret the frame shows what could not be returned to. */
	if ((regs->cs | 3) != FLAT_KERNEL_CS)
		regs->cs = FLAT_KERNEL_CS & ~3;
	if ((regs->ss | 3) != FLAT_KERNEL_SS)
		regs->ss = FLAT_KERNEL_SS;
	regs->rflags &= ~0x100UL; /* TF */
	try_resume = 0;
	return true;
}

void catch_vector(unsigned int vector)
{
	pv_trap_handle(vector, caught);
}

long set_pte(void *va, uint64_t pte)
{
	return HYPERVISOR_update_va_mapping((unsigned long)va, pte, UVMF_INVLPG | UVMF_ALL);
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{"start", check_start},
	{"version", check_version},
	{"hypercalls", check_hypercalls},
	{"exceptions", check_exceptions},
	{"debug", check_debug},
	{"fpu", check_fpu},
	{"iret", check_iret},
	{"user", check_user},
	{"segments", check_segments},
	{"descriptors", check_descriptors},
	{"emulation", check_emulation},
	{"page-tables", check_page_tables},
	{"pinning", check_pinning},
	{"writable-tables", check_writable_tables},
	{"memory", check_memory},
	{"events", check_events},
	{"time", check_time},
	{"vcpus", check_vcpus},
	{"grants", check_grants},
};

static bool wanted(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	for (unsigned int vector = 0; vector < 32; vector++)
		catch_vector(vector);
	for (size_t i = 0; i < PV_ARRAY_SIZE(groups); i++) {
		unsigned int before = checks;

		if (!wanted(argc, argv, groups[i].name))
			continue;
		group = groups[i].name;
		groups[i].run();
		printf("abi-checks: %s: %u checks\n", group, checks - before);
	}
	if (failures)
		printf("abi-checks: FAILED, %u of %u checks\n", failures, checks);
	else
		printf("abi-checks: passed, %u checks\n", checks);
	return failures != 0;
}
