/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>
#include "config/guest.h"

#define DEFAULT_MEMORY 64 /* MiB */

/* Where messages say that a setting comes from. */
struct place {
	const char *source;
	const struct setting *setting;
	struct problem *problem;
};

static int refuse(const struct place *place, const char *why)
{
	return problem_note(place->problem, XEN_EINVAL, "%s:%d: %s: %s", place->source,
			    place->setting->line, place->setting->key, why);
}

static int take_text(const struct place *place, char *text, size_t size)
{
	if (place->setting->kind != SETTING_STRING)
		return refuse(place, "expected a \"string\"");
	if (strlen(place->setting->text) >= size)
		return refuse(place, "this string is too long");
	strcpy(text, place->setting->text);
	return 0;
}

static int take_number(const struct place *place, uint32_t *number, uint32_t low, uint32_t high)
{
	char why[64];

	if (place->setting->kind == SETTING_NUMBER && place->setting->number >= low &&
	    place->setting->number <= high) {
		*number = (uint32_t)place->setting->number;
		return 0;
	}
	snprintf(why, sizeof(why), "expected a number from %u to %u", low, high);
	return refuse(place, why);
}

static const char *const action_names[] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_PRESERVE] = "preserve",
	[ACTION_RENAME_RESTART] = "rename-restart",
};

const char *guest_action_name(enum guest_action action)
{
	return action_names[action];
}

static int take_action(const struct place *place, enum guest_action *action)
{
	for (int i = ACTION_DESTROY; i <= ACTION_RENAME_RESTART; i++) {
		if (!strcmp(place->setting->text, action_names[i])) {
			*action = (enum guest_action)i;
			return 0;
		}
	}
	return refuse(place, "expected destroy, restart, rename-restart or preserve");
}

/* A string or number is for all vCPUs; item i of a list for vCPU i. */
static int take_cpus(const struct place *place, struct guest_config *config)
{
	const struct setting *setting = place->setting;
	bool list = setting->kind == SETTING_LIST;
	cpumask_t mask = 0;

	memset(config->affinity, 0, sizeof(config->affinity));
	for (unsigned int i = 0; i < GUEST_MAX_VCPUS; i++) {
		if (list && i >= setting->items)
			break;
		if (cpumask_parse(list ? setting->item[i] : setting->text, &mask))
			return refuse(place,
				      "expected CPUs, as in \"all\", \"0-3,5\" or [\"0\", \"1\"]");
		config->affinity[i] = mask;
	}
	return 0;
}

/* One device for each item. */
static int take_vifs(const struct place *place, struct guest_config *config)
{
	const struct setting *setting = place->setting;

	if (setting->kind != SETTING_LIST)
		return refuse(place, "expected a list, as in [ 'mac=…,bridge=xenbr0', '' ]");
	if (setting->items > GUEST_MAX_VIFS)
		return refuse(place, "a guest has at most 8 network devices");
	for (unsigned int i = 0; i < setting->items; i++) {
		const char *wrong;

		vif_config_init(&config->vif[i]);
		wrong = vif_config_parse(&config->vif[i], setting->item[i]);
		if (wrong)
			return refuse(place, wrong);
	}
	config->vifs = setting->items;
	return 0;
}

static int take_disks(const struct place *place, struct guest_config *config)
{
	const struct setting *setting = place->setting;

	if (setting->kind != SETTING_LIST)
		return refuse(place, "expected a list, as in [ 'phy:NAME,xvda,w' ]");
	if (setting->items > GUEST_MAX_DISKS)
		return refuse(place, "a guest has at most 8 disks from its configuration");
	for (unsigned int i = 0; i < setting->items; i++) {
		const char *wrong;

		disk_config_init(&config->disk[i]);
		wrong = disk_config_parse(&config->disk[i], setting->item[i]);
		if (wrong)
			return refuse(place, wrong);
	}
	config->disks = setting->items;
	return 0;
}

static int take_uuid(const struct place *place, uint8_t uuid[16])
{
	const char *text = place->setting->text;
	unsigned int digits = 0;

	for (; *text; text++) {
		int c = tolower((unsigned char)*text);

		if (c == '-')
			continue;
		if (!isxdigit(c) || digits == 32)
			return refuse(place, "expected 32 hexadecimal digits, dashes allowed");
		uint8_t value = (uint8_t)(isdigit(c) ? c - '0' : c - 'a' + 10);

		uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | value);
		digits++;
	}
	return digits == 32 ? 0 : refuse(place, "expected 32 hexadecimal digits, dashes allowed");
}

