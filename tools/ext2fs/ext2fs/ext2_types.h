/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integers, by the names that libext2fs has for them. Its configure script would write this. */
#ifndef _EXT2_TYPES_H
#define _EXT2_TYPES_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;

/* Marks for a checker that is not used. */
#define __bitwise
#define __force

typedef __u16 __le16, __be16;
typedef __u32 __le32, __be32;
typedef __u64 __le64, __be64;

#endif
