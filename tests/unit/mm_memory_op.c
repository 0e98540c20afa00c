/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: batches in and out, exchange, maps, resources. */
#include "fakes/mm_fakes.h"
#include <core/calls.h>
#include <core/memory_op.h>
#include <x86/machine.h>

static struct domain *d;
static struct shared_info info;
static struct page *grant_frame;

/* There are two. */
long grant_give_frames(struct domain *who, u64 first, u32 count, u64 list)
{
	assert_ptr_equal(who, d);
	if (first + count > 2)
		return -XEN_ENOMEM;
	for (u64 i = 0; i < count; i++)
		((xen_pfn_t *)list)[i] = frame_mfn(grant_frame + first + i).n;
	return 0;
}

static int set_up(void **state)
{
	fake_machine(state);
	d = fake_domain(1, false, 300);
	d->shared_info = &info;
	return 0;
}

static long memop(unsigned cmd, void *arg)
{
	return fake_call(memory_op, (cmd, (u64)arg));
}

static struct xen_memory_reservation reservation(xen_pfn_t *list, u64 n, unsigned order)
{
	struct xen_memory_reservation res = {
		.nr_extents = n, .extent_order = order, .domid = DOMID_SELF};

	res.extent_start.p = list;
	return res;
}

static void populate_and_give_back(void **state)
{
	xen_pfn_t list[100];
	struct xen_memory_reservation res = reservation(list, 100, 0);

	(void)state;
	for (int period = 0; period < 4; period++) {
		for (unsigned i = 0; i < 100; i++)
			list[i] = 1000 + i;
		fake_preempt_in = period;
		assert_int_equal(memop(XENMEM_populate_physmap, &res), 100);
		assert_int_equal(d->mem.tot_pages, 100);
		for (unsigned i = 0; i < 100; i++) {
			assert_int_equal(m2p_table[list[i]], 1000 + i);
			assert_int_equal(refs(list[i]), 1);
		}
		assert_int_equal(memop(XENMEM_decrease_reservation, &res), 100);
		assert_int_equal(d->mem.tot_pages, 0);
	}
}

static void limits_stop_the_batch(void **state)
{
	xen_pfn_t list[40] = {0};
	struct xen_memory_reservation res = reservation(list, 40, 0);

	(void)state;
	d->mem.max_pages = 25;
	assert_int_equal(memop(XENMEM_increase_reservation, &res), 25);
	assert_int_equal(fake_last_refusal, NO_MEMORY);
	res.nr_extents = 25;
	list[20] = FAKE_FIRST_FRAME; /* not the domain's */
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 20);
	assert_int_equal(fake_last_refusal, NOT_OWNED);
	list[0] = ~0UL;
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 0);
	res.extent_order = 10;
	assert_int_equal(memop(XENMEM_populate_physmap, &res), 0);
	assert_int_equal(fake_last_refusal, OVER_LIMIT);
	res.nr_extents = ~0UL >> 2;
	assert_int_equal(memop(XENMEM_populate_physmap, &res), -XEN_EINVAL);
	res = reservation(NULL, 3, 0);
	assert_int_equal(memop(XENMEM_populate_physmap, &res), -XEN_EINVAL);
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), -XEN_EINVAL);
	assert_int_equal(memop(XENMEM_increase_reservation, &res),
			 3); /* nobody wants to know the frames */
	res = reservation(list, 1, 0);
	list[0] = 1UL << 50;
	assert_int_equal(memop(XENMEM_populate_physmap, &res), 0);
	assert_int_equal(fake_last_refusal, BAD_ARGUMENT);
	res.mem_flags = XENMEMF_populate_on_demand;
	assert_int_equal(memop(XENMEM_populate_physmap, &res), -XEN_EINVAL);
	res.mem_flags = XENMEMF_address_bits(12);
	assert_int_equal(memop(XENMEM_populate_physmap, &res), -XEN_EINVAL);
	res.mem_flags = XENMEMF_address_bits(20);
	assert_int_equal(memop(XENMEM_increase_reservation, &res), 0); /* no RAM so low */
	res.mem_flags = XENMEMF_address_bits(32);
	assert_int_equal(memop(XENMEM_increase_reservation, &res), 1);
}

