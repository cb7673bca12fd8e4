#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# BPF gives the same rows and the same owners as sock_diag and /proc do; where it may not be used
# the others serve, and say nothing; in a process namespace the numbers are those of its /proc.
. "$(dirname "$0")/lib.sh"
need_command jq setpriv strace
need_root
in_pidns "$@"

why=$("$ESTAB" -tanp --source=bpf 2>&1 >/dev/null) || skip_all "no BPF here: ${why#estab: }"

# What rows from BPF can have, and so all of what this compares.
rows=proto,family,type,state,recv_q,send_q,backlog,backlog_limit,local.addr,local.port,local.path
rows+=,local.abstract,peer.addr,peer.port,peer.inode,interface,uid,inode,cookie,netns,shutdown,v6only
rows+=,mark,cgroup_id,protocol
owners=$rows,owners,owners_complete,no_owner,owner.pid,owner.tid,owner.fd,owner.comm,owner.uid
owners+=,owner.user,owner.exe,owner.cmdline,owner.start_ticks,owner.ppid,owner.cgroup,owner.unit
owners+=,owner.container,cgroup
# What only sock_diag has beside: rows come from there, and owners from BPF.
diag=$owners,timer.kind,tcp.snd_mss

# reading FILE OPTION...: the answer, and its rows sorted, one a line: without the sockets that it was
# read through, without what sock_diag may not have here or has not, and without what moves.
reading()
{
	local file=$1
	shift
	"$ESTAB" -A "all,udplite,icmp,netlink,packet" -a --json "$@" >"$tmp/$file" 2>"$tmp/$file.err"
	jq -c -S '.sockets[] | select(.proto as $p | ["raw", "icmp"] | index($p) | not)
		| select(.proto != "netlink" or .protocol != 4) | del(.tcp)
		| if .proto == "netlink" then del(.uid) else . end' "$tmp/$file" |
		sort >"$tmp/$file.rows"
}

# same_rows NAME FILE FILE
same_rows()
{
	is "$1" "$(diff "$tmp/$2.rows" "$tmp/$3.rows")" ""
}

# sources FILE: the source of each table.
sources()
{
	jq -r '[.end.sources[] | select(.error | not) | "\(.table):\(.source)"] | sort | join(" ")' \
		"$tmp/$1"
}

start_mksock tcp-listen tcp-listen:family=inet6,addr=:: tcp-listen:family=inet6,addr=::,v6only=1 \
	tcp-bound tcp-unbound tcp-established:count=20 tcp-established:family=inet6 \
	tcp-established:family=mapped tcp-established:unread=1000 tcp-device tcp-mark tcp-scope \
	tcp-reuseport tcp-pending:count=3,unread=7 tcp-backlog-full tcp-close-wait tcp-fin-wait-2 \
	tcp-fin-wait-2-orphan:linger=100 tcp-fin-wait-1:orphan=1 tcp-last-ack:orphan=1 \
	tcp-closing:orphan=1 tcp-time-wait tcp-syn-sent tcp-syn-recv tcp-many-owners:count=20 \
	tcp-user odd-comm mptcp udp-unconnected udp-connected udp-connected:family=inet6 \
	udp-connected:unread=2 udp-unconnected:device=lo netlink netlink:group=7,bind=0 \
	netlink:protocol=16,port=7001 udplite raw icmp-ping unix-pair \
	unix-stream-listen:pending=2 unix-dgram in-flight io-uring tcp-unshared-thread
jq -r 'select(.skipped) | [.skipped, .reason] | @tsv' "$MKSOCK_OUT" >"$tmp/skipped"
while IFS=$'\t' read -r what why; do
	skip "${what//:/ }" "$why"
done <"$tmp/skipped"

# ---- the same as the others ----

reading diag --source=diag --columns="$owners"
reading bpf --source=bpf --columns="$owners"
same_rows "rows and owners are those of sock_diag and /proc" diag bpf
is "nothing is lost" "$(jq -c .end.lost "$tmp/bpf")" "[]"
is "and more than a few" "$(($(wc -l <"$tmp/bpf.rows") > 100))" 1
is "TCP, UDP, netlink and owners are from BPF" "$(sources bpf | grep -o '[a-z]*:bpf' | xargs)" \
	"netlink:bpf owners:bpf tcp:bpf udp:bpf"
is "other tables are not" "$(sources bpf | grep -oE '(unix|packet):[a-z]*' | xargs)" \
	"packet:diag unix:diag"
for source in procfs bpf; do
	"$ESTAB" -A raw,icmp -a --source=$source --json --columns="proto,local,inode,owners" |
		jq -c -S '.sockets[]' | sort >"$tmp/$source.rows"
done
same_rows "owners join rows without a cookie" procfs bpf

reading diag-rows --source=diag --columns="$diag"
reading bpf-owners --source=bpf --columns="$diag"
same_rows "owners join rows from sock_diag" diag-rows bpf-owners
is "rows are from sock_diag then" "$(sources bpf-owners | grep -oE '\b(owners:bpf|(tcp|udp):[a-z]*)' | xargs)" \
	"owners:bpf tcp:diag udp:diag"

# With these alone rows are handed out while others are read, if they can have but one owner.
for source in diag bpf; do
	"$ESTAB" -A tcp,udp -a --json --source=$source --columns="$owners" | jq -c -S '.sockets[]' |
		sort >"$tmp/$source-alone.rows"
done
same_rows "the same from a stream" diag-alone bpf-alone
is "those that are held by many are there once" \
	"$(jq -s 'map(.cookie) | length == (unique | length)' "$tmp/bpf-alone.rows")" true
