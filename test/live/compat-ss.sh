#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of ss: for a fleet of sockets the output is that of ss itself, for every option and for
# what people combine. What differs on purpose is in docs/COMPAT.md, and taken out here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command ss awk
need_root
in_netns "$@"
cd "$tmp" || exit 1
[[ $(ss -V) == *iproute2-6.1.* ]] || skip_all "ss is not that of iproute2 6.1"

# same: what is another one each time is taken out, columns are divided by one blank.
#  - timers and ages go on; a packet's retransmission may come between
#  - the reader's own socket, whose number is in its queue's cell too
#  - netlink sockets in a group, which the kernel's dump has twice, and the order of all of them: it is
#    that of a hash table of the whole host, which may be resized between two readings
#  - the device of a unix socket's file, which ss decodes wrongly
#  - lines of bits by name that packet_raw lists too
same()
{
	sed -E 's/timer:\(([a-z]+),[^)]*\)/timer:(\1)/; s/(lastsnd|lastrcv|lastack|busy):[0-9]+(ms)?//g
		s/ dev:[0-9]+\/[0-9]+//;  s/^(Total:|TCP: ).*/\1/; s/ +$//; s/[ \t]+/ /g' |
		grep -aEv ' (tcpdiag|4):-?(ss|estab|[0-9]+)[/0-9]* \*' |
		awk '
			function tell(i, j, row)
			{
				for (i = 2; i <= held; i++) {
					row = rows[i]
					for (j = i - 1; j > 0 && rows[j] > row; j--)
						rows[j + 1] = rows[j]
					rows[j + 1] = row
				}
				for (i = 1; i <= held; i++)
					print rows[i]
				held = 0
			}
			/^\001/ { split("", seen) }
			/ (rtnl|0):/ && seen[$0]++ { next }
			/ [a-z0-9]+:(-?[0-9]+|[^ :]+\/[0-9]+|kernel) \*( |$)/ { rows[++held] = $0; next }
			/^ / && held { rows[held] = rows[held] "\n" $0; next }
			{ tell(); print }
			END { tell() }'
}

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 \
	tcp-listen:port=2003,family=inet6,v6only=1 tcp-established:port=2010,unread=5 \
	tcp-established:port=2011,family=inet6 tcp-established:port=2012,family=mapped \
	tcp-keepalive:port=2013 tcp-device:port=2014 tcp-mark:port=2015 \
	tcp-pending:port=2016,count=2 tcp-close-wait:port=2017 tcp-time-wait:port=2018 \
	tcp-many-owners:port=2021,count=2 tcp-user:port=2022,uid=65534 tcp-bound:port=2023 \
	tcp-scope:port=2024 tcp-established:port=443 tcp-listen:port=22 \
	udp-unconnected:port=3001,unread=2 udp-connected:port=3002 \
	udp-unconnected:port=3003,family=inet6 udp-unconnected:port=53 udplite:port=3004 raw \
	raw:protocol=89 icmp-ping unix-stream:path="$tmp/s" unix-dgram:path="$tmp/d" \
	unix-seqpacket:abstract=sq unix-pair mptcp:talk=1 netlink:protocol=0,group=1 netlink \
	packet:type=raw,filter=5 packet:type=dgram,ring=1 packet:type=raw,fanout=7
mkdir -p /run/netns && ip netns add other

# ---- tables and states ----
pairs ss <<'END'

