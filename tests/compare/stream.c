/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends or receives so many MiB by TCP, 64 KiB a system call, and waits for the other to close:
 *   stream send|receive ADDRESS PORT MIB
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536

static char buffer[CHUNK];

static int open_connection(const char *address, const char *port)
{
	struct sockaddr_in there = {.sin_family = AF_INET,
				    .sin_port = htons((unsigned short)atoi(port))};
	int connection = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, address, &there.sin_addr) == 1 &&
	    !connect(connection, (struct sockaddr *)&there, sizeof(there)))
		return connection;
	perror("stream");
	exit(1);
}

static long send_bytes(int connection, long bytes)
{
	long sent = 0;

	while (sent < bytes) {
		ssize_t part = write(connection, buffer, CHUNK);

		if (part <= 0)
			break;
		sent += part;
	}
	while (read(connection, buffer, CHUNK) > 0)
		;
	return sent;
}

static long receive_bytes(int connection)
{
	long received = 0;
	ssize_t part;

	while ((part = read(connection, buffer, CHUNK)) > 0)
		received += part;
	return received;
}

int main(int argc, char **argv)
{
	long bytes = argc == 5 ? atol(argv[4]) << 20 : 0, moved;
	int connection;

	if (!bytes) {
		fprintf(stderr, "usage: stream send|receive ADDRESS PORT MIB\n");
		return 2;
	}
	connection = open_connection(argv[2], argv[3]);
	moved = strcmp(argv[1], "send") ? receive_bytes(connection) : send_bytes(connection, bytes);
	printf("stream: %ld of %ld bytes\n", moved, bytes);
	return moved != bytes;
}
