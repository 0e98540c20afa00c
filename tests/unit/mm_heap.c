/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of frames, small objects, and stale TLB entries of former owners. */
#include "fakes/mm_fakes.h"
#include <unistd.h>
#include <x86/tlb.h>

static void blocks_split_and_merge(void **state)
{
	u64 before = heap_free_pages();
	void *a = heap_pages(0), *b = heap_pages(3), *c = heap_pages(0);

	(void)state;
	assert_int_equal(heap_free_pages(), before - 10);
	assert_int_equal((uintptr_t)b & ((PAGE_SIZE << 3) - 1), 0);
	memset(b, 0x5a, PAGE_SIZE << 3);
	heap_pages_free(a, 0);
	heap_pages_free(c, 0);
	heap_pages_free(b, 3);
	assert_int_equal(heap_free_pages(), before);
	/* 1,022 frames up to an aligned border: the largest block is whole again */
	a = heap_pages(10);
	assert_non_null(a);
	heap_pages_free(a, 10);
	b = heap_pages(3);
	for (unsigned i = 0; i < PAGE_SIZE << 3; i++)
		assert_int_equal(((char *)b)[i], 0);
	heap_pages_free(b, 3);
}

static void everything_can_be_taken(void **state)
{
	void *chain = NULL, *p;
	u64 before = heap_free_pages(), n = 0;

	(void)state;
	while ((p = heap_pages(0))) {
		*(void **)p = chain;
		chain = p;
		n++;
	}
	assert_int_equal(n, before);
	assert_int_equal(heap_free_pages(), 0);
	assert_null(heap_alloc(8));
	while ((p = chain)) {
		chain = *(void **)p;
		heap_pages_free(p, 0);
	}
	assert_null(heap_pages(HEAP_MAX_ORDER));
	assert_null(heap_take(HEAP_MAX_ORDER + 1, ~0UL));
}

static void limit_is_kept(void **state)
{
	struct page *pg = heap_take(2, FAKE_FIRST_FRAME + 16);

	(void)state;
	assert_non_null(pg);
	assert_true(frame_mfn(pg).n + 4 <= FAKE_FIRST_FRAME + 16);
	assert_null(heap_take(0, FAKE_FIRST_FRAME));
	assert_null(heap_take(4, FAKE_FIRST_FRAME + 8));
	heap_free_frames(frame_mfn(pg), 4);
}

/* Or a guest could strew single frames, and have the heap walk over them under its lock. */
static void blocks_above_a_limit_are_not_walked(void **state)
{
	struct page *high = &frame_table[FAKE_END_FRAME - 1], *low;

	(void)state;
	while (!(high->flags & PAGE_FREE))
		high--;
	u32 next = high->next;

	assert_true(frame_mfn(high).n >= 2 * FAKE_FIRST_FRAME);

	high->next = frame_mfn(high).n; /* a walk would not end */
	alarm(10);
	assert_null(heap_take(0, FAKE_FIRST_FRAME));
	low = heap_take(0, 2 * FAKE_FIRST_FRAME);
	alarm(0);
	high->next = next;
	assert_non_null(low);
	assert_true(frame_mfn(low).n < 2 * FAKE_FIRST_FRAME);
	heap_free_frames(frame_mfn(low), 1);
}

static void small_objects(void **state)
{
	static const size_t sizes[] = {1, 31, 32, 33, 100, 500, 2048, 2049, 5000, 20000};
	char *p[10][3];

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		for (unsigned j = 0; j < 3; j++) {
			p[i][j] = heap_alloc(sizes[i]);
			assert_non_null(p[i][j]);
			assert_int_equal((uintptr_t)p[i][j] & 15, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][j][k], 0);
			memset(p[i][j], 0x11 * (int)i + (int)j, sizes[i]);
		}
	for (unsigned i = 0; i < 10; i++)
		for (unsigned j = 0; j < 3; j++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][j][k], (char)(0x11 * i + j));
	for (unsigned i = 0; i < 10; i++)
		for (unsigned j = 0; j < 3; j++)
			heap_free(p[i][(j * 2) % 3]);
	heap_free(NULL);
}

