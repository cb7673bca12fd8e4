#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Who holds a socket, and why nobody does: all of them, as root sees it, as ss sees it, and as an
# ordinary user who sees little, and is told so.
. "$(dirname "$0")/lib.sh"
need_command jq ss setpriv
need_root
in_pidns "$@"

# made JQ-FILTER: over the accounts of all mksocks so far.
made()
{
	jq -s -c "map(select(.proto)) | $1" "$tmp"/mksock*.out
}

# compare_owners FILE: the owners of every socket that mksock made, as mksock and as estab has them:
# a case for every spec, and why it fails. What only a ring holds has the ring's descriptor. An orphan
# that is a time-wait bucket by now is called that.
compare_owners()
{
	jq -r -n --slurpfile made <(made '.[]') --slurpfile said "$1" '
		def owners: [.owners[]? | {pid, tid, fd, via}] | sort;
		def made_owners: if .ring then [.ring + {tid: null, via: "io_uring"}] else owners end;
		def key: if .inode != 0 then "\(.proto) \(.inode)"
			elif .proto == "unix" then "unix \(.state) unaccepted"
			else "\(.proto) \(.local.addr) \(.local.port) \(.peer.addr) \(.peer.port)" end;
		(reduce $said[0].sockets[] as $s ({}; .[$s | key] = $s)) as $found
		| def reason:
			if .no_owner == "orphan" and .timer == "time-wait" then "time-wait"
			else .no_owner end;
		$made | map(. as $m | $found[key] as $s | {spec, fault: (
			if $s == null then "missing: \(key)"
			elif ($s | owners) != made_owners
			then "owners \($s | owners), made \(made_owners)"
			elif $s.no_owner != reason then "no_owner \($s.no_owner), made \(reason)"
			elif $s.owners_complete != true then "owners_complete \($s.owners_complete)"
			else null end)})
		| group_by(.spec)[]
		| ["all owners of \(.[0].spec)", (map(.fault | values) | join("; "))] | @tsv'
}

# tell: turns such lines into cases.
tell()
{
	local what why
	while IFS=$'\t' read -r what why; do
		if [[ -z $why ]]; then pass "$what"; else fail "$what" "$why"; fi
	done
}

start_mksock tcp-listen tcp-established tcp-many-owners:count=20 tcp-user odd-comm tcp-pending \
	tcp-fin-wait-2-orphan tcp-fin-wait-1:orphan=1 tcp-last-ack:orphan=1 tcp-time-wait \
	tcp-syn-recv in-flight:count=3 io-uring:count=2 udp-connected unix-pair unix-stream:abstract=owners \
	tcp-unshared-thread
jq -r 'select(.skipped) | [.skipped, .reason] | @tsv' "$MKSOCK_OUT" >"$tmp/skipped"
while IFS=$'\t' read -r what why; do
	skip "all owners of ${what%%:*}" "$why"
done <"$tmp/skipped"

# ---- as root ----

# A process that ends while it is read is told of: a helper of this shell's may still be about to.
for ((tries = 0; tries < 5; tries++)); do
	"$ESTAB" -tuxanp --json >"$tmp/root.json"
	jq -e 'any(.end.lost[]; .why == "vanished")' "$tmp/root.json" >/dev/null || break
	sleep 0.1
done
compare_owners "$tmp/root.json" >"$tmp/cases"
tell <"$tmp/cases"
is "cases" "$(wc -l <"$tmp/cases")" "$(made 'map(.spec) | unique | length')"
is "every socket is looked at" "$(jq '.sockets | length' "$tmp/root.json")" \
	"$(made 'map(select(.state != "closed")) | length')"
is "complete as root" "$(jq -c '.end | .complete, .lost' "$tmp/root.json" | xargs)" "true []"
is "each command is that of the process" "$(jq -c '[.sockets[].owners[] | select(.pid as $p | $pids |
	index($p)) | .comm] | unique' --argjson pids "[$MKSOCK_PID]" "$tmp/root.json")" '["mksock"]'

# Hostile command names come out byte by byte.
bytes_of_comms()
{
	jq -r --slurpfile made <(made '.[] | select(.comm_hex)') \
		'($made | map(.inode)) as $odd | .sockets[] | select(.inode as $i | $odd | index($i))
		| "\(.inode) \(.owners[0] | .comm_base64 // (.comm | @base64))"' "$tmp/root.json" |
		while read -r inode text; do
			echo "$inode $(base64 -d <<<"$text" | od -An -v -tx1 | tr -d ' \n')"
		done | sort
}
is "odd commands" "$(bytes_of_comms)" \
	"$(made '.[] | select(.comm_hex) | "\(.inode) \(.comm_hex)"' | tr -d '"' | sort)"

