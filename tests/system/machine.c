/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU as a child process whose serial line is a pair of pipes; see machine.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "machine.h"

enum { MAX_MACHINES = 4, MAX_ALLOWED = 16, MAX_GROUPS = 6, MAX_ARGUMENTS = 64 };

struct machine {
	char name[64];
	pid_t pid; /* leader of its own process group; 0 once it has ended */
	int to, from, log;
	char *text; /* all output, without carriage returns and zero bytes; ends with a zero byte */
	size_t size, room;
	size_t unread;	  /* where the next expectation starts to look */
	size_t inspected; /* lines up to here were compared with the bad ones */
	char groups[MAX_GROUPS][256];
	regex_t bad, fatal;
	regex_t allowed[MAX_ALLOWED];
	unsigned int nr_allowed;
};

/* Until the first character: on a busy host QEMU may have to wait for its turn. */
enum { START_SECONDS = 600 };

static struct machine *machines[MAX_MACHINES];

/* What the hypervisor does not say when all is well, and no test guest ever. */
static const char bad_pattern[] =
	"\\(PPT\\).*(refused|crash|panic|BUG|\\<fault|unhandled|not implemented)|"
	"\\*\\*\\* Parapet|Panic on CPU|(^|[^a-z])FAIL";

/* The machine or the guest cannot go on after these: no use in waiting. */
static const char fatal_pattern[] = "\\*\\*\\* Parapet|Panic on CPU|(^|[^a-z])FAIL([ ,]|$)";

static void compile(regex_t *regex, const char *pattern)
{
	assert_int_equal(regcomp(regex, pattern, REG_EXTENDED | REG_NEWLINE), 0);
}

static bool matches(const regex_t *regex, const char *text)
{
	return regexec(regex, text, 0, NULL, 0) == 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

/* A copy of the line that starts at @at, for the caller to free; *@next is the start of the next.
 */
static char *line_at(const struct machine *machine, size_t at, size_t *next)
{
	const char *end = memchr(machine->text + at, '\n', machine->size - at);

	if (!end)
		end = machine->text + machine->size;
	*next = end - machine->text + 1;
	return strndup(machine->text + at, end - (machine->text + at));
}

static void print_tail(const struct machine *machine)
{
	size_t start = machine->size;

	for (int lines = 0; start > 0 && lines < 30; start--)
		lines += machine->text[start - 1] == '\n';
	printf("---- last lines of %s:\n%s\n----\n", machine->name, machine->text + start);
}

__attribute__((format(printf, 2, 3), noreturn)) static void give_up(const struct machine *machine,
								    const char *format, ...)
{
	char why[400];
	va_list list;

	va_start(list, format);
	vsnprintf(why, sizeof(why), format, list);
	va_end(list);
	print_tail(machine);
	fail_msg("%s: %s", machine->name, why);
	abort();
}

static bool is_allowed(const struct machine *machine, const char *line)
{
	for (unsigned int i = 0; i < machine->nr_allowed; i++)
		if (matches(&machine->allowed[i], line))
			return true;
	return false;
}

/* No complete line that was not yet inspected may match @unwanted. */
static void inspect(struct machine *machine, const regex_t *unwanted)
{
	size_t next;

	while (memchr(machine->text + machine->inspected, '\n',
		      machine->size - machine->inspected)) {
		char *line = line_at(machine, machine->inspected, &next);

		machine->inspected = next;
		if (matches(unwanted, line) && !is_allowed(machine, line))
			give_up(machine, "unexpected line: %s", line);
		free(line);
	}
}

/*
 * The hypervisor's messages come between the characters of a line that dom0 is writing, the echo of
 * a command for one. The message that has just ended is taken out again: the line goes on behind
 * it.
 */
static void lift_message(struct machine *machine)
{
	char *line, *message;

	machine->text[machine->size] = '\0';
	for (line = machine->text + machine->size - 1; line > machine->text && line[-1] != '\n';)
		line--;
	message = strstr(line, "(PPT) ");
	if (!message || message == line)
		return;
	machine->text[machine->size - 1] = '\0';
	if ((matches(&machine->fatal, message) || matches(&machine->bad, message)) &&
	    !is_allowed(machine, message))
		give_up(machine, "unexpected line: %s", message);
	machine->size = message - machine->text;
	if (machine->unread > machine->size)
		machine->unread = machine->size;
}

static void append(struct machine *machine, const char *bytes, size_t count)
{
	if (machine->size + count + 1 > machine->room) {
		machine->room = 2 * machine->room + count + 1;
		machine->text = realloc(machine->text, machine->room);
		assert_non_null(machine->text);
	}
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\r' && bytes[i] != '\0')
			machine->text[machine->size++] = bytes[i];
		if (bytes[i] == '\n')
			lift_message(machine);
	}
	machine->text[machine->size] = '\0';
}

