/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests on the network: from the host through the card and the bridge, among each other, and those
 * that break the rules. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "dom0.h"

#define PATTERN	   251 /* byte i of /bytes/N is i % 251 */
#define SITE	   TEST_LOGS "/network-site.img"
#define SITE_BYTES 700000

/* --- the host's side
 * ------------------------------------------------------------------------------ */

static struct sockaddr_in loopback(unsigned short port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A port that nobody uses now. */
static unsigned short free_port(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int probe = socket(AF_INET, SOCK_STREAM, 0);

	assert_return_code(bind(probe, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_return_code(getsockname(probe, (struct sockaddr *)&address, &size), 0);
	close(probe);
	return ntohs(address.sin_port);
}

/* A file of a cpio archive; everything begins at a multiple of four bytes. */
static void archive_file(FILE *archive, const char *name, const uint8_t *data, size_t size)
{
	unsigned int fields[13] = {1, 0100644, 0, 0, 1, 0, size, 0, 0, 0, 0, strlen(name) + 1, 0};

	fputs("070701", archive);
	for (int i = 0; i < 13; i++)
		fprintf(archive, "%08X", fields[i]);
	fwrite(name, 1, strlen(name) + 1, archive);
	while (ftell(archive) % 4)
		fputc(0, archive);
	fwrite(data, 1, size, archive);
	while (ftell(archive) % 4)
		fputc(0, archive);
}

/* What `web` serves from its disk. */
static void make_site(void)
{
	static const char index[] = "<p>From the disk</p>\n";
	static uint8_t bytes[SITE_BYTES];
	FILE *archive = fopen(SITE, "wb");

	assert_non_null(archive);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % PATTERN);
	archive_file(archive, "index.html", (const uint8_t *)index, sizeof(index) - 1);
	archive_file(archive, "a/bytes", bytes, sizeof(bytes));
	archive_file(archive, "TRAILER!!!", bytes, 0);
	while (ftell(archive) % 512)
		fputc(0, archive);
	assert_int_equal(fclose(archive), 0);
}

/* One port leads to port 80 of the network's second address, the other to port 9 of the first one,
 * which is dom0's. */
static struct machine *up(const char *name, unsigned short port, unsigned short own)
{
	char netdev[128];
	const char *const arguments[] = {"-netdev", netdev,
					 "-device", "virtio-net-pci,netdev=n0",
					 "-drive",  "file=" SITE ",format=raw,if=none,id=d0",
					 "-device", "virtio-blk-pci,drive=d0",
					 NULL};

	make_site();
	snprintf(netdev, sizeof(netdev),
		 "user,id=n0,hostfwd=tcp:127.0.0.1:%u-10.0.2.16:80,hostfwd=tcp:127.0.0.1:%u-:9",
		 port, own);
	return dom0_up((struct machine_options){.name = name, .arguments = arguments});
}

static int connect_to(unsigned short port)
{
	struct sockaddr_in address = loopback(port);
	struct timeval patience = {.tv_sec = 60};
	int connection = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_return_code(connect(connection, (struct sockaddr *)&address, sizeof(address)), 0);
	return connection;
}

static int request(unsigned short port, const char *path)
{
	int connection = connect_to(port);
	char text[128];
	int length = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", path);

	assert_int_equal(send(connection, text, (size_t)length, MSG_NOSIGNAL), length);
	return connection;
}

/* All that comes: at most size - 1 bytes, with a zero behind. */
static size_t fetch(unsigned short port, const char *path, char *answer, size_t size)
{
	int connection = request(port, path);
	size_t have = 0;
	ssize_t got;

	while (have < size - 1 && (got = recv(connection, answer + have, size - 1 - have, 0)) > 0)
		have += (size_t)got;
	close(connection);
	answer[have] = '\0';
	return have;
}

static void expect_page(unsigned short port, const char *path, const char *status, const char *text)
{
	char answer[4096];

	fetch(port, path, answer, sizeof(answer));
	if (strncmp(answer, status, strlen(status)) || !strstr(answer, text))
		fail_msg("%s: \"%.200s\"", path, answer);
}

static void expect_bytes(unsigned short port, const char *path, size_t length)
{
	char *answer = malloc(length + 1000), *body;
	size_t got;

	got = fetch(port, path, answer, length + 1000);
	body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	body += 4;
	assert_int_equal(got - (size_t)(body - answer), length);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)body[i] != i % PATTERN)
			fail_msg("byte %zu of %zu is wrong", i, length);
	free(answer);
}

