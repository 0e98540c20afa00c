/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks and cards that answer anything: a virtqueue, or a pair of NVMe queues, whose device writes
 * what the input says. Whatever it answers, each request comes back once, and none that was not
 * asked. The first byte chooses.
 */
#include <stdlib.h>
#include <string.h>
#include "driver/nvme_queue.h"
#include "driver/virtqueue.h"
#include "input.h"

enum { SIZE = 16, TOKENS = 2 * SIZE, GIVE = 0, ANSWER, TAKE };

static bool under_way[TOKENS];
static unsigned int count; /* of those */

static void *token(void)
{
	for (unsigned int i = 0; i < TOKENS; i++)
		if (!under_way[i])
			return &under_way[i];
	abort();
}

static void given(void *token)
{
	*(bool *)token = true;
	count++;
}

static void came_back(void *token)
{
	CHECK((bool *)token >= under_way && (bool *)token < under_way + TOKENS);
	CHECK(*(bool *)token);
	*(bool *)token = false;
	count--;
}

/* --- virtio --------------------------------------------------------------------------------- */

static struct virtqueue queue;
static struct virtqueue_chain chains[SIZE];
static struct virtqueue_descriptor descriptors[SIZE], table[SIZE];
static uint16_t available[2 + SIZE + 1];
static struct {
	uint16_t flags, index;
	struct virtqueue_used_entry ring[SIZE];
} used;

static void give(void)
{
	struct virtqueue_buffer buffers[SIZE];
	struct virtqueue_table indirect = {table, 0x1000};
	uint8_t shape = input_byte();
	unsigned int buffer_count = shape % 5;
	void *token_now = token();

	for (unsigned int i = 0; i < buffer_count; i++)
		buffers[i] = (struct virtqueue_buffer){0x10000 + i, 100 * i + 1, i >= 2};
	if (!virtqueue_give(&queue, buffers, buffer_count, shape & 0x80 ? &indirect : NULL,
			    token_now)) {
		CHECK(buffer_count);
		given(token_now);
	}
}

static void answer(void)
{
	struct virtqueue_used_entry *entry = &used.ring[used.index % SIZE];

	entry->head = input_byte();
	if (entry->head & 0x80)
		entry->head *= 0x01010101;
	entry->length = input_byte() * 0x01000001u;
	used.index += input_byte() & 1 ? 1 : input_byte() * 0x0101;
}

static void take(void)
{
	uint32_t written;
	void *taken = virtqueue_take(&queue, &written);

	if (!taken)
		return;
	CHECK(written <= 201 + 301);
	came_back(taken);
}

static void virtio(void)
{
	memset(&used, 0, sizeof(used));
	memset(available, 0, sizeof(available));
	memset(chains, 0, sizeof(chains));
	queue = (struct virtqueue){
		.size = SIZE,
		.descriptors = descriptors,
		.available = (void *)available,
		.used = (void *)&used,
		.chains = chains,
	};
	virtqueue_init(&queue);
	while (input_left()) {
		switch (input_byte() % 3) {
		case GIVE:
			give();
			break;
		case ANSWER:
			answer();
			break;
		default:
			take();
		}
		CHECK(queue.in_flight == count && queue.free <= SIZE);
	}
	for (void *left; (left = virtqueue_abandon(&queue));)
		came_back(left);
	CHECK(!count && queue.free == SIZE);
}

/* --- NVMe ----------------------------------------------------------------------------------- */

static struct nvme_queue pair;
static struct nvme_command commands[SIZE];
static struct nvme_completion completions[SIZE];
static unsigned int device_at;

static void command(void)
{
	static uint64_t list[NVME_PAGE / 8];
	struct block_segment segments[8];
	struct nvme_command command = {.opcode = input_byte()};
	unsigned int run, segment_count = input_byte() % 8 + 1;
	void *token_now = token();

	for (unsigned int i = 0; i < segment_count; i++) {
		uint32_t offset = input_byte() % 8 * 512;

		segments[i] = (struct block_segment){0x100000ull * i + offset, 4096 - offset};
	}
	if (!nvme_queue_room(&pair))
		return;
	run = nvme_run(segments, segment_count, 4);
	CHECK(run && run <= 4 && run <= segment_count);
	CHECK(nvme_count_runs(segments, segment_count, 4) <= segment_count);
	nvme_point(&command, segments, run, list, 0x5000);
	nvme_queue_put(&pair, &command, token_now);
	given(token_now);
}

static void complete(void)
{
	struct nvme_completion *completion = &completions[device_at++ % SIZE];

	completion->id = input_byte();
	completion->status = input_byte();
	completion->status |= input_byte() << 8;
	if (completion->id & 0x80)
		completion->id *= 0x0101;
}

static void take_completion(void)
{
	uint16_t status;
	uint32_t result;
	void *taken = nvme_queue_take(&pair, &status, &result);

	if (taken)
		came_back(taken);
}

static void nvme(void)
{
	memset(completions, 0, sizeof(completions));
	pair = (struct nvme_queue){.size = SIZE, .commands = commands, .completions = completions};
	nvme_queue_init(&pair);
	device_at = 0;
	while (input_left()) {
		switch (input_byte() % 4) {
		case GIVE:
			command();
			break;
		case ANSWER:
			complete();
			break;
		case TAKE:
			take_completion();
			break;
		default:
			device_at = input_byte();
		}
		CHECK(pair.in_flight == count && pair.head < SIZE && pair.tail < SIZE);
	}
	for (void *left; (left = nvme_queue_abandon(&pair));)
		came_back(left);
	CHECK(!count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input_begin(data, size);
	if (!input_left())
		return 0;
	if (input_byte() & 1)
		virtio();
	else
		nvme();
	return 0;
}
