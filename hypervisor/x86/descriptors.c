/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/paging.h>

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 ist[8]; /* by its number: [0] is reserved */
	u64 reserved1;
	u16 reserved2, io_bitmap;
} __attribute__((packed));

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};

struct table_register {
	u16 limit;
	u64 base;
} __attribute__((packed));

enum { IST_DF = 1, IST_NMI, IST_MC, IST_DB };

mfn_t hypervisor_gdt_mfn;

extern char entry_stubs[]; /* 16 bytes for each vector */
extern char entry_page[], syscall_entry[], syscall32_entry[], sysenter_entry[];

static u64 *gdt_slot(u32 selector)
{
	return (u64 *)(GDT_PAGE_VA + (selector & ~7u) - GDT_RESERVED);
}

static void fill_idt(struct gate *idt)
{
	static const u8 ist[256] = {[1] = IST_DB, [2] = IST_NMI, [8] = IST_DF, [18] = IST_MC};

	for (unsigned v = 0; v < 256; v++) {
		u64 target = (xpti ? ENTRY_CODE_VA + PAGE_SIZE : (u64)entry_stubs) + v * 16;
		bool for_guests = v == 3 || v == 4 || v == VECTOR_INT80;

		idt[v] = (struct gate){
			.offset_low = target,
			.selector = HYPERVISOR_CS,
			.ist = ist[v],
			.type = for_guests ? 0xee : 0x8e, /* interrupt gate of DPL 3 or 0 */
			.offset_middle = target >> 16,
			.offset_high = target >> 32,
		};
	}
}

/* Zeroed memory at va; returns the machine address of its last page. */
static paddr_t map_pages(u64 va, u64 size)
{
	paddr_t pa = 0;

	for (u64 end = va + size; va < end; va += PAGE_SIZE) {
		pa = early_alloc(PAGE_SIZE, PAGE_SIZE, false);
		memset(phys_to_virt(pa), 0, PAGE_SIZE);
		paging_map(va, pa, PAGE_SIZE, MAP_RW);
	}
	return pa;
}

void descriptors_init(void)
{
	paddr_t idt = early_alloc(PAGE_SIZE, PAGE_SIZE, false);

	fill_idt(phys_to_virt(idt));
	paging_map(IDT_PAGE_VA, idt, PAGE_SIZE, MAP_RO);
	paging_map(ENTRY_CODE_VA, image_to_phys(entry_page), 2 * PAGE_SIZE, MAP_RX);
	hypervisor_gdt_mfn = paddr_to_mfn(map_pages(GDT_PAGE_VA, PAGE_SIZE));
	/* The accessed bits are set, so that the CPU never writes here. */
	*gdt_slot(HYPERVISOR_CS) = 0x00af9b000000ffff;
	*gdt_slot(HYPERVISOR_DS) = 0x00cf93000000ffff;
	*gdt_slot(GUEST_CS32) = 0x00cffb000000ffff;
	*gdt_slot(GUEST_SS) = 0x00cff3000000ffff;
	*gdt_slot(GUEST_CS64) = 0x00affb000000ffff;
}

/* A system descriptor (2: LDT, 9: TSS) is two slots long. */
static void set_system(u32 selector, u64 base, u16 limit, unsigned type)
{
	u64 *slot = gdt_slot(selector);

	slot[0] =
		limit | (base & 0xffffff) << 16 | (0x80UL | type) << 40 | (base >> 24 & 0xff) << 56;
	slot[1] = base >> 32;
}

struct cpu *window_create(u32 id, u32 apic_id)
{
	static const struct {
		u64 start, size;
	} stacks[] = {
		{WINDOW_STACK, WINDOW_STACK_END - WINDOW_STACK},
		[IST_DF] = {WINDOW_DF, PAGE_SIZE},
		[IST_NMI] = {WINDOW_NMI, 2 * PAGE_SIZE},
		[IST_MC] = {WINDOW_MC, PAGE_SIZE},
		[IST_DB] = {WINDOW_DB, PAGE_SIZE},
	};
	u64 w = WINDOW_BASE(id);
	struct cpu *c = (struct cpu *)(w + WINDOW_CPU);
	struct tss *tss = (struct tss *)(w + WINDOW_TSS);

	map_pages(w + WINDOW_TSS, PAGE_SIZE);
	for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++) {
		map_pages(w + stacks[i].start, stacks[i].size);
		tss->ist[i] = i ? w + stacks[i].start + stacks[i].size : 0;
	}
	paging_map(w + WINDOW_ENTRY, image_to_phys(entry_page), PAGE_SIZE, MAP_RX);
	c->id = id;
	c->apic_id = apic_id;
	tss->rsp[0] = (u64)c;
	tss->io_bitmap = sizeof(*tss); /* beyond the limit: no port is open to ring 3 */
	set_system(CPU_TSS(id), (u64)tss, sizeof(*tss) - 1, 9);
	xpti_prepare(c);
	return c;
}

void load_gdt(u64 base)
{
	struct table_register r = {GDT_RESERVED + PAGE_SIZE - 1, base};

	asm volatile("lgdt %0" ::"m"(r) : "memory");
}

void load_ldt(u64 base, unsigned entries)
{
	u32 id = this_cpu()->id, loaded;

	asm volatile("sldt %0" : "=r"(loaded));
	if (entries)
		set_system(CPU_LDT(id), base, entries * 8 - 1, 2);
	if (entries || loaded)
		asm volatile("lldt %w0" ::"r"(entries ? CPU_LDT(id) : 0) : "memory");
}

void descriptors_load(u32 id)
{
	struct table_register idt = {PAGE_SIZE - 1, IDT_PAGE_VA};
	u64 entry = WINDOW_BASE(id) + WINDOW_ENTRY;

	load_gdt(GDT_PAGE_VA - GDT_RESERVED);
	asm volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq\n"
		     "1: mov %1, %%ss; mov %2, %%ds; mov %2, %%es; mov %2, %%fs; mov %2, %%gs"
		     :
		     : "i"(HYPERVISOR_CS), "r"(HYPERVISOR_DS), "r"(0)
		     : "rax", "memory");
	asm volatile("lidt %0; lldt %w1; ltr %w2" ::"m"(idt), "r"(0), "r"(CPU_TSS(id)) : "memory");
	wrmsr(MSR_STAR, (u64)(GUEST_CS32) << 48 | (u64)HYPERVISOR_CS << 32);
	wrmsr(MSR_LSTAR, entry + (syscall_entry - entry_page));
	wrmsr(MSR_CSTAR, entry + (syscall32_entry - entry_page));
	wrmsr(MSR_SYSCALL_MASK, X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_IOPL |
					X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC);
	wrmsr(MSR_SYSENTER_CS, HYPERVISOR_CS);
	wrmsr(MSR_SYSENTER_ESP, WINDOW_BASE(id) + WINDOW_CPU);
	wrmsr(MSR_SYSENTER_EIP, entry + (sysenter_entry - entry_page));
}
