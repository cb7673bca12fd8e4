#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab routes, interfaces, memberships and stats: what ip(8) and the kernel's files say.
. "$(dirname "$0")/lib.sh"
need_command ip jq
in_pidns "$@"
cd "$tmp" || exit 1

ip link add veth-a type veth peer name veth-b || skip_all "no veth devices here"
ip link set veth-a up && ip link set veth-b up
ip addr add 10.1.0.1/24 brd + dev veth-a
ip addr add 10.2.0.1 peer 10.2.0.2/32 dev veth-b label veth-b:far
ip -6 addr add fd01::1/64 dev veth-a nodad
ip -6 addr add fd01::2/64 dev veth-b nodad
ip route add 10.9.0.0/16 via 10.1.0.2 metric 5 src 10.1.0.1
ip route add default via 10.1.0.3
ip route add unreachable 10.8.0.0/16
ip route add 10.7.7.7 dev veth-a mtu 1400 advmss 1300 window 500
ip route add 10.6.0.0/16 nexthop via 10.1.0.4 weight 1 nexthop via 10.1.0.5 weight 9
ip route add 10.5.0.0/16 dev veth-a table 1000
ip route add 10.4.0.0/16 via inet6 fd01::7
ip -6 route add default via fd01::9
ip -6 route add fd09::/32 via fd01::7
# Until the kernel has joined all groups and made all routes of its own.
for ((tries = 0; tries < 100; tries++)); do
	(($(ip -6 addr show -tentative scope link | grep -c inet6) < 2)) || break
	sleep 0.1
done

# ---- routes ----

# As ip(8) has them: "destination gateway device metric table" of each next hop.
ip_routes()
{
	ip -N -j "$1" route show table all | jq -r --arg zero "$2" '.[] | . as $r | (.nexthops // [{}])[] |
		[(if $r.dst == "default" then $zero else $r.dst end), (.gateway // $r.gateway // $r.via.host // "-"),
		(.dev // $r.dev // "-"), ($r.metric // 0 | tostring), ($r.table // "254" | tostring)] | join(" ")' | sort
}

our_routes()
{
	"$ESTAB" routes "$1" --json | jq -r '.routes[] | [(if .prefix_length == (if .family == "inet" then 32 else 128 end)
		then .destination else "\(.destination)/\(.prefix_length)" end), (.gateway // "-"), (.interface // "-"),
		(.metric // 0 | tostring), (.table | tostring)] | join(" ")' | sort
}

is "IPv4" "$(our_routes -4)" "$(ip_routes -4 0.0.0.0/0)"
is "IPv6" "$(our_routes -6)" "$(ip_routes -6 ::/0)"
is "both" "$("$ESTAB" routes -H | wc -l)" "$(($("$ESTAB" routes -4H | wc -l) + $("$ESTAB" routes -6H | wc -l)))"
is "a table" "$("$ESTAB" routes --columns destination,gateway,interface,kind,table,metric,flags,source 'metric = 5' | xargs -n 8)" \
	"DESTINATION GATEWAY INTERFACE KIND TABLE METRIC FLAGS SOURCE
10.9.0.0/16 10.1.0.2 veth-a unicast main 5 UG 10.1.0.1"
is "the default route" "$("$ESTAB" routes -4H prefix_length = 0 | awk '{ print $1, $2 }')" "default 10.1.0.3"
is "next hops" "$("$ESTAB" routes --json 'destination = 10.6.0.0/16' | jq -c '[.routes[] | [.gateway, .weight]]')" \
	'[["10.1.0.4",1],["10.1.0.5",9]]'
is "a gateway of the other version" "$("$ESTAB" routes --json 'destination = 10.4.0.0/16' | jq -c '.routes[].gateway')" '"fd01::7"'
is "a route that rejects" "$("$ESTAB" routes --json kind = unreachable -4 | jq -c '.routes[] | [.destination, .flags, .interface]')" \
	'["10.8.0.0","U!",null]'
is "limits" "$("$ESTAB" routes --json --columns mtu,advmss,window 'destination = 10.7.7.7' | jq -c '.routes[]')" \
	'{"window":500,"advmss":1300,"mtu":1400}'
is "another table" "$("$ESTAB" routes -H table = 1000 | awk '{ print $1, $5 }')" "10.5.0.0/16 1000"
is "sorted" "$("$ESTAB" routes -4 --csv -H --columns metric --sort -metric table = 254 | sort -rnc 2>&1)" ""
is "from text" "$("$ESTAB" routes -4 --source procfs --json | jq -r '.routes[] | "\(.destination)/\(.prefix_length) \(.gateway) \(.interface)"' | sort)" \
	"$("$ESTAB" routes -4 --json 'table = 254 and not kind = unreachable' | jq -r '.routes[] | select((.weight // 1) == 1) |
		"\(.destination)/\(.prefix_length) \(if .family == "inet" and .destination == "10.4.0.0" then null else .gateway end) \(.interface)"' |
		cat - <(echo "10.8.0.0/16 null *") | sort)"
is "which says so" "$("$ESTAB" routes --source procfs --json | jq -c '[.end.sources[] | [.source, .table]]')" \
	'[["procfs","route"],["procfs","ipv6_route"]]'
is "and the kernel too" "$("$ESTAB" routes --json | jq -c '[.end.complete, (.end.sources[] | [.source, .table])]')" \
	'[true,["rtnetlink","routes"]]'

# ---- interfaces ----

is "interfaces" "$("$ESTAB" interfaces --json | jq -r '.interfaces[] | [.interface, .index, .mtu, .hwaddr, .qdisc, .txqlen, (.operstate | ascii_upcase)] |
		map(tostring) | join(" ")')" \
	"$(ip -j link | jq -r '.[] | [.ifname, .ifindex, .mtu, .address, .qdisc, .txqlen, .operstate] | map(tostring) | join(" ")')"
is "their addresses" "$("$ESTAB" interfaces --json | jq -c '.interfaces[] | [.interface, (.addresses | sort)]')" \
	"$(ip -j addr | jq -c '.[] | [.ifname, ([.addr_info[] | "\(.local)/\(.prefixlen)"] | sort)]')"
is "and what ip(8) says of them" "$("$ESTAB" interfaces --json --columns interface,address_details | jq -c '.interfaces[] | [.interface, (.address_details | sort)]')" \
	"$(ip -j addr | jq -c '.[] | [.ifname, ([.addr_info[] | "\(.local)/\(.prefixlen)" + (if .address then " peer \(.address)" else "" end) +
		(if .broadcast then " broadcast \(.broadcast)" else "" end) + " scope \(.scope)" + (if .label and .family == "inet" then " label \(.label)" else "" end)] | sort)]')"
