#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Where connections really go when others than their own namespace translate them: a client behind one router,
# a server behind another, and rules of nft on the first, of iptables on the second. What sockets and flows are
# told must be what was built.
. "$(dirname "$0")/lib.sh"
need_command conntrack ip ip6tables-nft iptables-nft jq nft ping
need_root
in_pidns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"
[[ -e /proc/net/if_inet6 ]] || skip_all "no IPv6"

# client (10.71.1.2) - r1 (10.71.1.1, 10.71.2.1) - r2 (10.71.2.2, 10.71.3.1) - server (10.71.3.2)
for name in client r1 r2 server; do
	ip netns add $name
	ip -n $name link set lo up
done

# wire A DEVICE ADDRESS B DEVICE ADDRESS: the last part of the addresses; the network is 10.71.N and fd71:N.
wire()
{
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
	ip -n "$1" addr add "10.71.$7.$3/24" brd + dev "$2"
	ip -n "$4" addr add "10.71.$7.$6/24" brd + dev "$5"
	ip -n "$1" addr add "fd71:$7::$3/64" dev "$2" nodad
	ip -n "$4" addr add "fd71:$7::$6/64" dev "$5" nodad
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}
wire client uplink 2 r1 inside 1 1
wire r1 outside 1 r2 public 2 2
wire r2 private 1 server lan 2 3
ip -n client route add default via 10.71.1.1
ip -n client -6 route add default via fd71:1::1
ip -n server route add default via 10.71.3.1
ip -n server -6 route add default via fd71:3::1
for name in r1 r2; do
	ip netns exec $name sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done

# A port of its own for every connection, so that what is masqueraded has changed.
ip netns exec r1 nft -f - 2>"$tmp/nft" <<'END' || skip_all "no such rules in this kernel: $(head -n 1 "$tmp/nft")"
table inet test {
	chain post {
		type nat hook postrouting priority 100
		oifname outside meta l4proto { tcp, udp } masquerade to :20000-29999
		oifname outside masquerade
	}
}
END
# rules COMMAND ARGUMENTS...: on the second router; those of iptables-legacy are another part of the kernel.
backend=iptables-nft
if ip netns exec r2 iptables-legacy -t nat -L >/dev/null 2>&1; then
	backend=iptables-legacy
fi
rules()
{
	ip netns exec r2 "$@" 2>"$tmp/rules" || skip_all "no such rules in this kernel: $(head -n 1 "$tmp/rules")"
}
rules $backend -t nat -A PREROUTING -d 10.71.2.2 -p tcp --dport 443 -j DNAT --to-destination 10.71.3.2:8443
rules $backend -t nat -A PREROUTING -d 10.71.2.2 -p udp --dport 53 -j DNAT --to-destination 10.71.3.2:5353
rules $backend -t nat -A PREROUTING -d 10.71.2.9 -p icmp -j DNAT --to-destination 10.71.3.2
rules ip6tables-nft -t nat -A PREROUTING -d fd71:2::2 -p tcp --dport 443 -j DNAT --to-destination '[fd71:3::2]:8443'
rules ip6tables-nft -t nat -A PREROUTING -d fd71:2::9 -p icmpv6 -j DNAT --to-destination fd71:3::2
ip -n r1 route add 10.71.2.9 via 10.71.2.2
ip -n r1 -6 route add fd71:2::9 via fd71:2::2

# start NAMESPACE SPEC...: sockets of that namespace.
start()
{
	local own=$MKSOCK name=$1
	shift
	printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$name" "$own" >"$tmp/mksock-$name"
	chmod 755 "$tmp/mksock-$name"
	MKSOCK=$tmp/mksock-$name
	start_mksock "$@"
	MKSOCK=$own
}
start server tcp-listen:port=8443,family=inet6,addr=::,v6only=0 udp-unconnected:port=5353,addr=0.0.0.0
server=$MKSOCK_PID
mkfifo "$tmp/hold"
# shellcheck disable=SC2016 # the inner shell expands it
ip netns exec client bash -c 'exec 3<>/dev/tcp/10.71.2.2/443 4<>/dev/tcp/fd71:2::2/443 5<>/dev/udp/10.71.2.2/53
	echo >&5; echo up; read -r <"$1"' bash "$tmp/hold" >"$tmp/client" &
