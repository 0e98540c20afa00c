/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's protocol, rights, quotas, watches and transactions, and the bytes of its rings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "store/connection.h"
#include "store/ring.h"
#include "store/store.h"

static int introduced, released;

int store_introduce(domid_t domid, unsigned long mfn, evtchn_port_t port)
{
	assert_int_equal(mfn, 77);
	assert_int_equal(port, 5);
	introduced = domid;
	return 0;
}

void store_release(domid_t domid)
{
	released = domid;
}

/* --- a client --- */

static struct connection *dom0_client, *guest, *other;

/* What came back last. */
static struct xsd_sockmsg answer;
static char body[XENSTORE_PAYLOAD_MAX + 1];

static bool receive(struct connection *c)
{
	if (connection_output(c, &answer, sizeof(answer)) != sizeof(answer))
		return false;
	assert_true(answer.len <= XENSTORE_PAYLOAD_MAX);
	assert_int_equal(connection_output(c, body, answer.len), answer.len);
	body[answer.len] = 0;
	return true;
}

static void send_raw(struct connection *c, uint32_t type, uint32_t tx, const void *data,
		     size_t size)
{
	struct xsd_sockmsg header = {type, 42, tx, size};

	assert_int_equal(connection_input(c, &header, sizeof(header)), sizeof(header));
	assert_int_equal(connection_input(c, data, size), size);
}

/* Send, take the answer to it; true if it is no error. Events queued before are dropped. */
static bool ask(struct connection *c, uint32_t type, uint32_t tx, const void *data, size_t size)
{
	send_raw(c, type, tx, data, size);
	do {
		assert_true(receive(c));
	} while (answer.type == XS_WATCH_EVENT);
	assert_int_equal(answer.req_id, 42);
	assert_int_equal(answer.tx_id, tx);
	return answer.type == type;
}

#define ASK(c, type, tx, text) ask(c, type, tx, text, sizeof(text))

static void assert_error(const char *name)
{
	assert_int_equal(answer.type, XS_ERROR);
	assert_string_equal(body, name);
}

static bool write_node(struct connection *c, uint32_t tx, const char *path, const char *value)
{
	char data[5000];
	size_t size = strlen(path) + 1;

	memcpy(data, path, size);
	memcpy(data + size, value, strlen(value));
	return ask(c, XS_WRITE, tx, data, size + strlen(value));
}

static bool read_node(struct connection *c, uint32_t tx, const char *path)
{
	return ask(c, XS_READ, tx, path, strlen(path) + 1);
}

static uint32_t begin(struct connection *c)
{
	assert_true(ASK(c, XS_TRANSACTION_START, 0, ""));
	return strtoul(body, NULL, 10);
}

