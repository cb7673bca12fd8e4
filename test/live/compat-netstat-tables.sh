#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of netstat: routes, interfaces, memberships and statistics are those of netstat itself, to
# the last blank, standard error and exit status too. What differs on purpose is in docs/COMPAT.md.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command netstat ip awk
need_root
in_netns "$@"
cd "$tmp" || exit 1
[[ $(netstat -V) == *'net-tools 2.10'* ]] || skip_all "netstat is not that of net-tools 2.10"

# ---- the network: devices of many kinds, routes of all kinds, names for some of it ----

# Nothing is sent later, when counters are compared.
for knob in ipv6/conf/default/accept_dad=0 ipv6/conf/default/router_solicitations=0 \
	ipv6/conf/default/mldv2_unsolicited_report_interval=1 \
	ipv6/conf/default/addr_gen_mode=0 ipv4/conf/default/igmpv3_unsolicited_report_interval=1; do
	echo "${knob#*=}" >"/proc/sys/net/${knob%=*}" 2>/dev/null
done
ip link add veth-a type veth peer name veth-b || skip_all "no veth devices here"
ip link add veth-long-name type veth peer name veth-longer-na
ip link add veth9 type veth peer name veth10
ip link add veth9a type veth peer name veth-9
ip link add veth09 type veth peer name veth.9
made=$(
	exec 2>/dev/null
	ip link add br0 type bridge && ip link set veth-longer-na master br0 && ip link set br0 promisc on && echo bridge
	ip link add link veth-b name mac0 type macvlan && ip link set mac0 allmulticast on txqueuelen 77 && echo macvlan
	ip link add link veth-a name veth-a.7 type vlan id 7 && ip addr add 10.45.0.1/24 dev veth-a.7 && echo vlan
	ip link add dummy0 type dummy && echo dummy
	ip link add vx0 type vxlan id 7 dev veth-a dstport 4789 && echo vxlan
	ip tuntap add dev tun0 mode tun && ip addr add 10.44.0.1 peer 10.44.0.2 dev tun0 && echo tun
)
for device in veth-a veth-b veth9 br0 veth-long-name veth-longer-na mac0 tun0 vx0 dummy0 veth-a.7; do
	ip link set "$device" up 2>/dev/null
done
ip link set veth9 arp off
ip addr add 10.1.0.1/24 brd + dev veth-a
ip addr add 10.1.0.9/24 dev veth-a label veth-a:1
ip addr add 10.1.0.10/24 dev veth-a
ip addr add 10.3.0.1/16 dev veth-long-name
ip -6 addr add fd01::1/64 dev veth-a nodad
ip -6 addr add fd01::2/64 dev veth-b nodad
ip -6 addr add fec0::5/64 dev veth9 nodad
ip -6 addr add 2001:db8:1234:5678:9abc:def0:1234:5678/64 dev veth-long-name nodad
while read -ra route; do
	ip "${route[@]:0:1}" route add "${route[@]:1}" 2>/dev/null || fail "route ${route[*]}" "can't be made"
done <<'END'
-4 10.9.0.0/16 via 10.1.0.2 metric 5 src 10.1.0.1
-4 default via 10.1.0.3
-4 default via 10.3.0.9 metric 100
-4 unreachable 10.8.0.0/16
-4 blackhole 10.18.0.0/16
-4 prohibit 10.28.0.0/16 metric 77
-4 unreachable 10.38.1.1
-4 10.58.0.0/16 dev veth-a metric 4294967290
-4 10.7.7.7 dev veth-a mtu 1400 advmss 1300 window 500 rtt 300ms
-4 10.77.0.0/16 dev veth-long-name
-4 10.6.0.0/16 nexthop via 10.1.0.4 weight 1 nexthop via 10.1.0.5 weight 9
-4 10.5.0.0/16 dev veth-a table 1000
-4 10.4.0.0/16 via inet6 fd01::7
-4 multicast 239.5.0.0/16 dev veth-a table 254
-6 default via fd01::9 metric 3
-6 fd09::/32 via fd01::7
-6 blackhole fd0a::/32
-6 unreachable fd0b::/32
-6 prohibit fd0c::/32 metric 4000000000
-6 fd0d::1 dev veth-a mtu 1300
-6 fd0e::/48 nexthop via fd01::7 nexthop via fd01::8
-6 2001:db8:aaaa:bbbb:cccc:dddd:eeee:0/112 dev veth-long-name metric 12345678
END
printf '%s: files\n' hosts networks services passwd >nsswitch
printf '%s\n' '127.0.0.1 localhost' '::1 ip6-localhost' '10.1.0.3 gate' '10.7.7.7 seven' \
	'10.1.0.2 a-gateway-with-a-long-name.example.org' 'fd01::9 gate6' 'fd09:: net9' \
	'fd01::7 a-gateway-of-ipv6-with-a-long-name.example.org' '224.0.0.1 all-systems.mcast.net' \
	'ff02::1 ip6-allnodes' '10.38.1.1 rejected' >hosts
