/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exercises every part of the SDK once. Verdict: "sdk: passed, N checks". */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <pv/console.h>
#include <pv/event.h>
#include <pv/grant.h>
#include <pv/hypercall.h>
#include <pv/mm.h>
#include <pv/start.h>
#include <pv/store.h>
#include <pv/thread.h>
#include <pv/time.h>
#include <pv/trap.h>
#include <pv/vcpu.h>

static unsigned int checks, failures;

static void check(bool ok, const char *what, long value)
{
	checks++;
	if (ok)
		return;
	failures++;
	printf("FAIL sdk: %s (%ld)\n", what, value);
}

#define CHECK(condition, value) check(condition, #condition, (long)(value))

static void test_heap(void)
{
	enum { BLOCKS = 64 };
	char *blocks[BLOCKS];
	char *big = malloc(8 << 20), *zero;
	bool clear = true;

	CHECK(big != NULL, 0);
	memset(big, 0x5a, 8 << 20);
	free(big);
	zero = calloc(1, 4 << 20);
	for (int i = 0; i < 4 << 20; i++)
		clear &= !zero[i];
	CHECK(clear, 0);
	free(zero);
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(1000 * (i + 1));
		memset(blocks[i], i, 1000 * (i + 1));
	}
	for (int i = 0; i < BLOCKS; i++) {
		CHECK(blocks[i][1000 * (i + 1) - 1] == i, i);
		free(blocks[i]);
	}
	CHECK(!malloc(1UL << 38), errno);
}

static void test_pages(void)
{
	unsigned long before = pv_pages_free_count(), taken;
	char *a = pv_pages_alloc(3), *b = pv_page_alloc(), *c;
	pv_mfn_t mfns[2] = {pv_virt_to_mfn(b), pv_virt_to_mfn(a)};
	int error;

	a[0] = 'a';
	b[0] = 'b';
	c = pv_map_foreign(mfns, 2, PV_RW, DOMID_SELF, &error);
	CHECK(c && c[0] == 'b' && c[PV_PAGE_SIZE] == 'a', error);
	CHECK(!pv_protect((uintptr_t)c, 2, PV_RO), 0);
	pv_unmap_free(c, 2);
	pv_pages_free(a, 3);
	pv_pages_free(b, 1);
	c = pv_contiguous_alloc(3, 32);
	CHECK(c != NULL, 0);
	for (unsigned int i = 1; c && i < 8; i++)
		CHECK(pv_virt_to_mfn(c + i * PV_PAGE_SIZE) == pv_virt_to_mfn(c) + i, i);
	if (c)
		pv_pages_free(c, 8);
	taken = pv_balloon_release(100);
	CHECK(taken == 100, taken);
	CHECK(pv_balloon_claim(taken) == taken, taken);
	/* page tables of the mapping area may have been made */
	CHECK(before - pv_pages_free_count() <= 4, before - pv_pages_free_count());
}

static jmp_buf after_fault;

static bool on_fault(struct pv_regs *regs)
{
	regs->rip = (uintptr_t)longjmp;
	regs->rdi = (uintptr_t)after_fault;
	regs->rsi = pv_fault_address() + 1;
	regs->rsp -= 8;
	return true;
}

static int fault_at(volatile char *where, bool write)
{
	int result = setjmp(after_fault);

	if (result)
		return result;
	if (write)
		*where = 1;
	else
		(void)*where;
	return 0;
}

static void test_protection(void)
{
	static const char constant[] = "read-only";

	pv_trap_handle(PV_TRAP_PAGE_FAULT, on_fault);
	CHECK(fault_at(NULL, false) == 1, 0);
	CHECK(fault_at((char *)constant, true), 0);
	CHECK(fault_at((char *)&test_protection, true), 0);
	CHECK(fault_at((char *)pv_start_info->pt_base, true), 0);
	CHECK(!fault_at((char *)pv_start_info->pt_base, false), 0);
	pv_trap_handle(PV_TRAP_PAGE_FAULT, NULL);
}

static struct pv_mutex mutex;
static struct pv_semaphore full;
static struct pv_condition changed;
static int shared, at_once;

