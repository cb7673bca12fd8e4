#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Many network namespaces, and such as are mounted where others keep theirs or have names that mean harm: few
# descriptors are enough for all of them, and a name gets through whole, or not at all.
. "$(dirname "$0")/lib.sh"
need_command ip jq setpriv unshare
in_pidns "$@"
cd "$tmp" || exit 1

# It makes a mount of /run/netns, below which all others should be.
ip netns add in 2>err || skip_all "ip netns can't make a namespace: $(cat err)"
mkdir -p /run/docker/netns
real_mksock=$MKSOCK
# made FILE PORT: a namespace that is mounted there, with a listener in it.
made()
{
	touch "$1" && unshare --net="$1" ip link set lo up || return 1
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\nexec nsenter --net="$(cat "%s/where")" %s "$@"\n' "$tmp" "$real_mksock" >enter
	chmod 755 enter
	printf '%s' "$1" >where
	# What a command's output can't end with.
	[[ $1 != *$'\n' ]] || return 1
	MKSOCK=$tmp/enter
	start_mksock --no-lo "tcp-listen:port=$2"
	MKSOCK=$real_mksock
}

made /run/docker/netns/1f2e3d4c5b6a 2001 2>err || skip_all "no namespace can be mounted here: $(cat err)"
docker=$MKSOCK_PID
long=$(printf 'x%.0s' {1..255})
names=($'two\nlines' $'red\e[31m\e]0;title\a' 'a blank' '..' 'quo"te\back' $'bad\xff\xfebytes' "$long" '(deleted)' $'\u202egnp.exe')
port=2100
ports=()
for name in "${names[@]}"; do
	ports+=($((++port)))
	# The directory has that name itself.
	[[ $name != .. ]] || name=..x
	made "/run/netns/$name" "$port" || fail made "$name"
done
names[3]=..x

# names_of ARGUMENT...: the names as bytes, by port, one a line in base64.
names_of()
{
	"$@" --all-netns -ta --json --columns local.port,netns_name 'sport >= 2100 and sport < 2200' 2>/dev/null |
		jq -r '.sockets | sort_by(.local.port)[] | .netns_name_base64 // (.netns_name | @base64)'
}
want=$(for name in "${names[@]}"; do printf '%s' "$name" | base64 -w0; echo; done)
for source in auto diag procfs bpf; do
	"$ESTAB" -tH --source $source >/dev/null 2>&1 || continue
	is "names come as they are by $source" "$(names_of "$ESTAB" --source $source)" "$want"
done
is "a table has each in one line" "$("$ESTAB" --all-netns -tlH 'sport >= 2100 and sport < 2200' | wc -l)" "${#names[@]}"
"$ESTAB" --all-netns -tl >table
"$ESTAB" --all-netns -tl --tree >tree
"$ESTAB" --all-netns summary --by netns_name -tl >by
"$ESTAB" --all-netns -tl --csv >csv
for file in table tree by; do
	is "nothing unsafe in the $file" "$(LC_ALL=C grep -acP '[\x00-\x09\x0b-\x1f\x7f\xff]|\xe2\x80\xae' $file)" 0