is "of a stream too a filter of owners holds" \
	"$("$ESTAB" -A tcp,udp -aH --source=bpf --columns=cookie "process mksock and owner.fd < 40" | sort)" \
	"$("$ESTAB" -A tcp,udp -aH --source=diag --columns=cookie "process mksock and owner.fd < 40" | sort)"

reading diag-only --source=diag --columns="$rows"
reading bpf-only --source=bpf --columns="$rows"
same_rows "rows without owners" diag-only bpf-only
# Whoever insists on it gets from it what auto would leave to a dump; of nothing there are no rows.
for filter in "state listening" "state time-wait" "family = unix"; do
	is "without owners, $filter" \
		"$("$ESTAB" -taH --source=bpf --columns=cookie "$filter" 2>&1 | sort)" \
		"$("$ESTAB" -taH --source=diag --columns=cookie "$filter" 2>&1 | sort)"
done

# Through the text, identities are inodes, and what has none can't be compared.
made=$(jq -s -c '[.[] | select(.proto == "tcp" and .inode != 0) | .inode]' "$MKSOCK_OUT")
for source in procfs bpf; do
	"$ESTAB" -ta --json --source=$source --columns=+inode,owners |
		jq -c -S --argjson made "$made" '.sockets[] | select(.inode as $i | $made | index($i)) |
			select(.state != "bound" and (.local.addr | startswith("fe80") | not)) |
			{inode, state, local, peer, recv_q, send_q, owners}' | sort >"$tmp/$source.rows"
done
same_rows "TCP is the same in /proc" procfs bpf

is "a filter holds" "$("$ESTAB" -taH --source=bpf -p "state listening" | wc -l)" \
	"$("$ESTAB" -taH --source=diag -p "state listening" | wc -l)"
is "a family holds" "$("$ESTAB" -ta6H --source=bpf -p | sort)" \
	"$("$ESTAB" -ta6H --source=diag -p | sort)"

# ---- exact or not ----

consistency()
{
	"$ESTAB" -a --json --columns="$rows,owner.pid" "$@" | jq -r .end.consistency
}

is "TCP and UDP from BPF are exact" "$(consistency -tu --source=bpf)" exact
is "with unix they are not" "$(consistency -tux --source=bpf)" approximate
is "a dump is not" "$(consistency -tu --source=diag)" approximate

# ---- privileges ----

if ! as_nobody "$ESTAB" --version >/dev/null 2>&1; then
	skip "privileges" "user 65534 can't run $ESTAB"
	exit
fi

# with_caps CAPS COMMAND...: as an ordinary user with these and no others.
with_caps()
{
	local caps=$1
	shift
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="-all$caps" \
		--ambient-caps="-all$caps" "$@"
}

for caps in "" ",+bpf" ",+perfmon"; do
	is "not with${caps:- none}" \
		"$(with_caps "$caps" "$ESTAB" -tan --source=bpf -p 2>&1; echo $?)" \
		$'estab: sockets: Operation not permitted\n3'
	with_caps "$caps" "$ESTAB" -tanp --json >"$tmp/fallback" 2>"$tmp/fallback.err"
	is "the others serve with${caps:- none}" "$? $(cat "$tmp/fallback.err") $(sources fallback)" \
		"0  owners:procfd tcp:diag"
done
# Of what nobody has open, they may not ask /proc whether it is in a ring or under way.
held()
{
	"$@" "$ESTAB" -tan --source=bpf --json \
		--columns="proto,state,local.port,peer.port,inode,owners" |
		jq -c -S '.sockets[] | select(.inode == 0 or any(.owners[]; .via | not))' | sort
}
held >"$tmp/root.rows"
for caps in ",+bpf,+perfmon" ",+sys_admin"; do
	held with_caps "$caps" >"$tmp/caps.rows"
	same_rows "the same with${caps}" root caps
done
is "and these are many" "$(($(wc -l <"$tmp/root.rows") > 80))" 1

is "nothing for it to do" "$("$ESTAB" -xa --source=bpf 2>&1; echo $?)" \
	$'estab: sockets: Operation not supported\n3'

# ---- only what is needed ----

# programs OPTION...: how many are loaded, each by a program of its own.
programs()
{
	strace -f -qq -e trace=bpf "$ESTAB" "$@" 2>&1 >/dev/null | grep -c 'BPF_PROG_LOAD'
}

is "none without BPF" "$(programs -tanp --source=diag)" 0
is "none where no row is left" "$(programs -xap --source=auto 'inode = 1')" 0
is "one where all have files" "$(programs -uanp --source=bpf)" 1
is "two where some have none" "$(programs -tanp --source=bpf)" 2
is "two of netlink" "$(programs -f netlink -p --source=bpf)" 2
is "one for owners alone" "$(programs -tanp --source=bpf --columns=+timer.kind)" 1

# ---- another namespace, and no descriptors left behind ----

if ip netns add bpf-test 2>/dev/null; then
	"$ESTAB" -N bpf-test -tanp --source=bpf >"$tmp/other" 2>&1
	is "another namespace's owners" "$? $(wc -l <"$tmp/other")" "0 1"
fi
is "descriptors are closed" "$(strace -f -qq -e trace=bpf,close,execve "$ESTAB" -tanp --source=bpf 2>&1 >/dev/null |
	awk '/BPF_ITER_CREATE/ { fd = $NF } $0 ~ "close\\(" fd "\\)" && fd { n++ } END { print (n > 0) }')" 1
