#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Every network namespace in one table: those of processes and threads, with a name, mounted elsewhere,
# and those that only a descriptor or a socket keeps; as root, and as a user to whom most are closed.
. "$(dirname "$0")/lib.sh"
need_command ip jq setpriv unshare
in_pidns "$@"
cd "$tmp" || exit 1

ip netns add blue 2>"$tmp/err" || skip_all "ip netns can't make a namespace: $(cat "$tmp/err")"
real_mksock=$MKSOCK
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"

# enter NAME COMMAND...: from now on start_mksock makes its sockets where this command leads.
enter()
{
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$2" "$real_mksock" >"$1"
	chmod 755 "$1"
	MKSOCK=$tmp/$1
}

# table ARGUMENT...: port, namespace's name and owners of the TCP sockets, in an order of their own.
table()
{
	"$ESTAB" --all-netns -ta --json "$@" | jq -r '.sockets[] |
		"\(.local.port) \(.netns_name) \(.netns // "-")"' | sort -n
}

# names ARGUMENT...: the port of each and where it is, in one line.
names()
{
	"$ESTAB" --all-netns -ta --json "$@" | jq -r '.sockets[] | select(.local.port < 10000) |
		"\(.local.port):\(.netns_name)"' | sort -n | xargs
}

# Process 1 is where this script was begun.
mine='netns_name != "sh[1]"'

inode_of()
{
	stat -Lc %i "$1"
}

# ---- one of each ----

start_mksock tcp-listen:port=3001 netns-socket:port=3002 netns-fd:port=3003 netns-thread:port=3004
here=$MKSOCK_PID
for thread in "/proc/$here/task/"*; do
	[[ ${thread##*/} == "$here" ]] || elsewhere=${thread##*/}
done
enter mksock-blue "ip netns exec blue"
start_mksock --no-lo tcp-listen:port=2001 unix-stream-listen:abstract==blue,pending=0
blue=$MKSOCK_PID
enter mksock-plain "unshare --net"
start_mksock tcp-listen:port=4001 udp-unconnected:port=4002
plain=$MKSOCK_PID
# A namespace that nobody is in any more, and has an end of a connection in it still.
start_mksock tcp-time-wait:port=4003
touch /run/bound
mount --bind "/proc/$MKSOCK_PID/ns/net" /run/bound
kill "$MKSOCK_PID"
wait "$MKSOCK_PID" 2>/dev/null
ip netns add empty
own=$("$ESTAB" --all-netns -tl --json --columns netns_name 'sport = 3001' | jq -r '.sockets[].netns_name')
check "ours is named by the first process in it" grep -q '^[^ ]*\[[0-9]*\]$' <<<"$own"

listeners="2001:blue 3001:$own 3002:mksock[$here] 3004:mksock[$elsewhere] 4001:mksock[$plain]"
for source in auto diag procfs bpf; do
	if [[ $source == bpf ]] && ! "$ESTAB" --all-netns -t --source bpf >/dev/null 2>"$tmp/err"; then
		skip bpf "$(cat "$tmp/err")"
		continue
	fi
	is "all listeners by $source" "$(names --source $source "$mine")" "$listeners"
	is "what has no process by $source" "$(names --source $source 'dport = 3003 or dport = 4003' |
		wc -w) $("$ESTAB" --all-netns -ta --json --source $source 'dport = 3003 or dport = 4003' |
		jq -r '.sockets[].netns_name' | sort | xargs)" "0 /run/bound mksock[$here]"
	is "complete by $source" "$("$ESTAB" --all-netns -tux --json --source $source |
		jq -c .end.lost)" "[]"
	is "and each socket once by $source" "$("$ESTAB" --all-netns -tuxa --json --source $source |
		jq -c '[.sockets[] | select(.inode > 0) | .inode] | (length == (unique | length))')" true
done

# The kernel's own, in each namespace that the test made; of other processes some come and go.
kernels()
{
	"$ESTAB" --all-netns -f netlink --json --source "$1" --columns inode,protocol,netns,netns_name,no_owner |
		jq -r --argjson own "$(inode_of /proc/self/ns/net)" '.sockets[]
			| select(.no_owner == "kernel" and (.netns == $own or .netns_name == "blue" or
				.netns_name == "empty")) | [.netns, .protocol, .inode] | @tsv' | sort
}
if "$ESTAB" --all-netns -f netlink --source bpf >/dev/null 2>&1; then
	is "the kernel's netlink sockets of each by bpf" "$(kernels bpf)" "$(kernels diag)"
	is "which are in three namespaces" "$(kernels bpf | cut -f 1 | sort -u | wc -l)" 3