done
is "nor in CSV, but for the newline that is quoted" "$(LC_ALL=C grep -acP '[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]' csv)" 0
# A filter and -N take what was printed.
for i in 0 1 2 4 6 7; do
	quoted=${names[i]//\\/\\\\}
	quoted=${quoted//\"/\\\"}
	is "a filter by name $i" "$("$ESTAB" --all-netns -tlH --columns local.port "netns_name = \"$quoted\"")" "${ports[i]}"
	is "-N by name $i" "$("$ESTAB" -N "${names[i]}" -tlH --columns local.port)" "${ports[i]}"
done
mkdir -p /run/other && touch /run/other/out && mount --bind /run/netns/in /run/other/out
is "what has a slash is no name" "$("$ESTAB" -N ../other/out -tlH 2>&1; echo $?)" "estab: ../other/out: No such file or directory
3"
is "docker's are found, and named by who is in them" "$("$ESTAB" --all-netns -tlH --columns netns_name 'sport = 2001')" \
	"mksock[$docker]"
stop_mksock
is "and by where they are mounted" "$("$ESTAB" --all-netns -A netlink --json 2>/dev/null | jq -r \
	'[.sockets[].netns_name | select(startswith("/run/docker"))] | unique[]')" /run/docker/netns/1f2e3d4c5b6a
for name in "${names[@]}"; do
	umount "/run/netns/$name" && rm "/run/netns/$name"
done

# ---- many small ones: each socket is asked for by itself, and that is the same as a dump ----

mkdir /run/small
MKSOCK=$tmp/enter
for ((i = 0; i < 12; i++)); do
	: >"/run/small/$i"
	unshare --net="/run/small/$i" ip link set lo up
	printf '%s' "/run/small/$i" >where
	start_mksock --no-lo tcp-listen:port=6001 tcp-established:port=6002 tcp-established:family=inet6,port=6003 \
		tcp-device:port=6004 tcp-close-wait:port=6005
done
# Of some it takes a dump: what has no file, what shares a port, what is only bound.
printf '%s' /run/small/0 >where
start_mksock --no-lo tcp-time-wait:port=6101 tcp-pending:port=6102,count=2
printf '%s' /run/small/1 >where
start_mksock --no-lo tcp-reuseport:port=6103,count=3 tcp-bound:port=6104
MKSOCK=$real_mksock
# all_of ARGUMENT...: what does not change by itself of the sockets in them.
all_of()
{
	"$ESTAB" --all-netns --json "$@" | jq -S -c '.sockets[] | select(.local.port > 6000 or .peer.port > 6000)
		| del(.timer) | .tcp |= (. // {} | {snd_mss, rcv_mss, bytes_acked, advmss})' | sort
}
for states in -t -ta -tl -4ta -6t; do
	all_of $states -iem >asked
	all_of $states -iem --source diag >dumped
	is "asked for one by one ($states)" "$(diff asked dumped | head -3)" ""
	check "and there are some ($states)" test "$(wc -l <asked)" -ge 12
done
if "$ESTAB" --all-netns -ta --source bpf >/dev/null 2>&1; then
	command -v strace >/dev/null && check "few namespaces are dumped" test "$(strace -f -e trace=sendto "$ESTAB" --all-netns -tai 2>&1 >/dev/null |
		grep -c 'NLM_F_REQUEST|0x300')" -lt 10
	is "nothing is missing" "$("$ESTAB" --all-netns -tai --json | jq -c .end.lost)" "[]"
fi
stop_mksock
for ((i = 0; i < 12; i++)); do
	umount "/run/small/$i"
done

# ---- five hundred, with a socket each in some of them ----

mkdir /run/many
for ((i = 0; i < 500; i++)); do
	: >"/run/many/$i"
done
# Each waits for the kernel, so do many at a time.
seq 0 499 | xargs -P 20 -I '{}' unshare --net='/run/many/{}' true
some=(0 7 99 250 498 499)
for i in "${some[@]}"; do
	made_in=/run/many/$i
	printf '%s' "$made_in" >where
	MKSOCK=$tmp/enter
	nsenter --net="$made_in" ip link set lo up
	start_mksock --no-lo "tcp-listen:port=$((3000 + i))" "udp-unconnected:port=$((3000 + i))" unix-stream-listen:pending=0
	MKSOCK=$real_mksock
done
want=$(for i in "${some[@]}"; do echo $((3000 + i)); done | xargs)
for source in auto diag procfs; do
	(ulimit -n 24 && "$ESTAB" --all-netns -tuxla --source $source --json) >many.json 2>err
	is "with few descriptors by $source" "$(jq -c '[.end.complete, .end.lost]' many.json)" '[true,[]]'
	is "and each socket is there by $source" "$(jq -r '.sockets[] | select(.proto == "tcp" and
		.local.port >= 3000 and .local.port < 3500) | .local.port' many.json | sort -n | xargs)" "$want"
done
is "with owners, and what only sock_diag has" "$( (ulimit -n 32; "$ESTAB" --all-netns -tlipH \
	--columns local.port,owner.comm 'sport >= 3000 and sport < 3500') | sort -n | awk '{ print $1 }' | xargs)" "$want"
is "both ends of all of them" "$( (ulimit -n 32; "$ESTAB" --all-netns -tlH --columns local.port,direction \
	'sport >= 3000 and sport < 3500') | awk '{ print $2 }' | sort | uniq -c | xargs)" "${#some[@]} listen"
if [[ -z ${ESTAB_IN_USERNS-} ]]; then
	(ulimit -n 32; as_nobody "$ESTAB" --all-netns -tl --json) >many.json 2>err
	is "a user has those of processes" "$(jq -r '.sockets[] | select(.local.port >= 3000 and .local.port < 3500) |
		.local.port' many.json | sort -n | xargs)" "$want"
	is "and is told of the others" "$(jq '[.end.lost[] | select(.what == "namespace" and .why == "permission") | .count] |
		add >= 490' many.json)" true
else
	skip "a user has those of processes" "needs root, for a second user"
fi