/* --- tests
 * ------------------------------------------------------------------------------------------ */

/* The first network device of all makes the hypervisor and dom0 allocate what they then keep. */
static unsigned long warm_up(struct machine *machine)
{
	dom0_create(machine, "netpeer");
	dom0_expect_of(machine, "netpeer", "^netpeer: waiting", 60);
	dom0_run(machine, "destroy netpeer", 60);
	return dom0_info(machine, "free_pages");
}

/*
 * A round leaves no page behind. But one in which more was mapped at a time than ever leaves dom0
 * a larger maptrack: then again, which a leak does not survive.
 */
static void expect_nothing_left(struct machine *machine, void (*round)(struct machine *machine))
{
	unsigned long before, after = warm_up(machine);

	for (int i = 0; i == 0 || (after != before && i < 4); i++) {
		before = after;
		round(machine);
		dom0_run(machine, "sleep 2", 60);
		after = dom0_info(machine, "free_pages");
	}
	dom0_expect_free_pages(machine, before);
}

static void create_web(struct machine *machine, const char *words)
{
	dom0_create(machine, words);
	dom0_expect_of(machine, "web", "^web: http://10\\.0\\.2\\.16:80/", 60);
}

/* What a user does; then a guest that is destroyed with a transfer under way leaves nothing. */
static void test_web(void **state)
{
	unsigned short port = free_port();
	struct machine *machine = up("network-web", port, free_port());
	unsigned long before;
	char byte;
	int transfer;

	(void)state;
	dom0_run_expecting(machine, "net-list-host", "^ *eth0 ", 60);
	create_web(machine, "web");
	expect_page(port, "/", "HTTP/1.1 200", "It works");
	expect_page(port, "/status", "HTTP/1.1 200", "address: 10.0.2.16");
	expect_page(port, "/nothing", "HTTP/1.1 404", "no such file");
	expect_bytes(port, "/bytes/1000000", 1000000);
	dom0_run(machine, "destroy web", 60);

	before = dom0_info(machine, "free_pages");
	create_web(machine, "web disk=\"['phy:vda,xvda,r']\"");
	expect_page(port, "/", "HTTP/1.1 200", "From the disk");
	expect_page(port, "/a", "HTTP/1.1 404", "no such file");
	expect_bytes(port, "/a/bytes", SITE_BYTES);
	transfer = request(port, "/bytes/1000000000");
	assert_int_equal(recv(transfer, &byte, 1, 0), 1);
	dom0_run(machine, "destroy web", 60);
	close(transfer);
	dom0_expect_free_pages(machine, before);
	dom0_run_expecting(machine, "store-ls /local/domain/0/backend", "^[0-9]+ nodes?|no node",
			   60);
	dom0_off(machine);
}

/* What is sent to dom0's port 9; nothing may come back but the end. */
static void send_to_dom0(unsigned short port, size_t bytes)
{
	int connection = connect_to(port);
	char *data = calloc(1, bytes);

	assert_int_equal(send(connection, data, bytes, MSG_NOSIGNAL), bytes);
	shutdown(connection, SHUT_WR);
	assert_int_equal(recv(connection, data, 1, 0), 0);
	close(connection);
	free(data);
}

/* A guest that may send a million bytes a second does so, and gets as fast as it can. */
static void expect_limited(struct machine *machine)
{
	double seconds;

	dom0_create(machine, "netbench vif=\"['rate=8Mb/s']\" "
			     "extra=\"ip=10.0.0.2/24 peers=10.0.0.254 bytes=3000000\"");
	dom0_console(machine, "netbench");
	machine_expect(machine, "^netbench: send 10\\.0\\.0\\.254 3000000 ([0-9]+)\n", 600);
	seconds = strtod(machine_group(machine, 1), NULL) / 1e9;
	dom0_leave_console(machine);
	if (seconds < 2.7)
		fail_msg("3 MB at 1 MB/s in %g s", seconds);
	dom0_run(machine, "destroy netbench", 60);
}

/* dom0's own address: by DHCP, without waiting for it; nothing listens there unless asked for; an
 * address of our choice; none. */
