#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of netstat: for a fleet of sockets the output is that of netstat itself, to the last
# blank, for every option and for what people combine. What differs on purpose is in docs/COMPAT.md.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command netstat awk
need_root
in_netns "$@"
cd "$tmp" || exit 1
[[ $(netstat -V) == *'net-tools 2.10'* ]] || skip_all "netstat is not that of net-tools 2.10"

# same: timers go on, and what is not acknowledged is sent again.
same()
{
	sed -E 's/ on \([0-9.]+\/[0-9]+/ on (/; s/\([0-9.]+\//(/'
}

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 \
	tcp-listen:port=2003,family=inet6,v6only=1 tcp-listen:addr=0.0.0.0,port=2004 \
	tcp-listen:addr=::,family=inet6,port=2005 tcp-established:port=2010,unread=5 \
	tcp-established:port=2011,family=inet6 tcp-established:port=2012,family=mapped \
	tcp-keepalive:port=2013 tcp-pending:port=2016,count=2 tcp-close-wait:port=2017 \
	tcp-time-wait:port=2018 tcp-syn-sent:port=2019 tcp-syn-recv:port=2020 \
	tcp-many-owners:port=2021,count=2 tcp-user:port=2022,uid=65534 tcp-bound:port=2023 \
	tcp-scope:port=2024 tcp-established:port=443 tcp-listen:port=22 \
	udp-unconnected:port=3001,unread=2 udp-connected:port=3002 \
	udp-unconnected:port=3003,family=inet6 udp-unconnected:port=53 udplite:port=3004 raw \
	raw:protocol=89 icmp-ping unix-stream-listen:abstract=lst,pending=2 \
	unix-stream:path="$tmp/s" unix-dgram:path="$tmp/d" unix-seqpacket:abstract=sq unix-pair

# A long address, for what is cut.
ip -6 addr add 2001:db8:1234:5678:9abc:def0:1234:5678/128 dev lo nodad
start_mksock tcp-listen:family=inet6,addr=2001:db8:1234:5678:9abc:def0:1234:5678,port=2030

pairs netstat <<'END'

-a
-n
-an
-t
-ta
-tn
-tan
-tl
-tln
-l
-ln
-u
-ua
-un
-uan
-ul
-uln
-U
-Ua
-Uan
-w
-wa
-wan
-wln
-x
-xa
-xn
-xan
-xl
-xp
-xap
-xlp
-tu
-tun
-tuan
-tul
-tuln
-tulp
-tulpn
-tulnp
-plnt
-plunt
-antp
-antup
-anp
-nap
-lnp
-p
-e
-ee
-ae
-tae
-taen
-tane
-tanee
-anpe
-anpee
-uane
-wane
-xane
-o
-ao
-tao
-tano
-tanop
-tanoe
-anpeo
-uano
-wano
-W
-aW
-anW
-tanW
-tanpeW
-tanpeoW
-N
-Nan
-4
-6
-4a
-6a
-4n
-4an
-6an
-4tan
-6tan
-4tln
-6tulpn
-46an
-4uan
-4wan
-A inet
-A inet -a
-A inet -an
-A inet6 -an
-A inet,inet6 -an
-A unix
-A unix -a
-A unix,inet -an
-A inet,unix -ln
-A bogus
-A ipx
-A ax25
-A x25
-A netrom
-A rose
--inet
--inet -a
--inet6 -an
--unix
--unix -a
--ip -an
--protocol=inet -an
--protocol inet6 -an
--ipx
--ax25
--x25
--netrom
--rose
-S
-2
-f
-v
-va
-van
-vtan
-Z
-y
--bogus
-M
-i -r
-C
-F
-d
-dan
--tcp --all --numeric
--udp --listening --programs --numeric
--raw --all
--udplite -a
--listening --numeric
--all --extend --numeric
--all --timers --numeric
--wide -an
--symbolic -an
--verbose -an
--numeric-hosts -a
--numeric-ports -a
--numeric-users -ae
--numeric-hosts --numeric-ports -ta
--numeric-ports --numeric-users -tae
--numeric-hosts -tlp
END
judge same

# ---- without privileges ----

is "programs of others" "$(as_nobody "$ESTAB" netstat -tlnp 2>/dev/null)" "$(as_nobody netstat -tlnp 2>/dev/null)"
# One of its own it sees, whoever else of nobody's is about; what is missing is said before the listing.
# shellcheck disable=SC2016 # the shell within expands it
seen=$(as_nobody bash -c 'exec 9<>/dev/udp/127.0.0.1/3098; netstat -anp 2>&1 9>&-; echo =; "$0" netstat -anp 2>&1 9>&-' "$ESTAB")
is "programs of its own, and what is said" "$(sed '1,/^=$/d' <<<"$seen" | same)" "$(sed '/^=$/,$d' <<<"$seen" | same)"
is "which is there" "$(grep -c '127.0.0.1:3098 .*/bash' <<<"$seen") $(grep -c '^(Not all processes' <<<"$seen")" "2 2"

# ---- names that are not to be trusted ----

esc=$'\e'
start_mksock unix-bound:path="$tmp/${esc}[31mred"$'\nline\x01\xff' udp-connected:port=3099
mkfifo held
(exec -a "/x/ev${esc}[2J"$'il\nname\x9b' bash -c 'exec 9<>/dev/udp/127.0.0.1/3099; read -r -t 20 <held') &
holder=$!
for ((tries = 0; tries < 100; tries++)); do
	"$ESTAB" netstat -uanp | grep -q "$holder/" && break
	sleep 0.05
done
for how in -xa -xap -uanp -anp -anpeo -anpW -cxa; do
	timeout 1 "$ESTAB" netstat $how >hostile 2>&1
	is "nothing that a terminal obeys, $how" "$(LC_ALL=C grep -acP '[\x00-\x09\x0b-\x1f\x7f-\x9f]' hostile)" 0
done
is "a path is escaped" "$("$ESTAB" netstat -xa | grep -cF "/\\x1b[31mred")" 1
is "a program is cut as ever" "$("$ESTAB" netstat -uanp | grep -oF "$holder/ev\\x1b[2J" | head -n 1 | cut -c1-19)" "$(cut -c1-19 <<<"$holder/ev\\x1b[2J")"
kill "$holder" 2>/dev/null
wait "$holder" 2>/dev/null

# ---- no pair ----

check "help" "$ESTAB" netstat -h
check "version" "$ESTAB" netstat -V
ln -s "$(readlink -f "$ESTAB")" netstat
is "called as netstat" "$(./netstat -tln | grep -c :2001)" 1
is "a word for IP that netstat itself trips over" "$("$ESTAB" netstat -an --tcpip | same)" "$(netstat -an --inet | same)"
is "a name with a blank is whole" "$(
	start_mksock unix-bound:path="$tmp/a b"
	"$ESTAB" netstat -xa | grep -c "$tmp/a b\$"
)" 1
is "again and again" "$(timeout 60 "$ESTAB" netstat -ctln | grep -m 3 -c Active)" 3
is "disk full" "$("$ESTAB" netstat -ta 2>&1 >/dev/full; echo $?)" "netstat: No space left on device
1"
is "a reader that goes away" "$("$ESTAB" netstat -ta | :; echo "${PIPESTATUS[0]}")" "141"