fi

is "inodes" "$(table 'sport = 2001') $(table 'sport = 4001') $(table 'sport = 3001')" \
	"2001 blue $(inode_of /run/netns/blue) 4001 mksock[$plain] $(inode_of "/proc/$plain/ns/net") 3001 $own $(inode_of /proc/self/ns/net)"
is "the head has ours" "$("$ESTAB" --all-netns -t --json | jq -c '[.estab.netns, .estab.all_netns]')" \
	"[$(inode_of /proc/self/ns/net),true]"
is "without it, only ours" "$("$ESTAB" -tl --columns local.port -H)" 3001
is "the last of the two holds" "$("$ESTAB" --all-netns -N blue -tlH --columns local.port)" 2001
is "in either order" "$("$ESTAB" -N blue --all-netns -tlH --columns local.port "$mine" | wc -l)" 5

# ---- what is asked of them ----

is "a column in a table" "$("$ESTAB" --all-netns -tl 'sport = 2001' | awk '{ print $7 }' | xargs)" \
	"NETNS blue"
is "a filter by name" "$("$ESTAB" --all-netns -tlH --columns local.port 'netns_name = blue')" 2001
is "a filter by inode" \
	"$("$ESTAB" --all-netns -tlH --columns local.port "netns = $(inode_of "/proc/$plain/ns/net")")" 4001
is "a name without all of them" "$("$ESTAB" -N blue -tlH --columns netns_name)" blue
is "sorted" "$("$ESTAB" --all-netns -tlH --columns local.port --sort -local.port "$mine" | xargs)" \
	"4001 3004 3002 3001 2001"
is "owners" "$("$ESTAB" --all-netns -tlH --columns local.port,owner.pid "$mine" | sort -n | xargs)" \
	"2001 $blue 3001 $here 3002 $here 3004 $here 4001 $plain"
is "owners through procfs" \
	"$("$ESTAB" --all-netns -tlH --source procfs --columns local.port,owner.pid "$mine" | sort -n | xargs)" \
	"2001 $blue 3001 $here 3002 $here 3004 $here 4001 $plain"
is "no owner, and why" \
	"$("$ESTAB" --all-netns -taH --columns no_owner,netns_name 'dport = 4003' | xargs)" \
	"time-wait /run/bound"
is "unix sockets" "$("$ESTAB" --all-netns -xlH --columns local.path,netns_name "$mine" | xargs)" "=blue blue"
is "CSV has the name" "$("$ESTAB" --all-netns -tl --csv 'sport = 2001' | head -1 | tr , '\n' |
	grep -c '^netns')" 2
is "JSON Lines" "$("$ESTAB" --all-netns -tl --jsonl "$mine" | jq -r 'select(.record == "socket") | .netns_name' |
	sort -u | wc -l)" 5
check "empty ones are not read" test "$("$ESTAB" --all-netns -t --source diag --json |
	jq '.end.sources[] | select(.table == "tcp") | .namespaces')" -le 8

check "a filter keeps us out of the others" test "$("$ESTAB" --all-netns -t --json 'netns_name = blue' |
	jq '[.end.sources[] | select(.source == "diag") | .namespaces] | max')" -eq 1
is "what the kernel counts, of all together" "$("$ESTAB" summary --all-netns --json | jq -c '.summary.kernel |
	map(select(.name == "tcp.inuse" or .name == "udp.inuse" or .name == "tcp.tw") | .difference)')" "[0,0,0]"
is "all can be entered" "$("$ESTAB" doctor --json | jq -c '.facts.namespaces | [.text, .shut]')" "[0,0]"

# An accepted unix socket is in the namespace of who connected, and has the listener's path.
MKSOCK=$real_mksock
start_mksock "netns-unix:path=$tmp/over"
"$ESTAB" --all-netns -xa --json --columns local.path,peer.path,state,netns_name,owner.pid >over.json
is "ends find each other" "$(jq -r --arg path "$tmp/over" '.sockets[] |
	select(.local.path == $path or .peer.path == $path) |
	"\(.state) \(.netns_name) \(.local.path // "-") \(.peer.path // "-") \([.owners[].pid] | join(","))"' \
	over.json | sort | sed "s|$tmp||g" | xargs)" \
	"established mksock[$MKSOCK_PID] - /over $MKSOCK_PID established mksock[$MKSOCK_PID] /over - $MKSOCK_PID listen $own /over - $MKSOCK_PID"

