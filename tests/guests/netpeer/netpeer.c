/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two guests exchange data and look at every byte: `ip=10.0.0.1/24` waits for the other,
 * `ip=10.0.0.2/24 peer=10.0.0.1 bytes=N` sends it N bytes and gets N others back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lwip/sockets.h>
#include <pv/net.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>

#define PORT  5001
#define CHUNK 65536
#define FORTH 251 /* byte i of the way there is i % 251, of the way back i % 241 */
#define BACK  241

static uint8_t buffer[CHUNK];

static void fail(const char *what)
{
	printf("netpeer: FAIL %s (errno %d)\n", what, errno);
	exit(1);
}

static void send_pattern(int socket, uint64_t bytes, unsigned int modulus)
{
	for (uint64_t at = 0; at < bytes;) {
		size_t part = bytes - at < CHUNK ? bytes - at : CHUNK;
		ssize_t sent;

		for (size_t i = 0; i < part; i++)
			buffer[i] = (uint8_t)((at + i) % modulus);
		sent = lwip_send(socket, buffer, part, 0);
		if (sent <= 0)
			fail("sending");
		at += (uint64_t)sent;
	}
}

static void receive_pattern(int socket, uint64_t bytes, unsigned int modulus)
{
	for (uint64_t at = 0; at < bytes;) {
		ssize_t got = lwip_recv(socket, buffer, bytes - at < CHUNK ? bytes - at : CHUNK, 0);

		if (got <= 0)
			fail("receiving");
		for (ssize_t i = 0; i < got; i++)
			if (buffer[i] != (uint8_t)((at + (uint64_t)i) % modulus))
				fail("a byte differs");
		at += (uint64_t)got;
	}
}

static unsigned long long rate(uint64_t bytes, uint64_t ns)
{
	return bytes * 1000000 / (ns ? ns : 1); /* KB/s */
}

static void ask(const char *peer, uint64_t bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = lwip_htons(PORT)};
	int connection = lwip_socket(AF_INET, SOCK_STREAM, 0);
	uint64_t start, middle, end;

	address.sin_addr.s_addr = ipaddr_addr(peer);
	if (lwip_connect(connection, (struct sockaddr *)&address, sizeof(address)))
		fail("connecting");
	start = pv_time_ns();
	if (lwip_send(connection, &bytes, sizeof(bytes), 0) != sizeof(bytes))
		fail("sending");
	send_pattern(connection, bytes, FORTH);
	middle = pv_time_ns();
	receive_pattern(connection, bytes, BACK);
	end = pv_time_ns();
	lwip_close(connection);
	printf("netpeer: passed, %llu bytes each way, %llu and %llu KB/s\n",
	       (unsigned long long)bytes, rate(bytes, middle - start), rate(bytes, end - middle));
}

static void answer(int connection)
{
	uint64_t bytes;

	if (lwip_recv(connection, &bytes, sizeof(bytes), 0) != sizeof(bytes))
		fail("receiving the length");
	receive_pattern(connection, bytes, FORTH);
	send_pattern(connection, bytes, BACK);
	lwip_close(connection);
	printf("netpeer: answered %llu bytes\n", (unsigned long long)bytes);
}

static void wait_for_peers(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = lwip_htons(PORT)};
	int server = lwip_socket(AF_INET, SOCK_STREAM, 0);

	if (lwip_bind(server, (struct sockaddr *)&address, sizeof(address)) ||
	    lwip_listen(server, 4))
		fail("listening");
	printf("netpeer: waiting on %s\n", pv_net_address());
	for (;;) {
		int connection = lwip_accept(server, NULL, NULL);

		if (connection >= 0)
			answer(connection);
	}
}

int main(int argc, char **argv)
{
	const char *peer = pv_argument(argc, argv, "peer"),
		   *bytes = pv_argument(argc, argv, "bytes");

	if (pv_net_start(0, pv_argument(argc, argv, "ip")))
		fail("starting the network");
	pv_net_wait(PV_FOREVER);
	if (!peer)
		wait_for_peers();
	ask(peer, strtoull(bytes ? bytes : "1000000", NULL, 10));
	return 0;
}
