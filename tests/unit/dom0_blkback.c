/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block back ends against front ends that behave, and that do not: the real ring and batches, with
 * a guest whose pages are an array here, and a disk that is one too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "backend/blkback.h"
#include "driver/dma.h"

enum { PAGES = 128, FIRST_REF = 1000, READ_ONLY_REF = 1100, SECTORS = 4096, RING_PAGES = 4 };

static uint8_t guest_page[PAGES][4096] __attribute__((aligned(4096)));
static uint8_t ring_pages[RING_PAGES * 4096] __attribute__((aligned(4096)));
static uint8_t contents[SECTORS * BLOCK_SECTOR];
static struct vbd vbd;
static struct disk disk;
static struct block_device device;
static struct vbd_request requests[VBD_REQUESTS];
static unsigned int held, maps, unmaps, events, wakes, drained;
static char failure[160];

/* --- what the rest of dom0 and the SDK do --------------------------------------------------- */

struct pv_semaphore vbds_work;

int pv_event_send(evtchn_port_t port)
{
	(void)port;
	events++;
	return 0;
}

void pv_semaphore_up(struct pv_semaphore *semaphore)
{
	if (semaphore == &vbds_work) {
		wakes++;
		return;
	}
	assert_ptr_equal(semaphore, &vbd.drained);
	drained++;
}

void backend_fail(struct backend *backend, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(failure, sizeof(failure), format, list);
	va_end(list);
	backend->failed = true;
}

uint64_t dma_address(const void *va)
{
	return (uintptr_t)va;
}

static uint8_t *granted(grant_ref_t ref)
{
	return ref < FIRST_REF || ref >= FIRST_REF + PAGES ? NULL : guest_page[ref - FIRST_REF];
}

/* The handle tells the page. */
void pv_grant_map_batch(struct gnttab_map_grant_ref *list, unsigned int count)
{
	maps++;
	for (; count--; list++) {
		bool writes = !(list->flags & GNTMAP_readonly);

		assert_int_equal(list->flags & ~GNTMAP_readonly, GNTMAP_device_map);
		assert_int_equal(list->dom, 9);
		if (!granted(list->ref) || (writes && list->ref >= READ_ONLY_REF)) {
			list->status = GNTST_bad_gntref;
			list->handle = ~0u;
			continue;
		}
		list->status = GNTST_okay;
		list->handle = list->ref + 7;
		list->dev_bus_addr = (uintptr_t)granted(list->ref);
		held++;
	}
}

void pv_grant_unmap_batch(struct gnttab_unmap_grant_ref *list, unsigned int count)
{
	unmaps++;
	for (; count--; list++, held--) {
		assert_int_equal(list->host_addr, 0);
		assert_int_equal(list->dev_bus_addr, (uintptr_t)granted(list->handle - 7));
		assert_true(held);
	}
}

void pv_grant_copy(struct gnttab_copy *list, unsigned int count)
{
	for (; count--; list++) {
		const uint8_t *from = granted(list->source.u.ref);

		assert_int_equal(list->flags, GNTCOPY_source_gref);
		assert_int_equal(list->source.domid, 9);
		assert_int_equal(list->dest.domid, DOMID_SELF);
		assert_in_range(list->len, 1, 4096 - list->dest.offset);
		list->status = from ? GNTST_okay : GNTST_bad_gntref;
		if (from)
			memcpy((uint8_t *)(list->dest.u.gmfn << 12) + list->dest.offset, from,
			       list->len);
	}
}

/* --- the disk: real checks, and requests that wait until the test lets them go -----------------
 */

static struct block_request *under_way[VBD_REQUESTS];
static unsigned int under_way_count;

static unsigned int broken_at; /* which one it refuses to start, from 1 on; 0: none */

static int start(struct block_device *on, struct block_request *request)
{
	assert_ptr_equal(on, &device);
	if (broken_at && !--broken_at)
		return -XEN_ENODEV;
	assert_true(under_way_count < VBD_REQUESTS);
	under_way[under_way_count++] = request;
	return 0;
}