static void a_page_in_use_stays_until_it_is_not(void **state)
{
	xen_pfn_t frame = fake_page(d);
	struct xen_memory_reservation res = reservation(&frame, 1, 0);
	struct page *pg = mm_get_page_writable(mfn(frame), &d->mem);

	(void)state;
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 1);
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 0); /* once only */
	assert_int_equal(d->mem.tot_pages, 1);
	type_put(pg);
	assert_int_equal(d->mem.tot_pages, 0);
}

/* To unpin it could take long. */
static void a_pinned_table_stays_pinned(void **state)
{
	xen_pfn_t frame = fake_page(d);
	struct xen_memory_reservation res = reservation(&frame, 1, 0);
	struct page *pg = fake_entry(frame);

	(void)state;
	assert_int_equal(type_get(pg, TYPE_L3), 0);
	assert_true(type_set_pinned(pg, true));
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 1);
	assert_true(pg->type & TYPE_PINNED);
	assert_int_equal(type_count(frame), 1);
	assert_int_equal(type_unpin(pg), 0);
	assert_null(mm_page_owner(pg));
}

static void lists_that_fault(void **state)
{
	xen_pfn_t list[10] = {0};
	struct xen_memory_reservation res = reservation(list, 10, 0);

	(void)state;
	fake_fault_from = (u64)&list[4];
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(memop(XENMEM_populate_physmap, &res), 4);
	assert_int_equal(d->mem.tot_pages, 4);
	assert_int_equal(memop(XENMEM_increase_reservation, &res), 4);
	assert_int_equal(d->mem.tot_pages, 8); /* what could not be told was taken back */
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), 4);
	assert_int_equal(fake_last_refusal, BAD_ADDRESS); /* and not for what is there */
	fake_fault_from = (u64)&res;
	fake_fault_to = fake_fault_from + 1;
	assert_int_equal(memop(XENMEM_decrease_reservation, &res), -XEN_EFAULT);
}

static struct xen_memory_exchange exchange(xen_pfn_t *in, u64 nr_in, unsigned order_in,
					   xen_pfn_t *out, u64 nr_out, unsigned order_out)
{
	return (struct xen_memory_exchange){.in = reservation(in, nr_in, order_in),
					    .out = reservation(out, nr_out, order_out)};
}

static void exchange_for_contiguous_frames(void **state)
{
	xen_pfn_t in[32], out[4];
	struct xen_memory_exchange x;

	(void)state;
	for (int period = 0; period < 2; period++) {
		for (unsigned i = 0; i < 32; i++) {
			in[i] = fake_page(d);
			m2p_table[in[i]] = 500 + i;
		}
		for (unsigned i = 0; i < 4; i++)
			out[i] = 500 + 8 * i;
		x = exchange(in, 32, 0, out, 4, 3);
		fake_preempt_in = period;
		assert_int_equal(memop(XENMEM_exchange, &x), 0);
		fake_preempt_in = 0;
		assert_int_equal(x.nr_exchanged, 32);
		for (unsigned i = 0; i < 32; i++) {
			u64 frame = out[i / 8] + i % 8;

			assert_int_equal(out[i / 8] & 7, 0);
			assert_int_equal(m2p_table[frame], 500 + i);
			assert_ptr_equal(mm_page_owner(fake_entry(frame)), &d->mem);
		}
		assert_int_equal(d->mem.tot_pages, 32);
		/* and back into single ones */
		for (unsigned i = 0; i < 32; i++)
			in[i] = 500 + i;
		x = exchange(out, 4, 3, in, 32, 0);
		assert_int_equal(memop(XENMEM_exchange, &x), 0);
		assert_int_equal(x.nr_exchanged, 4);
		fake_audit();
		for (unsigned i = 0; i < 32; i++)
			assert_true(page_drop_allocation(fake_entry(in[i])));
	}
}

