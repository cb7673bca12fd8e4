#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What a program that links the library gets: installed into an empty directory, built against by
# pkg-config alone, and needing nothing at run time but libc and libmnl.
. "$(dirname "$0")/lib.sh"
need_command meson pkg-config readelf cc

root=$tmp/root
if ! meson install --no-rebuild -C "$ESTAB_BUILDDIR" --destdir "$root" >"$tmp/install.log" 2>&1; then
	fail install "$(tail -n 5 "$tmp/install.log")"
	exit
fi
pass install

pc=$(find "$root" -name estab.pc)
lib=$(find "$root" -name libestab.so)
is "one pkg-config file" "$(wc -l <<<"$pc")" 1
dynamic=$(readelf -d "$lib")
is "soname" "$(sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p' <<<"$dynamic")" libestab.so.0
is "needs libc and libmnl only" \
	"$(sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' <<<"$dynamic" | grep -v '^ld-linux' | sort | xargs)" \
	"libc.so.6 libmnl.so.0"
is "no run path" "$(grep -cE 'R(UN)?PATH' <<<"$dynamic")" 0

cat >"$tmp/program.c" <<'EOF'
#include <estab.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	puts(estab_version());
	return strcmp(estab_version(), ESTAB_VERSION) != 0;
}
EOF
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root
LD_LIBRARY_PATH=${lib%/*}
export LD_LIBRARY_PATH
read -ra flags <<<"$(pkg-config --cflags --libs estab)"
check "a C99 program compiles" \
	cc -std=c99 -pedantic-errors -Wall -Werror -o "$tmp/program" "$tmp/program.c" "${flags[@]}"
check "and runs" "$tmp/program"
is "pkg-config's version" "$(pkg-config --modversion estab)" "$("$tmp/program")"
check "the installed command runs" "$(find "$root" -path '*/bin/estab')" --version
