/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruction decoder: each form that is emulated, forms that are not, and noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pv/decode.h>

#define BYTES(...) ((const u8[]){__VA_ARGS__}), sizeof((const u8[]){__VA_ARGS__})

static struct cpu_regs regs;

static int set_up(void **state)
{
	(void)state;
	memset(&regs, 0, sizeof(regs));
	for (unsigned i = 0; i < 16; i++)
		*insn_register(&regs, i) = 0x1111111111111111UL * (i + 1) & 0xfff00ffff0ff0fffUL;
	regs.rip = 0xffffffff81000000UL;
	return 0;
}

static struct insn decode(const u8 *bytes, unsigned size, bool long_mode)
{
	struct insn in;

	assert_true(insn_decode(&in, bytes, size, long_mode));
	assert_int_equal(in.length, size);
	/* cut anywhere it is no instruction, and nothing beyond the end is read */
	for (unsigned n = 0; n < size; n++) {
		struct insn part;
		u8 *copy = malloc(n + 1);

		memcpy(copy + 1, bytes, n);
		assert_false(insn_decode(&part, copy + 1, n, long_mode));
		free(copy);
	}
	return in;
}

static void refuse_bytes(const u8 *bytes, unsigned size)
{
	struct insn in;

	assert_false(insn_decode(&in, bytes, size, true));
}

