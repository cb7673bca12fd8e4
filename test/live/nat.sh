#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Where connections really go: rules of nft translate real traffic over veth, and sockets must be told
# the ends that the rules say.
. "$(dirname "$0")/lib.sh"
need_command ip jq nft setpriv
need_root
in_netns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"
[[ -e /proc/net/if_inet6 ]] || skip_all "no IPv6"

ip netns add pod
ip link add v0 type veth peer name v1 netns pod
ip addr add 10.244.1.1/24 dev v0
ip addr add 10.244.1.99/32 dev v0
ip addr add 2001:db8:1::1/64 dev v0 nodad
ip link set v0 up
ip -n pod addr add 10.244.1.7/24 dev v1
ip -n pod addr add 2001:db8:1::7/64 dev v1 nodad
ip -n pod link set lo up
ip -n pod link set v1 up
ip route add default via 10.244.1.7
ip -6 route add default via 2001:db8:1::7
nft -f - 2>"$tmp/nft" <<'END' || skip_all "no such rules in this kernel: $(head -n 1 "$tmp/nft")"
table inet test {
	chain out {
		type nat hook output priority -100
		ip daddr 10.96.0.1 tcp dport 443 dnat ip to 10.244.1.7:8443
		ip daddr 10.96.0.1 udp dport 53 dnat ip to 10.244.1.7:5353
		ip6 daddr 2001:db8:96::1 tcp dport 443 dnat ip6 to [2001:db8:1::7]:8443
		ip daddr 192.0.2.80 tcp dport 80 redirect to :8080
		ip daddr 192.0.2.81 tcp dport 80 dnat ip to 10.244.1.1:8081
	}
	chain pre {
		type nat hook prerouting priority -100
		iifname v0 tcp dport 7000 redirect to :7900
	}
	chain post {
		type nat hook postrouting priority 100
		tcp dport 9000 snat ip to 10.244.1.99
		ip daddr 10.244.1.1 tcp dport 8081 snat ip to 10.244.1.99
	}
}
END

own=$MKSOCK
printf '#!/bin/sh\nexec ip netns exec pod %s "$@"\n' "$own" >"$tmp/mksock"
chmod 755 "$tmp/mksock"
MKSOCK=$tmp/mksock
start_mksock tcp-listen:port=8443,family=inet6,addr=::,v6only=0 tcp-listen:port=9000,addr=0.0.0.0
MKSOCK=$own
start_mksock tcp-listen:port=8080,addr=0.0.0.0 tcp-listen:port=8081,addr=0.0.0.0 tcp-listen:port=7900,addr=0.0.0.0

exec {a}<>/dev/tcp/10.96.0.1/443 {b}<>/dev/tcp/2001:db8:96::1/443 {c}<>/dev/tcp/192.0.2.80/80
exec {d}<>/dev/tcp/10.244.1.7/9000 {e}<>/dev/tcp/192.0.2.81/80 {f}<>/dev/udp/10.96.0.1/53
echo >&"$f"
mkfifo "$tmp/hold"
# shellcheck disable=SC2016 # the inner shell expands it
ip netns exec pod bash -c 'exec 3<>/dev/tcp/10.244.1.1/7000; echo up; read -r <"$1"' bash "$tmp/hold" >"$tmp/pod" &
client=$!
for ((i = 0; i < 100; i++)); do
	grep -qs up "$tmp/pod" && break
	sleep 0.05
done

"$ESTAB" -tua --json --columns proto,local,peer,nat,owners >"$tmp/got"
# of FILTER: kind, hops, the real other end and both tuples' other ends.
of()
{
	jq -r "[.sockets[] | select($1)] | .[] | [.nat.kind, .nat.hops, .nat.peer.addr, .nat.peer.port,
		.nat.orig.dst.addr, .nat.orig.dst.port] | map(tostring) | join(\" \")" "$tmp/got"
}

is "dnat" "$(of '.peer.addr == "10.96.0.1" and .proto == "tcp"')" "dnat 1 10.244.1.7 8443 10.96.0.1 443"
is "dnat of udp" "$(of '.peer.addr == "10.96.0.1" and .proto == "udp"')" "dnat 1 10.244.1.7 5353 10.96.0.1 53"
is "dnat of IPv6" "$(of '.peer.addr == "2001:db8:96::1"')" "dnat 1 2001:db8:1::7 8443 2001:db8:96::1 443"
is "redirect, the client" "$(of '.peer.addr == "192.0.2.80"')" "dnat 1 127.0.0.1 8080 192.0.2.80 80"
port=$(jq -r '.sockets[] | select(.peer.addr == "192.0.2.80").local.port' "$tmp/got")
is "redirect, the server" "$(of '.local.port == 8080 and .peer.port != 0')" "dnat 1 10.244.1.1 $port 192.0.2.80 80"
port=$(jq -r '.sockets[] | select(.peer.port == 9000).local.port' "$tmp/got")
is "snat" "$(of '.peer.port == 9000')" "snat 1 10.244.1.7 9000 10.244.1.7 9000"
is "and as what it is seen" "$(jq -c '.sockets[] | select(.peer.port == 9000).nat.reply.dst.addr' "$tmp/got")" '"10.244.1.99"'
is "from outside" "$(of '.local.port == 7900 and .peer.port != 0' | sed 's/7 [0-9]* /7 N /')" "dnat 1 10.244.1.7 N 10.244.1.1 7000"
port=$(jq -r '.sockets[] | select(.peer.addr == "192.0.2.81").local.port' "$tmp/got")
is "hairpin, the client" "$(of '.peer.addr == "192.0.2.81"')" "both 1 10.244.1.1 8081 192.0.2.81 80"
is "hairpin, the server" "$(of '.local.port == 8081 and .peer.port != 0')" "both 1 10.244.1.1 $port 192.0.2.81 80"
is "listeners have none" "$(jq -c '[.sockets[] | select(.peer.port == 0 and .nat)]' "$tmp/got")" "[]"
is "no one else" "$(jq '[.sockets[] | select(.nat)] | length' "$tmp/got")" 9

port=$(jq -r '.sockets[] | select(.peer.addr == "10.96.0.1" and .proto == "tcp").local.port' "$tmp/got")
is "--nat" "$("$ESTAB" -tpH --nat "dst 10.96.0.1" | grep -o '10.244.1.1:[0-9]* → .*')" \
	"10.244.1.1:$port → 10.96.0.1:443 (really 10.244.1.7:8443)"
is "a filter" "$("$ESTAB" -tuH --columns peer.port nat.peer.addr = 10.244.1.7 and nat.kind = dnat | sort -n | xargs)" "53 443 $("$ESTAB" -tH --columns peer.port sport 7900 state established | xargs)"
is "an ordinary user is told" "$(as_nobody "$ESTAB" -t --nat 2>&1 >/dev/null)" \
	"estab: address translation not known (permission): the connection table is for root"
is "nothing is asked for otherwise" "$("$ESTAB" -t --json | jq '[.end.sources[] | select(.table == "flows")] | length')" 0

echo >"$tmp/hold"
wait "$client"
exec {a}>&- {b}>&- {c}>&- {d}>&- {e}>&- {f}>&-
