/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of guests that lead into pv/: privileged instructions of any bytes and shape, INT, page
 * faults, and the rest. Each is dealt with by the real sources, from pv_trap() down to the frame on
 * the guest's stack, and by a model with a decoder of its own. Then registers, memory, the vCPU's
 * state and every effect on the machine (ports, MSRs, TLB …) must be the same: so nothing happens
 * that the domain may not, and nothing changes where it gets a fault.
 */
#include <stdarg.h>
#include <pv/internal.h>
#include <x86/hooks.h>
#include "guest_cpu.h"
#include "input.h"
#include "privileged.h"

#define OPERATIONS  24
#define HOST_GROUPS 0x80050033ul /* CR0 */

struct world w;
struct effects real_effects;
static struct effects model_effects;
static struct guest before, after, expected;

struct domain domain;
static struct vcpu vcpu;
static struct vcpu_info info;

/* --- the input --- */

static const u64 page_addresses[PAGES] = {
	0x10000,	/* code */
	0x11000,	/* code, data */
	0x12000,	/* data */
	0xf000,		/* the I/O bitmap; 16 bits lead there */
	0x7fffffffe000, /* the end of the lower half */
	0x7ffffffff000,
	0xffff880000000000, /* behind the hypervisor */
	0xfffffffffffff000, /* the end of all */
};

static u64 any_address(void)
{
	static const u64 others[] = {0,
				     0xffff7fffffffffff,
				     0xffff800000000000,
				     0xffff818000000000,
				     0xffff818000010000,
				     0xffff830000001000,
				     0xffff87ffffffffff,
				     0x800000000000};
	uint8_t b = input_byte();
	u64 delta = input_byte();

	if (b < 0x10)
		return 0x7abcf000 + delta * 16;
	if (b < 0xa0)
		return page_addresses[b % PAGES] + (b & 8 ? 4096 - delta % 32 : delta * 16);
	if (b < 0xe0)
		return others[b % ARRAY_SIZE(others)] + (b & 8 ? delta : -delta);
	return input_word();
}

static u64 any_value(void)
{
	uint8_t b = input_byte();

	if (b < 0x60)
		return b;
	if (b < 0xc0)
		return any_address();
	return b < 0xd0 ? 1ul << (input_byte() & 63) : input_word();
}

static const u32 msrs[] = {0x10,       0x17,	   0x1b,       0x49,	   0x8b,
			   0xce,       0x140,	   0x179,      0x17a,	   0x1a0,
			   0x277,      0xc0000080, 0xc0000100, 0xc0000101, 0xc0000102,
			   0xc0000103, 0xc0010010, 0xc0010015, 0xc001001f, 0xc0011029,
			   0x40000000, 0x174,	   0xc0000082, 0x3a,	   0x800};

static const u32 leaves[] = {0,		 1,	     2,		 4,	     7,
			     0xd,	 0xb,	     0xa,	 6,	     0x80000000,
			     0x80000001, 0x80000008, 0x80000021, 0x40000000, 0x40000001,
			     0x40000002, 0x40000003, 0x40000005, 0x40000004};

static const struct {
	u8 size, bytes[3];
} forms[] = {
	{1, {0x6c}},
	{1, {0x6d}},
	{1, {0x6e}},
	{1, {0x6f}},
	{1, {0xe4}},
	{1, {0xe5}},
	{1, {0xe6}},
	{1, {0xe7}},
	{1, {0xec}},
	{1, {0xed}},
	{1, {0xee}},
	{1, {0xef}},
	{1, {0xf4}},
	{1, {0xfa}},
	{1, {0xfb}},
	{1, {0xcd}},
	{2, {0x0f, 0x00}},
	{2, {0x0f, 0x01}},
	{2, {0x0f, 0x06}},
	{2, {0x0f, 0x09}},
	{2, {0x0f, 0x20}},
	{2, {0x0f, 0x21}},
	{2, {0x0f, 0x22}},
	{2, {0x0f, 0x23}},
	{2, {0x0f, 0x30}},
	{2, {0x0f, 0x31}},
	{2, {0x0f, 0x32}},
	{2, {0x0f, 0xa2}},
	{2, {0x0f, 0x01}},
	{3, {0x0f, 0x22, 0xc0}},
	{2, {0x0f, 0x32}},
	{3, {0x0f, 0x01, 0xd1}},
	{3, {0x0f, 0x00, 0x0b}},
	{3, {0x0f, 0x01, 0x03}},
	{3, {0x0f, 0x01, 0x0b}},
	{3, {0x0f, 0x01, 0x23}},
	{3, {0x0f, 0x01, 0x33}},
	{3, {0x0f, 0x01, 0x3b}},
	{2, {0x0f, 0x30}},
	{3, {0x0f, 0x01, 0xf9}},
};

