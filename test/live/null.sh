#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# --null: whatever names hold, every cell can be told from the next, and nothing is lost.
. "$(dirname "$0")/lib.sh"
need_command jq base64
in_netns "$@"
cd "$tmp" || exit 1
mkdir odd

start_mksock tcp-listen:port=2001 udp-unconnected:port=2003 tcp-established:port=2002 \
	tcp-many-owners:port=2004,count=2 tcp-time-wait:port=2005 odd-comm:port=0 \
	unix-odd:dir="$tmp/odd" unix-forge unix-dgram:abstract='back\slash' unix-pair

# cells: a line of base64 for each cell of the input.
cells()
{
	# In another locale half a character at the end of a cell would hide its NUL.
	local cell LC_ALL=C
	while IFS= read -r -d '' cell; do
		printf %s "$cell" | base64 -w 0
		echo
	done
	# What stands behind the last NUL was never ended.
	[[ -z $cell ]] || echo "unended"
}

# escape: what a cell holds of an abstract name or a command line.
escape()
{
	sed 's/\\/\\\\/g; s/\x00/\\0/g'
}

columns=local.port,proto,state
is "as many cells as columns and sockets" \
	"$("$ESTAB" -tua --null --columns $columns | tr -cd '\0' | wc -c)" \
	"$(("$("$ESTAB" -tuaH | wc -l)" * 3))"
is "no header, no line ends" "$("$ESTAB" -tul --null --columns $columns sport 2001 | tr '\0' '|')" \
	"2001|tcp|listen|"
is "--format null" "$("$ESTAB" -tul --format null --columns $columns | md5sum)" \
	"$("$ESTAB" -tul --null --columns $columns | md5sum)"
is "for xargs" "$("$ESTAB" -tua --null --columns $columns sport 2001 | xargs -0 -n 3 echo)" "2001 tcp listen"
is "unknown is empty" "$("$ESTAB" -tl --null --columns tcp.rtt_us,local.addr,recv_q sport 2001 | tr '\0' '|')" \
	"|127.0.0.1||"
is "the columns are those of CSV" "$("$ESTAB" -tlpe --null sport 2001 | tr -cd '\0' | wc -c)" \
	"$("$ESTAB" -tlpe --csv | head -n 1 | tr ',' '\n' | wc -l)"
is "booleans and fractions" "$("$ESTAB" -ta --null --columns tcp.sack,tcp.retrans_percent sport 2002 state established |
	tr '\0' '|' | grep -cE '^(true|false)\|([0-9]+\.[0-9][0-9])?\|$')" 1

# ---- unix names, in the kernel's order ----

"$ESTAB" -xa --json --columns inode,local.path,local.abstract |
	jq -r '.sockets[] | [.inode, (.local.abstract | if . == null then "none" else tostring end),
		(.local.path_base64 // ((.local.path // "") | @base64))] | join(" ")' >wanted
while read -r inode abstract path; do
	printf %s "$inode" | base64 -w 0
	echo
	base64 -d <<<"$path" | if [[ $abstract == true ]]; then escape; else cat; fi | base64 -w 0
	echo
	[[ $abstract == none ]] && abstract=
	printf %s "$abstract" | base64 -w 0
	echo
done <wanted >wanted.cells
"$ESTAB" -xa --null --columns inode,local.path,local.abstract | cells >got.cells
is "every name" "$(md5sum <got.cells)" "$(md5sum <wanted.cells)"
is "with newlines in them" "$("$ESTAB" -xa --null --columns local.path | grep -czP '\n')" \
	"$("$ESTAB" -xa --json --columns local.path | jq '[.sockets[].local.path // "" | select(test("\n"))] | length')"
is "a backslash in an abstract name is doubled" \
	"$("$ESTAB" -xa --null --columns local.path | grep -cz 'back\\\\slash$')" 1
check "a path is as it is" test -S "$("$ESTAB" -xl --null --columns local.path,local.abstract |
	while IFS= read -r -d '' path && IFS= read -r -d '' abstract; do
		[[ $abstract == false && $path == *$'\e'* ]] && printf '%s' "$path" && break
	done)"

# ---- owners: a record for each ----

"$ESTAB" -ta --json --columns owner.pid,owner.fd,owner.comm,local.port |
	jq -r '.sockets[] | .local.port as $port | (if .owners == [] then [{}] else .owners end)[] |
		[.pid, .fd, .comm_base64 // (.comm | if . then @base64 else "" end), $port] |
		(.[0, 1, 3] | if . == null then "" else tostring | @base64 end), .[2]' | sort >wanted
"$ESTAB" -ta --null --columns owner.pid,owner.fd,local.port,owner.comm | cells | sort >got
is "owners" "$(md5sum <got)" "$(md5sum <wanted)"
is "one with three" "$("$ESTAB" -tl --null --columns owner.pid sport 2004 | tr -cd '\0' | wc -c)" \
	"$("$ESTAB" -tlp --json sport 2004 | jq '.sockets[0].owners | length')"
is "one with none" "$("$ESTAB" -ta --null --columns owner.pid,no_owner state time-wait | tr '\0' '|')" \
	"|time-wait|"
is "command lines" "$("$ESTAB" -tl --null --columns owner.cmdline sport 2001 | head -c 4000 | tr '\0' '|' |
	grep -cF 'mksock\0tcp-listen:port=2001\0')" 1

check "with blanks in a table" grep -q '/mksock tcp-listen:port=2001 ' \
	<("$ESTAB" -tlH --columns owner.cmdline sport 2001)
check "and told apart in CSV" grep -qF '/mksock\x00tcp-listen:port=2001\x00' \
	<("$ESTAB" -tlH --csv --columns owner.cmdline sport 2001)

"$ESTAB" fields --null | cells >got.cells
is "fields" "$(wc -l <got.cells) $(sed -n 1p got.cells | base64 -d)" \
	"$(("$("$ESTAB" fields -H | wc -l)" * 6)) proto"
