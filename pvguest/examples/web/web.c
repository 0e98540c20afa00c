/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on lwIP's sockets, one thread a connection. Words of the command line:
 *   ip=10.0.0.1/24   the address, instead of DHCP
 *   port=80
 *   requests=N       power off after so many
 * It serves the files of an archive (files.h), /status, and /bytes/N: N bytes of a known pattern.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lwip/sockets.h>
#include <pv/net.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>
#include "files.h"

#define REQUEST_SIZE	2048
#define PIECE		32768 /* of a file, at a time */
#define MAX_CONNECTIONS 32
#define PATIENCE_S	30 /* with a client that says nothing, or takes nothing */

static unsigned int connections;
static unsigned long requests, bytes_sent;

static bool send_all(int client, const void *data, size_t length)
{
	const char *at = data;

	while (length) {
		ssize_t sent = lwip_send(client, at, length < 65536 ? length : 65536, 0);

		if (sent <= 0)
			return false;
		at += sent;
		length -= (size_t)sent;
		bytes_sent += (unsigned long)sent;
	}
	return true;
}

static bool send_head(int client, const char *status, const char *type, size_t length)
{
	char head[256];
	int size = snprintf(head, sizeof(head),
			    "HTTP/1.1 %s\r\nServer: parapet-web\r\nContent-Type: %s\r\n"
			    "Content-Length: %lu\r\nConnection: close\r\n\r\n",
			    status, type, (unsigned long)length);

	return send_all(client, head, (size_t)size);
}

static void send_text(int client, const char *status, const char *text, bool body)
{
	if (send_head(client, status, "text/plain; charset=utf-8", strlen(text)) && body)
		send_all(client, text, strlen(text));
}

static void send_status(int client, bool body)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "address: %s\nup: %llu s\nrequests: %lu\nconnections: %u\nbytes sent: %lu\n",
		 pv_net_address(), (unsigned long long)(pv_time_ns() / PV_NS_PER_SECOND), requests,
		 connections, bytes_sent);
	send_text(client, "200 OK", text, body);
}

/* Byte i is i % 251: a receiver can tell what is missing. */
static void send_pattern(int client, size_t length, bool body)
{
	static char pattern[251 * 256];

	if (!pattern[1])
		for (size_t i = 0; i < sizeof(pattern); i++)
			pattern[i] = (char)(i % 251);
	if (!send_head(client, "200 OK", "application/octet-stream", length) || !body)
		return;
	while (length) {
		size_t part = length < sizeof(pattern) ? length : sizeof(pattern);

		if (!send_all(client, pattern, part))
			return;
		length -= part;
	}
}

/* Read piece by piece; a disk that fails cuts the answer short, which the client can tell. */
static void send_file(int client, const struct file *file, bool body)
{
	char *piece = malloc(PIECE);
	uint64_t at = 0;
	bool good = piece && send_head(client, "200 OK", content_type(file->name), file->size);

	while (good && body && at < file->size) {
		size_t length = file->size - at < PIECE ? file->size - at : PIECE;

		good = !read_file(file, at, piece, length) && send_all(client, piece, length);
		at += length;
	}
	free(piece);
}

static void answer(int client, char *request)
{
	bool get = !strncmp(request, "GET ", 4), head = !strncmp(request, "HEAD ", 5);
	char *path = strchr(request, ' ');
	struct file file;

	if (!get && !head) {
		send_text(client, "405 Method Not Allowed", "GET and HEAD only\n", true);
		return;
	}
	path++;
	path[strcspn(path, " ?\r\n")] = '\0';
	if (!strcmp(path, "/status"))
		send_status(client, get);
	else if (!strncmp(path, "/bytes/", 7))
		send_pattern(client, strtoul(path + 7, NULL, 10), get);
	else if (!find_file(path, &file))
		send_text(client, "404 Not Found", "no such file\n", get);
	else
		send_file(client, &file, get);
}

/* Up to the empty line behind the headers. */
static bool read_request(int client, char request[REQUEST_SIZE])
{
	size_t have = 0;

	while (have < REQUEST_SIZE - 1) {
		ssize_t got = lwip_recv(client, request + have, REQUEST_SIZE - 1 - have, 0);

		if (got <= 0)
			return false;
		have += (size_t)got;
		request[have] = '\0';
		if (strstr(request, "\r\n\r\n") || strstr(request, "\n\n"))
			return true;
	}
	return false;
}

static void serve(void *argument)
{
	int client = (int)(long)argument;
	char *request = malloc(REQUEST_SIZE);

	if (request && read_request(client, request)) {
		requests++;
		answer(client, request);
	}
	free(request);
	lwip_shutdown(client, SHUT_WR);
	lwip_close(client);
	connections--;
}

static int listen_on(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = lwip_htons(port)};
	int server = lwip_socket(AF_INET, SOCK_STREAM, 0);

	if (server < 0 || lwip_bind(server, (struct sockaddr *)&address, sizeof(address)) ||
	    lwip_listen(server, MAX_CONNECTIONS))
		pv_panic("web: cannot listen on port %u", port);
	return server;
}

static void accept_one(int server)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int client = lwip_accept(server, NULL, NULL);

	if (client < 0)
		return;
	lwip_setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	lwip_setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connections < MAX_CONNECTIONS &&
	    !pv_thread_start("client", serve, (void *)(long)client, 4))
		connections++;
	else
		lwip_close(client);
}

int main(int argc, char **argv)
{
	const char *requests_wanted = pv_argument(argc, argv, "requests");
	const char *port_wanted = pv_argument(argc, argv, "port");
	unsigned long most = requests_wanted ? strtoul(requests_wanted, NULL, 10) : 0;
	unsigned short port = port_wanted ? (unsigned short)atoi(port_wanted) : 80;
	int error = pv_net_start(0, pv_argument(argc, argv, "ip")), server;

	if (error) {
		printf("web: no network device (error %d): add vif = [ '' ]\n", error);
		return 1;
	}
	open_files();
	server = listen_on(port);
	if (!pv_net_wait(pv_time_ns() + 10 * PV_NS_PER_SECOND))
		printf("web: no address yet: is there a DHCP server on the bridge?\n");
	pv_net_wait(PV_FOREVER);
	printf("web: http://%s:%u/\n", pv_net_address(), port);
	while (!most || requests < most)
		accept_one(server);
	return 0;
}