static void carry_out(struct block_request *request)
{
	uint8_t *at = contents + request->sector * BLOCK_SECTOR;

	if (request->operation == BLOCK_DISCARD)
		memset(at, 0xdd, request->sectors * (size_t)BLOCK_SECTOR);
	for (unsigned int i = 0; i < request->segment_count; i++) {
		void *memory = (void *)request->segments[i].machine;
		uint32_t length = request->segments[i].length;

		if (request->operation == BLOCK_READ)
			memcpy(memory, at, length);
		else
			memcpy(at, memory, length);
		at += length;
	}
}

/* Finish all, the last first. */
static void disk_runs(int error)
{
	while (under_way_count) {
		struct block_request *request = under_way[--under_way_count];

		if (!error)
			carry_out(request);
		block_complete(request, error);
	}
}

/* --- the guest ----------------------------------------------------------------------------------
 */

static blkif_front_ring_t front;

static void fill(uint8_t *bytes, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 13 + i / 256 + seed);
}

static int begin(void **state)
{
	(void)state;
	memset(&vbd, 0, sizeof(vbd));
	memset(&device, 0, sizeof(device));
	device = (struct block_device){.sectors = SECTORS,
				       .logical_block = 512,
				       .max_segments = 64,
				       .max_sectors = 512,
				       .max_discard = 100,
				       .can_flush = true,
				       .start = start};
	block_init(&device);
	disk.device = &device;
	vbd.disk = &disk;
	vbd.backend.domid = 9;
	vbd.limits = (struct blkring_limits){.sectors = SECTORS,
					     .unit = 1,
					     .max_segments = 64,
					     .can_write = true,
					     .can_flush = true,
					     .can_discard = true};
	memset(requests, 0, sizeof(requests));
	vbd_init_requests(&vbd, requests);
	XEN_FRONT_RING_INIT(&front, (struct blkif_sring *)ring_pages, sizeof(ring_pages));
	BACK_RING_INIT(&vbd.ring, (struct blkif_sring *)ring_pages, sizeof(ring_pages));
	for (unsigned int i = 0; i < PAGES; i++)
		fill(guest_page[i], 4096, i);
	fill(contents, sizeof(contents), 99);
	failure[0] = '\0';
	held = maps = unmaps = events = wakes = drained = under_way_count = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(held, 0);
	assert_int_equal(vbd.busy, 0);
	return 0;
}

static blkif_request_t *push(uint8_t operation, uint64_t sector, unsigned int segments)
{
	blkif_request_t *request = RING_GET_REQUEST(&front, front.req_prod_pvt);

	memset(request, 0, sizeof(*request));
	request->operation = operation;
	request->nr_segments = (uint8_t)segments;
	request->id = 0x1234567800000000 + front.req_prod_pvt;
	request->sector_number = sector;
	for (unsigned int i = 0; i < segments && i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
		request->seg[i] = (struct blkif_request_segment){FIRST_REF + i, 0, 7};
	front.req_prod_pvt++;
	return request;
}

static blkif_request_indirect_t *push_indirect(uint8_t operation, uint64_t sector,
					       unsigned int segments, grant_ref_t page)
{
	blkif_request_indirect_t *request = (void *)push(BLKIF_OP_INDIRECT, 0, 0);
	uint64_t id = ((blkif_request_t *)request)->id;

	memset(request, 0, sizeof(*request));
	request->operation = BLKIF_OP_INDIRECT;
	request->indirect_op = operation;
	request->nr_segments = (uint16_t)segments;
	request->id = id;
	request->sector_number = sector;
	request->indirect_grefs[0] = page;
	return request;
}

/* What the thread does in a round, until it has nothing left. */
static void serve(void)
{
	RING_PUSH_REQUESTS(&front);
	do
		vbd_finish(&vbd);
	while (!vbd.backend.failed && vbd_take(&vbd));
	vbd_finish(&vbd);
	vbd_push(&vbd);
}

static void serve_all(void)
{
	serve();
	while (under_way_count) {
		disk_runs(0);
		serve();
	}
}

/* The status of the next answer; any order, so the identifier only has to be one of ours. */
static int status(uint8_t operation)
{
	blkif_response_t response;

	assert_true(RING_HAS_UNCONSUMED_RESPONSES(&front));
	RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
	front.rsp_cons++;
	assert_int_equal(response.id >> 32, 0x12345678);
	assert_int_equal(response.operation, operation);
	return response.status;
}

static void answered(uint8_t operation, int expected)
{
	serve_all();
	assert_int_equal(status(operation), expected);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&front));
	assert_string_equal(failure, "");
}

