#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Both ends: which way a connection went, who is at the other end, and who let it in; by every source,
# and as an ordinary user.
. "$(dirname "$0")/lib.sh"
need_command jq ip setpriv script
need_root
in_pidns "$@"

fields=proto,state,local,peer,inode,cookie,direction,owner.pid,owner.fd,peer_owner.pid,peer_owner.fd
fields+=,peer_socket.inode,peer_socket.cookie,listener.inode,listener_owner.pid

# list OPTION...: every socket with a peer, one JSON object a line.
list()
{
	"$ESTAB" -A tcp,udp,mptcp,unix -a --json --columns "$fields" "$@" 2>/dev/null |
		jq -c '.sockets[]'
}

# Every row whose other end is known names it, and the other way round: inode, and owners. A unix
# socket that receives from many has no other end itself.
# shellcheck disable=SC2016 # jq's own
both_ways='
	def owners: [.owners[]? | {pid, fd}] | sort;
	def others: [.peer_owners[]? | {pid, fd}] | sort;
	(map(select(.inode != 0) | {key: "\(.inode)", value: .}) | from_entries) as $rows
	| map(select((.peer_socket.inode // 0) != 0)
		| . as $row | $rows["\(.peer_socket.inode)"] as $other
		| if $other == null then "no row \(.peer_socket.inode)"
		elif ($other | owners) != others then "owners of \(.)"
		elif $other.peer_socket != null and $other.peer_socket.inode != .inode
		then "not back: \(.)" else empty end)
	| join(" | ")'

start_mksock tcp-listen tcp-established:port=2001 tcp-established:family=inet6,port=2002 \
	udp-connected udp-connected:family=inet6 tcp-pending:port=2003,count=3 \
	unix-stream:path="$tmp/stream" unix-pair unix-pair:type=dgram unix-dgram:abstract=log \
	unix-stream-listen:abstract=wait,pending=2 tcp-many-owners:count=5 tcp-close-wait:port=2004

for source in diag procfs auto bpf; do
	if ! "$ESTAB" -tH --source $source --columns proto,owner.pid >/dev/null 2>"$tmp/why"; then
		skip "both ends by $source" "$(head -1 "$tmp/why")"
		continue
	fi
	list --source $source >"$tmp/rows"
	is "every end names the other by $source" "$(jq -rs "$both_ways" "$tmp/rows")" ""
	is "both ends of TCP by $source" "$(jq -s 'map(select(.proto == "tcp" and .state == "established" and
		.inode != 0)) | length > 5 and all(.peer_owners | length > 0)' "$tmp/rows")" true
	is "both ends of UDP by $source" "$(jq -s 'map(select(.proto == "udp" and .state == "established")) |
		length >= 2 and all(.peer_owners | length > 0)' "$tmp/rows")" true
	is "all of them are local by $source" "$(jq -rs 'map(select((.peer.port // 0) != 0) | .direction) |
		unique | join(" ")' "$tmp/rows")" local
	is "a listener is one by $source" "$(jq -rs 'map(select(.proto == "tcp" and .state == "listen") |
		.direction) | unique | join(" ")' "$tmp/rows")" listen
	is "who will accept by $source" "$(jq -rs 'map(select(.local.port == 2003 and .inode == 0)) |
		length == 3 and all(.owners == [] and (.listener_owners | length == 1))' "$tmp/rows")" true
	is "and is at the other end by $source" "$(jq -s 'map(select(.peer.port == 2003 and .inode != 0)) |
		length == 3 and all(.peer_owners | length == 1)' "$tmp/rows")" true
	[[ $source != procfs ]] || continue
	is "both ends of unix by $source" "$(jq -s 'map(select(.proto == "unix" and .peer.inode)) |
		length >= 7 and all(.peer_owners | length > 0)' "$tmp/rows")" true
	is "the listener of a unix socket by $source" "$(jq -s --arg path "$tmp/stream" '
		(map(select(.state == "listen" and .local.path == $path))[0].inode) as $listener
		| map(select(.state == "established" and .local.path == $path)) |
		length == 1 and all(.listener.inode == $listener)' "$tmp/rows")" true
	is "and of one that waits by $source" "$(jq -s 'map(select(.local.path == "wait" and .inode == 0)) |
		all(.listener_owners | length == 1)' "$tmp/rows")" true
