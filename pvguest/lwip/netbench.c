/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <lwip/sockets.h>
#include <pv/netbench.h>
#include <pv/thread.h>
#include <pv/time.h>

#define CHUNK	    65536
#define CONNECTIONS 8
#define LOOK_MS	    200 /* how often those that wait look whether they are to stop */

static struct {
	bool on;
	unsigned int threads; /* that serve ports or connections */
	void (*done)(const struct pv_netbench *result);
} server;

struct connection {
	int socket;
	struct pv_netbench result;
	uint64_t start;
};

static struct sockaddr_in address_of(u32_t address, unsigned short port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = lwip_htons(port), .sin_addr.s_addr = address};
}

static void look_now_and_then(int socket)
{
	struct timeval patience = {.tv_usec = LOOK_MS * 1000};

	lwip_setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	lwip_setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* --- the server --- */

/* Bytes moved; 0: the end. */
static size_t move(struct connection *connection, void *buffer)
{
	bool sent = connection->result.sent;

	while (server.on) {
		ssize_t moved = sent ? lwip_send(connection->socket, buffer, CHUNK, 0)
				     : lwip_recv(connection->socket, buffer, CHUNK, 0);

		if (moved > 0)
			return (size_t)moved;
		if (!moved || (errno != EWOULDBLOCK && errno != EAGAIN))
			return 0;
	}
	return 0;
}

static void serve(void *argument)
{
	struct connection *connection = argument;
	void *buffer = calloc(1, CHUNK);
	size_t moved;

	while (buffer && (moved = move(connection, buffer)))
		connection->result.bytes += moved;
	lwip_close(connection->socket);
	connection->result.ns = pv_time_ns() - connection->start;
	if (server.done)
		server.done(&connection->result);
	free(buffer);
	free(connection);
	server.threads--;
}

static void accept_one(int listener, bool source)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int socket = lwip_accept(listener, (struct sockaddr *)&peer, &size);
	struct connection *connection;

	if (socket < 0)
		return;
	connection = server.threads < CONNECTIONS + 2 ? calloc(1, sizeof(*connection)) : NULL;
	if (!connection || pv_thread_start("netbench", serve, connection, 0)) {
		free(connection);
		lwip_close(socket);
		return;
	}
	server.threads++;
	look_now_and_then(socket);
	*connection =
		(struct connection){.socket = socket, .result.sent = source, .start = pv_time_ns()};
	snprintf(connection->result.peer, sizeof(connection->result.peer), "%s",
		 inet_ntoa(peer.sin_addr));
}

static void listen_on(void *argument)
{
	unsigned short port = (unsigned short)(uintptr_t)argument;
	struct sockaddr_in address = address_of(INADDR_ANY, port);
	int listener = lwip_socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	lwip_setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (listener < 0 || lwip_bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    lwip_listen(listener, CONNECTIONS))
		server.on = false;
	look_now_and_then(listener);
	while (server.on)
		accept_one(listener, port == PV_NETBENCH_SOURCE);
	lwip_close(listener);
	server.threads--;
}

static int start_port(uintptr_t port)
{
	int error = pv_thread_start("netbench", listen_on, (void *)port, 0);

	server.threads += !error;
	return error;
}

int pv_netbench_start(void (*done)(const struct pv_netbench *result))
{
	int error;

	if (server.on || server.threads)
		return -XEN_EBUSY;
	server.on = true;
	server.done = done;
	error = start_port(PV_NETBENCH_DISCARD);
	if (!error)
		error = start_port(PV_NETBENCH_SOURCE);
	if (error)
		pv_netbench_stop();
	return error;
}

bool pv_netbench_stop(void)
{
	bool was = server.on;

	server.on = false;
	while (server.threads)
		pv_sleep_ms(LOOK_MS / 4);
	return was;
}

/* --- the client --- */

static int connect_to(const char *peer, unsigned short port, struct pv_netbench *result)
{
	struct sockaddr_in address = address_of(ipaddr_addr(peer), port);
	int socket = lwip_socket(AF_INET, SOCK_STREAM, 0);

	*result = (struct pv_netbench){.sent = port == PV_NETBENCH_DISCARD};
	snprintf(result->peer, sizeof(result->peer), "%s", peer);
	result->ns = pv_time_ns();
	if (socket >= 0 && lwip_connect(socket, (struct sockaddr *)&address, sizeof(address))) {
		lwip_close(socket);
		return -1;
	}
	return socket;
}

static int finish(int socket, void *buffer, bool good, struct pv_netbench *result)
{
	lwip_close(socket);
	free(buffer);
	result->ns = pv_time_ns() - result->ns;
	return good ? 0 : -1;
}

int pv_netbench_send(const char *peer, uint64_t bytes, struct pv_netbench *result)
{
	void *buffer = calloc(1, CHUNK);
	int socket = buffer ? connect_to(peer, PV_NETBENCH_DISCARD, result) : -1;
	ssize_t moved = 1;

	if (socket < 0) {
		free(buffer);
		return -1;
	}
	while (result->bytes < bytes && moved > 0) {
		uint64_t rest = bytes - result->bytes;

		moved = lwip_send(socket, buffer, rest < CHUNK ? rest : CHUNK, 0);
		if (moved > 0)
			result->bytes += (uint64_t)moved;
	}
	/* The server closes when it has read everything. */
	lwip_shutdown(socket, SHUT_WR);
	return finish(socket, buffer, moved > 0 && lwip_recv(socket, buffer, 1, 0) == 0, result);
}

int pv_netbench_receive(const char *peer, uint64_t bytes, struct pv_netbench *result)
{
	void *buffer = malloc(CHUNK);
	int socket = buffer ? connect_to(peer, PV_NETBENCH_SOURCE, result) : -1;
	ssize_t moved = 1;

	if (socket < 0) {
		free(buffer);
		return -1;
	}
	while (result->bytes < bytes && moved > 0) {
		moved = lwip_recv(socket, buffer, CHUNK, 0);
		if (moved > 0)
			result->bytes += (uint64_t)moved;
	}
	return finish(socket, buffer, moved > 0, result);
}