# ---- who it is, in any of them ----

is "who has a port, in any of them" "$("$ESTAB" who --all-netns 2001 | sed -n '1p; s/^  listens *//p')" "mksock[$blue]
tcp 127.0.0.1:2001 in blue"
is "but not in ours" "$("$ESTAB" who 2001 2>&1; echo $?)" "estab: 2001: nobody
1"
is "who has it, by number" "$("$ESTAB" who --all-netns --pids 4001)" "$plain"
is "who has it, in JSON" "$("$ESTAB" who --all-netns --json 2001 | jq -r '.who[].sockets[].netns_name')" blue

# ---- a saved /proc ----

# keep PID NUMBER: its tables under that number, with the link that says where they are from.
keep()
{
	mkdir -p "saved/$2/ns" "saved/$2/net"
	for table in tcp tcp6 udp udp6 unix; do
		cat "/proc/$1/net/$table" >"saved/$2/net/$table"
	done
	ln -s "$(readlink "/proc/$1/ns/net")" "saved/$2/ns/net"
}
keep $$ 1
keep "$blue" 7
keep "$plain" 8
keep "$plain" 9
echo worker >saved/8/comm
grep nsfs /proc/self/mountinfo >saved/1/mountinfo
is "a saved one" "$("$ESTAB" --all-netns --proc-root saved -tl --json | jq -r '.sockets[] |
	"\(.local.port) \(.netns_name) \(.netns)"' | sort -n | xargs)" \
	"2001 blue $(inode_of /run/netns/blue) 3001 [1] $(inode_of /proc/self/ns/net) 4001 worker[8] $(inode_of "/proc/$plain/ns/net")"
is "and a live one, as such" "$("$ESTAB" --all-netns --proc-root /proc -tl --json |
	jq -r '.sockets[] | select(.local.port < 5000 and .local.port != 2024) | .local.port' | sort -n | xargs)" \
	"2001 3001 3004 4001"

# ---- few descriptors ----

for ((i = 0; i < 100; i++)); do
	ip netns add "n$i"
done
is "in many, with few descriptors" \
	"$( (ulimit -n 32 && "$ESTAB" --all-netns -tl --json "$mine") |
		jq -c '[.end.complete, (.sockets | length)]')" "[true,5]"
is "and by diag" \
	"$( (ulimit -n 32 && "$ESTAB" --all-netns -tl --source diag --json "$mine") |
		jq -c '[.end.complete, (.sockets | length)]')" "[true,5]"
for ((i = 0; i < 100; i++)); do
	ip netns del "n$i"
done
# With hardly any, some are not found; that must be told.
all=$("$ESTAB" interfaces --all-netns --json | jq .end.count)
silent=
for ((few = 4; few <= 16; few++)); do
	silent+=$( (ulimit -n $few && "$ESTAB" interfaces --all-netns --json) 2>/dev/null |
		jq -r "select(.end.complete and .end.count < $all) | \" $few\"")
done
is "with hardly any descriptors no namespace is lost without a word" "$silent" ""
is "but is, as such" "$( (ulimit -n 6 && "$ESTAB" interfaces --all-netns --json) 2>/dev/null |
	jq -c '[.end.lost[] | select(.what == "namespaces" and .why == "descriptors") | .detail] | unique')" '["processes"]'

# ---- without permission ----

if [[ -n ${ESTAB_IN_USERNS-} ]]; then
	skip "without permission" "needs root, for a second user"
	exit