static void expect_event(struct connection *c, const char *path, const char *token)
{
	assert_true(receive(c));
	assert_int_equal(answer.type, XS_WATCH_EVENT);
	assert_string_equal(body, path);
	assert_string_equal(body + strlen(path) + 1, token);
	assert_int_equal(answer.len, strlen(path) + strlen(token) + 2);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(tree_init(&store_tree), 0);
	dom0_client = connection_new(0);
	guest = connection_new(3);
	other = connection_new(4);
	assert_true(ASK(dom0_client, XS_MKDIR, 0, "/local/domain/3"));
	assert_true(ASK(dom0_client, XS_SET_PERMS, 0, "/local/domain/3\0n3"));
	assert_true(ASK(dom0_client, XS_MKDIR, 0, "/local/domain/4"));
	assert_true(ASK(dom0_client, XS_SET_PERMS, 0, "/local/domain/4\0n4"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	while (store_connections)
		connection_free(store_connections);
	tree_free(&store_tree);
	return 0;
}

/* --- tests --- */

static void writes_and_reads(void **state)
{
	(void)state;
	assert_true(write_node(guest, 0, "data/x", "hello"));
	assert_true(read_node(guest, 0, "/local/domain/3/data/x"));
	assert_int_equal(answer.len, 5);
	assert_memory_equal(body, "hello", 5);
	assert_true(read_node(dom0_client, 0, "/local/domain/3/data"));
	assert_int_equal(answer.len, 0);
	assert_false(read_node(guest, 0, "data/y"));
	assert_error("ENOENT");
	assert_true(ASK(guest, XS_GET_DOMAIN_PATH, 0, "3"));
	assert_string_equal(body, "/local/domain/3");
}

static void lists_children(void **state)
{
	(void)state;
	write_node(guest, 0, "a/one", "");
	write_node(guest, 0, "a/two", "");
	assert_true(ASK(guest, XS_DIRECTORY, 0, "a"));
	assert_int_equal(answer.len, 8);
	assert_memory_equal(body, "one\0two", 8);
	assert_true(ASK(guest, XS_DIRECTORY_PART, 0,
			"a\0"
			"0"));
	assert_memory_equal(body + strlen(body) + 1, "one\0two\0", 9);
	assert_true(ASK(guest, XS_DIRECTORY_PART, 0,
			"a\0"
			"4"));
	assert_memory_equal(body + strlen(body) + 1, "two\0", 5);
	assert_false(ASK(guest, XS_DIRECTORY_PART, 0, "a\0x"));
	assert_error("EINVAL");
}

static void removes_trees(void **state)
{
	(void)state;
	write_node(guest, 0, "a/b/c", "1");
	assert_int_equal(tree_owned(&store_tree, 3), 4);
	assert_true(ASK(guest, XS_RM, 0, "a"));
	assert_int_equal(tree_owned(&store_tree, 3), 1);
	assert_false(read_node(guest, 0, "a/b/c"));
	assert_true(ASK(guest, XS_RM, 0, "a")); /* parent exists: no error */
	assert_false(ASK(guest, XS_RM, 0, "a/b/c"));
	assert_error("ENOENT");
	assert_false(ASK(dom0_client, XS_RM, 0, "/"));
	assert_error("EINVAL");
}

static void keeps_rights(void **state)
{
	(void)state;
	write_node(guest, 0, "secret", "1");
	assert_false(read_node(other, 0, "/local/domain/3/secret"));
	assert_error("EACCES");
	assert_false(read_node(other, 0, "/local/domain/3/none")); /* nor whether it exists */
	assert_error("EACCES");
	assert_false(write_node(other, 0, "/local/domain/3/secret", "2"));
	assert_error("EACCES");
	assert_false(ASK(other, XS_RM, 0, "/local/domain/3/secret"));
	assert_error("EACCES");
	assert_false(ASK(other, XS_SET_PERMS, 0, "/local/domain/3/secret\0n4"));
	assert_error("EACCES");
	assert_true(ASK(guest, XS_SET_PERMS, 0, "secret\0n3\0r4"));
	assert_true(read_node(other, 0, "/local/domain/3/secret"));
	assert_false(write_node(other, 0, "/local/domain/3/secret", "2"));
	assert_true(ASK(other, XS_GET_PERMS, 0, "/local/domain/3/secret"));
	assert_memory_equal(body, "n3\0r4", 6);
	assert_false(
		ASK(guest, XS_SET_PERMS, 0, "secret\0n4")); /* given away: would dodge the quota */
	assert_error("EACCES");
	assert_false(write_node(guest, 0, "/elsewhere", "1"));
	assert_error("EACCES");
}

static void refuses_malformed_requests(void **state)
{
	(void)state;
	assert_false(ask(guest, XS_READ, 0, "data", 4)); /* no zero */
	assert_error("EINVAL");
	assert_false(ASK(guest, XS_READ, 0, "/a//b"));
	assert_error("EINVAL");
	assert_false(ASK(guest, XS_READ, 0, "/a b"));
	assert_error("EINVAL");
	assert_false(ask(guest, XS_READ, 0, "", 0));
	assert_error("EINVAL");
	assert_false(ASK(guest, XS_SET_PERMS, 0, "/local/domain/3"));
	assert_error("EINVAL");
	assert_false(ASK(guest, XS_SET_PERMS, 0, "/local/domain/3\0x3"));
	assert_error("EINVAL");
	assert_false(ASK(guest, XS_WATCH, 0, "only-path"));
	assert_error("EINVAL");
	assert_false(ASK(guest, 99, 0, "x"));
	assert_error("ENOSYS");
	assert_false(ASK(guest, XS_WATCH_EVENT, 0, "x"));
	assert_error("ENOSYS");
	assert_false(ASK(guest, XS_READ, 17, "data"));
	assert_error("ENOENT");
	assert_false(ASK(guest, XS_GET_DOMAIN_PATH, 0, "3x"));
	assert_error("EINVAL");
}

static void guests_introduce_nobody(void **state)
{
	(void)state;
	introduced = released = -1;
	assert_false(ASK(guest, XS_INTRODUCE, 0,
			 "9\0"
			 "77\0"
			 "5"));
	assert_error("EACCES");
	assert_false(ASK(guest, XS_RELEASE, 0, "9"));
	assert_error("EACCES");
	assert_int_equal(introduced, -1);
	assert_true(ASK(dom0_client, XS_INTRODUCE, 0,
			"9\0"
			"77\0"
			"5"));
	assert_int_equal(introduced, 9);
	assert_true(ASK(dom0_client, XS_RELEASE, 0, "9"));
	assert_int_equal(released, 9);
	assert_true(ASK(guest, XS_IS_DOMAIN_INTRODUCED, 0, "4"));
	assert_string_equal(body, "T");
	assert_true(ASK(guest, XS_IS_DOMAIN_INTRODUCED, 0, "9"));
	assert_string_equal(body, "F");
}

static void fires_watches(void **state)
{
	(void)state;
	assert_true(ASK(guest, XS_WATCH, 0, "device\0tok"));
	expect_event(guest, "device", "tok"); /* at once */
	assert_false(ASK(guest, XS_WATCH, 0, "device\0tok"));
	assert_error("EEXIST");
	write_node(dom0_client, 0, "/local/domain/3/device/vif/0", "1");
	expect_event(guest, "device/vif/0", "tok");
	assert_true(ASK(guest, XS_WATCH, 0, "/local/domain/3/device/vif/0\0abs"));
	expect_event(guest, "/local/domain/3/device/vif/0", "abs");
	ASK(dom0_client, XS_RM, 0, "/local/domain/3/device");
	expect_event(guest, "device", "tok");
	expect_event(guest, "/local/domain/3/device/vif/0", "abs");
	assert_true(ASK(guest, XS_UNWATCH, 0, "device\0tok"));
	write_node(dom0_client, 0, "/local/domain/3/device", "1");
	assert_false(receive(guest));
	assert_false(ASK(guest, XS_UNWATCH, 0, "device\0tok"));
	assert_error("ENOENT");
}

static void watchers_hear_only_what_they_may_read(void **state)
{
	(void)state;
	assert_true(ASK(other, XS_WATCH, 0, "/local/domain/3\0spy"));
	expect_event(other, "/local/domain/3", "spy");
	write_node(guest, 0, "secret", "1");
	assert_false(receive(other));
	assert_true(ASK(guest, XS_WATCH, 0, "@releaseDomain\0r"));
	expect_event(guest, "@releaseDomain", "r");
	watch_fire_special("@releaseDomain");
	assert_false(receive(guest));
	assert_true(ASK(dom0_client, XS_WATCH, 0, "@releaseDomain\0r"));
	expect_event(dom0_client, "@releaseDomain", "r");
	watch_fire_special("@releaseDomain");
	expect_event(dom0_client, "@releaseDomain", "r");
}

static void same_events_are_sent_once(void **state)
{
	int i;

	(void)state;
	assert_true(ASK(guest, XS_WATCH, 0, "x\0t"));
	expect_event(guest, "x", "t");
	for (i = 0; i < 100; i++)
		write_node(dom0_client, 0, "/local/domain/3/x", "1");
	expect_event(guest, "x", "t");
	assert_false(receive(guest));
}

static void transactions_are_private_until_the_end(void **state)
{
	uint32_t tx;

	(void)state;
	ASK(guest, XS_WATCH, 0, "t\0w");
	expect_event(guest, "t", "w");
	tx = begin(guest);
	assert_true(write_node(guest, tx, "t/a", "1"));
	assert_true(read_node(guest, tx, "t/a"));
	assert_false(read_node(guest, 0, "t/a"));
	assert_false(receive(guest));
	send_raw(guest, XS_TRANSACTION_END, tx, "T", 2);
	expect_event(guest, "t/a", "w");
	assert_true(receive(guest));
	assert_int_equal(answer.type, XS_TRANSACTION_END);
	assert_true(read_node(guest, 0, "t/a"));
	tx = begin(guest);
	write_node(guest, tx, "t/b", "1");
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "F"));
	assert_false(read_node(guest, 0, "t/b"));
	assert_false(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_error("ENOENT");
}

static void disturbed_transactions_are_retried(void **state)
{
	uint32_t tx;

	(void)state;
	write_node(guest, 0, "n", "1");
	tx = begin(guest);
	read_node(guest, tx, "n");
	write_node(guest, tx, "sum", "2");
	write_node(dom0_client, 0, "/local/domain/3/n", "5");
	assert_false(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_error("EAGAIN");
	assert_false(read_node(guest, 0, "sum"));
	/* what it did not touch does not disturb it */
	tx = begin(guest);
	read_node(guest, tx, "n");
	write_node(guest, tx, "sum", "6");
	write_node(dom0_client, 0, "/local/domain/3/unrelated", "5");
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_true(read_node(guest, 0, "sum"));
	assert_true(read_node(guest, 0, "unrelated"));
}

static void quotas_bound_a_guest(void **state)
{
	char path[64], big[STORE_MAX_VALUE + 2];
	int i;

	(void)state;
	for (i = 0; i < QUOTA_NODES + 10; i++) {
		snprintf(path, sizeof(path), "q/%d", i);
		if (!write_node(guest, 0, path, ""))
			break;
	}
	assert_error("ENOSPC");
	assert_int_equal(tree_owned(&store_tree, 3), QUOTA_NODES);
	assert_true(write_node(dom0_client, 0, "/local/domain/3/from-dom0", ""));
	for (i = 0; i < QUOTA_TRANSACTIONS; i++)
		begin(guest);
	assert_false(ASK(guest, XS_TRANSACTION_START, 0, ""));
	assert_error("ENOSPC");
	assert_true(ASK(guest, XS_RESET_WATCHES, 0, ""));
	for (i = 0; i < QUOTA_WATCHES; i++) {
		int n = snprintf(path, sizeof(path), "w%d%ct", i, 0);

		assert_true(ask(guest, XS_WATCH, 0, path, n + 1));
	}
	assert_false(ASK(guest, XS_WATCH, 0, "more\0t"));
	assert_error("ENOSPC");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	assert_false(write_node(guest, 0, "q/0", big));
	assert_error("ENOSPC");
}

/* What is noted of a transaction until it ends is dom0's memory, which is all guests'. */
static void transactions_are_bounded(void **state)
{
	char value[STORE_MAX_VALUE + 1], path[STORE_MAX_NAME + 8];
	unsigned int writes = 0, reads = 0;
	uint32_t tx = begin(guest);

	(void)state;
	memset(value, 'x', STORE_MAX_VALUE);
	value[STORE_MAX_VALUE] = 0;
	while (write_node(guest, tx, "same", value))
		writes++;
	assert_error("ENOSPC");
	assert_in_range(writes, 10, QUOTA_TRANSACTION_BYTES / STORE_MAX_VALUE);
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_true(read_node(guest, 0, "same"));
	tx = begin(guest);
	memset(path, 'p', sizeof(path));
	do {
		snprintf(path + STORE_MAX_NAME - 8, 8, "%u", reads++);
		read_node(guest, tx, path);
	} while (strcmp(body, "ENOENT") == 0);
	assert_error("ENOSPC");
	assert_in_range(reads, 10, QUOTA_TRANSACTION_BYTES / (STORE_MAX_NAME - 8));
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "F"));
}

