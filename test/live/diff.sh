#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab diff: what was opened, closed and changed since a listing was saved, or between two.
. "$(dirname "$0")/lib.sh"
need_command jq
in_pidns "$@"
cd "$tmp" || exit 1

# short ARGUMENT...: what differs, a word each.
short()
{
	"$ESTAB" diff --json "$@" 2>err | jq -r '.diff[] | "\(.change) \(.socket.proto) \(.socket.state) \(.socket.local.port)"' |
		sort | tr '\n' ','
}

start_mksock tcp-listen:port=2001 tcp-listen:port=2002,family=inet6 udp-unconnected:port=2003 \
	tcp-close-wait:port=2004 unix-stream-listen:abstract=there
"$ESTAB" --json >old.json
"$ESTAB" --jsonl >old.jsonl
"$ESTAB" -p --json >owned.json
"$ESTAB" --source procfs --json >text.json
"$ESTAB" -tl --json >listen.json
"$ESTAB" -xa --json 'src = @there' >unix.json
for name in old.json old.jsonl owned.json text.json listen.json unix.json; do
	is "nothing happened since $name" "$("$ESTAB" diff $name 2>&1; echo $?)" 0
done
is "JSON and JSON Lines are the same" "$("$ESTAB" diff old.json old.jsonl 2>&1; echo $?)" 0
is "of standard input" "$("$ESTAB" diff - old.json 2>&1 <old.jsonl; echo $?)" 0
is "counts" "$("$ESTAB" diff --json old.json | jq -c '[.end.opened, .end.closed, .end.changed, .end.same, .end.complete,
	.estab.schema, .old.boot_id == .new.boot_id, (.diff | length)]')" \
	"[0,0,0,$(jq '.sockets | length' old.json),true,1,true,0]"

# ---- something is opened ----

start_mksock tcp-listen:port=2005
is "one is opened" "$(short old.json)" "opened tcp listen 2005,"
"$ESTAB" diff old.json >out 2>err
is "which is the exit status" "$?" 1
is "as a table" "$(awk '{ print $1, $2, $3, $4, $5 }' out)$(cat err)" "CHANGE PROTO STATE LOCAL PEER
opened tcp LISTEN 127.0.0.1:2005 0.0.0.0:*"
is "quietly" "$("$ESTAB" diff -q old.json 2>&1; echo $?)" 1
is "with its owner" "$("$ESTAB" diff -H owned.json | awk '{ print $6 }')" "mksock[$MKSOCK_PID]"
is "without a heading" "$("$ESTAB" diff -H old.json | wc -l)" 1
is "what was asked for is asked again" "$(short listen.json)" "opened tcp listen 2005,"
is "and nothing else" "$("$ESTAB" diff unix.json 2>&1; echo $?)" 0
is "unless it is asked for" "$(short -ua listen.json 2>&1 | tr , '\n' | cut -d' ' -f1,2 | sort | uniq -c | xargs)" \
	"2 closed tcp 1 opened udp"
"$ESTAB" --json >new.json
is "between two" "$(short old.json new.json)" "opened tcp listen 2005,"
is "the other way round" "$(short new.json old.json)" "closed tcp listen 2005,"
is "against text" "$(short text.json)" "opened tcp listen 2005,"

# ---- changed and closed ----

exec {inherited}<"/proc/self/status"
"$MKSOCK" --timeout 30 tcp-many-owners:port=2006,count=3 >many.out 2>&1 < <(sleep 30) &
many=$!
for ((tries = 0; tries < 200; tries++)); do
	grep -qs '"ready":true' many.out && break
	sleep 0.05
done
"$ESTAB" -tlp --json sport 2006 >many.json
is "owners that are gone" "$(first=$(jq '.sockets[0].owners | map(.pid) | max' many.json); kill -9 "$first"
	for ((tries = 0; tries < 100; tries++)); do
		"$ESTAB" -q sport 2006 and pid "$first" || break
		sleep 0.05
	done
	"$ESTAB" diff --json many.json | jq -c '[.diff[] | [.change, .fields, (.old.owners | length) > (.socket.owners | length)]]')" \
	'[["changed",["owners"],true]]'