/* --- requests that are good ---------------------------------------------------------------------
 */

static void writes_and_reads(void **state)
{
	(void)state;
	push(BLKIF_OP_WRITE, 16, 3);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_memory_equal(contents + 16 * 512, guest_page, 3 * 4096);
	push(BLKIF_OP_READ, 32, 2)->seg[0] = (struct blkif_request_segment){1050, 2, 4};
	answered(BLKIF_OP_READ, BLKIF_RSP_OKAY);
	assert_memory_equal(guest_page[50] + 1024, contents + 32 * 512, 3 * 512);
	assert_memory_equal(guest_page[1], contents + 35 * 512, 4096);
	assert_int_equal(vbd.count[BLOCK_WRITE], 1);
	assert_int_equal(vbd.sectors[BLOCK_WRITE], 24);
	assert_int_equal(vbd.sectors[BLOCK_READ], 11);
	assert_int_equal(maps, 2);
	assert_int_equal(unmaps, 2);
}

static void reads_by_indirect_segments(void **state)
{
	struct blkif_request_segment *list = (void *)guest_page[90];

	(void)state;
	for (unsigned int i = 0; i < 64; i++)
		list[i] = (struct blkif_request_segment){FIRST_REF + i, 0, 7};
	push_indirect(BLKIF_OP_READ, 8, 64, 1090);
	answered(BLKIF_OP_READ, BLKIF_RSP_OKAY); /* answered as what it holds */
	assert_memory_equal(guest_page, contents + 8 * 512, 64 * 4096);
}

/* Grants that stand are held once, whatever the requests; two that meet in one place both work. */
static void holds_standing_grants(void **state)
{
	struct blkif_request_segment *list = (void *)guest_page[90];

	(void)state;
	vbd.standing = calloc(VBD_STANDING, sizeof(*vbd.standing));
	vbd_set_plain(&vbd);
	for (unsigned int round = 0; round < 3; round++) {
		push(BLKIF_OP_WRITE, 16, 3);
		push(BLKIF_OP_WRITE, 64, 5);
		push(BLKIF_OP_WRITE, 128, 2)->seg[1].gref = FIRST_REF; /* one page twice */
		serve_all();
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(status(BLKIF_OP_WRITE), BLKIF_RSP_OKAY);
		push(BLKIF_OP_READ, 64, 5);
		answered(BLKIF_OP_READ, BLKIF_RSP_OKAY);
		assert_int_equal(held, 5);
		assert_memory_equal(contents + 64 * 512, guest_page, 5 * 4096);
	}
	assert_int_equal(maps, 1);
	for (unsigned int i = 0; i < 64; i++)
		list[i] = (struct blkif_request_segment){FIRST_REF + i, 1, 6};
	push_indirect(BLKIF_OP_WRITE, 8, 64, 1090);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_int_equal(held, 64);
	for (unsigned int i = 0; i < 64; i++)
		assert_memory_equal(contents + 8 * 512 + i * 6 * 512, guest_page[i] + 512, 6 * 512);
	push(BLKIF_OP_READ, 0, 2)->seg[1].gref = READ_ONLY_REF; /* that must be writable */
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, 0, 2)->seg[1].gref = 5;
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	assert_int_equal(held, 64);
	vbd_end_standing(&vbd);
	assert_int_equal(held, 0);
	assert_null(vbd.standing);
}