-a
-n
-l
-ln
-H
-Hn
-t
-ta
-tl
-tan
-tln
-tlnH
-t -a -n
-u
-ua
-uan
-ul
-w
-wa
-wan
-x
-xa
-xl
-xH
-M
-Ma
-Ml
-0
-0a
-0an
-tu
-tua
-tul
-tuln
-tulna
-tuwx
-tuwxa
-4
-6
-4a
-6a
-4t
-6t
-4ta
-6tan
-4ua
-6uan
-4 -x
-4l
-6l
-f inet
-f inet6
-f link
-f unix
-f netlink
-f netlink -n
-f inet -l
-f bogus
--tcp --all --numeric
--udp --listening
--raw -a
--unix --all
--mptcp --all
--packet
--ipv4 -a
--ipv6 -a
--family=inet -t
--no-header -ta
-A tcp
-A tcp -a
-A all
-A all -a
-A inet
-A inet -a
-A tcp,udp
-A tcp,udp -a
-A tcp,mptcp -an
-A raw -a
-A unix
-A unix -a
-A unix_stream -a
-A u_str -a
-A u_dgr -a
-A u_seq -a
-A unix_dgram,unix_seqpacket -a
-A packet -a
-A netlink
-A netlink -a
-A !tcp -a
-A !unix,!netlink -a
-A all,!tcp -a
-A bogus
--query=udp -a
--socket=udp -a
-y
--bogus
-N nope
-N other -ta
-N other -a
--net=other
END

# ---- what is shown of them ----
pairs ss <<'END'
-to
-tao
-uao
-ao
-e
-tae
-te
-uae
-xae
-xe
-Mae
-0e
-0ae
-wae
-f netlink -e
-ae
-m
-tm
-tam
-uam
-xam
-Mam
-0am
-f netlink -m
-am
-i
-ti
-tai
-tani
-Mai
-uai
-xai
-ai
-toi
-taoi
-taie
-tami
-tanmi
-Mami
-temi
-taneim
-tO
-taiO
-tanieO
-taneimO
-tame --oneline
-ta --tos
-uan --tos
-ta --cgroup
-uan --cgroup -H
-ta --inet-sockopt
-uan --inet-sockopt
-tanO --inet-sockopt
-tan --tos --cgroup --inet-sockopt
-Man --tos
-p
-tp
-tap
-tnp
-tlp
-tlnp
-tulpn
-tulnp
-tanp
-xp
-xap
-up
-uap
-lp
-ap
-tapO
-tanpe
-tanpei
-tanpo
-tanpm
-lntpe
-tT
-taT
-tapT
-lnT
-b
-0b
-0be
-0beO
-0bO
-ab
-0beamO
-r -x
-s
-ts
-s -t -a
--summary
-tano
-tunapOe
-Z
-z
-tZ
--context
END

# ---- together, as people do ----
pairs ss <<'END'
-4tulpn
-6tulpn
-tulwnp
-tuwan
-tn4
-tn6a
-f inet -tan
-f inet6 -tan
-f inet -A tcp
-A inet -f inet6
-A inet -f inet6 -a
-x -t
-tx -a
-xtu
-f unix -l
-f unix -ap
-A unix_stream -l
-A tcp -l
-l -A tcp,udp,raw
-A all -l
-0p
-0n
-f link -e
-f link -m
-f link -t
-f netlink -p
-f netlink -em
-f netlink -t
-wp
-wnp
-we
-wam
-wai
-wao
-Mn
-Mi
-Mo
-Mep
-Map
-MO
-MaiO
-HO -tai
-N other -tul
-N other -x
-tai -N other
-bt
-be
-bO
-T -x
-Tp -ul
-tlT
-aT
--tos -6ta
--tos -e -t
--cgroup -x
--cgroup -e -t
--inet-sockopt -6ta
--inet-sockopt -e -tanO
-tmO
-uamO
-xamO
-xmp
-xemp
-xaem
-0amb
-0aeb
-s -x
-s -4
-s state established
-l state established
-a state listening
-tl state established
state established state listening -t
-t state established -a
-tan state established exclude listening
-t state ESTABLISHED
-t state Listening
-t exclude closed
-t exclude bogus
-t state
-t exclude
-t excl established
-t state closing
-t state syn-rcv
-t state syn-recv
-t state last-ack
-t state fin-wait-1
-u state unconnected
-u state closed
-x state unconnected
-x state connected
-w state all
-M state all
-0 state all
-f netlink state all
-f
-A
-A tcp,
-A tcp,bogus
-A tcp -A udp -a
-A !bogus
-A packet -e
-N
--family inet -t
--query tcp,udp -l
--tcp --udp --listening --numeric --processes
--extended --memory --info -t
--options -t
--threads --processes -t
--bpf -0
--contexts
--net other -t
--oneline --info -t
--summary --tcp
--tcp --all --oneline --extended --options
--no-header --unix --listening
--packet --extended
END

