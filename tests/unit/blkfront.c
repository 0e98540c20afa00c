/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SDK's block front end against a back end that behaves, and that does not: the ring and the
 * grants are real memory here, the disk is an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <pv/blkfront.h>
#include <pv/event.h>
#include <pv/frontend.h>
#include <pv/mm.h>
#include <pv/thread.h>
#include <pv/time.h>

#define xen_mb()  pv_mb()
#define xen_rmb() pv_rmb()
#define xen_wmb() pv_wmb()
#include <xen/io/blkif.h>

enum { PAGES = 512, REFS = 700, SECTORS = 1001, PORT = 7, DEPTH = 8 };

#define MEMORY ((uint8_t *)0x20000000) /* what the page allocator has, in the linear map */

static uint8_t contents[SECTORS * 512], expected[SECTORS * 512];
static pv_mfn_t p2m[(0x20000000 >> 12) + PAGES];
pv_mfn_t *pv_p2m = p2m;

/* --- what the rest of the SDK does ---------------------------------------------------------- */

static bool page_used[PAGES];
static pv_mfn_t granted[REFS]; /* 0: free */
static unsigned int grants_left, events, closes, most_segments;
static bool takes_long; /* the back end: long segments */
static unsigned int ring_order;
static bool busy; /* the back end has not let go when it is closed */

void *pv_pages_alloc(unsigned long count)
{
	for (unsigned int i = 0, run = 0; i < PAGES; i++) {
		run = page_used[i] ? 0 : run + 1;
		if (run < count)
			continue;
		memset(page_used + i + 1 - count, 1, count);
		memset(MEMORY + (i + 1 - count) * PV_PAGE_SIZE, 0xee, count * PV_PAGE_SIZE);
		return MEMORY + (i + 1 - count) * PV_PAGE_SIZE;
	}
	return NULL;
}

void pv_pages_free(void *va, unsigned long count)
{
	while (count--)
		page_used[((uint8_t *)va - MEMORY) / PV_PAGE_SIZE + count] = false;
}

int pv_grant_access(domid_t domain, unsigned long mfn, bool readonly)
{
	int ref = 8;

	assert_int_equal(domain, 3);
	assert_false(readonly);
	while (granted[ref])
		ref++;
	if (!grants_left)
		return -XEN_ENOSPC;
	grants_left--;
	granted[ref] = mfn;
	return ref;
}

int pv_grant_end(grant_ref_t ref)
{
	assert_true(granted[ref]);
	if (busy)
		return -XEN_EBUSY;
	granted[ref] = 0;
	grants_left++;
	return 0;
}

static uint8_t *page_of(grant_ref_t ref)
{
	assert_true(ref < REFS && granted[ref]);
	return pv_pfn_to_virt(granted[ref]);
}

uint64_t pv_time_ns(void)
{
	return 0;
}

int pv_frontend_open(struct pv_frontend *frontend, const char *class, unsigned int number,
		     uint64_t deadline)
{
	(void)number, (void)deadline;
	assert_string_equal(class, "vbd");
	frontend->backend_id = 3;
	return 0;
}

unsigned long pv_frontend_offer(const struct pv_frontend *frontend, const char *name,
				unsigned long otherwise)
{
	(void)frontend;
	if (!strcmp(name, "sectors"))
		return SECTORS;
	if (!strcmp(name, "feature-standing-grants") || !strcmp(name, "feature-long-segments"))
		return takes_long;
	if (!strcmp(name, "max-ring-page-order"))
		return ring_order;
	return strcmp(name, "feature-max-indirect-segments") ? otherwise : most_segments;
}

void *pv_frontend_page(const struct pv_frontend *frontend, grant_ref_t *ref)
{
	void *page = pv_pages_alloc(1);
	int got = page ? pv_grant_access(frontend->backend_id, pv_virt_to_mfn(page), false) : -1;

	if (got < 0)
		return NULL;
	*ref = (grant_ref_t)got;
	return memset(page, 0, PV_PAGE_SIZE);
}

void pv_frontend_free_page(void *page, grant_ref_t ref)
{
	if (!pv_grant_end(ref))
		pv_pages_free(page, 1);
}

static blkif_back_ring_t back;

static grant_ref_t published(const struct pv_frontend_node *nodes, unsigned int count,
			     const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(nodes[i].name, name))
			return (grant_ref_t)nodes[i].value;
	fail_msg("%s is missing", name);
	return 0;
}

