#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# The manual says what is so: its pages, the header, the program and its help name the same things,
# and the examples in them compile and run.
. "$(dirname "$0")/lib.sh"
need_command mandoc scdoc
. "$(dirname "$0")/install.sh"

man=$share/man
header=$(header)
saved=$ESTAB_SRCDIR/test/golden/proc-2006
if [[ ! -d $man ]]; then
	fail "manual pages" "none is installed"
	exit
fi

# Every page as text: bold and underlined are gone, and no line is broken.
mkdir "$tmp/text"
for page in "$man"/man*/*; do
	[[ -L $page ]] || mandoc -T utf8 -O width=600 "$page" | LC_ALL=C.UTF-8 sed 's/.\x08//g' >"$tmp/text/${page##*/}"
done

# section PAGE NAME: what stands below that heading.
section()
{
	awk -v name="$2" '/^[A-Z]/ { inside = $0 == name; next } inside' "$tmp/text/$1"
}

# ---- every page renders ----

# What scdoc writes before a paragraph, mandoc has no use for.
none "mandoc has nothing to say" "$(for page in "$man"/man*/*; do
	[[ -L $page ]] || mandoc -T lint -W warning "$page" | grep -v 'skipping paragraph macro: PP'
done | sed "s|$man/||")"
if command -v groff >/dev/null && command -v tbl >/dev/null; then
	none "nor has groff" "$(for page in "$man"/man*/*; do
		[[ -L $page ]] || { tbl "$page" | groff -ww -man -Kutf8 -Tutf8 -rLL=78n -z 2>&1; } |
			grep -v 'paper' | sed "s|^|${page##*/}: |"
	done)"
else
	skip "nor has groff" "groff is not installed"
fi
none "no link leads nowhere" "$(find "$man" -xtype l -printf '%f\n')"

# ---- section 3 is the header ----

none "every call has a page" "$(for call in $(declared); do
	[[ -e $man/man3/$call.3 ]] || echo "$call"
done)"

# Of each page: the names in its NAME are the files that lead to it, and the calls that it declares.
: >"$tmp/wrong"
for text in "$tmp"/text/*.3; do
	page=${text##*/}
	names=$(section "$page" NAME | tr -d '\n' | sed -E 's/^ *//; s/ - .*//; s/, */\n/g' | grep -v '^libestab$')
	linked=$(find "$man/man3" \( -name "$page" -o -lname "$page" \) -printf '%f\n' | sed 's/\.3$//' | grep -v '^libestab$')
	calls=$(section "$page" SYNOPSIS | grep -v '^ *typedef' | grep -oP '\bestab_\w+(?=\()')
	diff <(sort <<<"$names") <(sort <<<"$linked") | sed -n "s/^</$page has no link from/p; s/^>/$page does not name/p"
	diff <(sort <<<"$names") <(sort <<<"$calls") | sed -n "s/^</$page does not declare/p; s/^>/$page does not name/p"
	# What it declares is in the header, word for word.
	section "$page" SYNOPSIS | grep -v '^ *#include\|pkg-config' | tr '\n' ' ' | sed -E 's/ +/ /g; s/\( /(/g; s/\* /*/g' |
		awk -v RS=';' '{ text = text $0 ";"; depth += gsub(/{/, "{") - gsub(/}/, "}") }
			depth == 0 { sub(/^ /, "", text); if (text !~ /^ *;$/) print text; text = "" }' |
		while read -r declaration; do
			[[ $header == *"$declaration"* ]] || echo "$page: not in the header: $declaration"
		done
done >"$tmp/wrong"
none "each page has its names, links and declarations" "$(cat "$tmp/wrong")"

# ---- no page names what does not exist ----

words=$(grep -ohE '\b(estab|ESTAB)_[A-Za-z0-9_]+' "$(the /include/estab.h)" "$(the /include/estab-fields.h)" "$(the /include/estab-watch.h)" | sort -u)
none "every identifier is in the header" "$(
	grep -oHE '\b(estab|ESTAB)_[A-Za-z0-9_]+' "$tmp"/text/* "$ESTAB_SRCDIR"/*.md | sed 's|.*/||' | sort -u |
		while IFS=: read -r file word; do
			# "ESTAB_F_" stands for all that begin so.
			grep -qx "$word$([[ $word != *_ ]] || echo '.*')" <<<"$words" || echo "$file: $word"
		done
)"
none "every page that is referred to is there" "$(
	grep -oHE '\b(lib)?estab[a-z0-9_-]*\([0-9]\)' "$tmp"/text/* | sed 's|.*/||' | sort -u |
		while IFS=: read -r file page; do
			name=${page%(*} number=${page//[^()0-9]/}
			number=${number##*(}
			number=${number%)}
			[[ -e $man/man$number/$name.$number ]] || echo "$file: $page"
		done
)"
options=$(program_options)
none "every long option is the program's" "$(
	grep -HoP '(?<![\w-])--[a-z][a-z0-9-]*' "$tmp"/text/* "$ESTAB_SRCDIR/README.md" | sed 's|.*/||' |
		grep -vE ':--(cflags|libs)$|^estab-(ss|netstat|lsof)\.1:' | sort -u |
		while IFS=: read -r file option; do
			grep -qx -e "$option" <<<"$options" || echo "$file: $option"
		done
)"

# ---- the options ----

