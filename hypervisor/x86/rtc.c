/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's real-time clock. */
#include <x86/asm.h>
#include <x86/clock.h>
#include <x86/machine.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define RTC_SECONDS 0
#define RTC_MINUTES 2
#define RTC_HOURS   4
#define RTC_DAY	    7
#define RTC_MONTH   8
#define RTC_YEAR    9
#define RTC_A	    10
#define RTC_B	    11

#define A_UPDATING 0x80
#define B_BINARY   0x04
#define B_24_HOURS 0x02
#define HOURS_PM   0x80

struct rtc_time {
	u8 second, minute, hour, day, month, year, century;
};

static u8 cmos(u8 reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static void read_registers(struct rtc_time *t)
{
	/* Bounded: a machine without the chip reads all ones. */
	for (unsigned i = 0; i < 100000 && (cmos(RTC_A) & A_UPDATING); i++)
		pause();
	t->second = cmos(RTC_SECONDS);
	t->minute = cmos(RTC_MINUTES);
	t->hour = cmos(RTC_HOURS);
	t->day = cmos(RTC_DAY);
	t->month = cmos(RTC_MONTH);
	t->year = cmos(RTC_YEAR);
	t->century = machine.century_register ? cmos(machine.century_register) : 0x20;
}

static u8 from_bcd(u8 v)
{
	return (v >> 4) * 10 + (v & 15);
}

static void to_binary(struct rtc_time *t, u8 format)
{
	bool pm = t->hour & HOURS_PM;

	t->hour &= ~HOURS_PM;
	if (!(format & B_BINARY)) {
		t->second = from_bcd(t->second);
		t->minute = from_bcd(t->minute);
		t->hour = from_bcd(t->hour);
		t->day = from_bcd(t->day);
		t->month = from_bcd(t->month);
		t->year = from_bcd(t->year);
	}
	/* The century is kept in BCD whatever the format. */
	t->century = from_bcd(t->century);
	if (!(format & B_24_HOURS))
		t->hour = t->hour % 12 + (pm ? 12 : 0);
}

/* Days since 1970-01-01 of a Gregorian date: years are counted from March, so that leap days end
 * them. */
static u64 days(u32 year, u32 month, u32 day)
{
	u32 y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool same(const struct rtc_time *a, const struct rtc_time *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
	       a->day == b->day && a->month == b->month && a->year == b->year;
}

u64 rtc_read(void)
{
	struct rtc_time t, again;

	/* An update between two registers shows as a difference. */
	read_registers(&t);
	for (unsigned i = 0; i < 10; i++) {
		again = t;
		read_registers(&t);
		if (same(&t, &again))
			break;
	}
	to_binary(&t, cmos(RTC_B));
	return (((days(t.century * 100u + t.year, t.month, t.day) * 24 + t.hour) * 60 + t.minute) *
			60 +
		t.second) *
	       1000000000UL;
}
