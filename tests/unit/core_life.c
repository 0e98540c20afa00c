/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains and vCPUs from creation to the last page: every allocation fails once, every step of the
 * end is interrupted once, and nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include <core/evtchn.h>
#include <core/grant.h>
#include <core/hooks.h>
#include <core/life.h>
#include <core/sched.h>
#include <mm/hooks.h>
#include "fakes/host.h"

/* --- a small mm: pages with an owner and references --- */

struct page {
	struct domain_memory *owner;
	int refs;
	bool shared;
	void *bytes;
};

static int live_pages, preempt_in = -1, relinquish_calls;
static jmp_buf stopped;
static const char *machine_did;

static struct page *new_page(struct domain_memory *dm, bool shared)
{
	struct page *pg;

	if (fake_heap_left == 0)
		return NULL;
	if (fake_heap_left > 0)
		fake_heap_left--;
	pg = calloc(1, sizeof(*pg));
	pg->owner = dm;
	pg->refs = 1;
	pg->shared = shared;
	pg->bytes = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(pg->bytes, 0, PAGE_SIZE);
	dm->tot_pages += !shared;
	dm->shared_pages.first += shared; /* a count here */
	live_pages++;
	return pg;
}

void mm_put_page(struct page *pg)
{
	struct domain_memory *dm = pg->owner;
	bool last;

	assert_true(pg->refs > 0);
	if (--pg->refs)
		return;
	dm->tot_pages -= !pg->shared;
	dm->shared_pages.first -= pg->shared;
	last = dm->dying && !dm->tot_pages && !dm->shared_pages.first;
	free(pg->bytes);
	free(pg);
	live_pages--;
	if (last)
		hook_last_page_gone(dm);
}

struct page *mm_share_new_page(struct domain_memory *dm, bool readonly)
{
	(void)readonly;
	return new_page(dm, true);
}

void mm_unshare_page(struct page *pg)
{
	mm_put_page(pg);
}

static struct page *guest_page; /* the one page of the domain that has any */

int mm_domain_init(struct domain_memory *dm, domid_t domid, bool privileged)
{
	dm->domid = domid;
	dm->privileged = privileged;
	dm->perdomain_l3 = heap_alloc(16);
	return dm->perdomain_l3 ? 0 : -XEN_ENOMEM;
}

void mm_domain_destroy(struct domain_memory *dm)
{
	assert_int_equal(dm->tot_pages, 0);
	assert_int_equal(dm->shared_pages.first, 0);
	heap_free(dm->perdomain_l3);
}

int mm_domain_relinquish(struct domain_memory *dm)
{
	assert_true(dm->dying);
	relinquish_calls++;
	if (hypercall_preempt_check())
		return -XEN_ERESTART;
	if (guest_page && guest_page->owner == dm) {
		mm_put_page(guest_page);
		guest_page = NULL;
	}
	return 0;
}

int mm_vcpu_init(struct vcpu_memory *vm, struct domain_memory *dm, unsigned vcpu_id)
{
	void *probe = heap_alloc(16);

	vm->domain = dm;
	vm->vcpu_id = vcpu_id;
	heap_free(probe);
	return probe ? 0 : -XEN_ENOMEM;
}

int mm_vcpu_drop_roots(struct vcpu_memory *vm)
{
	(void)vm;
	return hypercall_preempt_check() ? -XEN_ERESTART : 0;
}

void *page_to_virt(const struct page *pg)
{
	return pg->bytes;
}

mfn_t page_to_mfn(const struct page *pg)
{
	return mfn((u64)pg >> 4);
}

struct page *mm_get_page_writable(mfn_t m, struct domain_memory *dm)
{
	if (m.n != 7 || !guest_page || guest_page->owner != dm)
		return NULL;
	guest_page->refs++;
	return guest_page;
}

struct page *mm_get_page(mfn_t m, struct domain_memory *dm)
{
	return mm_get_page_writable(m, dm);
}

void mm_put_page_writable(struct page *pg)
{
	mm_put_page(pg);
}

/* --- the rest of the world --- */

bool hypercall_preempt_check(void)
{
	return preempt_in >= 0 && preempt_in-- == 0;
}

