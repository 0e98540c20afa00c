/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a domain.
 *
 *   create -> alive -> dying (domain_kill, preemptible) -> released -> retired -> freed
 *
 * Two references exist from the start: the creation's, dropped when domain_kill() is through, and
 * one that stands for all its pages. When only the latter is left the domain is retired: the pages
 * that the hypervisor shares with it (shared_info, grant table) are given up. With the last page
 * that someone else had mapped, hook_last_page_gone() drops it, and the domain is freed.
 */
#include <xen/sched.h>
#include <core/hooks.h>
#include <core/sched.h>
#include <lib/options.h>
#include <mm/hooks.h>

struct domain *dom0;

static struct spinlock list_lock = SPINLOCK_INIT;
static struct list domains = LIST_INIT(domains);

/* --- finding --- */

struct domain *domain_find(domid_t first, domid_t last)
{
	struct domain *found = NULL;
	struct list *pos;

	spin_lock(&list_lock);
	list_for_each (pos, &domains) {
		struct domain *d = list_entry(pos, struct domain, link);

		if (d->mem.domid < first || d->mem.domid > last)
			continue;
		if (__atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST)) {
			found = d;
			break;
		}
		d->refs = 0; /* it is being freed, which waits for the list */
	}
	spin_unlock(&list_lock);
	return found;
}

struct domain *domain_get(domid_t domid)
{
	struct domain *self = current_domain();

	if (domid != DOMID_SELF && (!self || domid != self->mem.domid))
		return domain_find(domid, domid);
	__atomic_fetch_add(&self->refs, 1, __ATOMIC_SEQ_CST); /* it runs: it has some */
	return self;
}

struct domain *domain_next(struct domain *d)
{
	struct domain *next = domain_find(d ? d->mem.domid + 1 : 0, DOMID_FIRST_RESERVED);

	if (d)
		domain_put(d);
	return next;
}

/* By id; there is no other with the same: mm_domain_init() has seen to it. */
static void list_domain(struct domain *d)
{
	struct list *pos;

	spin_lock(&list_lock);
	list_for_each (pos, &domains)
		if (list_entry(pos, struct domain, link)->mem.domid > d->mem.domid)
			break;
	list_add_tail(pos, &d->link); /* before pos */
	spin_unlock(&list_lock);
}

/* The next id that no domain has, in circles, so that ids are not reused soon. */
static domid_t choose_domid(void)
{
	static domid_t last;
	struct domain *taken;
	unsigned tries = DOMID_FIRST_RESERVED;

	do {
		last = last % (DOMID_FIRST_RESERVED - 1) + 1;
		taken = domain_get(last);
		if (taken)
			domain_put(taken);
	} while (taken && --tries);
	return last;
}

/* --- creation --- */

const struct domain_config domain_defaults = {
	.max_vcpus = MAX_VCPUS,
	.max_evtchn_port = 4095, /* all of the 2-level ABI */
	.max_grant_frames = 64,
	.max_maptrack_frames = 1024,
};

static void watchdog_fired(void *arg)
{
	domain_shutdown(arg, SHUTDOWN_watchdog);
}

static int init_parts(struct domain *d)
{
	sched_domain_init(d);
	for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++)
		timer_init(&d->watchdog[i], watchdog_fired, d);
	d->shared_info_page = mm_share_new_page(&d->mem, false);
	if (!d->shared_info_page)
		return -XEN_ENOMEM;
	d->shared_info = page_to_virt(d->shared_info_page);
	return evtchn_grow(d) ?: grant_table_grow(d, 1);
}

struct domain *domain_create(domid_t domid, const struct domain_config *config, int *err)
{
	struct domain *d = heap_alloc(sizeof(*d));

	*err = -XEN_ENOMEM;
	if (!d)
		return NULL;
	if (domid >= DOMID_FIRST_RESERVED)
		domid = choose_domid();
	list_init(&d->link);
	d->refs = 2;
	d->pages_hold_ref = true;
	d->privileged = domid == 0;
	d->max_vcpus = config->max_vcpus;
	d->max_evtchn_port = config->max_evtchn_port;
	d->max_grant_frames = MIN(MAX(config->max_grant_frames, 1u), (u32)GRANT_FRAMES_LIMIT);
	d->max_maptrack_frames = MIN(config->max_maptrack_frames, (u32)MAPTRACK_FRAMES_LIMIT);
	if (!d->privileged) /* its keeper starts it */
		d->pause_count = d->control_pauses = 1;
	*err = mm_domain_init(&d->mem, domid, d->privileged, d->max_vcpus);
	if (*err) {
		heap_free(d);
		return NULL;
	}
	*err = init_parts(d);
	if (*err) {
		d->is_dying = d->mem.dying = d->released = true;
		domain_put(d);
		return NULL;
	}
	list_domain(d);
	if (d->privileged)
		dom0 = d;
	domain_update_wallclock(d);
	return d;
}

/* --- the end --- */

static void domain_free(struct domain *d)
{
	spin_lock(&list_lock);
	list_del(&d->link);
	spin_unlock(&list_lock);
	for_each_vcpu (v, d)
		vcpu_free(v);
	grant_domain_free(d);
	evtchn_domain_free(d);
	mm_domain_destroy(&d->mem);
	heap_free(d->memory_map);
	heap_free(d);
}

void hook_last_page_gone(struct domain_memory *dm)
{
	struct domain *d = container_of(dm, struct domain, mem);

	if (__atomic_exchange_n(&d->pages_hold_ref, false, __ATOMIC_SEQ_CST))
		domain_put(d);
}

