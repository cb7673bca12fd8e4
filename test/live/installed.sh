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
# the PATTERN...: the one file under the root whose path ends so.
the()
{
	find "$root" -path "*$1" | head -n 1
}

estab=$(the /bin/estab)
lib=$(the /libestab.so)
pc=$(the /pkgconfig/estab.pc)
share=$(the /share)
if [[ ! -x $estab || ! -e $lib || ! -e $pc || ! -d $share ]]; then
	fail "installed" "no program, library, estab.pc or share: $(find "$root" -type f | head -n 20 | xargs)"
	exit
fi
lib=${lib%/*}
# Nothing of the host's is looked at.
PKG_CONFIG_LIBDIR=${pc%/*}:$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR=$root
export LD_LIBRARY_PATH=$lib
# shellcheck disable=SC2034
read -ra flags <<<"$(pkg-config --cflags --libs estab)"

# same NAME GOT WANT: both are lists with a line each, in any order; says what differs.
same()
{
	local extra lacking

	extra=$(LC_ALL=C comm -23 <(LC_ALL=C sort -u <<<"$2") <(LC_ALL=C sort -u <<<"$3") | xargs)
	lacking=$(LC_ALL=C comm -13 <(LC_ALL=C sort -u <<<"$2") <(LC_ALL=C sort -u <<<"$3") | xargs)
	if [[ -z ${2//[[:space:]]/} ]]; then
		fail "$1" "nothing is there"
	elif [[ -z $extra$lacking ]]; then
		pass "$1"
	else
		fail "$1" "${extra:+too much is }$extra${lacking:+ lacking is }$lacking"
	fi
}

# none NAME FINDINGS: there is none.
none()
{
	if [[ -z $2 ]]; then
		pass "$1"
	else
		fail "$1" "$2"
	fi
}

# The installed header on one line, without comments and with single blanks.
header()
{
	sed 's|^[[:space:]]*#.*||' "$(the /include/estab.h)" | tr '\n\t' '  ' |
		sed -E ':a; s|/\*([^*]\|\*+[^*/])*\*+/||; ta; s/ESTAB_PUBLIC //g; s/ +/ /g; s/\( /(/g; s/\* /*/g'
}

# The functions that the header makes public.
declared()
{
	tr '\n' ' ' <"$(the /include/estab.h)" | grep -oP '\bESTAB_PUBLIC\b[^;#]*?\K\bestab_\w+(?=\s*\()' | LC_ALL=C sort
}

# The options that the program takes, as its source has them.
program_options()
{
	local files=("$ESTAB_SRCDIR"/tool/[!c]*.c "$ESTAB_SRCDIR"/tool/c[!o]*.c "$ESTAB_SRCDIR"/tool/co[!m]*.c)

	# Those of the personalities are not its own.
	grep -ohP '\{ "\K[a-z0-9-]+(?=", (no|required|optional)_argument)' "${files[@]}" | sed 's/^/--/'
	grep -ohP 'letters\[\] = "\K[^"]+' "${files[@]}" | tr -d ':+\n-' | sed 's/./-&\n/g'
}
