/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Report of a vCPU's registers and stack. */
#include <core/hooks.h>
#include <pv/internal.h>

#define STACK_LINES 6
#define CODE_BEFORE 8
#define CODE_BYTES  16

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
			printk(LOG_GUEST_ERR, "stack %016lx: not readable\n", at);
			return;
		}
		printk(LOG_GUEST_ERR, "stack %016lx: %016lx %016lx %016lx %016lx\n", at, line[0],
		       line[1], line[2], line[3]);
	}
}

void pv_dump(struct vcpu *v)
{
	const struct cpu_regs *r = v == current_vcpu() ? guest_regs() : &v->arch.regs;

	printk(LOG_ERR, "d%uv%u rip %04lx:%016lx rflags %08lx ss %04lx, %s mode, events %s\n",
	       v->domain->mem.domid, v->vcpu_id, r->cs, r->rip, r->rflags, r->ss,
	       v->arch.kernel_mode ? "kernel" : "user",
	       v->info && v->info->evtchn_upcall_mask ? "masked" : "unmasked");
	print_registers(r);
	printk(LOG_ERR, "cr2 %016lx cr3 %016lx user %016lx fs %016lx gs %016lx/%016lx\n", v->pv.cr2,
	       v->mem.cr3_kernel, v->mem.cr3_user, v->arch.fs_base, v->arch.gs_base_kernel,
	       v->arch.gs_base_user);
	if (v == current_vcpu()) {
		dump_code(r);
		dump_stack(r);
	}
}
