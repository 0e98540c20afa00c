/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypercall page: 128 stubs of 32 bytes, called as `call page + number * 32`. SYSCALL destroys
 * rcx and r11, so a stub keeps them on the guest's stack. The stub of iret is jumped to; what it
 * pushes completes the frame that do_iret() reads.
 */
#include <core/calls.h>
#include <lib/string.h>
#include <pv/pv.h>

#define STUB_SIZE   32
#define STUB_NUMBER 4

/* push %rcx; push %r11; mov $number, %eax; syscall; pop %r11; pop %rcx; ret */
static const u8 stub[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
/* push %rcx; push %r11; push %rax; mov $iret, %eax; syscall */
static const u8 iret_stub[] = {0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret,
			       0,    0,	   0,	 0x0f, 0x05};

static void fill(void *page)
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

long pv_write_hypercall_page(struct domain_memory *dm, mfn_t frame)
{
	struct page *pg = mm_get_page_writable(frame, dm);

	if (!pg)
		return refuse_as(-XEN_EACCES, NOT_OWNED,
				 "frame %#lx is not the domain's, or not to be written", frame.n);
	fill(page_to_virt(pg));
	type_put(pg);
	return 0;
}