fi
as_nobody "$ESTAB" --all-netns -tl --json "$mine" >refused.json 2>err
is "tables of processes are open" \
	"$(jq -r '.sockets[] | "\(.local.port) \(.netns // "-")"' refused.json | sort -n | xargs)" \
	"2001 - 3001 $(inode_of /proc/self/ns/net) 3004 - 4001 -"
is "with names" "$(jq -r '.sockets[] | .netns_name' refused.json | sort | xargs)" \
	"$(printf '%s\n' "mksock[$blue]" "$own" "mksock[$elsewhere]" "mksock[$plain]" | sort | xargs)"
is "each read once" "$(jq -c '.end.sources[] | select(.source == "procfs" and .table == "tcp") |
	.namespaces' refused.json)" 3
is "what is closed is told, by name" "$(jq -r '.end.lost[] | select(.what == "namespace") |
	"\(.netns_name) \(.why) \(.netns)"' refused.json | sort | xargs)" \
	"/run/bound permission $(inode_of /run/bound) blue permission $(inode_of /run/netns/blue) empty permission $(inode_of /run/netns/empty)"
is "and that there may be others" "$(jq -c '[.end.complete, (.end.lost[] |
	select(.what == "namespaces") | .why, .detail)]' refused.json)" \
	'[false,"permission","processes"]'
is "in a table's last lines" "$(as_nobody "$ESTAB" --all-netns -tl 2>&1 >/dev/null |
	grep -c 'network namespaces')" 2
is "doctor counts them" "$(as_nobody "$ESTAB" doctor --json |
	jq -c '.facts.namespaces | [.entered, .text, .shut]')" "[1,4,3]"
as_nobody "$ESTAB" doctor >advice
check "and says what would help" grep -q "network namespaces are shut" advice
is "by diag it is ours alone" "$(as_nobody "$ESTAB" --all-netns -tlH --source diag \
	--columns local.port 2>/dev/null)" 3001

if ! $nobody unshare --user --map-root-user --net true 2>err; then
	skip rootless "no user namespaces for users: $(cat err)"
	exit
fi
enter mksock-rootless "$nobody unshare --user --map-root-user --net"
start_mksock tcp-listen:port=5001
rootless=$MKSOCK_PID
enter mksock-nested "$nobody unshare --user --map-root-user --net unshare --user --map-root-user --net"
start_mksock tcp-listen:port=5002
nested=$MKSOCK_PID
is "one's own, and one within" "$(as_nobody "$ESTAB" --all-netns -tl --json 'sport > 5000' |
	jq -r '.sockets[] | "\(.local.port) \(.netns) \(.backlog_limit != null)"' | sort -n | xargs)" \
	"5001 $(inode_of "/proc/$rootless/ns/net") true 5002 $(inode_of "/proc/$nested/ns/net") true"
is "and their owners" "$(as_nobody "$ESTAB" --all-netns -tlH --columns owner.pid 'sport > 5000' \
	2>/dev/null | sort -n | xargs)" "$rootless $nested"
enter mksock-held "$nobody unshare --user --map-root-user --net"
start_mksock tcp-listen:port=5003 netns-socket:port=5004
is "one that only a socket of one's own keeps" "$(as_nobody "$ESTAB" --all-netns -tlH --columns local.port,owner.pid \
	'sport = 5003 or sport = 5004' 2>/dev/null | sort -n | xargs)" "5003 $MKSOCK_PID 5004 $MKSOCK_PID"
# One of root's that a user's process has been given.
if command -v perl >/dev/null; then
	ip netns add given
	# shellcheck disable=SC2016 # perl expands it
	ip netns exec given perl -MSocket -e '$^F = 99; socket(S, PF_INET, SOCK_STREAM, 0); listen(S, 1);
		exec "nsenter", "--net=/proc/" . getppid() . "/ns/net", @ARGV' setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all sleep 1000 &
	holder=$!
	for ((tries = 0; tries < 100; tries++)); do
		[[ $(cat "/proc/$holder/comm") == sleep ]] && break
		sleep 0.05
	done
	ip netns del given
	is "root sees it" "$("$ESTAB" --all-netns -tlH --columns owner.pid "owner.pid = $holder")" "$holder"
	as_nobody "$ESTAB" --all-netns -tl --json >given.json 2>err
	is "to its user it is told that there is one" "$(jq -c '[.end.complete, (.end.lost[] | select(.what == "namespaces"
		and .detail == null) | .why, .count)]' given.json)" '[false,"permission",1]'
	is "and in words" "$(as_nobody "$ESTAB" --all-netns -tl 2>&1 >/dev/null |
		grep -c '^estab: 1 network namespace not readable (permission)$')" 1
	kill "$holder"
	wait "$holder" 2>/dev/null
else
	skip "to its user it is told that there is one" "perl is not installed"
fi
is "users are told as we know them" "$("$ESTAB" --all-netns -tlH --columns uid 'sport > 5000' |
	sort -u)" 65534