static const u8 prefix_bytes[] = {0x66, 0x67, 0xf2, 0xf3, 0x48, 0x41, 0x44, 0x42,
				  0x4f, 0x64, 0x65, 0x2e, 0x3e, 0x40, 0xf3, 0xf0};

/* At rip: an instruction by grammar, or any bytes. */
static void write_code(u64 at)
{
	uint8_t bytes[24] = {0}, shape = input_byte(), form = input_byte();
	unsigned n = 0, prefixes = shape < 0xf0 ? shape & 3 : shape & 15;

	if (w.vector == 6 && shape & 4)
		memcpy(bytes, "\x0f\x0bxen\x0f\xa2", n = 7);
	else if (form < 0xf8) {
		while (n < prefixes)
			bytes[n++] = prefix_bytes[input_byte() % ARRAY_SIZE(prefix_bytes)];
		memcpy(bytes + n, forms[form % ARRAY_SIZE(forms)].bytes, 3);
		n += forms[form % ARRAY_SIZE(forms)].size;
	}
	while (n < 15)
		bytes[n++] = input_byte();
	for (unsigned i = 0; i < 15; i++) {
		u8 *byte = guest_byte(&w, &memory, at + i, false, true);

		if (byte)
			*byte = bytes[i];
	}
}

static void choose_world(void)
{
	uint8_t b = input_byte();

	memset(&w, 0, sizeof(w));
	memset(&memory, 0, sizeof(memory));
	w.seed = input_byte();
	w.privileged = b & 1;
	w.has_iomem = b & 2;
	w.ring1 = b & 4;
	w.vcpu = b & 8 ? 3 : 0;
	w.cr4 = b & 16 ? 0x3506f0 : 0x6e8;
	cpu_is_amd = b & 32;
	cpu_has_ibpb = w.ibpb = b & 64;
	w.own_frame = 0x1234;
	w.cr3 = CR3_KERNEL;
	for (unsigned i = 0; i < PAGES; i++) {
		uint8_t p = input_byte();

		w.pages[i] = (struct page_of_guest){page_addresses[i], (p & 7) != 7,
						    (p & 0x38) != 0x38, (p & 0xc0) == 0xc0};
	}
	w.port_ranges = input_byte() % 5;
	for (unsigned i = 0; i < w.port_ranges; i++) {
		u32 first = input_byte(), last = first + input_byte() % 32;

		w.ports[i] = first & 1 ? (struct port_range){first, last}
				       : (struct port_range){0xffff - last, 0xffff - first};
	}
	for (unsigned i = 0; i < 256; i++) {
		w.handlers[i] = 0xffffffff81000000 + i;
		w.handler_flags[i] = (uint8_t)(mix(w.seed, i) % 8);
	}
	w.handlers[b & 64 ? 13 : 200] = 0;
	w.handlers[mix(w.seed, b) & 255] = 0;
}

static void choose_fault(void)
{
	static const u8 vectors[] = {13, 13, 13, 13, 13, 13, 13, 13, 13, 6, 14, 14, 1, 7, 0x80, 0};
	static const u8 ldts[] = {0, 1, 2};
	uint8_t a = input_byte(), b = input_byte(), c = input_byte();

	w.vector = vectors[a & 15];
	if (!w.vector)
		w.vector = input_byte();
	w.error_code = a & 0x80 ? input_byte() : a & 0x40 ? 0x1010 : 0;
	w.long_segment = b & 1;
	w.iopl = b >> 1 & 3;
	w.ldt_page_comes = b & 8;
	w.table_candidate = b & 16;
	w.table_written = b & 32;
	w.spurious = b & 64;
	w.copied_roots = xpti = b & 128;
	w.root_answer = c & 1 ? 0 : c & 2 ? -XEN_ERESTART : -XEN_EINVAL;
	w.iobmp = c & 4 ? 0xf000 + (c >> 3) * 200 : c & 8 ? 0xffff830000000000 : 0;
	w.iobmp_limit = c & 16 ? 65536 : 48;
	w.kernel_sp = c & 32 ? any_address() : 0x13000;
	w.ldt = c & 64 ? any_address() : ldts[b % 3] * 0x10000ul;
	w.fs_base = c & 128 ? any_address() : 0;
	w.gs_base = w.fs_base ^ 0x1000;
	w.tsc = mix(w.seed, b) << 1;
	w.fault_cr2 = any_address();
	w.fault_dr6 = mix(w.seed, c);
}

