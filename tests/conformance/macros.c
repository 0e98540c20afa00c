/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Macros with parameters: called with the same arguments on both sides. The build checks that each
 * one of our headers is named in this file.
 */
#define xen_mb()  __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
#include "both.h"
#include "facts.h"

#define CAPACITY 256
static struct fact facts[CAPACITY];
static size_t count;

static void add(const char *name, long long value)
{
	if (count < CAPACITY)
		facts[count++] = (struct fact){.name = name, .value = value};
}
#define CALL(expression) add(#expression, (long long)(expression))

static void constants(void)
{
	CALL(__xen_mk_uint(7));
	CALL(__xen_mk_ulong(7));
	CALL(__xen_mk_ullong(7));
	CALL(sizeof(xen_mk_uint(7)));
	CALL(sizeof(xen_mk_ulong(7)));
	CALL(sizeof(xen_mk_ullong(7)));
	CALL(xen_pfn_to_cr3(0x12345));
	CALL(xen_cr3_to_pfn(0x12345678));
	CALL(xen_vcpu_physid_to_x86_apicid(0x1234567890abcdefull));
	CALL(xen_vcpu_physid_to_x86_acpiid(0x1234567890abcdefull));
	CALL(XENMEMF_address_bits(31));
	CALL(XENMEMF_get_address_bits(0x1234));
	CALL(XENMEMF_node(3));
	CALL(XENMEMF_get_node(0x1234));
	CALL(XENMEMF_exact_node(3));
	CALL(XENMEM_resource_ioreq_server_frame_ioreq(5));
	CALL(XEN_DOMCTL_GRANT_version(0x1234));
	CALL(XEN_CPUID_LEAF(3));
	CALL(MASK_XENSTORE_IDX(0x12345));
	CALL(MASK_XENCONS_IDX(0x12345, ((struct xencons_interface *)0)->out));
	CALL(MASK_XENCONS_IDX(0x12345, ((struct xencons_interface *)0)->in));
}

static void trap_entries(void)
{
	struct trap_info t = {0};

	TI_SET_DPL(&t, 3);
	CALL(t.flags);
	TI_SET_IF(&t, 8);
	CALL(t.flags);
	CALL(TI_GET_DPL(&t));
	CALL(!!TI_GET_IF(&t));
}

typedef struct {
	int a;
} sample_t;
DEFINE_XEN_GUEST_HANDLE(sample_t);
__DEFINE_XEN_GUEST_HANDLE(sample_twice, sample_t);
___DEFINE_XEN_GUEST_HANDLE(sample_thrice, sample_t);

static void handles(void)
{
	static sample_t sample;
	XEN_GUEST_HANDLE(sample_t) a;
	XEN_GUEST_HANDLE_PARAM(const_sample_t) b;
	__XEN_GUEST_HANDLE(sample_twice) c;
	XEN_GUEST_HANDLE_64(sample_thrice) d;

	set_xen_guest_handle(a, &sample);
	set_xen_guest_handle_raw(b, &sample);
	set_xen_guest_handle(c, NULL);
	set_xen_guest_handle(d, &sample);
	CALL(sizeof(a) + sizeof(b) + sizeof(c) + sizeof(d));
	CALL(a.p == &sample && b.p == &sample && !c.p && d.p == &sample);
}

struct sample_request {
	uint64_t id;
	uint8_t operation;
};
struct sample_response {
	uint64_t id;
	int16_t status;
};
DEFINE_RING_TYPES(sample, struct sample_request, struct sample_response);

static void ring_sizes(void)
{
	sample_sring_t *page = NULL;

	CALL(__RD2(3));
	CALL(__RD4(13));
	CALL(__RD8(200));
	CALL(__RD16(0x7fff));
	CALL(__RD32(0x12345678));
	CALL(sizeof(sample_sring_t));
	CALL(offsetof(sample_sring_t, ring));
	CALL(offsetof(sample_sring_t, rsp_prod));
	CALL(offsetof(sample_sring_t, pvt));
	CALL(sizeof(page->pvt));
	CALL(sizeof(union sample_sring_entry));
	CALL(__CONST_RING_SIZE(sample, 4096));
	CALL(__CONST_RING_SIZE(sample, 8192));
}