/* Pages that are consecutive for the front end are so here. */
int pv_frontend_publish(const struct pv_frontend *frontend, const struct pv_frontend_node *nodes,
			unsigned int count, enum xenbus_state state)
{
	unsigned int order = ring_order < 2 ? ring_order : 2;
	uint8_t *ring;

	(void)frontend, (void)state;
	ring = page_of(published(nodes, count, order ? "ring-ref0" : "ring-ref"));
	if (order)
		assert_int_equal(published(nodes, count, "ring-page-order"), order);
	for (unsigned int i = 1; i < 1u << order; i++) {
		char name[] = {'r', 'i', 'n', 'g', '-', 'r', 'e', 'f', (char)('0' + i), 0};

		assert_ptr_equal(page_of(published(nodes, count, name)), ring + i * PV_PAGE_SIZE);
	}
	BACK_RING_INIT(&back, (struct blkif_sring *)ring, PV_PAGE_SIZE << order);
	return 0;
}

int pv_frontend_wait(const struct pv_frontend *frontend, uint64_t deadline)
{
	(void)frontend, (void)deadline;
	return 0;
}

int pv_xenbus_set_state(pv_store_tx tx, const char *path, enum xenbus_state state)
{
	(void)tx, (void)path, (void)state;
	return 0;
}

void pv_frontend_close(const struct pv_frontend *frontend, uint64_t deadline)
{
	(void)frontend, (void)deadline;
	closes++;
}

int pv_event_alloc_unbound(domid_t remote, pv_event_handler handler, void *argument)
{
	(void)remote, (void)handler, (void)argument;
	return PORT;
}

void pv_event_close(evtchn_port_t port)
{
	assert_int_equal(port, PORT);
}

void pv_event_raise(evtchn_port_t port, void *argument)
{
	(void)port, (void)argument;
}

int pv_event_send(evtchn_port_t port)
{
	assert_int_equal(port, PORT);
	events++;
	return 0;
}

void pv_mutex_lock(struct pv_mutex *mutex)
{
	assert_null(mutex->owner);
	mutex->owner = (void *)mutex;
}

void pv_mutex_unlock(struct pv_mutex *mutex)
{
	mutex->owner = NULL;
}

/* --- the back end --------------------------------------------------------------------------- */

static unsigned int served, indirect;
static int16_t answer_status;
static uint64_t lie; /* added to the ids of answers */

static void transfer(uint8_t operation, uint64_t sector, const struct blkif_request_segment *list,
		     unsigned int count)
{
	for (; count--; list++) {
		unsigned int sectors = list->last_sect + 1u;
		uint8_t *page = page_of(list->gref);

		assert_int_equal(list->first_sect, 0);
		assert_true(sector + sectors <= SECTORS);
		assert_true(sectors <= 8 || takes_long);
		for (unsigned int i = 1; i < (sectors + 7) / 8; i++)
			assert_ptr_equal(page_of(list->gref + i), page + i * PV_PAGE_SIZE);
		if (operation == BLKIF_OP_READ)
			memcpy(page, contents + sector * 512, sectors * 512);
		else
			memcpy(contents + sector * 512, page, sectors * 512);
		sector += sectors;
	}
}

static void serve_one(void)
{
	union {
		blkif_request_t direct;
		blkif_request_indirect_t indirect;
	} raw;
	blkif_response_t *response;

	RING_COPY_REQUEST(&back, back.req_cons, &raw.direct);
	back.req_cons++;
	response = RING_GET_RESPONSE(&back, back.rsp_prod_pvt++);
	response->id = raw.direct.id + lie;
	if (raw.direct.operation == BLKIF_OP_INDIRECT) {
		assert_in_range(raw.indirect.nr_segments, BLKIF_MAX_SEGMENTS_PER_REQUEST + 1,
				most_segments);
		response->id = raw.indirect.id + lie;
		indirect++;
		transfer(raw.indirect.indirect_op, raw.indirect.sector_number,
			 (void *)page_of(raw.indirect.indirect_grefs[0]), raw.indirect.nr_segments);
	} else if (raw.direct.operation != BLKIF_OP_FLUSH_DISKCACHE) {
		assert_in_range(raw.direct.nr_segments, 1, BLKIF_MAX_SEGMENTS_PER_REQUEST);
		transfer(raw.direct.operation, raw.direct.sector_number, raw.direct.seg,
			 raw.direct.nr_segments);
	}
	response->status = answer_status;
	served++;
}

static bool serve(void)
{
	unsigned int before = served;
	int more = 1;

	while (more) {
		while (back.req_cons != back.sring->req_prod)
			serve_one();
		RING_PUSH_RESPONSES(&back);
		RING_FINAL_CHECK_FOR_REQUESTS(&back, more);
	}
	return served != before;
}

/* Whoever waits lets the back end run; if it has nothing to do either, nobody ever wakes. */
bool pv_semaphore_down_until(struct pv_semaphore *semaphore, uint64_t deadline)
{
	(void)semaphore, (void)deadline;
	assert_true(serve());
	return true;
}