static void worker(void *argument)
{
	double d = (long)argument;

	for (int i = 0; i < 50; i++) {
		pv_mutex_lock(&mutex);
		at_once++;
		CHECK(at_once == 1, at_once);
		pv_yield();
		shared++;
		at_once--;
		pv_mutex_unlock(&mutex);
		d = sqrt(d * d + 1);
	}
	errno = (long)argument;
	pv_sleep_ms(5);
	CHECK(errno == (long)argument, errno);
	CHECK(fabs(d * d - 50 - (double)(long)argument * (long)argument) < 1e-6, 0);
	pv_semaphore_up(&full);
	pv_mutex_lock(&mutex);
	pv_condition_broadcast(&changed);
	pv_mutex_unlock(&mutex);
}

static void test_threads(void)
{
	struct pv_thread *threads[8];
	unsigned long before;
	uint64_t start = pv_time_ns();

	for (long i = 0; i < 8; i++)
		threads[i] = pv_thread_create("worker", worker, (void *)(i + 2), 4);
	for (int i = 0; i < 4; i++)
		pv_semaphore_down(&full);
	for (int i = 0; i < 8; i++)
		pv_thread_join(threads[i]);
	CHECK(shared == 8 * 50, shared);
	CHECK(pv_time_ns() - start >= 5 * PV_NS_PER_MS, 0);
	pv_mutex_lock(&mutex);
	CHECK(!pv_condition_wait(&changed, &mutex, pv_time_ns() + PV_NS_PER_MS), 0);
	pv_mutex_unlock(&mutex);
	CHECK(!pv_semaphore_down_until(&(struct pv_semaphore){0}, 0), 0);
	before = pv_pages_free_count();
	for (int i = 0; i < 100; i++) {
		struct pv_thread *t =
			pv_thread_create("brief", (void (*)(void *))pv_yield, NULL, 2);

		pv_thread_detach(t);
		pv_yield();
		pv_yield();
	}
	CHECK(before - pv_pages_free_count() <= 16, before - pv_pages_free_count());
}

static void test_events(void)
{
	struct pv_semaphore rung = {0};
	int bell = pv_event_alloc_unbound(DOMID_SELF, pv_event_raise, &rung), clapper, ipi;

	CHECK(bell > 0, bell);
	clapper = pv_event_bind_interdomain(DOMID_SELF, bell, NULL, NULL);
	CHECK(clapper > 0, clapper);
	CHECK(!pv_event_send(clapper), 0);
	CHECK(pv_semaphore_down_until(&rung, pv_time_ns() + PV_NS_PER_SECOND), 0);
	pv_event_mask(bell);
	pv_event_send(clapper);
	CHECK(!rung.count, rung.count);
	pv_event_unmask(bell);
	CHECK(pv_semaphore_down_until(&rung, pv_time_ns() + PV_NS_PER_SECOND), 0);
	pv_event_close(clapper);
	pv_event_close(bell);
	ipi = pv_event_bind_ipi(0, pv_event_raise, &rung);
	CHECK(ipi > 0, ipi);
	pv_event_send(ipi);
	CHECK(rung.count == 1, rung.count);
	pv_event_close(ipi);
	CHECK(pv_event_send(PV_NR_PORTS - 1) < 0, 0);
}

static void test_time(void)
{
	uint64_t start = pv_time_ns(), last = start, now;
	struct timeval tv;

	for (int i = 0; i < 1000; i++, last = now) {
		now = pv_time_ns();
		CHECK(now >= last, now - last);
	}
	pv_sleep_ms(20);
	now = pv_time_ns();
	CHECK(now - last >= 20 * PV_NS_PER_MS && now - last < 2 * PV_NS_PER_SECOND, now - last);
	gettimeofday(&tv, NULL);
	CHECK(tv.tv_sec > 1600000000, tv.tv_sec);
}

static void test_grants(void)
{
	char *page = pv_page_alloc(), copy[16] = "";
	domid_t self = pv_domain_id();
	int ref = pv_grant_access(self, pv_virt_to_mfn(page), false);
	grant_ref_t refs[1] = {ref};
	struct pv_grant_map map;
	int error;

	CHECK(ref > 0, ref);
	strcpy(page, "granted");
	error = pv_grant_copy_from(self, ref, 0, copy, 8);
	CHECK(!error && !strcmp(copy, "granted"), error);
	error = pv_grant_copy_to(self, ref, 100, "more", 5);
	CHECK(!error && !strcmp(page + 100, "more"), error);
	error = pv_grant_map(&map, self, refs, 1, false);
	CHECK(!error, error);
	if (!error) {
		CHECK(!strcmp(map.address, "granted"), 0);
		CHECK(pv_grant_end(ref) == -XEN_EBUSY, 0);
		pv_grant_unmap(&map);
	}
	CHECK(!pv_grant_end(ref), 0);
	CHECK(pv_grant_copy_from(self, ref, 0, copy, 8) < 0, 0);
	for (int i = 0; i < 600; i++)
		CHECK(pv_grant_access(0, pv_virt_to_mfn(page), true) > 0, i);
}