static void reap(struct machine *machine)
{
	if (machine->pid && waitpid(machine->pid, NULL, 0) == machine->pid)
		machine->pid = 0;
}

/* Takes in what the machine says within @seconds; returns at the first piece, false at its end. */
static bool take_in(struct machine *machine, double seconds)
{
	struct pollfd wait = {machine->from, POLLIN, 0};
	char bytes[4096];
	ssize_t count;

	if (!machine->pid)
		return false;
	if (poll(&wait, 1, seconds > 0 ? seconds * 1000 + 1 : 0) <= 0)
		return true;
	count = read(machine->from, bytes, sizeof(bytes));
	if (count <= 0) {
		reap(machine);
		return false;
	}
	if (write(machine->log, bytes, count) != count)
		give_up(machine, "cannot write the log");
	append(machine, bytes, count);
	return true;
}

static void keep_groups(struct machine *machine, const char *base, const regmatch_t *matches)
{
	for (int i = 0; i < MAX_GROUPS; i++) {
		size_t size = matches[i].rm_so < 0 ? 0 : matches[i].rm_eo - matches[i].rm_so;

		if (size >= sizeof(machine->groups[i]))
			size = sizeof(machine->groups[i]) - 1;
		memcpy(machine->groups[i], base + (size ? matches[i].rm_so : 0), size);
		machine->groups[i][size] = '\0';
	}
}

/* Looks from *@from on; if nothing matches, *@from becomes the start of the last line. */
static bool find(struct machine *machine, const regex_t *regex, size_t *from)
{
	const char *base = machine->text + *from, *newline;
	regmatch_t matches[MAX_GROUPS];
	int flags = *from && machine->text[*from - 1] != '\n' ? REG_NOTBOL : 0;

	if (regexec(regex, base, MAX_GROUPS, matches, flags) == 0) {
		keep_groups(machine, base, matches);
		machine->unread = *from + matches[0].rm_eo;
		return true;
	}
	newline = strrchr(base, '\n');
	if (newline)
		*from = newline + 1 - machine->text;
	return false;
}

bool machine_sees(struct machine *machine, const char *pattern, unsigned int seconds)
{
	double end = now() + seconds;
	size_t from = machine->unread;
	bool found, alive = true;
	regex_t regex;

	compile(&regex, pattern);
	while (!(found = find(machine, &regex, &from)) && alive && now() < end) {
		alive = take_in(machine, end - now());
		inspect(machine, &machine->fatal);
	}
	regfree(&regex);
	return found;
}

void machine_expect(struct machine *machine, const char *pattern, unsigned int seconds)
{
	if (machine_sees(machine, pattern, seconds))
		return;
	if (!machine->pid)
		give_up(machine, "QEMU ended before: %s", pattern);
	give_up(machine, "not within %u s: %s", seconds, pattern);
}

const char *machine_group(const struct machine *machine, unsigned int group)
{
	assert_true(group < MAX_GROUPS);
	return machine->groups[group];
}

unsigned long machine_number(const struct machine *machine, unsigned int group)
{
	return strtoul(machine_group(machine, group), NULL, 10);
}

unsigned int machine_count(const struct machine *machine, const char *pattern)
{
	unsigned int count = 0;
	size_t at = 0, next;
	regex_t regex;

	compile(&regex, pattern);
	while (at < machine->size) {
		char *line = line_at(machine, at, &next);

		count += matches(&regex, line);
		free(line);
		at = next;
	}
	regfree(&regex);
	return count;
}

void machine_send(struct machine *machine, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t count = write(machine->to, text, left);

		if (count < 0)
			give_up(machine, "cannot type: %s", strerror(errno));
		text += count;
		left -= count;
	}
}

void machine_allow(struct machine *machine, const char *pattern)
{
	assert_true(machine->nr_allowed < MAX_ALLOWED);
	compile(&machine->allowed[machine->nr_allowed++], pattern);
}

