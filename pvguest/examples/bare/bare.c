/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest that uses nothing but the ABI: where a port begins. It prints one line, to the
 * hypervisor's console as the privileged domain, to its console ring as an ordinary one, and ends.
 */
#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/sched.h>

static long hypercall(unsigned long number, unsigned long a, const void *b, const void *c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
			 : "0"(number)
			 : "rcx", "r11", "r8", "r10", "memory");
	return result;
}

static unsigned long length_of(const char *text)
{
	unsigned long n = 0;

	for (; text[n]; n++)
		__asm__ volatile(""); /* there is no strlen() to be called */
	return n;
}

/* The ring's page is one of ours. VIRT_BASE is 0: its frame number is also its page's address. */
static void print_on_ring(const struct start_info *si, const char *text)
{
	unsigned long page = machine_to_phys_mapping[si->console.domU.mfn];
	volatile struct xencons_interface *ring = (void *)(page << 12);
	struct evtchn_send bell = {.port = si->console.domU.evtchn};

	while (*text) {
		while (ring->out_prod - ring->out_cons == sizeof(ring->out))
			hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &bell, 0);
		ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = *text++;
		__asm__ volatile("" ::: "memory"); /* the character before the index */
		ring->out_prod++;
	}
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &bell, 0);
}

static void print(const struct start_info *si, const char *text)
{
	if (si->flags & SIF_INITDOMAIN)
		hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, (void *)length_of(text), text);
	else
		print_on_ring(si, text);
}

void guest_main(const struct start_info *si)
{
	struct sched_shutdown end = {.reason = SHUTDOWN_poweroff};

	print(si, "bare: done\n");
	for (;;)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &end, 0);
}
