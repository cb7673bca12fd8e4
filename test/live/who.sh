#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Who holds a port, a path, or what a process has open: for a person, as numbers, as JSON; and what of it an
# ordinary user sees.
. "$(dirname "$0")/lib.sh"
need_command jq setpriv
need_root
in_pidns "$@"

start_mksock tcp-listen:port=8080 tcp-listen:family=inet6,addr=::1,port=8081 udp-unconnected:port=8053 \
	tcp-established:count=6 tcp-pending:count=2 unix-stream:path="$tmp/my sock" unix-stream:abstract=an-abstract
pid=$MKSOCK_PID
start_mksock tcp-many-owners:count=3 odd-comm
other=$MKSOCK_PID
# port_of FILE SPEC: the first port that mksock took for it.
port_of()
{
	jq -r --arg spec "$2" 'select(.local.port) | select(.spec | startswith($spec)) | .local.port' "$1" | head -1
}
port=$(port_of "$tmp/mksock0.out" tcp-established)
shared=$(port_of "$MKSOCK_OUT" tcp-many-owners)

# wait_for NAME COMMAND...: starts it, with an input that does not end, until it says that it is ready; $! is its
# process id.
wait_for()
{
	local name=$1 fd tries
	shift
	mkfifo "$tmp/$name.in"
	exec {fd}<>"$tmp/$name.in"
	exec "$@" <&"$fd" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	for ((tries = 0; tries < 200; tries++)); do
		grep -qs ready "$tmp/$name.out" && return
		kill -0 "$!" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# pids WHOM: the process ids, and the status.
pids()
{
	local status
	"$ESTAB" who --pids "$@" >"$tmp/pids" 2>"$tmp/err"
	status=$?
	echo "$(xargs <"$tmp/pids") $status"
}

for whom in :8080 8080 127.0.0.1:8080 localhost:8080 '[::1]:8081' localhost:8081 :8053 "$tmp/my sock" \
	@an-abstract "pid:$pid" mksock; do
	case $whom in
	mksock) want="$pid $other" ;;
	*) want=$pid ;;
	esac
	got=$(pids "$whom")
	# Of the command's name there may be helpers too.
	[[ $whom != mksock ]] || got="$(xargs -n 1 <"$tmp/pids" | grep -xE "$pid|$other" | xargs) ${got##* }"
	is "who ${whom//:/ }" "$got" "$want 0"
done
is "several at once" "$(pids 8080 8053)" "$pid 0"
is "options choose tables" "$(pids -u 8080)" " 1"
is "an address that it is not bound to" "$(pids 127.0.0.1:8081)" " 1"
is "nobody" "$(pids 9)" " 1"
is "and nothing is said of it" "$(cat "$tmp/pids" "$tmp/err")" ""
is "how many" "$("$ESTAB" who --count 8080)" 1
is "how many hold what is shared" "$("$ESTAB" who --count ":$shared")" \
	"$("$ESTAB" -tap --json "sport = :$shared" | jq '[.sockets[].owners[].pid] | unique | length')"
is "none to count" "$("$ESTAB" who --count 9; echo $?)" $'0\n1'
is "--quiet" "$("$ESTAB" who -q 8080; echo $?; "$ESTAB" who -q 9; echo $?)" $'0\n1'
is "a person is told that it is nobody" "$("$ESTAB" who 9 2>&1; echo $?)" $'estab: 9: nobody\n1'

# ---- what is wrong ----

for words in '' 65536 1.2.3.4:y:z nowhere:80 pid: pid:x pid:99999999999; do
	"$ESTAB" who "$words" >"$tmp/out" 2>"$tmp/err"
	is "wrong '${words//:/ }'" "$? $(wc -l <"$tmp/out") $(grep -c '^estab: ' "$tmp/err")" "2 0 1"
done
is "--pids is of who alone" "$("$ESTAB" --pids 2>&1; echo $?)" $'estab: --pids and --count belong to estab who\n2'
is "--pids has one format" "$("$ESTAB" who --pids --json 80 >/dev/null 2>&1; echo $?)" 2

# ---- for a person ----