static void dispose(struct machine *machine)
{
	if (machine->pid) {
		kill(-machine->pid, SIGKILL);
		reap(machine);
	}
	close(machine->to);
	close(machine->from);
	close(machine->log);
	regfree(&machine->bad);
	regfree(&machine->fatal);
	for (unsigned int i = 0; i < machine->nr_allowed; i++)
		regfree(&machine->allowed[i]);
	for (int i = 0; i < MAX_MACHINES; i++)
		if (machines[i] == machine)
			machines[i] = NULL;
	free(machine->text);
	free(machine);
}

void machine_wait_off(struct machine *machine, unsigned int seconds)
{
	double end = now() + seconds;

	while (take_in(machine, end - now()))
		if (now() >= end)
			give_up(machine, "still on after %u s", seconds);
}

void machine_end(struct machine *machine)
{
	take_in(machine, 0);
	machine->inspected = 0;
	inspect(machine, &machine->bad);
	dispose(machine);
}

void machine_kill(struct machine *machine)
{
	kill(-machine->pid, SIGKILL);
	reap(machine);
	machine_end(machine);
}

int machine_end_all(void **state)
{
	(void)state;
	for (int i = 0; i < MAX_MACHINES; i++)
		if (machines[i])
			dispose(machines[i]);
	return 0;
}

/* The child's side: QEMU dies with the test, and hears nothing of the terminal's signals. */
static void become(char *const *arguments, int in, int out)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execvp(arguments[0], arguments);
	dprintf(out, "cannot start %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

static void start(struct machine *machine, char *const *arguments)
{
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	machine->pid = fork();
	if (machine->pid == 0)
		become(arguments, to[0], from[1]);
	assert_true(machine->pid > 0);
	setpgid(machine->pid, machine->pid);
	close(to[0]);
	close(from[1]);
	machine->to = to[1];
	machine->from = from[0];
}

static void open_log(struct machine *machine)
{
	char path[300];

	snprintf(path, sizeof(path), TEST_LOGS "/%s.log", machine->name);
	machine->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(machine->log >= 0);
}

/* $QEMU, if set, is the command, perhaps of several words. */
static int qemu_words(char **arguments)
{
	static char command[256];
	const char *name = getenv("QEMU");
	int count = 0;

	snprintf(command, sizeof(command), "%s", name ? name : "qemu-system-x86_64");
	for (char *word = strtok(command, " "); word; word = strtok(NULL, " "))
		arguments[count++] = word;
	return count;
}

static const char * or (const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

struct machine *machine_boot(const struct machine_options *options)
{
	char cpus[12], *arguments[MAX_ARGUMENTS];
	int count = qemu_words(arguments), slot = 0;
	struct machine *machine = calloc(1, sizeof(*machine));
	const char *const fixed[] = {
		"-accel",
		options->one_thread ? "tcg,thread=single" : "tcg",
		"-no-reboot",
		"-nic",
		"none",
		"-display",
		"none",
		"-serial",
		"stdio",
		"-m",
		or (options->memory, "1G"),
		"-cpu",
		or (options->cpu, "max,-smap,-la57"),
		"-M",
		or (options->type, "pc"),
		"-smp",
		cpus,
		"-cdrom",
		options->image,
		options->uefi ? "-bios" : NULL,
		"/usr/share/ovmf/OVMF.fd",
	};

	snprintf(cpus, sizeof(cpus), "%u", options->cpus ? options->cpus : 2);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && fixed[i]; i++)
		arguments[count++] = (char *)fixed[i];
	for (const char *const *more = options->arguments; more && *more; more++)
		arguments[count++] = (char *)*more;
	arguments[count] = NULL;

	while (machines[slot])
		assert_true(++slot < MAX_MACHINES);
	machines[slot] = machine;
	snprintf(machine->name, sizeof(machine->name), "%s", options->name);
	append(machine, "", 0);
	compile(&machine->bad, bad_pattern);
	compile(&machine->fatal, fatal_pattern);
	open_log(machine);
	start(machine, arguments);
	signal(SIGPIPE, SIG_IGN);
	take_in(machine, START_SECONDS);
	setvbuf(stdout, NULL, _IOLBF, 0); /* in step with what cmocka says on stderr */
	return machine;
}
