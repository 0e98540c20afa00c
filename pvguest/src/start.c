/* SPDX-License-Identifier: MIT */
/* Start of day in C, from the first stack to main(), and the ways to end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/event.h>
#include "internal.h"

#define MAX_WORDS 64

struct start_info *pv_start_info;

/* Only the address range is ours: start-of-day maps the hypervisor's page here. */
struct shared_info pv_shared_info __attribute__((section(".bss.page"), aligned(4096)));
static char rest_of_page[PV_PAGE_SIZE - sizeof(struct shared_info) % PV_PAGE_SIZE]
	__attribute__((section(".bss.page"), used));

extern void __libc_init_array(void);
extern int main(int argc, char **argv);

/* Constructors of newlib's array mechanism that nobody here needs. */
void _init(void);
void _init(void)
{
}

void _fini(void);
void _fini(void)
{
}

const void *pv_ramdisk(size_t *bytes)
{
	const struct start_info *si = pv_start_info;

	*bytes = si->mod_len;
	if (!si->mod_len)
		return NULL;
	return si->flags & SIF_MOD_START_PFN ? pv_pfn_to_virt(si->mod_start)
					     : (void *)si->mod_start;
}

void pv_shutdown(unsigned int reason)
{
	struct sched_shutdown op = {.reason = reason};

	pv_events_disable();
	pv_console_drain();
	for (;;)
		HYPERVISOR_sched_op(SCHEDOP_shutdown, &op);
}

void pv_panic(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pv_printk("guest panic: %s\n", text);
	pv_shutdown(SHUTDOWN_crash);
}

/* Take one word off *text, with quotes removed; the bytes are moved in place. NULL at the end. */
static char *next_word(char **text)
{
	char *in = *text, *out, *word;
	bool quoted = false;

	while (*in == ' ')
		in++;
	if (!*in)
		return NULL;
	for (word = out = in; *in && (quoted || *in != ' '); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*text = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

const char *pv_argument(int argc, char **argv, const char *name)
{
	size_t length = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return argv[i] + length + 1;
	return NULL;
}

static int split_command_line(char **argv)
{
	static char line[MAX_GUEST_CMDLINE + 1];
	char *rest = line;
	int argc = 1;

	argv[0] = (char *)"pvguest";
	memcpy(line, pv_start_info->cmd_line, MAX_GUEST_CMDLINE);
	while (argc < MAX_WORDS && (argv[argc] = next_word(&rest)))
		argc++;
	argv[argc] = NULL;
	return argc;
}

static void map_shared_info(void)
{
	if (HYPERVISOR_update_va_mapping((unsigned long)&pv_shared_info,
					 pv_start_info->shared_info | PV_PTE_PRESENT |
						 PV_PTE_WRITE | PV_PTE_USER | PV_PTE_ACCESSED |
						 PV_PTE_DIRTY,
					 UVMF_INVLPG))
		__builtin_trap();
}

static void init_fpu(void)
{
	const uint32_t mxcsr = 0x1f80;

	HYPERVISOR_fpu_taskswitch(0);
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

void pv_start(struct start_info *si)
{
	static char *argv[MAX_WORDS + 1];

	pv_start_info = si;
	pv_p2m = (pv_mfn_t *)si->mfn_list;
	pv_nr_pfns = si->nr_pages;
	init_fpu();
	map_shared_info();
	pv_vcpu_init_first();
	pv_thread_init();
	pv_console_find();
	pv_event_init();
	pv_trap_init();
	pv_mm_init();
	pv_time_init();
	pv_console_init();
	pv_events_enable();
	__libc_init_array();
	exit(main(split_command_line(argv), argv));
}
