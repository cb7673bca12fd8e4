#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of netstat, on files that this kernel would not make: a /proc of our own has AX.25 and IPX
# sockets, every flag of a route, and a number for every counter that netstat has a sentence for.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command netstat awk strings
need_root
in_netns "$@"
cd "$tmp" || exit 1
[[ $(netstat -V) == *'net-tools 2.10'* ]] || skip_all "netstat is not that of net-tools 2.10"

# ---- the files ----

cp /proc/net/snmp /proc/net/netstat /proc/net/snmp6 /proc/net/igmp6 "$tmp" || skip_all "no statistics here"
strings -n 2 "$(command -v netstat)" | grep -xE '[A-Z][A-Za-z0-9]+' | awk '!seen[$0]++' >names
check "netstat has names of counters" test "$(wc -l <names)" -gt 200

# counters EXPRESSION: the files of the kernel, with every name that netstat has in each section; the
# number of the i-th counter is that of the expression.
counters()
{
	local file
	for file in snmp netstat; do
		awk -v file=$file "function value(i) { return $1 }"'
			FNR == NR { names[n++] = $0; next }
			FNR % 2 == 0 { next }
			{
				split("", have)
				for (i = 2; i <= NF; i++) have[$i]
				if ($1 ~ /^(Ip|Icmp|Tcp|Udp|TcpExt):$/)
					for (i = 0; i < n; i++) if (!(names[i] in have)) $0 = $0 " " names[i]
				print
				line = $1
				for (i = 2; i <= NF; i++) line = line " " value(i)
				print line
			}' names "$tmp/$file" >"$tmp/proc/net/$file"
	done
	awk "function value(i) { return $1 }"'
		FNR == NR { if ($1 ~ /^(Ip6|Icmp6|Udp6)./) { p = $1; sub(/6.*/, "6", p); more[p] = more[p] " " $1 } next }
		{ p = $1; sub(/6.*/, "6", p); if (p != last && last) rest(); last = p; have[$1]; print $1, value(++k) }
		function rest(  i, m, w) { m = split(more[last], w, " "); for (i = 1; i <= m; i++) if (!(w[i] in have)) print w[i], value(++k) }
		END { rest() }' names snmp6 >"$tmp/proc/net/snmp6"
}

mkdir -p proc/net/ipx proc/net/sctp proc/self proc/1 proc/thread-self
ln -s ../net proc/self/net
ln -s ../net proc/1/net
ln -s ../net proc/thread-self/net
# Where the loader finds the directory of the program.
ln -s "$(readlink -f "$ESTAB")" proc/self/exe
cp igmp6 proc/net
cat >proc/net/ax25 <<'END'
ffff8880046a1000 bpq0 G4KLX-1 GB7DIP-2,G1ABC-1,G2DEF 3 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 33 44 5566
ffff8880046a1800 ??? LINKT-1 * 0 0 0 0 0 10 0 3 0 300 0 0 0 10 5 2 256 * * *
ffff8880046a1900 ax0 N0CALL G4KLX 1 2 1 0 0 10 0 3 0 300 0 0 0 10 5 2 256 0 0 77
ffff8880046a1a00 ax0 N0CALL G4KLX 2 7 7 0 0 10 0 3 0 300 0 0 0 10 5 2 256 0 9 78
ffff8880046a1b00 ax1 N1CALL-15 G9KLX-15 4 1 2 0 0 10 0 3 0 300 0 0 0 10 5 2 256 123456 7 79
END
cat >proc/net/ipx/socket <<'END'
Local_Address               Remote_Address              Tx_Queue  Rx_Queue  State  Uid
00000001:4003             Not_Connected                00000000  00000010  07     000
00000002:00A0C9112233:4003  00000001:00A0C9112244:0451  00000020  00000000  01     065534
00000003:0000000000AB:0451  00000004:000000000001:4002  00000000  00000000  02     4242424242
END
cat >proc/net/route <<'END'
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0102A8C0	0003	0	0	100	00000000	0	0	0
eth0	000011AC	00000000	0001	3	17	0	0000FFFF	1500	65535	12
eth0	0500000A	0102A8C0	0007	0	0	0	FFFFFFFF	0	0	0
eth0	0600000A	0102A8C0	001F	0	0	0	FFFFFFFF	0	0	0
eth0	0700000A	00000000	FBFF	0	0	0	FFFFFFFF	0	0	0
eth0	0800000A	00000000	0000	0	0	0	FFFFFFFF	0	0	0
*	0900000A	00000000	0201	0	0	4294967295	00FFFFFF	0	0	0
eth0.1234567890	0900000A	00000000	0001	1	0	-7	00FFFFFF	0	0	0
END
cat >proc/net/ipv6_route <<'END'
fd010000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 0000000a 00000001   veth-a
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000003 00000000 00450003     eth0
20010db8000000000000000000000001 80 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000000 00000003 00000000 01000003     eth0
20010db8000000000000000000000002 80 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000000 7fffffff 00000000 0104003b     eth0
fe800000000000000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 80000000 00000000 80200001       lo
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000004 00000000 ffffffff eth0.1234567890
END
{
	printf 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n'
	printf '%s\t\t\t\t%s 0:00000000\t\t0\n' $'1\tlo        :     1      V3\n' '010000E0     1' \
		$'2\teth0.1234567890:     1      V3\n' '010000E0     1' $'3\teth0.123456:     2      V3\n' 'FB0000E0   123'
} >proc/net/igmp