# More than a row has room for. What is behind that interface is told all the same, and how much was cut.
ip netns add many
ip -n many link add many-a type veth peer name many-b
for ((i = 0; i < 3000; i++)); do
	echo "addr add 10.$((i / 250)).$((i % 250)).1/32 broadcast 10.$((i / 250)).$((i % 250)).255 dev many-b"
done >"$tmp/batch"
ip -n many -b "$tmp/batch"
"$ESTAB" interfaces -N many --json --columns +addresses >"$tmp/many.json"
is "where one has thousands, all interfaces" "$(jq -r '.interfaces[].interface' "$tmp/many.json" | sort | xargs)" \
	"$(ip -n many -j link | jq -r '.[].ifname' | sort | xargs)"
is "and each address, or that it is lost" "$(jq '[.interfaces[] | select(.interface == "many-b") | .addresses | length] +
	[.end.lost[] | select(.what == "addresses" and .why == "cut") | .count] | add' "$tmp/many.json")" 3000
is "details likewise" "$("$ESTAB" interfaces -N many --json --columns interface,address_details | jq '[.interfaces[] |
	select(.interface == "many-b") | .address_details | length] + [.end.lost[].count] | add')" 3000
is "which who did not ask for them need not know" "$("$ESTAB" interfaces -N many --json --columns interface |
	jq -c .end.complete)" true
