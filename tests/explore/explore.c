/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exhaustive search over the real type machine and entry updates, in a small scope: a domain of a
 * few frames, a few slots a table, every pin, unpin and update at any level, preempted or not, and
 * every direct write to a frame that is no table. Breadth first, so that what fails is shown by the
 * shortest trace.
 *
 *   explore FRAMES SLOTS [MAXIMUM-STATES]
 *
 * The oracle decodes entries by itself and recounts all references after every step.
 */
#include <stdio.h>
#include <stdlib.h>
#include "fakes/mm_fakes.h"

#define FRAMES_MAX  3
#define SLOTS_MAX   2
#define PREEMPTIONS 3 /* never, at the first check, at the second */
/* Apart, and not the first: validation may be preempted before and between them. */
static const unsigned slot_index[SLOTS_MAX] = {1, 3};

struct frame_state {
	u64 type, entries[SLOTS_MAX];
	u32 count, flags;
};

struct state {
	struct frame_state frames[FRAMES_MAX];
	u64 deferred; /* 1 + the frame whose last reference the vCPU has still to drop, or 0 */
};

struct node {
	struct state state;
	u32 parent, step;
};

static unsigned frames, slots;
static u64 mfns[FRAMES_MAX];
static struct domain *d;
static struct node *nodes;
static u32 *table, table_mask, count, limit = 20000000;

/* --- states --- */

static struct state save(void)
{
	struct state s = {0};

	for (unsigned f = 0; f < frames; f++) {
		const struct page *pg = fake_entry(mfns[f]);

		s.frames[f].type = pg->type;
		s.frames[f].count = pg->count;
		s.frames[f].flags = pg->flags;
		for (unsigned i = 0; i < slots; i++)
			s.frames[f].entries[i] = fake_bytes(mfns[f])[slot_index[i]];
		if (d->vcpus[0]->mem.deferred == pg)
			s.deferred = f + 1;
	}
	return s;
}

static void restore(const struct state *s)
{
	d->vcpus[0]->mem.deferred = s->deferred ? fake_entry(mfns[s->deferred - 1]) : NULL;
	for (unsigned f = 0; f < frames; f++) {
		struct page *pg = fake_entry(mfns[f]);

		pg->type = s->frames[f].type;
		pg->count = s->frames[f].count;
		pg->flags = s->frames[f].flags;
		/* what an L4 has there is made anew by each validation */
		memset(fake_bytes(mfns[f]) + HYPERVISOR_FIRST_SLOT, 0,
		       (HYPERVISOR_LAST_SLOT - HYPERVISOR_FIRST_SLOT + 1) * sizeof(u64));
		for (unsigned i = 0; i < slots; i++)
			fake_bytes(mfns[f])[slot_index[i]] = s->frames[f].entries[i];
	}
}

static u64 hash(const struct state *s)
{
	const u64 *words = (const u64 *)s;
	u64 h = 0x9e3779b97f4a7c15UL;

	for (unsigned i = 0; i < sizeof(*s) / sizeof(*words); i++)
		h = (h ^ words[i]) * 0xff51afd7ed558ccdUL, h ^= h >> 29;
	return h;
}

/* Note a state that is new. */
static void add(const struct state *s, u32 parent, u32 step)
{
	u32 at = (u32)hash(s) & table_mask;

	for (; table[at]; at = (at + 1) & table_mask)
		if (!memcmp(&nodes[table[at] - 1].state, s, sizeof(*s)))
			return;
	if (count == limit) {
		fprintf(stderr, "explore: more than %u states; give a greater maximum\n", limit);
		exit(2);
	}
	nodes[count] = (struct node){*s, parent, step};
	table[at] = ++count;
}

/* --- steps: what a guest may do --- */

/* 0: empty; then each frame, to be read, and to be written; last, a frame that is not there: the
 * first one's number, if 32 bits of it were looked at. */
static u64 value_of(unsigned v)
{
	if (!v)
		return 0;
	v--;
	if (v == 2 * frames)
		return (mfns[0] | 1ul << 32) << PAGE_SHIFT | PTE_PRESENT | PTE_USER | PTE_WRITABLE;
	return mfns[v / 2] << PAGE_SHIFT | PTE_PRESENT | PTE_USER | (v & 1 ? PTE_WRITABLE : 0);
}

