#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Nothing that others name, and nothing that a command line says, gets through as anything but text:
# names of sockets, processes and files in every format; captures that no kernel ever wrote; options
# and filters that nobody meant.
. "$(dirname "$0")/lib.sh"
need_command jq script
in_netns "$@"
cd "$tmp" || exit 1

# What must never come out, as bytes: controls but the newline, DEL, C1, marks that turn the text
# around, and characters that show nothing.
unsafe='[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf'

# unsafe_in FILE...: how many lines are unsafe or no UTF-8, and what it was where that is not 0.
unsafe_in()
{
	local file lines=0
	for file; do
		lines=$((lines + $(LC_ALL=C grep -acP "$unsafe" "$file") +
			$(iconv -f UTF-8 -t UTF-8 "$file" 2>&1 >/dev/null | wc -l)))
	done
	echo "$lines"
}

# run COMMAND...: its status; what it wrote is in out and err. A sanitizer's report is a status, too.
run()
{
	local got
	"$@" >out 2>err
	got=$?
	if grep -aq -e Sanitizer -e 'runtime error:' err; then
		got="sanitizer: $(head -c 400 err)"
	fi
	echo "$got"
}

# graceful NAME ARGUMENT...: done, or refused in one line that says why; and nothing unsafe.
graceful()
{
	local name=$1 got
	shift
	got=$(run "$ESTAB" "$@")
	case $got in
	0 | 3) ;;
	2)
		if [[ -s out || $(head -c 7 err) != "estab: " ]]; then
			fail "$name" "status 2 without a reason: $(head -c 200 err)"
			return
		fi
		;;
	*)
		fail "$name" "status $got"
		return
		;;
	esac
	is "$name" "$(unsafe_in out err)" 0
}

# plain TEXT: what of it can stand in a case's name.
plain()
{
	LC_ALL=C tr -cd ' -9;-~' <<<"$1" | head -c 60
}

# refused NAME ARGUMENT...: exit status 2, one line (and for a filter two more, that show where).
refused()
{
	local name=$1 got
	shift
	got=$(run "$ESTAB" "$@")
	is "$name" "$got $(wc -c <out) $(head -c 7 err) $(unsafe_in err) $(grep -c '^  ' err) $(($(wc -l <err) -
		$(grep -c '^  ' err)))" "2 0 estab:  0 $(grep -qs '^estab: filter:' err && echo 2 || echo 0) 1"
}

# records FILE: the fields of an RFC 4180 file, each record an array in a line; fails where it is none.
records()
{
	jq -Rsc '. as $all
		| [match("(\"(?:[^\"]|\"\")*\"|[^\",\r\n]*)([,\n])"; "g")] as $cells
		| if ($cells | map(.length) | add // 0) != ($all | length) then error("no CSV") else . end
		| reduce $cells[] as $cell ({row: [], rows: []};
			($cell.captures[0].string
				| if .[:1] == "\"" then .[1:-1] | gsub("\"\""; "\"") else . end) as $text
			| if $cell.captures[1].string == "," then .row += [$text]
			  else .rows += [.row + [$text]] | .row = [] end)
		| .rows[]' "$1"
}

# ---- names, in every format ----

formulas=('=cmd()' '+1' '@x' '-2' $'\tx' $'\rx' '"=1' ',=1' ';=1' '=1;=2' "'=1")
specs=(unix-odd unix-forge odd-comm)
for name in "${formulas[@]}"; do
	# mksock ends a value at a comma.
	[[ $name == *,* ]] || specs+=("unix-stream-listen:abstract=$name" "odd-comm:comm=$name")
done
# A program whose path, and so its command line and its name, is hostile.
program=$'=x\e]0;title\a\n\xff\xe2\x80\xae"\\,;'
cp "$MKSOCK" "$program"
plain_mksock=$MKSOCK
start_mksock "${specs[@]}"
MKSOCK=$tmp/$program
start_mksock tcp-listen:port=2001
pid=$MKSOCK_PID
MKSOCK=$plain_mksock
jq -s 'map(select(.local_path_hex))' "$tmp"/mksock*.out >made.json

columns=proto,state,local,peer,inode,owners,owner.comm,owner.exe,owner.cmdline
listing=(-tuxa "--columns=$columns")
count=$("$ESTAB" "${listing[@]}" --json 2>err | jq .end.count)
is "there are many" "$((count > 35)) $(unsafe_in err)" "1 0"

# made_names: inode and name in hex, as they were made; all_names: those of JSON, "inode hex".
made_names()
{
	jq -r '.[] | "\(.inode) \(.local_path_hex)"' made.json | sort
}

json_names()
{
	jq -r '(.sockets? // [.])[] | select(.local.path) | "\(.inode) \(.local.path_base64 //
		(.local.path | @base64))"' |
		while read -r inode name; do
			echo "$inode $(base64 -d <<<"$name" | od -An -v -tx1 | tr -d ' \n')"
		done | sort
}

