#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What is installed: all that is meant to be, nothing else, and it runs from where it is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/install.sh"

find "$root" ! -type d ! -path '*/man/*' |
	sed -E 's|.*/(bin\|include\|pkgconfig\|completions\|site-functions\|vendor_completions.d)/|\1/|; s|.*/(libestab)|\1|' \
		>"$tmp/files"
same "installed files, manual pages apart" "$(cat "$tmp/files")" "bin/estab
include/estab.h
include/estab-fields.h
include/estab-watch.h
libestab.so
libestab.so.0
libestab.so.$(pkg-config --modversion estab)
pkgconfig/estab.pc
completions/estab
site-functions/_estab
vendor_completions.d/estab.fish"
is "links" "$(readlink "$lib/libestab.so") $(readlink "$lib/libestab.so.0")" \
	"libestab.so.0 libestab.so.$(pkg-config --modversion estab)"

is "it runs there" "$("$estab" --version)" "$("$ESTAB" --version)"
is "nothing is left to be built" "$(find "$root" -name '*.scd' -o -name '*.in' -o -name '*.a' | wc -l)" 0