# Held without a descriptor.
ring=$(made 'map(select(.ring))[0] | "\(.local.port) mksock[\(.ring.pid)] io_uring fd \(.ring.fd)"')
ring=${ring//\"/}
is "a table tells that a ring holds it" \
	"$("$ESTAB" -tlpH "sport = :${ring%% *}" | grep -o 'mksock.*')" "${ring#* }"
is "a column of it" "$("$ESTAB" -tlH --columns owner.via | grep -v -c -e '^[-,]*$' -e ^io_uring$) \
$("$ESTAB" -tlH --columns owner.via | grep -c ^io_uring$)" "0 $(made 'map(select(.ring)) | length')"
is "what is under way has no owner" "$("$ESTAB" -tlpH | grep -c '(in-flight)')" \
	"$(made 'map(select(.no_owner == "in-flight")) | length')"
# Asked from a process namespace that has none of those who hold them.
apart()
{
	unshare --pid --fork --kill-child --mount-proc sh -c '"$@"; exit $?' sh "$@"
}
is "without carriers nothing is under way" "$(apart "$ESTAB" -tuanp --json |
	jq -c '[.sockets[] | select(.inode != 0) | [.no_owner, .owners_complete]] | unique')" \
	'[["not-visible",true]]'
is "nor with less under way than is out of sight" "$(
	# shellcheck disable=SC2016 # the inner shell expands it
	apart sh -c 'mkfifo "$2/apart"; "$1" in-flight <"$2/apart" >"$2/apart.out" & exec 3>"$2/apart"
		until grep -q ready "$2/apart.out"; do sleep 0.05; done
		"$ESTAB" -tlp --json; exec 3>&-; wait' sh "$MKSOCK" "$tmp" |
		jq -c '[.sockets[] | .no_owner] | unique')" '["not-visible"]'

# The kernel's own.
is "netlink sockets of the kernel" "$("$ESTAB" -A netlink -ap --json |
	jq -c '[.sockets[] | select(.netlink.portid == 0) | [.owners, .no_owner]] | unique')" \
	'[[[],"kernel"]]'

# What ss can see of it: it knows no rings, no thread's own table, and odd commands break its words.
ss -H -O -t -a -n -p -e | awk '{
	inode = ""; owners = ""
	if (match($0, / ino:[0-9]+/)) inode = substr($0, RSTART + 5, RLENGTH - 5)
	while (match($0, /pid=[0-9]+,fd=[0-9]+/)) {
		print inode, substr($0, RSTART, RLENGTH)
		$0 = substr($0, RSTART + RLENGTH)
	}
}' | sort >"$tmp/ss"
left_out=$(made '[.[] | select(.ring or .spec == "odd-comm" or .spec == "tcp-unshared-thread") | .inode]')
jq -r --argjson left_out "$left_out" '.sockets[] | select(.proto == "tcp")
	| select(.inode as $i | $left_out | index($i) | not)
	| .inode as $i | .owners[] | "\($i) pid=\(.pid),fd=\(.fd)"' "$tmp/root.json" | sort >"$tmp/ours"
grep -vwf <(jq -r '.[]' <<<"$left_out") "$tmp/ss" | diff - "$tmp/ours" >"$tmp/diff"
is "the same owners as ss" "$(cat "$tmp/diff")" ""
is "and more than a few" "$(($(wc -l <"$tmp/ours") > 40))" 1

# The other fields of an owner.
jq -c --argjson user "$(made '[.[] | select(.spec == "tcp-user") | .inode]')" \
	'.sockets[] | select(.inode == $user[0]) | .owners[0] | [.uid, .user, .exe, .cmdline[-1],
	(.cmdline | length), (.start_ticks | type)]' \
	<("$ESTAB" -tlp --columns=+inode,owner.uid,owner.user,owner.exe,owner.cmdline,owner.start_ticks \
		--json) >"$tmp/user"
is "uid, user, program, command line, start" "$(cat "$tmp/user")" \
	"[65534,\"$(id -nu 65534)\",\"$(realpath "$MKSOCK")\",\"tcp-unshared-thread\",18,\"number\"]"
