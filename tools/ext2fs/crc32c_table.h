/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit by bit (config.h) no tables are needed, but libext2fs names them. */
#define crc32ctable_le NULL
#define crc32table_be  NULL
