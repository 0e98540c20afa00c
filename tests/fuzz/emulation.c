/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated stores into page tables, against the processor that the fuzzer runs on. The input is an
 * instruction, registers and what is in memory. What pv_emulate_table_write() takes on is also run
 * natively, on a page of its own: length, registers, flags and memory must be the same. What it
 * refuses is only decoded. So the oracle is hardware, and decodes by itself.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#define pause hypervisor_pause /* the C library has one, too */
#include <pv/internal.h>
#undef pause
#include "input.h"

#define PAGE	 0x1000ul
#define CODE	 ((uint8_t *)0x300000000000ul) /* one page; behind it nothing is mapped */
#define DATA	 ((uint8_t *)0x310000000000ul) /* one page: the "table" */
#define SOURCE	 ((uint8_t *)0x320000000000ul) /* what MOVS reads */
#define FLAGS	 0x8d5ul		       /* CF PF AF ZF SF OF */
#define DIR_FLAG 0x400ul

static const int native_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
				  REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
				  REG_R12, REG_R13, REG_R14, REG_R15};

/* --- the hypervisor's surroundings: memory is the page, and a table write just writes --- */

static const uint8_t *code;
static unsigned code_size;
static uint8_t emulated[PAGE]; /* DATA, as the emulation has it */
static struct cpu_regs regs;

bool pv_fetch(struct vcpu *v, struct cpu_regs *r, struct insn *in)
{
	(void)v;
	(void)r;
	return insn_decode(in, code, code_size, true);
}

u64 pv_linear(const struct insn *in, struct cpu_regs *r)
{
	return insn_address(in, r);
}

void pv_retire(struct cpu_regs *r, unsigned length)
{
	r->rip += length;
}

bool copy_from_guest(void *dst, u64 src, size_t size)
{
	if (src >= (u64)DATA && src + size <= (u64)DATA + PAGE)
		memcpy(dst, emulated + (src - (u64)DATA), size);
	else if (src >= (u64)SOURCE && src + size <= (u64)SOURCE + PAGE)
		memcpy(dst, (void *)src, size);
	else
		return false;
	return true;
}

int mm_ptwr_write(struct vcpu_memory *vm, u64 va, u64 *expected, u64 value, unsigned size)
{
	uint8_t *at = emulated + (va - (u64)DATA);
	u64 found = 0;

	(void)vm;
	if (va < (u64)DATA || va + size > (u64)DATA + PAGE || (va & 7) + size > 8)
		return -1;
	memcpy(&found, at, size);
	if (expected && found != *expected) {
		*expected = found;
		return 0;
	}
	memcpy(at, &value, size);
	return 0;
}

/* --- one instruction on the real processor: into it by one signal, out of it by another --- */

static ucontext_t outside;
static gregset_t result;
static volatile int ended_by; /* signal */
static u64 native_flags;

static void enter(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)signal;
	(void)info;
	memcpy(outside.uc_mcontext.gregs, c->uc_mcontext.gregs, sizeof(gregset_t));
	for (unsigned i = 0; i < 16; i++)
		c->uc_mcontext.gregs[native_of[i]] = (greg_t)*insn_register(&regs, i);
	c->uc_mcontext.gregs[REG_RIP] = (greg_t)regs.rip;
	c->uc_mcontext.gregs[REG_EFL] = (greg_t)(regs.rflags | 0x100); /* one step */
}

static void leave(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)info;
	memcpy(result, c->uc_mcontext.gregs, sizeof(result));
	native_flags = (u64)c->uc_mcontext.gregs[REG_EFL];
	memcpy(c->uc_mcontext.gregs, outside.uc_mcontext.gregs, sizeof(gregset_t));
	ended_by = signal;
}

/* In another program these belong to the fuzzer: they are the instruction's for a moment. */
static void run_natively(void)
{
	static const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGBUS, SIGFPE};
	struct sigaction old[ARRAY_SIZE(signals)], mine = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	mine.sa_sigaction = leave;
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &mine, &old[i]);
	mine.sa_sigaction = enter;
	sigaction(SIGUSR1, &mine, NULL);
	raise(SIGUSR1);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &old[i], NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
	uint8_t *const pages[] = {CODE, DATA, SOURCE};

	(void)argc;
	(void)argv;
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		if (mmap(pages[i], PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != pages[i])
			FINDING("no memory at %p", (void *)pages[i]);
	sigaltstack(&alternative, NULL);
	return 0;
}

