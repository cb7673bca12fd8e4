#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab kill: exactly the sockets that match are closed, by their cookies.
. "$(dirname "$0")/lib.sh"
need_command jq ss
in_netns "$@"
cd "$tmp" || exit 1

# live FILTER: how many of the TCP sockets that have an owner's file are there yet.
live()
{
	ss -Htan "$1" | grep -cv TIME-WAIT
}

# outcomes ARGUMENT...: what became of them.
outcomes()
{
	"$ESTAB" kill --yes --json "$@" 2>err | jq -c '[.kill[] | "\(.socket.state) \(.outcome)"] | group_by(.) |
		map("\(length) \(.[0])")'
}

start_mksock tcp-listen:port=2001 tcp-established:port=2002,count=3 tcp-pending:port=2003,count=1 \
	tcp-established:port=2004,family=inet6 tcp-established:port=2005,family=mapped \
	udp-unconnected:port=2006 udp-connected:port=2007 udp-connected:port=2008,family=inet6 \
	unix-pair tcp-close-wait:port=2009 tcp-bound:port=2010 tcp-listen:port=2011

if ! "$ESTAB" kill --yes -t sport 2003 >out 2>err; then
	case $(cat err) in
	*CONFIG_INET_DIAG_DESTROY*) skip_all "this kernel closes no sockets for others" ;;
	*CAP_NET_ADMIN*) skip_all "not allowed to close sockets here" ;;
	esac
fi
is "what was closed is listed" "$(awk '{ print $1, $2, $3 }' out | sort -u | tr '\n' ',')" \
	"OUTCOME PROTO STATE,closed tcp ESTABLISHED,spared tcp LISTEN,"
is "and counted" "$(cat err)" \
	"estab: 1 socket closed; 1 that waits for others was left alone (--listeners, or name its state)"
is "the connection is gone" "$(live '( dport = :2003 )')" 0
is "its listener and the others are not" "$(live 'sport = :2003')$(live 'sport = :2002')$(live 'dport = :2002')" 133

# ---- what is asked first ----

is "an empty filter is refused" "$("$ESTAB" kill --yes 2>&1; echo $?)" \
	"estab: kill: which sockets? it takes a filter
2"
is "a blank one too" "$("$ESTAB" kill --yes "  " 2>&1; echo $?)" \
	"estab: kill: which sockets? it takes a filter
2"
is "without a terminal nobody says yes" "$("$ESTAB" kill -t dport 2002 2>&1 </dev/null; echo $?)" \
	"estab: kill: no terminal to ask at: --yes does without
2"
is "nothing is closed in a copy" "$("$ESTAB" kill --yes --proc-root "$ESTAB_SRCDIR/test/golden/proc-2006" dport 2002 2>&1
	echo $?)" "estab: kill: a copy has no sockets to close (--proc-root)
2"
is "nor in all namespaces at once" "$("$ESTAB" kill --yes --all-netns dport 2002 2>&1; echo $?)" \
	"estab: kill: in one network namespace at a time: -N names it
2"
if command -v script >/dev/null; then
	shell_on_terminal "stty cols 80; NO_COLOR=1 $ESTAB kill --dry-run 'dport 2002' 2>/dev/null" | tr -d '\r' >out
	is "on a terminal, what would be closed" "$(grep -c '^would-close  *tcp ' out)" 3
	is "it fits" "$(grep -v ^hidden out | sed 's,…,.,' | awk 'length > 80' | wc -l)" 0
else
	skip "on a terminal" "script(1) is not installed"
fi
for word in --explain "--top 1" "--by proto" "--sum recv_q" -s; do
	# shellcheck disable=SC2086 # words
	is "what would limit no deed is refused, ${word%% *}" \
		"$("$ESTAB" kill --yes $word dport 2002 2>&1 | grep -c belong; live '( dport = :2002 )')" "1
3"
done
is "its options belong to it" "$("$ESTAB" --yes dport 2002 2>&1; echo $?)" \
	"estab: --yes and --dry-run belong to estab kill and estab flows --delete
2"
"$ESTAB" kill --dry-run dport 2002 >out 2>err
is "a rehearsal says what it would do" "$(grep -c '^would-close' out) $(cat err)" "3 estab: 3 sockets would be closed"
is "and does nothing" "$(live 'dport = :2002')" 3
is "it takes no privilege" "$(cp "$ESTAB" ./estab-copy 2>/dev/null
	as_nobody "$ESTAB" kill --dry-run -H -t dport 2002 2>/dev/null | grep -c would-close)" 3
if command -v script >/dev/null; then
	for answer in n y; do
		{ sleep 0.3; echo $answer; sleep 0.3; } |
			TERM=dumb script -qec "$ESTAB kill -H -t dport 2009" /dev/null >out 2>&1
		is "a person says $answer" "$(grep -c 'Close 1 socket? \[y/N\]' out) $(live 'dport = :2009')" \
			"1 $([[ $answer == n ]] && echo 1 || echo 0)"
	done