is "as a table has it" "$("$ESTAB" diff -H many.json | grep -c '^changed  tcp .*(owners was .*)$')" 1
kill "$many" 2>/dev/null
wait "$many" 2>/dev/null
exec {inherited}<&-
stop_mksock
is "everything is closed" "$(short listen.json)" "closed tcp listen 2001,closed tcp listen 2002,"
start_mksock tcp-listen:port=2001
is "the same port is another socket" "$(short listen.json)" \
	"closed tcp listen 2001,closed tcp listen 2002,opened tcp listen 2001,"
jq -c '.estab.boot_id = "00000000-0000-4000-8000-000000000000"' listen.json >boot.json
is "but after a boot the same ends are the same" "$(short boot.json)" "closed tcp listen 2002,"

# ---- in every namespace ----

if ip netns add other 2>/dev/null; then
	ip netns exec other ip link set lo up
	"$ESTAB" --all-netns -tl --json >all.json
	"$ESTAB" -tl --json >one.json
	is "nothing happened in any namespace" "$("$ESTAB" diff all.json 2>&1; echo $?)" 0
	printf '#!/bin/sh\nexec ip netns exec other "%s" "$@"\n' "$MKSOCK" >there
	chmod +x there
	MKSOCK=./there start_mksock tcp-listen:port=2077
	is "one is opened in another" "$(short all.json)" "opened tcp listen 2077,"
	is "which is not looked at for one alone" "$("$ESTAB" diff one.json 2>&1; echo $?)" 0
	is "one of all and one of one" "$("$ESTAB" diff one.json all.json 2>&1 >/dev/null)" \
		"estab: diff: the two were not asked for the same sockets"
else
	skip "in every namespace" "ip netns add does not work here"
fi

# ---- what is wrong ----

"$ESTAB" stats --json >stats.json
"$ESTAB" stats --jsonl >stats.jsonl
for name in stats.json stats.jsonl; do
	is "no listing of sockets, $name" "$("$ESTAB" diff $name 2>&1; echo $?)" \
		"estab: $name: it is a listing of something else than sockets
3"
done
is "no listing" "$("$ESTAB" diff 2>&1; echo $?)" "estab: diff: takes one or two saved listings: OLD [NEW]
2"
is "no file" "$("$ESTAB" diff none.json 2>&1; echo $?)" "estab: none.json: No such file or directory
3"
head -c -20 old.json >cut.json
is "one that was cut" "$("$ESTAB" diff cut.json old.json 2>&1; echo $?)" "estab: cut.json: it was cut: its end is missing
3"
head -n -1 old.jsonl >cut.jsonl
is "a stream without its end" "$("$ESTAB" diff cut.jsonl old.json 2>&1; echo $?)" \
	"estab: cut.jsonl: it was cut: its end record is missing
3"
sed 's/"schema":1/"schema":9/' old.json >later.json
is "of another schema" "$("$ESTAB" diff later.json old.json 2>&1; echo $?)" \
	"estab: later.json: it is of another schema than this estab's
3"
is "nothing of ours" "$("$ESTAB" diff /proc/self/status old.json 2>&1; echo $?)" \
	"estab: /proc/self/status: it is no listing of estab's
3"
is "of two tables" "$("$ESTAB" diff listen.json old.json 2>&1 >/dev/null; echo $?)" \
	"estab: diff: the two were not asked for the same sockets
1"
jq -c '.end.complete = false' old.json >part.json
is "one that lacks something" "$("$ESTAB" diff part.json old.json 2>&1; echo $?)" \
	"estab: part.json: something is missing in it
0"
is "which --strict does not take" "$("$ESTAB" diff --strict part.json old.json 2>/dev/null; echo $?)" 3
jq -c 'del(.estab.asked)' listen.json >early.json
is "one that does not say what it was asked for" "$("$ESTAB" diff early.json 2>&1 >/dev/null | head -1)" \
	"estab: early.json: it does not say what it was asked for: the usual sockets are compared with it"
jq -c '.sockets[0].owners = [{"pid": 1, "comm": "a\u001b[31mb"}] | .sockets[0].state = "\u001b[2J\u202e"' \
	listen.json >hostile.json
is "escapes stay where they are" "$("$ESTAB" diff hostile.json listen.json | LC_ALL=C grep -c "$(printf '[\033\342]')")" 0
is "and are shown" "$("$ESTAB" diff -H hostile.json listen.json | grep -c 'state was \\X1B\[2J\\U{202E}')" 1
