/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See privileged_model.h. */
#include <string.h>
#include "privileged_decode.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* Error-code bits of page faults. */
#define NOT_PRESENT 1u
#define WRITING	    2u
#define FROM_USER   4u
#define RESERVED    8u
#define FETCHING    16u

/* --- memory --- */

bool guest_address(uint64_t at)
{
	uint64_t slot = at >> 39 & 511, top = at >> 47;

	return (top == 0 || top == 0x1ffff) && (slot < 256 || slot > 271);
}

uint8_t *guest_byte(const struct world *w, struct guest *g, uint64_t at, bool write, bool kernel)
{
	for (unsigned i = 0; i < PAGES && guest_address(at); i++) {
		const struct page_of_guest *p = &w->pages[i];

		if (at - p->at < PAGE && p->present && (p->writable || !write) &&
		    (kernel || !p->kernel_only))
			return &g->memory[i][at - p->at];
	}
	return NULL;
}

unsigned reach(const struct world *w, struct guest *g, uint64_t at, unsigned n, bool write)
{
	unsigned i = 0;

	while (i < n && guest_byte(w, g, at + i, write, g->kernel))
		i++;
	return i;
}

static uint64_t load(const struct world *w, struct guest *g, uint64_t at, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value |= (uint64_t)*guest_byte(w, g, at + i, false, true) << (8 * i);
	return value;
}

/* --- exceptions --- */

static bool push(const struct world *w, struct guest *g, uint64_t *sp, uint64_t word)
{
	*sp -= 8;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t *byte = guest_byte(w, g, *sp + i, true, true);

		if (!byte)
			return false;
		*byte = (uint8_t)(word >> (8 * i));
	}
	return true;
}

/* code: -1: of none */
static void exception(const struct world *w, struct guest *g, unsigned vector, int64_t code)
{
	uint64_t sp = (g->kernel ? g->gpr[RSP] : w->kernel_sp) & ~15ull;
	uint64_t flags = (g->rflags & ~0x3200ull) | (g->events_masked ? 0 : 0x200);
	uint64_t cs = (g->cs & (g->kernel ? 0xfffc : 0xffff)) | g->events_masked << 32;
	bool good = w->handlers[vector] && guest_address(sp - 88);

	if (!w->ring1)
		flags |= (uint64_t)w->iopl << 12;
	good = good && push(w, g, &sp, g->ss & 0xffff) && push(w, g, &sp, g->gpr[RSP]) &&
	       push(w, g, &sp, flags) && push(w, g, &sp, cs) && push(w, g, &sp, g->rip);
	if (code >= 0)
		good = good && push(w, g, &sp, (uint64_t)code);
	good = good && push(w, g, &sp, g->gpr[11]) && push(w, g, &sp, g->gpr[RCX]);
	if (!good) {
		g->crashed = 1;
		return;
	}
	g->kernel = 1;
	if (w->handler_flags[vector] & 4)
		g->events_masked = 1;
	g->rflags &= ~0x74100ull; /* TF NT RF VM AC */
	g->cs = 0xe033;
	g->ss = 0xe02b;
	g->gpr[RSP] = sp;
	g->rip = w->handlers[vector];
}