long hypercall_preempt(u32 nr, u64 done, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6)
{
	fail_msg("call %u of %lx %lx %lx %lx %lx %lx was preempted after %lu", nr, a1, a2, a3, a4, a5,
		 a6, done);
	return HYPERCALL_PREEMPTED;
}

long refuse(long err, enum refusal why, const char *fmt, ...)
{
	(void)why;
	(void)fmt;
	return err;
}

int arch_vcpu_init(struct arch_vcpu *a, unsigned vcpu_id)
{
	(void)vcpu_id;
	a->fpu = heap_alloc(64);
	return a->fpu ? 0 : -XEN_ENOMEM;
}

void arch_vcpu_destroy(struct arch_vcpu *a)
{
	heap_free(a->fpu);
	a->fpu = NULL;
}

void pv_vcpu_init(struct vcpu *v)
{
	v->arch.kernel_mode = 1;
}

void pv_vcpu_release(struct vcpu *v)
{
	assert_false(v->is_running);
}

int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	(void)v;
	return c->flags ? 0 : -XEN_EINVAL;
}

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
	(void)prev;
	(void)next;
}

void pv_dump(struct vcpu *v)
{
	printk(LOG_ERR, "registers of v%u\n", v->vcpu_id);
}

void irq_domain_release(struct domain *d)
{
	assert_true(d->is_dying);
}

int irq_bind_guest(struct domain *d, unsigned pirq, bool share)
{
	(void)d;
	(void)pirq;
	(void)share;
	return -XEN_EINVAL;
}

void irq_unbind_guest(struct domain *d, unsigned pirq)
{
	(void)d;
	(void)pirq;
}

static void __attribute__((noreturn)) stop(const char *how)
{
	machine_did = how;
	longjmp(stopped, 1);
}

void machine_poweroff(void)
{
	stop("poweroff");
}

void machine_restart(void)
{
	stop("restart");
}

void machine_halt(void)
{
	stop("halt");
}

/* --- set-up --- */

static struct domain *host;

static void run_cpus(void)
{
	for (bool more = true; more;) {
		more = false;
		for (u32 i = 0; i < cpu_count; i++) {
			if (!cpus[i]->work)
				continue;
			fake_cpu = i;
			cpus[i]->work = 0;
			timers_run();
			schedule();
			more = true;
		}
	}
	fake_cpu = 0;
}

static struct domain *create(domid_t domid)
{
	const struct domain_config config = {.max_vcpus = 3,
					     .max_evtchn_port = 100,
					     .max_grant_frames = 2,
					     .max_maptrack_frames = 2};
	int err = 1;
	struct domain *d = domain_create_configured(domid, false, &config, &err);

	assert_int_equal(!d, err != 0);
	return d;
}

/* With vCPU 0 running on the idle CPU 1, and one page. */
static struct domain *running_domain(void)
{
	const struct cpumask cpu1 = {2};
	struct domain *d = create(DOMID_INVALID);
	struct vcpu *v = vcpu_create(d, 0);

	guest_page = new_page(&d->mem, false);
	assert_int_equal(sched_set_affinity(v, &cpu1, NULL), 0);
	v->pause_flags = 0;
	d->control_pauses--;
	domain_unpause(d);
	run_cpus();
	assert_true(v->is_running);
	return d;
}

static int set_up(void **state)
{
	int err;

	(void)state;
	fake_host_reset(2);
	preempt_in = -1;
	for (fake_cpu = 0; fake_cpu < 2; fake_cpu++) {
		timers_init_cpu();
		sched_init_cpu();
	}
	fake_cpu = 0;
	host = domain_create(0, true, &err);
	assert_int_equal(err, 0);
	assert_non_null(vcpu_create(host, 0));
	run_cpus();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	preempt_in = -1;
	dom0 = NULL; /* so that it can be killed like any other */
	host->is_dying = true;
	run_cpus();
	assert_non_null(domain_get(0));
	assert_int_equal(domain_kill(host), 0);
	domain_put(host);
	assert_null(domain_get_next(0));
	assert_int_equal(live_pages, 0);
	assert_int_equal(fake_heap_live, 0);
	return 0;
}

/* domain_kill() waits for the vCPU's CPU: here it has to be told to let go before. */
static int kill_it(struct domain *d)
{
	int rc;

	d->is_dying = true;
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (d->vcpus[i])
			vcpu_sleep_nosync(d->vcpus[i]);
	run_cpus();
	rc = domain_kill(d);
	run_cpus();
	return rc;
}