# The lines that begin the options' paragraphs: "-f FAMILY, --family FAMILY".
entries=$(section estab.1 OPTIONS | grep -E '^ {7}-')
same "estab(1) has the program's options" \
	"$(section estab.1 OPTIONS | grep -oP '(?<![\w-])(--[a-z][a-z0-9-]*|-[A-Za-z0-9](?!\w))')" "$options"

# The help names each option once, by any of its names.
named=$("$estab" --help | grep -oP '(?<![\w-])(--[a-z][a-z0-9-]*|-[A-Za-z0-9](?![\w]))')
none "estab --help has no other option" "$(LC_ALL=C comm -23 <(LC_ALL=C sort -u <<<"$named") <(LC_ALL=C sort -u <<<"$options"))"
none "estab --help lacks none" "$(while read -r entry; do
	grep -oP '(?<![\w-])--?[A-Za-z0-9][a-z0-9-]*' <<<"$entry" | grep -qxF -f <(printf '%s\n' "$named") ||
		echo "$entry"
done <<<"$entries")"

# ---- the fields ----

if [[ -e $tmp/text/estab-fields.5 ]]; then
	# "name (kind, unit, …)" and the meaning below it.
	for subject in sockets flows routes interfaces memberships stats; do
		[[ $subject == sockets ]] && heading=FIELDS || heading="FIELDS OF ${subject^^}"
		section estab-fields.5 "$heading" | awk '
			/^       What / { next }
			/^       [^ ]/ { name = $1; kind = $2; gsub(/[(),]/, "", kind); next }
			/^ / { sub(/^ +/, ""); print name " " kind " " $0 }' >"$tmp/listed.$subject"
		"$estab" fields $subject -H | awk '{ name = $1; kind = $2; sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, ""); print name " " kind " " $0 }' >"$tmp/fields"
		is "estab-fields(5) is what estab fields $subject says" "$(diff "$tmp/listed.$subject" "$tmp/fields")" ""
	done
	check "and flows have some" test "$(wc -l <"$tmp/listed.flows")" -gt 40
	check "and that is not nothing" test "$(wc -l <"$tmp/listed.sockets")" -gt 100
else
	fail "estab-fields(5) is what estab fields says" "not installed"
fi

# ---- the default keys of JSON ----

same "estab-json(5) names the default keys" \
	"$(section estab-json.5 SOCKET | grep -A 2 'keys are written:' | sed '1d' | tr -d ' \n' | tr , '\n')" \
	"$("$estab" fields --csv -H | awk -F , '$5 == "true" && $2 != "group" { print $1 }')"

same "estab-json(5) names the default keys of flows" \
	"$(section estab-json.5 FLOW | grep -A 2 'keys are written:' | sed '1d' | tr -d ' \n' | tr , '\n')" \
	"$("$estab" fields flows --csv -H | awk -F , '$5 == "true" && $2 != "group" { print $1 }')"

# ---- the examples ----

# In a namespace of its own, where there is nothing to be seen but what the example makes.
apart=(unshare -n)
"${apart[@]}" true 2>/dev/null || apart=(unshare -rn)
"${apart[@]}" true 2>/dev/null || apart=()

for text in "$tmp"/text/*.3; do
	page=${text##*/}
	section "$page" EXAMPLE | sed -n '/#include/,$p' >"$tmp/example.c"
	check "$page has an example that compiles" \
		cc -std=c99 -pedantic -Wall -Wextra -Werror -o "$tmp/example" "$tmp/example.c" "${flags[@]}"
	if [[ ${#apart[@]} -gt 0 ]]; then
		check "$page has an example that runs" timeout 20 "${apart[@]}" "$tmp/example"
	else
		skip "$page has an example that runs" "no network namespace here"
	fi
done

# Those that take an argument, with one.
example()
{
	section "$1" EXAMPLE | sed -n '/#include/,$p' >"$tmp/example.c"
	shift
	cc -o "$tmp/example" "$tmp/example.c" "${flags[@]}" && "$tmp/example" "$@" 2>/dev/null
}
is "estab_ctx_new(3) reads a saved /proc" "$(example estab_ctx_new.3 "$saved")" \
	"$(($(wc -l <"$saved/net/tcp") - 1)) sockets"
# shellcheck disable=SC1003
is "estab_text_escape(3) escapes" "$(example estab_text_escape.3 $'a\e[31m\\')" 'a\x1b[31m\\'
is "estab_state_name(3) knows groups" "$(example estab_state_name.3 bucket | xargs)" "syn-recv time-wait"
is "estab_query_set_filter(3) points at the error" "$(example estab_query_set_filter.3 'sport = x')" \
	"sport = x
        ^ expected a port; /etc/services has no such name"

# The readme's fragments are parts of a program.
{
	printf '#include <estab.h>\n#include <stdio.h>\n\nint main(void)\n{\n'
	# shellcheck disable=SC2016
	sed -n '/^```c$/,/^```$/p' "$ESTAB_SRCDIR/README.md" | grep -v '^```'
	printf '\treturn 0;\n}\n'
} >"$tmp/readme.c"
check "the readme has a fragment" grep -q estab_scan_next "$tmp/readme.c"
check "and it compiles" cc -std=c99 -Wall -Wextra -Werror -o "$tmp/readme" "$tmp/readme.c" "${flags[@]}"
