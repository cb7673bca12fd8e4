#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab summary: our counts, the kernel's own, and what is between them.
. "$(dirname "$0")/lib.sh"
need_command jq ss
in_netns "$@"
cd "$tmp" || exit 1

# summary FILTER OPTION...: what jq makes of it.
summary()
{
	local filter=$1
	shift
	"$ESTAB" summary --json "$@" | jq -c "$filter"
}

# kernel NAME: what it counts, what is listed, and the difference.
kernel()
{
	summary ".summary.kernel[] | select(.name == \"$1\") | [.value, .listed, .difference]"
}

# ---- nothing ----

is "an empty namespace has no TCP" "$(summary '[.summary.counts[] | select(.proto == "tcp")]')" "[]"
is "what is the host's is said to be" \
	"$(summary '[.summary.kernel[] | select(.host_wide).name]')" \
	'["tcp.orphan","tcp.alloc","tcp.mem_pages","udp.mem_pages"]'
is "and is not compared" "$(summary '[.summary.kernel[] | select(.host_wide) | has("listed")] | any')" \
	false
is "and marked in the table" "$("$ESTAB" -s | grep -c '^tcp.alloc .*(whole host)$')" 1

# ---- sockets ----

start_mksock tcp-listen:port=2001 tcp-established:port=2002 udp-unconnected:port=2003 \
	tcp-bound:port=2004 tcp-time-wait:port=2005 tcp-listen:port=2006,family=inet6 \
	tcp-close-wait:port=2007 udp-connected:family=inet6 raw udplite icmp-ping \
	tcp-fin-wait-2-orphan:port=2008 tcp-established:port=2009,family=inet6 \
	unix-stream-listen:abstract=listen,pending=2 unix-pair

is "counted as listed" "$(summary '[.summary.counts[] | {key: "\(.proto) \(.state) \(.family)", value: .count}] |
	from_entries' | jq -cS .)" \
	"$("$ESTAB" -A all -a --json | jq -cS 'reduce .sockets[] as $s ({};
		.["\($s.proto) \($s.state) \($s.family)"] += 1)')"
for name in tcp.inuse tcp6.inuse udp.inuse udp6.inuse raw.inuse tcp.tw tcp.curr_estab; do
	is "the kernel agrees on $name" "$(kernel $name | jq -c '.[0] > 0 and .[2] == 0')" true
done
for pair in "tcp.inuse TCP inuse" "tcp.tw TCP tw" "udp.inuse UDP inuse" "raw.inuse RAW inuse"; do
	read -r name line item <<<"$pair"
	is "$name is sockstat's" "$(kernel "$name" | jq '.[0]')" \
		"$(awk -v line="$line:" -v item="$item" '$1 == line { for (i = 2; i < NF; i += 2)
			if ($i == item) print $(i + 1) }' /proc/net/sockstat)"
done
is "ss counts the same connections" "$(kernel tcp.curr_estab | jq '.[0]')" \
	"$(ss -s | sed -n 's/^TCP:.*estab \([0-9]*\).*/\1/p')"
is "connections that nobody accepted yet are unseen" "$(kernel unix.inuse | jq -c '.[2]')" 2
is "and nothing else is" "$(kernel sockets.used | jq -c '.[2]')" 2

"$ESTAB" summary >table 2>err
is "the table has a line a state" "$(awk '$1 == "tcp" && $2 == "listen" { print $3, $4, $5 }' table) $(cat err)" \
	"2 1 1 "
is "and one for all" "$(awk '$1 == "udp" && $2 == "all" { print $3, $4, $5 }' table)" "3 1 2"
is "unix has no version of IP" "$(awk '$1 == "unix" && $2 == "all" { print $4, $5 }' table)" "- -"
is "differences have a sign" "$(awk '$1 == "unix.inuse" { print $4 }' table)" "+2"
is "no trailing blanks" "$(grep -c ' $' table)" 0
is "-s" "$("$ESTAB" -s | grep -v -e used -e alloc -e mem | md5sum)" \
	"$(grep -v -e used -e alloc -e mem table | md5sum)"
is "no header" "$("$ESTAB" -sH | grep -c -e PROTO -e KERNEL)" 0

# ---- of some sockets only ----

is "of one table" "$(summary '[.summary.counts[].proto] | unique' -u)" '["udp"]'
is "of one family" "$(summary '[.summary.counts[].family] | unique' -t6)" '["inet6"]'
is "filtered" "$(summary '[.summary.counts[] | [.state, .count]]' -t sport 2001)" '[["listen",1]]'
is "which is not compared" "$(summary '[.summary.kernel[] | has("listed")] | any' -t sport 2001)" false
is "only listeners" "$(summary '[.summary.counts[] | select(.proto == "tcp").state] | unique' -l)" \
	'["listen"]'

# ---- a copy ----

mkdir -p copy/net
cp /proc/net/tcp copy/net/tcp
printf 'sockets: used 7\nTCP: inuse 3 orphan -1 tw 18446744073709551615 alloc x mem 5\n' >copy/net/sockstat
printf 'garbage\n: : :\nTCP6: inuse\n\xff\xfe: inuse 3\nUDP6: inuse 99999999999999999999\nFRAG6: inuse 0 memory 4096\n' \
	>copy/net/sockstat6
printf 'Ip: a b\nIp: 1 2\nTcp: X CurrEstab\nTcp: 9 4\n' >copy/net/snmp
is "a copy's own counts" "$(summary '[.summary.kernel[] | [.name, .value]]' -t --proc-root copy)" \
	'[["sockets.used",7],["tcp.inuse",3],["tcp.orphan",0],["tcp.tw",18446744073709552000],["tcp.mem_pages",5],["frag6.inuse",0],["frag6.memory_bytes",4096],["tcp.curr_estab",4]]'
is "and its sockets" "$(summary '[.summary.counts[].count] | add' -t --proc-root copy)" \
	"$(($(wc -l <copy/net/tcp) - 1))"
rm copy/net/sockstat copy/net/sockstat6 copy/net/snmp
"$ESTAB" summary -t --proc-root copy >out 2>err
is "without the counts" "$? $(grep -c '^tcp ' out) $(tail -n 1 err)" \
	"0 $(grep -c '^tcp ' out) estab: the kernel's own counts: No such file or directory"
is "in JSON" "$(summary .summary.kernel -t --proc-root copy)" null

# ---- the command line ----

is "another format" "$("$ESTAB" summary --csv 2>&1; echo $?)" "estab: summary: writes a table or JSON only
2"
"$ESTAB" summary --proc-root /nope >out 2>err
is "nothing to read" "$? $(cat out err)" "3 estab: /nope: No such file or directory"