static void test_own_address(void **state)
{
	unsigned short port = free_port();
	struct machine *machine = up("network-own", free_port(), port);
	char byte;
	int refused;

	(void)state;
	for (int tries = 0; tries < 30; tries++) {
		dom0_type(machine, "ifconfig");
		machine_expect(machine,
			       "inet (none yet|10\\.0\\.2\\.15/24 gateway 10\\.0\\.2\\.2 by DHCP)",
			       60);
		if (machine_group(machine, 1)[0] == '1')
			break;
		dom0_prompt(machine, 60);
		dom0_run(machine, "sleep 1", 60);
	}
	assert_int_equal(machine_group(machine, 1)[0], '1');
	dom0_prompt(machine, 60);
	dom0_run_expecting(machine, "net-list-host",
			   "^dom0 on xenbr0: 10\\.0\\.2\\.15/24, gateway 10\\.0\\.2\\.2", 60);
	refused = connect_to(port);
	assert_true(recv(refused, &byte, 1, 0) <= 0);
	close(refused);
	dom0_run_expecting(machine, "netbench start", "^netbench: discard on port 9", 60);
	send_to_dom0(port, 1000000);
	machine_expect(machine, "netbench: 1000000 bytes from 10\\.0\\.2\\.2 in", 60);
	dom0_run_expecting(machine, "netbench stop", "^netbench: stopped", 60);

	dom0_run_expecting(machine, "ifconfig 10.0.0.254/24 10.0.0.1",
			   "inet 10\\.0\\.0\\.254/24 gateway", 60);
	dom0_run_expecting(machine, "netbench start", "^netbench: discard on port 9", 60);
	dom0_create(machine, "netbench extra=\"ip=10.0.0.2/24 peers=10.0.0.254 bytes=3000000\"");
	dom0_expect_of(machine, "netbench", "^netbench: passed", 600);
	dom0_run(machine, "destroy netbench", 60);
	expect_limited(machine);
	dom0_run_expecting(machine, "ifconfig 10.0.0/33", "^ifconfig: .*expected dhcp, none", 60);
	dom0_run_expecting(machine, "ifconfig none", "^dom0 is on no bridge", 60);
	dom0_run_expecting(machine, "netbench stop", "^netbench: stopped", 60);
	dom0_run_expecting(machine, "ifconfig dhcp", "inet none yet: DHCP goes on", 60);
	dom0_off(machine);
}

/* Linux's own front end, beside ours: DHCP from QEMU, a page from `web`, hot plugging. */
static void test_linux(void **state)
{
	unsigned short port = free_port();
	struct machine *machine = up("network-linux", port, free_port());

	(void)state;
	create_web(machine, "web");
	dom0_create(machine, "linux vif=\"['']\" extra=\"console=hvc0 quiet\"");
	dom0_console(machine, "linux");
	machine_expect(machine, "linux-guest: eth0 has 10\\.0\\.2\\.", 90);
	machine_send(machine, "\rwget -q -O - http://10.0.2.16/ | grep -c works\r");
	machine_expect(machine, "^1\r?\n", 60);
	machine_send(machine, "wget -q -O - http://10.0.2.16/bytes/2000000 | wc -c\r");
	machine_expect(machine, "^2000000\r?\n", 120);
	dom0_leave_console(machine);
	dom0_run_expecting(machine, "network-detach linux 0", "^detached vif 0", 60);
	dom0_run_expecting(machine, "network-list linux", "^0 network devices", 60);
	dom0_run_expecting(machine, "network-attach linux mac=00:16:3e:00:00:77",
			   "^attached vif 1 to linux .*00:16:3e:00:00:77 on xenbr0", 60);
	dom0_console(machine, "linux");
	machine_send(
		machine,
		"while ! ls /sys/class/net/*/address | xargs cat | grep :77; do sleep 1; done\r");
	machine_expect(machine, "^00:16:3e:00:00:77", 60);
	dom0_leave_console(machine);
	dom0_run(machine, "destroy linux", 60);
	expect_page(port, "/", "HTTP/1.1 200", "It works");
	dom0_run(machine, "destroy web", 60);
	dom0_off(machine);
}

/* Two guests alone on a bridge; one is destroyed in the middle of a second transfer. */
static void exchange_data(struct machine *machine)
{
	dom0_create(machine, "netpeer");
	dom0_create(machine, "netpeer name=b extra=\"ip=10.0.0.2/24 peer=10.0.0.1 bytes=4000000\"");
	dom0_expect_of(machine, "b", "^netpeer: passed, 4000000 bytes each way", 120);
	dom0_run(machine, "destroy b", 60);
	dom0_create(machine,
		    "netpeer name=c extra=\"ip=10.0.0.3/24 peer=10.0.0.1 bytes=900000000\"");
	dom0_run(machine, "sleep 3", 60);
	dom0_run_expecting(machine, "network-list c", "^ +0 .* Connected +[0-9]{3,}", 60);
	dom0_run(machine, "destroy c", 60);
	dom0_audit(machine);
	dom0_run(machine, "destroy netpeer", 60);
}

