/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDT of a vCPU: its frames, and what mm/ asks about its LDT (mmuext_op sets it). */
#include <mm/hooks.h>
#include <mm/types.h>
#include <pv/internal.h>

#define DESCRIPTORS_PER_PAGE (PAGE_SIZE / 8)
#define GDT_PAGES_MAX	     FIRST_RESERVED_GDT_PAGE
#define GDT_PAGES(entries)   (ROUND_UP(entries, DESCRIPTORS_PER_PAGE) / DESCRIPTORS_PER_PAGE)

void pv_release_gdt(struct vcpu *v)
{
	for (unsigned i = 0; i < GDT_PAGES_MAX; i++) {
		if (!v->pv.gdt_pages[i])
			continue;
		mm_window_set(&v->mem, i, INVALID_MFN);
		type_put(v->pv.gdt_pages[i]);
		v->pv.gdt_pages[i] = NULL;
	}
	v->arch.gdt_entries = 0;
}

static int take_frames(struct vcpu *v, const u64 *frames, unsigned count, struct page **pages)
{
	for (unsigned i = 0; i < count; i++) {
		pages[i] = frame_of_ram(mfn(frames[i]));
		if (!type_get_owned(pages[i], &v->domain->mem, TYPE_DESCRIPTOR))
			continue;
		for (unsigned taken = 0; taken < i; taken++)
			type_put(pages[taken]);
		return refuse(BAD_TYPE,
			      "GDT frame %#lx is not the domain's, in use as another type, or "
			      "holds a descriptor that no guest may have",
			      frames[i]);
	}
	return 0;
}

int pv_install_gdt(struct vcpu *v, const u64 *frames, unsigned entries)
{
	struct page *pages[GDT_PAGES_MAX];
	unsigned count = GDT_PAGES(entries);
	int err = take_frames(v, frames, count, pages);

	if (err)
		return err;
	pv_release_gdt(v);
	for (unsigned i = 0; i < count; i++) {
		v->pv.gdt_pages[i] = pages[i];
		mm_window_set(&v->mem, i, page_to_mfn(pages[i]));
	}
	v->arch.gdt_entries = (u16)entries;
	return 0;
}

long do_set_gdt(u64 frames, u64 entries)
{
	struct vcpu *v = current_vcpu();
	u64 list[GDT_PAGES_MAX];
	long err;

	if ((unsigned)entries > FIRST_RESERVED_GDT_ENTRY)
		return refuse(BAD_ARGUMENT, "a GDT of %u entries, the most is %u",
			      (unsigned)entries, FIRST_RESERVED_GDT_ENTRY);
	if (!copy_from_guest(list, frames, GDT_PAGES((unsigned)entries) * sizeof(list[0])))
		return -XEN_EFAULT;
	err = pv_install_gdt(v, list, (unsigned)entries);
	if (!err)
		load_gdt(v->arch.gdt_base);
	return err;
}

long do_update_descriptor(u64 maddr, u64 desc)
{
	long err = mm_update_descriptor(&current_vcpu()->mem, maddr, desc);

	if (err == -XEN_ERESTART)
		return hypercall_preempt(0, maddr, desc, 0, 0);
	return err;
}

void hook_get_ldt(struct vcpu_memory *vm, u64 *base, unsigned *entries)
{
	const struct vcpu *v = container_of(vm, struct vcpu, mem);

	*base = v->pv.ldt_virt;
	*entries = v->arch.ldt_entries;
}

void hook_set_ldt(struct vcpu_memory *vm, u64 base, unsigned entries)
{
	struct vcpu *v = container_of(vm, struct vcpu, mem);

	v->pv.ldt_virt = base;
	v->arch.ldt_entries = (u16)entries;
	if (v == current_vcpu())
		load_ldt(v->arch.ldt_base, entries);
}

/* Descriptor of a selector in the guest's tables or the reserved part of the GDT; 0 where there is
 * none. */
u64 pv_read_descriptor(struct vcpu *v, u16 selector)
{
	unsigned index = selector >> 3;
	u64 d = 0;

	if (selector & 4) {
		if (index < v->arch.ldt_entries &&
		    !get_guest(d, v->pv.ldt_virt + index * sizeof(d)))
			d = 0;
	} else if (index < v->arch.gdt_entries) {
		const u64 *table = page_to_virt(v->pv.gdt_pages[index / DESCRIPTORS_PER_PAGE]);

		d = table[index % DESCRIPTORS_PER_PAGE];
	}
	return d;
}
