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

is "what is known of the listener" "$("$ESTAB" -t --json --columns listener_owner.pid,listener_owner.user,listener_owner.uid \
	'sport = 2003 and listener_owner.user = 0 and no_owner = pending-accept' | jq -c '[.sockets[].listener_owners[]] | unique')" \
	"[{\"pid\":$MKSOCK_PID,\"uid\":0,\"user\":\"root\"}]"

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
	# A user can't go there, and a saved copy has nowhere to go: both have the addresses as text.
	addresses='[.sockets[] | [.local.addr, .direction, (.listener.inode != null)]]'
	is "in, to a user to whom it is shut" "$(as_nobody "$ESTAB" -N "pid:$server" -t --json \
		--columns local.addr,direction,listener.inode 'sport = 2500' 2>/dev/null | jq -c "$addresses")" \
		'[["10.9.0.2","in",true],["fd09::2","in",true]]'
	mkdir -p "$tmp/saved/net"
	for table in tcp tcp6 fib_trie if_inet6; do
		ip netns exec away cat "/proc/net/$table" >"$tmp/saved/net/$table"
	done
	is "in, out of a copy" "$("$ESTAB" --proc-root "$tmp/saved" -t --json \
		--columns local.addr,direction,listener.inode 'sport = 2500' 2>/dev/null | jq -c "$addresses")" \
		'[["10.9.0.2","in",true],["fd09::2","in",true]]'
	exec 8>&- 9>&-
	wait "$server" "$client"

	# At home at two addresses, of which neither is a loopback: the client's row alone does not tell.
	ip addr add 10.9.0.4/24 dev here
	ip addr add fd09::4/64 dev here nodad
	cat >"$tmp/home.py" <<'EOT'
import socket, sys
keep = []
for family, server, client in ((socket.AF_INET, "10.9.0.1", "10.9.0.4"), (socket.AF_INET6, "fd09::1", "fd09::4")):
    s = socket.socket(family); s.bind((server, 2700)); s.listen()
    c = socket.socket(family); c.bind((client, 0)); c.connect((server, 2700))
    keep += [s, c, s.accept()[0]]
print("ready", flush=True)
sys.stdin.read()
EOT
	mkfifo "$tmp/in3"
	python3 "$tmp/home.py" <"$tmp/in3" >"$tmp/home.out" &
	exec 8>"$tmp/in3"
	for ((tries = 0; tries < 100; tries++)); do grep -qs ready "$tmp/home.out" && break; sleep 0.05; done
	mkdir -p "$tmp/home/net"
	for table in tcp tcp6; do
		{ sed 1q "/proc/net/$table"; grep -E ':0A8C 01 ' "/proc/net/$table"; } >"$tmp/home/net/$table"
	done
	# at_home: which way the copy's connections went.
	at_home()
	{
		"$ESTAB" --proc-root "$tmp/home" -t --json --columns direction 2>/dev/null |
			jq -c '[.sockets[].direction]'
	}
	is "whose an address is, nobody tells" "$(at_home)" '["out","out"]'
	cp /proc/net/fib_trie /proc/net/if_inet6 "$tmp/home/net"
	is "it is ours by the text" "$(at_home)" '["local","local"]'
	head -c 300 /proc/net/fib_trie >"$tmp/home/net/fib_trie"
	is "a copy that was cut does no harm" "$(at_home | jq length)" 2
	exec 8>&-
	wait "$!"
else
	skip "in and out" "python3 is not installed"
fi

# ---- ports that the kernel chooses, in each namespace ----

ip netns exec away sh -c 'echo 2000 2099 >/proc/sys/net/ipv4/ip_local_port_range'
printf '#!/bin/sh\nexec ip netns exec away "%s" "$@"\n' "$ESTAB_BUILDDIR/test/mksock" >"$tmp/away.sh"
chmod 755 "$tmp/away.sh"
start_mksock tcp-listen:port=2050 tcp-listen:port=42000
MKSOCK=$tmp/away.sh
start_mksock --no-lo tcp-listen:port=2050 tcp-listen:port=42000
MKSOCK=$ESTAB_BUILDDIR/test/mksock
# sock_diag is told by the kernel who chose; text tells no more than the number.
is "each namespace has its own range" "$("$ESTAB" --all-netns -tlH --source procfs \
	--columns netns_name,local.port 'autobound and (sport = 2050 or sport = 42000)' |
	sed "s/^[^a ][^ ]*/here/" | sort | xargs)" "away 2050 here 42000"
is "with -N, too" "$("$ESTAB" -N away -tlH --source procfs --columns local.port autobound | xargs)" 2050
stop_mksock

# ---- MPTCP ----

if [[ $(cat /proc/sys/net/mptcp/enabled 2>/dev/null) == 1 ]]; then
	start_mksock mptcp:port=2801,talk=1 mptcp:family=inet6,port=2802,talk=1
	for source in diag auto; do
		"$ESTAB" -A mptcp,tcp -a --source $source --json --columns "$fields" \
			'sport = 2801 or dport = 2801 or sport = 2802 or dport = 2802' 2>/dev/null |
			jq -c '.sockets[]' >"$tmp/rows"
		is "both ends of MPTCP by $source" "$(jq -rs --arg pid "$MKSOCK_PID" 'map(select(.proto == "mptcp" and
			.state == "established") | "\(.direction) \([.peer_owners[].pid] | unique == [$pid | tonumber])") |
			unique + [length] | map(tostring) | join(" ")' "$tmp/rows")" "local true 4"
		is "name each other by $source" "$(jq -rs 'map(select(.proto == "mptcp"))' "$tmp/rows" |
			jq -r "$both_ways")" ""
		is "its listener by $source" "$(jq -s 'map(select(.proto == "mptcp" and .state == "listen")) |
			length == 2 and all(.direction == "listen")' "$tmp/rows")" true
	done
	stop_mksock
else
	skip "both ends of MPTCP" "this kernel has none"
fi

# ---- the table for people ----

start_mksock tcp-many-owners:count=5,port=2601
# screen OPTION...: as it is on a terminal.
screen()
{
	shell_on_terminal "stty cols 100; '$ESTAB' --color never $*" | tr -d '\r'
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
is "by unit and container" "$("$ESTAB" summary --by unit,container,pod -tl --json | jq -c '.summary.by')" \
	'["owner.unit","owner.container","owner.pod"]'
is "arguments are words" "$("$ESTAB" summary --by owner.cmdline -tlH | grep -c ' tcp-many-owners:count=5,port=2601$')" 1
is "as wide as the terminal" "$(shell_on_terminal "stty cols 50; '$ESTAB' --color never summary --by owner.cmdline,state -tl" | tr -d '\r' | wc -L)" 50
for verb in "summary" "summary --by state" "who 1" "-s" "--by state"; do
	# shellcheck disable=SC2086 # words
	is "no tree with '$verb'" "$("$ESTAB" $verb --tree 2>&1; echo $?)" "estab: --tree belongs to estab list
2"
done
is "nor of flows" "$("$ESTAB" flows --tree 2>&1; echo $?)" "estab: --tree: only sockets have processes
2"
is "why nobody has it" "$(as_nobody "$ESTAB" --tree -tl 'sport=2601' 2>/dev/null | head -1)" "no process (permission)"
is "no such field" "$("$ESTAB" summary --by nothing 2>&1; echo $?)" \
	"estab: --by: no such field (estab fields lists them): nothing
2"
is "a text is no number" "$("$ESTAB" summary --by state --sum state 2>&1; echo $?)" \
	"estab: --sum: no number to add up: state
2"
