#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In the place of lsof, for sockets: for a fleet of them the output is that of lsof itself, for every
# option and for what people combine. What differs on purpose is in docs/COMPAT.md.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compat-lib.sh"
need_command lsof awk jq
need_root
in_pidns "$@"
cd "$tmp" || exit 1
[[ $(lsof -v 2>&1) == *"revision: 4.95."* ]] || skip_all "lsof is not revision 4.95"

# same: the flags of a file are not read, and so not told. Every blank counts.
same()
{
	sed -E 's/(^|\x00)G0x[0-9a-f]+;0x[0-9a-f]+(\x00|$)/\1/; /^$/d'
}

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 \
	tcp-listen:port=2003,family=inet6,v6only=1 tcp-listen:addr=0.0.0.0,port=2004 \
	tcp-listen:addr=::,family=inet6,port=2005 tcp-established:port=2010,unread=5 \
	tcp-established:port=2011,family=inet6 tcp-established:port=2012,family=mapped \
	tcp-pending:port=2016,count=2 tcp-close-wait:port=2017 tcp-time-wait:port=2018 \
	tcp-syn-sent:port=2019 tcp-many-owners:port=2021,count=2 tcp-user:port=2022,uid=65534 \
	tcp-user:port=2023,uid=4242 tcp-bound:port=2024 tcp-established:port=443 tcp-listen:port=22 \
	udp-unconnected:port=3001,unread=2 udp-connected:port=3002 \
	udp-unconnected:port=3003,family=inet6 udp-unconnected:port=53 udplite:port=3004 \
	unix-stream-listen:abstract=lst,pending=0 unix-stream:path="$tmp/s" unix-dgram:path="$tmp/d" \
	unix-seqpacket:abstract=sq unix-pair unix-bound:path="$tmp/b"
pid=$MKSOCK_PID
group=$(ps -o pgid= "$pid" | tr -d " ")

