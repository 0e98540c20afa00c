/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtqueues, with the test in the device's place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xen/errno.h>
#include "driver/virtqueue.h"

enum { SIZE = 8 };

static struct virtqueue queue;
static void *memory;
static uint16_t seen; /* of the available ones, by the device */

static int fresh(void **state)
{
	size_t available_at, used_at, bytes = virtqueue_bytes(SIZE, &available_at, &used_at);

	(void)state;
	memory = calloc(1, bytes);
	queue = (struct virtqueue){
		.size = SIZE,
		.descriptors = memory,
		.available = (void *)((uint8_t *)memory + available_at),
		.used = (void *)((uint8_t *)memory + used_at),
		.chains = calloc(SIZE, sizeof(*queue.chains)),
	};
	virtqueue_init(&queue);
	seen = 0;
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(memory);
	free(queue.chains);
	return 0;
}

/* The device takes the next chain; its head, or -1. */
static int device_next(void)
{
	if (seen == queue.available->index)
		return -1;
	return queue.available->ring[seen++ % SIZE];
}

static void device_answer(uint32_t head, uint32_t length)
{
	uint16_t index = queue.used->index;

	queue.used->ring[index % SIZE].head = head;
	queue.used->ring[index % SIZE].length = length;
	queue.used->index = (uint16_t)(index + 1);
}

static int tokens[64];

static int give(unsigned int count, void *token)
{
	struct virtqueue_buffer buffers[SIZE + 1];

	for (unsigned int i = 0; i < count; i++)
		buffers[i] = (struct virtqueue_buffer){
			.machine = 0x1000 * (i + 1),
			.length = 100 + i,
			.device_writes = i + 1 == count,
		};
	return virtqueue_give(&queue, buffers, count, NULL, token);
}

static void layout(void **state)
{
	size_t available_at, used_at;

	(void)state;
	/* As the first virtio versions lay out 256 entries. */
	assert_int_equal(virtqueue_bytes(256, &available_at, &used_at), 8192 + 6 + 256 * 8);
	assert_int_equal(available_at, 4096);
	assert_int_equal(used_at, 8192);
}

static void chains(void **state)
{
	struct virtqueue_descriptor *d;
	uint32_t written;
	int head;

	(void)state;
	assert_int_equal(give(3, &tokens[0]), 0);
	assert_int_equal(queue.free, SIZE - 3);
	head = device_next();
	d = &queue.descriptors[head];
	assert_int_equal(d->address, 0x1000);
	assert_int_equal(d->length, 100);
	assert_int_equal(d->flags, VIRTQUEUE_NEXT);
	d = &queue.descriptors[d->next];
	assert_int_equal(d->address, 0x2000);
	assert_int_equal(d->flags, VIRTQUEUE_NEXT);
	d = &queue.descriptors[d->next];
	assert_int_equal(d->flags, VIRTQUEUE_DESC_WRITE);
	assert_null(virtqueue_take(&queue, &written));
	device_answer((uint32_t)head, 50);
	assert_ptr_equal(virtqueue_take(&queue, &written), &tokens[0]);
	assert_int_equal(written, 50);
	assert_int_equal(queue.free, SIZE);
	assert_null(virtqueue_take(&queue, &written));
}

static void indirect(void **state)
{
	struct virtqueue_descriptor table[4] = {{0}};
	struct virtqueue_table place = {table, 0xabc000};
	struct virtqueue_buffer buffers[4] = {
		{1, 10, false}, {2, 20, false}, {3, 30, true}, {4, 40, true}};
	uint32_t written;
	int head;

	(void)state;
	assert_int_equal(virtqueue_give(&queue, buffers, 4, &place, &tokens[1]), 0);
	assert_int_equal(queue.free, SIZE - 1);
	head = device_next();
	assert_int_equal(queue.descriptors[head].address, 0xabc000);
	assert_int_equal(queue.descriptors[head].length, 64);
	assert_int_equal(queue.descriptors[head].flags, VIRTQUEUE_INDIRECT);
	assert_int_equal(table[0].flags, VIRTQUEUE_NEXT);
	assert_int_equal(table[2].next, 3);
	assert_int_equal(table[3].flags, VIRTQUEUE_DESC_WRITE);
	device_answer((uint32_t)head, 1000);
	assert_ptr_equal(virtqueue_take(&queue, &written), &tokens[1]);
	assert_int_equal(written, 70); /* what it might, not what it says */
}

static void full(void **state)
{
	uint32_t written;

	(void)state;
	assert_int_equal(give(SIZE + 1, &tokens[0]), -XEN_EBUSY);
	assert_int_equal(give(5, &tokens[0]), 0);
	assert_int_equal(give(4, &tokens[1]), -XEN_EBUSY);
	assert_int_equal(give(3, &tokens[1]), 0);
	assert_int_equal(give(1, &tokens[2]), -XEN_EBUSY);
	device_answer((uint32_t)device_next(), 0);
	assert_ptr_equal(virtqueue_take(&queue, &written), &tokens[0]);
	assert_int_equal(give(5, &tokens[2]), 0);
}