/* What others commit is seen at once; where it was touched before, the end says so. */
static void transactions_see_what_others_commit(void **state)
{
	uint32_t tx = begin(guest);

	(void)state;
	assert_true(write_node(guest, tx, "mine", "1"));
	write_node(dom0_client, 0, "/local/domain/3/late", "5");
	assert_true(read_node(guest, tx, "late"));
	assert_true(read_node(guest, tx, "mine"));
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	tx = begin(guest);
	assert_true(read_node(guest, tx, "late"));
	write_node(dom0_client, 0, "/local/domain/3/late", "6");
	assert_true(read_node(guest, tx, "late"));
	assert_string_equal(body, "6");
	assert_false(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_error("EAGAIN");
}

/* What a transaction may no more do is a conflict, not half a commit. */
static void lost_rights_are_a_conflict(void **state)
{
	uint32_t tx;

	(void)state;
	write_node(dom0_client, 0, "/shared/x", "");
	ASK(dom0_client, XS_SET_PERMS, 0, "/shared\0b0");
	tx = begin(guest);
	assert_true(write_node(guest, tx, "first", "1"));
	assert_true(write_node(guest, tx, "/shared/new", "1"));
	ASK(dom0_client, XS_SET_PERMS, 0, "/shared\0r0");
	assert_false(read_node(guest, tx, "first"));
	assert_error("EAGAIN");
	assert_false(write_node(guest, tx, "second", "1"));
	assert_error("EAGAIN");
	assert_false(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_error("EAGAIN");
	assert_false(read_node(guest, 0, "first"));
	tx = begin(guest);
	assert_false(write_node(guest, tx, "/shared/new", "1"));
	assert_error("EACCES");
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "F"));
}

