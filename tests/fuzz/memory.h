/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the fuzzer of memory hypercalls: who acts, what is done, how it went. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include "fakes/mm_fakes.h"
#include "input.h"
#include "memory_model.h"

#define LIMIT 20 /* the most pages that a domain may have */

/* --- memory.c --- */
extern struct model model;
extern struct domain *domains[MODEL_DOMAINS];
extern uint32_t self; /* who acts */
struct vcpu_memory *vm(void);

/* What an operation draws from the input, and what came of it. */
struct arguments {
	uint32_t count, name, table_name, level, done, size;
	u64 ptrs[4], values[4], frames[4], address, second;
	uint16_t slots[4];
	uint32_t refs[2], offsets[2], flags, handle, lengths, kinds;
	bool choice;
};
extern struct arguments args;

/* The arguments are drawn; then the hypervisor does it, then the model: true if all was done. */
struct operation {
	const char *name;
	void (*draw)(void);
	bool (*real)(void), (*modelled)(void);
};

/* --- memory_values.c: mostly such as make sense as things are, sometimes anything --- */
/**
 * One of the domain's frames that is used as this, or (also_idle) not in use; 0: there is none.
 */
u64 frame_used_as(uint32_t owner, enum use use, bool also_idle, unsigned pick);
u64 any_frame(void);
unsigned any_slot(void);
u64 any_value(void);
/** For this entry. */
u64 value_for(u64 ptr);
u64 any_address(void);
uint32_t any_domain(void);
/** A grant: flags, domain, frame. */
u64 any_grant(void);

/* --- memory_tables.c --- */
extern const struct operation op_updates, op_extended, op_by_address, op_table_write, op_write,
	op_descriptor, op_gdt, op_ldt;
/** Descriptor pages, as GDTs hold them. */
#define HELD 4
extern unsigned held;
extern u64 held_frames[HELD];

/* --- memory_reservations.c --- */
extern const struct operation op_reservation, op_exchange, op_limit;

/* --- memory_grants.c --- */
extern const struct operation op_map, op_unmap, op_copy;

/* --- memory_compare.c --- */
/** Where the model is wrong; NULL: nowhere. *where: frame or domain. */
const char *difference(u64 *where);
/** What the hypervisor puts into a root, and the auditor checks, the model takes over. */
void adopt_root_slots(void);
/** The model is right if what it says and does is what happened. */
void compare(const struct operation *op, bool good);
/** No TLB may hold a mapping of what it was. */
void check_tlb(void);
/** Before a new machine: no TLB holds anything. */
void forget_tlb(void);
/** The auditor must be silent. */
void audit(void);

#endif
