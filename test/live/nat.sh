#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Where connections really go: rules of nft, and of both kinds of iptables, translate real traffic over veth, and
# sockets and flows must be told the ends that the rules say.
. "$(dirname "$0")/lib.sh"
need_command ip ip6tables-nft iptables-legacy iptables-nft jq nft setpriv
need_root
in_pidns "$@"
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
own=$MKSOCK
printf '#!/bin/sh\nexec ip netns exec pod %s "$@"\n' "$own" >"$tmp/mksock"
chmod 755 "$tmp/mksock"

# start: who listens, in both namespaces. What nobody accepts ends with them.
start()
{
	MKSOCK=$tmp/mksock
	start_mksock tcp-listen:port=8443,family=inet6,addr=::,v6only=0 tcp-listen:port=9000,addr=0.0.0.0
	MKSOCK=$own
	start_mksock tcp-listen:port=8080,addr=0.0.0.0 tcp-listen:port=8081,addr=0.0.0.0 tcp-listen:port=7900,addr=0.0.0.0
}

rules_of_nft()
{
	nft -f - <<'END'
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
}

# The same rules in iptables' words; COMMAND6 is the other family's.
rules_of_iptables()
{
	local command=$1 command6=$2

	"$command" -t nat -A OUTPUT -d 10.96.0.1 -p tcp --dport 443 -j DNAT --to-destination 10.244.1.7:8443 &&
		"$command" -t nat -A OUTPUT -d 10.96.0.1 -p udp --dport 53 -j DNAT --to-destination 10.244.1.7:5353 &&
		"$command6" -t nat -A OUTPUT -d 2001:db8:96::1 -p tcp --dport 443 -j DNAT --to-destination '[2001:db8:1::7]:8443' &&
		"$command" -t nat -A OUTPUT -d 192.0.2.80 -p tcp --dport 80 -j REDIRECT --to-ports 8080 &&
		"$command" -t nat -A OUTPUT -d 192.0.2.81 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.1:8081 &&
		"$command" -t nat -A PREROUTING -i v0 -p tcp --dport 7000 -j REDIRECT --to-ports 7900 &&
		"$command" -t nat -A POSTROUTING -p tcp --dport 9000 -j SNAT --to-source 10.244.1.99 &&
		"$command" -t nat -A POSTROUTING -d 10.244.1.1 -p tcp --dport 8081 -j SNAT --to-source 10.244.1.99
}

# flush: no rule and no flow is left.
flush()
{
	nft flush ruleset
	iptables-legacy -t nat -F 2>/dev/null
	ip6tables-legacy -t nat -F 2>/dev/null
	conntrack -F >/dev/null 2>&1
}

# of FILTER: kind, hops, the real other end and both tuples' other ends.
of()
{
	jq -r "[.sockets[] | select($1)] | .[] | [.nat.kind, .nat.hops, .nat.peer.addr, .nat.peer.port,
		.nat.orig.dst.addr, .nat.orig.dst.port] | map(tostring) | join(\" \")" "$tmp/got"
}