static void shares_places_of_standing_grants(void **state)
{
	(void)state;
	vbd.standing = calloc(VBD_STANDING, sizeof(*vbd.standing));
	vbd_set_plain(&vbd);
	/* As if another reference stood where the second page's would. */
	vbd.standing[(FIRST_REF + 1) % VBD_STANDING] = (struct vbd_standing){
		FIRST_REF + 1 + VBD_STANDING, 1, {FIRST_REF + 2 + 7, (uintptr_t)guest_page[2]}};
	held = 1;
	for (unsigned int round = 0; round < 2; round++) {
		push(BLKIF_OP_WRITE, 0, 2);
		answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
		assert_memory_equal(contents, guest_page, 2 * 4096);
		assert_int_equal(held, 2);
	}
	vbd_end_standing(&vbd);
}

/* --- long segments ------------------------------------------------------------------------------
 */

static void begin_long(bool device_joins)
{
	vbd.standing = calloc(VBD_STANDING, sizeof(*vbd.standing));
	vbd_set_plain(&vbd);
	vbd.limits.long_segments = true;
	device.long_segments = device_joins;
}

static void push_long(uint8_t operation, uint64_t sector, grant_ref_t ref, uint8_t first,
		      uint8_t last)
{
	push(operation, sector, 1)->seg[0] = (struct blkif_request_segment){ref, first, last};
}

/* A buffer is asked for once, and is one segment of the disk's from the first request on. */
static void takes_long_segments(void **state)
{
	(void)state;
	begin_long(true);
	for (unsigned int round = 0; round < 3; round++) {
		push_long(BLKIF_OP_WRITE, 8, FIRST_REF, 0, 255);
		serve();
		assert_int_equal(under_way_count, 1);
		assert_int_equal(under_way[0]->segment_count, 1);
		answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
		assert_memory_equal(contents + 8 * 512, guest_page, 32 * 4096);
		push_long(BLKIF_OP_READ, 300, FIRST_REF + 3, 5, 20);
		answered(BLKIF_OP_READ, BLKIF_RSP_OKAY);
		assert_memory_equal(guest_page[3] + 5 * 512, contents + 300 * 512, 16 * 512);
		fill(guest_page[0], 32 * 4096, round);
	}
	assert_int_equal(vbd.standing[FIRST_REF % VBD_STANDING].run, 32);
	assert_int_equal(maps, 1);
	assert_int_equal(held, 32);
	push(BLKIF_OP_WRITE, 0, 2)->seg[0] = (struct blkif_request_segment){FIRST_REF, 1, 255};
	answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_memory_equal(contents, guest_page[0] + 512, 255 * 512);
	assert_memory_equal(contents + 255 * 512, guest_page[1], 4096);
	vbd_end_standing(&vbd);
}

/* A disk that takes pages alone gets pages; the data are the same. */
static void cuts_long_segments(void **state)
{
	(void)state;
	begin_long(false);
	for (unsigned int round = 0; round < 2; round++) {
		push_long(BLKIF_OP_WRITE, 8, FIRST_REF, 3, 254);
		serve();
		assert_int_equal(under_way[0]->segment_count, 32);
		for (unsigned int i = 0; i < 32; i++)
			assert_true(under_way[0]->segments[i].machine % 4096 +
					    under_way[0]->segments[i].length <=
				    4096);
		answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
		assert_memory_equal(contents + 8 * 512, guest_page[0] + 3 * 512, 252 * 512);
		memset(contents, 0, sizeof(contents));
	}
	vbd_end_standing(&vbd);
}

/* Consecutive references whose pages are not, some of which stand already, or not at all; without
 * a table as well. */
