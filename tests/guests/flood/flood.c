/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes as much as it can, for ever: numbered lines to its console, or with the word "hypervisor"
 * to the hypervisor's, which owes it nothing.
 */
#include <stdio.h>
#include <string.h>
#include <pv/hypercall.h>

static void to_hypervisor(const char *text)
{
	HYPERVISOR_console_io(CONSOLEIO_write, strlen(text), text);
}

static void to_console(const char *text)
{
	fputs(text, stdout);
}

int main(int argc, char **argv)
{
	void (*write)(const char *text) = to_console;
	char line[128];

	if (argc > 1 && !strcmp(argv[1], "hypervisor"))
		write = to_hypervisor;
	for (unsigned long number = 0;; number++) {
		snprintf(line, sizeof(line), "flood: line %lu %s\n", number,
			 "the quick brown fox jumps over the lazy dog and does it again");
		write(line);
	}
}
