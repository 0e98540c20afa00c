#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds newlib for PV guests: tools/newlib.sh OUT TARBALL leaves OUT/include and OUT/lib.
# No red zone anywhere: an upcall pushes its frame at the guest's current stack pointer.
set -eu

out=$1 tarball=$2
cc=${NEWLIB_CC:-gcc}
mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/log
exec 9>"$out/lock"
flock 9
: >"$log"

fail() {
	tail -n 20 "$log" >&2
	echo "newlib: failed (log: $log)" >&2
	exit 1
}
trap '[ $? = 0 ] || fail' EXIT

flags='-O2 -ffreestanding -mno-red-zone -fno-pic -fno-pie -fno-stack-protector
 -fcf-protection=none -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
 -DREENTRANT_SYSCALLS_PROVIDED -D__DYNAMIC_REENT__ -D_READ_WRITE_RETURN_TYPE=_ssize_t
 -D_READ_WRITE_BUFSIZE_TYPE=size_t'

# The old one stays usable until the new one is complete.
rm -rf "$out/src" "$out/obj" "$out/root"
mkdir -p "$out/src" "$out/obj"
echo '  NEWLIB   unpacking and configuring'
tar -x -C "$out/src" --strip-components=1 -f "$tarball"
cd "$out/obj"
../src/newlib/configure --prefix="$out/root" --host=x86_64-elf --disable-multilib \
	--disable-newlib-supplied-syscalls --enable-newlib-io-long-long \
	--enable-newlib-io-c99-formats --enable-newlib-io-long-double \
	--enable-newlib-retargetable-locking --enable-newlib-global-stdio-streams \
	--enable-newlib-global-atexit \
	CC="$cc -nostdinc -isystem $($cc -print-file-name=include)" \
	AR=ar RANLIB=ranlib AS=as READELF=readelf CFLAGS="$(echo $flags)" >>"$log" 2>&1
echo '  NEWLIB   compiling (about a minute)'
make -j2 MAKEFLAGS=-j2 >>"$log" 2>&1
make install MAKEFLAGS= >>"$log" 2>&1
rm -rf "$out/include" "$out/lib"
mv "$out/root/x86_64-elf/include" "$out/root/x86_64-elf/lib" "$out"
rm -rf "$out/src" "$out/obj" "$out/root"
