#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Downloads packages from the machine's own apt sources and unpacks them, installing nothing.
#   tools/fetch.sh DIR deb PACKAGE [PATTERN...]   files of a binary package (only those matching)
#   tools/fetch.sh DIR src PACKAGE                upstream source with the distribution's patches
# Leaves DIR/deb/PACKAGE or DIR/src/PACKAGE. apt keeps its state in DIR/apt, so neither root nor
# source entries in the machine's configuration are needed.
set -eu

[ $# -ge 3 ] || {
	sed -n '3,5s/^# //p' "$0" >&2
	exit 2
}
dir=$1 kind=$2 package=$3
shift 3
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/apt/sources" "$dir/$kind"
dir=$(cd "$dir" && pwd)
state=$dir/apt
log=$dir/$kind/$package.log
out=$dir/$kind/$package
work=$out.part

die() {
	[ ! -s "$log" ] || tail -n 10 "$log" >&2
	printf 'fetch: %s (log: %s)\n' "$*" "$log" >&2
	exit 1
}

private() {
	tool=$1
	shift
	"$tool" -q -o Dir::State="$state" -o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist=/dev/null \
		-o Dir::Etc::sourceparts="$state/sources" -o APT::Sandbox::User="$(id -un)" \
		-o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success= \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@" </dev/null
}

# The machine's sources, each also as a source of source packages: both formats that apt knows.
derive_sources() {
	rm -f "$state"/sources/*
	: >"$state/status"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		copy=$state/sources/$(basename "$file")
		case $file in
		*.list) [ ! -e "$file" ] || sed -n 's/^ *deb\(-src\)\{0,1\} \(.*\)/deb \2\ndeb-src \2/p' \
			"$file" | sort -u >"$copy" ;;
		*.sources) sed 's/^Types:.*/Types: deb deb-src/' "$file" >"$copy" ;;
		esac
	done
}

# One source that cannot be reached need not matter: the download that follows decides.
update() {
	derive_sources
	private apt-get update >>"$log" 2>&1 || true
	touch "$state/updated"
}

lists_are_fresh() {
	[ -n "$(find "$state/updated" -mmin -1440 2>/dev/null)" ]
}

# A kernel's package has another name with every version: an empty package names it.
real_name() {
	private apt-cache show --no-all-versions "$package" 2>/dev/null |
		sed -n 's/^Depends: \(linux-image-[0-9][^ ,]*\).*/\1/p' | head -n 1
}

download() {
	rm -rf "$work"
	mkdir -p "$work"
	cd "$work"
	if [ "$kind" = src ]; then
		private apt-get --download-only source "$package" >>"$log" 2>&1
	else
		name=$(real_name)
		private apt-get download "${name:-$package}" >>"$log" 2>&1
	fi
}

unpack_deb() {
	mkdir tree
	for deb in *.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C tree --wildcards "$@"
	done
}

unpack_src() {
	mkdir tree debian
	tar -x -C tree --strip-components=1 -f "$(ls ./*.orig.tar.* | grep -v 'asc$')"
	tar -x -C debian --strip-components=1 -f "$(ls ./*.debian.tar.*)"
	[ -e debian/patches/series ] || return 0
	sed 's/[ #].*//' debian/patches/series | while read -r patch; do
		[ -z "$patch" ] ||
			(cd tree && GIT_CEILING_DIRECTORIES=$work git apply "../debian/patches/$patch")
	done
}

[ ! -d "$out" ] || exit 0
exec 9>"$state/lock"
flock 9
: >"$log"
echo "  FETCH    $package"
lists_are_fresh || update
(download) || { update && (download); } || die "cannot download $package"
cd "$work"
trap '[ -d "$out" ] || die "cannot unpack $package"' EXIT # "||" would switch set -e off inside
"unpack_$kind" "$@" >>"$log" 2>&1
mv tree "$out"
rm -rf "$work"