run "$ESTAB" "${listing[@]}" --json >status
is "JSON" "$(cat status) $(unsafe_in out err)" "0 0"
is "JSON has every name, byte by byte" "$(json_names <out)" "$(made_names)"
jq --argjson pid "$pid" '.sockets[].owners[] | select(.pid == $pid)' out >owner.json
is "JSON has the program, byte by byte" "$(jq -r .exe_base64 owner.json | base64 -d | od -An -tx1)" \
	"$(printf '%s' "$tmp/$program" | od -An -tx1)"
is "JSON has the command line, byte by byte" \
	"$(jq -r .cmdline_base64 owner.json | base64 -d | od -An -tx1)" "$(od -An -tx1 "/proc/$pid/cmdline")"
is "JSON has the command, byte by byte" \
	"$(jq -r '.comm_base64 // (.comm | @base64)' owner.json | base64 -d | od -An -tx1)" \
	"$(head -c -1 "/proc/$pid/comm" | od -An -tx1)"

run "$ESTAB" "${listing[@]}" --jsonl >status
is "JSON Lines" "$(cat status) $(unsafe_in out err) $(wc -l <out)" "0 0 $((count + 2))"
is "JSON Lines has every name, byte by byte" \
	"$(jq -c 'select(.record == "socket")' out | json_names)" "$(made_names)"

run "$ESTAB" "${listing[@]}" --csv >status
is "CSV" "$(cat status) $(unsafe_in out err)" "0 0"
records out >records.json 2>err
is "CSV is strict" "$(jq -s 'map(length) | unique | length' records.json) $(wc -l <records.json) $(cat err)" \
	"1 $((count + 1)) "
is "CSV has no formula" "$(jq -r '.[] | select(test("^[=+@\t\r-]"))' records.json)" ""
is "CSV has every name" "$(jq -rs '.[0] as $head | ($head | index("local.path")) as $path
	| ($head | index("inode")) as $inode | .[1:][] | select(.[$path] != "") | .[$inode]' records.json |
	sort)" "$(jq -r '.[] | select(.local_path_hex != "") | .inode' made.json | sort)"

run "$ESTAB" "${listing[@]}" >status
is "a table in a pipe" "$(cat status) $(unsafe_in out err) $(wc -l <out)" "0 0 $((count + 1))"
is "a table has no trailing blanks" "$(grep -c ' $' out)" 0
for width in 40 80 400; do
	# Its own progress line apart, which a slow machine shows.
	TERM=xterm shell_on_terminal "stty cols $width rows 50; $ESTAB ${listing[*]} --color=never" | tr -d '\r' | sed 's/^\(.*s\)\?\x1b\[K//; s/\x1b\[K//' >out
	is "a table on a terminal of $width columns" \
		"$(unsafe_in out) $(grep -owFf <(jq -r '.[].inode' made.json) out | sort -u | wc -l)" \
		"0 $(jq length made.json)"
done
run "$ESTAB" "${listing[@]}" --null >status
is "NULs between cells" "$(cat status) $(tr -dc '\0' <out | wc -c | awk '{ print ($1 % 9) ($1 > 300) }')" "0 01"

