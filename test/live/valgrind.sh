#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# The command under valgrind, which knows what the sanitizers don't: bytes that were never set.
# Nothing of it may be used, leaked or written, neither of a saved /proc nor of live sockets.
. "$(dirname "$0")/lib.sh"
need_command valgrind jq
in_netns "$@"

# watched NAME ARGUMENT...: valgrind finds nothing, and the command does what it is for.
watched()
{
	local name=$1 status
	shift
	valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=all \
		--errors-for-leak-kinds=definite,indirect,possible --log-file="$tmp/valgrind.log" \
		"$ESTAB" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	# An unknown system call or instruction is a warning that counts for nothing here.
	if grep -qE '^==[0-9]+== ' "$tmp/valgrind.log"; then
		fail "$name" "$(grep -vE '^(--|\*\*)' "$tmp/valgrind.log" | head -n 25)"
	elif [[ $status -ne 0 ]]; then
		fail "$name" "exit status $status: $(head -n 5 "$tmp/err")"
	elif [[ ! -s $tmp/out ]]; then
		fail "$name" "no output"
	else
		pass "$name"
	fi
}

if ! valgrind --quiet "$ESTAB" --version >"$tmp/out" 2>"$tmp/err"; then
	skip_all "valgrind can't run the command: $(head -n 3 "$tmp/err")"
fi

cat >"$tmp/uninitialised.c" <<'END'
#include <stdlib.h>
int main(void)
{
	unsigned char *byte = malloc(1);
	int set = byte && *byte > 7;
	free(byte);
	return set ? 1 : 0;
}
END
if cc -O0 -o "$tmp/uninitialised" "$tmp/uninitialised.c" 2>"$tmp/err"; then
	valgrind --quiet --error-exitcode=99 --log-file="$tmp/valgrind.log" "$tmp/uninitialised"
	is "valgrind would find it" $? 99
fi

capture=$ESTAB_SRCDIR/test/golden/proc-2006
little=(--proc-root="$capture" --byte-order=little)
watched "capture, JSON" "${little[@]}" -ta --json
watched "capture, every field" "${little[@]}" -ta -p -e -i -m -o --jsonl \
	--passwd="$ESTAB_SRCDIR/test/golden/passwd"
watched "capture, sorted and filtered" "${little[@]}" -ta --sort=-uid,local.port state connected
watched "capture, CSV" "${little[@]}" -ta --csv --columns=proto,state,local,peer,user,owners

start_mksock tcp-listen:port=2001 tcp-established:port=2002 udp-unconnected:port=2003 \
	tcp-time-wait:port=2005 tcp-listen:port=2006,family=inet6 \
	unix-stream-listen:abstract==formula,pending=0 unix-dgram:abstract=letters
watched "live, JSON" -tuwxa --json
is "every socket of it" "$(jq '[.sockets[] | select(.local.port == 2001)] | length' "$tmp/out")" 1
watched "live, as text files" -tuwxa --json --source=procfs
watched "live, every field" -tuxa -e -i -m -o --jsonl
watched "live, owners" -tuxap --json
is "the owner" "$(jq -c '[.sockets[] | select(.local.port == 2001) | .owners[].pid]' "$tmp/out")" \
	"[$MKSOCK_PID]"
watched "live, table" -tuxap
watched "live, CSV" -tuxap --csv
watched "live, sorted" -tuxa --sort=-local.port,state
watched "fields" fields --json