static unsigned values(void)
{
	return 1 + 2 * frames + 1;
}

struct step {
	enum { PIN, UNPIN, UPDATE, POKE, STEP_KINDS } kind;
	unsigned frame, level, slot, value;
	unsigned preempted; /* at which check; 0: never */
};

static unsigned steps(void)
{
	return frames * PREEMPTIONS * (4 + 1 + 2 * slots * values());
}

static struct step step_of(u32 n)
{
	struct step s = {.preempted = n % PREEMPTIONS};

	n /= PREEMPTIONS;
	s.frame = n % frames;
	n /= frames;
	if (n < 4) {
		s.kind = PIN;
		s.level = n + 1;
	} else if (n == 4) {
		s.kind = UNPIN;
	} else {
		n -= 5;
		s.kind = n & 1 ? POKE : UPDATE;
		n >>= 1;
		s.slot = n % slots;
		s.value = n / slots;
	}
	return s;
}

static bool is_table_word(u64 word)
{
	unsigned type = type_of(word);

	return type >= TYPE_L1 && type <= TYPE_L4 && (word & (TYPE_VALID | TYPE_PARTIAL));
}

/* False: not possible in this state. */
static bool take(const struct step *s)
{
	u64 mfn = mfns[s->frame], *word = &fake_bytes(mfn)[slot_index[s->slot]];
	struct mmu_update update = {mfn << PAGE_SHIFT | slot_index[s->slot] * sizeof(u64),
				    value_of(s->value)};
	struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE, .arg1 = {mfn}};

	fake_preempt_in = s->preempted;
	fake_preempt_done = 0;
	switch (s->kind) {
	case PIN:
		op.cmd = MMUEXT_PIN_L1_TABLE + s->level - 1;
		/* fallthrough */
	case UNPIN:
		this_cpu()->hypercall = __HYPERVISOR_mmuext_op;
		do_mmuext_op((u64)&op, 1, 0, DOMID_SELF);
		break;
	case UPDATE:
		this_cpu()->hypercall = __HYPERVISOR_mmu_update;
		do_mmu_update((u64)&update, 1, 0, DOMID_SELF);
		break;
	default: /* by a writable mapping, or before it had a type */
		if (s->preempted || is_table_word(fake_entry(mfn)->type) || *word == update.val)
			return false;
		*word = update.val;
	}
	/* A preempted call is not resumed: what comes next may be another vCPU's. */
	return true;
}

static void describe(const struct step *s)
{
	static const char *const kinds[] = {"pin", "unpin", "update", "direct write to"};

	fprintf(stderr, "  %s frame %u", kinds[s->kind], s->frame);
	if (s->kind == PIN)
		fprintf(stderr, " as L%u", s->level);
	if (s->kind >= UPDATE && s->value > 2 * frames)
		fprintf(stderr, " slot %u: frame 0 and 2^32", s->slot);
	else if (s->kind >= UPDATE && s->value)
		fprintf(stderr, " slot %u: frame %u, %s", s->slot, (s->value - 1) / 2,
			(s->value - 1) & 1 ? "writable" : "read-only");
	else if (s->kind >= UPDATE)
		fprintf(stderr, " slot %u: empty", s->slot);
	if (s->preempted)
		fprintf(stderr, ", preempted at check %u", s->preempted);
	fprintf(stderr, "\n");
}

/* --- the oracle --- */

struct recount {
	u32 references, types[8];
};

/* Frame number of a present entry that names one of ours, or -1. Decoded here on purpose. */
static int names(u64 entry)
{
	for (unsigned f = 0; f < frames; f++)
		if ((entry & 1) && (entry & 0x000ffffffffff000UL) / 4096 == mfns[f])
			return (int)f;
	return -1;
}