for field in local.path owner.comm owner.exe owner.cmdline -local.path; do
	is "sorted by $field" "$(run "$ESTAB" "${listing[@]}" --sort="$field") $(wc -l <out) $(unsafe_in out err)" \
		"0 $((count + 1)) 0"
done
is "sorted by name, in the order of bytes" \
	"$("$ESTAB" -xa --sort=local.path --columns=local.path,inode --json | jq -c '.sockets' >sorted.json
	json_in_order() {
		jq -r '.[] | select(.local.path) | .local.path_base64 // (.local.path | @base64)' sorted.json |
			while read -r name; do base64 -d <<<"$name" | od -An -v -tx1 | tr -d ' \n'; echo; done
	}
	json_in_order | LC_ALL=C sort -c 2>&1)" ""

# The text of the kernel: a name with a newline writes a row of its own there.
for format in table json jsonl csv; do
	run "$ESTAB" -xa --source=procfs --columns=proto,state,local,inode --format="$format" >status
	is "from the kernel's text, as $format" "$(cat status) $(unsafe_in out err)" "0 0"
done
is "the other names are all there" "$("$ESTAB" -xa --source=procfs --columns=inode --json |
	jq -r '.sockets[].inode' | grep -cwFf <(jq -r '.[].inode' made.json))" "$(jq length made.json)"

# The old tools print most of it raw: a name that forges a row of theirs makes none here.
for words in "ss -xa" "ss -xap" "ss -xapeO" "ss -tlnp" "netstat -xan" "netstat -xanp" "netstat -tlnp" \
	"lsof -nP -U" "lsof -nP -U +c0" "lsof -nP -i" "lsof -nP -U -E" "lsof -nP -U -F" "lsof -nP -U -J" "lsof -nP -U -j"; do
	# shellcheck disable=SC2086 # words they are
	run "$ESTAB" $words >status
	is "$words" "$(cat status) $(unsafe_in out err)" "0 0"
done
made=$(jq length made.json)
is "ss has a line for each" "$("$ESTAB" ss -xapH | wc -l)" "$("$ESTAB" -xa --json | jq .end.count)"
is "and each is there" "$("$ESTAB" ss -xapH | grep -cwFf <(jq -r '.[].inode' made.json))" "$made"
is "netstat has a line for each" "$("$ESTAB" netstat -xanp | grep -cwFf <(jq -r '.[].inode' made.json))" "$made"
is "lsof has a line for each" "$("$ESTAB" lsof -nP -U | grep -cwFf <(jq -r '.[].inode' made.json))" "$made"
is "fields of lsof begin with a letter of theirs" "$("$ESTAB" lsof -nP -U -F | grep -vc '^[pgRcuLfaltdoinT]')" 0
is "JSON of lsof is whole" "$("$ESTAB" lsof -nP -U -j | jq -s 'map(.inode) | unique | length')" \
	"$("$ESTAB" lsof -nP -U -Fi | grep -c '^i')"
stop_mksock

# ---- captures that no kernel ever wrote ----

head_inet='  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
head_unix='Num       RefCount Protocol Flags    Type St Inode Path'
v6=00000000000000000000000001000000

# row4 N, row6 N, row_unix N NAME: a line that is well.
row4()
{
	printf '%4d: 0100007F:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n' \
		"$1" "$1" "$state" "$((1000 + $1))"
}

row6()
{
	printf '%4d: %s:%04X %s:0000 %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000 100 0 0 10 0\n' \
		"$1" "$v6" "$1" "$v6" "$state" "$((1000 + $1))"
}

row_unix()
{
	printf '0000000000000000: 00000002 00000000 00010000 0001 01 %5d %s\n' "$((1000 + $1))" "${2-}"
}