client=$!
ip netns exec client sysctl -qw net.ipv4.ping_group_range="0 2147483647"
ip netns exec client ping -q -i 0.2 10.71.2.9 >/dev/null &
ping=$!
ip netns exec client ping -6 -q -i 0.2 fd71:2::9 >/dev/null &
ping6=$!
for ((i = 0; i < 100; i++)); do
	grep -qs up "$tmp/client" && [[ $(ip netns exec r2 conntrack -L -p icmp 2>/dev/null) ]] &&
		[[ $(ip netns exec r2 conntrack -L -f ipv6 -p icmpv6 2>/dev/null) ]] && break
	sleep 0.05
done

# ---- the sockets ----

# of NAMESPACE FILTER: of each of its sockets whether, how often, and with whom it really speaks.
of()
{
	"$ESTAB" -a -A tcp,udp,icmp -N "$1" --jsonl --columns nat "$2" | jq -r 'select(.record == "socket" and .nat).nat |
		[.kind, .hops, .ambiguous, .peer.addr, .peer.port, .orig.dst.addr, .reply.dst.addr] | map(tostring) | join(" ")'
}
is "tcp, the client" "$(of client 'dst 10.71.2.2 and proto = tcp')" "both 2 false 10.71.3.2 8443 10.71.2.2 10.71.2.1"
is "tcp6, the client" "$(of client 'dst fd71:2::2')" "both 2 false fd71:3::2 8443 fd71:2::2 fd71:2::1"
is "udp, the client" "$(of client 'dst 10.71.2.2 and proto = udp')" "both 2 false 10.71.3.2 5353 10.71.2.2 10.71.2.1"
is "icmp, the client" "$(of client 'proto = icmp and family = inet')" "both 2 false 10.71.3.2 null 10.71.2.9 10.71.2.1"
is "icmpv6, the client" "$(of client 'proto = icmp and family = inet6 and exists nat.kind')" \
	"both 2 false fd71:3::2 null fd71:2::9 fd71:2::1"

# port NAMESPACE FILTER: the local port of the one socket.
port()
{
	"$ESTAB" -tuaH -N "$1" --columns local.port "$2"
}
tcp=$(port client 'dst 10.71.2.2 and proto = tcp')
tcp6=$(port client 'dst fd71:2::2')
is "tcp, the server" "$(of server 'sport 8443 and dst 10.71.2.1')" "both 2 false 10.71.1.2 $tcp 10.71.2.2 10.71.2.1"
is "tcp6, the server" "$(of server 'sport 8443 and dst fd71:2::1')" "both 2 false fd71:1::2 $tcp6 fd71:2::2 fd71:2::1"
masked=$("$ESTAB" -taH -N server --columns peer.port 'sport 8443 and dst 10.71.2.1')
is "as a table shows it" \
	"$("$ESTAB" -tpH -N client --nat --columns=nat 'dst 10.71.2.2')" \
	"10.71.1.2:$tcp → 10.71.2.2:443 (really 10.71.3.2:8443, as 10.71.2.1:$masked)"
is "on the other side" \
	"$("$ESTAB" -tpH -N server --nat --columns=nat 'dst 10.71.2.1')" \
	"10.71.3.2:8443 ← 10.71.2.1:$masked (really 10.71.1.2:$tcp, asked for 10.71.2.2:443)"
is "in all namespaces" "$("$ESTAB" -tH --all-netns --columns nat.peer.addr,nat.peer.port 'nat.hops = 2 and dport = 443 and dst 10.71.2.2' 2>/dev/null | xargs)" \
	"10.71.3.2 8443"
is "translated first by" "$("$ESTAB" -tH -N client --columns nat.netns 'dst 10.71.2.2')" "$(stat -L -c %i /run/netns/r1)"
is "the kernel's text says the same" "$("$ESTAB" -tH -N client --source procfs --columns nat.hops,nat.peer.port 'dst 10.71.2.2' | xargs)" "2 8443"

# ---- the flows ----