static void test_store(void)
{
	struct pv_store_watch watch;
	unsigned int count;
	char *value, *path, **list;
	int error, tx;

	value = pv_store_read(0, "name", &error);
	if (error == -XEN_ENOSYS) {
		printf("sdk: no store here\n");
		return;
	}
	CHECK(value, error);
	free(value);
	CHECK(!pv_store_write(0, "data/sdk/a", "1"), 0);
	CHECK(!pv_store_printf(0, "data/sdk/b", "%d", 22), 0);
	value = pv_store_read(0, "data/sdk/b", &error);
	CHECK(value && !strcmp(value, "22"), error);
	free(value);
	list = pv_store_list(0, "data/sdk", &count, &error);
	CHECK(list && count == 2 && !strcmp(list[0], "a") && !strcmp(list[1], "b"), count);
	free(list);
	CHECK(!pv_store_read(0, "data/none", &error) && error == -XEN_ENOENT, error);
	error = pv_store_watch(&watch, "data/sdk");
	CHECK(!error, error);
	path = pv_store_watch_wait(&watch, PV_FOREVER);
	CHECK(path && strstr(path, "data/sdk"), 0);
	free(path);
	tx = pv_store_begin();
	CHECK(tx > 0, tx);
	CHECK(!pv_store_write(tx, "data/sdk/a", "2"), 0);
	CHECK(!pv_store_watch_wait(&watch, pv_time_ns() + PV_NS_PER_MS), 0);
	CHECK(!pv_store_end(tx, true), 0);
	path = pv_store_watch_wait(&watch, pv_time_ns() + PV_NS_PER_SECOND);
	CHECK(path && strstr(path, "data/sdk/a"), 0);
	free(path);
	pv_store_unwatch(&watch);
	CHECK(!pv_store_rm(0, "data/sdk"), 0);
	CHECK(!pv_xenbus_set_state(0, "data/dev", XenbusStateConnected), 0);
	CHECK(pv_xenbus_wait("data/dev", 1u << XenbusStateConnected, PV_FOREVER) ==
		      XenbusStateConnected,
	      0);
}

static volatile bool other_done;

/* Grows the heap and maps pages, while vCPU 0 does the same. */
static void busy(void)
{
	for (int i = 0; i < 50; i++) {
		char *block = malloc(100000 + i * 1000);
		char *page = pv_page_alloc(), *again;
		pv_mfn_t mfn = pv_virt_to_mfn(page);

		again = pv_map_foreign(&mfn, 1, PV_RW, DOMID_SELF, NULL);
		block[99999] = again[5] = i;
		if (page[5] != i)
			pv_printk("FAIL sdk: vCPU %u lost a page\n", pv_this_vcpu()->id);
		pv_unmap_free(again, 1);
		pv_pages_free(page, 1);
		free(block);
	}
}

static void busy_elsewhere(void *argument)
{
	(void)argument;
	busy();
	other_done = true;
}

static void test_vcpus(void)
{
	uint64_t limit = pv_time_ns() + 20 * PV_NS_PER_SECOND;

	if (pv_vcpu_count() < 2)
		return;
	CHECK(!pv_vcpu_start(1, busy_elsewhere, NULL), 0);
	busy();
	while (!other_done && pv_time_ns() < limit)
		pv_sleep_ms(1);
	CHECK(other_done, 0);
}

int main(void)
{
	char line[64];

	test_heap();
	test_pages();
	test_protection();
	test_time();
	test_events();
	test_threads();
	test_grants();
	test_store();
	test_vcpus();
	snprintf(line, sizeof(line), "%.3f %lld %s", 1.5, 1LL << 40, "text");
	CHECK(!strcmp(line, "1.500 1099511627776 text"), 0);
	if (failures)
		printf("sdk: FAILED, %u of %u checks\n", failures, checks);
	else
		printf("sdk: passed, %u checks\n", checks);
	return failures != 0;
}