# bad_inet, bad_unix: what stands between good lines, a case a line, as printf(1) takes it.
bad_inet='
   1
   1: 
   1: 0100007F:0001
   1: 0100007F:0001 00000000:0000 0A
   1: 0100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0
   1: 0100007F:10000 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:-001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007FF:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0x00007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: G100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:0001 00000000:0000 00 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:0001 00000000:0000 0E 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:0001 00000000:0000 FF 00000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:0001 00000000:0000 0A 000000000:00000000 00:00000000 00000000  1000        0 7 1
   1: 0100007F:0001 00000000:0000 01 FFFFFFFF:FFFFFFFF FF:FFFFFFFF FFFFFFFF  99999999999 0 7 1
   1: 0100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 99999999999999999999 1
   1: 0100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 -7 1
   1: \0100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 \07 1
\033[31m 1: \xff\xfe
99999999999999999999999999999999999999: 0100007F:0001
-1: 0100007F:0001 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 7 1'
bad_unix='
0000000000000000:
0000000000000000: 00000002 00000000 00010000 0001 01
0000000000000000: 00000002 00000000 00010000 00FF 01  7 /bad-type
0000000000000000: 00000002 00000000 00010000 0001 99  7 /bad-state
0000000000000000: 000000002 00000000 00010000 0001 01  7 /long
0000000000000000: 00000002 00000000 00010000 0001 01 -7 /negative
0000000000000000: 00000002 00000000 00010000 0001 01 99999999999999999999 /large
x000000000000000: 00000002 00000000 00010000 0001 01  7 /x
\033]0;title\a: \xff\xe2\x80\xae'

# capture DIR: a /proc of good lines, three a table, with room for more between them.
capture()
{
	local table n=0 state=0A
	mkdir -p "$1/net" "$1/77/net" "$1/77/fd"
	for table in tcp udp udplite raw icmp; do
		{ echo "$head_inet"; row4 $((n + 1)); row4 $((n + 2)); row4 $((n + 3)); } >"$1/net/$table"
		{ echo "$head_inet"; row6 $((n + 4)); row6 $((n + 5)); row6 $((n + 6)); } >"$1/net/${table}6"
		n=$((n + 6))
		state=07
	done
	{ echo "$head_unix"; row_unix 31 /one; row_unix 32 @two; row_unix 33; } >"$1/net/unix"
	printf 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n%s\n' \
		'0000000000000000 0   77         00000000 0        0        0     2        0        2001' >"$1/net/netlink"
	printf 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n%s\n' \
		'0000000000000000 3      3    0003   1     1 0      0      2002' >"$1/net/packet"
}

# what_is_said ARGUMENT...: status, unsafe lines, how many of the good rows are there, and what came of
# the others: "told" that they are lost, or "there".
what_is_said()
{
	local got
	got=$(run "$ESTAB" -A all,udplite,icmp -a --columns=proto,state,local,inode --json "$@")
	echo "$got $(unsafe_in out err) $(jq -r '([.sockets[] | select(.inode > 1000 and .inode < 1034)] | length),
		if any(.end.lost[]; .what == "rows") then "told" elif any(.sockets[]; .inode == 7) then "there"
		else "" end' out | xargs)"
}

capture good
is "a good capture" "$(what_is_said --proc-root good)" "0 0 33"

# altered TABLE...: a capture whose tables have what printf(1) makes of $bad between their lines.
altered()
{
	local table
	rm -rf odd
	capture odd
	for table; do
		{ sed 3q "odd/net/$table" | head -n 2; printf '%b\n' "$bad"; sed -n '3,$p' "odd/net/$table"; } >odd.text
		mv odd.text "odd/net/$table"
	done
}

# odd_lines WHAT TEXT TABLE...: a case for each line of TEXT, put between the lines of each table.
odd_lines()
{
	local what=$1 text=$2 n=0 bad
	shift 2
	while IFS= read -r bad; do
		[[ -n $bad ]] || continue
		n=$((n + 1))
		altered "$@"
		is "odd line $n in $what" "$(what_is_said --proc-root odd | sed s/there/told/) $bad" "0 0 33 told $bad"
	done <<<"$text"
}

inet_tables=(tcp tcp6 udp udp6 udplite udplite6 raw raw6 icmp icmp6)
odd_lines "tcp, udp and raw" "$bad_inet" "${inet_tables[@]}"
odd_lines unix "$bad_unix" unix
odd_lines "netlink and packet" "$bad_inet$bad_unix" netlink packet

