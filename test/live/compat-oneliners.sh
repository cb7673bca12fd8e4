#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# One-liners of scripts and runbooks, as they are, with the old tools and with estab under their names.
. "$(dirname "$0")/lib.sh"
need_command ss netstat lsof awk
need_root
in_pidns "$@"
cd "$tmp" || exit 1

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 tcp-established:port=2010 \
	tcp-established:port=2011,family=inet6 tcp-established:port=443 tcp-keepalive:port=2013 \
	tcp-listen:addr=0.0.0.0,port=22 tcp-close-wait:port=2017 tcp-time-wait:port=2018 \
	udp-unconnected:port=3001 udp-connected:port=3002 unix-stream:path="$tmp/s" \
	unix-stream-listen:abstract=lst,pending=0 unix-dgram:path="$tmp/d"

# What has routes and counters, too.
if ip link add veth-a type veth peer name veth-b 2>/dev/null; then
	ip link set veth-a up && ip link set veth-b up
	ip addr add 10.1.0.1/24 brd + dev veth-a
	ip -6 addr add fd01::1/64 dev veth-a nodad
	ip route add default via 10.1.0.2 metric 7
	ip route add unreachable 10.8.0.0/16
	ip -6 route add default via fd01::2
fi
ping -c 2 -i 0.2 127.0.0.1 >/dev/null 2>&1

mkdir bin
for tool in ss netstat lsof; do
	ln -s "$(readlink -f "$ESTAB")" "bin/$tool"
done
number=0
while read -r line; do
	[[ $line && $line != '#'* ]] || continue
	number=$((number + 1))
	# A packet on its way between the two makes another number: once more, then.
	for _ in 1 2 3; do
		theirs=$(bash -c "$line" 2>/dev/null </dev/null; echo "status $?")
		ours=$(PATH=$tmp/bin:$PATH bash -c "$line" 2>/dev/null </dev/null; echo "status $?")
		[[ $ours != "$theirs" ]] || break
	done
	name=${line//:/.}
	# Columns are divided by blanks, as many as there have to be.
	is "${name//$'\t'/ }" "$(tr -s ' ' <<<"$ours" | sed 's/ $//')" \
		"$(tr -s ' ' <<<"$theirs" | sed 's/ $//')"
done <"$ESTAB_SRCDIR/test/golden/oneliners.txt"
check "at least seventy of them" test "$number" -ge 70
