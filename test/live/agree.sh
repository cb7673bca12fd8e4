#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# A fleet of sockets of every family and state: what mksock made, what estab says through sock_diag
# and through /proc, what ss says and what netstat says are one and the same, field by field. What
# one of them can't see is a list with reasons in agree.jq: anything else that is missing fails.
. "$(dirname "$0")/lib.sh"
need_command jq ss netstat
in_netns "$@"

# now_ms: the time, in milliseconds.
now_ms()
{
	local now=${EPOCHREALTIME/[.,]/}
	echo "${now%???}"
}

# reading NAME COMMAND...: its output in a file, and when it was read.
reading()
{
	local name=$1 began
	shift
	began=$(now_ms)
	if ! "$@" >"$tmp/$name" 2>"$tmp/$name.err"; then
		fail "$name" "'$*' failed: $(cat "$tmp/$name.err")"
		exit 1
	fi
	times+=("\"$name\":[$began,$(now_ms)]")
}

# fleet NAME SPEC...: makes the sockets, and notes them under that name.
fleet()
{
	local name=$1 what why
	shift
	start_mksock "$@"
	jq -c --arg fleet "$name" 'select(.ready | not) | .fleet = $fleet' "$MKSOCK_OUT" >>"$tmp/made"
	while IFS=$'\t' read -r what why; do
		skip "${what//:/ } in $name" "$why"
	done < <(jq -r 'select(.skipped) | [.skipped, .reason] | @tsv' "$MKSOCK_OUT")
}

# tell: turns the comparison's lines into cases.
tell()
{
	local word what why
	while IFS=$'\t' read -r word what why; do
		"$word" "$what" ${why:+"$why"}
	done
}

# The same line for each case of the comparison.
# shellcheck disable=SC2016 # this is jq's
lines='if .skip then ["skip", .case, .skip]
	elif .faults == [] then ["pass", .case]
	else ["fail", .case, (.faults | join("; "))] end | @tsv'

fields=proto,family,type,state,recv_q,send_q,backlog,backlog_limit,local,peer,peer.path,peer.abstract
fields+=,interface,protocol,uid,inode,cookie,shutdown,v6only,mark,drops,timer
inet=(tcp-listen tcp-bound tcp-unbound tcp-established tcp-keepalive tcp-reuseport tcp-device
	tcp-mark mptcp tcp-pending tcp-backlog-full tcp-close-wait tcp-fin-wait-2
	tcp-fin-wait-2-orphan tcp-time-wait tcp-syn-sent tcp-syn-recv tcp-fin-wait-1 tcp-last-ack
	tcp-closing tcp-retransmit tcp-many-owners tcp-user udp-unconnected udp-connected udplite raw)

fleet inet "${inet[@]}" icmp-ping
fleet inet6 "${inet[@]/%/:family=inet6}" icmp-ping:family=inet6 tcp-scope
fleet mapped "${inet[@]/%/:family=mapped}"
fleet full tcp-established:unread=1000 tcp-close-wait:unread=10 tcp-pending:count=3,unread=7 \
	tcp-retransmit:size=3000 udp-unconnected:unread=3 udp-connected:unread=2 \
	unix-stream:unread=100 unix-dgram:unread=50 unix-pair:type=seqpacket,unread=20
fleet probe tcp-established:unsent=300000
fleet drops udp-unconnected:unread=400,size=1000
fleet any tcp-listen:addr=0.0.0.0 tcp-listen:family=inet6,addr=:: udp-unconnected:addr=0.0.0.0
fleet v6only tcp-listen:family=inet6,addr=::,v6only=1 udp-unconnected:family=inet6,addr=::,v6only=1
fleet orphan tcp-fin-wait-2-orphan:linger=100 tcp-fin-wait-1:orphan=1 tcp-last-ack:orphan=1 \
	tcp-closing:orphan=1
