#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab wait: until a socket matches, or none does any more.
. "$(dirname "$0")/lib.sh"
in_netns "$@"
cd "$tmp" || exit 1

is "it takes a filter" "$("$ESTAB" wait 2>&1; echo $?)" "estab: wait: for which sockets? it takes a filter
2"
is "and nothing else takes its options" "$("$ESTAB" --gone sport 1 2>&1; echo $?)" \
	"estab: --gone belongs to estab wait
2"
for option in --json --csv --columns=pid --sort=pid; do
	is "nothing is listed, $option" "$("$ESTAB" wait $option --timeout 0 sport 1 2>&1; echo $?)" \
		"estab: wait: lists nothing: it takes no columns, sort and format
2"
done
for wrong in '' x -1 1d 1.s 999999999999h; do
	is "not a time of '$wrong'" "$("$ESTAB" wait --timeout "$wrong" sport 1 2>&1; echo $?)" \
		"estab: --timeout: not a number of seconds: $wrong
2"
done
is "none comes" "$("$ESTAB" wait --timeout 50ms sport 2001 2>&1; echo $?)" "estab: wait: timed out: there is none
1"
is "quietly" "$("$ESTAB" wait -q --timeout 0 sport 2001 2>&1; echo $?)" 1
is "none is gone at once" "$("$ESTAB" wait --gone --timeout 0 sport 2001 2>&1; echo $?)" 0

start_mksock tcp-listen:port=2002
is "one that is there is found at once" "$("$ESTAB" wait --timeout 0 listening and sport 2002 2>&1; echo $?)" 0
is "and is not gone" "$("$ESTAB" wait --gone --timeout 0.05 sport 2002 2>&1; echo $?)" \
	"estab: wait: timed out: there still is one
1"
is "the filter says what is looked for" "$("$ESTAB" wait --timeout 0 state established and sport 2002 2>&1; echo $?)" \
	"estab: wait: timed out: there is none
1"
is "in a copy too" "$("$ESTAB" wait --timeout 0 --proc-root "$ESTAB_SRCDIR/test/golden/proc-2006" -t state all 2>&1; echo $?)" 0

# ---- one that comes, and goes again, while it is waited for ----

"$ESTAB" wait --timeout 60s sport 2003 and listening &
waiting=$!
"$ESTAB" wait --timeout 60s owner.pid ">" 1 and sport 2003 and listening &
owned=$!
sleep 0.3
is "it waits" "$(kill -0 $waiting 2>&1 && kill -0 $owned 2>&1 && echo yes)" yes
start_mksock tcp-listen:port=2003
wait $waiting
is "one that comes is found" $? 0
wait $owned
is "with its owner" $? 0
"$ESTAB" wait --gone --timeout 60s sport 2002 or sport 2003 &
waiting=$!
sleep 0.3
is "it waits for the end" "$(kill -0 $waiting 2>&1 && echo yes)" yes
stop_mksock
wait $waiting
is "one that goes is missed" $? 0

# The kernel tells of an end: without looking much in between.
if command -v strace >/dev/null && [[ ! ${ASAN_OPTIONS+set} || ${LSAN_OPTIONS-} == *detect_leaks=0* ]]; then
	start_mksock tcp-listen:port=2004
	strace -f -e trace=timerfd_settime,recvmsg -o trace "$ESTAB" wait --gone --timeout 60 sport 2004 &
	waiting=$!
	sleep 1
	stop_mksock
	wait $waiting
	is "traced, too" $? 0
	is "the kernel told of it" "$(grep -c 'recvmsg(.*SOCK_DIAG_BY_FAMILY.*) = [1-9]' trace | awk "{ print (\$1 > 0) }")" 1
	# Where nothing ends, it looks less and less often.
	strace -e trace=timerfd_settime -o trace "$ESTAB" wait -q --timeout 1.5 sport 2999
	is "without an end it looks ever less often" "$(sed -n 's/.*it_value={tv_sec=\([0-9]*\), tv_nsec=\([0-9]*\).*/\1 \2/p' trace |
		awk '{ us = $1 * 1000000 + int($2 / 1000) } us > most { most = us }
			END { print (NR >= 3 && NR <= 9), (most >= 160000) }')" "1 1"
else
	skip "the kernel told of it" "strace can't be used on this build"
fi

# ---- elsewhere ----

if ip netns add other 2>/dev/null; then
	ip netns exec other ip link set lo up
	"$ESTAB" wait -N other --timeout 60 sport 2005 &
	waiting=$!
	start_mksock tcp-listen:port=2005
	sleep 0.2
	is "ours is not the other's" "$(kill -0 $waiting 2>&1 && echo yes)" yes
	printf '#!/bin/sh\nexec ip netns exec other "%s" "$@"\n' "$MKSOCK" >there
	chmod +x there
	MKSOCK=./there start_mksock tcp-listen:port=2005
	wait $waiting
	is "in another namespace" $? 0
	"$ESTAB" wait -N other --gone --timeout 60 sport 2005 &
	waiting=$!
	stop_mksock
	wait $waiting
	is "until it is gone there" $? 0
	ip netns del other
else
	skip "in another namespace" "ip netns add does not work here"
fi
