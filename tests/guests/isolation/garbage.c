/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls with bad pointers, and with nonsense altogether. */
#include <xen/sched.h>
#include "isolation.h"

enum { NR_HYPERCALLS = 64 };

static const unsigned long bad_pointers[] = {
	0,
	1,
	0x800000000000UL,      /* not canonical */
	HYPERVISOR_VIRT_START, /* readable (M2P), not writable */
	0xffff830000000000UL,  /* the hypervisor's */
	0xfffffffffffff000UL,  /* nothing, at the end */
	~0UL,
};

/* Calls that a guest makes with other things than pointers, to its own harm and nobody else's. */
static bool harms_oneself(unsigned int number)
{
	switch (number) {
	case __HYPERVISOR_set_trap_table:
	case __HYPERVISOR_set_gdt:
	case __HYPERVISOR_stack_switch:
	case __HYPERVISOR_set_callbacks:
	case __HYPERVISOR_fpu_taskswitch:
	case __HYPERVISOR_sched_op_compat:
	case __HYPERVISOR_set_debugreg:
	case __HYPERVISOR_iret:
	case __HYPERVISOR_vcpu_op:
	case __HYPERVISOR_set_segment_base:
	case __HYPERVISOR_sched_op:
		return true;
	default:
		return false;
	}
}

void attack_with_bad_pointers(void)
{
	for (unsigned int number = 0; number < NR_HYPERCALLS; number++) {
		if (harms_oneself(number))
			continue;
		for (unsigned int i = 0; i < PV_ARRAY_SIZE(bad_pointers); i++)
			for (unsigned int command = 0; command < 48; command++) {
				unsigned long bad = bad_pointers[i];

				/* The array before, between and after the count. */
				pv_hypercall(number, bad, command, bad, bad, bad);
				pv_hypercall(number, command, bad, 1, bad, bad);
				pv_hypercall(number, bad, 1, bad, DOMID_SELF, bad);
			}
	}
	refused(pv_hypercall(NR_HYPERCALLS - 1, 0, 0, 0, 0, 0), "an unknown hypercall");
	refused(pv_hypercall(0xffffffff, 0, 0, 0, 0, 0), "hypercall 2^32 - 1");
}

static unsigned long random_state;

static unsigned long random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Small numbers, good and bad addresses, own and foreign frames, and plain noise. */
static unsigned long random_argument(unsigned long *page)
{
	switch (random_number() % 8) {
	case 0:
		return random_number() % 64;
	case 1:
		return (unsigned long)page;
	case 2:
		return (unsigned long)page + random_number() % (2 * PV_PAGE_SIZE);
	case 3:
		return bad_pointers[random_number() % PV_ARRAY_SIZE(bad_pointers)];
	case 4:
		return pv_virt_to_mfn(page);
	case 5:
		return DOMID_SELF;
	case 6:
		return random_number() % (1 << 20);
	default:
		return random_number();
	}
}

void attack_with_garbage(unsigned long seed)
{
	unsigned long *page = pv_pages_alloc(1);

	random_state = seed * 0x9e3779b97f4a7c15UL + 1;
	printf("isolation: garbage %lu\n", seed);
	for (;;) {
		unsigned int number = random_number() % NR_HYPERCALLS;

		for (unsigned int i = 0; i < 64; i++)
			page[i] = random_argument(page);
		/* Ending by itself is no news, and blocking none either. */
		if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat)
			continue;
		pv_hypercall(number, random_argument(page), random_argument(page),
			     random_argument(page), random_argument(page), random_argument(page));
	}
}