static const struct {
	u64 *real;
	unsigned number;
} general[] = {
	{&regs.rax, 0},	 {&regs.rcx, 1},  {&regs.rdx, 2},  {&regs.rbx, 3},
	{&regs.rsp, 4},	 {&regs.rbp, 5},  {&regs.rsi, 6},  {&regs.rdi, 7},
	{&regs.r8, 8},	 {&regs.r9, 9},	  {&regs.r10, 10}, {&regs.r11, 11},
	{&regs.r12, 12}, {&regs.r13, 13}, {&regs.r14, 14}, {&regs.r15, 15},
};

static void choose_registers(void)
{
	uint8_t a = input_byte(), b = input_byte();
	static const u16 selectors[] = {0xe033, 0xe033, 0xe023, 0x10};

	for (unsigned i = 0; i < 16; i++)
		*general[i].real = mix(w.seed + i, a);
	regs.rsp = b & 1 ? any_address() : 0x12f00;
	regs.rsi = any_address();
	regs.rdi = any_address();
	regs.rbx = any_address();
	regs.rdx = any_value();
	if ((a & 16) && !(b & 0x80)) /* about the bitmap's end */
		regs.rdx = 40 + a % 12;
	regs.rcx = b & 2 ? any_value() : b & 4 ? msrs[a % ARRAY_SIZE(msrs)] : a % 8;
	regs.rax = b & 8      ? any_value()
		   : b & 0x40 ? HOST_GROUPS ^ (a & 8) ^ (a & 4 ? 1ul << (mix(a, b) & 63) : 0)
			      : leaves[a % ARRAY_SIZE(leaves)];
	if (b & 0x80) /* what is read may be written */
		regs.rdx = 0, regs.rax = a & 1 ? 0 : a & 2 ? 0x1234000 : 0xfee00900;
	regs.rip = b & 0x10 ? (b & 0x20 ? 0x7ffffffff000 : 0x11000) - a % 16 : 0x10000 + a;
	regs.cs = selectors[a >> 6];
	regs.ss = 0xe02b;
	regs.rflags = 0x202 | (input_word() & 0x254dd5);
	vcpu.arch.kernel_mode = input_byte() & 3 ? 1 : 0;
	info.evtchn_upcall_mask = input_byte() & 1;
}

/* --- the real state, as the model has it --- */

static void look(struct guest *g)
{
	for (unsigned i = 0; i < 16; i++)
		g->gpr[general[i].number] = *general[i].real;
	g->rip = regs.rip;
	g->cs = regs.cs;
	g->ss = regs.ss;
	g->rflags = regs.rflags;
	g->cr2 = vcpu.pv.cr2;
	g->shown_cr2 = info.arch.cr2;
	g->cr4 = vcpu.pv.cr4;
	memcpy(g->dr, vcpu.arch.dr, sizeof(g->dr));
	g->dr6 = vcpu.arch.dr6;
	g->dr7 = vcpu.arch.dr7;
	g->kernel = vcpu.arch.kernel_mode;
	g->ts = vcpu.arch.ts;
	g->events_masked = info.evtchn_upcall_mask;
	g->tsc_aux = vcpu.pv.tsc_aux;
	g->crashed = crashed;
	memcpy(g->memory, memory.memory, sizeof(g->memory));
}

static void start_guest(void)
{
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&domain, 0, sizeof(domain));
	memset(&info, 0, sizeof(info));
	vcpu.domain = &domain;
	vcpu.vcpu_id = w.vcpu;
	vcpu.info = &info;
	vcpu.mem.domain = &domain.mem;
	vcpu.mem.cr3_kernel = CR3_KERNEL;
	vcpu.mem.cr3_user = CR3_USER;
	vcpu.arch.gdt_base = GDT_WINDOW(w.vcpu);
	vcpu.pv.cr4 = (w.seed & 2 ? 4 : 0) | (w.seed & 4 ? 0x40000 : 0); /* TSD, OSXSAVE */
	vcpu.arch.dr6 = 0xffff0ff0;
	vcpu.arch.dr7 = 0x400;
	domain.privileged = w.privileged;
	domain.mem.iomem_ranges = w.has_iomem;
	domain.mem.vm_assist = w.ring1 ? 0 : 1ul << 4;
	domain.ioport_range_count = w.port_ranges;
	for (unsigned i = 0; i < w.port_ranges; i++)
		domain.ioport_ranges[i] = (struct mfn_range){w.ports[i].first, w.ports[i].last};
	for (unsigned i = 0; i < 256; i++)
		vcpu.pv.traps[i] =
			(struct pv_trap){w.handlers[i], FLAT_KERNEL_CS, w.handler_flags[i]};
	cpu.current = &vcpu;
}

static void apply_fault(void)
{
	w.cr0 = HOST_GROUPS | (vcpu.arch.ts ? 8 : 0);
	vcpu.pv.iopl = w.iopl;
	vcpu.pv.iobmp = w.iobmp;
	vcpu.pv.iobmp_limit = (u32)w.iobmp_limit;
	vcpu.pv.kernel_sp = w.kernel_sp;
	vcpu.pv.ldt_virt = w.ldt;
	regs.entry_vector = w.vector;
	regs.error_code = w.error_code;
	in_kernel_tables = kernel_gs = vcpu.arch.kernel_mode;
	crashed = false;
}

