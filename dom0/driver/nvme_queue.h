/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pair of NVMe queues, and how a list of segments becomes commands.
 *
 *   submission queue  commands, written here; the device is told the new tail
 *   completion queue  answers in any order, written by the device; a bit that turns over with
 *                     each round (the phase) tells new ones from old
 *
 * At most size - 1 commands are in flight, each with a number of its own, so neither queue can
 * overflow. An answer to a number that is not in flight makes the queue `broken`, which it stays.
 * Pure memory, no hypercalls.
 */
#ifndef DOM0_DRIVER_NVME_QUEUE_H
#define DOM0_DRIVER_NVME_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include "driver/block.h"

#define NVME_QUEUE_SIZE 64 /* entries: the commands fill a page */
#define NVME_PAGE	4096u

struct nvme_command {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t namespace;
	uint64_t reserved, metadata;
	uint64_t prp1, prp2;  /* memory: its first page, and its second or a list of the others */
	uint32_t argument[6]; /* dwords 10 to 15 */
};

struct nvme_completion {
	uint32_t result, reserved;
	uint16_t submission_head, submission_queue;
	uint16_t id, status; /* bit 0 of the status is the phase */
};

struct nvme_queue {
	uint16_t size; /* at most NVME_QUEUE_SIZE */
	struct nvme_command *commands;
	volatile struct nvme_completion *completions;

	uint16_t tail, head; /* where the next command goes, where the next answer comes */
	uint16_t in_flight;
	bool phase; /* of new answers */
	bool broken;
	void *tokens[NVME_QUEUE_SIZE]; /* by number; NULL: free */
};

/* Set up an empty pair in zeroed memory; size and memory are filled in. */
void nvme_queue_init(struct nvme_queue *queue);

/* How many commands can be put now. */
unsigned int nvme_queue_room(const struct nvme_queue *queue);

/* Number that the next command gets; there must be room. */
uint16_t nvme_queue_next_id(const struct nvme_queue *queue);

/* Put a command, with the number that nvme_queue_next_id() gave; there must be room. The caller
 * tells the device the tail. The token is not NULL. */
void nvme_queue_put(struct nvme_queue *queue, const struct nvme_command *command, void *token);

/* Take the next answer: the token, its status (without the phase; 0 is success) and result. NULL:
 * there is none, or the queue is broken. The caller tells the device the head. */
void *nvme_queue_take(struct nvme_queue *queue, uint16_t *status, uint32_t *result);

/* Take back a command that will not be answered, since the device was reset. NULL: none left. */
void *nvme_queue_abandon(struct nvme_queue *queue);

/* How many of the segments one command can take: all but the first must begin, and all but the last
 * end, with a page, and there are at most `most` (>= 1) pages. At least 1. */
unsigned int nvme_run(const struct block_segment *segments, unsigned int count, unsigned int most);

/* How many commands all of them take. */
unsigned int nvme_count_runs(const struct block_segment *segments, unsigned int count,
			     unsigned int most);

/* Point the command at a run of segments, with the others' addresses in the list (a page at
 * `machine`) if need be. Returns its bytes. */
uint32_t nvme_point(struct nvme_command *command, const struct block_segment *run,
		    unsigned int count, uint64_t *list, uint64_t machine);

#endif
