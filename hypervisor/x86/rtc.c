/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's real-time clock. */
#include <lib/string.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/time.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define RTC_A 10
#define RTC_B 11

#define A_UPDATING 0x80
#define B_BINARY   0x04
#define B_24_HOURS 0x02
#define HOURS_PM   0x80

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY, FIELDS };

static u8 cmos(u8 reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static void read_registers(u8 t[FIELDS])
{
	static const u8 registers[] = {0, 2, 4, 7, 8, 9};

	/* Bounded: a machine without the chip reads all ones. */
	for (unsigned i = 0; i < 100000 && (cmos(RTC_A) & A_UPDATING); i++)
		pause();
	for (unsigned i = SECOND; i <= YEAR; i++)
		t[i] = cmos(registers[i]);
	t[CENTURY] = machine.century_register ? cmos(machine.century_register) : 0x20;
}

static void to_binary(u8 t[FIELDS], u8 format)
{
	bool pm = t[HOUR] & HOURS_PM;

	t[HOUR] &= ~HOURS_PM;
	/* From BCD; the century is kept so whatever the format. */
	for (unsigned i = format & B_BINARY ? CENTURY : SECOND; i < FIELDS; i++)
		t[i] = (t[i] >> 4) * 10 + (t[i] & 15);
	if (!(format & B_24_HOURS))
		t[HOUR] = t[HOUR] % 12 + (pm ? 12 : 0);
}

/* Days since 1970-01-01 of a Gregorian date: years are counted from March, so that leap days end
 * them. */
static u64 days(u32 year, u32 month, u32 day)
{
	u32 y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

u64 rtc_read(void)
{
	u8 t[FIELDS], before[FIELDS] = {0};

	/* An update between two registers shows as a difference. */
	read_registers(t);
	for (unsigned i = 0; i < 10 && memcmp(t, before, sizeof(t)); i++) {
		memcpy(before, t, sizeof(t));
		read_registers(t);
	}
	to_binary(t, cmos(RTC_B));
	u64 hours = days(t[CENTURY] * 100u + t[YEAR], t[MONTH], t[DAY]) * 24 + t[HOUR];
	return ((hours * 60 + t[MINUTE]) * 60 + t[SECOND]) * 1000000000UL;
}
