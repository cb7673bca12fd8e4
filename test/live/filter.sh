#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# The filter language: ss's expressions against ss itself, what the kernel is told against what it is
# not told, what is read for an expression, and the manual's examples.
. "$(dirname "$0")/lib.sh"
need_command ss jq
in_netns "$@"

ip link add eth9 type veth peer name eth10 2>/dev/null || skip_all "no veth devices here"
ip addr add 10.9.0.1/24 dev eth9
ip -6 addr add 2001:db8::1/64 dev eth9 nodad
ip link set eth10 up && ip link set eth9 up || exit 1

start_mksock --timeout 600 tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 tcp-established:port=2003 \
	tcp-established:port=2004,family=inet6 tcp-established:port=2005,family=mapped \
	tcp-listen:port=443,addr=10.9.0.1 tcp-listen:port=2007,family=inet6,addr=2001:db8::1 \
	tcp-device:port=2008,device=lo tcp-device:port=2009,device=eth9 tcp-time-wait:port=2010 \
	tcp-close-wait:port=2011 tcp-fin-wait-1:port=2017 tcp-last-ack:port=2018 \
	tcp-closing:port=2019 tcp-syn-sent:port=2012 tcp-syn-recv:port=2013 tcp-pending:port=2014 \
	udp-unconnected:port=2020 udp-connected:port=2021 udp-unconnected:port=2022,family=inet6 raw:protocol=253

marked=
if [[ $EUID -eq 0 ]]; then
	start_mksock --timeout 600 tcp-mark:port=2015,mark=7 tcp-mark:port=2016,mark=5
	marked=yes
fi

# name EXPRESSION: without what a case's name can't hold.
name()
{
	printf '%s' "${1//:/;}"
}