else
	skip "a person says y" "script is not installed"
fi

# ---- what is closed ----

is "of IPv6" "$(outcomes dport 2004) $(live 'dport = :2004')" '["1 established closed"] 0'
is "of mapped IPv4" "$(outcomes -t dport 2005) $(live 'dport = :2005')" '["1 established closed"] 0'
is "a listener that is not named" "$(outcomes sport 2001) $(live 'sport = :2001')" '["1 listen spared"] 1'
is "says why not" "$(cat err)" \
	"estab: 0 sockets closed; 1 that waits for others was left alone (--listeners, or name its state)"
is "all states name none" "$(outcomes 'state all and sport 2001') $(live 'sport = :2001')" '["1 listen spared"] 1'
is "what is not established neither" "$(outcomes 'not state established and sport 2001')" '["1 listen spared"]'
is "a listener that is named" "$(outcomes 'state listen and sport 2001') $(live 'sport = :2001')" \
	'["1 listen closed"] 0'
is "by the field too" "$(outcomes 'state = listen and sport 2003') $(live 'sport = :2003')" '["1 listen closed"] 0'
is "--listeners" "$(outcomes -t --listeners sport 2002 or sport 2011) $(live 'sport = :2011')" \
	'["3 established closed","1 listen closed"] 0'
is "one that nobody has" "$(outcomes sport 2999) $(cat err)" "[] estab: 0 sockets closed"
"$ESTAB" kill --yes sport 2999 2>/dev/null
is "is no match" $? 1
is "a UDP socket loses its peer" "$(outcomes -u sport 2007) $("$ESTAB" -uaH --columns state,peer.port sport 2007 | xargs)" \
	'["1 established closed"] UNCONNECTED 0'
is "and one without is spared" "$(outcomes -u sport 2006)" '["1 unconnected spared"]'
is "of UDP over IPv6" "$(outcomes -u dport 2008) $(ss -Huan 'dport = :2008' | wc -l)" '["1 established closed"] 0'
is "a unix socket can't be" "$(outcomes -x state connected)" '["2 established not-closable"]'
"$ESTAB" kill --yes -x state connected >/dev/null 2>&1
is "which is said" $? 3
is "nor what is only bound" "$(outcomes -B sport 2010)" '["1 bound not-closable"]'

# ---- listeners that share a port ----

stop_mksock
start_mksock tcp-listen:port=2020 tcp-reuseport:port=2021,count=8
is "one of those that share a port" "$(cookie=$("$ESTAB" -tl --json sport 2021 | jq -r '.sockets[3].cookie')
	outcomes "state listen and cookie = $cookie"
	"$ESTAB" -tl --json sport 2021 | jq --arg cookie "$cookie" '[.sockets[].cookie] | [length, index($cookie)]' -c)" \
	'["1 listen closed"]
[7,null]'
is "and all of them" "$(outcomes state listen and sport 2021) $(live 'sport = :2021')" '["7 listen closed"] 0'
is "nobody else" "$(live 'sport = :2020')" 1

# ---- without privileges, and elsewhere ----

start_mksock tcp-established:port=2030
is "without privileges" "$(as_nobody "$ESTAB" kill --yes dport 2030 2>&1; echo $?)" \
	"estab: kill: closing sockets takes CAP_NET_ADMIN in their network namespace
3"
is "nothing was closed" "$(live 'dport = :2030')" 1
is "nor is it a mere lack of matches" "$(as_nobody "$ESTAB" kill --yes process = mksock 2>&1; echo $?)" \
	"estab: kill: closing sockets takes CAP_NET_ADMIN in their network namespace
3"
is "but a rehearsal has none" "$(as_nobody "$ESTAB" kill --dry-run sport 2999 2>&1; echo $?)" "estab: 0 sockets would be closed
1"
if ip netns add other 2>/dev/null; then
	is "in another namespace" "$("$ESTAB" kill -N other --yes dport 2030 2>&1; echo $?)" \
		"estab: 0 sockets closed
1"
	ip netns exec other ip link set lo up
	printf '#!/bin/sh\nexec ip netns exec other "%s" "$@"\n' "$MKSOCK" >there
	chmod +x there
	MKSOCK=./there start_mksock tcp-established:port=2030
	is "there it is closed" "$(outcomes -N other dport 2030) $("$ESTAB" -N other -tH dport 2030 | wc -l)" \
		'["1 established closed"] 0'
	is "and ours is not" "$(live 'dport = :2030')" 1
	stop_mksock
	ip netns del other
else
	skip "in another namespace" "ip netns add does not work here"
fi