/* Requests of a transaction, another guest committing before each, until one is refused. */
static unsigned int disturbed_requests(uint32_t tx, unsigned int most)
{
	char path[16];
	unsigned int i;

	for (i = 0; i < most; i++) {
		write_node(other, 0, "noise", i & 1 ? "a" : "b");
		snprintf(path, sizeof(path), "d/%u", i);
		if (!write_node(guest, tx, path, "1"))
			break;
	}
	return i;
}

/* Others' commits cost a transaction nothing, unless it is large beyond use: so much work is
 * theirs. */
static void disturbing_ends_large_transactions_only(void **state)
{
	uint32_t tx = begin(guest);

	(void)state;
	assert_int_equal(disturbed_requests(tx, 180), 180);
	assert_true(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_true(read_node(guest, 0, "d/179"));
	tx = begin(guest);
	assert_in_range(disturbed_requests(tx, 900), 181, 200);
	assert_error("EAGAIN");
	assert_false(read_node(guest, tx, "d/0"));
	assert_error("EAGAIN");
	assert_false(ASK(guest, XS_TRANSACTION_END, tx, "T"));
	assert_error("EAGAIN");
	assert_int_equal(guest->transaction_count, 0);
}

/* --- dom0's memory --- */

size_t __sanitizer_get_current_allocated_bytes(void); /* GCC comes without its header */

#define CROWD	     4
#define SPREAD	     31 /* folders of a guest, and nodes in each of them: 993 with its home */
#define LONG	     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GUEST_MEMORY (8 << 20) /* what the store keeps for a guest, at most: CAVEATS.md */

static struct connection *crowd[CROWD];

static void make_crowd(void)
{
	char path[64];
	int i, n;

	for (i = 0; i < CROWD; i++) {
		crowd[i] = connection_new(10 + i);
		snprintf(path, sizeof(path), "/local/domain/%d", 10 + i);
		assert_true(write_node(dom0_client, 0, path, ""));
		/* all of them work together: each may write what is another's */
		n = snprintf(path, sizeof(path), "/local/domain/%d%cb%d", 10 + i, 0, 10 + i);
		assert_true(ask(dom0_client, XS_SET_PERMS, 0, path, n + 1));
	}
}

static void leaf(char *path, size_t size, const char *stem, int owner, int i)
{
	snprintf(path, size, "/local/domain/%d/%s%d/%s%d", 10 + owner, stem, i / SPREAD, stem,
		 i % SPREAD);
}

/* All of a guest's nodes get a new value of the largest size. */
static void write_all(int owner, const char *stem, char letter)
{
	char value[STORE_MAX_VALUE + 1], path[600];
	int i;

	memset(value, letter, STORE_MAX_VALUE);
	value[STORE_MAX_VALUE] = 0;
	for (i = 0; i < SPREAD * SPREAD; i++) {
		leaf(path, sizeof(path), stem, owner, i);
		assert_true(write_node(crowd[owner], 0, path, value));
	}
}

/* Before each of its transactions everybody writes all anew: no version that was is kept. */
static void open_transactions_keep_nothing_of_others(void **state)
{
	size_t before, most = 0, now;
	int round, i;

	(void)state;
	make_crowd();
	for (i = 0; i < CROWD; i++)
		write_all(i, "", 'a');
	before = __sanitizer_get_current_allocated_bytes();
	for (round = 0; round < QUOTA_TRANSACTIONS; round++) {
		for (i = 0; i < CROWD; i++) {
			assert_true(write_node(crowd[i], begin(crowd[i]), "x", "1"));
			write_all(i, "", 'b' + round);
		}
		now = __sanitizer_get_current_allocated_bytes() - before;
		most = now > most ? now : most;
	}
	print_message("%u open transactions keep %zu bytes\n", CROWD * QUOTA_TRANSACTIONS, most);
	assert_true(most < CROWD * QUOTA_TRANSACTIONS * 1024);
}

/* As many nodes of everybody's as a transaction may touch. */
static void fill_transaction(struct connection *c, const char *stem)
{
	uint32_t tx = begin(c);
	char path[600];
	int i = 0;

	do
		leaf(path, sizeof(path), stem, i % CROWD, i / CROWD);
	while (write_node(c, tx, path, "0123456789abcdef") && ++i < CROWD * SPREAD * SPREAD);
	assert_error("ENOSPC");
}

static void fill_watches(struct connection *c)
{
	char request[XENSTORE_ABS_PATH_MAX + QUOTA_TOKEN + 32];
	int i, j, n;

	for (i = 0; i < QUOTA_WATCHES; i++) {
		n = snprintf(request, sizeof(request), "/%d", i);
		for (j = 0; j < 12; j++)
			n += snprintf(request + n, sizeof(request) - n, "/" LONG LONG LONG);
		n++;
		memset(request + n, 't', QUOTA_TOKEN);
		request[n + QUOTA_TOKEN] = 0;
		assert_true(ask(c, XS_WATCH, 0, request, n + QUOTA_TOKEN + 1));
	}
}

static size_t kept(size_t before, size_t *most)
{
	size_t now = (__sanitizer_get_current_allocated_bytes() - before) / CROWD;

	*most = now > *most ? now : *most;
	return now;
}

/* Every guest fills every quota that it has, also with what is the others'. */
static void fill_everything(const char *stem)
{
	struct xsd_sockmsg header = {XS_DIRECTORY, 1, 0, 2};
	size_t before = __sanitizer_get_current_allocated_bytes(), most = 0;
	int i, j;

	make_crowd();
	for (i = 0; i < CROWD; i++) {
		write_all(i, stem, 'a');
		fill_watches(crowd[i]);
	}
	print_message("nodes and watches: %zu bytes for each guest\n", kept(before, &most));
	for (j = 0; j < QUOTA_TRANSACTIONS; j++)
		for (i = 0; i < CROWD; i++) {
			fill_transaction(crowd[i], stem);
			kept(before, &most);
		}
	for (i = 0; i < CROWD; i++)
		while (connection_input(crowd[i], &header, sizeof(header)) == sizeof(header))
			if (connection_input(crowd[i], "/", 2) != 2)
				break;
	kept(before, &most);
	print_message("with transactions and replies: %zu\n", most);
	assert_true(most < GUEST_MEMORY);
}

static void a_guest_with_long_names_costs_so_much(void **state)
{
	(void)state;
	fill_everything(LONG LONG LONG);
}

static void a_guest_with_large_transactions_costs_so_much(void **state)
{
	(void)state;
	fill_everything("");
}

static void output_is_bounded(void **state)
{
	struct xsd_sockmsg header = {XS_DIRECTORY, 1, 0, 2};
	int i, taken = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		if (connection_input(guest, &header, sizeof(header)) != sizeof(header))
			break;
		if (connection_input(guest, "/", 2) != 2)
			break;
		taken++;
	}
	assert_true(taken < 10000);
	assert_true(guest->queued < QUOTA_QUEUED + 8192);
}

