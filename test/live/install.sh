# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# shellcheck shell=bash
# What the tests of the installed tree share: source it behind lib.sh. It installs into an empty
# directory, and points compiler and linker there:
#
#	root     the directory
#	estab    the installed program
#	lib      the directory of the library
#	share    the directory of manual pages and completions
#	flags    what pkg-config says
need_command meson pkg-config cc

# shellcheck disable=SC2154  # lib.sh's
root=$tmp/root
if ! meson install --no-rebuild -C "$ESTAB_BUILDDIR" --destdir "$root" >"$tmp/install.log" 2>&1; then
	fail install "$(tail -n 5 "$tmp/install.log")"
	exit
fi
pass install

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

# The parts of the installed header that declare functions.
headers()
{
	cat "$(the /include/estab.h)" "$(the /include/estab-watch.h)"
}

# The installed header on one line, without comments and with single blanks.
header()
{
	headers | sed 's|^[[:space:]]*#.*||' | tr '\n\t' '  ' |
		sed -E ':a; s|/\*([^*]\|\*+[^*/])*\*+/||; ta; s/ESTAB_PUBLIC //g; s/ +/ /g; s/\( /(/g; s/\* /*/g'
}

# The functions that the header makes public.
declared()
{
	headers | tr '\n' ' ' | grep -oP '\bESTAB_PUBLIC\b[^;#]*?\K\bestab_\w+(?=\s*\()' | LC_ALL=C sort
}

# The options that the program takes, as its source has them.
program_options()
{
	local files=("$ESTAB_SRCDIR"/tool/[!c]*.c "$ESTAB_SRCDIR"/tool/c[!o]*.c "$ESTAB_SRCDIR"/tool/co[!m]*.c)

	# Those of the personalities are not its own.
	grep -ohP '\{ "\K[a-z0-9-]+(?=", (no|required|optional)_argument)' "${files[@]}" | sed 's/^/--/'
	grep -ohP 'letters\[\] = "\K[^"]+' "${files[@]}" | tr -d ':+\n-' | sed 's/./-&\n/g'
}
