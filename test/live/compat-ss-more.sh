#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of ss, what needs more than a pipe: -K and -E on the same traffic, a terminal's width,
# and names of hosts, which are asked for.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command ss awk script
need_root
in_netns "$@"
cd "$tmp" || exit 1
[[ $(ss -V) == *iproute2-6.1.* ]] || skip_all "ss is not that of iproute2 6.1"

# plain: ports that the kernel chose, ages, and how many blanks divide columns do not count.
plain()
{
	sed -E 's/:[3-6][0-9]{4}\b/:PORT/g; s/timer:\(([a-z]+),[^)]*\)/timer:(\1)/; s/(lastsnd|lastrcv|lastack|busy):[0-9]+(ms)?//g
		s/( sk:)[0-9a-f]+|( ino:)[0-9]+/\1\2/g; s/ (rtt|minrtt|ato|rto|rcv_rtt):[0-9./]+//g
		s/ (send|pacing_rate|delivery_rate) [0-9.]+[A-Za-z]+(\/[0-9.]+[A-Za-z]+)?//g
		s/[ \t]+/ /g; s/ $//'
}

# ---- -E: both hear of the same ends ----

stdbuf -oL ss -E -n >theirs.all 2>/dev/null &
followers=($!)
stdbuf -oL ss -E -tni dport = 2010 >theirs.tcp 2>/dev/null &
followers+=($!)
stdbuf -oL ss -E -unH -4 >theirs.udp 2>/dev/null &
followers+=($!)
"$ESTAB" ss -E -n >ours.all &
followers+=($!)
"$ESTAB" ss -E -tni dport = 2010 >ours.tcp &
followers+=($!)
"$ESTAB" ss -E -unH -4 >ours.udp &
followers+=($!)
sleep 0.5
start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 tcp-established:port=2010,count=3 \
	tcp-established:port=2011,family=inet6 udp-unconnected:port=3001 udp-connected:port=3002 \
	udp-connected:port=3003,family=inet6
stop_mksock
for ((tries = 0; tries < 100; tries++)); do
	cmp -s <(plain <ours.all) <(plain <theirs.all) && cmp -s <(plain <ours.tcp) <(plain <theirs.tcp) &&
		cmp -s <(plain <ours.udp) <(plain <theirs.udp) && [[ $(wc -l <ours.all) -ge 17 && -s ours.udp ]] && break
	sleep 0.05
done
kill "${followers[@]}"
wait "${followers[@]}" 2>/dev/null
for which in all tcp udp; do
	is "-E, $which" "$(plain <ours.$which)" "$(plain <theirs.$which)"
done
is "-E tells of each once" "$(grep -c '^tcp.*:2010 ' ours.all) $(grep -c '^udp.*:3001 ' ours.all)" "9 1"
if ip netns add other; then
	ip netns exec other ip link set lo up
	"$ESTAB" ss -E -tnH -N other >ours.other &
	followers=($!)
	# Not as_nobody: it is to be ended, not a shell that waits for it.
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$ESTAB" ss -E -tnH >ours.nobody &
	followers+=($!)
	sleep 0.3
	"$MKSOCK" tcp-listen:port=2003 </dev/null >/dev/null
	ip netns exec other "$MKSOCK" tcp-listen:port=2004 </dev/null >/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		[[ -s ours.other && -s ours.nobody ]] && break
		sleep 0.05
	done
	kill "${followers[@]}"
	wait "${followers[@]}" 2>/dev/null
	is "-E of another namespace, and of that one only" "$(plain <ours.other)" "UNCONN 0 0 127.0.0.1:2004 0.0.0.0:*"
	is "-E takes no privilege" "$(plain <ours.nobody)" "UNCONN 0 0 127.0.0.1:2003 0.0.0.0:*"
	ip netns del other
else
	skip "-E of another namespace" "ip netns add does not work here"
fi
is "-E of nothing that is told" "$("$ESTAB" ss -E -x >out 2>&1; echo $?)" "$(ss -E -x >out 2>&1; echo $?)"
is "-E, disk full" "$("$ESTAB" ss -E -t 2>&1 >/dev/full & pid=$!; sleep 0.3; "$MKSOCK" tcp-listen:port=2005 </dev/null >/dev/null
	wait $pid; echo $?)" "ss: standard output: No space left on device
1"

# ---- -K: twins are closed, one by each ----

twins()
{
	local name=$1 first=$2
	shift 2
	ss -K "$@" >theirs 2>/dev/null
	echo "status $?" >>theirs
	"$ESTAB" ss -K "${@//$first/$((first + 100))}" >ours 2>complaint
	echo "status $?" >>ours
	is "-K $name" "$(plain <ours | sed "s/$((first + 100))/$first/g")" "$(plain <theirs)"
}