static void looks_up_long_segments(void **state)
{
	(void)state;
	begin_long(true);
	vbd.standing[(FIRST_REF + 2) % VBD_STANDING] = (struct vbd_standing){
		FIRST_REF + 2, 1, {FIRST_REF + 50 + 7, (uintptr_t)guest_page[50]}};
	held = 1;
	for (unsigned int round = 0; round < 2; round++) {
		push_long(BLKIF_OP_WRITE, 0, FIRST_REF, 0, 39);
		serve();
		assert_int_equal(under_way[0]->segment_count, 3);
		answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
		assert_memory_equal(contents, guest_page, 2 * 4096);
		assert_memory_equal(contents + 16 * 512, guest_page[50], 4096);
		assert_memory_equal(contents + 24 * 512, guest_page[3], 2 * 4096);
	}
	assert_int_equal(held, 5);
	push_long(BLKIF_OP_READ, 0, READ_ONLY_REF - 2, 0, 31);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push_long(BLKIF_OP_READ, 0, ~0u, 0, 31);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	vbd_end_standing(&vbd);
	push_long(BLKIF_OP_WRITE, 0, FIRST_REF + 4, 2, 31);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_memory_equal(contents, guest_page[4] + 1024, 30 * 512);
}

static void refuses_bad_long_segments(void **state)
{
	struct blkif_request_segment *list = (void *)guest_page[90];

	(void)state;
	begin_long(true);
	push_long(BLKIF_OP_READ, 0, FIRST_REF, 8, 15); /* it does not begin in its page */
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push_long(BLKIF_OP_READ, SECTORS - 255, FIRST_REF, 0, 255);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, 0, 3)->seg[0].last_sect = 255;
	RING_GET_REQUEST(&front, front.req_prod_pvt - 1)->seg[1].last_sect = 255;
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR); /* 65 pages */
	vbd.limits.unit = 2;
	push_long(BLKIF_OP_READ, 0, FIRST_REF, 1, 16); /* half a unit is in another page */
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	vbd.limits.unit = 1;
	list[0] = (struct blkif_request_segment){FIRST_REF, 0, 15};
	push_indirect(BLKIF_OP_READ, 0, 1, 1090);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	assert_int_equal(maps, 0);
	vbd_end_standing(&vbd);
}

/* What only is read need not be writable for dom0. */
static void writes_from_read_only_grants(void **state)
{
	(void)state;
	push(BLKIF_OP_WRITE, 0, 1)->seg[0].gref = READ_ONLY_REF;
	answered(BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	push(BLKIF_OP_READ, 0, 1)->seg[0].gref = READ_ONLY_REF;
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
}

static void flushes(void **state)
{
	(void)state;
	push(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	serve();
	assert_int_equal(under_way_count, 1);
	assert_int_equal(under_way[0]->operation, BLOCK_FLUSH);
	answered(BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_OKAY);
}

static void push_discard(uint64_t sector, uint64_t sectors, uint8_t flag)
{
	blkif_request_discard_t *request = (void *)push(BLKIF_OP_DISCARD, sector, 0);

	request->flag = flag;
	request->nr_sectors = sectors;
}

/* A long discard goes to the disk in pieces. */
static void discards(void **state)
{
	(void)state;
	push_discard(10, 950, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_OKAY);
	for (size_t i = 10 * 512; i < 960 * 512; i++)
		assert_int_equal(contents[i], 0xdd);
	push_discard(SECTORS - 1, 2, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_ERROR);
	push_discard(~0ull, 2, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_ERROR);
	push_discard(0, 0, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_ERROR);
	push_discard(0, 8, BLKIF_DISCARD_SECURE);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_EOPNOTSUPP);
	vbd.limits.can_discard = false;
	push_discard(0, 8, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_EOPNOTSUPP);
}

/* Nothing else comes by: the thread must be told. */
static void answers_a_discard_that_breaks_off(void **state)
{
	(void)state;
	broken_at = 2;
	push_discard(0, 250, 0);
	serve();
	wakes = 0;
	disk_runs(0);
	assert_true(wakes);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_ERROR);
	assert_int_equal(contents[100 * 512 - 1], 0xdd);
	assert_int_not_equal(contents[100 * 512], 0xdd);
}