ip netns del many
is "of one version" "$("$ESTAB" interfaces -4 --json interface = veth-a | jq -c '.interfaces[].addresses')" '["10.1.0.1/24"]'
is "one by its name" "$("$ESTAB" interfaces -H interface = veth-b | awk '{ print $1, $2 }')" "veth-b up"
ping -c 3 -i 0.2 -q 127.0.0.1 >/dev/null 2>&1
counters='{interface, rx: (.rx | {bytes, packets, errors, dropped, multicast}), tx: (.tx | {bytes, packets, errors, dropped, collisions})}'
is "counters" "$("$ESTAB" interfaces --json interface = lo | jq -cS ".interfaces[] | $counters")" \
	"$(ip -s -j link show lo | jq -cS '.[] | {interface: .ifname, rx: .stats64.rx, tx: .stats64.tx} |
		{interface, rx: (.rx | {bytes, packets, errors, dropped, multicast}), tx: (.tx | {bytes, packets, errors, dropped, collisions: (.collisions // 0)})}')"
is "counters from text" "$("$ESTAB" interfaces --source procfs --json interface = lo | jq -cS ".interfaces[] | $counters")" \
	"$("$ESTAB" interfaces --json interface = lo | jq -cS ".interfaces[] | $counters")"

# ---- memberships ----

mkfifo hold
exec {joined}< <(exec python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton("10.1.0.1"))
t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff05::77") + struct.pack("i", socket.if_nametoindex("veth-a")))
print("joined", flush=True)
sys.stdin.read()' <hold 2>/dev/null)
joiner=$!
# It ends when nobody holds the other end of its input any more.
exec {held}<>hold
if read -r -t 10 -u "$joined" _; then
	is "joined groups" "$("$ESTAB" memberships --json 'group = 239.1.2.3 or group = ff05::77' | jq -c '[.memberships[] | [.family, .interface, .group, .users]]')" \
		'[["inet","veth-a","239.1.2.3",1],["inet6","veth-a","ff05::77",1]]'
else
	skip "joined groups" "python3 is not installed"
fi
is "memberships are those of ip(8)" "$("$ESTAB" memberships --json | jq -r '.memberships[] | "\(.interface) \(.group)"' | sort)" \
	"$(ip -j maddr | jq -r '.[] | .ifname as $i | .maddr[] | select(.family) | "\($i) \(.address)"' | sort)"
kill "$joiner" 2>/dev/null
exec {joined}<&- {held}>&-

# ---- statistics ----

is "statistics" "$("$ESTAB" stats --json | jq -r '.stats[] | select(.family == "inet") | "\(.section) \(.name)"')" \
	"$(cat /proc/net/snmp /proc/net/netstat | awk -F': ' 'NR % 2 { n = split($2, name, " "); next }
		{ for (i = 1; i <= n; i++) print tolower($1), name[i] }')"
is "of IPv6" "$("$ESTAB" stats -6 --json | jq -r '.stats[] | "\(.section)\(.name)"' | tr '[:upper:]' '[:lower:]')" \
	"$(awk '{ print tolower($1) }' /proc/net/snmp6)"
is "a value" "$("$ESTAB" stats --csv -H --columns value section = ip and name = DefaultTTL)" \
	"$(awk '/^Ip:/ && $2 ~ /^[0-9]/ { print $3 }' /proc/net/snmp)"
is "one below zero" "$("$ESTAB" stats --csv -H --columns value name = MaxConn)" "-1"
is "those above a number" "$("$ESTAB" stats --json 'value > 0' | jq '[.stats[].value > 0] | all')" true

# ---- all of them ----

verbs=(routes interfaces memberships stats)
for verb in "${verbs[@]}"; do
	name=${verb%s}
	is "$verb as JSON Lines" "$("$ESTAB" "$verb" --jsonl | jq -rs '[.[].record] | unique | join(" ")')" "$(printf '%s\n' end start "$name" | LC_ALL=C sort | xargs)"
	is "$verb as CSV" "$("$ESTAB" "$verb" --csv | head -n 1 | tr , '\n' | sort | xargs)" \
		"$("$ESTAB" fields "$verb" --json | jq -r '.fields[] | select(.default and .kind != "group").name' | sort | xargs)"
	is "$verb have no sockets' fields" "$("$ESTAB" "$verb" --columns local.port 2>&1 >/dev/null; echo $?)" \
		"estab: --columns: no such field (estab fields $verb lists them): local.port
2"
	is "$verb of a copy" "$("$ESTAB" "$verb" --proc-root "$ESTAB_SRCDIR/test/golden/proc-2006" >/dev/null 2>&1; echo $?)" 3
done
is "no tree of them" "$("$ESTAB" routes --tree 2>&1; echo $?)" "estab: --tree: only sockets have processes
2"
# on_terminal COLUMNS ARGUMENT...: what stands on a terminal as wide as that.
on_terminal()
{
	local columns=$1
	shift
	shell_on_terminal "stty cols $columns; '$ESTAB' $* --color=never" | tr -d '\r'
}
if command -v script >/dev/null; then
	is "all columns on a terminal" "$(for verb in "${verbs[@]}"; do on_terminal 300 "$verb" | head -n 1 | xargs; done)" \
		"$(for verb in "${verbs[@]}"; do "$ESTAB" "$verb" | head -n 1 | xargs; done)"
	is "what matters on a narrow one" "$(for verb in "${verbs[@]}"; do on_terminal 50 "$verb" | head -n 1 | xargs; done)" \
		"DESTINATION GATEWAY INTERFACE
INTERFACE OPERSTATE MTU ADDRESSES
INTERFACE USERS GROUP
SECTION NAME VALUE"
else
	skip "all columns on a terminal" "script is not installed"
fi
if ip netns add other 2>/dev/null; then
	is "in another namespace" "$("$ESTAB" interfaces -N other --json | jq -c '[.interfaces[].interface]')" '["lo"]'
	is "none of its routes" "$("$ESTAB" routes -N other -H)" ""
	is "whose statistics are its own" "$("$ESTAB" stats -N other --csv -H --columns value 'section = tcp and name = InSegs')" 0
	# Those of this script's parent are there, too.
	known=$("$ESTAB" stats --json | jq .estab.netns),$("$ESTAB" stats -N other --json | jq .estab.netns)
	for verb in routes interfaces memberships stats; do
		is "$verb of all namespaces" "$("$ESTAB" "$verb" --all-netns --json | jq -c --arg verb $verb "[.[\$verb][] | select(.netns | IN($known))] | group_by(.netns) | map(length) | sort")" \
			"$({ "$ESTAB" "$verb" --json; "$ESTAB" "$verb" -N other --json; } | jq -s -c --arg verb $verb '[.[][$verb] | length | select(. > 0)] | sort')"
	done
	ip netns del other
else
	skip "in another namespace" "ip netns add does not work here"
fi