static void end(struct domain *d)
{
	domain_get(d->mem.domid);
	assert_int_equal(kill_it(d), 0);
	domain_put(d);
}

/* --- creation --- */

static void failed_creation_leaves_nothing(void **state)
{
	int live = fake_heap_live, pages = live_pages, n;

	(void)state;
	for (n = 0; n < 100; n++) {
		struct domain *d;

		fake_heap_left = n;
		d = create(DOMID_INVALID);
		fake_heap_left = -1;
		if (d) {
			end(d);
			break;
		}
		assert_int_equal(fake_heap_live, live);
		assert_int_equal(live_pages, pages);
	}
	assert_in_range(n, 5, 50);
	assert_int_equal(fake_heap_live, live);
}

static void failed_vcpu_leaves_nothing(void **state)
{
	struct domain *d = create(5);
	int live = fake_heap_live, n;

	(void)state;
	for (n = 0; n < 100; n++) {
		struct vcpu *v;

		fake_heap_left = n;
		v = vcpu_create(d, 0);
		fake_heap_left = -1;
		if (v)
			break;
		assert_int_equal(fake_heap_live, live);
		assert_null(d->vcpus[0]);
	}
	assert_in_range(n, 3, 20);
	assert_null(vcpu_create(d, 0)); /* exists */
	assert_null(vcpu_create(d, 3)); /* beyond the domain's limit */
	end(d);
}

static void ids_are_chosen_and_unique(void **state)
{
	struct domain *a = create(DOMID_INVALID), *b = create(DOMID_INVALID), *c;
	domid_t first = a->mem.domid;

	(void)state;
	assert_int_equal(b->mem.domid, first + 1);
	assert_null(create(first));
	c = create(first + 2);
	end(b);
	b = create(DOMID_INVALID); /* neither the one in use nor the one just freed */
	assert_int_equal(b->mem.domid, first + 3);
	assert_ptr_equal(domain_get_next(first + 1), c);
	domain_put(c);
	end(a);
	end(b);
	end(c);
}

/* --- references --- */

static void references_keep_a_dead_domain(void **state)
{
	struct domain *d = running_domain();
	domid_t id = d->mem.domid;

	(void)state;
	assert_ptr_equal(domain_get(id), d);
	assert_ptr_equal(domain_get(id), d);
	assert_int_equal(kill_it(d), 0);
	domain_put(d);
	assert_ptr_equal(domain_get(id), d); /* dying, and still found by who looks after it */
	assert_true(d->is_dying);
	domain_put(d);
	domain_put(d);
	assert_null(domain_get(id));
}

static void mapped_page_keeps_a_dead_domain(void **state)
{
	struct domain *d = running_domain();
	struct page *pg = guest_page;
	domid_t id = d->mem.domid;

	(void)state;
	pg->refs++; /* dom0 has it mapped */
	end(d);
	assert_ptr_equal(domain_get(id), d);
	assert_int_equal(d->mem.tot_pages, 1);
	domain_put(d);
	mm_put_page(pg);
	assert_null(domain_get(id));
}

static void mapped_shared_info_keeps_a_dead_domain(void **state)
{
	struct domain *d = running_domain();
	struct page *pg = d->shared_info_page;
	domid_t id = d->mem.domid;

	(void)state;
	pg->refs++;
	end(d);
	assert_ptr_equal(domain_get(id), d);
	domain_put(d);
	mm_put_page(pg);
	assert_null(domain_get(id));
}

static void end_is_preemptible_everywhere(void **state)
{
	int live = fake_heap_live, pages = live_pages;

	(void)state;
	for (int at = 0;; at++) {
		struct domain *d = running_domain();
		int rc;

		domain_get(d->mem.domid);
		preempt_in = at;
		rc = kill_it(d);
		assert_true(rc == 0 || rc == -XEN_ERESTART);
		if (rc == 0) {
			preempt_in = -1;
			domain_put(d);
			assert_in_range(at, 5, 30);
			break;
		}
		assert_int_equal(domain_kill(d), 0);
		assert_int_equal(domain_kill(d), 0); /* once more does no harm */
		domain_put(d);
		assert_int_equal(fake_heap_live, live);
		assert_int_equal(live_pages, pages);
	}
}

