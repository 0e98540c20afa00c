/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVMe queues with the test in the device's place, and commands from segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "driver/nvme_queue.h"

enum { SIZE = 8 };

static struct nvme_queue queue;
static struct nvme_command commands[SIZE];
static struct nvme_completion completions[SIZE];
static unsigned int device_at, device_phase; /* of the next answer */
static int tokens[SIZE];

static int fresh(void **state)
{
	(void)state;
	memset(commands, 0, sizeof(commands));
	memset(completions, 0, sizeof(completions));
	queue = (struct nvme_queue){
		.size = SIZE,
		.commands = commands,
		.completions = completions,
	};
	nvme_queue_init(&queue);
	device_at = 0;
	device_phase = 1;
	return 0;
}

static void answer(uint16_t id, uint16_t status, uint32_t result)
{
	completions[device_at].id = id;
	completions[device_at].result = result;
	completions[device_at].status = (uint16_t)(status << 1 | device_phase);
	device_at = (device_at + 1) % SIZE;
	device_phase ^= !device_at;
}

static uint16_t put(void *token)
{
	struct nvme_command command = {.opcode = 2};
	uint16_t id = nvme_queue_next_id(&queue), at = queue.tail;

	nvme_queue_put(&queue, &command, token);
	assert_int_equal(commands[at].id, id);
	assert_int_equal(commands[at].opcode, 2);
	return id;
}

static void one_command(void **state)
{
	uint16_t status, id;
	uint32_t result;

	(void)state;
	assert_int_equal(nvme_queue_room(&queue), SIZE - 1);
	id = put(&tokens[0]);
	assert_int_equal(queue.tail, 1);
	assert_null(nvme_queue_take(&queue, &status, &result));
	answer(id, 0x281, 77);
	assert_ptr_equal(nvme_queue_take(&queue, &status, &result), &tokens[0]);
	assert_int_equal(status, 0x281);
	assert_int_equal(result, 77);
	assert_int_equal(queue.head, 1);
	assert_null(nvme_queue_take(&queue, &status, &result));
}

static void rounds(void **state)
{
	uint16_t flying[SIZE], status;
	unsigned int count = 0;
	uint32_t result;

	(void)state;
	srand(4);
	for (unsigned int i = 0; i < 100000; i++) {
		if (nvme_queue_room(&queue) && rand() % 2) {
			flying[count] = put(&tokens[nvme_queue_next_id(&queue)]);
			count++;
		} else if (count) {
			unsigned int which = (unsigned int)rand() % count;
			uint16_t id = flying[which];

			answer(id, 0, 0);
			flying[which] = flying[--count];
			assert_ptr_equal(nvme_queue_take(&queue, &status, &result), &tokens[id]);
		}
		assert_int_equal(nvme_queue_room(&queue), SIZE - 1 - count);
	}
	assert_false(queue.broken);
}

static void expect_broken(void)
{
	uint16_t status;
	uint32_t result;

	assert_null(nvme_queue_take(&queue, &status, &result));
	assert_true(queue.broken);
	assert_int_equal(nvme_queue_room(&queue), 0);
	assert_null(nvme_queue_take(&queue, &status, &result));
}

static void wrong_answers(void **state)
{
	static const uint16_t ids[] = {1, SIZE - 1, SIZE, 64, 0xffff};

	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		fresh(state);
		assert_int_equal(put(&tokens[0]), 0);
		answer(ids[i], 0, 0);
		expect_broken();
		assert_ptr_equal(nvme_queue_abandon(&queue), &tokens[0]);
		assert_null(nvme_queue_abandon(&queue));
	}
}

static void answers_twice(void **state)
{
	uint16_t status;
	uint32_t result;

	(void)state;
	put(&tokens[0]);
	put(&tokens[1]);
	answer(0, 0, 0);
	answer(0, 0, 0);
	assert_ptr_equal(nvme_queue_take(&queue, &status, &result), &tokens[0]);
	expect_broken();
}

/* --- segments --- */

#define PAGE NVME_PAGE

static void runs(void **state)
{
	static const struct block_segment whole[] = {{PAGE, PAGE}, {9 * PAGE, PAGE}, {PAGE, PAGE}},
					  offset[] = {{PAGE + 512, PAGE - 512}, {PAGE, PAGE}},
					  tail[] = {{PAGE, PAGE}, {PAGE, 512}, {2 * PAGE, PAGE}},
					  gap[] = {{PAGE, 512}, {PAGE, PAGE}},
					  late[] = {{PAGE, PAGE}, {PAGE + 512, 512}};

	(void)state;
	assert_int_equal(nvme_run(whole, 3, 60), 3);
	assert_int_equal(nvme_run(whole, 3, 2), 2);
	assert_int_equal(nvme_run(whole, 1, 60), 1);
	assert_int_equal(nvme_count_runs(whole, 3, 60), 1);
	assert_int_equal(nvme_count_runs(whole, 3, 2), 2);
	assert_int_equal(nvme_count_runs(whole, 3, 1), 3);
	assert_int_equal(nvme_run(offset, 2, 60), 2);
	assert_int_equal(nvme_run(tail, 3, 60), 2);
	assert_int_equal(nvme_count_runs(tail, 3, 60), 2);
	assert_int_equal(nvme_run(gap, 2, 60), 1);
	assert_int_equal(nvme_run(late, 2, 60), 1);
}

static void pointers(void **state)
{
	static const struct block_segment segments[] = {
		{PAGE + 512, PAGE - 512}, {9 * PAGE, PAGE}, {4 * PAGE, PAGE}, {7 * PAGE, 1024}};
	struct nvme_command command = {0};
	uint64_t list[8] = {0};

	(void)state;
	assert_int_equal(nvme_point(&command, segments, 1, list, 0x5000), PAGE - 512);
	assert_int_equal(command.prp1, PAGE + 512);
	assert_int_equal(command.prp2, 0);
	assert_int_equal(nvme_point(&command, segments, 2, list, 0x5000), 2 * PAGE - 512);
	assert_int_equal(command.prp2, 9 * PAGE);
	assert_int_equal(list[0], 0);
	assert_int_equal(nvme_point(&command, segments, 4, list, 0x5000), 3 * PAGE - 512 + 1024);
	assert_int_equal(command.prp1, PAGE + 512);
	assert_int_equal(command.prp2, 0x5000);
	assert_int_equal(list[0], 9 * PAGE);
	assert_int_equal(list[1], 4 * PAGE);
	assert_int_equal(list[2], 7 * PAGE);
	assert_int_equal(list[3], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_command, fresh),
		cmocka_unit_test_setup(rounds, fresh),
		cmocka_unit_test(wrong_answers),
		cmocka_unit_test_setup(answers_twice, fresh),
		cmocka_unit_test(runs),
		cmocka_unit_test(pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
