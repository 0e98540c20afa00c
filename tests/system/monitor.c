/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "machine.h"
#include "monitor.h"

enum { SECONDS = 60 };

/* Each answer ends in the prompt. */
static const char *wait_for_prompt(int monitor)
{
	static const char prompt[] = "(qemu) ";
	static char text[4 << 20];
	struct pollfd ready = {.fd = monitor, .events = POLLIN};
	size_t size = 0;
	ssize_t n = 0;

	while (size < strlen(prompt) ||
	       memcmp(text + size - strlen(prompt), prompt, strlen(prompt))) {
		if (size == sizeof(text) - 1 || poll(&ready, 1, SECONDS * 1000) <= 0 ||
		    (n = read(monitor, text + size, sizeof(text) - 1 - size)) <= 0)
			fail_msg("the monitor does not answer");
		size += (size_t)n;
	}
	text[size] = '\0';
	return text;
}

int monitor_open(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int monitor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), TEST_LOGS "/%s.monitor", name);
	if (connect(monitor, (struct sockaddr *)&address, sizeof(address)))
		fail_msg("no monitor at %s", address.sun_path);
	wait_for_prompt(monitor);
	return monitor;
}

const char *monitor_command(int monitor, const char *format, ...)
{
	char line[300];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	strcat(line, "\n");
	assert_int_equal(write(monitor, line, strlen(line)), strlen(line));
	return wait_for_prompt(monitor);
}