/* A full ring of four pages: more than can be under way, all answered, none before it is done. */
static void serves_a_full_ring(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RING_SIZE(&front); i++)
		push(BLKIF_OP_READ, i * 8, 1);
	serve();
	assert_int_equal(vbd.busy, VBD_REQUESTS);
	assert_int_equal(under_way_count, VBD_REQUESTS);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&front));
	serve_all();
	for (unsigned int i = 0; i < RING_SIZE(&front); i++)
		assert_int_equal(status(BLKIF_OP_READ), BLKIF_RSP_OKAY);
	assert_false(RING_HAS_UNCONSUMED_RESPONSES(&front));
	assert_in_range(maps, 4, 8); /* batches, not one hypercall each */
}

static void passes_on_errors_of_the_disk(void **state)
{
	(void)state;
	push(BLKIF_OP_READ, 0, 2);
	serve();
	disk_runs(-XEN_EIO);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_WRITE, 0, 1);
	serve();
	disk_runs(-XEN_EOPNOTSUPP);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(vbd.errors, 2);
}

/* The front end is notified when it asked to be, and not otherwise. */
static void notifies(void **state)
{
	(void)state;
	front.sring->rsp_event = 2;
	push(BLKIF_OP_READ, 0, 1);
	serve_all();
	assert_int_equal(events, 0);
	push(BLKIF_OP_READ, 0, 1);
	serve_all();
	assert_int_equal(events, 1);
	assert_int_equal(vbd.ring.sring->req_event, 3);
}

/* Whoever takes the back end down is told when the last request is done, not before. */
static void drains(void **state)
{
	(void)state;
	push(BLKIF_OP_READ, 0, 1);
	push(BLKIF_OP_READ, 8, 1);
	serve();
	vbd.closing = true;
	vbd_finish(&vbd);
	assert_int_equal(drained, 0);
	assert_int_equal(held, 2);
	disk_runs(0);
	assert_int_equal(held, 2); /* not in the disk's thread */
	vbd_finish(&vbd);
	assert_int_equal(held, 0);
	assert_int_equal(drained, 1);
}

/* --- requests that are not good ------------------------------------------------------------------
 */

static void refuses_bad_segments(void **state)
{
	static const struct blkif_request_segment bad[] = {
		{FIRST_REF, 0, 8}, {FIRST_REF, 5, 4}, {FIRST_REF, 255, 255}, {FIRST_REF, 0, 255}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		push(BLKIF_OP_WRITE, 0, 3)->seg[2] = bad[i];
		answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	}
	push(BLKIF_OP_READ, 0, 0);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, 0, 12);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, 0, 255);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	assert_int_equal(maps, 0);
}

static void refuses_bad_places(void **state)
{
	(void)state;
	push(BLKIF_OP_READ, SECTORS - 7, 1);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, SECTORS - 8, 1);
	answered(BLKIF_OP_READ, BLKIF_RSP_OKAY);
	push(BLKIF_OP_WRITE, ~0ull, 1);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	push(BLKIF_OP_WRITE, ~0ull - 7, 1);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	vbd.limits.unit = 8;
	push(BLKIF_OP_READ, 4, 1);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push(BLKIF_OP_READ, 8, 1)->seg[0].last_sect = 3;
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
}

/* Some pages are granted, some are not: none stays held. */
static void refuses_bad_references(void **state)
{
	(void)state;
	push(BLKIF_OP_READ, 0, 5)->seg[2].gref = 3;
	push(BLKIF_OP_READ, 0, 2)->seg[0].gref = ~0u;
	push(BLKIF_OP_READ, 0, 2);
	serve_all();
	assert_int_equal(status(BLKIF_OP_READ) + status(BLKIF_OP_READ) + status(BLKIF_OP_READ),
			 2 * BLKIF_RSP_ERROR);
}

