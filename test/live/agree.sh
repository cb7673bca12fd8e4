#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# A fleet of sockets of every family and state: what mksock made, what estab says through sock_diag
# and through /proc, what ss says and what netstat says are one and the same, field by field. What
# one of them can't see is a list with reasons in agree.jq: anything else that is missing fails.
#
# docs/VISIBILITY.md is made of those lists. With --write-visibility it is written anew.
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
		not_made+=("$what")
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

not_made=()
fields=proto,family,type,state,recv_q,send_q,backlog,backlog_limit,local,peer,peer.path,peer.abstract
fields+=,interface,protocol,uid,inode,cookie,shutdown,v6only,mark,netlink.portid,netlink.groups
# Rows that have these can't be from BPF.
late=,drops,timer
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
fleet unix unix-stream-listen unix-stream-listen:backlog=7 unix-stream unix-dgram unix-bound \
	unix-seqpacket unix-pair unix-pair:type=dgram unix-pair:type=seqpacket
fleet abstract unix-stream-listen:abstract=agree-1 unix-stream:abstract=agree-2 \
	unix-dgram:abstract=agree-3
fleet pending unix-stream-listen:pending=2 unix-seqpacket:pending=1
fleet others netlink netlink:group=1 netlink:group=32,protocol=2 packet packet:type=dgram
# Last: its thread has no descriptors but its own.
fleet thread tcp-unshared-thread

times=()
# families.sh is about what only some of them have.
all=(-A "tcp,udp,udplite,raw,icmp,mptcp,unix,netlink,packet" --all)
reading diag "$ESTAB" "${all[@]}" --columns="$fields$late" --source=diag --json
reading procfs "$ESTAB" "${all[@]}" --columns="$fields$late" --source=procfs --json
reading ss ss -H -O -n -a -t -u -w -x -M -0 -o -e -m
reading ss-netlink ss -H -O -n -a -f netlink -m
reading netstat netstat -n -a -t -u -U -w -x -o -e -e -W

# lsof_all: of all that hold what was made. Its status tells whether it found everything that it could
# think of.
lsof_all()
{
	lsof -nPw -Tqs -FftPniTd -p "$(jq -r '.owners[].pid' "$tmp/made" | sort -u | paste -sd ,)" || true
}

optional=()
if command -v lsof >/dev/null; then
	reading lsof lsof_all
	optional+=(lsof)
else
	: >"$tmp/lsof"
	skip "lsof" "it is not installed"
fi
if why=$("$ESTAB" -ta --columns=proto --source=bpf --quiet 2>&1); then
	reading bpf "$ESTAB" -A tcp,udp --all --columns="$fields" --source=bpf --json
	reading bpf-netlink "$ESTAB" -A netlink --all --columns="$fields$late" --source=bpf --json
	jq -s '.[0].sockets += .[1].sockets | .[0]' "$tmp/bpf" "$tmp/bpf-netlink" >"$tmp/bpf-both"
	mv "$tmp/bpf-both" "$tmp/bpf"
	optional+=(bpf)
else
	echo '{"sockets":[]}' >"$tmp/bpf"
	times+=('"bpf":[0,0]')
	skip "BPF" "${why#estab: }"
fi

# The sources in the order in which they were read.
# shellcheck disable=SC2016 # these are jq's variables
gather='[$made[] | from_mksock] as $made
 | {$made,
 said: ({diag: $diag[0] | from_estab($times.diag), procfs: $procfs[0] | from_estab($times.procfs),
	ss: (($ss | from_ss($times.ss)) + ($ss_netlink | from_ss_netlink)),
	netstat: $netstat | from_netstat($times.netstat),
	lsof: $lsof | from_lsof, bpf: $bpf[0] | from_estab($times.bpf)}
	| with_entries(select(.key as $key | ["lsof", "bpf"] - $optional | index($key) | not))
	| map_values(of_made($made))),
 lost: {diag: [$diag[0].end.lost[] | select(.what == "table" and .why == "unavailable") | .detail]}}'
# with_all PROGRAM: jq's answer, from all that was read.
with_all()
{
	jq -n -r -L "$test_dir" --slurpfile made "$tmp/made" --slurpfile diag "$tmp/diag" \
		--slurpfile procfs "$tmp/procfs" --slurpfile bpf "$tmp/bpf" --rawfile ss "$tmp/ss" \
		--rawfile ss_netlink "$tmp/ss-netlink" --rawfile netstat "$tmp/netstat" \
		--rawfile lsof "$tmp/lsof" --argjson times "{$(IFS=,; echo "${times[*]}")}" \
		--argjson optional "$(jq -nc '$ARGS.positional' --args "${optional[@]}")" "$1"
}

if ! with_all "include \"agree\"; $gather | compare | $lines" >"$tmp/cases" 2>"$tmp/cases.err"; then
	fail "reading what they say" "$(cat "$tmp/cases.err")"
fi
tell <"$tmp/cases"

# What is written about it. Without some of the sockets less would be.
page=$ESTAB_SRCDIR/docs/VISIBILITY.md
with_visibility()
{
	# shellcheck disable=SC2016
	with_all "include \"agree\"; include \"visibility\"; [\$made[] | from_mksock] as \$made | $1"
}

# shellcheck disable=SC2016
if [[ ${#not_made[@]} -gt 0 ]]; then
	skip "each reason had a socket" "not made: ${not_made[*]}"
	skip "the page about it" "not made: ${not_made[*]}"
else
	is "each reason had a socket" "$(with_visibility 'unproven($made)' 2>&1)" ""
	if ! with_visibility 'visibility($made)' >"$tmp/page" 2>"$tmp/page.err"; then
		fail "the page about it" "$(cat "$tmp/page.err")"
		exit 1
	fi
	if [[ ${1-} == --write-visibility ]]; then
		cp "$tmp/page" "$page"
	fi
	is "the page about it (--write-visibility writes it)" "$(diff "$page" "$tmp/page" 2>&1)" ""
fi

for source in diag procfs; do
	is "$source counts its rows" "$(jq .end.count "$tmp/$source")" "$(jq '.sockets | length' "$tmp/$source")"
	is "$source reads whole lines and messages" \
		"$(jq -c '[.end.lost[] | select(.what == "rows")]' "$tmp/$source")" "[]"
done
is "procfs says what it lacks, and nothing else" \
	"$(jq -c '[.end.lost[] | [.what, .detail]]' "$tmp/procfs")" '[["table","mptcp"]]'

# Names that no line can hold. Those of the others would not come out of ss and netstat, either.
stop_mksock
rm "$tmp/made"
fleet odd unix-odd unix-forge
reading diag "$ESTAB" -x -a --source=diag --columns="$fields$late" --json
reading procfs "$ESTAB" -x -a --source=procfs --columns="$fields$late" --json
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
