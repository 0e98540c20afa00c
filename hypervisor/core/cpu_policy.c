/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What CPUID shows, as lists of leaves and as feature words, for tools. Every PV domain is shown the
 * same: what pv_cpuid() lets through of the hardware. A policy that a tool sets is checked, not kept:
 * it may not ask for what the CPU lacks, and what it asks to hide stays visible.
 */
#include <xen/errno.h>
#include <core/domctl.h>
#include <pv/pv.h>
#include <x86/privileged.h>
#include <x86/uaccess.h>

#define EXTENDED   0x80000000u
#define HYPERVISOR 0x40000000u
#define MAX_LEAVES 160u

/* Highest leaves that are listed, whatever the CPU has: those that the tools know. */
#define LAST_BASIC    0xdu
#define LAST_EXTENDED (EXTENDED + 0x21)

enum { A, B, C, D };

static void read_leaf(struct vcpu *v, u32 leaf, u32 subleaf, u32 out[4])
{
	if (v)
		pv_cpuid(v, leaf, subleaf, out);
	else
		cpuid(leaf, subleaf, out);
}

/*
 * Number of subleaves in a list; 0: the leaf has none. Empty ones are listed too: the tools write a
 * list back of just these, and into as much room as the list took that they read.
 */
static u32 subleaves(struct vcpu *v, u32 leaf)
{
	u32 r[4];

	switch (leaf) {
	case 0x4:
		return 6;
	case 0x7:
		read_leaf(v, leaf, 0, r);
		return MIN(r[A], 2u) + 1;
	case 0xb:
		return 2;
	case 0xd:
		return 63;
	default:
		return 0;
	}
}

struct leaf_writer {
	u64 at;
	u32 count, room;
};

static bool write_leaf(struct leaf_writer *w, u32 leaf, u32 subleaf, const u32 r[4])
{
	const xen_cpuid_leaf_t e = {leaf, subleaf, r[A], r[B], r[C], r[D]};

	if (w->at && w->count < w->room &&
	    !copy_to_guest(w->at + w->count * sizeof(e), &e, sizeof(e)))
		return false;
	w->count++;
	return true;
}

static bool write_range(struct leaf_writer *w, struct vcpu *v, u32 first, u32 limit)
{
	u32 last[4], r[4];

	read_leaf(v, first, 0, last);
	for (u32 leaf = first; leaf <= MIN(last[A], limit) && leaf >= first; leaf++) {
		u32 n = subleaves(v, leaf);

		for (u32 sub = 0; sub < MAX(n, 1u); sub++) {
			read_leaf(v, leaf, sub, r);
			if (!write_leaf(w, leaf, n ? sub : XEN_CPUID_NO_SUBLEAF, r))
				return false;
		}
	}
	return true;
}

/* The hypervisor's own leaves have nothing to choose: they are listed, and empty. */
static bool write_hypervisor(struct leaf_writer *w)
{
	static const u32 none[4];

	return write_leaf(w, HYPERVISOR, XEN_CPUID_NO_SUBLEAF, none) &&
	       write_leaf(w, HYPERVISOR + 0x100, XEN_CPUID_NO_SUBLEAF, none);
}

long cpu_policy_get(struct vcpu *v, u32 *leaves_count, u64 leaves, u32 *msrs_count)
{
	struct leaf_writer w = {.at = leaves, .room = *leaves_count};

	*msrs_count = 0; /* no MSR differs from what the CPU shows */
	if (!leaves) {
		*leaves_count = MAX_LEAVES;
		return 0;
	}
	if (!write_range(&w, v, 0, LAST_BASIC) || !write_hypervisor(&w) ||
	    !write_range(&w, v, EXTENDED, LAST_EXTENDED))
		return refuse(-XEN_EFAULT, REFUSE_FAULT, "leaves at %#lx are not writable", leaves);
	*leaves_count = w.count;
	return w.count > w.room ? -XEN_ENOBUFS : 0;
}

/* The words of the feature set, in the ABI's order, and where CPUID has them. */
static const struct {
	u32 leaf, subleaf, reg;
} words[] = {
	{0x1, 0, D},	  {0x1, 0, C}, {EXTENDED + 1, 0, D}, {EXTENDED + 1, 0, C}, {0xd, 1, A},
	{0x7, 0, B},	  {0x7, 0, C}, {EXTENDED + 7, 0, D}, {EXTENDED + 8, 0, B}, {0x7, 0, D},
};

u32 cpu_feature_word(struct vcpu *v, unsigned index)
{
	u32 r[4];

	read_leaf(v, words[index].leaf & EXTENDED, 0, r);
	if (r[A] < words[index].leaf)
		return 0;
	read_leaf(v, words[index].leaf, words[index].subleaf, r);
	return r[words[index].reg];
}

static bool asks_too_much(struct vcpu *v, const xen_cpuid_leaf_t *e)
{
	u32 sub = e->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : e->subleaf;
	const u32 asked[4] = {e->a, e->b, e->c, e->d};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (e->leaf == words[i].leaf && sub == words[i].subleaf &&
		    (asked[words[i].reg] & ~cpu_feature_word(v, i)) &&
		    (asked[words[i].reg] & ~cpu_feature_word(NULL, i)))
			return true;
	return false;
}

long cpu_policy_check(struct vcpu *v, struct xen_domctl_cpu_policy *op)
{
	op->err_leaf = op->err_subleaf = op->err_msr = XEN_CPUID_INPUT_UNUSED;
	if (op->nr_leaves > 8 * MAX_LEAVES)
		return refuse(-XEN_E2BIG, REFUSE_ARGUMENT, "a policy of %u leaves", op->nr_leaves);
	for (u32 i = 0; i < op->nr_leaves; i++) {
		u64 at = (u64)op->leaves.p + i * sizeof(xen_cpuid_leaf_t);
		xen_cpuid_leaf_t e;

		if (!get_guest(e, at))
			return refuse(-XEN_EFAULT, REFUSE_FAULT, "leaf at %#lx is not accessible", at);
		if (!asks_too_much(v, &e))
			continue;
		op->err_leaf = e.leaf;
		op->err_subleaf = e.subleaf;
		return refuse(-XEN_EINVAL, REFUSE_ARGUMENT,
			      "leaf %#x asks for features that the CPU lacks", e.leaf);
	}
	return 0;
}

long cpu_featureset_get(struct xen_sysctl_cpu_featureset *op)
{
	bool raw = op->index == XEN_SYSCTL_cpu_featureset_raw ||
		   op->index == XEN_SYSCTL_cpu_featureset_host;
	u64 at = (u64)op->features.p;
	u32 n = ARRAY_SIZE(words);

	if (!raw && op->index != XEN_SYSCTL_cpu_featureset_pv &&
	    op->index != XEN_SYSCTL_cpu_featureset_pv_max)
		return -XEN_EOPNOTSUPP;
	for (u32 i = 0; at && i < MIN(n, op->nr_features); i++) {
		const u32 word = cpu_feature_word(raw ? NULL : current_vcpu(), i);

		if (!copy_to_guest(at + i * sizeof(word), &word, sizeof(word)))
			return -XEN_EFAULT;
	}
	n = at && op->nr_features < n ? (u32)-1 : n;
	op->nr_features = ARRAY_SIZE(words);
	return n == (u32)-1 ? -XEN_ENOBUFS : 0;
}