/* Nobody but pages refers to it: give up the pages that are shared with it. */
static void retire(struct domain *d)
{
	struct page *pg = d->shared_info_page;

	if (__atomic_exchange_n(&d->retired, true, __ATOMIC_SEQ_CST))
		return;
	if (!pg) { /* creation failed early: no page will ever go */
		hook_last_page_gone(&d->mem);
		return;
	}
	grant_domain_unshare(d);
	mm_unshare_page(pg); /* may have been the last page: d may be gone */
}

void domain_put(struct domain *d)
{
	u32 old = __atomic_load_n(&d->refs, __ATOMIC_SEQ_CST);

	/* Retired while this reference is held: without it d may go at any moment. */
	do {
		BUG_ON(old == 0);
		if (unlikely(old == 2) && READ_ONCE(d->released) && READ_ONCE(d->pages_hold_ref))
			retire(d);
	} while (!__atomic_compare_exchange_n(&d->refs, &old, old - 1, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if (unlikely(old == 1))
		domain_free(d);
}

/* Wait until none of its vCPUs runs, the caller's own excepted. They are not runnable. */
static void domain_sleep(struct domain *d)
{
	for_each_vcpu (v, d)
		vcpu_sleep_nosync(v);
	for_each_vcpu (v, d)
		while (v != current_vcpu() && !vcpu_runnable(v) &&
		       __atomic_load_n(&v->is_running, __ATOMIC_ACQUIRE)) {
			cpu_relax();
			quiesce_point(); /* the CPU that we wait for may be standing still */
		}
}

static int start_dying(struct domain *d)
{
	spin_lock(&d->lock);
	d->is_dying = true;
	spin_unlock(&d->lock);
	spin_lock(&d->mem.lock);
	d->mem.dying = true;
	spin_unlock(&d->mem.lock);
	domain_sleep(d);
	for_each_vcpu (v, d)
		vcpu_stop_timers(v);
	for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++)
		timer_stop(&d->watchdog[i]);
	timer_stop(&d->sched.unpark);
	return 0;
}

static int release_memory(struct domain *d)
{
	irq_domain_release(d);
	for_each_vcpu (v, d) {
		int rc = vcpu_release(v);

		if (rc)
			return rc;
	}
	return mm_domain_relinquish(&d->mem);
}

int domain_kill(struct domain *d)
{
	static int (*const steps[])(struct domain * d) = {start_dying, evtchn_close_all,
							  grant_domain_release, release_memory};

	while (d->destroy_step < ARRAY_SIZE(steps)) {
		int rc = steps[d->destroy_step](d);

		if (rc)
			return rc;
		if (++d->destroy_step < ARRAY_SIZE(steps) && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	if (!d->released) {
		WRITE_ONCE(d->released, true);
		domain_put(d); /* creation's; the caller has its own */
		evtchn_send_dom0_virq(VIRQ_DOM_EXC);
	}
	return 0;
}

/* --- pause, shutdown, crash --- */

void domain_pause(struct domain *d)
{
	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	domain_sleep(d);
}

void domain_unpause(struct domain *d)
{
	if (__atomic_fetch_sub(&d->pause_count, 1, __ATOMIC_SEQ_CST) == 1)
		for_each_vcpu (v, d)
			vcpu_wake(v);
}

bool opt_noreboot;
OPTION("noreboot", option_bool, opt_noreboot);

static void __attribute__((noreturn)) stop_machine(u8 reason)
{
	static const char *const what[] = {
		"has powered off", "asks for a reboot",		  "asks for suspension",
		"has crashed",	   "was stopped by its watchdog", "asks for a soft reset",
	};
	const char *text = reason < ARRAY_SIZE(what) ? what[reason] : "has stopped";

	printk(reason == SHUTDOWN_crash ? LOG_ERR : LOG_INFO, "dom0 %s: %s\n", text,
	       reason == SHUTDOWN_poweroff ? "powering off"
	       : opt_noreboot		   ? "halting, because of the option 'noreboot'"
					   : "rebooting");
	if (reason == SHUTDOWN_poweroff)
		machine_poweroff();
	machine_restart();
}

void domain_shutdown(struct domain *d, u8 reason)
{
	if (d == dom0)
		stop_machine(reason);
	spin_lock(&d->lock);
	bool first = !d->is_shut_down && !d->is_dying;

	if (first) {
		d->shutdown_code = reason;
		__atomic_store_n(&d->is_shut_down, true, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&d->lock);
	if (!first)
		return;
	for_each_vcpu (v, d)
		vcpu_sleep_nosync(v);
	evtchn_send_dom0_virq(VIRQ_DOM_EXC);
}

void domain_crash(const char *fmt, ...)
{
	struct vcpu *v = current_vcpu();
	char text[160];
	va_list ap;

	cpu_set_work(this_cpu(), WORK_CRASH); /* nor does it go on while another CPU reports */
	/* one report: the first mistake explains the rest */
	if (__atomic_exchange_n(&v->domain->is_crashed, true, __ATOMIC_SEQ_CST))
		return;
	va_start(ap, fmt);
	vsnprintk(text, sizeof(text), fmt, ap);
	va_end(ap);
	printk(LOG_GUEST_ERR, "d%uv%u crashed: %s\n", v->domain->mem.domid, v->vcpu_id, text);
	pv_dump(v);
	domain_shutdown(v->domain, SHUTDOWN_crash);
}