static void oversized_requests_break_only_their_sender(void **state)
{
	struct xsd_sockmsg header = {XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1};

	(void)state;
	connection_input(guest, &header, sizeof(header));
	assert_true(guest->broken);
	assert_int_equal(connection_input(guest, "x", 1), 0);
	assert_true(write_node(other, 0, "fine", "1"));
}

static void rings_carry_the_bytes(void **state)
{
	struct xenstore_domain_interface ring;
	struct xsd_sockmsg header = {XS_WRITE, 7, 0, 8}, back;
	int i;

	(void)state;
	memset(&ring, 0, sizeof(ring));
	/* start near the wrap of both ring and index */
	ring.req_prod = ring.req_cons = ring.rsp_prod = ring.rsp_cons = 0xfffffffa;
	for (i = 0; i < (int)sizeof(header); i++)
		ring.req[ring.req_prod++ % XENSTORE_RING_SIZE] = ((char *)&header)[i];
	for (i = 0; i < 8; i++)
		ring.req[ring.req_prod++ % XENSTORE_RING_SIZE] = "data\0abc"[i];
	assert_true(ring_serve(guest, &ring));
	assert_int_equal(ring.req_cons, ring.req_prod);
	assert_int_equal(ring.rsp_prod - ring.rsp_cons, sizeof(back) + 3);
	for (i = 0; i < (int)sizeof(back); i++)
		((char *)&back)[i] = ring.rsp[ring.rsp_cons++ % XENSTORE_RING_SIZE];
	assert_int_equal(back.type, XS_WRITE);
	assert_int_equal(back.req_id, 7);
	assert_false(ring_serve(guest, &ring));
	assert_true(read_node(guest, 0, "data"));
	assert_memory_equal(body, "abc", 3);
}