static bool has_code(unsigned vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

static void fault(const struct world *w, struct guest *g, unsigned vector, uint32_t code)
{
	exception(w, g, vector, has_code(vector) ? (int64_t)code : -1);
}

static void page_fault_at(const struct world *w, struct guest *g, uint64_t at, uint32_t code)
{
	g->cr2 = g->shown_cr2 = at;
	fault(w, g, 14, (code & ~FROM_USER) | (g->kernel ? 0 : FROM_USER));
}

/* Past the instruction. */
static void done(const struct world *w, struct guest *g, unsigned length)
{
	g->rip += length;
	g->rflags &= ~0x10000ull;
	if (g->rflags & 0x100) {
		g->dr6 |= 0x4000;
		fault(w, g, 1, 0);
	}
}

static void set_register(struct guest *g, unsigned n, unsigned size, uint64_t value)
{
	if (size < 4)
		g->gpr[n] = (g->gpr[n] & ~cut_to(~0ull, size)) | cut_to(value, size);
	else
		g->gpr[n] = cut_to(value, size);
}

/* --- what instructions do: REFUSED is the guest's #GP --- */

enum verdict { REFUSED, DONE, FAULTED, AGAIN };

static enum verdict store(const struct world *w, struct guest *g, uint64_t at, const uint8_t *bytes,
			  unsigned n)
{
	unsigned good = reach(w, g, at, n, true);

	for (unsigned i = 0; i < good; i++)
		*guest_byte(w, g, at + i, true, true) = bytes[i];
	if (good == n)
		return DONE;
	page_fault_at(w, g, at + good, WRITING);
	return FAULTED;
}

/* --- ports --- */

static bool may_do_io(const struct world *w, const struct guest *g)
{
	unsigned ring = !g->kernel ? 3 : w->ring1 ? 1 : 0;

	return w->iopl >= ring;
}

static bool bitmap_allows(const struct world *w, struct guest *g, uint32_t port, unsigned size)
{
	uint64_t at = w->iobmp + port / 8;
	const uint8_t *low = guest_byte(w, g, at, false, true);
	const uint8_t *high = guest_byte(w, g, at + 1, false, true);

	if (!w->iobmp || port + size > w->iobmp_limit || !low || !high)
		return false;
	for (unsigned i = port % 8; i < port % 8 + size; i++)
		if ((i < 8 ? *low >> i : *high >> (i - 8)) & 1)
			return false;
	return true;
}

static bool port_is_given(const struct world *w, uint32_t first, uint32_t last)
{
	for (unsigned i = 0; i < w->port_ranges; i++)
		if (first >= w->ports[i].first && last <= w->ports[i].last)
			return true;
	return false;
}

static uint32_t from_port(const struct world *w, struct effects *e, uint32_t port, unsigned size)
{
	uint32_t value = 0;

	if (port_is_given(w, port, port + size - 1)) {
		value = machine_port(w, e, port, size);
		effect(e, PORT_IN, port, size, value);
		return value;
	}
	for (unsigned i = 0; i < size; i++) {
		uint32_t byte = port + i >= 0x40 && port + i <= 0x42 ? 0 : 0xff;

		if (port_is_given(w, port + i, port + i)) {
			byte = machine_port(w, e, port + i, 1);
			effect(e, PORT_IN, port + i, 1, byte);
		}
		value |= byte << (8 * i);
	}
	return value;
}

static void to_port(const struct world *w, struct effects *e, uint32_t port, uint32_t value,
		    unsigned size)
{
	if (port_is_given(w, port, port + size - 1)) {
		effect(e, PORT_OUT, port, size, cut_to(value, size));
		return;
	}
	for (unsigned i = 0; i < size; i++)
		if (port_is_given(w, port + i, port + i))
			effect(e, PORT_OUT, port + i, 1, value >> (8 * i) & 0xff);
}

static enum verdict strings(const struct world *w, struct guest *g, struct effects *e,
			    struct instruction *in, uint32_t port, unsigned size)
{
	bool input = in->op < 0x6e;
	unsigned pointer = input ? RDI : RSI;
	uint64_t count = in->repeat ? cut_to(g->gpr[RCX], in->address) : 1;

	if (input)
		in->segment = 0;
	for (unsigned n = 0; n < 1024 && n < count; n++) {
		uint64_t at = linear(w, in, g->gpr[pointer]);
		unsigned good = reach(w, g, at, size, input);

		if (good < size) {
			page_fault_at(w, g, at + good, input ? WRITING : 0);
			return FAULTED;
		}
		uint32_t value = input ? from_port(w, e, port, size) : 0;

		for (unsigned i = 0; input && i < size; i++)
			*guest_byte(w, g, at + i, true, true) = (uint8_t)(value >> (8 * i));
		if (!input)
			to_port(w, e, port, (uint32_t)load(w, g, at, size), size);
		set_register(g, pointer, in->address,
			     g->gpr[pointer] + (g->rflags & 0x400 ? -(uint64_t)size : size));
		if (in->repeat)
			set_register(g, RCX, in->address, g->gpr[RCX] - 1);
	}
	return count > 1024 ? AGAIN : DONE;
}

static enum verdict ports(const struct world *w, struct guest *g, struct effects *e,
			  struct instruction *in)
{
	uint32_t port = in->op >= 0xe4 && in->op <= 0xe7 ? in->imm : g->gpr[RDX] & 0xffff;
	unsigned size = !(in->op & 1) ? 1 : in->operand == 2 ? 2 : 4;

	if (!may_do_io(w, g) && !bitmap_allows(w, g, port, size))
		return REFUSED;
	if (in->op < 0x70)
		return strings(w, g, e, in, port, size);
	if (in->op & 2)
		to_port(w, e, port, (uint32_t)g->gpr[RAX], size);
	else
		set_register(g, RAX, size, from_port(w, e, port, size));
	return DONE;
}

/* --- control and debug registers --- */

static enum verdict set_cr0(const struct world *w, struct guest *g, struct effects *e,
			    uint64_t value)
{
	if ((value | 8) != (w->cr0 | 8))
		return REFUSED;
	g->ts = value >> 3 & 1;
	effect(e, LOAD_TS, g->ts, 0, 0);
	return DONE;
}

static enum verdict set_cr(const struct world *w, struct guest *g, struct effects *e, unsigned cr,
			   uint64_t value)
{
	if (cr == 0)
		return set_cr0(w, g, e, value);
	if (cr == 2) {
		g->cr2 = g->shown_cr2 = value;
		return DONE;
	}
	if (cr == 3) {
		effect(e, SET_ROOT, value << 1 >> 13, 0, 0);
		return w->root_answer == 0 ? DONE : w->root_answer == -85 ? AGAIN : REFUSED;
	}
	if (cr != 4)
		return REFUSED;
	/* PAE MCE OSFXSR OSXMMEXCPT are what they are; TSD DE FSGSBASE OSXSAVE as it likes */
	g->cr4 = (w->cr4 & 0x660) | (value & 0x0c) | (value & w->cr4 & 0x50000);
	return DONE;
}

static enum verdict get_cr(const struct world *w, struct guest *g, unsigned cr, unsigned to)
{
	const uint64_t cr0 = (w->cr0 & ~8ull) | g->ts << 3;

	if (cr == 1 || cr > 4)
		return REFUSED;
	g->gpr[to] = cr == 0   ? cr0
		     : cr == 2 ? g->cr2
		     : cr == 3 ? w->cr3 & 0x7ffffffffffff000
			       : g->cr4;
	return DONE;
}

static bool breakpoints_allowed(uint64_t dr7)
{
	bool good = !(dr7 >> 13 & 1);

	for (unsigned i = 0; i < 4; i++) {
		unsigned control = dr7 >> (16 + 4 * i) & 15;

		if (dr7 >> (2 * i) & 3)
			good = good && (control & 3) != 2 && (control == 0 || (control & 3));
	}
	return good;
}

static enum verdict set_dr(struct guest *g, struct effects *e, unsigned dr, uint64_t value)
{
	if (dr > 7 || (dr < 4 && !guest_address(value)) ||
	    (dr >= 4 && (dr & 1) && !breakpoints_allowed(value)))
		return REFUSED;
	if (dr < 4)
		g->dr[dr] = value;
	else if (dr & 1)
		g->dr7 = (value & 0xffff27ff) | 0x400;
	else
		g->dr6 = (value & 0xe00f) | 0xffff0ff0;
	effect(e, LOAD_DEBUG, 0, 0, 0);
	return DONE;
}

/* --- MSRs --- */

static bool get_msr(const struct world *w, const struct guest *g, uint32_t msr, uint64_t *value)
{
	bool exists;

	*value = 0;
	switch (msr) {
	case 0x10:
		*value = w->tsc;
		return true;
	case 0xc0000103:
		*value = g->tsc_aux;
		return true;
	case 0x1b:
		*value = w->vcpu ? 0xfee00800 : 0xfee00900;
		return true;
	case 0xce:
	case 0x140:
	case 0x179:
	case 0x17a:
	case 0xc0010010:
	case 0xc0010015:
	case 0xc001001f:
		return true;
	case 0x17:
	case 0x8b:
	case 0x277:
	case 0xc0000100:
	case 0xc0000101:
	case 0xc0000102:
		return machine_msr(w, msr, value);
	case 0x1a0:
	case 0xc0000080:
	case 0xc0011029:
		exists = machine_msr(w, msr, value);
		*value &= exists ? ~0ull : 0;
		if (msr == 0x1a0)
			*value = (*value & ~0x40080ull) | 0x1800;
		else
			*value &= msr == 0xc0011029 ? 2 : 0xd01;
		return true;
	}
	return !w->handlers[13]; /* who cannot learn of it reads 0 */
}

static enum verdict set_msr(const struct world *w, struct guest *g, struct effects *e, uint32_t msr,
			    uint64_t value)
{
	uint64_t now, top = value >> 47;

	switch (msr) {
	case 0xc0000100:
	case 0xc0000101:
	case 0xc0000102:
		if (top != 0 && top != 0x1ffff)
			return REFUSED;
		effect(e, SET_BASE, msr, value, 0);
		return DONE;
	case 0xc0000103:
		if (value >> 32 || !machine_takes_tsc_aux(w))
			return REFUSED;
		effect(e, WRITE_TSC_AUX, value, 0, 0);
		g->tsc_aux = value;
		return DONE;
	case 0x49:
		if (!w->ibpb || value > 1)
			return REFUSED;
		effect(e, FORGET_BRANCHES, value, 0, 0);
		return DONE;
	case 0x40000000:
		if (value >> 12 != w->own_frame)
			return REFUSED;
		effect(e, HYPERCALL_PAGE, value >> 12, 0, 0);
		return DONE;
	case 0x8b:
	case 0x17a:
		return value ? REFUSED : DONE;
	case 0x1b:
	case 0x1a0:
	case 0x277:
	case 0xc0000080:
	case 0xc0010015:
	case 0xc0011029:
		return get_msr(w, g, msr, &now) && now == value ? DONE : REFUSED;
	}
	return REFUSED;
}

/* --- instructions --- */

static enum verdict store_word(const struct world *w, struct guest *g, const struct instruction *in,
			       uint64_t value)
{
	const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

	if (in->memory)
		return store(w, g, linear(w, in, in->offset), bytes, 2);
	set_register(g, in->rm, in->operand, value);
	return DONE;
}

static enum verdict store_table(const struct world *w, struct guest *g,
				const struct instruction *in, uint16_t limit, uint64_t base)
{
	uint8_t bytes[10] = {(uint8_t)limit, (uint8_t)(limit >> 8)};

	for (unsigned i = 0; i < 8; i++)
		bytes[2 + i] = (uint8_t)(base >> (8 * i));
	return store(w, g, linear(w, in, in->offset), bytes, in->wide ? 10 : 6);
}

static enum verdict load_status_word(const struct world *w, struct guest *g, struct effects *e,
				     const struct instruction *in)
{
	uint64_t at = linear(w, in, in->offset), word = g->gpr[in->rm];

	if (in->memory) {
		unsigned good = reach(w, g, at, 2, false);

		if (good < 2) {
			page_fault_at(w, g, at + good, 0);
			return FAULTED;
		}
		word = load(w, g, at, 2);
	}
	return set_cr0(w, g, e, (w->cr0 & ~0xeull) | (word & 0xe) | 1);
}

/* 0x0f00, 0x0f01: what modrm says. */
static enum verdict group(const struct world *w, struct guest *g, struct effects *e,
			  const struct instruction *in)
{
	const uint64_t window = 0xffff818000000000 + w->vcpu * 0x20000ull;
	unsigned which = in->modrm >> 3 & 7;
	uint64_t at, xcr0;

	if (in->op == 0x0f00)
		return which < 2 ? store_word(w, g, in, 0) : REFUSED;
	if (which == 4)
		return store_word(w, g, in, (w->cr0 & ~8ull) | g->ts << 3);
	if (in->memory && which == 0)
		return store_table(w, g, in, 0xffff, window);
	if (in->memory && which == 1)
		return store_table(w, g, in, 0xfff, 0);
	if (in->modrm == 0xf9) {
		if (!g->kernel && (g->cr4 & 4))
			return REFUSED;
		g->gpr[RAX] = (uint32_t)w->tsc;
		g->gpr[RDX] = w->tsc >> 32;
		g->gpr[RCX] = g->tsc_aux;
		return DONE;
	}
	if (!g->kernel)
		return REFUSED;
	if (which == 6)
		return load_status_word(w, g, e, in);
	if (in->memory && which == 7) {
		at = linear(w, in, in->offset);
		if (guest_address(at))
			effect(e, FLUSH_PAGE, at, 0, 0);
		return DONE;
	}
	xcr0 = g->gpr[RDX] << 32 | (uint32_t)g->gpr[RAX];
	if (in->modrm != 0xd1 || (uint32_t)g->gpr[RCX] || !(g->cr4 >> 18 & 1) ||
	    !machine_takes_xcr0(xcr0))
		return REFUSED;
	effect(e, SET_XCR0, xcr0, 0, 0);
	return DONE;
}

static void answer_cpuid(struct guest *g, struct outcome *o)
{
	o->cpuid = true;
	o->leaf = (uint32_t)g->gpr[RAX];
	o->subleaf = (uint32_t)g->gpr[RCX];
}

static enum verdict kernel_only(const struct world *w, struct guest *g, struct effects *e,
				const struct instruction *in)
{
	uint64_t value = g->gpr[RDX] << 32 | (uint32_t)g->gpr[RAX];

	switch (in->op) {
	case 0x0f20:
		return get_cr(w, g, in->reg, in->rm);
	case 0x0f22:
		return set_cr(w, g, e, in->reg, g->gpr[in->rm]);
	case 0x0f21:
		if (in->reg > 7)
			return REFUSED;
		g->gpr[in->rm] = in->reg < 4 ? g->dr[in->reg] : in->reg & 1 ? g->dr7 : g->dr6;
		return DONE;
	case 0x0f23:
		return set_dr(g, e, in->reg, g->gpr[in->rm]);
	case 0x0f32:
		if (!get_msr(w, g, (uint32_t)g->gpr[RCX], &value))
			return REFUSED;
		g->gpr[RAX] = (uint32_t)value;
		g->gpr[RDX] = value >> 32;
		return DONE;
	case 0x0f30:
		return set_msr(w, g, e, (uint32_t)g->gpr[RCX], value);
	case 0x0f06:
		g->ts = 0;
		effect(e, LOAD_TS, 0, 0, 0);
		return DONE;
	case 0x0f09:
		if (w->privileged || w->has_iomem)
			effect(e, FLUSH_CACHES, 0, 0, 0);
		return DONE;
	default: /* hlt */
		if (!g->events_masked)
			effect(e, BLOCK, 0, 0, 0);
		return DONE;
	}
}

static enum verdict instruction(const struct world *w, struct guest *g, struct effects *e,
				struct instruction *in, struct outcome *o)
{
	if (in->lock)
		return REFUSED;
	switch (in->op) {
	case 0x6c ... 0x6f:
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
		return ports(w, g, e, in);
	case 0xfa:
	case 0xfb:
		return may_do_io(w, g) ? DONE : REFUSED;
	case 0x0f00:
	case 0x0f01:
		return group(w, g, e, in);
	case 0x0fa2:
		answer_cpuid(g, o);
		return DONE;
	case 0x0f31:
		if (!g->kernel && (g->cr4 & 4))
			return REFUSED;
		g->gpr[RAX] = (uint32_t)w->tsc;
		g->gpr[RDX] = w->tsc >> 32;
		return DONE;
	}
	return g->kernel ? kernel_only(w, g, e, in) : REFUSED;
}

/* --- faults --- */

/* length: of the instruction, still to be passed. */
static void software_interrupt(const struct world *w, struct guest *g, unsigned vector,
			       unsigned length)
{
	unsigned level = w->handler_flags[vector] & 3;

	if (w->handlers[vector] && (g->kernel ? level >= 1 : level == 3)) {
		g->rip += length;
		exception(w, g, vector, -1);
	} else {
		fault(w, g, 13, vector * 8 + 2);
	}
}

static void general_protection(const struct world *w, struct guest *g, struct effects *e,
			       struct outcome *o)
{
	struct instruction in;
	bool known = decode(w, g, &in, &o->unspecified);
	enum verdict v;

	if (known && in.op == 0xcd) {
		software_interrupt(w, g, in.imm, in.length);
		return;
	}
	v = known ? instruction(w, g, e, &in, o) : REFUSED;
	if (v == REFUSED)
		fault(w, g, 13, w->error_code);
	else if (v == DONE)
		done(w, g, in.length);
}

/* The CPU looked a descriptor up. offset: in the vCPU's window, the LDT's half from 64 KiB on. */
static void descriptor_fault(const struct world *w, struct guest *g, uint64_t offset)
{
	uint64_t own = w->ldt + offset - 0x10000, top = own >> 47;

	if (offset < 0x10000)
		fault(w, g, 13, offset & 0xfff8);
	else if (w->ldt_page_comes)
		return;
	else if (top == 0 || top == 0x1ffff)
		page_fault_at(w, g, own, w->error_code & ~NOT_PRESENT);
	else
		fault(w, g, 13, (offset & 0xfff8) | 4);
}

static void page_fault(const struct world *w, struct guest *g)
{
	uint64_t at = w->fault_cr2, slot = at >> 39;
	uint64_t window = 0xffff818000000000 + w->vcpu * 0x20000ull;
	uint32_t code = w->error_code;

	if (slot >= 0x1ffff00 && slot <= 0x1ffff0f) {
		if (at >= window && at < window + 0x20000 &&
		    !(code & (FROM_USER | RESERVED | FETCHING)))
			descriptor_fault(w, g, at - window);
		else
			page_fault_at(w, g, at, code);
		return;
	}
	if (g->kernel && (code & 11) == 3 && w->table_candidate && w->table_written)
		return;
	if (!((code & 1) || w->copied_roots) || !w->spurious)
		page_fault_at(w, g, at, code);
}

static bool asks_for_cpuid(const struct world *w, struct guest *g)
{
	static const uint8_t letters[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};

	if (reach(w, g, g->rip, 7, false) < 7)
		return false;
	for (unsigned i = 0; i < 7; i++)
		if (*guest_byte(w, g, g->rip + i, false, true) != letters[i])
			return false;
	return true;
}

struct outcome model_fault(const struct world *w, struct guest *g, struct effects *e)
{
	struct outcome o = {.cpuid = false};

	if (w->vector == 14) {
		page_fault(w, g);
	} else if (w->vector == 13) {
		general_protection(w, g, e, &o);
	} else if (w->vector == 6 && asks_for_cpuid(w, g)) {
		answer_cpuid(g, &o);
		done(w, g, 7);
	} else if (w->vector == 1) {
		g->dr6 = ((g->dr6 | w->fault_dr6) & 0xffff) | 0xffff0ff0;
		fault(w, g, 1, 0);
	} else if (w->vector == 7) {
		g->ts = 0;
		effect(e, LOAD_TS, 0, 0, 0);
		fault(w, g, 7, 0);
	} else if (w->vector == 0x80) {
		if (!w->handlers[0x80] ||
		    (g->kernel ? !(w->handler_flags[0x80] & 3) : (w->handler_flags[0x80] & 3) != 3))
			g->rip -= 2;
		software_interrupt(w, g, 0x80, 0);
	} else if (w->vector < 32) {
		fault(w, g, w->vector, w->vector == 6 ? 0 : w->error_code);
	}
	return o;
}
