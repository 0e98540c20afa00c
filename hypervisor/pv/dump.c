/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Report of a vCPU's registers and stack. */
#include <core/hooks.h>
#include <pv/internal.h>
#include <x86/uaccess.h>

#define STACK_LINES 6
#define CODE_BEFORE 8
#define CODE_BYTES  16

static void dump_registers(const struct vcpu *v, const struct cpu_regs *r)
{
	printk(LOG_GUEST_ERR, "d%uv%u rip %04lx:%016lx rflags %08lx %s mode, events %s\n",
	       v->domain->mem.domid, v->vcpu_id, (unsigned long)r->cs, (unsigned long)r->rip,
	       (unsigned long)r->rflags, v->arch.kernel_mode ? "kernel" : "user",
	       v->info && v->info->evtchn_upcall_mask ? "masked" : "unmasked");
	printk(LOG_GUEST_ERR, "rax %016lx rbx %016lx rcx %016lx rdx %016lx\n",
	       (unsigned long)r->rax, (unsigned long)r->rbx, (unsigned long)r->rcx,
	       (unsigned long)r->rdx);
	printk(LOG_GUEST_ERR, "rsi %016lx rdi %016lx rbp %016lx rsp %04lx:%016lx\n",
	       (unsigned long)r->rsi, (unsigned long)r->rdi, (unsigned long)r->rbp,
	       (unsigned long)r->ss, (unsigned long)r->rsp);
	printk(LOG_GUEST_ERR, "r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", (unsigned long)r->r8,
	       (unsigned long)r->r9, (unsigned long)r->r10, (unsigned long)r->r11);
	printk(LOG_GUEST_ERR, "r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n",
	       (unsigned long)r->r12, (unsigned long)r->r13, (unsigned long)r->r14,
	       (unsigned long)r->r15);
	printk(LOG_GUEST_ERR, "cr2 %016lx cr3 %016lx user %016lx fs %016lx gs %016lx/%016lx\n",
	       (unsigned long)v->pv.cr2, (unsigned long)v->mem.cr3_kernel,
	       (unsigned long)v->mem.cr3_user, (unsigned long)v->arch.fs_base,
	       (unsigned long)v->arch.gs_base_kernel, (unsigned long)v->arch.gs_base_user);
}

static void dump_code(const struct cpu_regs *r)
{
	u8 code[CODE_BYTES];
	char text[CODE_BYTES * 4 + 1];
	unsigned n = 0;

	if (!copy_from_guest(code, r->rip - CODE_BEFORE, sizeof(code))) {
		printk(LOG_GUEST_ERR, "code: not readable\n");
		return;
	}
	for (unsigned i = 0; i < sizeof(code); i++)
		n += (unsigned)snprintk(text + n, sizeof(text) - n,
					i == CODE_BEFORE ? "<%02x> " : "%02x ", code[i]);
	printk(LOG_GUEST_ERR, "code: %s\n", text);
}

static void dump_stack(const struct cpu_regs *r)
{
	u64 line[4];

	for (unsigned i = 0; i < STACK_LINES; i++) {
		u64 at = r->rsp + i * sizeof(line);

		if (!get_guest(line, at)) {
			printk(LOG_GUEST_ERR, "stack %016lx: not readable\n", (unsigned long)at);
			return;
		}
		printk(LOG_GUEST_ERR, "stack %016lx: %016lx %016lx %016lx %016lx\n",
		       (unsigned long)at, (unsigned long)line[0], (unsigned long)line[1],
		       (unsigned long)line[2], (unsigned long)line[3]);
	}
}

void pv_dump(struct vcpu *v)
{
	const struct cpu_regs *r = v == current_vcpu() ? guest_regs() : &v->arch.regs;

	dump_registers(v, r);
	if (v != current_vcpu())
		return;
	dump_code(r);
	dump_stack(r);
}