# Both print the cookies of the sockets, a line each. ss has no cookie of a time-wait socket by itself.
by_ss()
{
	ss -H -O -n -e -a -t -u -w "$@" | grep -oE 'sk:[0-9a-f]+' | cut -c 4- |
		while read -r cookie; do echo $((16#$cookie)); done | sort -n
}
by_estab()
{
	"$ESTAB" -a -t -u -w -H --source=diag --columns cookie "$@" 2>&1 |
		grep -v '^estab: raw not readable' | sort -n
}

# Cookies last when somebody has asked for them once.
by_estab >/dev/null
same=0
nonempty=0
while read -r expression; do
	[[ -n $expression && $expression != \#* ]] || continue
	[[ $expression != *fwmark* || -n $marked ]] || continue
	# As separate words, which is how ss takes them.
	read -ra words <<<"$expression"
	# A time-wait socket may end between two of these: then all are asked again.
	for try in 1 2; do
		wanted=$(set -f; by_ss "${words[@]}" 2>&1)
		found=$(set -f; by_estab "${words[@]}" 2>&1)
		untold=$(set -f; by_estab --no-pushdown "${words[@]}" 2>&1)
		[[ $try == 1 && $found$untold == "$wanted$found" ]] && break
	done
	if [[ $found == "$wanted" ]]; then
		same=$((same + 1))
		[[ -z $wanted ]] || nonempty=$((nonempty + 1))
	else
		fail "ss; $(name "$expression")" "ss has $(xargs <<<"$wanted"), estab $(xargs <<<"$found")"
	fi
	is "kernel told or not; $(name "$expression")" "$(xargs <<<"$untold")" "$(xargs <<<"$found")"
done <<'END'
sport = :2001
sport = 2001
sport 2001
sport == :2001
sport eq :2001
sport != :2001
sport ne :2001
sport neq :2001
sport > :2003
sport gt :2003
sport < :2003
sport lt :2003
sport >= :2003
sport ge :2003
sport geq :2003
sport <= :2003
sport le :2003
sport leq :2003
dport = :2003
dport != :2003
dport > :2000
dport = :*
sport = :https
sport https
dport = :0
not sport = :2001
! sport = :2001
not dport = :0
not ( sport = :2001 )
not not sport = :2001
! ( sport = :2001 or sport = :2003 )
sport = :2001 or sport = :2003
sport = :2001 | sport = :2003
sport = :2001 || sport = :2003
sport > :2000 and sport < :2005
sport > :2000 & sport < :2005
sport > :2000 && sport < :2005
sport > :2000 sport < :2005
( sport = :2001 or sport = :2003 ) and dport = :0
( sport > :2000 and sport < :2003 ) or ( dport > :2003 and dport < :2006 )
dport = :2003 or sport = :2003
sport = :2010
sport = :2013
dport = :2013
dport = :2018
dport = :2011 and not sport = :2010
dport = :2021
src 127.0.0.1
src = 127.0.0.1
src 127.0.0.1:2003
src = 127.0.0.1:2003
src 127.0.0.0/8
src 127/8
src 127.0/16
src 10.9.0.1
src 10.9.0.0/24:443
src 10.9.0.1:443
src 10.9.0.1:https
src 0.0.0.0
src 0.0.0.0/0
src [::]
src [::1]
src [::1]:2004
src [::1/128]:2004
src [2001:db8::1]
src 2001:db8::/32
src [2001:db8::/32]
src 2001:db8::/32:2007
src ::/0
src *
src any
src *:2001
src :2001
src inet:127.0.0.1
src inet::2001
src inet6:[::1]
src inet6::2002
sport = inet::2001
sport = inet6::2002
sport != inet6::2002
src ::ffff:127.0.0.1/128
dst 127.0.0.1
dst 127.0.0.1:2003
dst 0.0.0.0/0
dst [::1]:2004
not src 127.0.0.1
not src 127.0.0.0/8
not src [::1]
src 127.0.0.1 dst 127.0.0.1
src 127.0.0.1 and not dport = :2003
( src 127.0.0.0/8 or src 10.9.0.0/24 ) and not dst 127.0.0.0/8
dev lo
dev = lo
dev eth9
dev != lo
dev 0
dev = 1
not dev lo
dev lo or sport = :2001
dev != lo and sport < :2005
not ( dev lo or dev eth9 )
fwmark = 7
fwmark 7
fwmark = 0x7
fwmark = 1/1
fwmark = 0x5/0x5
fwmark = 5/0xf
fwmark = 7 or sport = :2001
state established
state listening
state time-wait
state close-wait
state fin-wait-2
state syn-sent
state syn-recv
state syn-rcv
state fin-wait-1
state last-ack
state closing
state closed
state unconnected
state connected
state synchronized
state bucket
state big
state all
state close
state established state listening
exclude established
exclude time-wait
exclude listening exclude established
state all exclude listening
state connected exclude established
state connected sport = :2003
state listening ( sport = :2001 or sport = :2002 )
state established not src 127.0.0.1
autobound
END
is "as ss says, without counting those that say nothing" "$((same - nonempty < same / 5))" 1
check "expressions of ss" test "$same" -ge 100

# What ss can't say, told the kernel or not.
while read -r expression; do
	[[ -n $expression ]] || continue
	found=$(by_estab "$expression" 2>&1 | xargs)
	is "kernel told or not; $(name "$expression")" "$(by_estab --no-pushdown "$expression" 2>&1 | xargs)" "$found"
done <<'END'
port 2003
port != 2003
port in {2001, 2003-2005}
addr 127.0.0.1
not addr in {127.0.0.0/8, ::1}
local.addr = 127.0.0.1 and family = inet
local = 127.0.0.1 and not family = inet
local.addr in ::/0
not local.addr in ::/0
interface = lo
not interface = lo
interface != lo
sport not in {2001, 2003}
proto = tcp and sport 2001 or proto = udp and sport 2020
not (proto = tcp or sport 2020)
tcp.total_retrans > 0 or sport 2001
uid = 0 and dport = 2003
not (uid = 0 and dport = 2003)
process = mksock and sport 2001
not process = mksock or sport 2001
exists tcp.rtt_us and port 2003
state = listen and sport > 2005
END

# ---- unix, netlink, packet ----

mkdir "$tmp/dir"
start_mksock unix-stream:path="$tmp/dir/Stream" unix-dgram:abstract=Filter/Test netlink:protocol=0,port=4711 \
	netlink:protocol=16,port=4712
unix_by_ss()
{
	ss -H -O -x -a "$@" | awk '{ print $6 }' | sort -n
}
unix_by_estab()
{
	"$ESTAB" -x -a --source=diag --json --columns inode "$@" | jq -r '.sockets[].inode' | sort -n
}
for pattern in "unix:$tmp/dir/*" "unix:$tmp/DIR/stream" "$tmp/dir/*" "unix:@Filter/*" "unix:@filter/test" 'unix:*' \
	"unix:*st?eam" 'unix:*[sS]tream' "unix:/no/such/*"; do
	is "ss; src $(name "${pattern//$tmp/TMP}")" "$(unix_by_estab src "$pattern" | xargs)" "$(unix_by_ss src "$pattern" | xargs)"
done
is "the other end of a unix socket has a name" "$("$ESTAB" -xaH --columns local,peer.path "dst unix:$tmp/dir/*" | wc -l)" 1
is "a table is read without being named" "$("$ESTAB" -H "src $tmp/dir/*" | wc -l)" "$("$ESTAB" -xaH "src $tmp/dir/*" | wc -l)"
for expression in 'src netlink:rtnl:4711' 'src netlink:genl' 'src netlink:0:kernel' 'src netlink:*:4712' 'sport = netlink:4711'; do
	read -ra words <<<"$expression"
	is "ss; $(name "$expression")" \
		"$(set -f; "$ESTAB" -A netlink -a --json --columns netlink.portid,protocol "${words[@]}" | jq -r '.sockets[] | "\(.protocol) \(.netlink.portid)"' | sort)" \
		"$(set -f; ss -H -n -a -A netlink "${words[@]}" | awk '{ sub(/\/[^ ]*/, "", $4); n = split($4, end, ":"); print end[1], end[2] == "" ? $5 : end[2] }' |
			sed -E 's/^(rtnl|0)/0/; s/^(genl|16)/16/; s/kernel|\*$/0/' | sort)"
done

# A protocol of the Ethernet and a device, as ss has them: "[34997]:lo", "*:*".
start_mksock packet:device=lo,protocol=34997 packet:type=dgram,device=,protocol=3 packet:protocol=2048
packets_by_ss()
{
	ss -H -n -a -0 "$@" | awk '{ print $1, $5 }' | sort
}
packets_by_estab()
{
	"$ESTAB" -0 -a --json --columns type,protocol,interface "$@" | jq -r '.sockets[] |
		(if .type == "dgram" then "p_dgr " else "p_raw " end) +
		(if .protocol == 3 then "*" else "[\(.protocol)]" end) +
		":\(.interface // "*")"' | sort
}
for expression in 'src link:*' 'src link:0x88b5' 'src link:34997:lo' 'src link:ip' 'src link:all' 'src link:*:lo' \
	'src link:*:eth9' 'not src link:ip' 'dst link:*' autobound 'not autobound'; do
	read -ra words <<<"$expression"
	is "ss; $(name "$expression")" "$(set -f; packets_by_estab "${words[@]}" | xargs)" "$(set -f; packets_by_ss "${words[@]}" | xargs)"
done

# ---- cgroups ----

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [[ -n $cgroup && -r $cgroup ]] && ss -taH cgroup "$cgroup" >/dev/null 2>&1; then
	for expression in "cgroup $cgroup" "cgroup = $cgroup" "cgroup != $cgroup" "not cgroup $cgroup" "cgroup $cgroup sport :2001"; do
		read -ra words <<<"$expression"
		is "ss; $(name "${expression//$cgroup/PATH}")" "$(by_estab "${words[@]}" | xargs)" "$(by_ss "${words[@]}" | xargs)"
	done
else
	skip "ss; cgroup" "no cgroup of version 2 that ss can read"
fi

# ---- what is read ----

# rows ARGUMENT...: how many rows the kernel's TCP table gave.
rows()
{
	"$ESTAB" -ta --source=diag --json --columns proto "$@" | jq '[.end.sources[] | select(.table == "tcp") | .rows] | add'
}
all=$(rows)
is "the kernel gives one socket where one is asked for" "$(rows sport = :2001)" 1
is "and all of them where it isn't told" "$(rows --no-pushdown sport = :2001)" "$all"
is "what it does not know does not keep it from the rest" "$(rows 'sport 2001 and process = mksock and tcp.rtt_us > 0')" 1
is "nor what is below a not" "$(rows 'not (sport != 2001 or process = nobody)')" 1
is "a table that can't match isn't read" "$("$ESTAB" -tua --json 'proto = udp' | jq -c '[.end.sources[].table]')" \
	"$("$ESTAB" -ua --json | jq -c '[.end.sources[].table]')"
# owners ARGUMENT...: whether anybody's descriptors were looked at, and how many rows there are.
owners()
{
	"$ESTAB" -ta --source=diag --json "$@" | jq -c '[any(.end.sources[]; .table == "owners"), (.sockets | length)]'
}
is "owners are looked for where the filter asks" "$(owners 'sport 2001 and process = mksock')" "[true,1]"
is "owners are not looked for when no row is left" "$(owners 'sport 1 and process = mksock')" "[false,0]"
is "not even where any would do" "$(owners 'sport 1 and (process = mksock or uid = 0)')" "[false,0]"
is "owners that are someone else" "$(owners 'sport 2001 and process = nobody')" "[true,0]"
is "whoever asks by owners sees them" "$("$ESTAB" -taH 'sport 2001 and process = mksock' | grep -c mksock)" 1

# ---- who may not ask ----

if [[ -n $marked ]]; then
	# A table that the kernel refuses for its filter is asked for without it.
	is "no mark is known to an ordinary user" "$(as_nobody "$ESTAB" -taH fwmark 7 | wc -l)" 0
	is "none is taken for 0" "$(as_nobody "$ESTAB" -taH fwmark 0 | wc -l)" 0
	is "what else was asked for is found" "$(as_nobody "$ESTAB" -taH 'fwmark 7 or sport 2001' | wc -l)" 1
fi

# ---- another namespace's devices ----

if ip netns add there 2>/dev/null; then
	ip -n there link set lo up
	ip -n there link add filler type veth peer name filled
	ip -n there link add eth9 type veth peer name eth10
	ip -n there link set eth9 up
	ip netns exec there "$MKSOCK" tcp-device:port=2031,device=eth9 >"$tmp/there" < <(sleep 30) &
	there=$!
	for ((i = 0; i < 100; i++)); do
		grep -qs '"ready":true' "$tmp/there" && break
		sleep 0.05
	done
	is "a device is the namespace's own" "$("$ESTAB" -N there -taH dev eth9 | wc -l)" 1
	is "the kernel is told its number there" "$("$ESTAB" -N there -ta --json --columns proto dev eth9 | jq '[.end.sources[] | select(.table == "tcp") | .rows] | add')" 1
	kill "$there" 2>/dev/null
else
	skip "a device is the namespace's own" "no named network namespaces here"
fi

# ---- explained ----

"$ESTAB" -t --columns proto --explain 'dport = 443 and not src 10.0.0.0/8 and process = nginx' >"$tmp/explained"
is "explained" "$(cat "$tmp/explained")" "filter: dport = 443 and not src 10.0.0.0/8 and process = nginx
tcp: IPv4 and IPv6; states: established, syn-sent, fin-wait-1, fin-wait-2, close-wait, last-ack, closing
  the kernel (sock_diag) is asked for one peer port: 443
  the kernel (sock_diag) is told:
       0: peer port = 443, else leave it out
      12: local address in 10.0.0.0/8, mapped too, else take it
      28: leave it out
owners: descriptors of all processes, unless no row is left by then, until a few rows all match; command names
decided before owners are looked for:
  dport = 443
  src 10.0.0.0/8
decided when owners are known:
  process = nginx"
check "it says what the kernel is not told" grep -q 'the kernel gives them all' <("$ESTAB" -t --explain 'tcp.rtt_us > 1ms')
check "and when nothing can match" grep -q 'nothing is read' <("$ESTAB" -t --explain 'proto = udp')
is "an error is shown in its place" "$("$ESTAB" --explain prot = tcp 2>&1)" 'estab: filter: no such field or word "prot"; did you mean proto?
  prot = tcp
  ^'

# ---- the manual's examples ----

n=0
while read -r line; do
	n=$((n + 1))
	# shellcheck disable=SC2294
	output=$(eval "\"\$ESTAB\" ${line#estab }" 2>&1 >/dev/null)
	status=$?
	is "manual; $(name "$line")" "$status $(grep -c '^estab: filter' <<<"$output")" "0 0"
done < <(sed -n '/^# EXAMPLES/,/^# SEE/p' "$ESTAB_SRCDIR/man/estab-filter.7.scd" | grep '^estab ')
check "twenty examples" test "$n" -ge 20