# ---- filters ----
pairs ss <<'END'
state established
state listening
state all
state connected
state synchronized
state bucket
state big
state closed
state close
state unconnected
state time-wait
state syn-sent
state fin-wait-2
state close-wait
state bogus
-t state established
-t state listening
-ta state established
-t state all
-t state big
-t state connected
-tn state established state time-wait
-t exclude established
-ta exclude listening
-t exclude listening exclude time-wait
-u state established
-x state listening
-4 state all
-Htan state established ( dport = :443 )
-tan sport = :22
-ta sport = :ssh
-ta dport = :https
-tan sport :2001
-tan sport = 2001
-tan ( sport = :2001 or dport = :2010 )
-tan sport = :2001 or sport = :2002
-tan sport eq :2001
-tan sport != :2001
-tan sport ne :2001
-tan sport neq 2001
-tan sport > :2010
-tan sport gt :2010
-tan sport >= 2010 and sport <= 2016
-tan sport ge :2010 and sport le :2016
-tan sport geq :2010 sport leq :2016
-tan sport lt :2010
-tan dport > :2010 or sport = :2001 and dport = :2010
-tan sport = :2001 or dport = :2010 and sport = :2002
-tan not sport = :2001
-tan ! sport = :2001
-tan not ( sport = :2001 or sport = :2002 )
-tan sport = :2001 and not dport = :2010
-tan sport = :2010 && dst 127.0.0.1
-tan sport = :2010 || sport = :2011
-tan dst 127.0.0.1
-tan dst 127.0.0.1:2010
-tan dst 127.0.0.0/8
-tan dst 127.0.0.0/8:2010
-tan src 127.0.0.1:22
-tan src = 127.0.0.1:22
-tan src 10.0.0.0/8
-tan src [::1]
-tan src [::1]:2011
-tan dst [::1]
-tan src inet:127.0.0.1
-tan src *:2001
-tan src :2001
-tan dev lo
-tan dev = lo
-tan dev != lo
-tan fwmark = 51966
-tan fwmark = 0xcafe/0xffff
-tan autobound
-ua dst 127.0.0.1:3002
-uan sport = :53
-ua sport = :domain
-an src unix:*sq
-xa src *sq
-xa src @sq
-xa src */s
-x src nothing
-tan sport = :2001 dst
-tan bogus
-tan sport = x1
-tan ( sport = :1
-tan sport = :1 )
-tan sport
-tan fwmark = x
-tan and
-tanH sport = :22 or dport = :443
-tan sport 22
-tan ( sport = :22 ) src 127.0.0.1
-tan sport <= :2001
-tan dport < 100
-tan sport != 22 and sport != 2001
-tan src 127.0.0.1:2001 or src [::1]:2002
-tan src [::]
-tan dst [::ffff:127.0.0.1]
-tan src 0.0.0.0
-tan src *:*
-tan src :
-tan dst 127.0.0.1:*
-tan dst *:2010
-tan src *:2010 dst 127.0.0.1
-tan fwmark 51966
-tan fwmark = 0xcafe
-tan fwmark != 0xcafe
-tan fwmark = 0xca00/0xff00
-tan fwmark = 0
-tan dev = lo and sport = :2014
-tan not dev lo
-tan not not sport = :22
-tan ! ( sport = :22 )
-tan sport = :22 || sport = :2001 && dport = :2010
-tan sport = :ssh
-tan dport == 2010
-tan sport = :22,2001
-tan sport = :22 and
-tan or sport = :22
-tan not
-tan (
-tan sport = -1
-tan sport = :0
-tan sport > :0
-tan dst 127.0.0.1/33
-tan dst 127.0.0.1/8
-tan dst 127.0.0.1/0
-tan dst 300.0.0.1
-tan dst [::1
-tan dst
-tan dst =
-tan src 127.0.0.1 dst 127.0.0.1
-tan src 127.0.0.1 and not dst 127.0.0.1
-uan sport 53 or sport 3001
-uan dst 127.0.0.1:3002 or src [::1]
-xa src /tmp
-xa src */d
-xa src unix:*/s
-xa not src *sq
-an src link:*
-0an src ip
-0an src *:lo
-f netlink src rtnl
-f netlink src genl:kernel
-f netlink src *:kernel
-an src inet:127.0.0.1:2001
-tan src inet6:[::1]:2011
-an dst inet6:[::1]
-ie -tn sport = :2010
-tanp sport = :2021
-tnpo state established dport = :2013
-tlnp sport = :22
-tulpn sport = :53
-mipe -tan dport = :2010
-Hn -o state established ( dport = :443 or sport = :443 )
-HOn -ti dst 127.0.0.1:443
END
cat >filter <<'END'
# only these
sport = :2001
or sport = :2010
END
pair ss -tan -F filter
pair ss -tan -F nofile
judge same

# ---- no pair ----

is "version" "$("$ESTAB" ss -V)" "ss utility, estab-$("$ESTAB" --version | sed 's/.* //')"
check "help" "$ESTAB" ss -h
ln -s "$(readlink -f "$ESTAB")" ss
is "called as ss" "$(./ss -tlnH sport = :2001 | tr -s ' ')" "LISTEN 0 128 127.0.0.1:2001 0.0.0.0:*"
is "without queues" "$("$ESTAB" ss -tlnHQ sport = :2001 | tr -s ' ')" "LISTEN 127.0.0.1:2001 0.0.0.0:*"
is "bound, and no more" "$("$ESTAB" ss -tnHB | tr -s ' ')" "0 0 127.0.0.1:2023 0.0.0.0:*"
is "the right device of a file" "$("$ESTAB" ss -xaeH | sed -n "s,.*$tmp/d .*dev:,,p" | tr -d ' ')" \
	"$(stat -c '%Hd/%Ld' "$tmp/d" 2>/dev/null || echo)"
is "a wrong filter" "$("$ESTAB" ss -t sport = x1 2>&1; echo $?)" \
	"ss: filter: expected a port; /etc/services has no such name
ss: here: x1
1"
for verb in ss netstat lsof list doctor fields summary; do
	is "$verb is no word of a filter" "$("$ESTAB" -t -- "$verb" 2>/dev/null; echo $?)" 2
done
# What is not told is unknown, and not 0.
subflows()
{
	grep -o 'tcp-ulp-mptcp.*' | sort
}
is "subflows as a user sees them" "$(as_nobody "$ESTAB" ss -tinO | subflows)" "$(as_nobody ss -tinO | subflows)"
is "there are some" "$(as_nobody "$ESTAB" ss -tinO | subflows | wc -l)" 2
is "a unix or netlink socket has no port" \
	"$("$ESTAB" ss -xaH sport ge 0; "$ESTAB" ss -aH sport ge 0 | grep -c "^u_\|^nl")" 0
is "a family is of its condition alone" "$("$ESTAB" ss -tlnH not dst unix:\* sport = :2001 | wc -l)" 1
is "disk full" "$("$ESTAB" ss -ta 2>&1 >/dev/full; echo $?)" "ss: standard output: No space left on device
1"
is "a reader that goes away" "$("$ESTAB" ss -ta | :; echo "${PIPESTATUS[0]}")" "141"