/* An extent after the first is out of reach, in one list or the other. */
static void an_exchange_whose_lists_fault(void **state)
{
	xen_pfn_t in[3], out[3] = {1, 2, 3};
	struct xen_memory_exchange x = exchange(in, 3, 0, out, 3, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		in[i] = fake_page(d);
	fake_fault_from = (u64)&in[1];
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EFAULT);
	assert_int_equal(x.nr_exchanged, 1);
	fake_fault_from = (u64)&out[1];
	fake_fault_to = fake_fault_from + 8;
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EFAULT);
	assert_int_equal(x.nr_exchanged, 1);
	assert_int_equal(out[1], 2);
	assert_int_equal(d->mem.tot_pages, 3); /* its new frame: it was not told which */
	x.nr_exchanged = 4;		       /* more than there are */
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL);
}

/* The limit was lowered below what it has: nothing could be given back to it. */
static void an_exchange_above_the_limit_loses_nothing(void **state)
{
	xen_pfn_t in[4], out[4] = {1, 2, 3, 4};
	struct xen_memory_exchange x = exchange(in, 4, 0, out, 4, 0);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		in[i] = fake_page(d);
	d->mem.max_pages = 3;
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_ENOMEM);
	assert_int_equal(x.nr_exchanged, 0);
	assert_int_equal(d->mem.tot_pages, 4);
	d->mem.max_pages = 4;
	assert_int_equal(memop(XENMEM_exchange, &x), 0);
	assert_int_equal(d->mem.tot_pages, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(page_drop_allocation(fake_entry(out[i])));
}

static void an_exchange_that_fails_changes_nothing_of_its_chunk(void **state)
{
	xen_pfn_t in[16], out[2] = {0, 8};
	struct xen_memory_exchange x = exchange(in, 16, 0, out, 2, 3);
	struct page *used;

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		in[i] = fake_page(d);
		m2p_table[in[i]] = i;
	}
	used = mm_get_page(mfn(in[12]), &d->mem);
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL);
	assert_int_equal(x.nr_exchanged, 8);
	assert_int_equal(d->mem.tot_pages, 16);
	for (unsigned i = 8; i < 16; i++) {
		assert_ptr_equal(mm_page_owner(fake_entry(in[i])), &d->mem);
		assert_int_equal(m2p_table[in[i]], i);
	}
	mm_put_page(used);
	fake_audit();
	/* it goes on where it stopped */
	assert_int_equal(memop(XENMEM_exchange, &x), 0);
	assert_int_equal(x.nr_exchanged, 16);
	x.nr_exchanged = 17;
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL);
	in[0] = in[1] = out[0];
	x = exchange(in, 8, 0, out, 1, 3);
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL); /* the same frame twice */
	fake_audit();
	x = exchange(in, 8, 0, out, 2, 3);
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL);
	x = exchange(in, 1024, 0, out, 1, 10);
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EPERM);
	x = exchange(in, 8, 0, out, 1, 3);
	x.out.domid = 5;
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_EINVAL);
	in[0] = out[0] + 1;
	x = exchange(in, 1, 0, out, 1, 0);
	x.out.mem_flags = XENMEMF_address_bits(20);
	assert_int_equal(memop(XENMEM_exchange, &x), -XEN_ENOMEM);
	assert_int_equal(d->mem.tot_pages, 16);
}

static void figures(void **state)
{
	struct xen_memory_domain who = {DOMID_SELF};
	struct xen_machphys_mapping map;
	xen_pfn_t frames[3] = {0};
	struct xen_machphys_mfn_list list = {.max_extents = 3};

	(void)state;
	list.extent_start.p = frames;
	fake_page(d);
	info.arch.max_pfn = 77;
	assert_int_equal(memop(XENMEM_current_reservation, &who), 1);
	assert_int_equal(memop(XENMEM_maximum_reservation, &who), 300);
	assert_int_equal(memop(XENMEM_maximum_gpfn, &who), 76);
	assert_int_equal(memop(XENMEM_maximum_ram_page, NULL), FAKE_END_FRAME - 1);
	who.domid = 9;
	assert_int_equal(memop(XENMEM_current_reservation, &who), -XEN_EPERM);
	assert_int_equal(memop(XENMEM_machphys_mapping, &map), 0);
	assert_int_equal(map.v_start, M2P_VIRT_START);
	assert_int_equal(map.max_mfn, FAKE_END_FRAME - 1);
	assert_int_equal(memop(XENMEM_machphys_mfn_list, &list), 0);
	assert_int_equal(list.nr_extents, 1);
	assert_int_equal(frames[0], FAKE_FIRST_FRAME);
	assert_int_equal(memop(XENMEM_machphys_compat_mfn_list, &list), -XEN_ENOSYS);
	assert_int_equal(memop(63, NULL), -XEN_ENOSYS);
	assert_int_equal(memop(XENMEM_get_vnumainfo, NULL), -XEN_ENOSYS);
}

