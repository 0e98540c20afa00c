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
#include <xen/errno.h>
#include <xen/sched.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <lib/options.h>
#include <lib/string.h>
#include <x86/time.h>

struct domain *dom0;

static struct spinlock list_lock = SPINLOCK_INIT;
static struct list domains = LIST_INIT(domains);
static domid_t last_domid;

/* --- finding --- */

static bool ref_unless_zero(struct domain *d)
{
	u32 refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

	do {
		if (!refs)
			return false;
	} while (!__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return true;
}

/* First listed domain with an id of at least domid; list_lock is held. */
static struct domain *find_from(domid_t domid)
{
	struct list *pos;

	list_for_each (pos, &domains) {
		struct domain *d = list_entry(pos, struct domain, link);

		if (d->mem.domid >= domid)
			return d;
	}
	return NULL;
}

struct domain *domain_get_next(domid_t domid)
{
	struct domain *d;

	spin_lock(&list_lock);
	d = find_from(domid);
	while (d && !ref_unless_zero(d))
		d = find_from(d->mem.domid + 1);
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_get(domid_t domid)
{
	struct domain *d;

	if (domid == DOMID_SELF) {
		d = current_domain();
		__atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST); /* it runs: it has some */
		return d;
	}
	spin_lock(&list_lock);
	d = find_from(domid);
	if (d && (d->mem.domid != domid || !ref_unless_zero(d)))
		d = NULL;
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_next(struct domain *d)
{
	struct domain *next = domain_get_next(d ? d->mem.domid + 1 : 0);

	if (d)
		domain_put(d);
	return next;
}

static int list_domain(struct domain *d)
{
	struct domain *after;
	int rc = -XEN_EEXIST;

	spin_lock(&list_lock);
	after = find_from(d->mem.domid);
	if (!after || after->mem.domid != d->mem.domid) {
		list_add_tail(after ? &after->link : &domains, &d->link);
		rc = 0;
	}
	spin_unlock(&list_lock);
	return rc;
}

/* The next id that no domain has, in circles, so that ids are not reused soon. */
static domid_t choose_domid(void)
{
	domid_t domid;

	spin_lock(&list_lock);
	domid = last_domid;
	for (unsigned tries = 0; tries < DOMID_FIRST_RESERVED; tries++) {
		const struct domain *d;

		domid = domid < DOMID_FIRST_RESERVED - 1 ? domid + 1 : 1;
		d = find_from(domid);
		if (!d || d->mem.domid != domid)
			break;
	}
	last_domid = domid;
	spin_unlock(&list_lock);
	return domid;
}

/* --- creation --- */

static void watchdog_fired(void *arg)
{
	domain_shutdown(arg, SHUTDOWN_watchdog);
}

static int init_parts(struct domain *d)
{
	int rc;

	d->shared_info_page = mm_share_new_page(&d->mem, false);
	if (!d->shared_info_page)
		return -XEN_ENOMEM;
	d->shared_info = page_to_virt(d->shared_info_page);
	sched_domain_init(d);
	rc = evtchn_grow(d);
	if (!rc)
		rc = grant_table_grow(d, 1);
	if (!rc)
		rc = list_domain(d);
	return rc;
}

/* Of a domain that was never listed, or has just been unlisted: nobody else knows it. */
static void free_parts(struct domain *d)
{
	for (unsigned i = 0; i < 2; i++)
		timer_stop(&d->watchdog[i]);
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		vcpu_free(d->vcpus[i]);
	grant_domain_free(d);
	evtchn_domain_free(d);
	timer_stop(&d->sched.unpark);
	mm_domain_destroy(&d->mem);
	heap_free(d->memory_map);
	heap_free(d);
}

struct domain *domain_create_configured(domid_t domid, bool privileged,
					const struct domain_config *config, int *err)
{
	struct domain *d = heap_alloc(sizeof(*d));

	if (!d) {
		*err = -XEN_ENOMEM;
		return NULL;
	}
	if (domid >= DOMID_FIRST_RESERVED)
		domid = choose_domid();
	list_init(&d->link);
	d->refs = 2;
	d->pages_hold_ref = true;
	d->privileged = privileged;
	d->max_vcpus = config->max_vcpus;
	d->max_evtchn_port = config->max_evtchn_port;
	d->max_grant_frames = MIN(MAX(config->max_grant_frames, 1u), (u32)GRANT_FRAMES_LIMIT);
	d->max_maptrack_frames = MIN(config->max_maptrack_frames, (u32)MAPTRACK_FRAMES_LIMIT);
	d->ssidref = config->ssidref;
	memcpy(d->handle, config->handle, sizeof(d->handle));
	if (!privileged) /* its keeper starts it */
		d->pause_count = d->control_pauses = 1;
	for (unsigned i = 0; i < 2; i++)
		timer_init(&d->watchdog[i], watchdog_fired, d);
	*err = mm_domain_init(&d->mem, domid, privileged);
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
	if (domid == 0)
		dom0 = d;
	domain_update_wallclock(d);
	return d;
}

struct domain *domain_create(domid_t domid, bool privileged, int *err)
{
	const struct domain_config config = {
		.max_vcpus = MAX_VCPUS,
		.max_evtchn_port = 4095,
		.max_grant_frames = 64,
		.max_maptrack_frames = 1024,
	};

	return domain_create_configured(domid, privileged, &config, err);
}

/* --- the end --- */

static void domain_free(struct domain *d)
{
	spin_lock(&list_lock);
	list_del(&d->link);
	spin_unlock(&list_lock);
	free_parts(d);
}

static void drop_pages_ref(struct domain *d)
{
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
		drop_pages_ref(d);
		return;
	}
	grant_domain_unshare(d);
	mm_unshare_page(pg); /* may have been the last page: d may be gone */
}

void domain_put(struct domain *d)
{
	u32 old = __atomic_fetch_sub(&d->refs, 1, __ATOMIC_SEQ_CST);

	BUG_ON(old == 0);
	if (old == 1)
		domain_free(d);
	else if (old == 2 && READ_ONCE(d->released) && READ_ONCE(d->pages_hold_ref))
		retire(d);
}

void hook_last_page_gone(struct domain_memory *dm)
{
	drop_pages_ref(container_of(dm, struct domain, mem));
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
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			vcpu_stop_timers(d->vcpus[i]);
	for (unsigned i = 0; i < 2; i++)
		timer_stop(&d->watchdog[i]);
	return 0;
}

static int release_vcpus(struct domain *d)
{
	int rc = 0;

	for (unsigned i = 0; i < MAX_VCPUS && !rc; i++)
		if (d->vcpus[i])
			rc = vcpu_release(d->vcpus[i]);
	return rc;
}

static int release_devices(struct domain *d)
{
	irq_domain_release(d);
	return 0;
}

static int release_memory(struct domain *d)
{
	return mm_domain_relinquish(&d->mem);
}

int domain_kill(struct domain *d)
{
	static int (*const steps[])(struct domain * d) = {
		start_dying,	      evtchn_close_all, release_devices,
		grant_domain_release, release_vcpus,	release_memory,
	};

	while (d->destroy_step < ARRAY_SIZE(steps)) {
		int rc = steps[d->destroy_step](d);

		if (rc)
			return rc;
		d->destroy_step++;
		if (d->destroy_step < ARRAY_SIZE(steps) && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	if (d->destroy_step == ARRAY_SIZE(steps)) {
		d->destroy_step++;
		WRITE_ONCE(d->released, true);
		domain_put(d); /* creation's; the caller has its own */
		evtchn_send_dom0_virq(VIRQ_DOM_EXC);
	}
	return 0;
}

/* --- pause, shutdown, crash --- */

static void each_vcpu(struct domain *d, void (*fn)(struct vcpu *v))
{
	for (unsigned i = 0; i < MAX_VCPUS; i++) {
		struct vcpu *v = __atomic_load_n(&d->vcpus[i], __ATOMIC_ACQUIRE);

		if (v)
			fn(v);
	}
}

static void sleep_unless_current(struct vcpu *v)
{
	if (v == current_vcpu())
		vcpu_sleep_nosync(v);
	else
		vcpu_sleep(v);
}

void domain_sleep(struct domain *d)
{
	each_vcpu(d, sleep_unless_current);
}

void domain_pause(struct domain *d)
{
	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	domain_sleep(d);
}

void domain_unpause(struct domain *d)
{
	if (__atomic_fetch_sub(&d->pause_count, 1, __ATOMIC_SEQ_CST) == 1)
		each_vcpu(d, vcpu_wake);
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

	if (reason == SHUTDOWN_poweroff) {
		printk(LOG_INFO, "dom0 %s: powering off\n", text);
		machine_poweroff();
	}
	if (opt_noreboot) {
		printk(LOG_INFO, "dom0 %s: halting, because of the option 'noreboot'\n", text);
		machine_halt();
	}
	printk(LOG_INFO, "dom0 %s: rebooting\n", text);
	machine_restart();
}

void domain_shutdown(struct domain *d, u8 reason)
{
	bool first;

	if (d == dom0)
		stop_machine(reason);
	spin_lock(&d->lock);
	first = !d->is_shut_down && !d->is_dying;
	if (first) {
		d->shutdown_code = reason;
		__atomic_store_n(&d->is_shut_down, true, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&d->lock);
	if (!first)
		return;
	each_vcpu(d, vcpu_sleep_nosync);
	evtchn_send_dom0_virq(VIRQ_DOM_EXC);
}

void domain_crash(const char *fmt, ...)
{
	struct vcpu *v = current_vcpu();
	char text[160];
	va_list ap;

	if (v->domain->is_crashed) /* one report: the first mistake explains the rest */
		return;
	v->domain->is_crashed = true;
	va_start(ap, fmt);
	vsnprintk(text, sizeof(text), fmt, ap);
	va_end(ap);
	printk(LOG_GUEST_ERR, "d%uv%u crashed: %s%s", v->domain->mem.domid, v->vcpu_id, text,
	       text[0] && text[strlen(text) - 1] == '\n' ? "" : "\n");
	pv_dump(v);
	cpu_set_work(this_cpu(), WORK_CRASH);
	domain_shutdown(v->domain, SHUTDOWN_crash);
}
