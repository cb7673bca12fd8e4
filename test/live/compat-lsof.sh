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
lsof -v 2>&1 | grep -q 'revision: 4\.95\.' || skip_all "lsof is not revision 4.95"

# same: the flags of a file are not read, and so not told.
same()
{
	sed -E 's/(^|\x00)G0x[0-9a-f]+;0x[0-9a-f]+(\x00|$)/\1/; /^$/d; s/ 0x[0-9a-f]{16} / 0xN /' |
		sed 's/^COMMAND .*  *DEVICE/COMMAND DEVICE/; s/  */ /g'
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
check "help" "$ESTAB" lsof -h
check "version" "$ESTAB" lsof -v
ln -s "$(readlink -f "$ESTAB")" lsof
is "called as lsof" "$(./lsof -ti :2010)" "$pid"
is "a long number" "$("$ESTAB" lsof -nP -i :2010 +c3 | awk 'NR == 2 { print $1 }')" mks
is "the other end's descriptors, too" "$("$ESTAB" lsof -nP -a -U -c nosuch +E | wc -l)" 0
is "JSON" "$("$ESTAB" lsof -nP -J -i :2010 |
	jq -c '.processes[] | [.command, .files[0].protocol, .files[1].recv_q, .files[1].state]')" \
	'["mksock","TCP",5,"ESTABLISHED"]'
is "JSON of nothing" "$("$ESTAB" lsof -nP -J -i :9 | jq -c .processes)" "[]"
is "JSON Lines" "$("$ESTAB" lsof -nP -j -U | jq -s length)" "$("$ESTAB" lsof -t -F f -U >/dev/null; "$ESTAB" lsof -nP -Ff -U | grep -c ^f)"
is "again and again" "$("$ESTAB" lsof -nP -r1c2 -i :2001 | grep -c =======)" 2
is "until there is none" "$(timeout 5 "$ESTAB" lsof -nP +r1 -i :9 | wc -l)" 0
is "disk full" "$("$ESTAB" lsof -nPi 2>&1 >/dev/full; echo $?)" "lsof: No space left on device
1"
is "a reader that goes away" "$("$ESTAB" lsof -nPi | :; echo "${PIPESTATUS[0]}")" "141"