printf '%s\n' 'loopback 127.0.0.0' 'private9 10.9.0.0' 'ten1 10.1.0.0' 'longnetworkname-here 10.77.0.0' >networks
for file in nsswitch:/etc/nsswitch.conf hosts:/etc/hosts networks:/etc/networks; do
	[[ ! -e ${file#*:} ]] || mount --bind "${file%:*}" "${file#*:}"
done

# Groups that sockets joined, one of them twice.
if command -v python3 >/dev/null; then
	# It ends when nobody holds the other end of its input any more.
	mkfifo hold
	exec {joined}< <(exec python3 -c '
import socket, struct, sys
kept = []
for group in "239.1.2.3", "239.1.2.3", "224.9.9.9":
    kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    kept[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton("10.1.0.1"))
for group in "ff05::77", "ff05::77", "ff3e::8000:1":
    kept.append(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    kept[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
        socket.inet_pton(socket.AF_INET6, group) + struct.pack("i", socket.if_nametoindex("veth-long-name")))
print("joined", flush=True)
sys.stdin.read()' <hold 2>/dev/null)
	# shellcheck disable=SC2034 # it is only held
	exec {held}<>hold
	read -r -t 10 -u "$joined" _ && made+=$'\ngroups'
else
	skip "groups that sockets joined" "python3 is not installed"
fi

# ---- traffic: of ICMP, UDP and TCP, answered and not ----

start_mksock tcp-established:port=2010,unread=5 tcp-established:port=2011,family=inet6 \
	tcp-close-wait:port=2017 udp-connected:port=3002 udplite:port=3004
{
	ping -c 1 -W 1 127.0.0.1
	ping -c 1 -W 1 ::1
	ping -c 1 -W 1 10.1.0.9
	ping -c 1 -W 1 10.8.0.1
	for to in tcp/127.0.0.1/1 tcp/::1/1 udp/127.0.0.1/1 udp/::1/1; do
		(exec 3<>"/dev/$to" && echo x >&3 && sleep 0.1 && echo x >&3)
	done
} >/dev/null 2>&1
quiet=
for ((tries = 0; tries < 40 && ${#quiet} < 4; tries++)); do
	now=$(cat /proc/net/dev /proc/net/snmp /proc/net/snmp6 /proc/net/netstat /proc/net/igmp6)
	if [[ $now == "${before-}" ]]; then quiet+=.; else quiet=; fi
	before=$now
	sleep 0.2
done

# The old tool has IPv6 addresses of an interface in the order of a hash.
sorted()
{
	awk '
		function flush() { if (n) { close("sort >&2"); for (i = 1; i <= n; i++) print line[i] | "sort"; close("sort") } n = 0 }
		/^ +inet6 / { line[++n] = $0; next }
		{ flush(); print; fflush() }
		END { flush() }'
}

compare_complaints=1
pairs netstat <<'END'
-r
-rn
-rne
-rnee
-rneee
-nr
-re
-ree
-rv
-rW
-rN
-rnW
-rn4
-r4
-r6
-rn6
-rn6e
-rn6ee
-rn6W
-r6N
-rn46
-rn64
-r46
-rF
-rnF
-rnC
-rnCe
-rnCee
-rnFC
-rnFCe
-rnC6
-rC6
-rnFC6
-rn -A inet
-rn -A ip
-rn -A inet6
-rn -A ip6
-rn -A inet,inet6
-rn -A inet6,unix
-rn -A unix
-rn -A bogus
-rn -A ipx
-rn -A ax25
-rn -A ddp
-rn -A appletalk
-rn -A netrom
-rn -A rose
-rn -A x25
-rn -A ipx,inet
-rn --inet
-rn --inet6
-rn --ip
-rnx
-rnt
-rng
-rna
-rnl
-rnp
-rno
--route
--route --numeric
--route --inet6 --numeric
--route --extend --numeric
--route --verbose --numeric
--route --symbolic
--route --cache --numeric
--route --fib --numeric
--route --numeric-hosts
--route --numeric-ports
--route --numeric-users
--route --inet6 --numeric-hosts
--route --inet6 --numeric-ports
-i
-in
-ia
-iW
-iv
-iN
-i4
-i6
-ix
-it
-ig
-i veth-a
-ie
-iae
-iee
-ine
-iaen
-ie6
-iev
--interfaces
--interfaces --all
--interfaces --extend
--interfaces --all --extend
--interfaces veth-a
-g
-gn
-gN
-gne
-gnp
-g4
-g6
-gn4
-gn6
-gn46
-ga
-gna
-gnv
-gl
-gnt
-gnu
-gnw
-gtun
-gnx
-gnxa
-gntx
-gn -A inet
-gn -A inet6
-gn -A ipx
-gn -A ipx,ax25
--groups
--groups --numeric
--groups --numeric-hosts
--groups --numeric-ports
-s
-sn
-se
-sv
-sa
-sl
-st
-su
-sw
-sU
-stu
-stw
-suw
-stuw
-s4
-s6
-st4
-st6
-su6
-sw6
-sU6
-stu6
-s46
-s64
-st46
-sx
-stx
-sg
-sc
-s -A inet
-s -A ip
-s -A inet6
-s -A unix
-s -A ipx
-s -A unix,inet
-s -A bogus
-s --inet6
-s --tcp
-s --udp --inet6
-s --raw
--statistics
--statistics --tcp
--statistics --numeric
-M
-Mn
-Mne
-Mc
-Ma
--masquerade
-A bogus
-A inet,bogus
-A inet,x25
-A x25,netrom
-A ipx,unix
-A rose,ipx
-A ddp
-A econet
-A ec
-A ash
-A appletalk
-v
-vl
-va
-vn4
-vx
-vS
-S
-Sa
-S4
-S6
-tSn
-uSn
-Z
-Zt
--context
END
judge sorted
compare_complaints=

# ---- one line for an error of the command line; what a system never has ----

pairs netstat <<'END'
-ri
-rs
-rM
-is
-iM
-sM
-ir
-rr
-ii
-ss
-r -i -n
-I
-Iveth-a
-T
-rT
-A
--groups=x
--interfaces=veth-a
--bluetooth
-A bluetooth
-2
-f
-2f
END
judge cat

# ---- again and again ----

listing=()
for how in rn rn6 i ie; do
	lines=$((2 * $(netstat -$how 2>/dev/null | wc -l)))
	timeout 60 netstat -c$how 2>/dev/null | head -n $lines >"theirs.$how" &
	listing+=($!)
	timeout 60 "$ESTAB" netstat -c$how 2>/dev/null | head -n $lines >"ours.$how" &
	listing+=($!)
done
wait "${listing[@]}"
for how in rn rn6 i ie; do
	is "continuous -$how" "$(sorted <"ours.$how")" "$(sorted <"theirs.$how")"
done
is "and that it was" "$(($(grep -c ^Iface ours.i) >= 2))" 1

# ---- who is not root sees the same ----

for how in -rnee -rn6 -ie -gn -s -s6; do
	is "without privileges, $how" "$(as_nobody "$ESTAB" netstat $how 2>&1 | sorted)" "$(as_nobody netstat $how 2>&1 | sorted)"
done

# ---- no pair ----

[[ $made != *groups* ]] || is "groups that sockets joined" "$("$ESTAB" netstat -gn | awk '/239.1.2.3|ff05::77/ { print $1, $2, $3 }')" \
	"veth-a 2 239.1.2.3
veth-long-name 2 ff05::77"
is "devices were made" "$(grep -c . <<<"$made" | awk '$1 >= 2')" "$(grep -c . <<<"$made")"
is "with names" "$("$ESTAB" netstat -r | awk '$2 == "gate" { print $1 }')" default
is "disk full" "$("$ESTAB" netstat -rn 2>&1 >/dev/full; echo $?)" "netstat: No space left on device
1"
for how in rn i s gn; do
	is "a reader of -$how that goes away" "$(timeout 5 "$ESTAB" netstat -c$how | head -n 1 | wc -l; echo "${PIPESTATUS[0]}")" "1
$([[ $how == s ]] && echo 0 || echo 141)"
done
esc=$'\e'
if ip link add "e${esc}[31mv" type veth peer name veth-evil 2>/dev/null; then
	ip link set "e${esc}[31mv" up
	ip addr add 10.66.0.1/24 dev "e${esc}[31mv"
	ip -6 addr add fd66::1/64 dev "e${esc}[31mv" nodad
	for how in -rn -rnee -rn6 -ia -iae -gn; do
		is "a hostile name, $how" "$("$ESTAB" netstat $how | grep -c "$esc")" 0
		check "and it is shown, $how" grep -qF 'e\x1b' <("$ESTAB" netstat $how)
	done
else
	skip "a hostile name" "this kernel or ip(8) takes none"
fi