# Whole files. spoil COMMAND: makes every table of a good capture what the command makes of it.
spoil()
{
	rm -rf odd
	capture odd
	for table in odd/net/*; do
		"$@" <"$table" >odd.text
		mv odd.text "$table"
	done
}

long_line()
{
	sed 2q
	head -c 1048576 /dev/zero | tr '\0' A
	echo
	sed -n '1,$p'
}

nul_line()
{
	sed 2q
	printf '  \0 1: \0\0\n\0'
	echo
	sed -n '1,$p'
}

# Commands that leave every good line as it is.
crlf() { sed 's/$/\r/'; }
no_end() { head -c -1; }
two_heads() { sed -n '1{p;p};2,$p'; }
blank_lines() { sed 's/$/\n\n   \n/'; }
for how in long_line nul_line crlf two_heads blank_lines; do
	spoil "$how"
	is "files with ${how/_/ }" "$(what_is_said --proc-root odd | cut -d " " -f 1-3)" "0 0 33"
done
# The last line of unix may be a part only.
spoil no_end
is "files with no end" "$(what_is_said --proc-root odd)" "0 0 32 told"

# And that don't: nothing but safety can be asked for.
survives()
{
	local got
	got=$(run "$ESTAB" -A all,udplite,icmp -a --columns=proto,state,local,peer,user,inode --json "$@")
	[[ $got == 3 ]] && got=0
	echo "$got $(unsafe_in out err)"
}

program_text() { head -c 100000 "$ESTAB"; }
endless() { head -c 300000 /dev/zero | tr '\0' '\n'; }
zeros() { head -c 100000 /dev/zero; }
only_head() { sed 1q; }
no_columns() { cut -c 1-30; }
swapped() { tac; }
doubled() { sed 's/ / /g;s/ /  /g'; }
tabs() { tr ' ' '\t'; }
for how in true program_text endless zeros only_head no_columns swapped doubled tabs; do
	spoil "$how"
	is "files of ${how/_/ }" "$(survives --proc-root odd) $(survives --proc-root odd --byte-order big)" \
		"0 0 0 0"
done
size=$(wc -c <good/net/tcp)
survived=$(for ((cut = 0; cut < size; cut += 29)); do
	spoil head -c "$cut"
	survives --proc-root odd
done | sort | uniq -c | awk '{ print $2, $3 }')
is "files that are cut anywhere" "$survived" "0 0"

# Lines of another family.
rm -rf odd
capture odd
cp good/net/tcp6 odd/net/tcp
cp good/net/tcp odd/net/tcp6
cp good/net/unix odd/net/udp
cp good/net/udp odd/net/unix
cp good/net/packet odd/net/netlink
cp good/net/netlink odd/net/packet
is "tables of one another" "$(survives --proc-root odd)" "0 0"
is "the other byte order" "$("$ESTAB" -ta --proc-root good --byte-order big --columns=local.addr -H |
	sort -u | xargs)" "1.0.0.127 ::100:0"

# What stands where a table should.
rm -rf odd
capture odd
rm odd/net/tcp odd/net/tcp6 odd/net/udp odd/net/unix odd/net/raw
mkdir odd/net/tcp
mkfifo odd/net/udp
ln -s loop odd/net/loop
ln -s loop odd/net/unix
ln -s /dev/zero odd/net/raw
ln -s /dev/tty odd/net/tcp6
is "what is no file" "$(run timeout 20 "$ESTAB" -A all -a --proc-root odd --json >status
	[[ $(cat status) == [03] ]] && unsafe_in out err)" 0

# Processes that no kernel ever had.
rm -rf odd
capture odd
mkdir -p odd/78/fd odd/78/fdinfo odd/99999999999/fd
ln -s 'socket:[1001]' odd/77/fd/3
ln -s 'socket:[1002' odd/77/fd/4
ln -s 'socket:[99999999999999999999]' odd/77/fd/5
ln -s 'socket:[1001]' odd/77/fd/4294967296
ln -s 'socket:[1003]' odd/78/fd/7
ln -s 'anon_inode:[io_uring]' odd/78/fd/8
printf 'UserFiles:\t2\n    0: socket:[1002]\n  \033[31m\xff: socket:[1001]\n' >odd/78/fdinfo/8
printf 'a) R 1 (\n\033]0;x\a\xff' >odd/77/comm
printf '\xe2\x80\xaegnp.exe' >odd/78/comm
ln -s "$program" odd/77/exe
ln -s $'/bin/\e[31m\nx (deleted)' odd/78/exe
head -c 3000000 /dev/zero | tr '\0' $'\e' >odd/77/cmdline
printf '=cmd()\0+1\0\n\0\xff\0' >odd/78/cmdline
printf '77 (a) R 1 (\n) S 1' >odd/77/stat
printf '78 (x) S 1 78 78 0 -1 0 0 0 0 0 0 0 0 0 20 0 99999999999999999999 0 5 0' >odd/78/stat
printf 'Name:\tx\nUid:\t-1\t99999999999\t0\t0\n' >odd/77/status
printf 'Name:\tUid:\\n0\nUid:\t1000\t1000\t1000\t1000\n' >odd/78/status
printf '\033[31mroot:x:1000:1000::/:/bin/sh\n:x:0:0\nx\n\xff:x:4294967296:0:\n%*d:x:1:1::/:/\n' 5000 0 >odd.passwd
for format in table json jsonl csv; do
	got=$(run "$ESTAB" -taH --proc-root odd --passwd odd.passwd --format="$format" --columns=+user,inode,owners,owner.comm,owner.exe,owner.cmdline,owner.uid,owner.user,owner.start_ticks)
	is "odd processes as $format" "$got $(unsafe_in out err)" "0 0"
	[[ $format != json ]] || mv out odd.json
done
is "odd processes hold what they hold" \
	"$(jq -c '[.sockets[] | [.inode, (.owners[] | .pid, .fd, .via)]] | sort | .[:3]' odd.json)" \
	'[[1001,77,3,null],[1002,78,8,"io_uring"],[1003,78,7,null]]'

# ---- the command line ----

long=$(head -c 100000 /dev/zero | tr '\0' x)
control=$'\e]0;title\a\n\xff\xe2\x80\xae'

for port in :65536 :-1 :4294967296 :18446744073709551616 :0x10000 :0x :1e3 :80x ":$control"; do
	refused "sport = $(plain "$port")" -t sport = "$port"
	refused "dst any$(plain "$port")" -t dst "127.0.0.1$port"
done
for port in :080 :0x50 :0 :65535 :; do
	graceful "sport = $(plain "$port")" -t sport = "$port"
done
for address in 1.2.3.4.5 256.1.1.1 1.2.3.4/33 ::1/129 ::1/-1 1.2.3.4/ 1.2.3.4/0x8 '[::1' '::1]:80' \
	'[::1%9' ':::' "$control" 1.2.3.4/99999999999; do
	refused "dst $(plain "$address")" -t dst "$address"
done
graceful "an address in short" -t dst 1.2.3
graceful "an address that is long" -t dst "$long"
graceful "a filter of one long word" "$long"
graceful "a filter of many words" -t "$(yes sport = :80 and | head -n 3000 | xargs) sport = :80"
graceful "parentheses, 4096 deep" -t "$(printf '(%.0s' {1..4096}) sport = :80 $(printf ')%.0s' {1..4096})"
refused "parentheses that do not close" -t "$(printf '(%.0s' {1..4096})"
graceful "not, 4096 times" -t "$(printf 'not %.0s' {1..4096}) sport = :80"
refused "a filter of control characters" "$control"
refused "control characters behind a filter" sport = :80 "$control"
refused "a filter that is not finished" sport =
graceful "an empty filter" ""
graceful "a filter of blanks" $' \t '
# shellcheck disable=SC1003 # a backslash
for pattern in '((((' '[a' 'a{2,1}' 'a{1,65000}{1,65000}' 'a{9999999999}' "(a|$control)*" '\' '[[:nope:]]' '[[.a' \
	"$(printf '(%.0s' {1..400})$(printf ')*%.0s' {1..400})" "$(printf 'a*%.0s' {1..400})b" '\1' "$long"; do
	for operator in '~' '=~' '!~' '='; do
		graceful "owner.comm $operator $(plain "$pattern")" -ta "owner.comm $operator \"$pattern\""
	done
done
for number in 99999999999999999999999 -1 1e400 0x 1kk 5% ''; do
	graceful "a number that is $number" -t "tcp.rtt_us > $number"
	graceful "a list of $number" -t "local.port in {$number,$number,,}"
done
refused "a verb that is none" "$control" -t

for option in --format --color --source --byte-order --columns --sort --proc-pid -A -f --resolve-timeout; do
	refused "$option with control characters" "$option" "$control"
	refused "$option with a long word" "$option" "$long"
	refused "$option without a word" "$option" ""
done
for name in "$control" "$long" "" / /dev/null "pid:$control" pid: ../../etc/passwd .. good; do
	is "-N $(plain "$name")" "$([[ $(run "$ESTAB" -N "$name") == [23] ]] && echo refused) $(unsafe_in err) $(wc -l <err)" \
		"refused 0 1"
done
for option in --format --color --source --byte-order --proc-pid --resolve-timeout -f; do
	refused "$option ,,," "$option" ,,,
done
for pid in 0 -1 +1 ' 1' 1x 99999999999 4294967296 18446744073709551617 0x1 007x; do
	refused "--proc-pid $pid" --proc-root good --proc-pid "$pid"
	refused "-N pid:$pid" -N "pid:$pid"
done
for list in ',,,' nope 'proto,nope' 'proto,,state' '-' '+' '--' 'proto state' 'proto;state' "proto,$control"; do
	refused "--columns $(plain "$list")" --columns "$list"
	refused "--sort $(plain "$list")" --sort "$list"
done
graceful "10000 columns" -t --columns "$(yes proto | head -n 10000 | paste -sd ,)"
refused "10000 columns that are none" -t --columns "$(yes nope | head -n 10000 | paste -sd ,)"
mapfile -t many < <(yes -- --columns=proto | head -n 10000)
graceful "10000 times --columns" -t "${many[@]}"
refused "10000 sort keys" -t --sort "$(yes proto | head -n 10000 | paste -sd ,)"
graceful "10000 tables" -A "$(yes tcp | head -n 10000 | paste -sd ,)"
graceful "10000 switches" "${many[@]/*/-t}"
refused "a long option" "--$long"
refused "an option of control characters" "--$control=1"
for letter in $'\e' $'\n' $'\xff' '?' : ';' = ' '; do
	refused "the letter $(printf %s "$letter" | od -An -tx1)" "-$letter"
done
refused "more than one word for a switch" --json="$control"
for path in "$control" "$long" /dev/null good/net/tcp ""; do
	for option in --proc-root --passwd; do
		got=$(run "$ESTAB" "$option" "$path")
		is "$option $(plain "$path")" "$([[ $got == [023] ]] && echo good || echo "$got") $(unsafe_in out err)" \
			"good 0"
	done
done
env=("COLUMNS=$control" "COLUMNS=99999999999" "COLUMNS=-1" "NO_COLOR=$control" "TERM=$control" "LANG=$control"
	"LC_ALL=$control" "TZ=$control")
for setting in "${env[@]}"; do
	is "${setting%%=*} odd" "$(run env "$setting" "$ESTAB" -ta --color=auto) $(unsafe_in out err)" "0 0"
done
# No argument at all, not even a name.
is "no name of its own" "$(run bash -c 'exec -a "" "$1" -ta' bash "$ESTAB") $(unsafe_in out err)" "0 0"
is "a name of control characters" "$(run bash -c 'exec -a "$2" "$1" -ta' bash "$ESTAB" "$control") $(unsafe_in out err)" "0 0"