/* --- comparison --- */

/* Flags that the instruction leaves undefined: not compared. */
static u64 undefined_flags(const struct insn *in)
{
	if (in->opcode >= 0x0fab && in->opcode != 0x0fb0 && in->opcode != 0x0fb1)
		return FLAGS & ~1ul & ~0x40ul; /* bit operations define CF, and leave ZF */
	if (in->alu == ALU_OR || in->alu == ALU_AND || in->alu == ALU_XOR)
		return 0x10; /* AF */
	return 0;
}

static void compare(const struct insn *in, const struct cpu_regs *before)
{
	u64 defined = FLAGS & ~undefined_flags(in);

	if (ended_by != SIGTRAP)
		FINDING("opcode %x: emulated, but the processor raised signal %d", in->opcode,
			ended_by);
	if ((u64)result[REG_RIP] != regs.rip)
		FINDING("opcode %x: %ld bytes; the processor: %ld", in->opcode,
			(long)(regs.rip - before->rip), (long)((u64)result[REG_RIP] - before->rip));
	for (unsigned i = 0; i < 16; i++)
		if ((u64)result[native_of[i]] != *insn_register(&regs, i))
			FINDING("opcode %x: register %u is %lx; the processor: %llx", in->opcode, i,
				*insn_register(&regs, i), result[native_of[i]]);
	if ((native_flags ^ regs.rflags) & defined)
		FINDING("opcode %x: flags %lx; the processor: %lx", in->opcode, regs.rflags & FLAGS,
			native_flags & FLAGS);
	if (memcmp(emulated, DATA, PAGE))
		FINDING("opcode %x: memory differs", in->opcode);
}

/* Let the operand be in the page, if one register can do that. True: it is. */
static bool aim(const struct insn *in, unsigned offset)
{
	u64 wanted = (u64)DATA + offset;

	if (in->segment != SEGMENT_FLAT) /* this process has bases of its own */
		return false;
	if (in->opcode >= 0xa4 && in->opcode <= 0xab) {
		if (in->rep && !regs.rcx)
			return false; /* nothing is written, so nothing faults */
		regs.rdi = wanted;
		regs.rsi = (u64)SOURCE + offset;
		return true;
	}
	if (!in->memory)
		return false;
	if ((in->opcode & 0xffe7) ==
	    0x0fa3) { /* by a bit number in a register: within the operand */
		*insn_register(&regs, in->reg) &= 8u * in->op_size - 1;
		if (in->reg == in->base)
			return false;
	}
	if (in->base != INSN_NO_REG && in->base != in->index)
		*insn_register(&regs, in->base) += wanted - insn_address(in, &regs);
	return insn_address(in, &regs) == wanted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	static struct vcpu vcpu;
	struct insn in;
	uint8_t bytes[INSN_MAX];

	for (unsigned i = 0; i < INSN_MAX; i++)
		bytes[i] = input_byte();
	unsigned offset = input_byte() * 8 % PAGE + input_byte() % 8;

	memset(&regs, 0, sizeof(regs));
	for (unsigned i = 0; i < 16; i++)
		*insn_register(&regs, i) = input_word();
	regs.rflags = (input_word() & (FLAGS | DIR_FLAG)) | 0x202;
	code = bytes;
	code_size = INSN_MAX;
	operations++;
	if (!insn_decode(&in, bytes, INSN_MAX, true) || in.addr_size != 8 || !aim(&in, offset))
		return 0;
	/* The instruction ends where the page does: to read on would fault. */
	memset(CODE, 0xcc, PAGE);
	memcpy(CODE + PAGE - in.length, bytes, in.length);
	regs.rip = (u64)CODE + PAGE - in.length;
	if (in.rip_relative)
		return 0;
	for (unsigned i = 0; i < PAGE; i += 8) {
		u64 word = input_word() ^ i * 0x9e3779b97f4a7c15;

		memcpy(DATA + i, &word, 8);
		memcpy(SOURCE + i, &word, 8);
	}
	memcpy(emulated, DATA, PAGE);
	const struct cpu_regs before = regs;
	struct cpu_regs after;

	if (!pv_emulate_table_write(&vcpu, &regs, (u64)DATA + offset))
		return 0;
	/* LOCK before what cannot have it is no instruction: it never comes so far. */
	after = regs;
	regs = before;
	run_natively();
	regs = after;
	if (ended_by == SIGILL && in.lock)
		return 0;
	accepted++;
	compare(&in, &before);
	return 0;
}