# flow NAMESPACE FILTER: whose each flow is, and which way it goes.
flow()
{
	"$ESTAB" flows -N "$1" --jsonl --columns direction,socket,owners,peer_owners,in_interface,out_interface "$2" 2>/dev/null |
		jq -r 'select(.record == "flow") | [.direction, .socket.netns_name, .socket.state, .owners[0].pid,
			.peer_owners[0].pid, .in_interface, .out_interface] | map(tostring) | join(" ")'
}
is "of the first router" "$(flow r1 'proto = tcp and family = inet')" "local client established $client null inside outside"
is "of the second" "$(flow r2 'proto = tcp and family = inet')" "local client established $client null public private"
is "of IPv6" "$(flow r2 'proto = tcp and family = inet6')" "local client established $client null public private"
is "of udp, with both ends" "$(flow r2 'proto = udp')" "local client established $client $server public private"
is "of icmp" "$(flow r2 'proto = icmp')" "local client unconnected $ping null public private"
is "of icmpv6" "$(flow r2 'proto = icmpv6 and nat.kind = dnat')" "local client unconnected $ping6 null public private"
is "in a table" "$("$ESTAB" flows -pH -N r1 --columns direction,owners 'proto = tcp and family = inet' 2>/dev/null | xargs)" \
	"local bash[$client] fd 3"
is "in CSV" "$("$ESTAB" flows --csv -N r1 --columns owner.pid,socket.netns_name,direction 'proto = udp' 2>/dev/null | tail -n 1)" \
	"$client,client,local"
is "an owner decides" "$("$ESTAB" flows -H -N r2 --columns proto 'owner.comm = ping' 2>/dev/null | sort | xargs)" "icmp icmpv6"
is "an owner sorts" "$("$ESTAB" flows -H -N r2 --columns proto --sort -owner.comm,-proto 'proto in {icmp, tcp}' 2>/dev/null | xargs)" "icmp tcp tcp"

# NAMESPACE SOURCE DESTINATION PORT: an entry of a connection that nobody here has.
entry()
{
	ip netns exec "$1" conntrack -I -s "$2" -d "$3" -p udp --sport 1000 --dport "$4" -t 60 >/dev/null 2>&1
}
entry r1 203.0.113.1 203.0.113.2 7
entry r1 203.0.113.1 10.71.1.1 7
entry r1 10.71.2.1 203.0.113.2 7
entry r1 203.0.113.1 10.71.1.2 7
entry r1 203.0.113.1 224.0.0.251 7
entry r1 203.0.113.1 10.71.1.255 7
ip -n r1 addr add 203.0.113.77/24 dev outside
entry server 203.0.113.1 10.71.3.2 5353
entry server 10.71.3.2 224.0.0.251 5353
is "that passes through" "$(flow r1 'src 203.0.113.1 and dst 203.0.113.2')" "forward null null null null outside outside"
is "that comes in" "$(flow r1 'dst 10.71.1.1')" "in null null null null outside null"
is "that goes out" "$(flow r1 'src 10.71.2.1')" "out null null null null null outside"
is "that comes in to another namespace" "$(flow r1 'dst 10.71.1.2')" "in null null null null outside inside"
is "that comes in to many" "$(flow r1 'dst 224.0.0.251')" "in null null null null outside null"
is "that comes in to all of a network" "$(flow r1 'dst 10.71.1.255')" "in null null null null outside null"
is "that a socket takes from everyone" "$(flow server 'dst 10.71.3.2')" "in server unconnected $server null lan null"
is "that goes out to many, and one listens" "$(flow server 'dst 224.0.0.251')" "out null null null null null null"
is "a filter of directions" "$("$ESTAB" flows -H -N r1 --columns orig.dst.addr 'direction = forward' 2>/dev/null)" "203.0.113.2"
is "none, and nobody looked" \
	"$("$ESTAB" flows --json -N r1 --columns owners 'direction = forward' 2>/dev/null | jq -c '.flows[]')" \
	'{"owners":[],"owners_complete":true}'
is "in all namespaces" "$("$ESTAB" flows --all-netns -H --columns netns_name,direction 'dport 7' 2>/dev/null | sort | xargs)" \
	"r1 forward r1 in r1 in r1 in r1 in r1 out"
is "what it takes is explained" "$("$ESTAB" flows --explain --columns proto,direction,in_interface,owner.comm | tail -n 2)" \
	"besides: sockets of all namespaces, before (they and what is translated are kept), routes
owners of their sockets: descriptors of all processes; command names"
is "nothing is asked for otherwise" "$("$ESTAB" flows --json -N r1 | jq -c '[.end.sources[].table]')" '["flows"]'

echo >"$tmp/hold"
kill "$ping" "$ping6"
# They end as they are told to.
wait "$client" "$ping" "$ping6" 2>/dev/null || true
