/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_DRIVERS_DRIVERS_H
#define TESTS_DRIVERS_DRIVERS_H

#include "../guests/isolation/verdict.h"
#include "driver/block.h"
#include "driver/net.h"

extern struct verdict verdict;

#define works(good, ...) check(&verdict, good, __VA_ARGS__)

/* Everything that a disk can do. With a bad sector (not ~0), reading
 * that alone must fail, and so must flushes. */
void test_disk(struct block_device *disk, uint64_t bad);

/* An address by ARP and one by DHCP from QEMU's user network. */
void test_card(struct net_device *card);

#endif