/* Settings with which old files say "paravirtualized, 64 bits": nothing else runs here. */
static int check_fixed(const struct place *place)
{
	static const struct {
		const char *key, *value;
	} accepted[] = {
		{"type", "pv"}, {"builder", "generic"}, {"builder", "linux"},
		{"pae", "1"},	{"pae", "0"},
	};

	for (unsigned int i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		if (!strcmp(place->setting->key, accepted[i].key) &&
		    !strcmp(place->setting->text, accepted[i].value))
			return 0;
	return refuse(place, "only paravirtualized guests run here: leave this setting out");
}

#define IS(name) (!strcmp(place->setting->key, name))

static int apply_memory_and_cpus(const struct place *place, struct guest_config *config)
{
	if (IS("memory"))
		return take_number(place, &config->memory, 1, GUEST_MAX_MEMORY);
	if (IS("maxmem"))
		return take_number(place, &config->maxmem, 1, GUEST_MAX_MEMORY);
	if (IS("vcpus"))
		return take_number(place, &config->vcpus, 1, GUEST_MAX_VCPUS);
	if (IS("maxvcpus"))
		return take_number(place, &config->maxvcpus, 1, GUEST_MAX_VCPUS);
	if (IS("cpus"))
		return take_cpus(place, config);
	if (IS("cpu_weight"))
		return take_number(place, &config->weight, 1, 65535);
	if (IS("cap"))
		return take_number(place, &config->cap, 0, 100 * GUEST_MAX_VCPUS);
	return refuse(place, "unknown key (`help create` lists those that this dom0 knows)");
}

static int apply(const struct place *place, struct guest_config *config)
{
	if (IS("name")) {
		if (place->setting->kind != SETTING_STRING ||
		    !guest_name_valid(place->setting->text))
			return refuse(
				place,
				"expected a name of letters, digits and - _ . +, not a number");
		return take_text(place, config->name, sizeof(config->name));
	}
	if (IS("kernel"))
		return take_text(place, config->kernel, sizeof(config->kernel));
	if (IS("ramdisk"))
		return take_text(place, config->ramdisk, sizeof(config->ramdisk));
	if (IS("cmdline"))
		return take_text(place, config->cmdline, sizeof(config->cmdline));
	if (IS("root"))
		return take_text(place, config->root, sizeof(config->root));
	if (IS("extra"))
		return take_text(place, config->extra, sizeof(config->extra));
	if (IS("on_poweroff"))
		return take_action(place, &config->on_poweroff);
	if (IS("on_reboot"))
		return take_action(place, &config->on_reboot);
	if (IS("on_crash"))
		return take_action(place, &config->on_crash);
	if (IS("on_watchdog"))
		return take_action(place, &config->on_watchdog);
	if (IS("vif"))
		return take_vifs(place, config);
	if (IS("disk"))
		return take_disks(place, config);
	if (IS("uuid"))
		return take_uuid(place, config->uuid);
	if (IS("type") || IS("builder") || IS("pae"))
		return check_fixed(place);
	return apply_memory_and_cpus(place, config);
}

void guest_config_init(struct guest_config *config)
{
	memset(config, 0, sizeof(*config));
	config->memory = DEFAULT_MEMORY;
	config->on_poweroff = ACTION_DESTROY;
	config->on_reboot = ACTION_RESTART;
	config->on_crash = ACTION_DESTROY;
	config->on_watchdog = ACTION_DESTROY;
}

int guest_config_read(struct guest_config *config, struct config_source *source,
		      struct problem *problem)
{
	struct setting setting;
	struct place place = {source->name, &setting, problem};
	int got;

	while ((got = config_next(source, &setting, problem)) > 0) {
		int error = apply(&place, config);

		if (error)
			return error;
	}
	return got;
}

/* Does the value need quotes to be one? Numbers, lists and quoted strings do not. */
static bool is_bare(const char *key, size_t length, const char *value)
{
	static const char *const numeric[] = {"memory",	    "maxmem", "vcpus", "maxvcpus",
					      "cpu_weight", "cap",    "pae"};

	if (*value == '[' || *value == '"' || *value == '\'')
		return false;
	for (unsigned int i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++)
		if (strlen(numeric[i]) == length && !strncmp(numeric[i], key, length))
			return false;
	return true;
}

/* What is wrong at the prompt rather than in a file: there the words are what is left of quotes. */
static int check_word(const char *key, size_t length, const char *value, struct problem *problem)
{
	const char *item = value + 1;

	if (*value == '[') {
		item += strspn(item, " ");
		return !isalpha((unsigned char)*item)
			       ? 0
			       : problem_note(
					 problem, XEN_EINVAL,
					 "%.*s: quotes in a value want others around it, as in "
					 "disk=\"['phy:vda,xvda,r']\"",
					 (int)length, key);
	}
	if (is_bare(key, length, value) || *value == '"' || *value == '\'' ||
	    isdigit((unsigned char)*value))
		return 0;
	return problem_note(problem, XEN_EINVAL, "%.*s: expected a number, not \"%.32s\"",
			    (int)length, key, value);
}

int guest_config_word(struct guest_config *config, const char *word, struct problem *problem)
{
	char line[SETTING_TEXT_LENGTH + SETTING_KEY_LENGTH + 8];
	const char *value = strchr(word, '=');
	int length;

	if (!value)
		return problem_note(problem, XEN_EINVAL,
				    "\"%s\": expected key=value, as in memory=128", word);
	size_t key_length = (size_t)(value++ - word);

	if (check_word(word, key_length, value, problem))
		return -XEN_EINVAL;
	const char *quote = !is_bare(word, key_length, value) ? ""
			    : strchr(value, '"')	      ? "'"
							      : "\"";

	length = snprintf(line, sizeof(line), "%.*s=%s%s%s", (int)key_length, word, quote, value,
			  quote);
	if (length < 0 || (size_t)length >= sizeof(line))
		return problem_note(problem, XEN_EINVAL, "\"%.32s…\": too long", word);
	struct config_source source = {"command line", line, (size_t)length, 0, 1};

	return guest_config_read(config, &source, problem);
}

static int join_cmdline(struct guest_config *config, struct problem *problem)
{
	int length = 0;

	if (config->cmdline[0])
		return 0;
	if (config->root[0])
		length = snprintf(config->cmdline, sizeof(config->cmdline), "root=%s%s%s",
				  config->root, config->extra[0] ? " " : "", config->extra);
	else
		length = snprintf(config->cmdline, sizeof(config->cmdline), "%s", config->extra);
	if ((size_t)length >= sizeof(config->cmdline))
		return problem_note(problem, XEN_EINVAL,
				    "%s: root and extra together exceed 1023 characters",
				    config->name);
	return 0;
}

int guest_config_finish(struct guest_config *config, struct problem *problem)
{
	if (!guest_name_valid(config->name))
		return problem_note(problem, XEN_EINVAL, "the guest has no name: add name = \"…\"");
	if (!config->kernel[0])
		return problem_note(problem, XEN_EINVAL,
				    "%s: no kernel is named: add kernel = \"…\"", config->name);
	if (!config->maxmem)
		config->maxmem = config->memory;
	if (config->maxmem < config->memory)
		return problem_note(problem, XEN_EINVAL, "%s: maxmem is less than memory",
				    config->name);
	if (!config->vcpus)
		config->vcpus = config->maxvcpus ? config->maxvcpus : 1;
	if (!config->maxvcpus)
		config->maxvcpus = config->vcpus;
	if (config->maxvcpus < config->vcpus)
		return problem_note(problem, XEN_EINVAL, "%s: maxvcpus is less than vcpus",
				    config->name);
	return join_cmdline(config, problem);
}

bool guest_name_valid(const char *name)
{
	bool number = true;
	size_t length = 0;

	for (; name[length]; length++) {
		char c = name[length];

		if (!isalnum((unsigned char)c) && (!length || !strchr("-_.+", c)))
			return false;
		if (!isdigit((unsigned char)c))
			number = false;
	}
	return length && length < GUEST_NAME_LENGTH && !number;
}