static void a_freed_object_is_the_next_one(void **state)
{
	char *a = heap_alloc(64), *b = heap_alloc(64), *c = heap_alloc(64);

	(void)state;
	heap_free(b);
	heap_free(a);
	assert_ptr_equal(heap_alloc(64), a);
	assert_ptr_equal(heap_alloc(64), b);
	heap_free(a);
	heap_free(b);
	heap_free(c);
}

static void many_small_objects_return_their_pages(void **state)
{
	void *p[400];
	u64 before = heap_free_pages();

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 400; i++)
			p[i] = heap_alloc(64);
		assert_int_equal(heap_free_pages(), before - 7); /* 64 a page */
		for (unsigned i = 0; i < 400; i++)
			heap_free(p[(i * 7) % 400]);
		assert_int_equal(heap_free_pages(), before);
	}
}

static void a_guests_old_page_is_flushed_before_it_is_used_again(void **state)
{
	struct domain *d = fake_domain(1, false, 10);
	u64 frame = fake_page(d);

	(void)state;
	tlb_flush_mask(cpumask_online(), TLB_ALL); /* too early: it is in use still */
	page_drop_allocation(fake_entry(frame));
	fake_flushes = 0;
	assert_int_equal(fake_page(d), frame); /* the heap gives the last freed one first */
	assert_int_equal(fake_flushes, FAKE_CPUS);
	page_drop_allocation(fake_entry(frame));
	tlb_flush_mask(cpumask_online(), TLB_ALL);
	fake_flushes = 0;
	assert_int_equal(fake_page(d), frame);
	assert_int_equal(fake_flushes, 0); /* everyone has flushed since */
}

static void a_domain_has_its_limit(void **state)
{
	struct domain *d = fake_domain(1, false, 5);

	(void)state;
	assert_null(mm_alloc_domain_pages(&d->mem, 3, ~0UL, INVALID_M2P_ENTRY));
	assert_non_null(mm_alloc_domain_pages(&d->mem, 2, ~0UL, INVALID_M2P_ENTRY));
	assert_non_null(mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY));
	assert_null(mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY));
	assert_int_equal(d->mem.tot_pages, 5);
	d->mem.max_pages = 3; /* lowered below what it has */
	assert_null(mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY));
	d->mem.max_pages = (1UL << 32) + 3; /* no 32 bits of it */
	assert_non_null(mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY));
	d->mem.max_pages = ~0UL;
	d->mem.dying = true;
	assert_null(mm_alloc_domain_pages(&d->mem, 0, ~0UL, INVALID_M2P_ENTRY));
	d->mem.dying = false;
}

/* An L3, an L2, and an L1 for each 16 vCPUs; the last vCPU's last slot is within them. */
static void windows_are_for_a_domains_vcpus(void **state)
{
	static struct domain_memory dm;
	struct vcpu_memory vm = {.domain = &dm};
	u64 before = heap_free_pages(), window;

	(void)state;
	for (unsigned vcpus = 1; vcpus <= MAX_VCPUS; vcpus++) {
		unsigned l1 = (vcpus + 15) / 16;

		assert_int_equal(mm_domain_init(&dm, 9, false, vcpus), 0);
		assert_int_equal(heap_free_pages(), before - 2 - l1);
		vm.vcpu_id = vcpus - 1;
		mm_window_set(&vm, DESCRIPTOR_WINDOW_PAGES - 1, mfn(7));
		window = dm.perdomain_l3[512 + l1 - 1] >> PAGE_SHIFT; /* by the L2 */
		window = fake_bytes(window)[(vcpus * DESCRIPTOR_WINDOW_PAGES - 1) % 512];
		assert_int_equal(window << 1 >> (PAGE_SHIFT + 1), 7);
		assert_int_equal(dm.perdomain_l3[512 + l1], 0);
		mm_domain_destroy(&dm);
		assert_int_equal(heap_free_pages(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(blocks_split_and_merge),
		machine_test(everything_can_be_taken),
		machine_test(limit_is_kept),
		machine_test(blocks_above_a_limit_are_not_walked),
		machine_test(small_objects),
		machine_test(a_freed_object_is_the_next_one),
		machine_test(many_small_objects_return_their_pages),
		machine_test(a_guests_old_page_is_flushed_before_it_is_used_again),
		machine_test(a_domain_has_its_limit),
		machine_test(windows_are_for_a_domains_vcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