static void refuses_bad_lists(void **state)
{
	struct blkif_request_segment *list = (void *)guest_page[90];

	(void)state;
	for (unsigned int i = 0; i < 64; i++)
		list[i] = (struct blkif_request_segment){FIRST_REF + i, 0, 7};
	push_indirect(BLKIF_OP_READ, 0, 65, 1090);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push_indirect(BLKIF_OP_READ, 0, 0, 1090);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push_indirect(BLKIF_OP_READ, 0, 64, 4);
	answered(BLKIF_OP_READ, BLKIF_RSP_ERROR);
	push_indirect(BLKIF_OP_FLUSH_DISKCACHE, 0, 1, 1090);
	answered(BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_EOPNOTSUPP);
	push_indirect(BLKIF_OP_INDIRECT, 0, 1, 1090);
	answered(BLKIF_OP_INDIRECT, BLKIF_RSP_EOPNOTSUPP);
	list[63].last_sect = 8;
	push_indirect(BLKIF_OP_WRITE, 0, 64, 1090);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	list[63] = (struct blkif_request_segment){5, 0, 7};
	push_indirect(BLKIF_OP_WRITE, 0, 64, 1090);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	vbd.limits.max_segments = 0;
	push_indirect(BLKIF_OP_WRITE, 0, 1, 1090);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_EOPNOTSUPP);
}

static void refuses_what_is_not_offered(void **state)
{
	(void)state;
	push(BLKIF_OP_WRITE_BARRIER, 0, 1);
	answered(BLKIF_OP_WRITE_BARRIER, BLKIF_RSP_EOPNOTSUPP);
	push(77, 0, 1);
	answered(77, BLKIF_RSP_EOPNOTSUPP);
	push(BLKIF_OP_FLUSH_DISKCACHE, 0, 1);
	answered(BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_ERROR);
	vbd.limits.can_flush = false;
	push(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	answered(BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_EOPNOTSUPP);
}

static void keeps_read_only_disks(void **state)
{
	(void)state;
	vbd.limits.can_write = vbd.limits.can_discard = false;
	push(BLKIF_OP_WRITE, 0, 1);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	push_indirect(BLKIF_OP_WRITE, 0, 1, 1090);
	answered(BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	push_discard(0, 8, 0);
	answered(BLKIF_OP_DISCARD, BLKIF_RSP_EOPNOTSUPP);
	push(BLKIF_OP_READ, 0, 1);
	answered(BLKIF_OP_READ, BLKIF_RSP_OKAY);
}

static void fails_on_an_impossible_index(void **state)
{
	static const RING_IDX bad[] = {129, 0x80000000, 0xffffffff};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vbd.backend.failed = false;
		failure[0] = '\0';
		front.sring->req_prod = bad[i];
		assert_false(vbd_take(&vbd));
		assert_true(vbd.backend.failed);
		assert_string_equal(failure, "impossible index of requests");
	}
}

/* What is under way when the front end goes mad is still awaited, and its pages let go. */
static void fails_with_requests_under_way(void **state)
{
	(void)state;
	push(BLKIF_OP_READ, 0, 3);
	serve();
	front.sring->req_prod += 1000;
	vbd_take(&vbd);
	assert_true(vbd.backend.failed);
	assert_int_equal(held, 3);
	disk_runs(0);
	vbd_finish(&vbd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(writes_and_reads),
		TEST(reads_by_indirect_segments),
		TEST(holds_standing_grants),
		TEST(shares_places_of_standing_grants),
		TEST(takes_long_segments),
		TEST(cuts_long_segments),
		TEST(looks_up_long_segments),
		TEST(refuses_bad_long_segments),
		TEST(writes_from_read_only_grants),
		TEST(flushes),
		TEST(discards),
		TEST(answers_a_discard_that_breaks_off),
		TEST(serves_a_full_ring),
		TEST(passes_on_errors_of_the_disk),
		TEST(notifies),
		TEST(drains),
		TEST(refuses_bad_segments),
		TEST(refuses_bad_places),
		TEST(refuses_bad_references),
		TEST(refuses_bad_lists),
		TEST(refuses_what_is_not_offered),
		TEST(keeps_read_only_disks),
		TEST(fails_on_an_impossible_index),
		TEST(fails_with_requests_under_way),
	};

	return cmocka_run_group_tests_name("dom0_blkback", tests, NULL, NULL);
}
