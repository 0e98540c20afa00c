/* SPDX-License-Identifier: MIT */
/* What newlib asks of a system: files 0..2 are the console, the clock is the wallclock. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>

#define CONSOLE_FILES 3

static int fail(int error)
{
	errno = error;
	return -1;
}

_ssize_t write(int file, const void *data, size_t length)
{
	if (file <= 0 || file >= CONSOLE_FILES)
		return fail(EBADF);
	pv_console_write(data, length);
	return length;
}

/* Return ends a line on a terminal; C wants a newline there. */
_ssize_t read(int file, void *data, size_t length)
{
	char *text = data;
	size_t got;

	if (file != 0)
		return fail(EBADF);
	got = pv_console_read(text, length);
	for (size_t i = 0; i < got; i++)
		if (text[i] == '\r')
			text[i] = '\n';
	return got;
}

int open(const char *path, int flags, ...)
{
	(void)path, (void)flags;
	return fail(ENOENT);
}

int close(int file)
{
	return file >= 0 && file < CONSOLE_FILES ? 0 : fail(EBADF);
}

int fstat(int file, struct stat *status)
{
	if (file < 0 || file >= CONSOLE_FILES)
		return fail(EBADF);
	*status = (struct stat){.st_mode = S_IFCHR, .st_blksize = 1024};
	return 0;
}

int stat(const char *path, struct stat *status)
{
	(void)path, (void)status;
	return fail(ENOENT);
}

int isatty(int file)
{
	return file >= 0 && file < CONSOLE_FILES ? 1 : fail(ENOTTY);
}

off_t lseek(int file, off_t offset, int whence)
{
	(void)file, (void)offset, (void)whence;
	return fail(ESPIPE);
}

int unlink(const char *path)
{
	(void)path;
	return fail(ENOENT);
}

int link(const char *from, const char *to)
{
	(void)from, (void)to;
	return fail(ENOENT);
}

int getpid(void)
{
	return 1;
}

/* Signals come from abort() and raise() alone. */
int kill(int process, int signal)
{
	(void)process;
	pv_panic("signal %d", signal);
}

void _exit(int status)
{
	pv_shutdown(status ? SHUTDOWN_crash : SHUTDOWN_poweroff);
}

int gettimeofday(struct timeval *now, void *zone)
{
	uint64_t us = pv_wallclock_ns() / 1000;

	(void)zone;
	now->tv_sec = us / 1000000;
	now->tv_usec = us % 1000000;
	return 0;
}

clock_t times(struct tms *usage)
{
	clock_t ticks = pv_time_ns() / (PV_NS_PER_SECOND / CLOCKS_PER_SEC);

	*usage = (struct tms){.tms_utime = ticks};
	return ticks;
}

unsigned int sleep(unsigned int seconds)
{
	pv_sleep_ms(seconds * 1000);
	return 0;
}

int usleep(useconds_t us)
{
	pv_sleep_until(pv_time_ns() + us * 1000ULL);
	return 0;
}
