#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What a program that links the library gets: installed into an empty directory, built against by
# pkg-config alone.
. "$(dirname "$0")/lib.sh"
need_command nm readelf
. "$(dirname "$0")/install.sh"

# ---- the library ----

dynamic=$(readelf -d "$lib/libestab.so")
is "soname" "$(sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p' <<<"$dynamic")" libestab.so.0
# What libc calls itself depends on which it is.
same "needs libmnl, and nothing else but libc" \
	"$(sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' <<<"$dynamic" | grep -Ev '^(ld-linux.*|ld-musl.*|libc\.so\.6|libc\.musl.*)$')" \
	libmnl.so.0
is "no run path" "$(grep -cE 'R(UN)?PATH' <<<"$dynamic")" 0
is "no executable stack" "$(readelf -lW "$lib/libestab.so" | grep GNU_STACK | grep -c 'RWE')" 0
is "no text relocations" "$(grep -c TEXTREL <<<"$dynamic")" 0

# ---- its symbols ----

exported=$(nm -D --defined-only --with-symbol-versions "$lib/libestab.so" | awk '$2 != "A" { print $3 }')
mapped=$(awk '/^ESTAB_/ { node = $1 } /^\testab_/ { sub(";", ""); print $1 "@@" node }' "$ESTAB_SRCDIR/lib/estab.map")
same "exports what the header declares" "$(cut -d @ -f 1 <<<"$exported")" "$(declared)"
same "each in the node of the version script" "$exported" "$mapped"

# ---- the header ----

echo '#include <estab.h>' >"$tmp/alone.c"
compile_alone()
{
	"$@" -pedantic -Wall -Wextra -Wshadow -Wundef -Werror -fsyntax-only "-I$root${header%/estab.h}" "$tmp/alone.c"
}
header=$(the /include/estab.h)
header=${header#"$root"}
check "alone in C99" compile_alone cc -std=c99
check "alone in C17" compile_alone cc -std=c17
cxx=
for compiler in c++ g++ clang++; do
	[[ -n $cxx ]] || ! command -v "$compiler" >/dev/null || cxx=$compiler
done
if [[ -n $cxx ]]; then
	check "alone in C++17" compile_alone "$cxx" -std=c++17 -x c++
elif command -v clang >/dev/null; then
	# Its front end needs no C++ library for the few C headers.
	check "alone in C++17" compile_alone clang -std=c++17 -x c++
else
	skip "alone in C++17" "no C++ compiler is installed"
fi

# ---- a program ----

cat >"$tmp/program.c" <<'END'
#include <estab.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	puts(estab_version());
	return strcmp(estab_version(), ESTAB_VERSION) != 0;
}
END
check "a C99 program compiles" \
	cc -std=c99 -pedantic-errors -Wall -Werror -o "$tmp/program" "$tmp/program.c" "${flags[@]}"
check "and runs" "$tmp/program"
is "pkg-config's version" "$(pkg-config --modversion estab)" "$("$tmp/program")"
is "it needs the library by its soname" \
	"$(readelf -d "$tmp/program" | grep -c 'NEEDED.*\[libestab\.so\.0\]')" 1
if [[ -n $cxx ]]; then
	check "a C++ program compiles" "$cxx" -std=c++17 -x c++ -Wall -Werror -o "$tmp/program++" "$tmp/program.c" -x none "${flags[@]}"
	check "and runs, too" "$tmp/program++"
else
	skip "a C++ program compiles" "no C++ compiler is installed"
fi

# ---- the command ----

dynamic=$(readelf -d "$estab")
is "the command needs the library by its soname" "$(grep -c 'NEEDED.*\[libestab\.so\.0\]' <<<"$dynamic")" 1
is "the command has no run path" "$(grep -cE 'R(UN)?PATH' <<<"$dynamic")" 0
is "the installed command runs" "$("$estab" --version)" "estab $(pkg-config --modversion estab)"

# ---- the examples ----

saved=$ESTAB_SRCDIR/test/golden/proc-2006
for source in "$ESTAB_SRCDIR"/examples/*.c; do
	name=$(basename "$source" .c)
	for std in c99 c17; do
		check "examples/$name in $std" cc -std=$std -pedantic -Wall -Wextra -Werror \
			-o "$tmp/$name" "$source" "${flags[@]}"
	done
	check "examples/$name runs" "$tmp/$name" "$saved"
done

listing=$("$tmp/netstat" "$saved")
is "examples/netstat lists every socket" "$(wc -l <<<"$listing")" "$(($(wc -l <"$saved/net/tcp") - 1))"
is "a listener is LISTEN, not CLOSING" "$(grep -c '^127\.0\.0\.1:631 ---> 0\.0\.0\.0:0 LISTEN 0$' <<<"$listing")" 1
is "a connection" "$(grep -c '^203\.229\.213\.133:46156 ---> 207\.46\.110\.38:1863 ESTABLISHED 1001$' <<<"$listing")" 1
none "every line has its form" "$(grep -vE '^[0-9.]+:[0-9]+ ---> [0-9.]+:[0-9]+ [A-Z0-9-]+ ([0-9]+|-)$' <<<"$listing")"
lines=$(sed -E 's|/\*.*\*/||' "$ESTAB_SRCDIR/examples/netstat.c" | grep -c '[^[:space:]]')
check "examples/netstat is at most 30 lines of code, not $lines" test "$lines" -le 30
