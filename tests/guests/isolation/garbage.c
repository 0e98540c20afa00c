/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls with bad pointers, and with nonsense altogether. */
#include <pv/vcpu.h>
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

struct noise {
	unsigned long state;
	unsigned long *page;
};

static unsigned long random_number(struct noise *n)
{
	n->state ^= n->state << 13;
	n->state ^= n->state >> 7;
	n->state ^= n->state << 17;
	return n->state;
}

/* Small numbers, good and bad addresses, own and foreign frames, and plain noise. */
static unsigned long random_argument(struct noise *n)
{
	unsigned long *page = n->page;

	switch (random_number(n) % 8) {
	case 0:
		return random_number(n) % 64;
	case 1:
		return (unsigned long)page;
	case 2:
		return (unsigned long)page + random_number(n) % (2 * PV_PAGE_SIZE);
	case 3:
		return bad_pointers[random_number(n) % PV_ARRAY_SIZE(bad_pointers)];
	case 4:
		return pv_virt_to_mfn(page);
	case 5:
		return DOMID_SELF;
	case 6:
		return random_number(n) % (1 << 20);
	default:
		return random_number(n);
	}
}

static void make_noise(void *argument)
{
	struct noise *n = argument;

	for (;;) {
		unsigned int number = random_number(n) % NR_HYPERCALLS;

		for (unsigned int i = 0; i < 64; i++)
			n->page[i] = random_argument(n);
		/* Ending by itself is no news, and blocking none either. */
		if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat)
			continue;
		pv_hypercall(number, random_argument(n), random_argument(n), random_argument(n),
			     random_argument(n), random_argument(n));
	}
}

void attack_with_garbage(unsigned long seed)
{
	static struct noise noise[PV_MAX_VCPUS];
	unsigned int vcpus = pv_vcpu_count();

	printf("isolation: garbage %lu from %u vCPUs\n", seed, vcpus);
	for (unsigned int i = vcpus; i-- > 0;) {
		noise[i] = (struct noise){(seed * PV_MAX_VCPUS + i) * 0x9e3779b97f4a7c15UL + 1,
					  pv_pages_alloc(1)};
		if (i)
			pv_vcpu_start(i, make_noise, &noise[i]);
	}
	make_noise(&noise[0]);
}
