/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constants for assembly: hypervisor.mk turns the "==>" lines of this file's assembly into a
 * header. */
#include <lib/types.h>
#include <core/domain.h>

#define DEFINE(name, value) asm volatile(".ascii \"==>" #name " %0\"" ::"i"(value))

void asm_offsets(void)
{
	DEFINE(REGS_SIZE, sizeof(struct cpu_regs));
	DEFINE(REGS_RIP, offsetof(struct cpu_regs, rip));
	DEFINE(REGS_CS, offsetof(struct cpu_regs, cs));
	DEFINE(REGS_RFLAGS, offsetof(struct cpu_regs, rflags));
	DEFINE(REGS_RSP, offsetof(struct cpu_regs, rsp));
	DEFINE(REGS_SS, offsetof(struct cpu_regs, ss));
	DEFINE(REGS_RAX, offsetof(struct cpu_regs, rax));
	DEFINE(REGS_VECTOR, offsetof(struct cpu_regs, entry_vector));
	DEFINE(CPU_CURRENT, offsetof(struct cpu, current));
	DEFINE(CPU_WORK, offsetof(struct cpu, work));
	_Static_assert(offsetof(struct cpu, xpti) == offsetof(struct cpu, work) + 4, "one word");
	DEFINE(CPU_XPTI, offsetof(struct cpu, xpti));
	DEFINE(CPU_HYPERCALL, offsetof(struct cpu, hypercall));
	DEFINE(CPU_BATCH_INDEX, offsetof(struct cpu, batch_index));
	DEFINE(HYPERCALL_COUNT, HYPERCALLS);
	DEFINE(VCPU_KERNEL_MODE, offsetof(struct vcpu, arch.kernel_mode));
	DEFINE(VCPU_INFO, offsetof(struct vcpu, info));
	DEFINE(WINDOW_STACK_FRAME, WINDOW_CPU - sizeof(struct cpu_regs));
	DEFINE(WINDOW_GUEST_ROOT, WINDOW_CPU + offsetof(struct cpu, guest_root));
	DEFINE(WINDOW_FULL_ROOT, WINDOW_CPU + offsetof(struct cpu, full_root));
	DEFINE(ENTRY_CODE_VA, ENTRY_CODE_VA);
	DEFINE(WINDOW_ENTRY_PAGE, WINDOW_ENTRY);
}