done

# ---- rows that are not listed serve ----

is "one end by its port" "$("$ESTAB" -tH --columns peer_owner.pid 'dport = 2001' 2>/dev/null)" "$MKSOCK_PID"
is "and only that" "$("$ESTAB" -t --json --columns direction,peer_owners,listener.inode 'dport = 2001' |
	jq '.sockets | length')" 1
is "by its other end" "$("$ESTAB" -taH --columns local.port "peer_owner.pid = $MKSOCK_PID and dport = 2002" |
	wc -l)" 1
is "by nobody's" "$("$ESTAB" -taH 'peer_owner.comm = no-such-command' | wc -l)" 0
is "IPv4 alone has the mapped end, too" "$("$ESTAB" -4tH --columns peer_owner.pid 'dport = 2001')" "$MKSOCK_PID"
is "a listener counts where it is not listed" "$("$ESTAB" -tH --columns direction 'sport = 2001' |
	sort -u | tr -d ' ')" local
is "by direction" "$("$ESTAB" -taH 'direction = in or direction = out' | wc -l)" 0
is "the other end of the same process" "$("$ESTAB" -tH 'peer_owner.pid = owner.pid and dport = 2001' |
	wc -l)" 1
is "what was not asked for is not read" "$("$ESTAB" -t --explain 'dport = 2001' | grep -c 'other ends')" 0
is "and what was is told" "$("$ESTAB" -t --explain --columns peer_owners 'dport = 2001' |
	grep -c 'other ends')" 1

# ---- as an ordinary user ----

stop_mksock
# Of one user all are to be seen by that user.
MKSOCK_AS_USER=$tmp/user.sh
printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "%s" "$@"\n' \
	"$MKSOCK" >"$MKSOCK_AS_USER"
chmod 755 "$MKSOCK_AS_USER"
MKSOCK=$MKSOCK_AS_USER
start_mksock --no-lo tcp-established:port=2001 tcp-established:family=inet6,port=2002 udp-connected unix-pair \
	tcp-pending:port=2003,count=2
as_nobody "$ESTAB" -A tcp,udp,unix -a --json --columns "$fields" 2>/dev/null | jq -c '.sockets[]' >"$tmp/rows"
is "a user's ends name each other" "$(jq -rs "$both_ways" "$tmp/rows")" ""
is "a user's connections have both ends" "$(jq -s 'map(select(.inode != 0 and (.peer.port // 0) != 0)) |
	length > 5 and all((.peer_owners | length > 0) and .direction == "local")' "$tmp/rows")" true
stop_mksock

# ---- to another namespace, as to another host ----

ip netns add away && ip link add here type veth peer name there netns away &&
	ip addr add 10.9.0.1/24 dev here && ip link set here up &&
	ip addr add fd09::1/64 dev here nodad &&
	ip -n away addr add 10.9.0.2/24 dev there && ip -n away link set there up && ip -n away link set lo up &&
	ip -n away addr add fd09::2/64 dev there nodad
MKSOCK=$ESTAB_BUILDDIR/test/mksock
cat >"$tmp/talk" <<'EOT'
import socket, sys, time
def serve(addr, family):
    s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, 2500)); s.listen(); return s
if sys.argv[1] == "serve":
    keep = [serve("10.9.0.2", socket.AF_INET), serve("fd09::2", socket.AF_INET6)]
    print("ready", flush=True)
    keep += [s.accept() for s in keep]
    print("accepted", flush=True)
else:
    for _ in range(100):
        try:
            keep = [socket.create_connection(("10.9.0.2", 2500)), socket.create_connection(("fd09::2", 2500))]
            break
        except OSError:
            time.sleep(0.05)
    print("connected", flush=True)
