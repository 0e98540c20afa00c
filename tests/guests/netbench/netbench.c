/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures TCP: `ip=10.0.0.1/24` serves (pv/netbench.h); with `peers=10.0.0.1,10.0.0.254 bytes=N`
 * it sends N bytes to each in turn and has N sent by each, and prints a row for each way:
 * "netbench: send 10.0.0.1 BYTES NS".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pv/net.h>
#include <pv/netbench.h>
#include <pv/start.h>
#include <pv/thread.h>

#define WARM_UP 1000000 /* bytes: addresses are learnt, pools are filled */

static void measure(const char *name, const char *peer, uint64_t bytes,
		    int (*move)(const char *peer, uint64_t bytes, struct pv_netbench *result))
{
	struct pv_netbench result;

	if (move(peer, WARM_UP, &result) || move(peer, bytes, &result)) {
		printf("netbench: FAIL %s %s\n", name, peer);
		exit(1);
	}
	printf("netbench: %s %s %llu %llu\n", name, peer, (unsigned long long)result.bytes,
	       (unsigned long long)result.ns);
}

int main(int argc, char **argv)
{
	const char *peers = pv_argument(argc, argv, "peers"),
		   *bytes = pv_argument(argc, argv, "bytes");
	char list[64], *peer;

	if (pv_net_start(0, pv_argument(argc, argv, "ip")) || !pv_net_wait(PV_FOREVER))
		return 1;
	if (!peers) {
		printf("netbench: waiting on %s\n", pv_net_address());
		pv_netbench_start(NULL);
		pv_sleep_until(PV_FOREVER);
	}
	snprintf(list, sizeof(list), "%s", peers);
	for (peer = strtok(list, ","); peer; peer = strtok(NULL, ",")) {
		measure("send", peer, strtoull(bytes ? bytes : "10000000", NULL, 10),
			pv_netbench_send);
		measure("receive", peer, strtoull(bytes ? bytes : "10000000", NULL, 10),
			pv_netbench_receive);
	}
	printf("netbench: passed\n");
	return 0;
}