/* --- tests ------------------------------------------------------------------------------------ */

static struct pv_blkfront *device;

static void open_with(unsigned int segments)
{
	int error = 1;

	most_segments = segments;
	device = pv_blkfront_open(PV_BLK_XVD(0), &error);
	assert_int_equal(error, 0);
	assert_non_null(device);
}

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(p2m) / sizeof(p2m[0]); i++)
		p2m[i] = i;
	if (mmap(MEMORY, PAGES * PV_PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		memset(page_used, 0, sizeof(page_used));
	memset(granted, 0, sizeof(granted));
	grants_left = REFS - 8;
	events = closes = served = indirect = 0;
	answer_status = BLKIF_RSP_OKAY;
	ring_order = 0;
	lie = 0;
	busy = takes_long = false;
	srand(3);
	for (size_t i = 0; i < sizeof(contents); i++)
		contents[i] = (uint8_t)rand();
	memcpy(expected, contents, sizeof(contents));
	open_with(64);
	return 0;
}

/* Nothing is left granted or allocated. */
static int tear_down(void **state)
{
	(void)state;
	pv_blkfront_close(device);
	assert_int_equal(grants_left, REFS - 8);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_false(page_used[i]);
	return 0;
}

static void reads_and_writes(unsigned int at, unsigned int sectors, uint8_t *memory)
{
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, at, memory, sectors), 0);
	assert_memory_equal(memory, expected + at * 512, sectors * 512);
	for (unsigned int i = 0; i < sectors * 512; i++)
		memory[i] = expected[at * 512 + i] = (uint8_t)rand();
	assert_int_equal(pv_blkfront_do(device, PV_BLK_WRITE, at, memory, sectors), 0);
	assert_memory_equal(contents, expected, sizeof(expected));
}

static void test_one_after_the_other(void **state)
{
	static uint8_t own[SECTORS * 512];
	uint8_t *buffer = pv_blkfront_buffer(device, 130);

	(void)state;
	assert_non_null(buffer);
	for (unsigned int i = 0; i < 130 * PV_PAGE_SIZE; i++)
		assert_int_equal(buffer[i], 0);
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int at = (unsigned int)rand() % SECTORS;
		unsigned int sectors = (unsigned int)rand() % (SECTORS - at) + 1;

		reads_and_writes(at, sectors, buffer);
		reads_and_writes(at, sectors, own);
		reads_and_writes(at, sectors / 9 + 1, own + 1);
	}
	assert_true(indirect);
	assert_int_equal(pv_blkfront_do(device, PV_BLK_FLUSH, 0, NULL, 0), 0);
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, SECTORS - 1, own, 2), -XEN_EINVAL);
}

/* A back end that takes no long requests gets none. */
static void test_direct_only(void **state)
{
	static const unsigned int offers[] = {0, 5, 11, 12, 40, 256};

	(void)state;
	for (unsigned int i = 0; i < PV_ARRAY_SIZE(offers); i++) {
		uint8_t *buffer;

		pv_blkfront_close(device);
		open_with(offers[i]);
		buffer = pv_blkfront_buffer(device, 70);
		indirect = 0;
		reads_and_writes(3, 70 * 8, buffer);
		assert_int_equal(!indirect, offers[i] <= 11);
		assert_int_equal(pv_blkfront_info(device)->max_sectors, offers[i] <= 11 ? 88
									: offers[i] <= 64
										? offers[i] * 8
										: 512);
	}
}

/* Segments of 32 pages, unless the references are not consecutive. */
static void test_long_segments(void **state)
{
	uint8_t *buffer;

	(void)state;
	pv_blkfront_close(device);
	takes_long = true;
	open_with(64);
	granted[200] = 1;
	indirect = 0;
	buffer = pv_blkfront_buffer(device, 130);
	for (unsigned int i = 1; i < 70; i++)
		reads_and_writes(i, i * 8 - 3, buffer + i % 60 * PV_PAGE_SIZE);
	assert_int_equal(indirect, 0);
	buffer = pv_blkfront_buffer(device, 100);
	granted[200] = 0;
	reads_and_writes(3, 60 * 8, buffer + 40 * PV_PAGE_SIZE);
	assert_int_equal(indirect, 2);
	reads_and_writes(3, 8 * 8, buffer + 40 * PV_PAGE_SIZE);
	assert_int_equal(indirect, 2);
}

static struct pv_blk_request requests[DEPTH];
static unsigned int started, done;

static void start(struct pv_blk_request *request)
{
	unsigned int index = (unsigned int)(request - requests);

	request->operation = PV_BLK_READ;
	request->sector = started % (SECTORS - 100);
	request->sectors = index % 2 ? 100 : 8;
	assert_int_equal(pv_blkfront_submit(device, request), 0);
	started++;
}