pairs lsof <<END
-i
-n -i
-P -i
-nP -i
-nPi
-i -n -P
-i -nP
-i4
-i6
-i 4
-i 6
-nPi4
-nP -i4 -i6
-nP -iTCP
-nP -iUDP
-nP -iudp
-nP -iUDPLITE
-nP -i TCP
-nP -i tcp
-nP -i4TCP
-nP -i 6TCP
-nP -i 4UDP
-nP -i6UDP
-i :2010
-nP -i :2010
-nPi:2010
-i:2010 -nP
-nP -i TCP:2010
-nP -i tcp:2010
-nP -i UDP:2010
-nP -i UDP:3001
-nP -i :2010,2011
-nP -i :2010-2012
-nP -i :22,2010-2012,3001
-nP -i :ssh
-i :ssh
-i :https
-i TCP:https
-i UDP:domain
-nP -i @127.0.0.1
-nP -i @127.0.0.1:2010
-nP -i TCP@127.0.0.1
-nP -i TCP@127.0.0.1:2010
-nP -i TCP@127.0.0.1:2010-2017
-nP -i 4@127.0.0.1:2010
-nP -i @[::1]
-nP -i @[::1]:2011
-nP -i 6@[::1]
-nP -i TCP@[::1]:2002
-nP -i @localhost:2001
-nP -i @10.1.2.3
-nP -i :9
-i :9
-Q -i :9
-nP -i :2010 -i :9
-nP -Q -i :2010 -i :9
-nP -i :2010 -i :2011
-nP -i UDP:3001 -i TCP:2001
-nP -i foo
-nP -i :foo
-nP -i TCP:
-nP -i @::1
-nP -i @nosuchhost.invalid
-nP -iTCP -sTCP:LISTEN
-iTCP -sTCP:LISTEN -P -n
-nP -iTCP -sTCP:listen
-nP -i -sTCP:LISTEN
-nP -i TCP -s TCP:LISTEN
-nP -i TCP -s TCP:^LISTEN
-nP -i -sTCP:ESTABLISHED
-nP -i TCP -sTCP:LISTEN,ESTABLISHED
-nP -i TCP -sTCP:CLOSE_WAIT,FIN_WAIT2,SYN_SENT
-nP -i TCP -sTCP:CLOSING
-nP -i -sTCP:BOGUS
-nP -i :2010 -sTCP:LISTEN
-nP -i :2001 -sTCP:LISTEN
-t -i
-ti
-t -i :2010
-ti :2010
-ti:2010
-ti :9
-t -iTCP:2001 -sTCP:LISTEN
-t -U
-nP -a -p $pid -i
-nP -a -p $pid -i :2010
-nP -p $pid -a -i TCP
-nP -a -p 1,$pid -i :2010
-nP -a -p ^$pid -i
-nP -p ^$pid -i
-nP -a -p 99999999 -i
-nP -a -c mksock -i
-nP -c mk -a -i :2010
-nP -a -c mk -c nosuch -i :2010
-nP -a -c nosuch -i
-nP -a -c /^mk/ -i :2001
-nP -a -c /MK/i -i :2001
-nP -a -c /XX/ -i :2001
-nP -a -u root -i
-nP -a -u 0 -i :2010
-nP -a -u nobody -i
-nP -a -u 65534 -i
-nP -a -u root,nobody -i TCP -sTCP:LISTEN
-nP -u ^root -i
-nP -a -u ^root -i
-nP -u ^0 -i
-nP -a -u nosuchuser -i
-nP -a -u 4243 -i
-l -nP -i
-lnP -i :2022
-nP -l -a -u nobody -i
-nP -g -i :2010
-nP -R -i :2010
-nP -g -R -i :2010
-nP -a -g 1 -i :2010
-nP -T -i
-nP -T -i :2010
-nP -Ts -i :2010
-nP -Tq -i :2010
-nP -Tqs -i
-nP -Tqs -i :3001
-nP -T q -i :2010
-nP -Tfqs -i :2010
-nP -T -U
-nP -U
-U
-nPU
-nP -a -U -p $pid
-nP -a -U -c mksock
-nP -a -U -u root
-nP -a -U -u nobody
-nP -i -U
-nP -i :2010 -U
-nP -a -i -U
-nP -a -i :2010 -U
-nP -E -i :2010
-nP -E -i TCP@[::1]
-nP -E -U
-nP +E -U
-nPU -E
-nP -E -i :2010 -U
-nP +E -i :2010 -U
-nP +E -a -U -c mksock
-nP -E -a -U -u nobody
-nP -E -F -U
-nP -F -i :2010
-nP -i :2010 -F
-nP -i -F
-nP -U -F
-nP -Fn -i
-nP -Fpcn -i
-nP -FpcfPn -i
-nP -F pcn -i :2010
-nP -F p -i
-nP -FpT -i :2010
-nP -FL -i :2010
-nP -FuL -i :2022
-nP -FR -i :2010
-nP -Fg -i :2010
-nP -F0 -i :2010
-nP -Fpcn0 -i :2010
-nP -FpcfnT0 -i
-nP -F -i :3001
-nP -Ft -U
-nP +c 0 -i :2010
-nP +c0 -i :2010
-nP +c 15 -i :2010
-w -nP -i :2010
+w -nP -i :2010
-b -O -nP -i :2010
-nP -r1c1m==%Y== -i :2001
-nP +r1c1 -i :2001
-y
-nP -i -i UDP
-nP -i UDP -i
-nP -i4 -i6TCP
-nP -i TCP -i UDP:53
-nP -i 4 -i TCP
-nP -i 6 -i TCP:2010
-nP -i -sTCP:LISTEN -sTCP:ESTABLISHED
-nP -i -sTCP:LISTEN -sTCP:^ESTABLISHED
-nP -i -sTCP:LISTEN,^LISTEN
-nP -sTCP:LISTEN -iUDP
-nP -i -sUDP:Idle
-nP -i -sTCP:
-nP -i -s tcp:established
-nP -i TCP:2010 -s TCP:ESTABLISHED -a
-nP -i -s
-nP -a -u root -u nobody -i
-nP -a -u ^root,nobody -i
-nP -a -u ^root -u nobody -i
-nP -a -u root,^root -i
-nP -a -p 1 -p $pid -i
-nP -a -p $pid,$pid -i
-nP -p ^1 -i
-nP -p ^1,^$pid -i
-nP -p 0 -a -i
-nP -p x -a -i
-nP -a -c mk -c ^mk -i
-nP -c ^mk -i
-nP -a -c mksock -c /x/ -i
-nP -a -c /[/ -i
-nP -a -c / -i
-nP -a -c /mk/x -i :2001
-nP -a -c /mk/b -i :2001
-nP -a -c /mk/z -i :2001
-nP -a -c mksockmksockmksockmksock -i
-nP -a -g $group -i
-nP -a -g ^$group -i
-nP -g ^$group -i
-nP -a -g $group,1 -i :2001
-nP -a -g -i :2001
-nP -g -R -U
-nP -t -F -i
-nP -t -F p -i
-tU
-tU -i
-ti -a -p $pid
-tia -p $pid
-nPUF
-nP -FpcLguR -i :2001
-nP -FP -i :2010
-nP -Fn -i :2010
-nP -FG -i :2010
-nP -FT -i :2010
-nP -Fx -i :2010
-nP -Fd -U
-nP -FT -U
-nP -FpfdinT -U
-nP -F0 -U
-nP -F 0 -i :2010
-nP -F0pcn -i :2010
-nP -Fpcn -F0 -i :2010
-nP -Fp -Fc -i :2010
-nP -Fn0 -Fd -i :2010
-nP -Ft -Fp -i
-nP -FL -F -i :2010
-nP -F0 -Fn -U
-nP -X -U
-nP -X -i
-nP -K i -i
-nP -Ki -i :2010
-nP -K x -i
-nP +L -i
-nP +L -U
-nP +L -L -i
-nP -L 1 -i
-nP +L -s -R -g -i :2010
-nP -f -i
-nP -fg -i :2010
-nP -fG -i :2010
-nP -fx -i
-nP -U -Tq
-nP -U -Tf -i
-nP -i :2010-2000
-nP -F -T -i :2010
-nP -F -Tq -i :2010
-nP -FT -Ts -i :2010
-nP -F -l -i :2022
-nP -F +c 3 -i :2010
-nP -F -R -g -i :2010
-nP -FfT -i
-nP -FfT -U
-nP -FtT -U -i
-nP -i -i4
-nP -i4 -i
-nP -i6 -i4 -i6
-nP -a -i -i UDP
-nP -a -i4 -i UDP
-nP -a -i6 -i UDP
-nP -i4 -i :9
-nP -i :9 -i :2010
-nP -a -i UDP -i TCP
-nP -i -o
-nP -o -U
-nP -s -U
-nP -i -o -s
-nP -i -o 3
-nP -i -o3
-nP -s -F -i :2010
-nP -o -F -i :2010
-Ts -nPi
-Tf -nPi
-Tw -nPi :2010
-Tx -nPi
+T -nPi
+Tq -nPi :2010
-T fqs -nPi :2010
-r0 -nPi :2010
-nP -r1c1m -i :2001
-nP +r1c1m== -i :2001
-nP +r1m== -i :9
-Q -nP -a -p 99999 -i
-Q -nP -a -c nosuch -i
-Q -nP -a -u 4243 -i
-Q -nP -U -a -p 99999
-Q -y
-a -i
-nPa -i
-i -a -nP
-nP -i :0
-nP -i :65535
-nP -i :1-
-nP -i :-1
-nP -i :5-1
-nP -i @
-nP -i 4@[::1]
-nP -i 6@127.0.0.1
-nP -i TCP@
-nP -i TCP:2010@127.0.0.1
-nP -i tcp:http,https
-nP -i tcp:https,ssh
-nP -i :domain,ssh
-i @localhost
-nP -i @0.0.0.0
-nP -i @*
-nP -i *:22
-nP -i TCP:2010-2012,22
-nP -i icmp
-nP -i tcp6
-nP -i 4tcp@127.0.0.1:2010,2011
-nP -i udp:1-5000
-nP -i TCP,UDP
-nP -i TCP:2010,
-nP -i TCP:,2010
-nP -i ::2010
-nP -i TCP -a -i :2010
-nP -w -Q -i :2010
-nP +w -i :2010
-wnPi :2010
-nPi :2010 -U -a
-b -nPi :2010
-O -nPi :2010
-C -nPi :2010
-S -nPi :2010
-S 5 -nPi :2010
-S5 -nPi :2010
-V -nPi :2010
-V -nPi :9
-V -nP -i :9 -a -p 99999 -c nosuch
+c 1 -nPi :2010
+c1 -nPi :2010
+c99 -nPi :2010
+cx -nPi :2010
+c -nPi :2010
-c -nPi :2010
-u -nPi
-z
-M -nPi :2010
+M -nPi :2010
-L -nPi :2010
-f -nPi :2010
+f -nPi :2010
-nP -R -t -i :2010
-nP -lR -i :2022
-nPlgR -i :2022
-nPlUgR
-u nobody -a -nPi
-u ^nobody -nPi
-u nobody,root -U -a
-p $pid -u nobody -a -nPi
-p $pid -c mk -u root -g $group -a -nPi TCP -s TCP:LISTEN
-tnPi :2010-2012
-iTCP:22 -iTCP:443 -nP -sTCP:LISTEN,ESTABLISHED
-nP -iTCP:443 -sTCP:ESTABLISHED -t
-nP -iTCP -sTCP:CLOSE
-nP -iTCP -sTCP:IDLE
-nP -iTCP -sTCP:BOUND
-nP -iTCP -sTCP:CLOSED
-nP -iTCP -sTCP:SYN_RCDV
-nP -iTCP -sTCP:FIN_WAIT_2
-nP -iUDP -sUDP:^Idle
-nP -i -sTCP:LISTEN,bogus
-nP -i -sFOO:LISTEN
-nP -i -s :LISTEN
-U -sTCP:LISTEN
-U -nP -sTCP:LISTEN -i
-U +E -a -p $pid
-nP -r1c1 -F -i :9
-V -nP -i :2010 -a -u nosuch
-V -nP -i :2010 -a -u 4242
-V -nP -i :2010 -a -g 99999
-V -nP -i -a -p 99999
-V -nP -i6 -a -p 99999
-V -nP -U -a -p 99999
-V -nP -U -a -c nosuch
-V -nP -i :2010 -i UDP:9 -i @10.1.2.3
-V -Q -nP -i :9
-V -t -i :9
-V -F -i :9
-V -nP -i :2010 -sTCP:LISTEN
-V -nP -i -sTCP:CLOSING
-V -nP -i UDP -sTCP:LISTEN
-V -nP -i -sTCP:LISTEN,CLOSING
-V -nP -i -sTCP:^CLOSING
-nP -i -sTCP:LISTEN,CLOSING
-nP -i UDP -sTCP:LISTEN
-nP -a -u root -u 4242 -i
-nP -a -u root -u daemon -i
-V -nP -a -u root -u daemon -i
-V -nP -a -l -u root -u daemon -i
-V -nP -a -c mksock -c nosuch -c none -p 99999 -p 88888 -i
-V -nP -i :9 -i
-V -nP -i4 -i UDP:9
-f -U -nP
-nP -Ffaltd -i :2010
-nP -FDiPosSkrm -i :2010
-nP -FcuLgRKMZ -i :2010
-nP -FfaltdDiPno -U
-nP -r1c1m==%Y== -Fp -i :9
-nP -r1c1m==%Y== -F0 -i :9
-nP +r1c1m==%Y== -Fp -i :2001
-a -U -u 4242
-V -a -U -u 4242
END
judge same

# ---- no pair ----

refused()
{
	is "$1" "$("$ESTAB" lsof "${@:2}" 2>&1 | sed 's/: .*//' | sort -u | xargs; "$ESTAB" lsof "${@:2}" >"$tmp/out" 2>&1
		echo "$? $(wc -l <"$tmp/out") $(grep -c 'only sockets are listed' "$tmp/out")")" "lsof
2 1 1"
}
refused "all files"
refused "a file" /tmp
refused "a directory" +D /tmp
refused "files of a process" -p "$pid"
refused "files of a command" -c mksock
refused "files of a process or sockets" -p "$pid" -i
refused "descriptors" -d 3 -i
refused "NFS" -N
refused "flags of files" +fg -i
refused "files with few links" +L1 -i
refused "threads" -K -i
check "help" "$ESTAB" lsof -h
check "version" "$ESTAB" lsof -v
ln -s "$(readlink -f "$ESTAB")" lsof
is "called as lsof" "$(./lsof -ti :2010)" "$pid"
is "the other end's descriptors, too" "$("$ESTAB" lsof -nP -a -U -c nosuch +E | wc -l)" 0
is "JSON" "$("$ESTAB" lsof -nP -J -i :2010 |
	jq -c '.processes[] | [.command, .files[0].protocol, .files[1].recv_q, .files[1].state]')" \
	'["mksock","TCP",5,"ESTABLISHED"]'
is "JSON of nothing" "$("$ESTAB" lsof -nP -J -i :9 | jq -c .processes)" "[]"
is "JSON Lines" "$("$ESTAB" lsof -nP -j -U | jq -s length)" "$("$ESTAB" lsof -nP -Ff -U | grep -c ^f)"
is "again and again" "$("$ESTAB" lsof -nP -r1c2 -i :2001 | grep -c =======)" 2
is "until there is none" "$(timeout 5 "$ESTAB" lsof -nP +r1 -i :9 | wc -l)" 0
is "disk full" "$("$ESTAB" lsof -nPi 2>&1 >/dev/full; echo $?)" "lsof: No space left on device
1"
is "a reader that goes away" "$("$ESTAB" lsof -nPi | :; echo "${PIPESTATUS[0]}")" "141"
