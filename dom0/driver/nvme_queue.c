/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include "driver/nvme_queue.h"

_Static_assert(sizeof(struct nvme_command) == 64, "as the device sees it");
_Static_assert(sizeof(struct nvme_completion) == 16, "as the device sees it");

void nvme_queue_init(struct nvme_queue *queue)
{
	queue->tail = queue->head = queue->in_flight = 0;
	queue->phase = true;
	queue->broken = false;
	for (unsigned int i = 0; i < NVME_QUEUE_SIZE; i++)
		queue->tokens[i] = NULL;
}

unsigned int nvme_queue_room(const struct nvme_queue *queue)
{
	return queue->broken ? 0 : queue->size - 1u - queue->in_flight;
}

uint16_t nvme_queue_next_id(const struct nvme_queue *queue)
{
	uint16_t id = 0;

	while (queue->tokens[id])
		id++;
	return id;
}

void nvme_queue_put(struct nvme_queue *queue, const struct nvme_command *command, void *token)
{
	uint16_t id = nvme_queue_next_id(queue);

	queue->tokens[id] = token;
	queue->in_flight++;
	queue->commands[queue->tail] = *command;
	queue->commands[queue->tail].id = id;
	queue->tail = (uint16_t)((queue->tail + 1) % queue->size);
}

static void *release(struct nvme_queue *queue, uint16_t id)
{
	void *token = queue->tokens[id];

	queue->tokens[id] = NULL;
	queue->in_flight--;
	return token;
}

void *nvme_queue_take(struct nvme_queue *queue, uint16_t *status, uint32_t *result)
{
	volatile struct nvme_completion *answer = &queue->completions[queue->head];
	uint16_t word, id;

	if (queue->broken)
		return NULL;
	/* The rest of the answer is there when its phase is. */
	word = __atomic_load_n(&answer->status, __ATOMIC_ACQUIRE);
	if ((word & 1) != queue->phase)
		return NULL;
	id = answer->id;
	if (id >= queue->size || !queue->tokens[id]) {
		queue->broken = true;
		return NULL;
	}
	*status = word >> 1;
	*result = answer->result;
	queue->head = (uint16_t)((queue->head + 1) % queue->size);
	if (!queue->head)
		queue->phase = !queue->phase;
	return release(queue, id);
}

void *nvme_queue_abandon(struct nvme_queue *queue)
{
	for (uint16_t id = 0; id < queue->size; id++)
		if (queue->tokens[id])
			return release(queue, id);
	return NULL;
}

static bool ends_with_page(const struct block_segment *segment)
{
	return (segment->machine + segment->length) % NVME_PAGE == 0;
}

unsigned int nvme_run(const struct block_segment *segments, unsigned int count, unsigned int most)
{
	unsigned int run = 1;

	while (run < count && run < most && ends_with_page(&segments[run - 1]) &&
	       segments[run].machine % NVME_PAGE == 0)
		run++;
	return run;
}

unsigned int nvme_count_runs(const struct block_segment *segments, unsigned int count,
			     unsigned int most)
{
	unsigned int runs = 0;

	for (unsigned int at = 0; at < count; runs++)
		at += nvme_run(segments + at, count - at, most);
	return runs;
}

uint32_t nvme_point(struct nvme_command *command, const struct block_segment *run,
		    unsigned int count, uint64_t *list, uint64_t machine)
{
	uint32_t bytes = 0;

	for (unsigned int i = 0; i < count; i++)
		bytes += run[i].length;
	command->prp1 = run[0].machine;
	command->prp2 = count == 2 ? run[1].machine : 0;
	if (count <= 2)
		return bytes;
	for (unsigned int i = 1; i < count; i++)
		list[i - 1] = run[i].machine;
	command->prp2 = machine;
	return bytes;
}
