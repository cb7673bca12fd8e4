#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Names of hosts and services: right, harmless, and never waited for too long.
. "$(dirname "$0")/lib.sh"
need_command jq
in_netns "$@"
cd "$tmp" || exit 1

cat >hosts <<'END'
127.0.0.1 loop.example alias.example
127.0.0.2 two.example
127.0.0.3 10.9.9.9
127.0.0.4 fe80::1
::1 loop6.example
END
printf '127.0.0.5 e\033[31mvil.example\n' >>hosts
cat >services <<'END'
wunderbar 2001/tcp
wonderful 2003/udp
2005 2005/tcp
END
echo 'hosts: files
services: files
passwd: files' >nsswitch.conf
: >resolv.conf
for file in hosts services nsswitch.conf resolv.conf; do
	[[ -e /etc/$file ]] || touch "/etc/$file" 2>/dev/null || skip_all "there is no /etc/$file"
	# Through a link, what it leads to: resolv.conf often stands in /run.
	why=$(mount --bind "$file" "$(readlink -f "/etc/$file")" 2>&1) || skip_all "$why"
done

start_mksock tcp-listen:port=2001 tcp-established:port=2002 udp-unconnected:port=2003 \
	tcp-listen:port=2001,addr=127.0.0.2 tcp-listen:port=2005,addr=127.0.0.3 \
	tcp-listen:port=2006,addr=127.0.0.4 tcp-listen:port=2007,addr=127.0.0.5 \
	tcp-listen:port=2008,addr=127.0.0.6 tcp-listen:port=2001,family=inet6 \
	tcp-listen:port=2009,family=inet6,addr=:: tcp-listen:port=2010,addr=0.0.0.0 raw:addr=127.0.0.1 \
	unix-dgram:abstract=letters

# column FIELD OPTION...: its cells in the table for a pipe.
column()
{
	local field=$1
	shift
	"$ESTAB" -H --columns "$field" "$@" 2>err
}

# value KEY PORT: what JSON has under that key for the listener of that port.
value()
{
	"$ESTAB" -tlr --json sport "$2" | jq -c "[.sockets[] | $1] | unique[]"
}

# ---- where they show ----

is "both names" "$(column local -tlr sport 2001 | sort | xargs)" \
	"loop.example:wunderbar loop6.example:wunderbar two.example:wunderbar"
is "UDP's services are its own" "$(column local -ulr)" "loop.example:wonderful"
is "a port without a name" "$(column local -tr sport 2002)" "loop.example:2002"
is "the peer" "$(column peer -tr sport 2002 | sed 's/:.*//')" "loop.example"
is "an address without a name" "$(column local -tlr sport 2008)" "127.0.0.6:2008"
is "any address" "$(column local -tlr sport 2009) $(column local -tlr sport 2010)" \
	"*:2009 0.0.0.0:2010"
is "a protocol is no service" "$(column local -wra | grep -c '^loop.example:[0-9]')" 1
is "unix sockets stay as they are" "$(column local -xar | grep -c letters)" 1
is "numbers by default" "$(column local -tl sport 2005)" "127.0.0.3:2005"
is "the last of -r and -n" "$(column local -tlrn sport 2005) $(column local -tlnr sport 2008)" \
	"127.0.0.3:2005 127.0.0.6:2008"
is "and the other way round" "$(column local -ul -rn) $(column local -ul -nr)" \
	"127.0.0.1:2003 loop.example:wonderful"
is "JSON" "$(value '[.local.host, .local.service, .local.addr, .local.port]' 2001)" \
	'["loop.example","wunderbar","127.0.0.1",2001]
["loop6.example","wunderbar","::1",2001]
["two.example","wunderbar","127.0.0.2",2001]'
is "JSON, no name" "$(value .local 2008)" '{"addr":"127.0.0.6","port":2008,"host":null,"service":null}'
is "JSON, nothing to name" "$(value '[.peer, .local.addr]' 2010)" \
	'[{"addr":"0.0.0.0","port":0},"0.0.0.0"]'
is "JSON, not asked for" "$("$ESTAB" -tl --json sport 2001 | jq '[.sockets[] |
	paths | .[-1]] | any(. == "host" or . == "service")')" false
is "JSON says how many are missing" "$("$ESTAB" -tlr --jsonl | jq -c 'select(.record == "end").unresolved')" 0
is "and only then" "$("$ESTAB" -tl --json | jq '.end | has("unresolved")')" false
is "CSV" "$("$ESTAB" -ulr --csv --columns local | cut -d, -f -4)" \
	"local.addr,local.host,local.port,local.service
