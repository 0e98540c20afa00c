/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on dom0's own address. */
#include <stdio.h>
#include <string.h>
#include <pv/netbench.h>
#include <xen/errno.h>
#include "cli/command.h"
#include "cli/operator.h"
#include "ip/ip.h"

static void show_mac(const uint8_t mac[6])
{
	printf("    ether %02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4],
	       mac[5]);
}

static void show_status(void)
{
	struct ip_status status;

	if (!ip_status(&status)) {
		printf("dom0 is on no bridge: ifconfig dhcp\n");
		return;
	}
	printf("%s\n    inet %s%s%s%s\n", status.bridge,
	       status.address[0] ? status.address : "none", status.gateway[0] ? " gateway " : "",
	       status.gateway,
	       !status.dhcp	   ? ""
	       : status.address[0] ? " by DHCP"
				   : " yet: DHCP goes on");
	show_mac(status.mac);
	printf("    received %llu frames, %llu bytes, %llu dropped; sent %llu frames, %llu bytes\n",
	       (unsigned long long)status.received, (unsigned long long)status.received_bytes,
	       (unsigned long long)status.dropped, (unsigned long long)status.sent,
	       (unsigned long long)status.sent_bytes);
}

static int run_ifconfig(struct words *words, struct problem *problem)
{
	char text[2 * IP_TEXT];
	int error = command_words(words, 0, 2, problem);

	if (error)
		return error;
	if (words->count > 1) {
		snprintf(text, sizeof(text), "%s%s%s", words->word[1], words->count > 2 ? "," : "",
			 words->count > 2 ? words->word[2] : "");
		error = ip_set(text, problem);
	}
	if (!error)
		show_status();
	return error;
}

/* --- measuring --- */

static void show_result(const struct pv_netbench *result, void (*say)(const char *format, ...))
{
	uint64_t us = result->ns / 1000 + 1;

	say("netbench: %llu bytes %s %s in %llu us, %llu KB/s", (unsigned long long)result->bytes,
	    result->sent ? "to" : "from", result->peer, (unsigned long long)us,
	    (unsigned long long)(result->bytes * 1000 / us));
}

static void connection_done(const struct pv_netbench *result)
{
	show_result(result, operator_note);
}

static int start_server(struct problem *problem)
{
	struct ip_status status;
	int error;

	if (!ip_status(&status))
		return problem_note(problem, XEN_ENODEV, "dom0 is on no bridge: see ifconfig");
	error = pv_netbench_start(connection_done);
	if (error == -XEN_EBUSY)
		return problem_note(problem, XEN_EBUSY, "it is on already");
	if (error)
		return problem_note(problem, -error, "dom0 is out of memory: raise dom0_mem");
	printf("netbench: discard on port %u, source on port %u, until netbench stop\n",
	       PV_NETBENCH_DISCARD, PV_NETBENCH_SOURCE);
	return 0;
}

static int measure(struct words *words, bool send, struct problem *problem)
{
	struct pv_netbench result;
	struct ip_status status;
	uint64_t mib = 16;
	int error = command_words(words, 2, 3, problem);

	if (!error && words->count > 3)
		error = words_number(words->word[3], "MiB", 1, 1 << 20, &mib, problem);
	if (error)
		return error;
	if (!ip_status(&status))
		return problem_note(problem, XEN_ENODEV, "dom0 is on no bridge: see ifconfig");
	error = send ? pv_netbench_send(words->word[2], mib << 20, &result)
		     : pv_netbench_receive(words->word[2], mib << 20, &result);
	if (error)
		return problem_note(problem, XEN_ECONNREFUSED,
				    "%.20s does not answer on port %u, or ended early",
				    words->word[2],
				    send ? PV_NETBENCH_DISCARD : PV_NETBENCH_SOURCE);
	show_result(&result, operator_note);
	return 0;
}

static int run_netbench(struct words *words, struct problem *problem)
{
	const char *what = words->count > 1 ? words->word[1] : "";
	int error;

	if (!strcmp(what, "send") || !strcmp(what, "receive"))
		return measure(words, what[0] == 's', problem);
	error = command_words(words, 1, 1, problem);
	if (error)
		return error;
	if (!strcmp(what, "start"))
		return start_server(problem);
	if (strcmp(what, "stop"))
		return problem_note(problem, XEN_EINVAL, "expected start, stop, send or receive");
	if (!pv_netbench_stop())
		return problem_note(problem, XEN_ENOENT, "it is not on");
	printf("netbench: stopped\n");
	return 0;
}

const struct command ip_commands[] = {
	{"ifconfig", "[dhcp | none | ADDRESS/BITS [GATEWAY]]", "show or set dom0's own address",
	 "    It is on bridge xenbr0, and by default from DHCP if there is a network card.\n"
	 "    At boot: ip=dhcp, ip=none or ip=ADDRESS/BITS,GATEWAY on dom0's command line.\n",
	 COMPLETE_NOTHING, run_ifconfig},
	{"netbench", "start | stop | send ADDRESS [MIB] | receive ADDRESS [MIB]",
	 "measure TCP to and from dom0",
	 "    start: a server that discards what comes to port 9, and sends on port 19 until the\n"
	 "    client has enough; each connection is reported. send, receive: a client of one.\n",
	 COMPLETE_NOTHING, run_netbench},
	{0},
};
