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
#include <core/sched.h>
#include "fakes/world.h"

/* --- set-up --- */

static struct domain *create(domid_t domid)
{
	const struct domain_config config = {.max_vcpus = 3,
					     .max_evtchn_port = 100,
					     .max_grant_frames = 2,
					     .max_maptrack_frames = 2};
	int err = 1;
	struct domain *d = domain_create(domid, &config, &err);

	assert_int_equal(!d, err != 0);
	return d;
}

/* With vCPU 0 running on the idle CPU 1, and one page. */
static struct domain *running_domain(void)
{
	const struct cpumask cpu1 = {2};
	struct domain *d = create(DOMID_INVALID);
	struct vcpu *v = vcpu_create(d, 0);

	world_page = world_new_page(&d->mem, false);
	assert_int_equal(sched_set_affinity(v, cpu1), 0);
	v->pause_flags = 0;
	d->control_pauses--;
	domain_unpause(d);
	world_run_cpus();
	assert_true(v->is_running);
	return d;
}

/* --- creation --- */

static void failed_creation_leaves_nothing(void **state)
{
	int live = fake_heap_live, pages = world_pages, n;

	(void)state;
	for (n = 0; n < 100; n++) {
		struct domain *d;

		fake_heap_left = n;
		d = create(DOMID_INVALID);
		fake_heap_left = -1;
		if (d) {
			world_end(d);
			break;
		}
		assert_int_equal(fake_heap_live, live);
		assert_int_equal(world_pages, pages);
	}
	assert_in_range(n, 5, 50);
	print_message("faults: %d allocations made to fail\n", n);
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
	assert_in_range(n, 1, 20); /* the vCPU with its registers */
	print_message("faults: %d allocations made to fail\n", n);
	assert_null(vcpu_create(d, 0)); /* exists */
	assert_null(vcpu_create(d, 3)); /* beyond the domain's limit */
	world_end(d);
}

static void ids_are_chosen_and_unique(void **state)
{
	struct domain *a = create(DOMID_INVALID), *b = create(DOMID_INVALID), *c;
	domid_t first = a->mem.domid;

	(void)state;
	assert_int_equal(b->mem.domid, first + 1);
	assert_null(create(first));
	c = create(first + 2);
	world_end(b);
	b = create(DOMID_INVALID); /* neither the one in use nor the one just freed */
	assert_int_equal(b->mem.domid, first + 3);
	assert_ptr_equal(domain_find(first + 1, DOMID_FIRST_RESERVED), c);
	domain_put(c);
	world_end(a);
	world_end(b);
	world_end(c);
}

/* --- references --- */

static void references_keep_a_dead_domain(void **state)
{
	struct domain *d = running_domain();
	domid_t id = d->mem.domid;

	(void)state;
	assert_ptr_equal(domain_get(id), d);
	assert_ptr_equal(domain_get(id), d);
	assert_int_equal(world_kill(d), 0);
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
	struct page *pg = world_page;
	domid_t id = d->mem.domid;

	(void)state;
	pg->refs++; /* dom0 has it mapped */
	world_end(d);
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
	world_end(d);
	assert_ptr_equal(domain_get(id), d);
	domain_put(d);
	mm_put_page(pg);
	assert_null(domain_get(id));
}

static void end_is_preemptible_everywhere(void **state)
{
	int live = fake_heap_live, pages = world_pages;

	(void)state;
	for (int at = 0;; at++) {
		struct domain *d = running_domain();
		int rc;

		domain_get(d->mem.domid);
		world_preempt_in = at;
		rc = world_kill(d);
		assert_true(rc == 0 || rc == -XEN_ERESTART);
		if (rc == 0) {
			world_preempt_in = -1;
			domain_put(d);
			assert_in_range(at, 5, 30);
			break;
		}
		assert_int_equal(domain_kill(d), 0);
		assert_int_equal(domain_kill(d), 0); /* once more does no harm */
		domain_put(d);
		assert_int_equal(fake_heap_live, live);
		assert_int_equal(world_pages, pages);
	}
}

static void many_lives_leave_nothing(void **state)
{
	int live = fake_heap_live, pages = world_pages;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		world_end(running_domain());
	assert_int_equal(fake_heap_live, live);
	assert_int_equal(world_pages, pages);
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
	world_end(d);
}

static void shutdown_is_told_once(void **state)
{
	struct domain *d = running_domain();
	struct evtchn_bind_virq op = {.virq = VIRQ_DOM_EXC};
	struct vcpu *was_current = current_vcpu();

	(void)state;
	this_cpu()->current = world_dom0->vcpus[0];
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, (u64)&op), 0);
	domain_shutdown(d, SHUTDOWN_reboot);
	assert_true(evtchn_port_pending(world_dom0, op.port));
	domain_shutdown(d, SHUTDOWN_crash); /* too late */
	assert_true(d->is_shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_reboot);
	world_run_cpus();
	assert_false(d->vcpus[0]->is_running);
	this_cpu()->current = world_dom0->vcpus[0];
	world_end(d);
	this_cpu()->current = was_current;
}