start_mksock tcp-established:port=2210,count=3 tcp-established:port=2310,count=3 tcp-listen:port=2220 \
	tcp-listen:port=2320 tcp-established:port=2230,family=inet6 tcp-established:port=2330,family=inet6 \
	udp-connected:port=2240 udp-connected:port=2340 tcp-time-wait:port=2250 tcp-time-wait:port=2350 \
	tcp-pending:port=2260,count=2 tcp-pending:port=2360,count=2 tcp-established:port=2270,family=mapped \
	tcp-established:port=2370,family=mapped tcp-established:port=2390 tcp-close-wait:port=2280 tcp-close-wait:port=2380
if ! ss -K -Htn dport = 2390 2>&1 | grep -q 2390; then
	skip "-K" "this kernel closes no sockets for others"
else
	twins "connections" 2210 -tn dport = 2210
	twins "of the other end" 2210 -tanp sport = 2210
	twins "a listener" 2220 -tln sport = 2220
	twins "IPv6" 2230 -6tn dport = 2230
	twins "UDP" 2240 -un dport = 2240
	twins "time-wait" 2250 -tan sport = 2250
	twins "waiting to be accepted" 2260 -tne sport = 2260
	twins "mapped IPv4" 2270 -tnH dport = 2270
	twins "close-wait, all tables" 2280 -n dport = 2280
	twins "nothing" 2299 -tan sport = 2299
	is "they are gone" "$(ss -Htan '( sport > :2300 and sport < :2380 ) or ( dport > :2300 and dport < :2380 )' |
		grep -cv 'TIME-WAIT\|LISTEN\|FIN-WAIT')" 0
	is "but the neighbour's are there" "$(ss -Htln sport = :2360 | wc -l)" 1
fi
is "-K without privileges" "$(as_nobody "$ESTAB" ss -KHtln sport = 2360 2>&1; echo $?)" \
	"ss: SOCK_DESTROY answers: Operation not permitted
0"
is "closes nothing" "$(ss -Htln sport = :2360 | wc -l)" 1
is "-K of unix sockets closes and shows none" "$("$ESTAB" ss -KHxa; echo $?)" 0
stop_mksock

# ---- a terminal ----

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 tcp-established:port=2010,count=2 \
	tcp-established:port=2011,family=inet6 udp-unconnected:port=3001 unix-stream:path="$tmp/s" \
	unix-dgram:abstract=name-of-some-length
for columns in 20 40 61 80 100 132 200 333; do
	for words in -tan -tanp -tHn -ua -xa -an '-tanO sport = 2001'; do
		if [[ $words == -an ]]; then
			words='-an -A inet,unix'
		fi
		for tool in ss "$ESTAB ss"; do
			shell_on_terminal "stty cols $columns; COLUMNS=7 $tool $words 2>/dev/null"
		done >screen
		lines=$(wc -l <screen)
		is "$columns columns, $words" "$(tail -n $((lines / 2)) screen)" "$(head -n $((lines / 2)) screen)"
	done
done
stop_mksock

# ---- names of hosts ----

printf '127.0.0.1 one.test here.test\n127.0.0.2 two.test\n::1 six.test\n127.0.0.1 both.test\n::1 both.test\n' >hosts
mount --bind hosts /etc/hosts
start_mksock tcp-listen:port=443 tcp-established:port=80,count=2 tcp-established:port=2501,family=inet6 \
	udp-connected:port=53 udp-unconnected:port=2503 tcp-listen:port=2504,addr=127.0.0.2
pairs ss <<'END'
-tan dst one.test
-tan dst = one.test
-tan dst eq one.test
-tan src one.test:http
-tan dst one.test:80
-tan dst here.test:bogus
-tan not dst one.test
-tan ! dst one.test
-tan dst one.test and sport = :80
-tan sport = :80 or src two.test
-tan ( src two.test or sport = :443 )
-tan src one.test or src two.test
-4tan dst both.test
-6tan dst both.test
-6tan src six.test
-tan src inet6:six.test:2501
-tan dst inet:both.test
-tan dst inet6:both.test
-tan dst inet6:[::1]
-tan dst [::1]:2501
-tan dst nosuch.invalid
-tan dst nosuch.invalid:80
-tan dst any
-tan dst default
-tan dst 0.0.0.0/0
-tan src 127
-tan src 127.0.0.0/8:https
-tan dport = :http
-tan dport = http
-tan sport https
-tan sport = :nosuchservice
-uan src one.test:domain
-tan dev lo
-tan dev 1
-tan dev != 1
-tan dev nosuch
-tan dev = nosuch
-tan autobound
-uan autobound
-xan autobound
-tar
-Hrta
-rtl
-uar
-tr dport = :http
-tarn
-taro src one.test
-tarp sport = :https
END
judge plain
is "all addresses of a name" "$("$ESTAB" ss -Htan src both.test | sed 's/[^[]*//' | grep -c .) $("$ESTAB" ss -Htan src both.test | wc -l)" \
	"$("$ESTAB" ss -Htan src '[::1]' | wc -l) $(($("$ESTAB" ss -Htan src '[::1]' | wc -l) + $("$ESTAB" ss -Htan src 127.0.0.1 | wc -l)))"