"$ESTAB" who 8080 >"$tmp/text"
# line NAME: what stands behind it.
line()
{
	sed -n "s/^  $1  *//p" "$tmp/text"
}
is "the process" "$(head -1 "$tmp/text")" "mksock[$pid]"
is "its command line" "$(line command)" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
is "its program" "$(line program)" "$(readlink "/proc/$pid/exe")"
is "its parents" "$(line parents | grep -oE '\[[0-9]+\]' | tr -d '[]' | tac | xargs)" "$(
	at=$pid
	while at=$(sed 's/.*) . //' "/proc/$at/stat" | cut -d' ' -f1) && [[ $at -ne 0 ]]; do echo "$at"; done | xargs)"
is "its user" "$(line user)" "root (0)"
check "since when" grep -qE '^  since      [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC, [0-9]+ s ago$' "$tmp/text"
age=$(($(date +%s) - $(date +%s -d "$(line since | sed 's/,.*//')")))
check "which is not long ago" test "$age" -ge 0 -a "$age" -lt 120
is "on what it listens" "$(line listens)" "tcp 127.0.0.1:8080"
"$ESTAB" who ":$port" >"$tmp/text"
check "whom it is connected to" grep -qE "^  connected  1 to 127.0.0.1:[0-9]+ \\(mksock\\[$pid\\]\\)\$" "$tmp/text"
# shellcheck disable=SC2016 # perl expands it
if wait_for accepting perl -MIO::Socket::INET -e '
	$s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1", LocalPort => 8071) or die;
	for (1 .. 6) { push @all, IO::Socket::INET->new("127.0.0.1:8071"), $s->accept; }
	$| = 1; print "ready\n"; <STDIN>'; then
	"$ESTAB" who 8071 >"$tmp/text"
	is "how many are connected, and from where" "$(line connected)" "6 from 127.0.0.1 (perl[$!])"
	kill "$!"
else
	skip "how many are connected, and from where" "no perl here"
fi
"$ESTAB" who "pid:$pid" >"$tmp/text"
check "and to where" grep -qE '^  connected .*[0-9]+ to .*127\.0\.0\.1:.* others$' "$tmp/text"
check "and over unix sockets" grep -qF "$tmp/my sock (mksock[$pid])" "$tmp/text"
for whom in "$tmp/my sock" @an-abstract; do
	"$ESTAB" who "$whom" >"$tmp/text"
	is "who is connected to ${whom##*/}" "$(line connected)" "1 from mksock[$pid]"
done
sleep 1000 &
"$ESTAB" who "pid:$!" >"$tmp/text" 2>"$tmp/err"
is "who has no socket is told of" "$? $(head -1 "$tmp/text") $(line holds) $(line user)" "1 sleep[$!] no socket root (0)"
"$ESTAB" who "pid:$! 8080" >"$tmp/text"
is "beside others" "$? $(grep -cE '^[^ ]' "$tmp/text")" "0 2"
is "who holds none is no number" "$("$ESTAB" who --count "pid:$!"; echo $?)" $'0\n1'
is "JSON of who has none" "$("$ESTAB" who --json "pid:$!" | jq -c '[.who[] | .process.pid, .sockets]')" "[$!,[]]"
as_nobody "$ESTAB" who "pid:$!" >"$tmp/text" 2>"$tmp/err"
is "who can't be looked into" "$(line holds)" "no socket to be seen"
kill "$!"
wait "$!" 2>/dev/null
is "who has ended is nobody" "$("$ESTAB" who "pid:$!" 2>&1; echo $?)" "estab: pid:$!: nobody
1"
is "names of hosts" "$("$ESTAB" who host.example:80 2>&1)" \
	"estab: who: not an address and a port (names of hosts are not looked up): host.example:80"
"$ESTAB" who ":$(port_of "$tmp/mksock0.out" tcp-pending)" >"$tmp/text"
check "what waits" grep -q ', 2 of [0-9]* waiting$' "$tmp/text"
check "what nobody has" grep -q '^without a process: pending-accept ×2$' "$tmp/text"

"$ESTAB" who ":$shared" >"$tmp/text"
is "one of a kind stands for its children" "$(grep -c '^[^ ]' "$tmp/text")" 1
is "which are all there" "$(grep -oE 'mksock\[[0-9]+\]' <<<"$(head -1 "$tmp/text"; line children)" | sort -u | wc -l)" \
	"$("$ESTAB" who --count ":$shared")"

# Names that mean harm.
"$ESTAB" who "pid:$other" >"$tmp/text"
is "nothing unsafe gets through" "$(LC_ALL=C grep -acP '[\x00-\x09\x0b-\x1f\x7f]' "$tmp/text")" 0

