/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the hypervisor's command line: each file declares its own, the linker gathers them.
 * An option that nobody declared is warned of by name and otherwise ignored.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <lib/types.h>

/** Reads a value ("" where none is given) into the target of size bytes. False: not understood. */
typedef bool option_parser(void *target, size_t size, const char *value);

option_parser option_bool;   /* name, no-name, name=on|off|yes|no|true|false|1|0 -> bool */
option_parser option_number; /* -> u32 */
option_parser option_size;   /* as parse_size() -> u64 */
option_parser option_string; /* -> char[size], truncated */

struct option {
	const char *name;
	option_parser *parse;
	void *target;
	size_t size;
};

#define OPTION(name_, parse_, target_)                                                             \
	static const struct option option_for_##target_                                            \
		__attribute__((used, aligned(8), section(".options"))) = {                         \
			name_, parse_, &(target_), sizeof(target_)}

/** Apply every word of the command line. Quotes "…" keep spaces together. Boot only. */
void options_parse(const char *cmdline);

/** Number in base 10, or 16 after "0x"; *end is set behind the last digit. */
u64 parse_number(const char *s, const char **end);

/** Number with an optional suffix B, K (default), M, G or T: bytes, as Xen's size options. */
u64 parse_size(const char *s, const char **end);

#endif
