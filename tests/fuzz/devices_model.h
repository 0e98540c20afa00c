/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of interrupts and devices: written from the ABI (xen/physdev.h, xen/platform.h) and
 * from what dev/irq.h promises. The model decodes arguments from their bytes.
 */
#ifndef FUZZ_DEVICES_MODEL_H
#define FUZZ_DEVICES_MODEL_H

#include "devices_machine.h"

#define GUESTS	    3 /* and dom0, which is 0 */
#define ALL_DOMAINS (1 + GUESTS)
#define PAGE_FRAMES 2 /* of each domain; the second may not be written */

struct model_irq {
	bool level, low, bound[ALL_DOMAINS], in_flight[ALL_DOMAINS];
	bool mapped; /* an MSI that somebody has */
	uint8_t owner;
	uint32_t message;
};

struct model_domain {
	bool dying, has_map;
	uint32_t allowed[IRQS / 32], bits[IRQS / 32];
	uint8_t iopl;
	uint64_t bitmap, wallclock;
	uint32_t ports;
};

/* A message: MSI of a function, or a row of the tables. */
#define MESSAGES (FUNCTIONS + TABLE_PAGES * 256)
struct model_message {
	bool on, touched;
	unsigned vector; /* 0: that of any who has it */
};

extern struct model_irq model_irqs[IRQS];
extern struct model_domain model_domains[ALL_DOMAINS];
extern struct model_message model_messages[MESSAGES];
extern uint64_t model_boot; /* wall clock when system time was 0, ns */

void model_reset(void);
/** One of those bits. */
void put_bit(uint32_t *bits, uint32_t irq, bool set);
/** How many bytes a command of physdev_op reads; -1: there is none. */
int model_physdev_size(uint32_t cmd);
/**
 * The answer to a caller, whose argument becomes what it must be afterwards. after: what it is,
 * for choices that are the hypervisor's own.
 */
long model_physdev(unsigned caller, uint32_t cmd, uint8_t *argument, bool reads,
		   const uint8_t *after);
/** The same for platform_op. *off: the machine must be switched off. */
long model_platform(unsigned caller, uint8_t *argument, bool reads, bool *off, unsigned cpus);

bool model_exists(uint32_t irq);
bool model_bound(uint32_t irq);
/** d binds a pirq: 0 or -errno. */
long model_bind(unsigned d, uint32_t irq, bool share);
void model_unbind(unsigned d, uint32_t irq);
/** An interrupt; told[]: who hears of it. */
void model_interrupt(uint32_t irq, bool told[ALL_DOMAINS]);
void model_end(unsigned d); /* all that a domain has of it goes */
void model_function_reset(const struct function *f);

#endif