awk '/^Sctp./ { printf "%-32s\t%d\n", $1, NR }; END { print "SctpT1InitExpireds", 7; print "SctpT3Retransmits", 0 }' names >proc/net/sctp/snmp

# ---- the same of both ----

# at_fake_proc FUNCTION: runs it with that directory in the place of /proc.
at_fake_proc()
{
	mount --bind "$tmp/proc" /proc && "$1"
	umount /proc
}

statistics()
{
	pairs netstat <<-'END'
		-s
		-st
		-su
		-sw
		-sU
		-sS
		-stS
		-stu
		-stw
		-suw
		-s6
		-st6
		-su6
		-sw6
		-stw6
	END
}

others()
{
	pairs netstat <<-'END'
		-rn
		-rne
		-rnee
		-rn6
		-rnC6
		-rnCF6
		-gn
		-gn6
		--ax25
		--ax25 -a
		--ax25 -e
		--ax25 -n
		-A ax25
		-A ax25,x25
	END
}

# Its queues stand in the wrong columns there.
ipx()
{
	pairs netstat <<-'END'
		--ipx
		--ipx -a
		--ipx -e
		--ipx -ee
		--ipx -ne
		-A ipx -e --numeric-users
		-A ax25,ipx -ne
	END
}

for numbers in 'i' '0' 'i % 2 * 1234567' 'i % 3 == 2 ? 7 : 0' '"18446744073709551610"'; do
	counters "$numbers"
	at_fake_proc statistics
done
at_fake_proc others
judge cat
at_fake_proc ipx
exchanged()
{
	awk '/\1/ { last = $0 } /^IPX/ && !ours { q = substr($0, 7, 6); $0 = "IPX   " substr($0, 14, 6) " " q substr($0, 20) } { print }' ours="$1"
}
exchanged "" <theirs >theirs.exchanged && mv theirs.exchanged theirs
judge cat

# A kernel without some of it.
absent()
{
	pairs netstat <<-'END'
		-rn
		-rne
		-rn6
		-rn46
		-rnC
		-rnC6
		-gn
		-gn4
		-gn6
		-s
		-s6
		-st6
		--ax25
		--ipx
	END
}
mkdir hidden
mv proc/net/* hidden
compare_complaints=1
at_fake_proc absent
judge cat
# shellcheck disable=SC2034 # pair looks at it
compare_complaints=
mv hidden/* proc/net

# ---- natively ----

native()
{
	is "states of AX.25" "$("$ESTAB" -f ax25 -aH --columns local.name,ax25.state,ax25.vs,ax25.vr | awk '{ print $1, $2, $3, $4 }' | sort)" \
		"$(awk '{ split("listening sabm-sent disc-sent established recovery", s, " "); print $3, s[$5 + 1], $6, $7 }' proc/net/ax25 | sort)"
	is "and as JSON" "$("$ESTAB" -f ax25 -a --json --columns ax25 | tr -d ' \n' | grep -o '"ax25":{"state":"recovery","vs":1,"vr":2}')" \
		'"ax25":{"state":"recovery","vs":1,"vr":2}'
}
at_fake_proc native
