/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to disks: what is refused, what waits for room; and checksums of frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "driver/block.h"
#include "driver/net.h"

static struct block_device device;
static struct block_request *started[64];
static unsigned int starts, room, completed, last_error;
static int refusal;

static int start(struct block_device *to, struct block_request *request)
{
	assert_ptr_equal(to, &device);
	if (refusal)
		return refusal;
	if (!room)
		return -XEN_EBUSY;
	room--;
	started[starts++] = request;
	return 0;
}

static void finished(struct block_request *request, int error)
{
	(void)request;
	completed++;
	last_error = (unsigned int)-error;
}

static int fresh(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	device.sectors = 1000;
	device.logical_block = 512;
	device.max_segments = 4;
	device.max_sectors = 32;
	device.max_discard = 100;
	device.start = start;
	block_init(&device);
	starts = completed = last_error = 0;
	room = 64;
	refusal = 0;
	return 0;
}

static struct block_segment segments[8];

static struct block_request request(enum block_operation operation, uint64_t sector,
				    unsigned int count)
{
	struct block_request r = {
		.operation = operation,
		.sector = sector,
		.sectors = 8 * count,
		.segment_count = count,
		.segments = segments,
		.done = finished,
	};

	for (unsigned int i = 0; i < count; i++)
		segments[i] = (struct block_segment){0x10000 + i * 4096, 4096};
	return r;
}

static void accepts(void **state)
{
	struct block_request r = request(BLOCK_READ, 0, 4);

	(void)state;
	assert_int_equal(block_submit(&device, &r), 0);
	r = request(BLOCK_WRITE, 992, 1);
	assert_int_equal(block_submit(&device, &r), 0);
	r = request(BLOCK_FLUSH, 0, 0);
	assert_int_equal(block_submit(&device, &r), 0);
	r = request(BLOCK_DISCARD, 900, 0);
	r.sectors = 100;
	assert_int_equal(block_submit(&device, &r), 0);
	r = request(BLOCK_READ, 999, 1);
	r.sectors = 1;
	segments[0] = (struct block_segment){0x10e00, 512};
	assert_int_equal(block_submit(&device, &r), 0);
	assert_int_equal(starts, 5);
	assert_int_equal(completed, 0);
}

static void refuse(struct block_request *r, int error)
{
	assert_int_equal(block_submit(&device, r), error);
	assert_int_equal(starts, 0);
	assert_int_equal(completed, 0);
}

static void refuses_places(void **state)
{
	struct block_request r = request(BLOCK_READ, 993, 1);

	(void)state;
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_READ, UINT64_MAX - 3, 1);
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_READ, 1001, 1);
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_READ, 0, 0);
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_FLUSH, 0, 1);
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_DISCARD, 0, 0);
	r.sectors = 101;
	refuse(&r, -XEN_EINVAL);
	r.sectors = 0;
	refuse(&r, -XEN_EINVAL);
	r.sectors = 10;
	device.max_discard = 0;
	refuse(&r, -XEN_EOPNOTSUPP);
	device.read_only = true;
	refuse(&r, -XEN_EROFS);
	r = request(BLOCK_WRITE, 0, 1);
	refuse(&r, -XEN_EROFS);
}

static void refuses_segments(void **state)
{
	static const struct block_segment bad[] = {
		{0x10000, 0},	       {0x10100, 4096}, {0x10200, 4096},
		{0x10000, 4096 + 512}, {0x10000, 100},	{0x10000, 3584},
	};
	struct block_request r = request(BLOCK_READ, 0, 5);

	(void)state;
	refuse(&r, -XEN_EINVAL); /* too many */
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = request(BLOCK_READ, 0, 2);
		segments[1] = bad[i];
		refuse(&r, -XEN_EINVAL);
	}
	r = request(BLOCK_READ, 0, 2);
	r.sectors = 8;
	refuse(&r, -XEN_EINVAL); /* they do not add up */
	device.max_sectors = 8;
	r = request(BLOCK_READ, 0, 2);
	refuse(&r, -XEN_EINVAL);
	device.max_sectors = 32;
	device.logical_block = 4096;
	r = request(BLOCK_READ, 4, 1);
	refuse(&r, -XEN_EINVAL);
	r = request(BLOCK_READ, 8, 1);
	r.sectors = 4;
	segments[0].length = 2048;
	refuse(&r, -XEN_EINVAL);
}

static void waits_for_room(void **state)
{
	struct block_request r[4];

	(void)state;
	room = 1;
	for (int i = 0; i < 4; i++) {
		r[i] = request(BLOCK_READ, 0, 1);
		assert_int_equal(block_submit(&device, &r[i]), 0);
	}
	assert_int_equal(starts, 1);
	block_retry(&device);
	assert_int_equal(starts, 1);
	room = 2;
	block_retry(&device);
	room = 5;
	block_retry(&device);
	block_retry(&device);
	assert_int_equal(starts, 4);
	for (int i = 0; i < 4; i++)
		assert_ptr_equal(started[i], &r[i]); /* in order */
}

/* A device that broke meanwhile answers those that waited, and refuses new ones. */
static void breaks(void **state)
{
	struct block_request r[3];

	(void)state;
	room = 0;
	for (int i = 0; i < 2; i++) {
		r[i] = request(BLOCK_READ, 0, 1);
		assert_int_equal(block_submit(&device, &r[i]), 0);
	}
	refusal = -XEN_ENODEV;
	block_retry(&device);
	assert_int_equal(completed, 2);
	assert_int_equal(last_error, XEN_ENODEV);
	r[2] = request(BLOCK_READ, 0, 1);
	assert_int_equal(block_submit(&device, &r[2]), -XEN_ENODEV);
	assert_int_equal(completed, 2);
}