port=$(made '.[] | select(.spec == "tcp-many-owners") | .local.port')
is "a table names each owner" \
	"$("$ESTAB" -tlnpH "sport = :$port" | grep -oE 'mksock\[[0-9]+\] fd [0-9]+' | sort -u | wc -l)" 42

# ---- as an ordinary user ----

if ! as_nobody "$ESTAB" --version >/dev/null 2>&1; then
	skip "as an ordinary user" "user 65534 can't run $ESTAB"
	exit
fi
# One of them is the user's own.
real_mksock=$MKSOCK
printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups %s "$@"\n' \
	"$real_mksock" >"$tmp/mksock"
chmod 755 "$tmp/mksock"
MKSOCK=$tmp/mksock
start_mksock tcp-listen
own=$(jq .inode <<<"$(head -n 1 "$MKSOCK_OUT")")

as_nobody "$ESTAB" -tuxanp --json >"$tmp/nobody.json" 2>"$tmp/nobody.err"
is "exit status of an incomplete answer" $? 0
is "JSON keeps standard error quiet" "$(cat "$tmp/nobody.err")" ""
is "the same sockets" "$(jq '.sockets | length' "$tmp/nobody.json")" \
	"$(($(jq '.sockets | length' "$tmp/root.json") + 1))"
is "others' sockets have no owner for want of permission" \
	"$(jq -c --argjson own "$own" '[.sockets[] | select(.inode != 0 and .inode != $own) |
		[.owners, .no_owner, .owners_complete]] | unique' "$tmp/nobody.json")" \
	'[[[],"permission",false]]'
is "one's own has one" "$(jq -c --argjson own "$own" '.sockets[] | select(.inode == $own) |
	[.owners[0].pid, (.owners | length), .no_owner, .owners_complete]' "$tmp/nobody.json")" \
	"[$MKSOCK_PID,1,null,false]"
is "reasons that need no permission" \
	"$(jq -c '[.sockets[] | select(.inode == 0) | .no_owner] | unique' "$tmp/nobody.json")" \
	"$(jq -c '[.sockets[] | select(.inode == 0) | .no_owner] | unique' "$tmp/root.json")"
is "not complete, and why" \
	"$(jq -c '.end | .complete, [.lost[] | [.what, .why, .count > 0]]' "$tmp/nobody.json" | xargs)" \
	'false [[processes,permission,true]]'
lost=$(jq '.end.lost[0].count' "$tmp/nobody.json")
as_nobody "$ESTAB" -tanp >"$tmp/table" 2>"$tmp/footer"
is "exit status of an incomplete table" $? 0
is "the footer says so" "$(cat "$tmp/footer")" \
	"estab: $lost processes not readable (permission): owners may be missing; run as root"
as_nobody "$ESTAB" -tanp --strict >/dev/null 2>&1
is "strict exit status" $? 3
"$ESTAB" -tanp --strict >/dev/null 2>&1
is "strict exit status as root" $? 0
as_nobody "$ESTAB" -tan --strict >"$tmp/table" 2>"$tmp/footer"
is "strict without owners" "$? $(cat "$tmp/footer")" "0 "
is "no mark without the right to see it" \
	"$(as_nobody "$ESTAB" -ta --columns=mark --json | jq -c '[.sockets[].mark] | unique')" "[null]"

# Where /proc hides processes, nobody can tell how many.
if mount -o remount,hidepid=2 /proc 2>"$tmp/mount.err"; then
	as_nobody "$ESTAB" -tanp --json >"$tmp/hidden.json"
	is "hidden processes are told of" \
		"$(jq -c '.end | .complete, [.lost[] | [.what, .why]]' "$tmp/hidden.json" | xargs)" \
		'false [[processes,hidepid]]'
	is "and owners may be among them" \
		"$(jq -c --argjson own "$own" '[.sockets[] | select(.inode != 0 and .inode != $own) |
			[.no_owner, .owners_complete]] | unique' "$tmp/hidden.json")" \
		'[["permission",false]]'
	as_nobody "$ESTAB" -tanp >/dev/null 2>"$tmp/footer"
	is "and the footer says so" "$(cat "$tmp/footer")" \
		"estab: /proc hides other users' processes (hidepid): owners may be missing"
	is "nothing is hidden from root" "$("$ESTAB" -tanp --json | jq .end.complete)" true
else
	skip "hidden processes" "$(cat "$tmp/mount.err")"
fi
