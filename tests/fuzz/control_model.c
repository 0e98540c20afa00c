/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <xen/errno.h>
#include "control_model.h"

struct model_domain m[1 + DOMAINS];
uint32_t model_slice_ms;

static void runs_insert(struct runs *r, uint64_t first, uint64_t last)
{
	unsigned at = 0;

	while (at < r->n && r->at[at].first < first)
		at++;
	memmove(&r->at[at + 1], &r->at[at], (r->n - at) * sizeof(r->at[0]));
	r->at[at].first = first;
	r->at[at].last = last;
	r->n++;
}

struct runs runs_with(const struct runs *r, uint64_t first, uint64_t last)
{
	struct runs out = {0};

	for (unsigned i = 0; i < r->n; i++) {
		if (r->at[i].last + 1 < first || r->at[i].first > last + 1) {
			runs_insert(&out, r->at[i].first, r->at[i].last);
			continue;
		}
		first = r->at[i].first < first ? r->at[i].first : first;
		last = r->at[i].last > last ? r->at[i].last : last;
	}
	runs_insert(&out, first, last);
	return out;
}

struct runs runs_without(const struct runs *r, uint64_t first, uint64_t last)
{
	struct runs out = {0};

	for (unsigned i = 0; i < r->n; i++) {
		if (r->at[i].last < first || r->at[i].first > last) {
			runs_insert(&out, r->at[i].first, r->at[i].last);
			continue;
		}
		if (r->at[i].first < first)
			runs_insert(&out, r->at[i].first, first - 1);
		if (r->at[i].last > last)
			runs_insert(&out, last + 1, r->at[i].last);
	}
	return out;
}

bool runs_hold(const struct runs *r, uint64_t first, uint64_t last)
{
	for (unsigned i = 0; i < r->n; i++)
		if (first >= r->at[i].first && last <= r->at[i].last)
			return true;
	return false;
}

struct model_domain *model_find(uint32_t id)
{
	for (unsigned i = 0; i <= DOMAINS; i++)
		if (m[i].used && m[i].id == (id == SELF ? 0 : id))
			return &m[i];
	return NULL;
}

/* The one with the lowest id from there on. */
struct model_domain *model_next(uint32_t id)
{
	struct model_domain *best = NULL;

	for (unsigned i = 0; i <= DOMAINS; i++)
		if (m[i].used && m[i].id >= id && (!best || m[i].id < best->id))
			best = &m[i];
	return best;
}

bool may_run(const struct model_domain *d, const struct model_vcpu *v)
{
	return v->online && !v->blocked && !d->pauses && !d->dying && !d->shut;
}

long permission(struct runs *own, const struct runs *dom0s, uint64_t first, uint64_t last,
		bool allow, unsigned most)
{
	struct runs new;

	if (allow && !runs_hold(dom0s, first, last))
		return -XEN_EPERM;
	new = allow ? runs_with(own, first, last) : runs_without(own, first, last);
	if (new.n > most)
		return -XEN_ENOSPC;
	*own = new;
	return 0;
}
