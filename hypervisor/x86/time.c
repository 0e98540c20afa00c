/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time from the TSC, the real-time clock, and the one-shot timer. */
#include <lib/printk.h>
#include <lib/string.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/machine.h>
#include <x86/time.h>

#define PIT_HZ	    1193182UL
#define PIT_CH2	    0x42
#define PIT_CONTROL 0x43
#define PORT_B	    0x61 /* bit 0: channel 2 counts, bit 1: speaker, bit 5: its output */

#define CALIBRATE_TICKS (PIT_HZ / 50)
#define NO_PIT_TICKS	10000000000UL /* of the TSC: seconds */

u32 tsc_khz;
u64 wallclock_boot_ns;

struct time_scale time_scale;
static u32 apic_khz;

u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

void delay_us(u32 us)
{
	u64 end = rdtsc() + (u64)us * tsc_khz / 1000;

	while (rdtsc() < end)
		pause();
}

/* The three clocks at one moment. The PIT counts down from 65536, the APIC timer from 2^32 - 1. */
struct reading {
	u64 tsc, uncertain;
	u32 pit, apic;
};

/* Under another hypervisor any instruction may take milliseconds: the quickest reading of 20
 * counts. */
static struct reading read_clocks(void)
{
	struct reading best = {.uncertain = ~0UL};

	for (unsigned i = 0; i < 20; i++) {
		struct reading r = {.tsc = rdtsc()};

		outb(PIT_CONTROL, 0x80); /* latch channel 2 */
		r.pit = inb(PIT_CH2);
		r.pit |= inb(PIT_CH2) << 8;
		r.apic = apic_timer_left();
		r.uncertain = rdtsc() - r.tsc;
		if (r.uncertain < best.uncertain)
			best = r;
	}
	return best;
}

/* False if it took so long that the PIT has gone round. */
static bool calibrate(void)
{
	struct reading first, last;
	u64 start = rdtsc();

	outb(PORT_B, (inb(PORT_B) & ~2) | 1);
	/* Channel 2, low byte then high byte, mode 0: its output rises at the end. */
	outb(PIT_CONTROL, 0xb0);
	outb(PIT_CH2, 0xff);
	outb(PIT_CH2, 0xff);
	apic_timer_set(~0u);
	first = read_clocks();
	do {
		last = read_clocks();
		if (last.tsc - start > NO_PIT_TICKS)
			panic("the PIT does not count: no clock to measure the TSC by\n");
	} while (first.pit - last.pit < CALIBRATE_TICKS);
	apic_timer_set(0);
	if (inb(PORT_B) & 0x20)
		return false;
	u32 ticks = first.pit - last.pit;

	tsc_khz = (last.tsc - first.tsc) * PIT_HZ / ticks / 1000;
	apic_khz = (u64)(first.apic - last.apic) * PIT_HZ / ticks / 1000;
	if (!tsc_khz || !apic_khz)
		panic("TSC or APIC timer do not run (%u, %u kHz)\n", tsc_khz, apic_khz);
	return true;
}

/* --- the real-time clock --- */

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define RTC_A 10 /* bit 7: an update is going on */
#define RTC_B 11 /* bit 1: 24 hours, else bit 7 of the hour is PM; bit 2: binary, else BCD */

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
	for (unsigned i = 0; i < 100000 && (cmos(RTC_A) & BIT(7)); i++)
		pause();
	for (unsigned i = SECOND; i <= YEAR; i++)
		t[i] = cmos(registers[i]);
	t[CENTURY] = machine.fadt.century ? cmos(machine.fadt.century) : 0x20;
}

static void to_binary(u8 t[FIELDS], u8 format)
{
	bool pm = t[HOUR] & BIT(7);

	t[HOUR] &= ~BIT(7);
	/* From BCD; the century is kept so whatever the format. */
	for (unsigned i = format & BIT(2) ? CENTURY : SECOND; i < FIELDS; i++)
		t[i] = (t[i] >> 4) * 10 + (t[i] & 15);
	if (!(format & BIT(1)))
		t[HOUR] = t[HOUR] % 12 + (pm ? 12 : 0);
}

/* Days since 1970-01-01 of a Gregorian date: years are counted from March, so that leap days end
 * them. */
static u64 days(u32 year, u32 month, u32 day)
{
	u32 y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static u64 rtc_read(void)
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

/* --- system time --- */

void time_init(void)
{
	const u64 ns = 1000000000UL; /* of one second */

	while (!calibrate())
		;
	/* ns = (ticks << shift) * mul >> 32, with mul's top bit set: as exact as pvclock can be. */
	u64 hz = (u64)tsc_khz * 1000;

	for (; hz > 2 * ns; hz >>= 1)
		time_scale.shift--;
	for (; hz <= ns; hz <<= 1)
		time_scale.shift++;
	/* Now 10^9 < hz <= 2 * 10^9, so that mul fits. */
	time_scale.mul = (ns << 32) / hz;
	time_scale.tsc_base = rdtsc();
	wallclock_boot_ns = rtc_read();
	printk(LOG_INFO, "time: %lu s since 1970, TSC %u.%03u MHz, APIC timer %u.%03u MHz%s\n",
	       wallclock_boot_ns / 1000000000, tsc_khz / 1000, tsc_khz % 1000, apic_khz / 1000,
	       apic_khz % 1000, cpu_has_tsc_deadline ? ", by TSC deadline" : "");
}

inline u64 now_ns(void)
{
	u64 ticks = rdtsc() - time_scale.tsc_base, low, high;
	s8 shift = time_scale.shift;

	ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
	asm("mulq %3" : "=a"(low), "=d"(high) : "a"(ticks), "rm"((u64)time_scale.mul));
	return (low >> 32 | high << 32) + time_scale.ns_base;
}

/* ns to ticks at khz, rounded up; ns below an hour. */
static u64 to_ticks(u64 ns, u32 khz)
{
	return (ns / 1000000) * khz + (ns % 1000000) * khz / 1000000 + 1;
}

static u64 armed[MAX_CPUS]; /* when the timer fires, ns; 0: it has */

void timer_fired(void)
{
	armed[this_cpu()->id] = 0;
	cpu_set_work(this_cpu(), WORK_TIMERS);
}

void timer_arm(u64 ns)
{
	if (cpu_has_tsc_deadline)
		apic_timer_deadline(rdtsc() + to_ticks(ns, tsc_khz));
	else
		apic_timer_set(MIN(to_ticks(ns, apic_khz), 0xffffffffUL));
}

void timer_program(u64 deadline_ns)
{
	u64 *at = &armed[this_cpu()->id], now;

	if (deadline_ns == ~0UL || (*at && *at <= deadline_ns))
		return;
	now = now_ns();
	if (deadline_ns <= now) {
		cpu_set_work(this_cpu(), WORK_TIMERS);
		return;
	}
	/* An hour at most: one that fires too early is programmed again by timers_run(). */
	u64 delta = MIN(deadline_ns - now, 3600UL * 1000000000);

	*at = now + delta;
	timer_arm(delta);
}