static void one_done(struct pv_blk_request *request, int error)
{
	assert_int_equal(error, 0);
	assert_memory_equal(request->buffer, expected + request->sector * 512,
			    request->sectors * 512);
	done++;
	if (started < 200)
		start(request);
}

/* Several under way: each round of the back end brings one event, not one for each request. */
static void test_side_by_side(void **state)
{
	uint8_t *buffer = pv_blkfront_buffer(device, DEPTH * 16);

	(void)state;
	started = done = 0;
	for (unsigned int i = 0; i < DEPTH; i++) {
		requests[i].buffer = buffer + i * 16 * PV_PAGE_SIZE;
		requests[i].done = one_done;
		start(&requests[i]);
	}
	assert_int_equal(events, 1);
	while (done < 200)
		assert_true(pv_blkfront_poll(device, PV_FOREVER));
	assert_int_equal(events, 200 / DEPTH);
	assert_int_equal(pv_blkfront_poll(device, 0), 0);
}

static void ignore(struct pv_blk_request *request, int error)
{
	(void)request, (void)error;
}

static void test_refuses(void **state)
{
	uint8_t *buffer = pv_blkfront_buffer(device, 64);
	struct pv_blk_request request = {
		.operation = PV_BLK_READ, .sectors = 8, .buffer = buffer, .done = ignore};

	(void)state;
	request.buffer = buffer + 512;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.buffer = buffer + 64 * PV_PAGE_SIZE;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.buffer = buffer + 63 * PV_PAGE_SIZE;
	request.sectors = 9;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.buffer = buffer;
	request.sectors = 0;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.sectors = 513;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.sectors = 8;
	request.sector = ~0ull;
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EINVAL);
	request.sector = 0;
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(pv_blkfront_submit(device, &request), 0);
	assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EBUSY);
	serve();
	assert_int_equal(pv_blkfront_poll(device, 0), 32);
	assert_null(pv_blkfront_buffer(device, PAGES)); /* that many are not left */
	grants_left = 3;
	assert_null(pv_blkfront_buffer(device, 4));
	assert_int_equal(grants_left, 3);
	grants_left = REFS - 8 - 65;
}

/* As many pages of ring as both know, all of whose places are used. */
static void test_larger_rings(void **state)
{
	(void)state;
	for (ring_order = 0; ring_order < 4; ring_order++) {
		unsigned int depth = 32u << (ring_order < 2 ? ring_order : 2);
		struct pv_blk_request request = {.sectors = 8, .done = ignore};

		pv_blkfront_close(device);
		open_with(64);
		assert_int_equal(pv_blkfront_info(device)->depth, depth);
		request.buffer = pv_blkfront_buffer(device, 70);
		reads_and_writes(3, 70 * 8, request.buffer);
		for (unsigned int i = 0; i < depth; i++)
			assert_int_equal(pv_blkfront_submit(device, &request), 0);
		assert_int_equal(pv_blkfront_submit(device, &request), -XEN_EBUSY);
		serve();
		assert_int_equal(pv_blkfront_poll(device, 0), depth);
	}
}

static void test_errors(void **state)
{
	uint8_t data[512];

	(void)state;
	answer_status = BLKIF_RSP_ERROR;
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, 0, data, 1), -XEN_EIO);
	answer_status = BLKIF_RSP_EOPNOTSUPP;
	assert_int_equal(pv_blkfront_do(device, PV_BLK_FLUSH, 0, NULL, 0), -XEN_EOPNOTSUPP);
	answer_status = BLKIF_RSP_OKAY;
	lie = 5;
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, 0, data, 1), -XEN_EIO);
	lie = 0;
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, 0, data, 1), -XEN_EIO);
}

static void test_impossible_index(void **state)
{
	uint8_t data[512];

	(void)state;
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, 0, data, 1), 0);
	back.sring->rsp_prod += 40;
	assert_int_equal(pv_blkfront_poll(device, 0), 0);
	assert_int_equal(pv_blkfront_do(device, PV_BLK_READ, 0, data, 1), -XEN_EIO);
}

/* Pages that the back end does not let go of are left to it. */
static void test_busy_pages(void **state)
{
	unsigned int left = 0;

	(void)state;
	assert_non_null(pv_blkfront_buffer(device, 5));
	busy = true;
	pv_blkfront_close(device);
	for (unsigned int i = 0; i < PAGES; i++)
		left += page_used[i];
	assert_int_equal(left, 6);
	set_up(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_after_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_direct_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_segments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_side_by_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_larger_rings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_impossible_index, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_busy_pages, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("blkfront", tests, NULL, NULL);
}
