/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fault of a guest must lead to, written from the CPU's manual and the ABI: the model
 * decodes by itself, and uses nothing of the hypervisor's headers.
 */
#ifndef FUZZ_PRIVILEGED_MODEL_H
#define FUZZ_PRIVILEGED_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES 8
#define PAGE  4096u

/* All that a guest can see, or could have changed. Registers by their numbers in instructions. */
struct guest {
	uint64_t gpr[16], rip, cs, ss, rflags;
	uint64_t cr2, shown_cr2, cr4, dr[4], dr6, dr7;
	uint64_t kernel, ts, events_masked, tsc_aux, crashed;
	uint8_t memory[PAGES][PAGE];
};

struct page_of_guest {
	uint64_t at;
	bool present, writable, kernel_only;
};

struct port_range {
	uint32_t first, last;
};

/* What does not change while a fault is dealt with. */
struct world {
	struct page_of_guest pages[PAGES];
	struct port_range ports[4];
	unsigned port_ranges, vcpu;
	bool privileged, has_iomem, ring1, long_segment, ibpb;
	uint8_t iopl;
	uint64_t iobmp, iobmp_limit, kernel_sp, ldt, cr0, cr4, tsc, fs_base, gs_base, cr3, seed;
	uint64_t handlers[256];
	uint8_t handler_flags[256];
	/* How mm/ answers. */
	int root_answer; /* 0, -22, -85: preempted */
	bool ldt_page_comes, table_candidate, table_written, spurious, copied_roots;
	uint64_t own_frame;
	/* The fault. */
	uint64_t fault_cr2, fault_dr6;
	uint32_t vector, error_code;
};

enum effect_kind {
	PORT_IN,
	PORT_OUT,
	SET_BASE,
	WRITE_TSC_AUX,
	FORGET_BRANCHES,
	FLUSH_PAGE,
	FLUSH_CACHES,
	BLOCK,
	SET_XCR0,
	SET_ROOT,
	HYPERCALL_PAGE,
	LOAD_TS,
	LOAD_DEBUG
};

/* What was done to the machine, or to more than this vCPU. */
struct effect {
	uint64_t kind, a, b, c;
};

#define EFFECTS 8192
struct effects {
	unsigned count;
	struct effect list[EFFECTS];
};
void effect(struct effects *e, enum effect_kind kind, uint64_t a, uint64_t b, uint64_t c);

/* The machine: what its parts answer. */
uint64_t mix(uint64_t a, uint64_t b);
bool machine_msr(const struct world *w, uint32_t msr, uint64_t *value);
uint32_t machine_port(const struct world *w, const struct effects *e, uint32_t port, unsigned size);
bool machine_takes_xcr0(uint64_t value);
bool machine_takes_tsc_aux(const struct world *w);

/* The byte of a guest's memory, if it may be read or written in that mode; NULL otherwise. */
uint8_t *guest_byte(const struct world *w, struct guest *g, uint64_t at, bool write, bool kernel);
/* How many bytes can be accessed from there on, n at most. */
unsigned reach(const struct world *w, struct guest *g, uint64_t at, unsigned n, bool write);
bool guest_address(uint64_t at); /* not the hypervisor's, and canonical */

struct outcome {
	bool cpuid; /* its four registers are not the model's: see cpuid_allowed() */
	uint32_t leaf, subleaf;
	bool unspecified; /* 32-bit code as no compiler makes it */
};

/** The guest after its fault. */
struct outcome model_fault(const struct world *w, struct guest *g, struct effects *e);
/** NULL, or what is wrong with CPUID's answer; host: the machine's own. */
const char *cpuid_wrong(const struct world *w, const struct guest *before, uint32_t leaf,
			uint32_t subleaf, const uint32_t host[4], const uint32_t shown[4],
			uint32_t address_bits, uint32_t tsc_khz);

#endif