127.0.0.1,loop.example,2003,wonderful"
is "columns of their own" "$("$ESTAB" -ul --csv --columns local.service,local.host)" \
	"local.service,local.host
wonderful,loop.example"
is "to sort by" "$(column local.host -tl --sort local.host | grep example | uniq | xargs)" \
	"$(column local.host -tl | grep example | sort -u | xargs)"
is "on a terminal" "$(shell_on_terminal "stty cols 100; $ESTAB -ulr" |
	grep -c 'loop.example:wonderful')" 1
is "the same rows as without" "$("$ESTAB" -tuaxw --csv --columns proto,local.addr,local.port,inode -r |
	cut -d, -f 1,2,4,6)" "$("$ESTAB" -tuaxw --csv --columns proto,local.addr,local.port,inode)"

# ---- what they may be ----

is "an address is no name" "$(column local -tlr sport 2005) $(column local -tlr sport 2006)" \
	"127.0.0.3:2005 127.0.0.4:2006"
"$ESTAB" -tlr sport 2007 >table
is "hostile names are escaped" "$(grep -c $'\x1b' table) $(grep -cF '\x1b[31mvil' table)" "0 1"
"$ESTAB" -tlr --json sport 2007 >json
is "in JSON too" "$(grep -c $'\x1b' json) $(jq -c '.sockets[0].local.host' json)" \
	'0 "e\u001b[31mvil.example"'
stop_mksock

# ---- a name server that never answers ----

# resolved NAME OPTION...: it ends by itself, though a single name would be waited for for 150 s. elapsed: milliseconds.
resolved()
{
	local name=$1 before
	shift
	before=$(date +%s%3N)
	timeout 120 "$ESTAB" "$@" >out 2>err
	status=$?
	elapsed=$(($(date +%s%3N) - before))
	is "$name" "$((status == 124))" 0
}

# A socket that takes every question.
start_mksock udp-unconnected:port=53,addr=127.0.0.53
echo 'nameserver 127.0.0.53
options timeout:30 attempts:5' >resolv.conf
echo 'hosts: dns
services: files
passwd: files' >nsswitch.conf
specs=()
for ((i = 10; i < 40; i++)); do
	specs+=("tcp-listen:port=2001,addr=127.0.0.$i")
done
start_mksock "${specs[@]}" tcp-established:port=2002,count=700

resolved "a dead name server holds up no one" -tlr --resolve-timeout 0.5 sport 2001
is "its rows are there" "$(grep -c wunderbar out) $status" "30 0"
is "hosts stay numbers" "$(grep -c '127.0.0.[1-3][0-9]:wunderbar' out)" 30
is "and that is told" "$(cat err)" \
	"estab: 30 names not resolved: no answer, or none in time (--resolve-timeout)"
resolved "nor one who wants all" -tlr --resolve-timeout 0.5 --strict --jsonl sport 2001
is "strict" "$status" 3
is "in JSON" "$(tail -n 1 out | jq -c '[.unresolved, .count, .complete]')" "[30,30,true]"
is "unknown hosts in JSON" "$(jq -sc '[.[] | select(.local) | .local.host] | unique' out)" "[null]"
resolved "two seconds if nothing is said" -tlr sport 2001
if [[ $elapsed -ge 1900 ]]; then
	pass "which are waited for"
else
	fail "which are waited for" "$elapsed ms"
fi
resolved "not at all" -tlr --resolve-timeout 0 sport 2001
is "then nothing is resolved" "$(grep -c '127.0.0.[1-3][0-9]:2001' out)" 30
resolved "more rows than are kept" -tar --resolve-timeout 0.5
is "none of them is lost" "$(grep -c 2002 out) $(sort out | uniq -d | wc -l)" "1401 0"
is "and the order stays" "$(sed 1d out | sed 's/wunderbar/2001/g' | tr -s ' ' | md5sum)" \
	"$("$ESTAB" -taH | tr -s ' ' | md5sum)"
resolved "sorted by what never comes" -tl --sort local.host --resolve-timeout 0.5

# ---- the option ----

for wrong in '' 1x 61m -1 1.5.2 . 4000 99999999999999999999; do
	is "not a time of '$wrong'" "$("$ESTAB" --resolve-timeout "$wrong" 2>&1; echo $?)" \
		"estab: --resolve-timeout: not a number of seconds: $wrong
2"
done
is "times" "$("$ESTAB" -tlH --resolve-timeout 3600 --resolve-timeout .5 2>&1 | wc -l) $(
	"$ESTAB" -tlH --resolve-timeout 1.25 sport 2001 | wc -l)" "1 30"