static void maps(void **state)
{
	struct e820_entry in[2] = {{0, 0x100000, 1}, {0x100000, 0x200000, 2}}, out[3];
	struct xen_foreign_memory_map set = {.domid = 1, .map.nr_entries = 2};
	struct xen_memory_map get = {.nr_entries = 3};
	struct domain *boss = fake_domain(3, true, 10);

	(void)state;
	set.map.buffer.p = in;
	get.buffer.p = out;
	assert_int_equal(memop(XENMEM_set_memory_map, &set), 0);
	set.map.nr_entries = 129;
	assert_int_equal(memop(XENMEM_set_memory_map, &set), -XEN_EINVAL);
	set.map.nr_entries = 2;
	set.domid = 44;
	assert_int_equal(memop(XENMEM_set_memory_map, &set), -XEN_ESRCH);
	assert_int_equal(memop(XENMEM_memory_map, &get), -XEN_ENOSYS); /* dom0 has none */
	machine_map[0] = (struct machine_map_entry){1, 2, 3};
	machine_map_entries = 1;
	assert_int_equal(memop(XENMEM_machine_memory_map, &get), 0);
	assert_int_equal(get.nr_entries, 1);
	assert_int_equal(out[0].type, 3);
	get.nr_entries = 0;
	assert_int_equal(memop(XENMEM_machine_memory_map, &get), -XEN_EINVAL);
	get.nr_entries = 3;
	fake_run_as(d);
	assert_int_equal(memop(XENMEM_memory_map, &get), 0);
	assert_int_equal(get.nr_entries, 2);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(memop(XENMEM_machine_memory_map, &get), -XEN_EPERM);
	assert_int_equal(memop(XENMEM_set_memory_map, &set), -XEN_EPERM);
	heap_free(d->memory_map);
	(void)boss;
}

static void resources(void **state)
{
	struct domain *boss = fake_domain(3, true, 10);
	xen_pfn_t frames[3] = {0};
	struct xen_mem_acquire_resource res = {.domid = 1, .type = XENMEM_resource_grant_table};

	(void)state;
	d->max_grant_frames = 4;
	grant_frame = fake_entry(0x200);
	assert_int_equal(memop(XENMEM_acquire_resource, &res), 0);
	assert_int_equal(res.nr_frames, 4);
	res.frame_list.p = frames;
	res.nr_frames = 2;
	assert_int_equal(memop(XENMEM_acquire_resource, &res), 0);
	assert_int_equal(frames[1], 0x201);
	res.frame = 1;
	assert_int_equal(memop(XENMEM_acquire_resource, &res), -XEN_ENOMEM);
	res.id = XENMEM_resource_grant_table_id_status;
	assert_int_equal(memop(XENMEM_acquire_resource, &res), -XEN_EINVAL);
	res.type = XENMEM_resource_ioreq_server;
	assert_int_equal(memop(XENMEM_acquire_resource, &res), -XEN_EOPNOTSUPP);
	fake_run_as(d);
	assert_int_equal(memop(XENMEM_acquire_resource, &res), -XEN_EPERM);
	(void)boss;
}

#define op_test(f) cmocka_unit_test_setup_teardown(f, set_up, fake_machine_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		op_test(populate_and_give_back),
		op_test(limits_stop_the_batch),
		op_test(a_page_in_use_stays_until_it_is_not),
		op_test(a_pinned_table_stays_pinned),
		op_test(lists_that_fault),
		op_test(exchange_for_contiguous_frames),
		op_test(an_exchange_that_fails_changes_nothing_of_its_chunk),
		op_test(an_exchange_whose_lists_fault),
		op_test(an_exchange_above_the_limit_loses_nothing),
		op_test(figures),
		op_test(maps),
		op_test(resources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
