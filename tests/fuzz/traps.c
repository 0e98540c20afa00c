/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a guest wants to be entered, and how it leaves: set_trap_table, callbacks, iret, made of
 * the input, against a model here: no address of the hypervisor's or that is not canonical gets
 * into a frame for the guest, and no frame returns to anything but ring 3 with interrupts on.
 */
#include <stdarg.h>
#include <pv/internal.h>
#include <xen/callback.h>
#include <xen/nmi.h>
#include "guest_cpu.h"
#include "input.h"

#define OPERATIONS 100
#define LIST	   12

static struct domain domain;
static struct vcpu vcpu;
static struct vcpu_info info;
static bool user;
static u64 preempted_at;
static int preempt_in;
struct cpu *cpus[MAX_CPUS];
bool cpu_has_smap;

/* --- the hypervisor's surroundings --- */

void cpu_set_work(struct cpu *c, u32 bits)
{
	c->work |= bits;
}

void vcpu_kick(struct vcpu *v, u32 work)
{
	(void)v;
	(void)work;
}

void pv_toggle_mode(struct vcpu *v)
{
	(void)v;
	user = true;
}

u64 hypercall_done(void)
{
	u64 done = preempted_at;

	preempted_at = 0;
	return done;
}

bool hypercall_preempt_check(void)
{
	return preempt_in && --preempt_in == 0;
}

long hypercall_preempt(u64 done, u64 a1, u64 a2, u64 a3, u64 a4)
{
	(void)a1, (void)a2, (void)a3, (void)a4;
	preempted_at = done;
	return HYPERCALL_PREEMPTED;
}

/* --- the model --- */

struct way {
	u64 address;
	u16 cs;
	u8 flags;
};

static struct way traps[256], callbacks[8];

static bool allowed(u64 address)
{
	u64 top = address >> 47, slot = address >> 39 & 511;

	return (top == 0 || top == 0x1ffff) && (slot < 256 || slot > 271);
}

static bool model_callback(unsigned type, u64 address, bool masks)
{
	static const bool known[8] = {true, true, true, false, true, true, false, true};

	if (!allowed(address) || type > 7 || !known[type])
		return false;
	*(type == 4 ? &traps[2] : &callbacks[type]) =
		(struct way){address, 0xe033, masks || type == 0 || type == 4 ? 4 : 0};
	return true;
}

/* --- operations --- */

static u64 any_address(void)
{
	static const u64 some[] = {0,
				   0x1000,
				   0x7fffffffffff,
				   0x800000000000,
				   0xffff7fffffffffff,
				   0xffff800000000000,
				   0xffff87ffffffffff,
				   0xffff880000000000,
				   ~0ul};
	uint8_t b = input_byte();

	return b < 0xc0 ? some[b % ARRAY_SIZE(some)] + (b >= 0x80 ? input_byte() : 0)
			: input_word();
}

static void same(const char *what, long rc, bool expected)
{
	accepted += !rc;
	if (!rc != expected)
		FINDING("%s: %ld, the model says %s", what, rc, expected ? "done" : "refused");
}

static void set_traps(void)
{
	struct trap_info list[LIST + 1] = {0};
	unsigned n = input_byte() % (LIST + 1), i = 0;
	bool good = true;
	long rc;

	for (unsigned k = 0; k < n; k++) {
		list[k].vector = input_byte();
		list[k].flags = input_byte();
		list[k].cs = (u16)input_word();
		list[k].address = any_address();
	}
	preempt_in = input_byte() % 4;
	do
		rc = do_set_trap_table((u64)list);
	while (rc == HYPERCALL_PREEMPTED);
	for (; good && list[i].address; i++) {
		good = allowed(list[i].address);
		if (good)
			traps[list[i].vector] =
				(struct way){list[i].address, list[i].cs, list[i].flags & 7};
	}
	same("set_trap_table", rc, good);
}

static void clear_traps(void)
{
	memset(traps, 0, sizeof(traps));
	same("set_trap_table(NULL)", do_set_trap_table(0), true);
}

static void set_callbacks(void)
{
	u64 event = any_address(), failsafe = any_address(), syscall = any_address();
	long rc = do_set_callbacks(event, failsafe, syscall);

	same("set_callbacks", rc,
	     model_callback(0, event, true) && model_callback(1, failsafe, false) &&
		     model_callback(2, syscall, false));
}

static void register_callback(void)
{
	struct callback_register reg = {
		.type = input_byte() % 10, .flags = input_byte(), .address = any_address()};

	if (input_byte() == 0xff)
		reg.type = (u16)input_word();
	long rc = do_callback_op(CALLBACKOP_register, (u64)&reg);

	same("callback_op register", rc, model_callback(reg.type, reg.address, reg.flags & 1));
}