static void privileged_ones(void **state)
{
	static const struct {
		u8 bytes[4];
		u8 size;
		u32 opcode;
	} table[] = {
		{{0xf4}, 1, 0xf4},
		{{0xfa}, 1, 0xfa},
		{{0xfb}, 1, 0xfb},
		{{0x0f, 0x06}, 2, 0x0f06},
		{{0x0f, 0x09}, 2, 0x0f09},
		{{0x0f, 0x30}, 2, 0x0f30},
		{{0x0f, 0x31}, 2, 0x0f31},
		{{0x0f, 0x32}, 2, 0x0f32},
		{{0x0f, 0xa2}, 2, 0x0fa2},
		{{0x0f, 0x01, 0xd0}, 3, 0x0f01d0},
		{{0x0f, 0x01, 0xd1}, 3, 0x0f01d1},
		{{0x0f, 0x01, 0xf9}, 3, 0x0f01f9},
		{{0x0f, 0x01, 0x00}, 3, 0x0f0100},
		{{0x0f, 0x01, 0x0f}, 3, 0x0f0108},
		{{0x0f, 0x01, 0x3b}, 3, 0x0f0138},
		{{0x0f, 0x01, 0xe0}, 3, 0x0f0120},
		{{0x0f, 0x01, 0xf0}, 3, 0x0f0130},
		{{0x0f, 0x00, 0xc0}, 3, 0x0f0000},
		{{0x0f, 0x00, 0xc8}, 3, 0x0f0008},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(decode(table[i].bytes, table[i].size, true).opcode,
				 table[i].opcode);
}

static void control_and_debug_registers(void **state)
{
	struct insn in = decode(BYTES(0x0f, 0x22, 0xdf), true); /* mov %rdi, %cr3 */

	(void)state;
	assert_int_equal(in.opcode, 0x0f22);
	assert_int_equal(in.reg, 3);
	assert_int_equal(in.rm, 7);
	assert_int_equal(in.op_size, 8);
	in = decode(BYTES(0x44, 0x0f, 0x20, 0xc1), true); /* mov %cr8, %rcx */
	assert_int_equal(in.opcode, 0x0f20);
	assert_int_equal(in.reg, 8);
	assert_int_equal(in.rm, 1);
	in = decode(BYTES(0x41, 0x0f, 0x23, 0xfb), true); /* mov %r11, %dr7 */
	assert_int_equal(in.opcode, 0x0f23);
	assert_int_equal(in.reg, 7);
	assert_int_equal(in.rm, 11);
	/* the mod field of these is not looked at: they never have memory operands */
	in = decode(BYTES(0x0f, 0x20, 0x00), true);
	assert_false(in.memory);
}

static void ports_and_interrupts(void **state)
{
	struct insn in = decode(BYTES(0xe5, 0xfe), true); /* in $0xfe, %eax */

	(void)state;
	assert_int_equal(in.opcode, 0xe5);
	assert_true(in.immediate);
	assert_int_equal(in.imm, 0xfe); /* not sign-extended */
	assert_int_equal(in.op_size, 4);
	in = decode(BYTES(0x66, 0xef), true); /* outw %ax, %dx */
	assert_int_equal(in.opcode, 0xef);
	assert_int_equal(in.op_size, 2);
	assert_false(in.immediate);
	in = decode(BYTES(0xf3, 0x6c), true); /* rep insb */
	assert_int_equal(in.opcode, 0x6c);
	assert_int_equal(in.op_size, 1);
	assert_true(in.rep);
	in = decode(BYTES(0xcd, 0x80), false);
	assert_int_equal(in.opcode, 0xcd);
	assert_int_equal(in.imm, 0x80);
}

static void memory_operands(void **state)
{
	struct insn in = decode(BYTES(0x48, 0x89, 0x07), true); /* mov %rax, (%rdi) */

	(void)state;
	assert_int_equal(in.opcode, 0x89);
	assert_int_equal(in.op_size, 8);
	assert_true(insn_address(&in, &regs) == regs.rdi);
	in = decode(BYTES(0x4b, 0x89, 0x4c, 0xd4, 0xf8), true); /* mov %rcx, -8(%r12,%r10,8) */
	assert_int_equal(in.reg, 1);
	assert_true(insn_address(&in, &regs) == regs.r12 + regs.r10 * 8 - 8);
	in = decode(BYTES(0x48, 0x89, 0x1d, 0x10, 0, 0, 0), true); /* mov %rbx, 0x10(%rip) */
	assert_true(insn_address(&in, &regs) == regs.rip + 7 + 0x10);
	in = decode(BYTES(0x89, 0x04, 0x25, 0, 0, 0, 0x80), true); /* mov %eax, -0x80000000 */
	assert_true(insn_address(&in, &regs) == 0xffffffff80000000UL);
	in = decode(BYTES(0x67, 0x89, 0x07), true); /* mov %eax, (%edi) */
	assert_true(insn_address(&in, &regs) == (u32)regs.rdi);
	in = decode(BYTES(0x89, 0x05, 0x78, 0x56, 0x34, 0x12), false); /* mov %eax, 0x12345678 */
	assert_false(in.rip_relative);
	assert_int_equal(insn_address(&in, &regs), 0x12345678);
	in = decode(BYTES(0x65, 0x48, 0x89, 0x45, 0x00), true); /* mov %rax, %gs:(%rbp) */
	assert_int_equal(in.segment, SEGMENT_GS);
	in = decode(BYTES(0x64, 0x2e, 0x89, 0x07), true); /* mov %eax, %fs:(%rdi): cs is flat */
	assert_int_equal(in.segment, SEGMENT_FS);
	in = decode(BYTES(0x48, 0x89, 0x45, 0x00), true); /* mov %rax, (%rbp) */
	assert_int_equal(in.segment, SEGMENT_FLAT);
}

static void stores(void **state)
{
	struct insn in = decode(BYTES(0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff), true);

	(void)state;
	assert_int_equal(in.opcode, 0xc7);
	assert_true(in.immediate);
	assert_true(in.imm == ~0UL);
	in = decode(BYTES(0x66, 0xc7, 0x07, 0x34, 0x12), true); /* movw $0x1234, (%rdi) */
	assert_int_equal(in.op_size, 2);
	assert_int_equal(in.imm, 0x1234);
	in = decode(BYTES(0x48, 0x87, 0x07), true);
	assert_int_equal(in.opcode, 0x87);
	in = decode(BYTES(0xf0, 0x48, 0x0f, 0xb1, 0x17), true);
	assert_int_equal(in.opcode, 0x0fb1);
	assert_true(in.lock);
	in = decode(BYTES(0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01), true); /* lock btrq $1, (%rdi) */
	assert_int_equal(in.opcode, 0x0fba);
	assert_int_equal(in.alu, BIT_BTR);
	in = decode(BYTES(0xf0, 0x80, 0x27, 0xfd), true); /* lock andb $0xfd, (%rdi) */
	assert_int_equal(in.opcode, 0x80);
	assert_int_equal(in.alu, ALU_AND);
	assert_int_equal(in.op_size, 1);
	in = decode(BYTES(0xf0, 0x48, 0x21, 0x07), true); /* lock and %rax, (%rdi) */
	assert_int_equal(in.opcode, 0x21);
	assert_int_equal(in.alu, ALU_AND);
	in = decode(BYTES(0xf3, 0x48, 0xab), true);
	assert_int_equal(in.opcode, 0xab);
	in = decode(BYTES(0x48, 0xa5), true);
	assert_int_equal(in.opcode, 0xa5);
}

static void what_is_not_emulated(void **state)
{
	(void)state;
	refuse_bytes(BYTES(0x90));			   /* nop */
	refuse_bytes(BYTES(0x48, 0x8b, 0x07));		   /* a load */
	refuse_bytes(BYTES(0x48, 0x83, 0x17, 0x01));	   /* adc */
	refuse_bytes(BYTES(0x48, 0x83, 0x3f, 0x01));	   /* cmp */
	refuse_bytes(BYTES(0x48, 0x0f, 0xba, 0x27, 0x01)); /* bt */
	refuse_bytes(BYTES(0x48, 0x0f, 0xc1, 0x07));	   /* xadd */
	refuse_bytes(BYTES(0x48, 0xc7, 0x0f, 0, 0, 0, 0)); /* c7 /1 */
	refuse_bytes(BYTES(0x0f, 0x01, 0x10));		   /* lgdt */
	refuse_bytes(BYTES(0x0f, 0x01, 0x18));		   /* lidt */
	refuse_bytes(BYTES(0x0f, 0x01, 0xf8));		   /* swapgs */
	refuse_bytes(BYTES(0x0f, 0x00, 0xd0));		   /* lldt */
	refuse_bytes(BYTES(0x0f, 0x08));		   /* invd */
	refuse_bytes(BYTES(0x0f, 0x05));		   /* syscall */
}

static void rex_counts_only_right_before_the_opcode(void **state)
{
	struct insn in = decode(BYTES(0x48, 0x66, 0x89, 0x07), true);

	(void)state;
	assert_int_equal(in.op_size, 2);
	in = decode(BYTES(0x66, 0x48, 0x89, 0x07), true);
	assert_int_equal(in.op_size, 8);
}

static void byte_registers(void **state)
{
	struct insn in = decode(BYTES(0x88, 0x27), true); /* mov %ah, (%rdi) */

	(void)state;
	regs.rax = 0x1122334455667788UL;
	regs.rsp = 0x99;
	assert_int_equal(insn_read_register(&in, &regs, in.reg, 1), 0x77);
	in = decode(BYTES(0x40, 0x88, 0x27), true); /* mov %spl, (%rdi) */
	assert_int_equal(insn_read_register(&in, &regs, in.reg, 1), 0x99);
	in.rex = false;
	insn_write_register(&in, &regs, 4, 1, 0xaa);
	assert_true(regs.rax == 0x112233445566aa88UL);
	insn_write_register(&in, &regs, 0, 2, 0x1234);
	assert_true(regs.rax == 0x1122334455661234UL);
	insn_write_register(&in, &regs, 0, 4, ~0UL);
	assert_true(regs.rax == 0xffffffffUL);
}

/* --- results and flags, against the processor itself --- */

#define ARITHMETIC_FLAGS 0x8d5UL

#define NATIVE(name, text)                                                                         \
	static u64 name(u64 old, u64 operand, unsigned size, u64 *flags)                           \
	{                                                                                          \
		u64 f;                                                                             \
                                                                                                   \
		if (size == 1)                                                                     \
			asm(text "b %b2, %b0; pushfq; popq %1"                                     \
			    : "+q"(old), "=r"(f)                                                   \
			    : "q"(operand)                                                         \
			    : "cc");                                                               \
		else if (size == 2)                                                                \
			asm(text "w %w2, %w0; pushfq; popq %1"                                     \
			    : "+r"(old), "=r"(f)                                                   \
			    : "r"(operand)                                                         \
			    : "cc");                                                               \
		else if (size == 4)                                                                \
			asm(text "l %k2, %k0; pushfq; popq %1"                                     \
			    : "+r"(old), "=r"(f)                                                   \
			    : "r"(operand)                                                         \
			    : "cc");                                                               \
		else                                                                               \
			asm(text "q %2, %0; pushfq; popq %1"                                       \
			    : "+r"(old), "=r"(f)                                                   \
			    : "r"(operand)                                                         \
			    : "cc");                                                               \
		*flags = f & ARITHMETIC_FLAGS;                                                     \
		return insn_truncate(old, size);                                                   \
	}
NATIVE(native_add, "add")
NATIVE(native_or, "or")
NATIVE(native_and, "and")
NATIVE(native_sub, "sub")
NATIVE(native_xor, "xor")

static u64 random_word(void)
{
	static const u64 edges[] = {0,
				    1,
				    0x7f,
				    0x80,
				    0xff,
				    0x7fff,
				    0x8000,
				    0x7fffffff,
				    0x80000000,
				    0x7fffffffffffffff,
				    0x8000000000000000,
				    ~0UL};
	u64 r = (u64)random() << 33 ^ (u64)random() << 13 ^ (u64)random();

	return random() % 3 ? r : edges[r % ARRAY_SIZE(edges)];
}

static void results_and_flags_are_the_processors(void **state)
{
	static const struct {
		unsigned alu;
		u64 (*run)(u64 old, u64 operand, unsigned size, u64 *flags);
	} ops[] = {{ALU_ADD, native_add},
		   {ALU_OR, native_or},
		   {ALU_AND, native_and},
		   {ALU_SUB, native_sub},
		   {ALU_XOR, native_xor}};

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		unsigned op = i % ARRAY_SIZE(ops), size = 1U << (random() & 3);
		u64 old = random_word(), operand = random_word(), want_flags;
		u64 flags = 0x200 | ARITHMETIC_FLAGS;
		u64 want = ops[op].run(old, operand, size, &want_flags);
		u64 mask = ops[op].alu == ALU_ADD || ops[op].alu == ALU_SUB ? ~0UL : ~0x10UL;

		assert_true(insn_alu(ops[op].alu, old, operand, size, &flags) == want);
		/* AF is undefined after the logical ones */
		assert_true((flags & mask) == ((want_flags | 0x200) & mask));
	}
}