sys.stdin.read()
EOT
if command -v python3 >/dev/null; then
	mkfifo "$tmp/in1" "$tmp/in2"
	ip netns exec away python3 "$tmp/talk" serve <"$tmp/in1" >"$tmp/served" &
	server=$!
	exec 8>"$tmp/in1"
	for ((tries = 0; tries < 100; tries++)); do grep -qs ready "$tmp/served" && break; sleep 0.05; done
	python3 "$tmp/talk" connect <"$tmp/in2" >"$tmp/connected" &
	client=$!
	exec 9>"$tmp/in2"
	for ((tries = 0; tries < 100; tries++)); do grep -qs accepted "$tmp/served" && break; sleep 0.05; done
	is "out" "$("$ESTAB" -tH --columns direction 'dport = 2500' | tr -d ' ' | tr '\n' ' ')" "out out "
	is "in" "$("$ESTAB" -N away -tH --columns direction 'sport = 2500' | tr -d ' ' | tr '\n' ' ')" "in in "
	is "with its listener" "$("$ESTAB" -N away -t --json --columns listener_owners 'sport = 2500' |
		jq -c '[.sockets[].listener_owners[].pid] | unique')" "[$server]"
	is "nobody of this namespace" "$("$ESTAB" -t --json --columns peer_owners 'dport = 2500' |
		jq -c '[.sockets[].peer_owners]')" "[[],[]]"
	is "but of all of them both ends" "$("$ESTAB" --all-netns -t --json --columns peer_owner.pid,direction \
		'dport = 2500' | jq -c '[.sockets[] | [.direction, .peer_owners[].pid]]')" \
		"[[\"local\",$server],[\"local\",$server]]"
	is "and back" "$("$ESTAB" --all-netns -t --json --columns peer_owner.pid 'sport = 2500 and connected' |
		jq -c '[.sockets[].peer_owners[].pid]')" "[$client,$client]"
	exec 8>&- 9>&-
	wait "$server" "$client"
else
	skip "in and out" "python3 is not installed"
fi

# ---- the table for people ----

start_mksock tcp-many-owners:count=5,port=2601
# screen OPTION...: as it is on a terminal.
screen()
{
	script -qec "stty cols 100; '$ESTAB' --color never $*" /dev/null | tr -d '\r'
}

is "many of one name are counted" "$(screen -tl 'sport=2601' | grep -c 'mksock ×[56]$')" 1
is "in a pipe they are listed" "$("$ESTAB" -tlpH 'sport=2601' | grep -o 'mksock\[' | wc -l)" \
	"$(jq -s 'map(select(.owners))[0].owners | length' "$MKSOCK_OUT")"
is "with --owners on a terminal, too" "$(screen -tl --owners 'sport=2601' | grep -o 'mksock\[' | wc -l)" \
	"$(jq -s 'map(select(.owners))[0].owners | length' "$MKSOCK_OUT")"

"$ESTAB" -tl --tree 'sport=2601' >"$tmp/tree" 2>&1
is "a tree has a line a process" "$(grep -c 'mksock\[[0-9]*\]$' "$tmp/tree")" \
	"$(jq -s 'map(select(.owners))[0].owners | map(.pid) | unique | length' "$MKSOCK_OUT")"
is "and below it the sockets" "$(grep -c '└─ tcp  LISTEN .*:2601 .*  fd [0-9]' "$tmp/tree")" \
	"$(grep -c 'mksock\[' "$tmp/tree")"
is "a tree is no JSON" "$("$ESTAB" --tree --json 2>&1; echo $?)" "estab: --tree: is a table
2"

# ---- summary --by ----

is "by state" "$("$ESTAB" summary --by state -tl --csv)" "state,count,recv_q,send_q
listen,1,0,0"
is "each process once" "$("$ESTAB" summary --by pid -tl --json | jq -c '[.summary.groups[] | .count] | unique')" \
	"[1]"
is "and their name once" "$("$ESTAB" summary --by process -tl --json |
	jq -c '.summary.groups | map([.key["owner.comm"], .count])')" '[["mksock",1]]'
is "the largest only" "$("$ESTAB" summary --by pid --top 2 -tl --json |
	jq -c '[(.summary.groups | length), .summary.others.groups > 0]')" '[2,true]'
is "in a table as well" "$("$ESTAB" summary --by pid --top 2 -tlH | tail -1 | grep -c 'more)$')" 1
is "what is not there is a group" "$("$ESTAB" summary --by interface -tlH | awk '{ print $1, $4 }')" "1 -"
is "no such field" "$("$ESTAB" summary --by nothing 2>&1; echo $?)" \
	"estab: --by: no such field (estab fields lists them): nothing
2"
is "a text is no number" "$("$ESTAB" summary --by state --sum state 2>&1; echo $?)" \
	"estab: --sum: no number to add up: state
2"
