/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libext2fs asks of a system: x86-64 with newlib, or the host's C library in tests. */
#ifndef EXT2FS_CONFIG_H
#define EXT2FS_CONFIG_H

#define HAVE_ERRNO_H	 1
#define HAVE_STDLIB_H	 1
#define HAVE_SYS_STAT_H	 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H	 1

#define SIZEOF_SHORT	 2
#define SIZEOF_INT	 4
#define SIZEOF_LONG	 8
#define SIZEOF_LONG_LONG 8
#define SIZEOF_TIME_T	 8

/* Bit by bit, without tables: it is a few blocks of metadata. */
#define CRC_LE_BITS 1
#define CRC_BE_BITS 1

#endif
