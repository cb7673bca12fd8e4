#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Two customers of a router have the same address and the same port, and are told apart by zones of conntrack alone:
# what can be known is told, and what can't is called ambiguous.
. "$(dirname "$0")/lib.sh"
need_command ip jq nft
need_root
in_pidns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"

for name in a b server; do
	ip netns add $name
	ip -n $name link set lo up
	ip link add to-$name type veth peer name router netns $name
	ip -n $name link set router up
	ip link set to-$name up
done
for name in a b; do
	ip -n $name addr add 10.72.0.2/24 dev router
	ip addr add 10.72.0.1/24 dev to-$name
	ip -n $name route add default via 10.72.0.1
	# Every connection goes out from that port.
	ip netns exec $name sysctl -qw net.ipv4.ip_local_port_range="4000 4000"
done
ip -n server addr add 10.72.9.2/24 dev router
ip addr add 10.72.9.1/24 dev to-server
ip rule add fwmark 1 lookup 101
ip rule add fwmark 2 lookup 102
ip route add 10.72.0.0/24 dev to-a table 101
ip route add 10.72.0.0/24 dev to-b table 102
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.to-a.rp_filter=0 net.ipv4.conf.to-b.rp_filter=0
nft -f - 2>"$tmp/nft" <<'END' || skip_all "no such rules in this kernel: $(head -n 1 "$tmp/nft")"
table ip test {
	chain zones {
		type filter hook prerouting priority raw
		iifname to-a ct original zone set 1
		iifname to-b ct original zone set 2
	}
	chain marks {
		type filter hook prerouting priority mangle
		iifname to-a ct mark set 1
		iifname to-b ct mark set 2
		iifname to-server meta mark set ct mark
	}
	chain post {
		type nat hook postrouting priority srcnat
		oifname to-server meta l4proto tcp masquerade to :20000-29999
	}
}
END

own=$MKSOCK
printf '#!/bin/sh\nexec ip netns exec server %s "$@"\n' "$own" >"$tmp/mksock"
chmod 755 "$tmp/mksock"
MKSOCK=$tmp/mksock
start_mksock tcp-listen:port=80,addr=0.0.0.0

# client NAME: one connection of that customer's, which is held until its pipe ends; CLIENT is its process.
client()
{
	mkfifo "$tmp/hold-$1"
	# shellcheck disable=SC2016 # the inner shell expands it
	ip netns exec "$1" bash -c 'exec 3<>/dev/tcp/10.72.9.2/80; echo up; read -r <"$1"' bash "$tmp/hold-$1" >"$tmp/$1" &
	CLIENT=$!
	for ((i = 0; i < 100; i++)); do
		grep -qs up "$tmp/$1" && return
		sleep 0.05
	done
	fail "client $1" "could not connect"
	exit 1
}
client a
a=$CLIENT

# of NAMESPACE FILTER: what its sockets are told.
of()
{
	"$ESTAB" -ta -N "$1" --jsonl --columns nat "$2" 2>/dev/null | jq -r 'select(.record == "socket").nat |
		[.kind, .hops, .ambiguous, .peer.addr, .peer.port] | map(tostring) | join(" ")'
}
# flow ZONE: whose its one flow is.
flow()
{
	"$ESTAB" flows --jsonl --columns direction,socket,owners,orig.zone,reply.zone "orig.zone = $1" 2>/dev/null |
		jq -r 'select(.record == "flow") | [.direction, .orig.zone, .reply.zone, .socket.netns_name, .socket.ambiguous, .owners[0].pid] |
			map(tostring) | join(" ")'
}
is "one customer" "$(of a 'dport 80')" "snat 1 false 10.72.9.2 80"
is "and its flow, of a zone in one direction" "$(flow 1)" "local 1 null a false $a"

client b
b=$CLIENT
is "the same tuple twice" "$(of a 'dport 80' | cut -d ' ' -f 1-3) $(of b 'dport 80' | cut -d ' ' -f 1-3)" "snat 1 true snat 1 true"
is "the server tells them apart" "$(of server 'sport 80 and dst 10.72.9.1' | sort -u)" "snat 1 false 10.72.0.2 4000"
is "but not whose flow is which" "$(for zone in 1 2; do flow $zone; done | cut -d ' ' -f 1-3,5)" "local 1 null true
local 2 null true"

is "but where each comes from, by its mark" "$("$ESTAB" flows -H --columns in_interface,out_interface --sort orig.zone | xargs)" \
	"to-a to-server to-b to-server"

# Reset, so that nothing of it lingers but the flow.
if ip netns exec b "$ESTAB" kill --yes dport 80 >/dev/null 2>&1; then
	for ((i = 0; i < 100; i++)); do
		[[ $("$ESTAB" flows -H --columns flow.state 'orig.zone = 2' | xargs) =~ TIME_WAIT|CLOSE|^$ ]] && break
		sleep 0.05
	done
	is "a connection that is over is not believed" "$(of a 'dport 80')" "snat 1 false 10.72.9.2 80"
	is "nor its flow to be of one that lives" "$(flow 2 | cut -d ' ' -f 4-)" "null null null"
else
	skip "a connection that is over" "this kernel closes no sockets for others"
fi
echo >"$tmp/hold-a"
echo >"$tmp/hold-b"
wait "$a" "$b"