/* --- comparison --- */

static void differ(const char *what, u64 found, u64 wanted)
{
	const u8 *c = guest_byte(&w, &before, before.rip, false, true);

	fprintf(stderr, "finding: vector %u at %#lx (%s, cs %#lx):", w.vector, before.rip,
		before.kernel ? "kernel" : "user", before.cs);
	for (unsigned i = 0; c && i < 15 && ((before.rip + i) & 4095) >= (before.rip & 4095); i++)
		fprintf(stderr, " %02x", c[i]);
	fprintf(stderr, "\n");
	FINDING("%s: %#lx; the model: %#lx", what, found, wanted);
}

static void compare_effects(void)
{
	for (unsigned i = 0; i < real_effects.count && i < model_effects.count; i++) {
		const struct effect *r = &real_effects.list[i], *m = &model_effects.list[i];

		if (r->kind != m->kind)
			differ("another effect", r->kind, m->kind);
		if (r->a != m->a || r->b != m->b || r->c != m->c)
			differ("its object", r->a, m->a);
	}
	if (real_effects.count != model_effects.count)
		differ("number of effects", real_effects.count, model_effects.count);
}

#define SAME(field)                                                                                \
	do {                                                                                       \
		if (after.field != expected.field)                                                 \
			differ(#field, after.field, expected.field);                               \
	} while (0)

static void compare_state(void)
{
	char name[16];

	for (unsigned i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "register %u", i);
		if (after.gpr[i] != expected.gpr[i])
			differ(name, after.gpr[i], expected.gpr[i]);
	}
	SAME(rip);
	SAME(cs);
	SAME(ss);
	SAME(rflags);
	SAME(cr2);
	SAME(shown_cr2);
	SAME(cr4);
	SAME(dr6);
	SAME(dr7);
	for (unsigned i = 0; i < 4; i++)
		SAME(dr[i]);
	SAME(kernel);
	SAME(ts);
	SAME(events_masked);
	SAME(tsc_aux);
	if (memcmp(after.memory, expected.memory, sizeof(after.memory)))
		for (unsigned i = 0; i < PAGES * PAGE; i++)
			SAME(memory[i / PAGE][i % PAGE]);
}

/* The registers as the instruction left them: a #DB after it changes none of these. */
static void check_cpuid(const struct outcome *o)
{
	const u32 shown[4] = {(u32)after.gpr[0], (u32)after.gpr[3], (u32)after.gpr[1],
			      (u32)after.gpr[2]};
	u32 host[4], widths[4];
	const char *wrong;

	cpuid(o->leaf, o->subleaf, host);
	cpuid(0x80000008, 0, widths);
	wrong = cpuid_wrong(&w, &before, o->leaf, o->subleaf, host, shown, widths[0] & 0xff,
			    TSC_KHZ);
	if (wrong)
		differ(wrong, o->leaf, o->subleaf);
	for (unsigned i = 0; i < 4; i++) {
		if (after.gpr[i] >> 32)
			differ("CPUID's register", after.gpr[i], i);
		expected.gpr[i] = after.gpr[i];
	}
}

static void run(void)
{
	struct outcome o;

	real_effects.count = model_effects.count = 0;
	look(&before);
	expected = before;
	o = model_fault(&w, &expected, &model_effects);
	if (o.unspecified)
		return;
	pv_trap(&regs);
	look(&after);
	operations++;
	accepted += after.rip != before.rip && after.rip < 0xffffffff81000000;
	compare_effects();
	SAME(crashed);
	if (crashed)
		return;
	if (o.cpuid)
		check_cpuid(&o);
	/* its frame holds rcx, which is CPUID's */
	if (o.cpuid && (before.rflags & 0x100))
		memcpy(expected.memory, after.memory, sizeof(expected.memory));
	compare_state();
	if (in_kernel_tables != (bool)after.kernel || kernel_gs != (bool)after.kernel)
		differ("tables or GS of another mode", in_kernel_tables, after.kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	choose_world();
	start_guest();
	crashed = false;
	for (unsigned i = 0; i < OPERATIONS && (!i || input_left()) && !crashed; i++) {
		choose_fault();
		choose_registers();
		write_code(regs.rip);
		apply_fault();
		if (w.iobmp) { /* some holes in the bitmap */
			u8 *bits = guest_byte(&w, &memory, w.iobmp + input_byte(), false, true);

			if (bits)
				*bits = input_byte();
		}
		run();
	}
	return 0;
}