/* Fill the ring, let the other end take half of it and answer, look at every index on the way. */
static void ring_traffic(RING_IDX start)
{
	static _Alignas(4096) char memory[4096];
	sample_sring_t *page = (sample_sring_t *)memory;
	sample_front_ring_t front;
	sample_back_ring_t back;
	struct sample_request request;
	struct sample_response response = {0};
	unsigned int i, notify, work;

	memset(memory, 0xa5, sizeof(memory));
	XEN_FRONT_RING_INIT(&front, page, sizeof(memory));
	BACK_RING_INIT(&back, page, sizeof(memory));
	CALL(__RING_SIZE(page, sizeof(memory)));
	if (start) {
		page->req_prod = page->rsp_prod = start;
		page->req_event = page->rsp_event = start + 1;
		FRONT_RING_ATTACH(&front, page, start, sizeof(memory));
		BACK_RING_ATTACH(&back, page, start, sizeof(memory));
	}
	CALL(RING_SIZE(&front));
	for (i = 0; !RING_FULL(&front); i++) {
		RING_GET_REQUEST(&front, front.req_prod_pvt)->id = 100 + i;
		front.req_prod_pvt++;
		if (i == 5)
			RING_PUSH_REQUESTS(&front);
	}
	CALL(RING_FREE_REQUESTS(&front));
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	CALL(notify);
	CALL(XEN_RING_NR_UNCONSUMED_REQUESTS(&back));
	CALL(!!RING_HAS_UNCONSUMED_REQUESTS(&back));
	CALL(RING_REQUEST_PROD_OVERFLOW(&back, page->req_prod));
	CALL(RING_REQUEST_PROD_OVERFLOW(&back, page->req_prod + 1));
	for (i = 0; i < RING_SIZE(&back) / 2; i++) {
		RING_COPY_REQUEST(&back, back.req_cons, &request);
		back.req_cons++;
		RING_GET_RESPONSE(&back, back.rsp_prod_pvt)->id = request.id * 2;
		back.rsp_prod_pvt++;
		if (i == 3)
			RING_PUSH_RESPONSES(&back);
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
	CALL(notify);
	CALL(RING_REQUEST_CONS_OVERFLOW(&back, back.req_cons));
	CALL(RING_REQUEST_CONS_OVERFLOW(&back, back.rsp_prod_pvt + RING_SIZE(&back)));
	RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
	CALL(!!work);
	CALL(XEN_RING_NR_UNCONSUMED_RESPONSES(&front));
	CALL(!!RING_HAS_UNCONSUMED_RESPONSES(&front));
	CALL(RING_RESPONSE_PROD_OVERFLOW(&front, page->rsp_prod));
	CALL(RING_RESPONSE_PROD_OVERFLOW(&front, page->rsp_prod + RING_SIZE(&front)));
	while (RING_HAS_UNCONSUMED_RESPONSES(&front)) {
		RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
		front.rsp_cons++;
	}
	CALL(response.id);
	RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
	CALL(work);
	CALL(page->rsp_event);
	CALL(page->req_event);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	CALL(notify);
}

static void ring_start_values(void)
{
	static sample_sring_t page;
	sample_front_ring_t front;

	memset(&page, 0xff, sizeof(page));
	SHARED_RING_INIT(&page);
	FRONT_RING_INIT(&front, &page, 4096);
	CALL(page.req_prod + page.rsp_prod);
	CALL(page.req_event);
	CALL(page.rsp_event);
	CALL(front.req_prod_pvt + front.rsp_cons);
	CALL(page.pvt.pvt_pad[3] + page.__pad[43]);
}

struct fact_table ON_THIS_SIDE(macros)(void)
{
	count = 0;
	constants();
	trap_entries();
	handles();
	ring_sizes();
	ring_traffic(0);
	ring_traffic(0xfffffff0); /* the indices wrap */
	ring_start_values();
	return (struct fact_table){facts, count};
}
