/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the hypervisor's command line: each file declares its own, the linker gathers them.
 * An option that nobody declared is warned of by name and otherwise ignored.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <lib/types.h>

enum option_kind {
	OPTION_BOOL,   /* name, no-name, name=on|off|yes|no|true|false|1|0 -> bool */
	OPTION_NUMBER, /* -> u32 */
	OPTION_SIZE,   /* bytes, K without suffix -> u64 */
	OPTION_STRING, /* -> char[size], truncated */
	OPTION_CALL,   /* -> void (*)(const char *value) */
};

struct option {
	const char *name;
	enum option_kind kind;
	u32 size; /* of a string's buffer */
	void *target;
};

#define OPTION(name_, kind_, target_)                                                              \
	static const struct option option_##target_                                                \
		__attribute__((used, aligned(8), section(".options"))) = {                         \
			name_, kind_, sizeof(target_), (void *)&target_}
#define OPTION_FN(name_, fn_)                                                                      \
	static const struct option option_##fn_                                                    \
		__attribute__((used, aligned(8), section(".options"))) = {name_, OPTION_CALL, 0,   \
									  (void *)fn_}

/** Apply every word of the command line. Quotes "…" keep spaces together. Boot only. */
void options_parse(const char *cmdline);

#endif