static void watchdog_shuts_down(void **state)
{
	struct domain *d = running_domain();

	(void)state;
	timer_set(&d->watchdog[1], 0, 1000);
	fake_now = 2000;
	cpus[0]->work |= WORK_TIMERS;
	world_run_cpus();
	assert_true(d->is_shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_watchdog);
	world_end(d);
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
	world_run_cpus();
	assert_false(d->vcpus[0]->is_running);
	world_end(d);
}

/* Another vCPU of it, whose own mistake is not told, must not go on with it either. */
static void crashed_domain_does_not_run_during_the_report(void **state)
{
	struct domain *d = running_domain();

	(void)state;
	fake_cpu = 1;
	d->is_crashed = true; /* its report is on its way */
	domain_crash("again");
	assert_true(cpus[1]->work & WORK_CRASH);
	assert_false(vcpu_runnable(d->vcpus[0]));
	fake_cpu = 0;
	world_run_cpus();
	assert_false(d->vcpus[0]->is_running);
	assert_false(d->is_shut_down);
	world_end(d);
}

static const char *dom0_ends(u8 reason, bool noreboot)
{
	opt_noreboot = noreboot;
	world_machine_did = NULL;
	if (!setjmp(world_stopped))
		domain_shutdown(world_dom0, reason);
	return world_machine_did;
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
	world_page = world_new_page(&d->mem, false);
	assert_int_equal(vcpu_register_info(v, mfn(WORLD_FRAME), PAGE_SIZE - 8), -XEN_ENXIO);
	assert_int_equal(vcpu_register_info(v, mfn(WORLD_FRAME), 4), -XEN_ENXIO);
	assert_int_equal(vcpu_register_info(v, mfn(8), 64), -XEN_EINVAL);
	v->pause_flags = 0; /* up, and not the caller */
	assert_int_equal(vcpu_register_info(v, mfn(WORLD_FRAME), 64), -XEN_EINVAL);
	v->pause_flags = VPF_DOWN;
	v->info->evtchn_pending_sel = 4;
	assert_int_equal(vcpu_register_info(v, mfn(WORLD_FRAME), 64), 0);
	moved = v->info;
	assert_ptr_equal(moved, (char *)world_page->bytes + 64);
	assert_int_equal(moved->evtchn_upcall_pending, 1);
	assert_int_equal(moved->evtchn_pending_sel, ~0UL);
	assert_int_equal(moved->evtchn_upcall_mask, 1);
	assert_int_equal(moved->time.version & 1, 0);
	assert_int_equal(vcpu_register_info(v, mfn(WORLD_FRAME), 128), -XEN_EINVAL);
	assert_int_equal(vcpu_register_info(other, mfn(WORLD_FRAME), 128), 0);
	assert_int_equal(world_page->refs, 3);
	world_end(d);
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
	assert_int_equal(vcpu_set_context(v, (u64)&c, true), 0);
	assert_int_equal(v->info->time.tsc_to_system_mul, 1u << 31);
	assert_int_equal(d->shared_info->wc_sec, (u32)10000000000);
	assert_int_equal(d->shared_info->wc_sec_hi, 10000000000 >> 32);
	assert_int_equal(d->shared_info->wc_nsec, 500);
	assert_int_equal(d->shared_info->wc_version & 1, 0);
	assert_int_equal(vcpu_set_context(v, (u64)&c, true), -XEN_EEXIST);
	assert_int_equal(vcpu_set_context(v, (u64)&c, false), 0);
	c.flags = 0;
	assert_int_equal(vcpu_set_context(v, (u64)&c, false), -XEN_EINVAL);
	world_end(d);
}

static void runstate_area_is_kept(void **state)
{
	struct domain *d = running_domain();
	struct vcpu *v = d->vcpus[0];
	struct vcpu_runstate_info area = {.state = 77}, expected;

	(void)state;
	v->runstate_area = (u64)&area;
	d->pause_count++;
	vcpu_sleep_nosync(v);
	fake_now += 1000;
	world_run_cpus(); /* written on its way out */
	assert_int_equal(area.state, RUNSTATE_offline);
	domain_unpause(d);
	d->mem.vm_assist = BIT(VMASST_TYPE_runstate_update_flag);
	fake_now += 1000;
	world_run_cpus();
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
	world_end(d);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, world_set_up, world_tear_down)

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
		TEST(crashed_domain_does_not_run_during_the_report),
		TEST(dom0s_end_is_the_machines),
		TEST(vcpu_info_moves_once),
		TEST(clocks_are_published),
		TEST(runstate_area_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