static void bits(void **state)
{
	u64 flags = 0;

	(void)state;
	assert_int_equal(insn_bit(BIT_BTS, 0x10, 4, &flags), 0x10);
	assert_int_equal(flags, 1);
	assert_int_equal(insn_bit(BIT_BTR, 0x10, 4, &flags), 0);
	assert_int_equal(flags, 1);
	assert_true(insn_bit(BIT_BTC, 0, 63, &flags) == 1UL << 63);
	assert_int_equal(flags, 0);
}

/* Whatever the bytes: it ends, reads no further than it may, and says how much it read. */
static void noise(void **state)
{
	struct insn in;

	(void)state;
	srandom(2);
	for (unsigned i = 0; i < 300000; i++) {
		unsigned size = (unsigned)random() % (INSN_MAX + 6);
		u8 *bytes = malloc(size ? size : 1);

		for (unsigned n = 0; n < size; n++)
			bytes[n] = random() % 4 ? (u8)random()
						: (u8[]){0x48, 0x0f, 0x66, 0xf0}[random() & 3];
		if (insn_decode(&in, bytes, size, random() & 1)) {
			assert_in_range(in.length, 1, size);
			assert_true(in.op_size == 1 || in.op_size == 2 || in.op_size == 4 ||
				    in.op_size == 8);
			insn_address(&in, &regs);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(privileged_ones, set_up),
		cmocka_unit_test_setup(control_and_debug_registers, set_up),
		cmocka_unit_test_setup(ports_and_interrupts, set_up),
		cmocka_unit_test_setup(memory_operands, set_up),
		cmocka_unit_test_setup(stores, set_up),
		cmocka_unit_test_setup(what_is_not_emulated, set_up),
		cmocka_unit_test_setup(rex_counts_only_right_before_the_opcode, set_up),
		cmocka_unit_test_setup(byte_registers, set_up),
		cmocka_unit_test_setup(results_and_flags_are_the_processors, set_up),
		cmocka_unit_test_setup(bits, set_up),
		cmocka_unit_test_setup(noise, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