/* Answers out of order, many rounds, also past the indices' wrap. */
static void rounds(void **state)
{
	unsigned int given = 0, taken = 0;
	bool flying[64] = {false};
	int heads[SIZE];
	unsigned int held = 0;

	(void)state;
	srand(3);
	while (taken < 200000) {
		unsigned int token = given % 64;
		uint32_t written;
		int *got;

		if (!flying[token] && !give(1 + (unsigned int)rand() % 3, &tokens[token])) {
			flying[token] = true;
			given++;
		}
		while (held < SIZE && (heads[held] = device_next()) >= 0)
			held++;
		if (held && rand() % 3) {
			unsigned int which = (unsigned int)rand() % held;

			device_answer((uint32_t)heads[which], 1);
			heads[which] = heads[--held];
		}
		while ((got = virtqueue_take(&queue, &written))) {
			assert_true(flying[got - tokens]);
			flying[got - tokens] = false;
			taken++;
		}
		assert_false(queue.broken);
	}
}

static void expect_broken(void)
{
	uint32_t written;

	assert_null(virtqueue_take(&queue, &written));
	assert_true(queue.broken);
	assert_null(virtqueue_take(&queue, &written));
	assert_int_equal(give(1, &tokens[9]), -XEN_EIO);
	assert_false(virtqueue_wants_notice(&queue));
}

static void wrong_heads(void **state)
{
	static const uint32_t heads[] = {SIZE, 0xffff, 0xffffffff, 7, 1};

	for (unsigned int i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		fresh(state);
		assert_int_equal(give(2, &tokens[0]), 0); /* places 0 and 1 */
		device_answer(heads[i], 0);
		expect_broken();
		assert_ptr_equal(virtqueue_abandon(&queue), &tokens[0]);
		assert_null(virtqueue_abandon(&queue));
		if (i + 1 < sizeof(heads) / sizeof(heads[0]))
			done(state);
	}
}

static void answers_twice(void **state)
{
	uint32_t written;

	(void)state;
	assert_int_equal(give(1, &tokens[0]), 0);
	assert_int_equal(give(1, &tokens[1]), 0);
	device_answer(0, 0);
	device_answer(0, 0);
	assert_ptr_equal(virtqueue_take(&queue, &written), &tokens[0]);
	expect_broken();
	assert_ptr_equal(virtqueue_abandon(&queue), &tokens[1]);
}

static void wrong_index(void **state)
{
	(void)state;
	assert_int_equal(give(1, &tokens[0]), 0);
	queue.used->index = 2;
	expect_broken();
	done(state);
	fresh(state);
	assert_int_equal(give(1, &tokens[0]), 0);
	queue.used->index = 0xffff;
	expect_broken();
}

static void notices(void **state)
{
	(void)state;
	assert_true(virtqueue_wants_notice(&queue));
	queue.used->flags = 1;
	assert_false(virtqueue_wants_notice(&queue));
	virtqueue_mute(&queue);
	assert_int_equal(queue.available->flags, 1);
}

/* What was answered while interrupts were off must be taken: none will come for it. */
static void unmutes(void **state)
{
	uint32_t written;

	(void)state;
	virtqueue_mute(&queue);
	assert_int_equal(give(1, &tokens[0]), 0);
	assert_false(virtqueue_unmute(&queue));
	assert_int_equal(queue.available->flags, 0);
	virtqueue_mute(&queue);
	queue.used->index = 1;
	assert_true(virtqueue_unmute(&queue));
	assert_ptr_equal(virtqueue_take(&queue, &written), &tokens[0]);
	assert_false(virtqueue_unmute(&queue));
	queue.used->index = 9;
	assert_null(virtqueue_take(&queue, &written));
	assert_false(virtqueue_unmute(&queue)); /* broken: nothing will ever be taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test_setup_teardown(chains, fresh, done),
		cmocka_unit_test_setup_teardown(indirect, fresh, done),
		cmocka_unit_test_setup_teardown(full, fresh, done),
		cmocka_unit_test_setup_teardown(unmutes, fresh, done),
		cmocka_unit_test_setup_teardown(rounds, fresh, done),
		cmocka_unit_test_setup_teardown(wrong_heads, NULL, done),
		cmocka_unit_test_setup_teardown(answers_twice, fresh, done),
		cmocka_unit_test_setup_teardown(wrong_index, fresh, done),
		cmocka_unit_test_setup_teardown(notices, fresh, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