fleet device udp-unconnected:device=lo raw:device=lo
fleet raw raw:protocol=1 raw:protocol=58,family=inet6 raw:addr=127.0.0.1
fleet unix unix-stream-listen unix-stream-listen:backlog=7 unix-stream unix-dgram unix-seqpacket \
	unix-pair unix-pair:type=dgram unix-pair:type=seqpacket
fleet abstract unix-stream-listen:abstract=agree-1 unix-stream:abstract=agree-2 \
	unix-dgram:abstract=agree-3
fleet pending unix-stream-listen:pending=2 unix-seqpacket:pending=1
# Last: its thread has no descriptors but its own.
fleet thread tcp-unshared-thread

times=()
# The tables that ss and netstat have too; families.sh is about the others.
all=(-A tcp,udp,udplite,raw,icmp,unix --all "--columns=$fields")
reading diag "$ESTAB" "${all[@]}" --source=diag --json
reading procfs "$ESTAB" "${all[@]}" --source=procfs --json
reading ss ss -H -O -n -a -t -u -w -x -o -e -m
reading netstat netstat -n -a -t -u -U -w -x -o -e -e -W

# The sources in the order in which they were read.
# shellcheck disable=SC2016 # these are jq's variables
gather='{made: [$made[] | from_mksock],
 said: {diag: $diag[0] | from_estab($times.diag), procfs: $procfs[0] | from_estab($times.procfs),
	ss: $ss | from_ss($times.ss), netstat: $netstat | from_netstat($times.netstat)},
 lost: {diag: [$diag[0].end.lost[] | select(.what == "table" and .why == "unavailable") | .detail]}}'
if ! jq -n -r -L "$test_dir" --slurpfile made "$tmp/made" --slurpfile diag "$tmp/diag" \
	--slurpfile procfs "$tmp/procfs" --rawfile ss "$tmp/ss" --rawfile netstat "$tmp/netstat" \
	--argjson times "{$(IFS=,; echo "${times[*]}")}" \
	"include \"agree\"; $gather | compare | $lines" \
	>"$tmp/cases" 2>"$tmp/cases.err"; then
	fail "reading what they say" "$(cat "$tmp/cases.err")"
fi
tell <"$tmp/cases"

for source in diag procfs; do
	is "$source counts its rows" "$(jq .end.count "$tmp/$source")" "$(jq '.sockets | length' "$tmp/$source")"
	is "$source reads whole lines and messages" \
		"$(jq -c '[.end.lost[] | select(.what == "rows")]' "$tmp/$source")" "[]"
done
is "procfs says that it is complete" "$(jq .end.complete "$tmp/procfs")" true

# Names that no line can hold. Those of the others would not come out of ss and netstat, either.
stop_mksock
rm "$tmp/made"
fleet odd unix-odd unix-forge
reading diag "$ESTAB" -x -a --source=diag --columns="$fields" --json
reading procfs "$ESTAB" -x -a --source=procfs --columns="$fields" --json
# shellcheck disable=SC2016
gather='{$made, said: {diag: $diag[0] | from_estab([0, 0]), procfs: $procfs[0] | from_estab([0, 0])}}'
jq -n -r -L "$test_dir" --slurpfile made "$tmp/made" --slurpfile diag "$tmp/diag" \
	--slurpfile procfs "$tmp/procfs" \
	"include \"agree\"; $gather | compare_names | $lines" >"$tmp/cases"
tell <"$tmp/cases"
made=$(jq -s length "$tmp/made")
is "names in diag" "$(wc -l <"$tmp/cases") $(jq '.sockets | length' "$tmp/diag")" "$((2 * made)) $made"
# Nothing in the text tells the second half of a name from a socket.
is "the forged row is in the text only" "$(jq -c '[.sockets[] | select(.inode == 4242) | .local.path]' \
	"$tmp/procfs" "$tmp/diag" | xargs)" "[/run/docker.sock] []"
is "nothing else is invented" "$(jq '.sockets | length' "$tmp/procfs")" "$((made + 1))"
is "lines that are no sockets are told" "$(jq -c '.end | .complete, .lost[0].why' "$tmp/procfs" | xargs)" \
	"false malformed"
