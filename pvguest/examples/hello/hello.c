/* SPDX-License-Identifier: MIT */
/* The smallest guest: greets, says what it was given, and powers off (or stays, if asked to). */
#include <stdio.h>
#include <string.h>
#include <pv/start.h>
#include <pv/thread.h>

int main(int argc, char **argv)
{
	bool stay = false;

	printf("Hello from a paravirtual guest%s!\n", pv_is_dom0() ? ", the privileged one" : "");
	printf("Memory: %lu KiB\nCommand line:", pv_start_info->nr_pages * 4);
	for (int i = 1; i < argc; i++) {
		printf(" %s", argv[i]);
		stay |= !strcmp(argv[i], "stay");
	}
	printf("\nhello: done\n");
	while (stay)
		pv_sleep_ms(1000);
	return 0;
}
