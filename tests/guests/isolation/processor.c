/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts with instructions and addresses: the guest must get the fault that hardware would give.
 */
#include <pv/cpu.h>
#include <pv/trap.h>
#include <xen/callback.h>
#include "isolation.h"

/* Where to go on after the fault that is due; 0: none is. */
static volatile uintptr_t resume_at, resume_stack;
static volatile unsigned int faults;

static bool go_on(struct pv_regs *regs)
{
	if (!resume_at)
		return false;
	faults++;
	regs->rip = resume_at;
	regs->rsp = resume_stack;
	return true;
}

/* Executes the instruction; evaluates to whether it faulted. The label 1 is where to go on. */
#define FAULTS(instruction, ...)                                                                   \
	({                                                                                         \
		unsigned int before_ = faults;                                                     \
		uint64_t scratch_;                                                                 \
		__asm__ volatile("lea 1f(%%rip), %0; mov %0, %1; mov %%rsp, %2\n" instruction      \
				 "\n1:"                                                            \
				 : "=&r"(scratch_), "=m"(resume_at), "=m"(resume_stack)            \
				 : __VA_ARGS__                                                     \
				 : "rax", "rcx", "rdx", "memory");                                 \
		resume_at = 0;                                                                     \
		faults != before_;                                                                 \
	})

static bool read_faults(uintptr_t address)
{
	return FAULTS("mov (%3), %%al", "r"(address));
}

static bool write_faults(uintptr_t address)
{
	return FAULTS("movb $0, (%3)", "r"(address));
}

static bool jump_faults(uintptr_t address)
{
	return FAULTS("call *%3", "r"(address));
}

static void touch_the_hypervisor(void)
{
	/* Slot 256 is the M2P, for everyone to read; the others are nobody's business. */
	for (unsigned int slot = 257; slot <= 271; slot++) {
		uintptr_t base = 0xffff000000000000UL | (uintptr_t)slot << 39;

		for (uintptr_t offset = 0; offset < 1UL << 39;
		     offset += (1UL << 39) / 64 + 0x1000) {
			works(read_faults(base + offset), "reading %lx", base + offset);
			works(write_faults(base + offset), "writing %lx", base + offset);
		}
		works(jump_faults(base), "jumping to %lx", base);
	}
	works(write_faults(MACH2PHYS_VIRT_START), "writing the M2P");
	works(jump_faults(MACH2PHYS_VIRT_START), "executing the M2P");
	works(read_faults(0x800000000000UL), "reading a non-canonical address");
	works(jump_faults(0x800000000000UL), "jumping to a non-canonical address");
}

static void privileged_instructions(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing;

	works(FAULTS("lgdt %3", "m"(nothing)), "lgdt");
	works(FAULTS("lidt %3", "m"(nothing)), "lidt");
	works(FAULTS("ltr %%ax", "r"(0UL)), "ltr");
	works(FAULTS("mov %3, %%cr8", "r"(0UL)), "mov to cr8");
	works(FAULTS("mov $0x7fffffff, %%ecx; wrmsr", "r"(0UL)), "wrmsr of an unknown register");
	works(FAULTS("mov $0x7fffffff, %%ecx; rdmsr", "r"(0UL)), "rdmsr of an unknown register");
	works(FAULTS("mov $0x11, %%eax; mov %%rax, %%cr3", "r"(0UL)), "mov of nonsense to cr3");
	works(FAULTS("invd", "r"(0UL)), "invd");
	works(FAULTS("int $0x20", "r"(0UL)), "an interrupt gate that is not ours");
	if (!pv_is_dom0()) {
		works(FAULTS("mov $0xfe, %%al; mov $0x64, %%dx; out %%al, %%dx", "r"(0UL)),
		      "resetting the machine by the keyboard controller");
		works(FAULTS("mov $0xcf8, %%dx; in %%dx, %%eax", "r"(0UL)), "reading PCI ports");
	}
}

static void registers_by_hypercall(void)
{
	struct callback_register wild = {.type = CALLBACKTYPE_syscall, .address = 0x800000000000UL};

	refused(HYPERVISOR_set_segment_base(SEGBASE_FS, 0x800000000000UL), "a wild FS base");
	refused(HYPERVISOR_set_segment_base(99, 0), "the base of an unknown segment");
	refused(HYPERVISOR_set_debugreg(0, HYPERVISOR_VIRT_START),
		"a breakpoint in the hypervisor");
	refused(HYPERVISOR_set_debugreg(9, 0), "debug register 9");
	refused(HYPERVISOR_callback_op(CALLBACKOP_register, &wild), "a wild callback");
}

void attack_cpu(void)
{
	static const unsigned int vectors[] = {
		PV_TRAP_INVALID, PV_TRAP_PROTECTION, PV_TRAP_PAGE_FAULT, 12, 11, 13};

	for (unsigned int i = 0; i < PV_ARRAY_SIZE(vectors); i++)
		pv_trap_handle(vectors[i], go_on);
	touch_the_hypervisor();
	privileged_instructions();
	registers_by_hypercall();
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(vectors); i++)
		pv_trap_handle(vectors[i], NULL);
}