static void impossible_indices_break_the_ring(void **state)
{
	struct xenstore_domain_interface ring;

	(void)state;
	memset(&ring, 0, sizeof(ring));
	ring.req_prod = XENSTORE_RING_SIZE + 1;
	assert_false(ring_serve(guest, &ring));
	assert_true(guest->broken);
	assert_int_equal(ring.error, XENSTORE_ERROR_RINGIDX);
	memset(&ring, 0, sizeof(ring));
	ring.rsp_cons = 1;
	assert_false(ring_serve(other, &ring));
	assert_int_equal(ring.error, XENSTORE_ERROR_RINGIDX);
}

/* Random bytes behind random headers: nothing breaks, nothing leaks (the sanitizers watch). */
static void survives_noise(void **state)
{
	unsigned int seed = 1, i;
	char noise[256], drain[4096];

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct xsd_sockmsg header = {rand_r(&seed) % 26, i, rand_r(&seed) % 4,
					     rand_r(&seed) % 60};
		unsigned int n;

		for (n = 0; n < header.len; n++)
			noise[n] = "/ab\0n31@T-"[rand_r(&seed) % 10];
		connection_input(guest, &header, sizeof(header));
		connection_input(guest, noise, header.len);
		while (connection_output(guest, drain, sizeof(drain)))
			;
	}
	assert_false(guest->broken);
	assert_true(tree_owned(&store_tree, 3) <= QUOTA_NODES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_and_reads),
		TEST(lists_children),
		TEST(removes_trees),
		TEST(keeps_rights),
		TEST(refuses_malformed_requests),
		TEST(guests_introduce_nobody),
		TEST(fires_watches),
		TEST(watchers_hear_only_what_they_may_read),
		TEST(same_events_are_sent_once),
		TEST(transactions_are_private_until_the_end),
		TEST(disturbed_transactions_are_retried),
		TEST(quotas_bound_a_guest),
		TEST(transactions_are_bounded),
		TEST(transactions_see_what_others_commit),
		TEST(lost_rights_are_a_conflict),
		TEST(disturbing_ends_large_transactions_only),
		TEST(open_transactions_keep_nothing_of_others),
		TEST(a_guest_with_long_names_costs_so_much),
		TEST(a_guest_with_large_transactions_costs_so_much),
		TEST(output_is_bounded),
		TEST(oversized_requests_break_only_their_sender),
		TEST(rings_carry_the_bytes),
		TEST(impossible_indices_break_the_ring),
		TEST(survives_noise),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
