/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin of QEMU's emulator: counts instructions that cost a real CPU far more than their number
 * says, between the marks that the guest `bench` sets, in whichever code executes them.
 *
 * For each row one line: for each class the least of the rounds, tab-separated, for the whole row;
 * last, how many operations that was for. Load it by `-plugin tally.so,out=FILE`.
 *
 * QEMU 7.2's interface for plugins, version 1; the distribution has no package with its header.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*translated)(uint64_t id,
							      struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
					    void (*executed)(unsigned int cpu, void *data),
					    int registers, void *data);

EXPORT int qemu_plugin_version = 1;

/* In the order of the report's columns. */
enum kind { CR3, IRET, SYSRET, INVLPG, WRMSR, SERIAL, LOCKED, CLASSES, NONE };
/* tests/guests/bench/bench.h: the displacement of a NOP. */
enum mark { START = 0x42500001, STOP, ROW_ENDS, OPERATION };

static FILE *out;
static unsigned long now[CLASSES + 1]; /* the last: outside of rounds */
static unsigned long least[CLASSES];
static unsigned long rounds, operations;
static int counting;

static void count(unsigned int cpu, void *kind)
{
	(void)cpu;
	now[counting ? (uintptr_t)kind : CLASSES]++;
}

static void row_ends(void)
{
	for (int i = 0; i < CLASSES; i++)
		fprintf(out, "%lu\t", least[i]);
	fprintf(out, "%lu\n", operations);
	fflush(out);
	rounds = operations = 0;
}

static void marked(unsigned int cpu, void *mark)
{
	(void)cpu;
	counting = (uintptr_t)mark == START;
	switch ((uintptr_t)mark) {
	case START:
		memset(now, 0, sizeof(now));
		break;
	case STOP:
		for (int i = 0; i < CLASSES; i++)
			if (!rounds || now[i] < least[i])
				least[i] = now[i];
		rounds++;
		break;
	case ROW_ENDS:
		row_ends();
		break;
	case OPERATION:
		operations++;
		break;
	}
}

/* 0F 01: INVLPG, and loads of descriptor tables. */
static enum kind descriptor_kind(uint8_t modrm)
{
	unsigned int reg = modrm >> 3 & 7;

	if (modrm >= 0xc0)
		return NONE;
	if (reg == 7)
		return INVLPG;
	return reg == 2 || reg == 3 ? SERIAL : NONE;
}

/* Behind 0F. */
static enum kind long_kind(const uint8_t *code)
{
	unsigned int reg = code[1] >> 3 & 7;

	switch (code[0]) {
	case 0x00: /* LLDT, LTR */
		return reg == 2 || reg == 3 ? SERIAL : NONE;
	case 0x01:
		return descriptor_kind(code[1]);
	case 0x07:
		return SYSRET;
	case 0x22: /* MOV to a control register */
		return reg == 3 ? CR3 : SERIAL;
	case 0x06: /* CLTS */
	case 0x09: /* WBINVD */
	case 0x23: /* MOV to a debug register */
	case 0xa2: /* CPUID */
		return SERIAL;
	case 0x30:
		return WRMSR;
	default:
		return NONE;
	}
}

static enum kind kind_of(const uint8_t *code, size_t size)
{
	/* prefixes: LOCK says it all */
	for (; size > 1; code++, size--) {
		if (*code == 0xf0)
			return LOCKED;
		if ((*code & 0xf0) != 0x40 && *code != 0x66 && *code != 0xf2 && *code != 0xf3)
			break;
	}
	if (*code == 0xcf)
		return IRET;
	if (size < 2)
		return NONE;
	if ((*code == 0x86 || *code == 0x87) && code[1] < 0xc0) /* XCHG with memory */
		return LOCKED;
	return *code == 0x0f ? long_kind(code + 1) : NONE;
}

static uint32_t mark_of(const uint8_t *code, size_t size)
{
	uint32_t mark;

	if (size != 7 || memcmp(code, "\x0f\x1f\x80", 3))
		return 0;
	memcpy(&mark, code + 3, sizeof(mark));
	return mark >= START && mark <= OPERATION ? mark : 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
	size_t n = qemu_plugin_tb_n_insns(block);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		const uint8_t *code = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		enum kind kind = kind_of(code, size);
		uintptr_t mark = mark_of(code, size);

		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0, (void *)mark);
		else if (kind != NONE)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, count, 0,
							       (void *)(uintptr_t)kind);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc == 1 && !strncmp(argv[0], "out=", 4))
		out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