static void unregister_callback(void)
{
	struct callback_unregister unreg = {.type = input_byte() % 10};
	long rc = do_callback_op(CALLBACKOP_unregister, (u64)&unreg);

	same("callback_op unregister", rc, unreg.type == 4 && model_callback(4, 0, true));
}

static void set_nmi(void)
{
	struct xennmi_callback cb = {.handler_address = any_address()};
	unsigned cmd = input_byte() % 3;
	long rc = do_nmi_op(cmd, (u64)&cb);

	same("nmi_op", rc, cmd < 2 && model_callback(4, cmd ? 0 : cb.handler_address, true));
}

/* Bits 0 2 4 6 7 8 10 11 14 16 18 21 and 9 may be the guest's; bit 1 is always there. */
static u64 flags_of(u64 rflags)
{
	static const uint8_t bits[] = {0, 2, 4, 6, 7, 8, 10, 11, 14, 16, 18, 21};
	u64 result = 0x202;

	for (unsigned i = 0; i < sizeof(bits); i++)
		result |= rflags & 1ul << bits[i];
	return result;
}

static void compare_iret(const struct iret_context *f)
{
	bool by_sysret = f->flags & VGCF_in_syscall;
	u64 flags = flags_of(f->rflags), cs = (f->cs & 0xffff) | 3, ss = (f->ss & 0xffff) | 3;

	if (by_sysret) {
		cs = cs == 0xe023 ? 0xe023 : 0xe033;
		ss = 0xe02b;
	}
	if (regs.rip != f->rip || regs.cs != cs || regs.ss != ss || regs.rsp != f->rsp ||
	    regs.rflags != flags)
		FINDING("iret: rip %lx cs %lx ss %lx rsp %lx rflags %lx; the model: cs %lx ss %lx rflags %lx",
			regs.rip, regs.cs, regs.ss, regs.rsp, regs.rflags, cs, ss, flags);
	if (regs.rcx != (by_sysret ? f->rip : f->rcx) || regs.r11 != (by_sysret ? flags : f->r11))
		FINDING("iret: rcx %lx, r11 %lx", regs.rcx, regs.r11);
	if (info.evtchn_upcall_mask != !(f->rflags >> 9 & 1))
		FINDING("iret: events are %smasked", info.evtchn_upcall_mask ? "" : "not ");
	if (user != ((f->cs & 3) == 3))
		FINDING("iret: to %s mode", user ? "user" : "kernel");
}

static void iret(void)
{
	struct iret_context f;
	u64 *words = (u64 *)&f;

	for (unsigned i = 0; i < sizeof(f) / 8; i++)
		words[i] = input_word();
	f.flags &= input_byte() & 1 ? ~0ul : VGCF_in_syscall;
	regs.rsp = input_byte() < 0xf0 ? (u64)&f : HYPERVISOR_VIRT_START;
	vcpu.mem.cr3_user = input_byte() & 1;
	crashed = user = false;
	bool good = regs.rsp == (u64)&f && ((f.cs & 3) != 3 || vcpu.mem.cr3_user);
	long rax = do_iret();

	same("iret", crashed ? -1 : 0, good);
	if (good && (u64)rax != f.rax)
		FINDING("iret: rax %lx", rax);
	if (good)
		compare_iret(&f);
}

static void (*const table[])(void) = {
	set_traps,	     clear_traps, set_callbacks, register_callback,
	unregister_callback, set_nmi,	  iret,		 iret};

static void compare(const struct pv_trap *found, const struct way *w, const char *what, unsigned i)
{
	if (found->address != w->address || found->cs != w->cs || found->flags != w->flags)
		FINDING("%s %u: %lx, cs %x, flags %x; the model: %lx, %x, %x", what, i,
			found->address, found->cs, found->flags, w->address, w->cs, w->flags);
}

static void compare_all(void)
{
	for (unsigned t = 0; t < 256; t++)
		compare(&vcpu.pv.traps[t], &traps[t], "trap", t);
	for (unsigned t = 0; t < 8; t++)
		compare(&vcpu.pv.callbacks[t], &callbacks[t], "callback", t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	memset(&vcpu, 0, sizeof(vcpu));
	memset(traps, 0, sizeof(traps));
	memset(callbacks, 0, sizeof(callbacks));
	vcpu.domain = &domain;
	vcpu.mem.domain = &domain.mem;
	vcpu.info = &info;
	cpu.current = &vcpu;
	input_steps(table, ARRAY_SIZE(table), OPERATIONS, compare_all);
	return 0;
}