# Nor of those at the other end.
# shellcheck disable=SC2016 # perl expands it
if wait_for calling perl -MIO::Socket::INET -e '
	$s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1", LocalPort => 8072) or die;
	pipe R, W;
	if (fork == 0) {
		close R;
		$c = IO::Socket::INET->new("127.0.0.1:8072");
		open $f, ">", "/proc/self/comm"; print $f "a\x1b[31mb"; close $f;
		close W; close $s; <$c>; exit;
	}
	close W; <R>; $c = $s->accept; $| = 1; print "ready\n"; <STDIN>'; then
	"$ESTAB" who 8072 >"$tmp/text"
	is "a name that means harm, of the other end" "$(line connected | sed 's/\[[0-9]*\])$//')" \
		'1 from 127.0.0.1 (a\x1b[31mb'
	kill "$!"
else
	skip "a name that means harm, of the other end" "no perl here"
fi

# ---- JSON ----

"$ESTAB" who --json 8080 >"$tmp/who.json"
is "JSON: the process" "$(jq -c '.who | map([.process.pid, .process.comm, .process.user, .process.ppid])' \
	"$tmp/who.json")" "[[$pid,\"mksock\",\"root\",$(sed 's/.*) . //' "/proc/$pid/stat" | cut -d' ' -f1)]]"
is "JSON: the parents" "$(jq -c '.who[0].parents | [.[0].pid, .[-1].pid]' "$tmp/who.json")" "[$$,1]"
is "JSON: the sockets" "$(jq -c '.who[0].sockets | map([.proto, .state, .local.port, .owners[0].pid])' \
	"$tmp/who.json")" "[[\"tcp\",\"listen\",8080,$pid]]"
is "JSON: the rest" "$(jq -c '[.unowned, .end.complete, .estab.schema]' "$tmp/who.json")" '[[],true,1]'
is "JSON of nobody" "$("$ESTAB" who --json 9 | jq -c '[.who, .unowned]'; echo "${PIPESTATUS[0]}")" $'[[],[]]\n1'

# ---- an ordinary user ----

is "numbers that can't be seen" "$(as_nobody "$ESTAB" who --pids 8080 2>/dev/null; echo $?)" 1
as_nobody "$ESTAB" who 8080 >"$tmp/text" 2>"$tmp/err"
is "a status of its own" $? 1
is "what can be seen all the same" "$(head -2 "$tmp/text" | sed 's/  */ /g')" \
	$'tcp 127.0.0.1:8080: no process to be seen (permission)\n user root'
check "and what can't" grep -q 'not readable (permission): owners may be missing' "$tmp/err"
wait_for own setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
	"$MKSOCK" tcp-listen:port=8090
is "what is one's own" "$(as_nobody "$ESTAB" who --pids 8090 2>/dev/null)" "$!"
kill "$!"

# ---- a copy ----

copy=$tmp/copy
mkdir -p "$copy/net" "$copy/7/fd" "$copy/3"
cp /proc/net/tcp "$copy/net/tcp"
ln -s "$(readlink /proc/"$pid"/fd/* | grep -m1 "$(awk '$2 ~ /:1F90$/ { print $10 }' /proc/net/tcp)")" "$copy/7/fd/3"
printf '7 (server) S 3 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4200 0\n' >"$copy/7/stat"
printf '3 (init) S 0 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0\n' >"$copy/3/stat"
echo server >"$copy/7/comm"
echo init >"$copy/3/comm"
is "a copy" "$("$ESTAB" who --proc-root "$copy" 8080 2>/dev/null | sed 's/  */ /g')" \
	$'server[7]\n parents init[3]\n listens tcp 127.0.0.1:8080'
echo '3 (init) S' >"$copy/3/stat"
is "a parent that is cut off" "$("$ESTAB" who --proc-root "$copy" 8080 2>/dev/null | sed 's/  */ /g')" \
	$'server[7]\n listens tcp 127.0.0.1:8080'
echo '7 (server) S' >"$copy/7/stat"
is "a process that is cut off" "$("$ESTAB" who --proc-root "$copy" 8080 2>/dev/null | sed 's/  */ /g')" \
	$'server[7] (not readable)\n listens tcp 127.0.0.1:8080'
