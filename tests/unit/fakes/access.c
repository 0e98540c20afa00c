/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step before each access to memory. With -fsanitize=thread the compiler calls the functions
 * __tsan_… there; these are not its own race detector's, but only do the accesses that are atomic.
 */
#include "fakes/access.h"
#include <lib/types.h>

__thread void (*fake_before_access)(void);

#define RUNTIME __attribute__((no_sanitize("thread")))

RUNTIME static void step(void)
{
	void (*hook)(void) = fake_before_access;

	if (!hook)
		return;
	fake_before_access = NULL;
	hook();
	fake_before_access = hook;
}

#define PLAIN(size)                                                                                \
	RUNTIME void __tsan_read##size(void *p)                                                    \
	{                                                                                          \
		step();                                                                            \
	}                                                                                          \
	RUNTIME void __tsan_write##size(void *p)                                                   \
	{                                                                                          \
		step();                                                                            \
	}
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

RUNTIME void __tsan_read_range(void *p, long size)
{
	step();
}

RUNTIME void __tsan_write_range(void *p, long size)
{
	step();
}

#define ATOMIC_OP(bits, name, arguments, type, work)                                               \
	RUNTIME type __tsan_atomic##bits##_##name arguments                                        \
	{                                                                                          \
		step();                                                                            \
		work;                                                                              \
	}
#define CHANGE(bits, name, op)                                                                     \
	ATOMIC_OP(bits, name, (volatile void *p, u##bits v, int order), u##bits,                   \
		  return op((volatile u##bits *)p, v, __ATOMIC_SEQ_CST))
#define COMPARE(bits, name)                                                                        \
	ATOMIC_OP(bits, compare_exchange_##name,                                                   \
		  (volatile void *p, void *old, u##bits v, int order, int failure), bool,          \
		  return __atomic_compare_exchange_n((volatile u##bits *)p, (u##bits *)old, v,     \
						     false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
#define ATOMICS(bits)                                                                              \
	ATOMIC_OP(bits, load, (const volatile void *p, int order), u##bits,                        \
		  return __atomic_load_n((const volatile u##bits *)p, __ATOMIC_SEQ_CST))           \
	ATOMIC_OP(bits, store, (volatile void *p, u##bits v, int order), void,                     \
		  __atomic_store_n((volatile u##bits *)p, v, __ATOMIC_SEQ_CST))                    \
	CHANGE(bits, exchange, __atomic_exchange_n)                                                \
	CHANGE(bits, fetch_add, __atomic_fetch_add)                                                \
	CHANGE(bits, fetch_sub, __atomic_fetch_sub)                                                \
	CHANGE(bits, fetch_and, __atomic_fetch_and)                                                \
	CHANGE(bits, fetch_or, __atomic_fetch_or)                                                  \
	COMPARE(bits, strong)                                                                      \
	COMPARE(bits, weak)
ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

RUNTIME void __tsan_init(void)
{
}

RUNTIME void __tsan_func_entry(void *caller)
{
}

RUNTIME void __tsan_func_exit(void *caller)
{
}
