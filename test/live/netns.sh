#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Sockets of other network namespaces: by name, by process, by path; as root, as a user in namespaces
# of their own, and as one to whom they are closed.
. "$(dirname "$0")/lib.sh"
need_command ip jq setpriv unshare
in_netns "$@"
cd "$tmp" || exit 1

ip netns add blue 2>"$tmp/err" || skip_all "ip netns can't make a namespace: $(cat "$tmp/err")"

# The devices are told apart by their names only.
check "a device" sh -c 'ip -n blue link set lo name blue0 && ip -n blue link set blue0 up'

# enter NAME COMMAND...: from now on start_mksock makes its sockets where this command leads.
real_mksock=$MKSOCK
enter()
{
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$2" "$real_mksock" >"$1"
	chmod 755 "$1"
	MKSOCK=$tmp/$1
}

# Not netlink sockets, which estab itself has some of.
tables=(-a -A "inet,unix" --json)

# in_order: the sockets of a JSON document in an order of their own.
in_order()
{
	jq -S -c '.sockets | map(del(.timer)) | sort_by(tostring)[]'
}

# sockets ARGUMENT...: what estab lists with these.
sockets()
{
	"$ESTAB" "${tables[@]}" "$@" | in_order
}

# ports ARGUMENT...: the local ports of TCP listeners, in one line.
ports()
{
	"$ESTAB" -tlH --columns local.port "$@" | sort -n | xargs
}

# refuse NAME STATUS WANTED-TEXT COMMAND...: nothing is printed but one line of complaint.
refuse()
{
	local name=$1 status=$2 wanted=$3 got
	shift 3
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	is "$name" "$got $(wc -c <"$tmp/out") $(cat "$tmp/err")" "$status 0 estab: $wanted"
}

# ---- a namespace with a name ----

start_mksock tcp-listen:port=3001
enter mksock-blue "ip netns exec blue"
start_mksock --no-lo tcp-listen:port=2001,device=blue0 tcp-established:port=2002 \
	udp-unconnected:port=2003 tcp-time-wait:port=2004 tcp-listen:port=2005,family=inet6 \
	unix-stream-listen:abstract==blue,pending=0
blue=$MKSOCK_PID
touch /run/bound
mount --bind /run/netns/blue /run/bound

is "our own without -N" "$(ports)" 3001
is "all of them seen from within" \
	"$(ip netns exec blue "$ESTAB" "${tables[@]}" | jq .end.complete)" true
