#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Many rows into a pipe: whole where it is read to its end, however slowly; and where nobody reads it
# any more, or someone presses Ctrl-C, the command is gone by the signal, without a word.
. "$(dirname "$0")/lib.sh"
need_command jq strace pgrep
in_netns "$@"
strace -o "$tmp/trace" true 2>"$tmp/err" || skip_all "strace can't trace: $(cat "$tmp/err")"

sockets=6000
count=$((sockets / 2))
start_mksock "tcp-listen:count=$count,backlog=1" "udp-unconnected:count=$count"

# death: what strace saw of its end.
death()
{
	grep -oE '(killed by SIG|exited with )[A-Z0-9]+' "$tmp/trace" | tail -n 1
}

traced()
{
	strace -f -o "$tmp/trace" -e trace=none "$@"
}

# asleep PID: whether it waits for something, and goes on doing so.
asleep()
{
	local i state
	for ((i = 0; i < 4; i++)); do
		read -r _ _ state _ <"/proc/$1/stat" 2>/dev/null && [[ $state == S ]] || return 1
		sleep 0.02
	done
}

# ---- read to its end ----

is "every row" "$("$ESTAB" -tuanH | wc -l)" "$sockets"
is "every row of JSON" "$("$ESTAB" -tuan --json | jq -c '[(.sockets | length), .end.count]')" \
	"[$sockets,$sockets]"
is "JSON Lines end with their end" \
	"$("$ESTAB" -tuan --jsonl | jq -r .record | uniq -c | awk '{ print $2, $1 }' | xargs)" \
	"start 1 socket $sockets end 1"
"$ESTAB" -tuan --columns=local,inode -H | sort >"$tmp/fast"
"$ESTAB" -tuan --columns=local,inode -H | { sleep 0.3; dd bs=997 status=none; } | sort >"$tmp/slow"
check "a slow reader gets the same" cmp "$tmp/fast" "$tmp/slow"
is "each socket once" "$(uniq "$tmp/fast" | wc -l)" "$sockets"
is "as those that were made" "$(awk '{ print $2 }' "$tmp/fast" | sort | cksum)" \
	"$(jq 'select(.inode) | .inode' "$MKSOCK_OUT" | sort | cksum)"

# ---- nobody reads ----

for how in "" --json --jsonl --csv -p --sort=local.port --source=procfs; do
	# shellcheck disable=SC2086 # these are words
	traced "$ESTAB" -tuan $how 2>"$tmp/err" | head -n 1 >"$tmp/out"
	is "closed pipe ${how:-of a table}" "${PIPESTATUS[0]} $(death) $(wc -l <"$tmp/out") $(cat "$tmp/err")" \
		"141 killed by SIGPIPE 1 "
done
"$ESTAB" -tuan 2>"$tmp/err" | true
is "a pipe that is closed from the start" "${PIPESTATUS[0]} $(cat "$tmp/err")" "141 "

# ---- Ctrl-C while nobody reads yet ----

# interrupt NAME SIGNAL ARGUMENT...: it writes into a pipe until that is full, then gets the signal.
interrupt()
{
	local name=$1 signal=$2 fifo=$tmp/blocked fd job pid tries
	shift 2
	rm -f "$fifo" "$tmp/trace"
	mkfifo "$fifo"
	exec {fd}<>"$fifo"
	# A shell's job in the background ignores SIGINT, and hands that down.
	strace -f -o "$tmp/trace" -e trace=none \
		env --default-signal=INT "$ESTAB" -tuan "$@" >"$fifo" 2>"$tmp/err" &
	job=$!
	for ((tries = 0; tries < 200; tries++)); do
		pid=$(pgrep -P "$job" || true)
		[[ -n $pid ]] && asleep "$pid" && break
		kill -0 "$job" 2>/dev/null || tries=200
		sleep 0.02
	done
	if [[ $tries -ge 200 ]]; then
		fail "$name" "it does not wait for its reader: $(cat "$tmp/err")"
		kill "$job" 2>/dev/null
		wait "$job"
		exec {fd}>&-
		return
	fi
	kill -s "$signal" "$pid"
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "$job" 2>/dev/null || break
		sleep 0.02
	done
	is "$name" "$(death), $(cat "$tmp/err")" "killed by SIG$signal, "
	kill -KILL "$pid" 2>/dev/null
	wait "$job"
	exec {fd}>&-
}

interrupt "interrupted in a blocked pipe" INT
interrupt "interrupted in a blocked pipe of JSON" INT --json
interrupt "interrupted in a blocked pipe, with owners" INT -p
interrupt "terminated in a blocked pipe" TERM