# flow FILTER: which way each goes, whose it is, and what was done to it.
flow()
{
	jq -r "[.flows[] | select($1)] | .[] | [.direction, .owners[0].comm, .peer_owners[0].comm, .nat.kind] |
		map(tostring) | join(\" \")" "$tmp/flows"
}

# traffic KIND: over its rules.
traffic()
{
	local kind=$1 a b c d e f client port i

	start
	exec {a}<>/dev/tcp/10.96.0.1/443 {b}<>/dev/tcp/2001:db8:96::1/443 {c}<>/dev/tcp/192.0.2.80/80
	exec {d}<>/dev/tcp/10.244.1.7/9000 {e}<>/dev/tcp/192.0.2.81/80 {f}<>/dev/udp/10.96.0.1/53
	echo >&"$f"
	# shellcheck disable=SC2016 # the inner shell expands it
	ip netns exec pod bash -c 'exec 3<>/dev/tcp/10.244.1.1/7000; echo up; read -r <"$1"' bash "$tmp/hold" >"$tmp/pod" &
	client=$!
	for ((i = 0; i < 100; i++)); do
		grep -qs up "$tmp/pod" && break
		sleep 0.05
	done

	"$ESTAB" -tua --json --columns proto,local,peer,nat,owners >"$tmp/got"
	is "$kind, dnat" "$(of '.peer.addr == "10.96.0.1" and .proto == "tcp"')" "dnat 1 10.244.1.7 8443 10.96.0.1 443"
	is "$kind, dnat of udp" "$(of '.peer.addr == "10.96.0.1" and .proto == "udp"')" "dnat 1 10.244.1.7 5353 10.96.0.1 53"
	is "$kind, dnat of IPv6" "$(of '.peer.addr == "2001:db8:96::1"')" "dnat 1 2001:db8:1::7 8443 2001:db8:96::1 443"
	is "$kind, redirect, the client" "$(of '.peer.addr == "192.0.2.80"')" "dnat 1 127.0.0.1 8080 192.0.2.80 80"
	port=$(jq -r '.sockets[] | select(.peer.addr == "192.0.2.80").local.port' "$tmp/got")
	is "$kind, redirect, the server" "$(of '.local.port == 8080 and .peer.port != 0')" "dnat 1 10.244.1.1 $port 192.0.2.80 80"
	port=$(jq -r '.sockets[] | select(.peer.port == 9000).local.port' "$tmp/got")
	is "$kind, snat" "$(of '.peer.port == 9000')" "snat 1 10.244.1.7 9000 10.244.1.7 9000"
	is "$kind, and as what it is seen" "$(jq -c '.sockets[] | select(.peer.port == 9000).nat.reply.dst.addr' "$tmp/got")" '"10.244.1.99"'
	is "$kind, from outside" "$(of '.local.port == 7900 and .peer.port != 0' | sed 's/7 [0-9]* /7 N /')" "dnat 1 10.244.1.7 N 10.244.1.1 7000"
	port=$(jq -r '.sockets[] | select(.peer.addr == "192.0.2.81").local.port' "$tmp/got")
	is "$kind, hairpin, the client" "$(of '.peer.addr == "192.0.2.81"')" "both 1 10.244.1.1 8081 192.0.2.81 80"
	is "$kind, hairpin, the server" "$(of '.local.port == 8081 and .peer.port != 0')" "both 1 10.244.1.1 $port 192.0.2.81 80"
	is "$kind, listeners have none" "$(jq -c '[.sockets[] | select(.peer.port == 0 and .nat)]' "$tmp/got")" "[]"
	is "$kind, no one else" "$(jq '[.sockets[] | select(.nat)] | length' "$tmp/got")" 9

	port=$(jq -r '.sockets[] | select(.peer.addr == "10.96.0.1" and .proto == "tcp").local.port' "$tmp/got")
	is "$kind, --nat" "$("$ESTAB" -tpH --nat "dst 10.96.0.1" | grep -o '10.244.1.1:[0-9]* → .*')" \
		"10.244.1.1:$port → 10.96.0.1:443 (really 10.244.1.7:8443)"
	is "$kind, a filter" "$("$ESTAB" -tuH --columns peer.port nat.peer.addr = 10.244.1.7 and nat.kind = dnat | sort -n | xargs)" "53 443 $("$ESTAB" -tH --columns peer.port sport 7900 state established | xargs)"
	is "$kind, an ordinary user is told" "$(as_nobody "$ESTAB" -t --nat 2>&1 >/dev/null)" \
		"estab: address translation not known (permission): the connection table is for root"
	is "$kind, nothing is asked for otherwise" "$("$ESTAB" -t --json | jq '[.end.sources[] | select(.table == "flows")] | length')" 0

	"$ESTAB" flows --json --columns direction,orig,reply,nat.kind,owners,peer_owners >"$tmp/flows"
	is "$kind, a flow that goes out" "$(flow '.orig.dst.addr == "10.96.0.1" and .orig.dst.port == 443')" "local bash null dnat"
	is "$kind, one that is redirected" "$(flow '.orig.dst.addr == "192.0.2.80"')" "local bash null dnat"
	is "$kind, one that came in" "$(flow '.orig.dst.port == 7000')" "local bash null dnat"
	is "$kind, a hairpin" "$(flow '.orig.dst.addr == "192.0.2.81"')" "local bash null both"
	is "$kind, one of udp" "$(flow '.orig.dst.port == 53')" "local bash null dnat"
	echo >"$tmp/hold"
	wait "$client"
	exec {a}>&- {b}>&- {c}>&- {d}>&- {e}>&- {f}>&-
	stop_mksock
}

mkfifo "$tmp/hold"
for kind in nft iptables-nft iptables-legacy; do
	if [[ $kind == nft ]]; then
		rules_of_nft 2>"$tmp/why"
	else
		rules_of_iptables "$kind" "ip6tables-${kind#iptables-}" 2>"$tmp/why"
	fi
	status=$?
	if [[ $status -eq 0 ]]; then
		traffic "$kind"
	else
		skip "$kind" "no such rules in this kernel: $(head -n 1 "$tmp/why")"
	fi
	flush
done