static unsigned int kicks;

static void kick(struct block_device *of)
{
	assert_ptr_equal(of, &device);
	kicks++;
}

/* Holding a partition is holding its disk; the device is told once, by the last who lets go. */
static void holds(void **state)
{
	struct block_device partition = {.whole = &device};

	(void)state;
	kicks = 0;
	device.kick = kick;
	block_hold(&device);
	assert_int_equal(device.held, 1);
	block_hold(&partition);
	assert_int_equal(device.held, 2);
	block_let_go(&device);
	assert_int_equal(kicks, 0);
	block_let_go(&partition);
	assert_int_equal(kicks, 1);
	assert_int_equal(device.held, 0);
	device.kick = NULL;
	block_hold(&device);
	block_let_go(&device);
	assert_int_equal(kicks, 1);
}

/* Memory that is consecutive makes one segment, where the device takes such. */
static void joins_segments(void **state)
{
	struct block_request r = request(BLOCK_READ, 0, 1);
	unsigned int count;

	(void)state;
	count = block_add_segment(&device, segments, 0, 0x20000, 4096);
	count = block_add_segment(&device, segments, count, 0x21000, 4096);
	assert_int_equal(count, 2);
	device.long_segments = true;
	count = block_add_segment(&device, segments, 0, 0x20e00, 512);
	count = block_add_segment(&device, segments, count, 0x21000, 4096);
	count = block_add_segment(&device, segments, count, 0x22000, 512);
	count = block_add_segment(&device, segments, count, 0x22000, 3072);
	assert_int_equal(count, 2);
	assert_int_equal(segments[0].machine, 0x20e00);
	assert_int_equal(segments[0].length, 5120);
	assert_int_equal(segments[1].length, 3072);
	r.segment_count = 2;
	r.sectors = 16;
	assert_int_equal(block_submit(&device, &r), 0);
	device.long_segments = false;
	starts = 0;
	refuse(&r, -XEN_EINVAL);
}

/* --- checksums of frames --- */

/* An IPv4 UDP frame with 4 bytes of payload, and the sum of its pseudo-header in place. */
static const uint8_t udp4[] = {
	2, 0,  0,    0,	   0,	 1,  2,	 0,  0,	   0,	 0,   2,   8,	0,   0x45, 0,
	0, 32, 0,    0,	   0x40, 0,  64, 17, 0,	   0,	 10,  0,   2,	15,  10,   0,
	2, 2,  0x30, 0x39, 0,	 53, 0,	 12, 0x18, 0x2e, 'a', 'b', 'c', 'd',
};

static uint32_t sum(const uint8_t *bytes, size_t length)
{
	uint32_t total = 0;

	for (size_t i = 0; i < length; i++)
		total += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return total;
}

/* The whole, pseudo-header included, sums to all ones. */
static void expect_sum(const uint8_t *payload, size_t length, uint32_t pseudo)
{
	uint32_t total = sum(payload, length) + pseudo;

	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	assert_int_equal(total, 0xffff);
}

static void checksums(void **state)
{
	uint8_t frame[sizeof(udp4) + 4];

	(void)state;
	memcpy(frame, udp4, sizeof(udp4));
	assert_true(net_fill_checksum(frame, sizeof(udp4)));
	expect_sum(frame + 34, 12, sum(frame + 26, 8) + 17 + 12);
	/* With a VLAN tag, and bytes of padding that do not count. */
	memcpy(frame, udp4, 12);
	memcpy(frame + 12, "\x81\0\0\5", 4);
	memcpy(frame + 16, udp4 + 12, sizeof(udp4) - 12);
	assert_true(net_fill_checksum(frame, sizeof(frame)));
	expect_sum(frame + 38, 12, sum(frame + 30, 8) + 17 + 12);
}

static void no_checksums(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
	} changes[] = {
		{13, 6},  {14, 0x55}, {14, 0x44}, {14, 0x4f}, {16, 1},
		{17, 33}, {20, 0x20}, {21, 1},	  {23, 1},    {17, 27},
	};
	uint8_t frame[sizeof(udp4)];

	(void)state;
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t before[sizeof(udp4)];

		memcpy(frame, udp4, sizeof(udp4));
		frame[changes[i].at] = changes[i].value;
		memcpy(before, frame, sizeof(frame));
		assert_false(net_fill_checksum(frame, sizeof(frame)));
		assert_memory_equal(frame, before, sizeof(frame));
	}
	for (size_t length = 0; length < sizeof(udp4); length++) {
		memcpy(frame, udp4, sizeof(udp4));
		assert_false(net_fill_checksum(frame, length));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(accepts, fresh),
		cmocka_unit_test_setup(refuses_places, fresh),
		cmocka_unit_test_setup(refuses_segments, fresh),
		cmocka_unit_test_setup(waits_for_room, fresh),
		cmocka_unit_test_setup(breaks, fresh),
		cmocka_unit_test_setup(holds, fresh),
		cmocka_unit_test_setup(joins_segments, fresh),
		cmocka_unit_test(checksums),
		cmocka_unit_test(no_checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
