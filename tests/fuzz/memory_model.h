/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory hypercalls must do, written from the rules and without the hypervisor's headers: it
 * decodes entries, descriptors and grants by itself. A domain's frames, who uses them as what, and
 * what is in them; nothing is preempted here, and nothing is freed but by its last reference.
 */
#ifndef FUZZ_MEMORY_MODEL_H
#define FUZZ_MEMORY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_FIRST  0x100u /* frames of RAM: [first, first + frames) */
#define MODEL_FRAMES 112u
#define MODEL_END    (MODEL_FIRST + MODEL_FRAMES)
#define MODEL_DEVICE 0x5000u /* frames, no RAM, that domain 1 may map: this, 3 more */

#define REF_LIMIT 8u /* build options of the hypervisor under test: PAGE_COUNT_MAX, */
#define USE_LIMIT 4u /* TYPE_COUNT_MAX */

enum use { NO_USE, TABLE_1, TABLE_2, TABLE_3, TABLE_4, DESCRIPTORS, DATA, SHARED_READ };

#define NOBODY	   0u
#define HYPERVISOR 0xfffeu /* not for domains */
#define NAME_SELF  0x7ff0u
#define NAME_IO	   0x7ff1u
#define NAME_XEN   0x7ff2u

struct model_frame {
	uint32_t owner; /* domain, NAME_XEN, NOBODY (free), HYPERVISOR */
	bool allocated, pinned, busy;
	enum use use; /* as long as uses is not 0 */
	uint32_t uses, refs;
};

#define MODEL_HANDLES 128
struct model_handle {
	bool used, writable, host, device, by_pte;
	uint32_t granter, ref, frame;
};

struct model_grant {
	uint32_t uses[2], frame, user;
};

struct model_domain {
	bool privileged;
	uint32_t pages, limit;
	uint64_t kernel_root, user_root; /* frames; 0: none */
	uint64_t ldt_base, ldt[16];	 /* frames in the window; 0: none */
	uint32_t ldt_entries;
	uint32_t grant_frame; /* its table */
	struct model_handle handles[MODEL_HANDLES];
	struct model_grant grants[512];
};

#define MODEL_DOMAINS 3 /* domains 1 and 2 */

struct model {
	struct model_frame frames[MODEL_FRAMES];
	struct model_domain domains[MODEL_DOMAINS];
	uint64_t memory[MODEL_FRAMES][512];
};

struct model_frame *model_frame(struct model *m, uint64_t frame); /* NULL: no RAM */
/** A fresh page, cleared. False: the frame was not free, or the domain has all that it may have. */
bool model_give(struct model *m, uint32_t d, uint64_t frame);

/* Every one: true if it is allowed and done; caller: a domain's id. */
uint32_t model_target(const struct model *m, uint32_t caller, uint32_t name); /* NOBODY: refused */
bool model_mmu_update(struct model *m, uint32_t tables, uint32_t frames, uint64_t ptr,
		      uint64_t val);
bool model_pin(struct model *m, uint32_t target, uint64_t frame, unsigned level);
bool model_unpin(struct model *m, uint32_t target, uint64_t frame);
bool model_set_root(struct model *m, uint32_t d, uint64_t frame, bool user);
bool model_fill(struct model *m, uint32_t target, uint64_t to, bool copy, uint64_t from);
bool model_set_ldt(struct model *m, uint32_t d, uint64_t base, uint32_t entries);
bool model_ldt_fault(struct model *m, uint32_t d, uint32_t index);
bool model_update_va(struct model *m, uint32_t d, uint32_t frames, uint64_t va, uint64_t val);
/** A guest's own store into a table that it maps read-only. */
bool model_table_write(struct model *m, uint32_t d, uint64_t va, uint64_t value, unsigned size);
bool model_descriptor(struct model *m, uint32_t d, uint64_t address, uint64_t descriptor);
/** The guest writes its own memory, which it maps writable for the moment. */
bool model_write(struct model *m, uint32_t d, uint64_t frame, const uint16_t *slots,
		 const uint64_t *values, unsigned count);
bool model_use(struct model *m, uint32_t d, uint64_t frame, enum use use);
void model_unuse(struct model *m, uint64_t frame);
bool model_give_back(struct model *m, uint32_t d, uint64_t frame);
/** frame goes, fresh comes. */
bool model_exchangeable(struct model *m, uint32_t d, uint64_t frame);
void model_exchange(struct model *m, uint32_t d, uint64_t frame, uint64_t fresh);
/** handle: what the hypervisor gave, to be checked. */
bool model_map(struct model *m, uint32_t d, uint32_t granter, uint32_t ref, uint32_t flags,
	       uint64_t where, uint32_t handle);
/** replace: second is a new address, else a bus address. */
bool model_unmap(struct model *m, uint32_t d, uint32_t handle, uint64_t where, uint64_t second,
		 bool replace);
struct model_end {
	bool is_grant;
	uint32_t domain, ref, offset; /* ref: or the domain's own frame */
};
bool model_copy(struct model *m, uint32_t d, const struct model_end *from,
		const struct model_end *to, uint32_t length);

#endif