static void many_lives_leave_nothing(void **state)
{
	int live = fake_heap_live, pages = live_pages;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		end(running_domain());
	assert_int_equal(fake_heap_live, live);
	assert_int_equal(live_pages, pages);
}

/* --- pause, shutdown, crash --- */

static void pauses_count(void **state)
{
	struct domain *d = create(DOMID_INVALID);
	struct vcpu *v = vcpu_create(d, 0);

	(void)state;
	v->pause_flags = 0;
	assert_int_equal(d->control_pauses, 1);
	assert_false(vcpu_runnable(v));
	domain_pause(d);
	domain_unpause(d);
	assert_false(vcpu_runnable(v));
	domain_unpause(d);
	assert_true(vcpu_runnable(v));
	end(d);
}

static void shutdown_is_told_once(void **state)
{
	struct domain *d = running_domain();
	struct evtchn_bind_virq op = {.virq = VIRQ_DOM_EXC};

	(void)state;
	this_cpu()->current = host->vcpus[0];
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, (u64)&op), 0);
	domain_shutdown(d, SHUTDOWN_reboot);
	assert_true(evtchn_port_pending(host, op.port));
	domain_shutdown(d, SHUTDOWN_crash); /* too late */
	assert_true(d->is_shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_reboot);
	run_cpus();
	assert_false(d->vcpus[0]->is_running);
	assert_int_equal(domain_resume(d), 0);
	assert_int_equal(domain_resume(d), -XEN_EINVAL);
	run_cpus();
	assert_true(d->vcpus[0]->is_running);
	this_cpu()->current = host->vcpus[0];
	end(d);
	this_cpu()->current = sched_current(0);
}

static void watchdog_shuts_down(void **state)
{
	struct domain *d = running_domain();

	(void)state;
	timer_set(&d->watchdog[1], 1000);
	fake_now = 2000;
	cpus[0]->work |= WORK_TIMERS;
	run_cpus();
	assert_true(d->is_shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_watchdog);
	end(d);
}

static void crash_is_reported_once(void **state)
{
	struct domain *d = running_domain();

	(void)state;
	fake_cpu = 1;
	assert_ptr_equal(current_domain(), d);
	domain_crash("it wrote to %s", "nowhere");
	domain_crash("again");
	assert_true(cpus[1]->work & WORK_CRASH);
	assert_non_null(strstr(fake_log, "it wrote to nowhere\nregisters of v0\n"));
	assert_null(strstr(fake_log, "again"));
	assert_int_equal(d->shutdown_code, SHUTDOWN_crash);
	fake_cpu = 0;
	run_cpus();
	assert_false(d->vcpus[0]->is_running);
	end(d);
}

static const char *dom0_ends(u8 reason, bool noreboot)
{
	opt_noreboot = noreboot;
	machine_did = NULL;
	if (!setjmp(stopped))
		domain_shutdown(host, reason);
	return machine_did;
}

static void dom0s_end_is_the_machines(void **state)
{
	(void)state;
	assert_string_equal(dom0_ends(SHUTDOWN_poweroff, false), "poweroff");
	assert_string_equal(dom0_ends(SHUTDOWN_poweroff, true), "poweroff");
	assert_string_equal(dom0_ends(SHUTDOWN_reboot, false), "restart");
	assert_string_equal(dom0_ends(SHUTDOWN_crash, true), "halt");
	assert_non_null(strstr(fake_log, "noreboot"));
	assert_string_equal(dom0_ends(200, false), "restart");
}

/* --- vcpu_info, context, clocks --- */

