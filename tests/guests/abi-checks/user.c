/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual user mode: its own root, system calls, exceptions and the iret hypercall. */
#include <setjmp.h>
#include <string.h>
#include <pv/event.h>
#include "checks.h"

#define STACK_PAGES 4
#define MAGIC	    0x1122334455667788UL

static jmp_buf back;
static user_handler handler;
static uint64_t result;
static char *user_stack, *kernel_stack;

__asm__(".text\nuser_begin: call *%rbx; mov %rax, %rdi; xor %eax, %eax; syscall; ud2\n");
extern char user_begin[];

static bool on_syscall(struct pv_regs *regs)
{
	if (regs->rax == 0) {
		result = regs->rdi;
		longjmp(back, 1);
	}
	return handler && handler(regs);
}

/* A root for user mode: slot 0, where the linear map is, is shared with the kernel's root. */
static void make_root(void)
{
	uint64_t *root = pv_page_alloc();
	const uint64_t *kernel_root = (void *)pv_start_info->pt_base;
	struct mmuext_op op = {.cmd = MMUEXT_NEW_USER_BASEPTR};

	root[0] = kernel_root[0];
	expect("root for user mode: read-only", set_pte(root, pv_pte(pv_virt_to_mfn(root), PV_RO)),
	       0);
	op.arg1.mfn = pv_virt_to_mfn(root);
	expect("NEW_USER_BASEPTR", HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	user_stack = pv_pages_alloc(STACK_PAGES);
	kernel_stack = pv_pages_alloc(STACK_PAGES);
	expect("stack_switch", pv_trap_stack(kernel_stack + STACK_PAGES * PV_PAGE_SIZE), 0);
}

uint64_t run_user(void (*function)(uint64_t argument), uint64_t argument, user_handler handle)
{
	struct pv_regs regs = {
		.rip = (uintptr_t)user_begin,
		.cs = FLAT_USER_CS,
		.ss = FLAT_USER_SS,
		.rflags = PV_FLAGS_IF,
		.rbx = (uintptr_t)function,
		.rdi = argument,
	};

	if (!user_stack)
		make_root();
	regs.rsp = (uintptr_t)user_stack + STACK_PAGES * PV_PAGE_SIZE;
	regs.fpu[1] = 3; /* control word 0x37f, MXCSR 0x1f80 */
	regs.fpu[0] = 0x7f;
	regs.fpu[24] = 0x80;
	regs.fpu[25] = 0x1f;
	handler = handle;
	pv_trap_handle(PV_VECTOR_SYSCALL, on_syscall);
	if (!setjmp(back))
		pv_regs_resume(&regs);
	pv_events_enable();
	return result;
}

uint64_t user_syscall(uint64_t number, uint64_t a, uint64_t b)
{
	__asm__ volatile("syscall"
			 : "+a"(number), "+D"(a), "+S"(b)
			 :
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
	return number;
}

static void user_adds(uint64_t argument)
{
	uint64_t sum = user_syscall(1, argument, 5);

	user_syscall(0, sum, 0);
}

static bool kernel_adds(struct pv_regs *regs)
{
	expect("syscall: from user mode", pv_from_user(regs), 1);
	expect("syscall: cs", regs->cs, FLAT_USER_CS);
	expect("syscall: ss", regs->ss, FLAT_USER_SS);
	expect("syscall: rcx holds rip", regs->rcx, regs->rip);
	expect("syscall: IF", !!(regs->rflags & PV_FLAGS_IF), 1);
	expect("syscall: events masked by the callback's flag", pv_events_masked(), 1);
	expect("syscall: frame is on the kernel's stack",
	       (char *)regs > kernel_stack &&
		       (char *)(regs + 1) <= kernel_stack + STACK_PAGES * PV_PAGE_SIZE,
	       1);
	expect("syscall: stack is the user's",
	       regs->rsp > (uintptr_t)user_stack &&
		       regs->rsp <= (uintptr_t)user_stack + STACK_PAGES * PV_PAGE_SIZE,
	       1);
	expect("syscall: rdi", regs->rdi, MAGIC);
	regs->rax = regs->rdi + regs->rsi;
	return true;
}

static struct outcome user_outcome[16];

/* Faults in user mode; the kernel's handler resumes us behind each. */
static void user_faults(uint64_t argument)
{
	(void)argument;
	TRY("ud2", ::);
	user_outcome[0] = outcome;
	TRY("cli", ::);
	user_outcome[1] = outcome;
	TRY("movq %%cr0, %%rcx", ::);
	user_outcome[2] = outcome;
	TRY("movb 5, %%cl", ::);
	user_outcome[3] = outcome;
	TRY("movb %%cl, 5", ::);
	user_outcome[4] = outcome;
	TRY("hlt", ::);
	user_outcome[5] = outcome;
	TRY("movl $0xc0000080, %%ecx; rdmsr", ::);
	user_outcome[6] = outcome;
	TRY("int3", ::);
	user_outcome[7] = outcome;
	TRY("inb $0x61, %%al", ::);
	user_outcome[8] = outcome;
	TRY("movq (%0), %%rcx", ::"r"(PV_MAP_BASE));
	user_outcome[9] = outcome;
	TRY("movb (%0), %%cl", ::"r"(0xffff830000000000UL));
	user_outcome[10] = outcome;
	TRY("wbinvd", ::);
	user_outcome[11] = outcome;
	TRY("int $0x80", ::);
	user_outcome[12] = outcome;
	TRY("movq (%0), %%rcx", ::"r"(0xffff800000000000UL));
	user_outcome[13] = outcome;
}

static void expect_user(unsigned int i, const char *what, unsigned int vector, uint64_t error)
{
	outcome = user_outcome[i];
	expect_trap(what, vector, error);
	expect(what, outcome.regs.cs & 3, 3);
}

static void check_user_faults(void)
{
	pv_trap_software(0x80, 3, NULL);
	catch_vector(0x80);
	run_user(user_faults, 0, NULL);
	expect_user(0, "user: ud2", PV_TRAP_INVALID, 0);
	expect_user(1, "user: cli", PV_TRAP_PROTECTION, 0);
	expect_user(2, "user: mov from cr0", PV_TRAP_PROTECTION, 0);
	expect_user(3, "user: read of address 5", PV_TRAP_PAGE_FAULT, 4);
	expect("user: fault address", user_outcome[3].address, 5);
	expect_user(4, "user: write to address 5", PV_TRAP_PAGE_FAULT, 6);
	expect_user(5, "user: hlt", PV_TRAP_PROTECTION, 0);
	expect_user(6, "user: rdmsr", PV_TRAP_PROTECTION, 0);
	expect_user(7, "user: int3", PV_TRAP_BREAKPOINT, 0);
	expect_user(8, "user: in", PV_TRAP_PROTECTION, 0);
	expect_user(9, "user: read of what the kernel's root alone maps", PV_TRAP_PAGE_FAULT, 4);
	expect("user: read of the hypervisor: vector", user_outcome[10].vector, PV_TRAP_PAGE_FAULT);
	expect("user: read of the hypervisor: U bit", user_outcome[10].error & 4, 4);
	expect_user(11, "user: wbinvd", PV_TRAP_PROTECTION, 0);
	expect_user(12, "user: int $0x80", 0x80, 0);
	expect("user: read of the m2p table under m2p_strict is a page fault or works",
	       !user_outcome[13].trapped || user_outcome[13].vector == PV_TRAP_PAGE_FAULT, 1);
}

/* All registers at a system call and after it: RCX and R11 are the CPU's. */
__asm__(".text\n"
	"user_registers: mov $1, %eax; mov $2, %ebx; mov $3, %edx; mov $4, %esi; mov $5, %edi\n"
	"mov $6, %ebp; mov $8, %r8d; mov $9, %r9d; mov $10, %r10d; mov $12, %r12d; mov $13, %r13d\n"
	"mov $14, %r14d; mov $15, %r15d; syscall\n"
	"mov $0, %eax; syscall; ud2\n");
extern void user_registers(uint64_t argument);

static bool see_registers(struct pv_regs *r)
{
	expect("registers at a system call",
	       r->rax == 1 && r->rbx == 2 && r->rdx == 3 && r->rsi == 4 && r->rdi == 5 &&
		       r->rbp == 6 && r->r8 == 8 && r->r9 == 9 && r->r10 == 10 && r->r12 == 12 &&
		       r->r13 == 13 && r->r14 == 14 && r->r15 == 15,
	       1);
	r->rdi = MAGIC;
	return true;
}

/* SYSCALL while single-stepping: the step is the user's, the kernel does not inherit it (XSA-204).
 */
__asm__(".text\n"
	"user_steps: pushfq; orq $0x100, (%rsp); mov $1, %eax; popfq; syscall\n"
	"mov $0, %eax; syscall; ud2\n");
extern void user_steps(uint64_t argument);

static bool see_step(struct pv_regs *regs)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	expect("SYSCALL under single step: vector", regs->vector, PV_VECTOR_SYSCALL);
	expect("SYSCALL under single step: TF in the frame", !!(regs->rflags & 0x100), 1);
	expect("SYSCALL under single step: TF in the kernel", !!(flags & 0x100), 0);
	regs->rflags &= ~0x100UL;
	regs->rdi = MAGIC;
	return true;
}

/* An interrupt-like return restores RCX and R11, which SYSRET would lose. */
__asm__(".text\n"
	"user_spin: mov $0x11, %ecx; mov $0x22, %r11d; mov $1, %eax; ud2\n"
	"lea (%rcx,%r11), %rdi; mov $0, %eax; syscall; ud2\n");
extern void user_spin(uint64_t argument);

static bool skip_ud2(struct pv_regs *regs)
{
	if (!pv_from_user(regs))
		return false;
	regs->rip += 2;
	return true;
}

extern char user_32bit[];
static unsigned int seen_32bit;

/* INT 0x80 and UD2 of 32-bit code. */
static bool from_32bit(struct pv_regs *regs)
{
	if (regs->cs != FLAT_USER_CS32)
		return false;
	seen_32bit |= 1u << regs->rbx;
	if (regs->rbx == 2) {
		regs->rip += 2;
		return true;
	}
	if (regs->rbx != 3)
		return true;
	result = (uint32_t)regs->rax;
	longjmp(back, 1);
}

static void check_compatibility_mode(void)
{
	struct pv_regs regs = {
		.rip = (uintptr_t)user_32bit,
		.cs = FLAT_USER_CS32,
		.ss = FLAT_USER_SS32,
		.rflags = PV_FLAGS_IF,
		.rsp = (uintptr_t)user_stack + PV_PAGE_SIZE,
		.fpu = {[0] = 0x7f, [1] = 3, [24] = 0x80, [25] = 0x1f},
	};

	pv_trap_software(0x80, 3, from_32bit);
	pv_trap_handle(PV_TRAP_INVALID, from_32bit);
	if (!setjmp(back))
		pv_regs_resume(&regs);
	pv_events_enable();
	expect("32-bit user code: int 0x80, ud2, int 0x80", seen_32bit, 2 | 4 | 8);
	expect("32-bit user code: push and pop", result, 0x12345678);
	catch_vector(0x80);
	catch_vector(PV_TRAP_INVALID);
}

/* QEMU 7.2 gives Xen a wrong vector for these: only INT 0x80 has a gate of its own there. */
static void check_software_interrupts(void)
{
	if (on_xen())
		return;
	pv_trap_software(0x55, 3, NULL);
	catch_vector(0x55);
	pv_trap_software(0x56, 0, NULL);
	catch_vector(0x56);
	TRY("int $0x55", ::);
	expect_trap("int of ring 3", 0x55, 0);
	TRY("int $0x56", ::);
	expect_trap("int of ring 0", PV_TRAP_PROTECTION, 0x56 << 3 | 2);
	TRY("int $0x57", ::);
	expect_trap("int without handler", PV_TRAP_PROTECTION, 0x57 << 3 | 2);
}

void check_user(void)
{
	expect("result of a system call", run_user(user_adds, MAGIC, kernel_adds), MAGIC + 5);
	run_user(user_registers, 0, see_registers);
	expect("register set by the kernel", result, MAGIC);
	run_user(user_steps, 0, see_step);
	pv_trap_handle(PV_TRAP_INVALID, skip_ud2);
	run_user(user_spin, 0, NULL);
	expect("rcx and r11 after iret", result, 0x33);
	catch_vector(PV_TRAP_INVALID);
	check_user_faults();
	check_compatibility_mode();
	check_software_interrupts();
}
