/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypercall page: 128 stubs of 32 bytes, called as `call page + number * 32`. SYSCALL destroys
 * rcx and r11, so a stub keeps them on the guest's stack. The stub of iret is jumped to; what it
 * pushes completes the frame that do_iret() reads.
 */
#include <lib/string.h>
#include <pv/pv.h>

#define STUB_SIZE   32
#define STUB_NUMBER 4

/* push %rcx; push %r11; mov $number, %eax; syscall; pop %r11; pop %rcx; ret */
static const u8 stub[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
/* push %rcx; push %r11; push %rax; mov $iret, %eax; syscall */
static const u8 iret_stub[] = {0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret,
			       0,    0,	   0,	 0x0f, 0x05};

void pv_fill_hypercall_page(void *page)
{
	memset(page, 0xcc, PAGE_SIZE); /* int3 */
	for (unsigned nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++) {
		u8 *p = (u8 *)page + nr * STUB_SIZE;

		if (nr == __HYPERVISOR_iret) {
			memcpy(p, iret_stub, sizeof(iret_stub));
			continue;
		}
		memcpy(p, stub, sizeof(stub));
		p[STUB_NUMBER] = (u8)nr;
	}
}