/* What is wrong with the state, or NULL. */
static const char *wrong(const struct state *s)
{
	struct recount r[FRAMES_MAX] = {0};

	for (unsigned f = 0; f < frames; f++) {
		u64 word = s->frames[f].type;
		unsigned type = (word >> TYPE_SHIFT) & 7, held = 0;

		if (word & TYPE_BUSY)
			return "a frame is left busy";
		if (!(word & (TYPE_VALID | TYPE_PARTIAL)) && (word & (TYPE_COUNT | TYPE_PINNED)))
			return "an idle frame has a count or is pinned";
		r[f].references += 1 + !!(word & (TYPE_VALID | TYPE_PARTIAL));
		r[f].types[type] += !!(word & TYPE_PINNED) + (s->deferred == f + 1);
		if (type < 1 || type > 4)
			continue;
		if (word & TYPE_VALID)
			held = 512;
		else if (word & TYPE_PARTIAL)
			held = word >> PROGRESS_SHIFT;
		for (unsigned i = 0; i < slots && slot_index[i] < held; i++) {
			u64 entry = s->frames[f].entries[i];
			int target = names(entry);

			if (!(entry & 1))
				continue;
			if (target < 0)
				return "a table names a frame that is not the domain's";
			if (type > 1)
				r[target].types[type - 1]++;
			else if (entry & 2)
				r[target].types[TYPE_WRITABLE]++;
			else
				r[target].references++;
		}
	}
	for (unsigned f = 0; f < frames; f++) {
		u64 word = s->frames[f].type;
		unsigned type = (word >> TYPE_SHIFT) & 7;

		for (unsigned t = 1; t < 8; t++)
			if (r[f].types[t] && (t != type || !(word & (TYPE_VALID | TYPE_PARTIAL))))
				return "a frame is used as what it is not";
		/* PARTIAL: one count is of the get or put that is under way, if it was the last */
		u64 counted = word & TYPE_COUNT, expected = r[f].types[type];

		if ((word & TYPE_VALID) && counted != expected)
			return "a type count differs from the references";
		if ((word & TYPE_PARTIAL) && counted != expected && expected)
			return "a partial frame's count differs from the references";
		if ((s->frames[f].count & 0x7fffffff) != r[f].references)
			return "a general count differs from the references";
	}
	return NULL;
}

static void show_state(const struct state *s)
{
	for (unsigned f = 0; f < frames; f++)
		fprintf(stderr, "    frame %u (%lx): type word %lx, count %x, entries %lx %lx\n", f,
			mfns[f], s->frames[f].type, s->frames[f].count, s->frames[f].entries[0],
			s->frames[f].entries[1]);
}

static void show(u32 node)
{
	if (nodes[node].parent == node)
		return;
	show(nodes[node].parent);
	const struct step s = step_of(nodes[node].step);

	describe(&s);
	show_state(&nodes[node].state);
}

/* --- the search --- */

static void search(void)
{
	for (u32 n = 0; n < count; n++) {
		for (u32 i = 0; i < steps(); i++) {
			const struct step s = step_of(i);

			restore(&nodes[n].state);
			if (!take(&s))
				continue;
			const struct state after = save();
			const char *fault = wrong(&after);

			if (fault) {
				fprintf(stderr, "explore: %s, after\n", fault);
				show(n);
				describe(&s);
				show_state(&after);
				exit(1);
			}
			add(&after, n, i);
		}
		if (n % 65536 == 65535)
			fprintf(stderr, "  %u of %u states\n", n + 1, count);
	}
}

int main(int argc, char **argv)
{
	void *none = NULL;

	if (argc < 3 || (frames = (unsigned)atoi(argv[1])) < 1 || frames > FRAMES_MAX ||
	    (slots = (unsigned)atoi(argv[2])) < 1 || slots > SLOTS_MAX) {
		fprintf(stderr, "usage: %s FRAMES(1..%u) SLOTS(1..%u) [MAXIMUM-STATES]\n", argv[0],
			FRAMES_MAX, SLOTS_MAX);
		return 2;
	}
	if (argc > 3)
		limit = (u32)strtoul(argv[3], NULL, 0);
	for (table_mask = 1; table_mask < limit + limit / 2; table_mask <<= 1)
		;
	nodes = malloc(limit * sizeof(*nodes));
	table = calloc(table_mask--, sizeof(*table));
	if (!nodes || !table) {
		fprintf(stderr, "explore: no memory for %u states\n", limit);
		return 2;
	}
	fake_machine(&none);
	d = fake_domain(1, false, 20);
	for (unsigned f = 0; f < frames; f++) {
		mfns[f] = fake_page(d);
		memset(fake_bytes(mfns[f]), 0, PAGE_SIZE);
	}
	const struct state first = save();

	add(&first, 0, 0);
	search();
	printf("explore: %u frames of %u slots: %u states, %u steps each: all as it must be\n",
	       frames, slots, count, steps());
	return 0;
}
