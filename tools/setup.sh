#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the host packages that the given groups of make targets need and that are missing.
#   tools/setup.sh [--check] GROUP...    groups: build clang image run debian test bench proof
# --check only reports: status 1 when something is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# group  package  a command or file that shows it  why
packages='
build gcc gcc compiles
build binutils ld links
build libc6-dev /usr/include/stdio.h compiles the build tools
build xz-utils xz unpacks the library sources
build bzip2 bzip2 unpacks the library sources
clang clang clang compiles with CC=clang
image cpio cpio packs ramdisks
image grub-common grub-mkrescue makes the boot ISO
image grub-pc-bin /usr/lib/grub/i386-pc/multiboot2.mod boots it by BIOS
image grub-efi-amd64-bin /usr/lib/grub/x86_64-efi/multiboot2.mod boots it by UEFI
image xorriso xorriso writes ISO images
image mtools mformat writes the UEFI boot partition
run qemu-system-x86 qemu-system-x86_64 is the machine
test libcmocka-dev /usr/include/cmocka.h runs every test
test libxen-dev /usr/include/xen/xen.h is what the ABI headers are compared with
test liblzma-dev /usr/include/lzma.h unpacks in host tests of dom0
test zlib1g-dev /usr/include/zlib.h unpacks in host tests of dom0
test e2fsprogs mke2fs makes and checks the file systems of tests
test bochs-term /usr/lib/x86_64-linux-gnu/bochs/plugins/libbx_term_gui.so needs no window for Bochs
test bochs bochs is the machine with PCID and x2APIC
test bochsbios /usr/share/bochs/BIOS-bochs-latest boots it
test vgabios /usr/share/vgabios/vgabios.bin boots it, too
test ovmf /usr/share/OVMF/OVMF_CODE.fd is the UEFI machine
test lcov lcov reports line coverage
test clang clang fuzzes and checks
test llvm llvm-symbolizer names lines in sanitizer reports
test libclang-rt-14-dev /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a fuzzes
test clang-format clang-format checks the style
test spin spin searches models of protocols between CPUs
debian mmdebstrap mmdebstrap installs Debian in a folder
debian debian-archive-keyring /usr/share/keyrings/debian-archive-keyring.gpg checks its packages
debian fdisk sfdisk writes partition tables
debian e2fsprogs mke2fs makes the file system
bench gnuplot-nox gnuplot plots
proof frama-c-base frama-c proves contracts and finds alarms (1 GiB with what it needs: some minutes)
proof why3 why3 speaks to the provers
proof z3 z3 is a prover
proof cvc4 cvc4 is a prover
'

die() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

present() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# missing GROUP...: "package reason" for each package that is not there
missing() {
	printf '%s' "$packages" | while read -r group package proof reason; do
		case " $* " in
		*" $group "*) present "$proof" || printf '%s %s\n' "$package" "$reason" ;;
		esac
	done | sort -u -k1,1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "neither root nor sudo here. As root, run: apt-get install $names"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=1800 "$@" \
		</dev/null >>"$log" 2>&1
}

lists_are_fresh() {
	[ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 2>/dev/null)" ]
}

install() {
	lists_are_fresh || apt update || true
	# shellcheck disable=SC2086
	apt --no-install-recommends install $names && return
	apt update || true
	# shellcheck disable=SC2086
	apt --no-install-recommends install $names
}

check=
if [ "${1:-}" = --check ]; then
	check=1
	shift
fi
[ $# -gt 0 ] || die "usage: tools/setup.sh [--check] GROUP... (build clang image run debian test bench proof)"

wanted=$(missing "$@")
[ -n "$wanted" ] || exit 0
names=$(printf '%s\n' "$wanted" | cut -d' ' -f1 | tr '\n' ' ')
printf '%s\n' "$wanted" | sed 's/\([^ ]*\) \(.*\)/  SETUP    \1 is missing: it \2/'
[ -z "$check" ] || exit 1
command -v apt-get >/dev/null 2>&1 || die "not a Debian system: please install the above yourself"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "  SETUP    installing $names"
install || {
	tail -n 15 "$log" >&2
	die "could not install: $names"
}
left=$(missing "$@" | cut -d' ' -f1 | tr '\n' ' ')
[ -z "$left" ] || die "installed, yet not found: $left"
