/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last report. It takes no lock and trusts nothing but the stack that it runs on. */
#include <core/hooks.h>
#include <lib/options.h>
#include <lib/printk.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/context.h>

bool panicking, booted;

extern char image_start[], text_end[];

static bool in_text(u64 address)
{
	return address >= (u64)image_start && address < (u64)text_end;
}

/* Where the stack that sp is on ends: all but the main one are looked at to the end of the page. */
static u64 stack_limit(u64 sp)
{
	u64 window = sp & ~(WINDOW_SIZE - 1);

	if (window - ENTRY_ROOM_START < MAX_CPUS * WINDOW_SIZE && sp < window + WINDOW_STACK_END)
		return window + WINDOW_STACK_END;
	return ROUND_UP(sp + 1, PAGE_SIZE);
}

static void print_stack(u64 sp)
{
	u64 limit = stack_limit(sp &= ~7UL);

	for (unsigned i = 0; i < 32 && sp + 32 <= limit; i += 4, sp += 32) {
		const u64 *p = (const u64 *)sp;

		printk(LOG_ERR, "  %016lx %016lx %016lx %016lx\n", p[0], p[1], p[2], p[3]);
	}
}

static void print_callers(u64 rbp, u64 sp)
{
	u64 limit = stack_limit(sp);

	for (unsigned i = 0; i < 24 && rbp >= sp && rbp + 16 <= limit && !(rbp & 7); i++) {
		const u64 *frame = (const u64 *)rbp; /* the caller's rbp, where it goes on */

		if (!in_text(frame[1]))
			return;
		printk(LOG_ERR, "  called from %016lx\n", frame[1]);
		sp = rbp + 1;
		rbp = frame[0];
	}
}

void print_registers(const struct cpu_regs *r)
{
	printk(LOG_ERR, "rsp %016lx rax %016lx rbx %016lx rcx %016lx\n", r->rsp, r->rax, r->rbx,
	       r->rcx);
	printk(LOG_ERR, "rdx %016lx rsi %016lx rdi %016lx rbp %016lx\n", r->rdx, r->rsi, r->rdi,
	       r->rbp);
	printk(LOG_ERR, "r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", r->r8, r->r9, r->r10,
	       r->r11);
	printk(LOG_ERR, "r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r->r12, r->r13, r->r14,
	       r->r15);
}

static void __attribute__((noreturn))
report(const char *what, const struct cpu_regs *regs, u64 rip, u64 rbp, u64 rsp)
{
	/* Whoever comes second, and every other CPU, is silent. */
	if (__atomic_exchange_n(&panicking, true, __ATOMIC_SEQ_CST))
		halt_forever();
	log_break_lock();
	apic_stop_others();
	printk(LOG_ERR, "\n");
	printk(LOG_ERR,
	       booted ? "*** Parapet has hit a fault of its own and stops the machine ***\n"
		      : "*** Parapet cannot start ***\n");
	printk(LOG_ERR, "%s", what);
	if (regs) {
		printk(LOG_ERR, "rip %04lx:%016lx ss %04lx rflags %08lx\n", regs->cs & 0xffff, rip,
		       regs->ss & 0xffff, regs->rflags);
		print_registers(regs);
		printk(LOG_ERR, "cr0 %016lx cr2 %016lx cr3 %016lx cr4 %08lx\n", read_cr0(),
		       read_cr2(), read_cr3(), read_cr4());
	}
	if (regs || booted) {
		print_stack(rsp);
		if (in_text(rip))
			print_callers(rbp, rsp);
	}
	if (booted)
		printk(LOG_ERR, "addr2line -fie build/parapet %lx   names the source line\n", rip);
	if (booted && !opt_noreboot)
		machine_restart();
	printk(LOG_ERR, "halted\n");
	halt_forever();
}

void panic_with_regs(const struct cpu_regs *r, const char *what)
{
	char text[128];

	snprintk(text, sizeof(text), "%s, vector %u, error code %#x\n", what, r->entry_vector,
		 r->error_code);
	report(text, r, r->rip, r->rbp, r->rsp);
}

void panic(const char *fmt, ...)
{
	u64 frame = (u64)__builtin_frame_address(0);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintk(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(text, NULL, (u64)__builtin_return_address(0), frame, frame);
}