static void vcpu_info_moves_once(void **state)
{
	struct domain *d = create(DOMID_INVALID);
	struct vcpu *v = vcpu_create(d, 0), *other = vcpu_create(d, 1);
	struct vcpu_info *moved;

	(void)state;
	guest_page = new_page(&d->mem, false);
	assert_int_equal(vcpu_register_info(v, mfn(7), PAGE_SIZE - 8), -XEN_ENXIO);
	assert_int_equal(vcpu_register_info(v, mfn(7), 4), -XEN_ENXIO);
	assert_int_equal(vcpu_register_info(v, mfn(8), 64), -XEN_EINVAL);
	v->pause_flags = 0; /* up, and not the caller */
	assert_int_equal(vcpu_register_info(v, mfn(7), 64), -XEN_EINVAL);
	v->pause_flags = VPF_DOWN;
	v->info->evtchn_pending_sel = 4;
	assert_int_equal(vcpu_register_info(v, mfn(7), 64), 0);
	moved = v->info;
	assert_ptr_equal(moved, (char *)guest_page->bytes + 64);
	assert_ptr_equal(v->arch.vcpu_info, moved);
	assert_int_equal(moved->evtchn_upcall_pending, 1);
	assert_int_equal(moved->evtchn_pending_sel, ~0UL);
	assert_int_equal(moved->evtchn_upcall_mask, 1);
	assert_int_equal(moved->time.version & 1, 0);
	assert_int_equal(vcpu_register_info(v, mfn(7), 128), -XEN_EINVAL);
	assert_int_equal(vcpu_register_info(other, mfn(7), 128), 0);
	assert_int_equal(guest_page->refs, 3);
	end(d);
}

static void clocks_are_published(void **state)
{
	struct vcpu_guest_context c = {.flags = VGCF_in_kernel};
	struct domain *d = create(DOMID_INVALID);
	struct vcpu *v = vcpu_create(d, 0);

	(void)state;
	assert_int_equal(v->info->time.tsc_to_system_mul, 1u << 31);
	memset(d->shared_info, 0, PAGE_SIZE); /* its builder clears it */
	wallclock_set(10000000000, 500, 0);
	memset(d->shared_info, 0, PAGE_SIZE);
	d->time_offset_s = 5;
	assert_int_equal(vcpu_take_context(v, &c, true), 0);
	assert_int_equal(v->info->time.tsc_to_system_mul, 1u << 31);
	assert_int_equal(d->shared_info->wc_sec, (u32)10000000005);
	assert_int_equal(d->shared_info->wc_sec_hi, 10000000005 >> 32);
	assert_int_equal(d->shared_info->wc_nsec, 500);
	assert_int_equal(d->shared_info->wc_version & 1, 0);
	assert_int_equal(vcpu_take_context(v, &c, true), -XEN_EEXIST);
	assert_int_equal(vcpu_take_context(v, &c, false), 0);
	c.flags = 0;
	assert_int_equal(vcpu_take_context(v, &c, false), -XEN_EINVAL);
	end(d);
}

static void runstate_area_is_kept(void **state)
{
	struct domain *d = running_domain();
	struct vcpu *v = d->vcpus[0];
	struct vcpu_runstate_info area = {.state = 77}, expected;

	(void)state;
	v->runstate_area = (u64)&area;
	domain_shutdown(d, SHUTDOWN_suspend);
	fake_now += 1000;
	run_cpus(); /* written on its way out */
	assert_int_equal(area.state, RUNSTATE_offline);
	assert_int_equal(domain_resume(d), 0);
	d->mem.vm_assist = BIT(VMASST_TYPE_runstate_update_flag);
	fake_now += 1000;
	run_cpus();
	vcpu_get_runstate(v, &expected);
	assert_memory_equal(&area, &v->runstate, sizeof(area)); /* the flag is gone again */
	assert_int_equal(expected.time[RUNSTATE_runnable], 1000);
	v->arch.kernel_mode = 0;
	area.state = 77;
	vcpu_update_areas(v);
	assert_int_equal(area.state, 77);
	assert_true(v->areas_stale);
	v->arch.kernel_mode = 1;
	vcpu_update_areas(v);
	assert_int_equal(area.state, RUNSTATE_running);
	end(d);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failed_creation_leaves_nothing),
		TEST(failed_vcpu_leaves_nothing),
		TEST(ids_are_chosen_and_unique),
		TEST(references_keep_a_dead_domain),
		TEST(mapped_page_keeps_a_dead_domain),
		TEST(mapped_shared_info_keeps_a_dead_domain),
		TEST(end_is_preemptible_everywhere),
		TEST(many_lives_leave_nothing),
		TEST(pauses_count),
		TEST(shutdown_is_told_once),
		TEST(watchdog_shuts_down),
		TEST(crash_is_reported_once),
		TEST(dom0s_end_is_the_machines),
		TEST(vcpu_info_moves_once),
		TEST(clocks_are_published),
		TEST(runstate_area_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