for source in diag procfs; do
	ip netns exec blue "$ESTAB" "${tables[@]}" --source $source | in_order >within
	check "$source sees some" test "$(wc -l <within)" -ge 7
	for how in "name blue" "process pid:$blue" "path /run/netns/blue" "mount /run/../run/bound"; do
		is "$source by ${how%% *}" "$(sockets --source $source -N "${how#* }")" \
			"$(cat within)"
	done
done
is "ports" "$(ports --net=blue)" "2001 2005"
is "both sources agree" \
	"$(sockets -N blue --source procfs | jq -c '[.proto, .local.port, .inode, .state]' | sort)" \
	"$(sockets -N blue --source diag | jq -c '[.proto, .local.port, .inode, .state]' | sort)"
is "sorted, on a snapshot" \
	"$("$ESTAB" -tlH -N blue --sort -local.port --columns local.port | xargs)" "2005 2001"

inode=$(stat -Lc %i /run/netns/blue)
is "its inode in the head" "$("$ESTAB" -ta -N blue --json | jq .estab.netns)" "$inode"
is "and in every socket" \
	"$("$ESTAB" -ta -N blue --json | jq '.sockets[].netns' | sort -u)" "$inode"
is "ours without" "$("$ESTAB" -ta --json | jq .estab.netns)" "$(stat -Lc %i /proc/self/ns/net)"
is "owners" "$("$ESTAB" -tlH -N blue --columns owner.pid 2>/dev/null | sort -u)" "$blue"
is "owners through procfs" \
	"$("$ESTAB" -tlH -N blue --source procfs --columns owner.pid 2>/dev/null | sort -u)" "$blue"
is "devices are named there" \
	"$("$ESTAB" -tlH -N blue --columns interface sport 2001)" blue0
is "the last one holds" "$(ports -N nope -N blue)" "2001 2005"
is "our own by name" "$(ports -N pid:$$) $(ports -N /proc/self/ns/net)" "3001 3001"
is "nothing is said of it" "$("$ESTAB" -tlH -N blue 2>&1 >/dev/null)" ""

# ---- what is no namespace ----

mkfifo fifo
touch empty /run/netns/left-over
refuse "no such name" 3 "green: No such file or directory" "$ESTAB" -N green
refuse "no such path" 3 "./green: No such file or directory" "$ESTAB" -N ./green
refuse "no such process" 3 "pid:2147483647: No such process" "$ESTAB" -N pid:2147483647
for name in "" pid: pid:0 pid:1x pid:-1 /proc/self/ns/mnt ./empty ./fifo /dev/null / left-over ..; do
	refuse "not '${name/:/ }'" 2 "-N: not a network namespace: $name" \
		timeout 20 "$ESTAB" -N "$name"
done
refuse "no argument" 2 "-N: needs an argument" "$ESTAB" -N
refuse "a name with --proc-root" 2 "-N: with --proc-root only pid:N: blue" \
	"$ESTAB" --proc-root /proc -N blue
is "a process with --proc-root" "$(ports --proc-root /proc -N "pid:$blue")" "2001 2005"
is "which is as --proc-pid" "$(ports --proc-root /proc --proc-pid "$blue")" "2001 2005"

# ---- without permission ----

if [[ -n ${ESTAB_IN_USERNS-} ]]; then
	skip "without permission" "needs root, for a second user"
	skip "rootless" "needs root, for a second user"
	exit
fi

refuse "a name is closed to others" 3 "blue: Operation not permitted" as_nobody "$ESTAB" -N blue
refuse "a process's too" 3 "/proc/$blue/ns/net: Permission denied" \
	as_nobody "$ESTAB" -N "/proc/$blue/ns/net"
refuse "diag can't" 3 "sockets: Operation not permitted" \
	as_nobody "$ESTAB" -t --source diag -N "pid:$blue"
as_nobody "$ESTAB" -ta -N "pid:$blue" --json >refused.json
is "its tables are open" \
	"$(jq -c '[.sockets[].local.port]' refused.json)" \
	"$("$ESTAB" -ta -N blue --source procfs --json | jq -c '[.sockets[].local.port]')"
is "it says what was read" \
	"$(jq -r '.end.sources[] | [.source, .table, .error // .path] | join(" ")' refused.json)" \
	"diag tcp EPERM
procfs tcp /proc/$blue/net/tcp
procfs tcp6 /proc/$blue/net/tcp6"
is "its inode is unknown" "$(jq -c '[.estab.netns, .sockets[0].netns]' refused.json)" "[null,null]"
is "one's own by another's process" \
	"$(as_nobody "$ESTAB" -tl -N pid:$$ --json | jq -c '[.end.sources[].source, .sockets[].local.port]')" \
	'["diag",3001]'

# ---- a user namespace's own ----

nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"
if ! $nobody unshare --user --map-root-user --net true 2>"$tmp/err"; then
	skip rootless "no user namespaces for users: $(cat "$tmp/err")"
	exit
fi
enter mksock-rootless "$nobody unshare --user --map-root-user --net"
start_mksock tcp-listen:port=4001 tcp-established:port=4002 udp-unconnected:port=4003
rootless=$MKSOCK_PID
sockets -N "pid:$rootless" --source diag >by-root
check "root sees it" grep -q '"port":4001' by-root
for source in diag procfs; do
	sockets -N "pid:$rootless" --source $source >by-root
	for how in "process pid:$rootless" "path /proc/$rootless/ns/net"; do
		is "its user does through $source by ${how%% *}" \
			"$(as_nobody "$ESTAB" "${tables[@]}" --source $source -N "${how#* }" |
				in_order)" \
			"$(cat by-root)"
	done
done
is "and its owners" \
	"$(as_nobody "$ESTAB" -tlH -N "pid:$rootless" --columns owner.pid 2>/dev/null)" "$rootless"
is "by diag first" \
	"$(as_nobody "$ESTAB" -t -N "pid:$rootless" --json | jq -r '.end.sources[].source')" diag
is "another user by its tables" \
	"$(setpriv --reuid=65533 --regid=65533 --clear-groups --inh-caps=-all \
		"$ESTAB" -tl -N "pid:$rootless" --json | jq -c '[.end.sources[0].error, .sockets[].local.port]')" \
	'["EPERM",4001]'

# A namespace in a namespace: root of the outer one may enter the inner one.
enter mksock-nested "$nobody unshare --user --map-root-user --net unshare --user --map-root-user --net"
start_mksock tcp-listen:port=5001
is "nested" \
	"$(as_nobody "$ESTAB" -tl -N "pid:$MKSOCK_PID" --json | jq -c '[.end.sources[0].source, .sockets[].local.port]')" \
	'["diag",5001]'
