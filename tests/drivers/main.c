/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's drivers alone: every disk is written all over, every card talks to QEMU's user network. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/operator.h"
#include "driver/drivers.h"
#include "drivers.h"

struct verdict verdict = {.name = "drivers"};

void operator_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	works(false, "no driver complains");
}

/* The number behind a word of the command line. */
static uint64_t option(int argc, char **argv, const char *name, uint64_t otherwise)
{
	size_t length = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return strtoull(argv[i] + length + 1, NULL, 0);
	return otherwise;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;
	int error = drivers_start();

	works(!error, "drivers start (%d)", error);
	for (struct block_device *disk = block_devices; disk; disk = disk->next, count++)
		test_disk(disk, option(argc, argv, "bad", ~0ull));
	for (struct net_device *card = net_devices; card; card = card->next, count++)
		test_card(card);
	works(count, "there are devices");
	return verdict_give(&verdict);
}
