/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instruction as the model of privileged ones reads it. */
#ifndef FUZZ_PRIVILEGED_DECODE_H
#define FUZZ_PRIVILEGED_DECODE_H

#include "privileged_model.h"

struct instruction {
	unsigned op;			   /* 0x0f00 is added to those of the second map */
	unsigned length, operand, address; /* sizes in bytes */
	unsigned reg, rm;
	uint8_t modrm, imm, rex;
	char segment; /* 'f', 'g', or 0 */
	bool lock, repeat, memory, wide;
	uint64_t offset;
};

/** The one at rip. False: none that is emulated, or cut off. */
bool decode(const struct world *w, struct guest *g, struct instruction *in, bool *unspecified);
/** The address of that offset in its segment. */
uint64_t linear(const struct world *w, const struct instruction *in, uint64_t offset);
/** The lowest bytes of a value. */
uint64_t cut_to(uint64_t value, unsigned bytes);

#endif
