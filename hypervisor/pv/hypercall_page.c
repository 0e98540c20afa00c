/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypercall page: 128 stubs of 32 bytes, called as `call page + number * 32`. SYSCALL destroys
 * rcx and r11, so a stub keeps them on the guest's stack. The stub of iret is jumped to; what it
 * pushes completes the frame that do_iret() reads.
 */
#include <lib/string.h>
#include <pv/pv.h>

#define STUBS	  128
#define STUB_SIZE 32

static const u8 stub[] = {
	0x51,		     /* push %rcx */
	0x41, 0x53,	     /* push %r11 */
	0xb8, 0,    0, 0, 0, /* mov $number, %eax */
	0x0f, 0x05,	     /* syscall */
	0x41, 0x5b,	     /* pop %r11 */
	0x59,		     /* pop %rcx */
	0xc3,		     /* ret */
};
#define STUB_NUMBER 4

static const u8 iret_stub[] = {
	0x51,	    /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50,	    /* push %rax */
	0xb8, __HYPERVISOR_iret,
	0,    0,
	0,    0x0f,
	0x05, /* mov $iret, %eax; syscall */
};

void pv_fill_hypercall_page(void *page)
{
	u8 *p = page;

	memset(p, 0xcc, PAGE_SIZE); /* int3 */
	for (unsigned i = 0; i < STUBS; i++) {
		memcpy(p + i * STUB_SIZE, stub, sizeof(stub));
		p[i * STUB_SIZE + STUB_NUMBER] = (u8)i;
	}
	memcpy(p + __HYPERVISOR_iret * STUB_SIZE, iret_stub, sizeof(iret_stub));
	memset(p + __HYPERVISOR_iret * STUB_SIZE + sizeof(iret_stub), 0xcc,
	       STUB_SIZE - sizeof(iret_stub));
}
