/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debian on the disk of `make debian-disk`, which stays as it was: what a user does with it. */
#include "dom0.h"

/* The disk, and a card on QEMU's user network: its DHCP server and gateway are QEMU itself. */
static const char *const devices[] = {
	"-boot",
	"d",
	"-snapshot",
	"-drive",
	"file=" TEST_DEBIAN ",format=raw,if=virtio",
	"-netdev",
	"user,id=n0",
	"-device",
	"virtio-net-pci,netdev=n0",
	NULL,
};

static void log_in(struct machine *machine)
{
	dom0_console(machine, "debian");
	machine_expect(machine, "^debian login: ", 600);
	machine_send(machine, "root\r");
	machine_expect(machine, "debian:~# ", 600);
	/* No control sequences in front of each answer. */
	machine_send(machine, "bind 'set enable-bracketed-paste off'\r");
	machine_expect(machine, "debian:~# ", 600);
}

/* A line in the guest's shell, whose output must match: not what the shell echoes of it. */
static void guest(struct machine *machine, const char *command, const char *pattern)
{
	machine_send(machine, command);
	machine_send(machine, "\r");
	machine_expect(machine, pattern, 600);
	machine_expect(machine, "debian:~# ", 600);
}

static void use_packages(struct machine *machine)
{
	guest(machine, "cat /etc/debian_version", "^12\\.[0-9]");
	guest(machine, "apt-get --version", "^apt 2\\.[0-9.]+ \\(amd64\\)");
	guest(machine, "dpkg -l | grep -c ^ii", "^[1-9][0-9]+\r?\n");
	guest(machine, "systemctl --failed | cat", "^0 loaded units listed");
	/* The kernel that dom0 starts is the one that is installed: its modules fit. */
	guest(machine, "modprobe loop && lsmod | grep ^loop", "^loop +[0-9]+");
}

static void use_network(struct machine *machine)
{
	guest(machine, "until ip -4 a s eth0 | grep inet; do sleep 1; done",
	      "inet 10\\.0\\.2\\.[0-9]+/24");
	guest(machine, "ping -c 3 10.0.2.2", "3 received, 0% packet loss");
}

static void test_debian(void **state)
{
	struct machine *machine =
		dom0_up((struct machine_options){.name = "debian", .arguments = devices});

	(void)state;
	dom0_create(machine, "debian");
	log_in(machine);
	use_packages(machine);
	use_network(machine);
	guest(machine, "dd if=/dev/urandom of=a bs=1M count=256; sync", "268435456 bytes");
	guest(machine, "md5sum a >b; cat b", "^[0-9a-f]{32}  a");
	machine_send(machine, "reboot\r");
	dom0_prompt(machine, 600); /* the console goes away with its guest */
	for (int tries = 0; !dom0_lists(machine, "debian"); tries++)
		assert_true(tries < 60);
	log_in(machine);
	guest(machine, "md5sum -c b", "^a: OK");
	use_network(machine);
	machine_send(machine, "poweroff\r");
	dom0_prompt(machine, 600);
	dom0_wait_gone(machine, "debian", 60);
	dom0_off(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_debian, machine_end_all),
	};

	return cmocka_run_group_tests_name("debian", tests, NULL, NULL);
}