static void test_guests_exchange_data(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "network-peers"});

	(void)state;
	expect_nothing_left(machine, exchange_data);
	dom0_run_expecting(machine, "network-attach Domain-0",
			   "^network-attach: Domain-0 has the machine's devices", 60);
	dom0_off(machine);
}

/* Plugging and unplugging without end, with a guest that has no driver and one that has, leaves
 * nothing; a guest that reboots is connected again. */
static void test_hot_plugs(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "network-plugs"});
	unsigned long before = warm_up(machine);
	char line[80];

	(void)state;
	dom0_create(machine, "stay");
	for (int i = 0; i < 90; i++) {
		dom0_run_expecting(machine, "network-attach stay bridge=island", "^attached vif",
				   60);
		snprintf(line, sizeof(line), "network-detach stay %d", i);
		dom0_run_expecting(machine, line, "^detached vif", 60);
	}
	dom0_run(machine, "destroy stay", 60);
	dom0_expect_free_pages(machine, before);

	dom0_create(machine,
		    "linux vif=\"['bridge=island']\" extra=\"console=hvc0 quiet ip=10.0.0.9/24\"");
	dom0_expect_of(machine, "linux", "^linux-guest: eth0 has", 90);
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "network-detach linux %d", i);
		dom0_run_expecting(machine, line, "^detached vif", 60);
		dom0_run_expecting(machine, "network-attach linux bridge=island", "^attached vif",
				   60);
		for (int tries = 0; tries < 20; tries++) {
			dom0_run(machine, "sleep 1", 60);
			dom0_type(machine, "network-list linux");
			machine_expect(machine, "(Connected|InitWait|Closed|Initialising)", 60);
			if (machine_group(machine, 1)[1] == 'o')
				break;
			dom0_prompt(machine, 60);
		}
		assert_string_equal(machine_group(machine, 1), "Connected");
		dom0_prompt(machine, 60);
	}
	dom0_run(machine, "reboot linux", 60);
	machine_expect(machine, "linux: restarted as domain", 90);
	dom0_expect_of(machine, "linux", "^linux-guest: eth0 has", 90);
	dom0_run_expecting(machine, "network-list linux", "^ +0 .* Connected", 60);
	dom0_run(machine, "destroy linux", 60);
	dom0_expect_free_pages(machine, before);
	dom0_off(machine);
}

/* Back ends survive what breaks the rules, and serve others meanwhile. */
static void send_malformed(struct machine *machine)
{
	dom0_create(machine, "netpeer");
	dom0_create(machine, "badnet");
	dom0_expect_of(machine, "badnet", "^badnet: passed, [0-9]+ cases", 120);
	/* The last column: what was dropped, as it came from another's address. */
	dom0_run_expecting(machine, "network-list badnet", "^ +0 .* island .* [1-9][0-9]*\r?\n",
			   60);
	dom0_run(machine, "destroy badnet", 60);
	dom0_create(machine, "badnet vif=\"['bridge=island,antispoof=0']\"");
	dom0_expect_of(machine, "badnet", "^badnet: passed, [0-9]+ cases", 120);
	dom0_run_expecting(machine, "network-list badnet", "^ +0 .* island .* 0\r?\n", 60);
	dom0_run(machine, "destroy badnet", 60);
	for (int i = 0; i < 3; i++) {
		dom0_create(machine, "badnet extra=vanish");
		dom0_expect_of(machine, "badnet", "^badnet: vanishing", 60);
		dom0_run(machine, "destroy badnet", 60);
	}
	dom0_create(machine, "netpeer name=b extra=\"ip=10.0.0.2/24 peer=10.0.0.1 bytes=100000\"");
	dom0_expect_of(machine, "b", "^netpeer: passed", 120);
	dom0_run(machine, "destroy b", 60);
	dom0_run(machine, "destroy netpeer", 60);
}

static void test_malformed(void **state)
{
	struct machine *machine = dom0_up((struct machine_options){.name = "network-malformed"});

	(void)state;
	expect_nothing_left(machine, send_malformed);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_guests_exchange_data, machine_end_all),
		cmocka_unit_test_teardown(test_hot_plugs, machine_end_all),
		cmocka_unit_test_teardown(test_malformed, machine_end_all),
		cmocka_unit_test_teardown(test_own_address, machine_end_all),
		cmocka_unit_test_teardown(test_web, machine_end_all),
		cmocka_unit_test_teardown(test_linux, machine_end_all),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
