/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi/reference/traps.md: what lies on the stack on entry, and what iret makes of it. */
#include <pv/event.h>
#include <pv/trap.h>
#include <pv/vcpu.h>
#include "answers.h"

/* Of the SDK, not for guests: its handlers by vector. */
void pv_trap_table_copy(struct trap_info *copy);

/* What the handler saw. words[] begins where RSP pointed. */
struct record {
	uint64_t words[8];
	uint64_t rsp, rflags, mask;
	uint64_t skip;	  /* IN: bytes of error code */
	uint64_t advance; /* IN: bytes to add to rip */
};
static struct record record __attribute__((used));
static uint8_t *event_mask __attribute__((used));

enum { RCX, R11, RIP, CS, RFLAGS, RSP, SS }; /* without an error code */

/* Keeps every register; leaves by the hypercall, with the frame that it got. */
void record_entry(void);
__asm__(".text\n"
	"record_entry:\n"
	"	mov %rsp, record+64(%rip)\n"
	"	pushfq\n"
	"	popq record+72(%rip)\n"
	"	push %rax\n"
	"	push %rcx\n"
	"	xor %ecx, %ecx\n"
	"1:	mov 16(%rsp,%rcx,8), %rax\n"
	"	mov %rax, record(,%rcx,8)\n"
	"	inc %ecx\n"
	"	cmp $8, %ecx\n"
	"	jne 1b\n"
	"	mov event_mask(%rip), %rax\n"
	"	movzbl (%rax), %eax\n"
	"	mov %rax, record+80(%rip)\n"
	"	pop %rcx\n"
	"	pop %rax\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	add record+88(%rip), %rsp\n"
	"	push %rcx\n" /* the frame of iret grows down from rip: flags, rcx, r11, rax */
	"	mov record+96(%rip), %rcx\n"
	"	add %rcx, 8(%rsp)\n"
	"	mov (%rsp), %rcx\n"
	"	movq $0, (%rsp)\n"
	"	push %rcx\n"
	"	push %r11\n"
	"	push %rax\n"
	"	mov $23, %eax\n"
	"	syscall\n");

static void install(unsigned int vector, unsigned int flags, unsigned int skip,
		    unsigned int advance)
{
	const struct trap_info table[] = {
		{vector, flags, FLAT_KERNEL_CS, (unsigned long)record_entry}, {0}};

	memset(&record, 0, sizeof(record));
	record.skip = skip;
	record.advance = advance;
	ANSWER(HYPERVISOR_set_trap_table(table), 0);
}

/* Runs the instruction on a stack that is 8 bytes off a multiple of 16. */
#define TRAP(instruction, rax_value)                                                               \
	({                                                                                         \
		uint64_t saved_, at_;                                                              \
		__asm__ volatile(                                                                  \
			"mov %%rsp, %0; and $-16, %%rsp; sub $1032, %%rsp; mov %%rsp, %1; std\n"   \
			"mov $0x1122334455667788, %%rcx; mov %%rcx, %%r11\n" instruction           \
			"\ncld; mov %0, %%rsp"                                                     \
			: "=&r"(saved_), "=&r"(at_)                                                \
			: "a"(rax_value)                                                           \
			: "rcx", "r11", "memory");                                                 \
		at_;                                                                               \
	})

static void check_saved_registers(void)
{
	HOLDS(record.words[RCX] == 0x1122334455667788);
	HOLDS(record.words[R11] == 0x1122334455667788);
}

static void check_frame(uint64_t stack, bool masked)
{
	const uint64_t *w = record.words;

	check_saved_registers();
	HOLDS((w[CS] & 0xffff) == (FLAT_KERNEL_CS & ~3));
	HOLDS((w[CS] >> 32 & 0xff) == masked);
	HOLDS(!(w[RFLAGS] & PV_FLAGS_IF) == masked);
	HOLDS(w[RSP] == stack);
	HOLDS((w[SS] | 3) == FLAT_KERNEL_SS);
	HOLDS(record.rsp == (stack & ~15ul) - 7 * 8);
	HOLDS(!(record.rflags & 0x100));
}

/* A breakpoint: no error code, the address behind it. */
static void breakpoint(bool masked, unsigned int flags)
{
	uint64_t stack;

	install(PV_TRAP_BREAKPOINT, flags, 0, 0);
	*event_mask = masked;
	stack = TRAP("int3", 0);
	HOLDS(*event_mask == masked);
	*event_mask = 1;
	check_frame(stack, masked);
	HOLDS(record.mask == (masked || flags & 4));
}

/* A page fault: error code, address of the instruction, CR2. */
static void page_fault(void)
{
	uint64_t stack;

	install(PV_TRAP_PAGE_FAULT, 4, 8, 3);
	stack = TRAP("movb $1, (%%rax)", 0x123000);
	check_saved_registers();
	HOLDS((record.words[2] & 0xffffffff) == PV_FAULT_WRITE);
	HOLDS((record.words[4] & 0xffff) == (FLAT_KERNEL_CS & ~3));
	HOLDS(record.rsp == (stack & ~15ul) - 8 * 8);
	HOLDS(pv_this_vcpu()->info->arch.cr2 == 0x123000);
	install(PV_TRAP_PAGE_FAULT, 4, 8, 3);
	TRAP("movb $1, (%%rax)", HYPERVISOR_VIRT_START);
	HOLDS((record.words[2] & 0xffffffff) == (PV_FAULT_WRITE | PV_FAULT_PRESENT));
	HOLDS(pv_this_vcpu()->info->arch.cr2 == HYPERVISOR_VIRT_START);
}

/* INT n: the trap table says whether it is allowed. */
static void software_interrupts(void)
{
	install(PV_TRAP_PROTECTION, 4, 8, 2);
	TRAP("int $0x77", 0);
	HOLDS((record.words[2] & 0xffffffff) == 0x77 * 8 + 2);
	install(0x77, 3, 0, 0);
	TRAP("int $0x77", 0);
	check_saved_registers();
}

static void others(void)
{
	install(PV_TRAP_PROTECTION, 4, 8, 3);
	TRAP("movb $1, (%%rax)", NOT_CANONICAL);
	HOLDS((record.words[2] & 0xffffffff) == 0);
	install(PV_TRAP_INVALID, 4, 0, 2);
	TRAP("ud2", 0);
	check_saved_registers();
	/* QEMU 7.2 gives 16 * n + 2 as error code, and Xen learns n from there. */
	if (on_parapet)
		software_interrupts();
}

/* The SDK's own handlers again: its copy is by vector, with gaps. */
static void put_back(const struct trap_info *handlers)
{
	HYPERVISOR_set_trap_table(NULL);
	for (unsigned int i = 0; i < 256; i++) {
		struct trap_info one[2] = {handlers[i]};

		if (one[0].address)
			HYPERVISOR_set_trap_table(one);
	}
}

void answers_of_frames(void)
{
	static struct trap_info handlers[257];
	bool state = pv_events_save();

	pv_trap_table_copy(handlers);
	event_mask = &pv_this_vcpu()->info->evtchn_upcall_mask;
	breakpoint(true, 0);
	breakpoint(true, 4);
	breakpoint(false, 0);
	breakpoint(false, 4);
	page_fault();
	others();
	put_back(handlers);
	pv_events_restore(state);
}
