#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Netlink, packet and MPTCP sockets, ping and UDP-Lite: what mksock made, what estab says through
# sock_diag and through /proc, and what ss says. And what the kernel's dumps of them lose.
. "$(dirname "$0")/lib.sh"
need_command jq ss
in_netns "$@"

# reading NAME OPTIONS...: what estab says, as JSON in a file; complete, or it is a failure.
reading()
{
	local name=$1
	shift
	if ! "$ESTAB" --json "$@" >"$tmp/$name" 2>"$tmp/$name.err"; then
		fail "$name" "estab $* failed: $(cat "$tmp/$name.err")"
		exit 1
	fi
	# Who may hold them is another test's.
	is "$name is complete" "$(jq -c '.end.lost | map(select(.what != "processes"))' "$tmp/$name")" "[]"
	is "$name has each socket once" \
		"$(jq '.sockets | length' "$tmp/$name")" "$(jq '.sockets | unique_by([.proto, .cookie, .inode, .local, .peer]) | length' "$tmp/$name")"
}

# made PROTO: mksock's accounts of that protocol, as an array.
made()
{
	jq -s --arg proto "$1" 'map(select(.proto == $proto))' "$MKSOCK_OUT"
}

# agree NAME MADE FOUND: both JSON arrays of objects with an inode. What the first has of a socket, the
# second must have, too: objects are compared by their common keys, which must be all of the first's.
agree()
{
	local name=$1 faults
	faults=$(jq -n -r --argjson made "$2" --argjson found "$3" '
		($found | map({key: (.inode | tostring), value: .}) | from_entries) as $by
		| if $made == [] then "nothing was made" else empty end,
		  ($made[] as $m
		   | $by[$m.inode | tostring] as $f
		   | if $f == null then "inode \($m.inode) is missing"
		     else $m | to_entries[]
			| select($f[.key] != .value)
			| "inode \($m.inode) \(.key): \($f[.key] | tojson), made \(.value | tojson)" end)')
	if [[ -z $faults ]]; then pass "$name"; else fail "$name" "$faults"; fi
}

# as_other NAME GOT-COMMAND WANT: the case needs somebody else, whom a user namespace may not have.
as_other()
{
	if [[ -n ${ESTAB_IN_USERNS-} ]]; then
		skip "$1" "needs root"
	else
		is "$1" "$($2)" "$3"
	fi
}

# noticed NAME MADE FOUND FILTER: agree() must find fault with what the filter makes of the found.
noticed()
{
	local outcome
	outcome=$(agree x "$2" "$(jq -c "$4" <<<"$3")")
	if [[ $outcome == "not ok"* ]]; then pass "$1"; else fail "$1" "not noticed"; fi
}

# ---- netlink ----

start_mksock netlink netlink:group=1 netlink:group=33 netlink:group=32,protocol=2 \
	netlink:protocol=16,port=7001 netlink:protocol=12,group=5 netlink:group=7,bind=0 \
	netlink:protocol=2,port=7002,peer=7001,pktinfo=1 netlink:protocol=16,group=40
netlink=protocol,protocol_name,state,type,local,inode,cookie,netlink,owners
reading netlink-diag -f netlink --source diag --columns "$netlink"
reading netlink-procfs -f netlink --source procfs --columns "$netlink"
ss -H -O -n -f netlink -a -e >"$tmp/netlink-ss"
account=$(made netlink | jq -c 'map({inode, protocol, cookie, portid, groups, state, owner: (.owners | map([.pid, .fd]))})')
shape='[.sockets[] | {inode, protocol, cookie, portid: .netlink.portid, groups: .netlink.groups, state,
	owner: (.owners | map([.pid, .fd]))}]'
found=$(jq -c "$shape" "$tmp/netlink-diag")
agree "netlink in diag" "$account" "$found"
noticed "a wrong group is noticed" "$account" "$found" 'map(.groups += [9])'
noticed "a lost socket is noticed" "$account" "$found" '.[:-1] | map(select(.portid != 7001))'
# Neither cookie nor state is in the text, nor groups above 32 of the protocols that may have them. Who
# has no port id is in no line.
text='map(select(.portid != 0) | del(.cookie, .state)
	| if .protocol == 0 or .protocol == 16 then .groups = null else . end)'
agree "netlink in procfs" "$(jq -c "$text" <<<"$account")" "$(jq -c "$shape" "$tmp/netlink-procfs")"
# shellcheck disable=SC2016 # these are jq's variables
mask='map(select(.portid != 0) | {inode, mask: (reduce (.groups[] | select(. <= 32)) as $g (0; . + pow(2; $g - 1)))})'
masks='[.sockets[] | {inode, mask: .netlink.groups_mask}]'
agree "the first 32 groups in diag" "$(jq -c "$mask" <<<"$account")" "$(jq -c "$masks" "$tmp/netlink-diag")"
agree "the first 32 groups in procfs" "$(jq -c "$mask" <<<"$account")" "$(jq -c "$masks" "$tmp/netlink-procfs")"
is "names of netlink protocols" "$(jq -r '[.sockets[] | "\(.protocol) \(.protocol_name)"] | unique | map(select(test("^(0|2|4|12|16) "))) | join(",")' "$tmp/netlink-diag")" \
	"0 route,12 netfilter,16 generic,2 usersock,4 sock-diag"
is "the kernel's own have no owner, and it says so" \
	"$("$ESTAB" -f netlink -p --json | jq -c '[.sockets[] | select(.netlink.portid == 0 and .netlink.groups == []) | .no_owner] | unique')" '["kernel"]'
# All there is of them, the kernel's own too; and the user, whom only BPF tells.
by_bpf=protocol,protocol_name,state,type,local,peer,recv_q,send_q,inode,cookie,netns,netlink,mem,owners,no_owner
if why=$("$ESTAB" -f netlink --source bpf 2>&1 >/dev/null); then
	for source in diag bpf; do
		reading "netlink-all-$source" -f netlink --source $source --columns "$by_bpf"
		jq -c -S '.sockets[] | select(.protocol != 4) | del(.owners_complete)' "$tmp/netlink-all-$source" |
			sort >"$tmp/netlink-rows-$source"
	done
	is "netlink in BPF is as in diag" "$(diff "$tmp/netlink-rows-diag" "$tmp/netlink-rows-bpf")" ""
	is "and the kernel's own are there" "$(jq -s 'map(select(.no_owner == "kernel")) | length > 5' \
		"$tmp/netlink-rows-bpf")" true
	agree "netlink in BPF" "$account" "$(jq -c "$shape" "$tmp/netlink-all-bpf")"
	is "it is exact" "$(jq -c '.end | [.consistency, .lost]' "$tmp/netlink-all-bpf")" '["exact",[]]'
	is "the user, but for the kernel's own" "$("$ESTAB" -f netlink --source bpf --json --columns uid,owners,no_owner |
		jq -c '[.sockets[] | [.no_owner, .uid]] | unique')" '[[null,0],["kernel",null]]'
else
	skip "netlink in BPF" "${why#estab: }"
fi
# ss has no inode: protocol and port id, with a sign. It shows those in groups twice.
is "ss has the same netlink sockets" \
	"$(awk '$4 !~ /^4:[1-9]/ { print $4, substr($NF, 8) }' "$tmp/netlink-ss" | sort -u)" \
	"$(jq -r '.sockets[] | select(.protocol != 4 or .netlink.portid == 0)
		| [.protocol, (.netlink.portid | if . >= pow(2; 31) then . - pow(2; 32) else . end), .netlink.groups_mask] | @tsv' "$tmp/netlink-diag" |
		while read -r protocol portid bits; do printf '%s:%s 0x%08x\n' "$protocol" "$portid" "$bits"; done | sort -u)"
is "an end as a table shows it" \
	"$("$ESTAB" -f netlink -H --columns local,peer | grep -E ':(7001|\*) ' | sort | xargs)" "generic:7001 * route:* *"
is "-A netlink and -f netlink are the same" \
	"$("$ESTAB" -A netlink -H --columns inode 'protocol != 4' | sort)" \
	"$("$ESTAB" -f netlink -H --columns inode 'protocol != 4' | sort)"
stop_mksock

# The kernel's dump leaves out a socket at each end of a datagram: 600 need several.
start_mksock netlink:count=200 netlink:count=200,protocol=16,group=16 netlink:count=200,protocol=15,group=1
"$ESTAB" -f netlink --json --columns inode >"$tmp/many"
is "no netlink socket of many is lost" \
	"$(jq -n --slurpfile made <(jq -c 'select(.proto)' "$MKSOCK_OUT") --slurpfile found "$tmp/many" \
		'[$made[].inode] - [$found[0].sockets[].inode] | length')" 0
if "$ESTAB" -f netlink --source bpf >/dev/null 2>&1; then
	"$ESTAB" -f netlink --json --columns inode --source bpf >"$tmp/many-bpf"
	is "nor by BPF, of which none is told twice" \
		"$(jq -n --slurpfile made <(jq -c 'select(.proto)' "$MKSOCK_OUT") --slurpfile found "$tmp/many-bpf" \
			'[$found[0].sockets[].inode] as $found | [([$made[].inode] - $found | length),
				($found | length - (unique | length))] | join(" ")')" '"0 0"'
fi
is "none of many is told twice" "$(jq '.sockets | length - (unique | length)' "$tmp/many")" 0
stop_mksock

# ---- packet ----

start_mksock packet packet:type=dgram,ring=1 packet:fanout=7,protocol=2048 packet:device=,protocol=3 \
	packet:type=dgram,protocol=2054,filter=10,members=3
packet=type,protocol,protocol_name,interface,uid,inode,cookie,state,packet,owners
reading packet-diag -0 --source diag --columns "$packet"
reading packet-procfs -0 --source procfs --columns "$packet"
ss -H -O -n -0 -a -e >"$tmp/packet-ss"
account=$(made packet | jq -c 'map({inode, type, protocol, cookie, uid, state, interface: (.interface // ""),
	ring: .ring_rx, fanout: (.fanout // -1), fanout_type, filter, members, owner: (.owners | map([.pid, .fd]))})')
shape='[.sockets[] | {inode, type, protocol, cookie, uid, state, interface: (.interface // ""),
	ring: (.packet.rx_block_nr == 2 and .packet.rx_block_size == 65536 and .packet.rx_frame_nr == 64),
	fanout: (.packet.fanout_id // -1),
	fanout_type: (if .packet.fanout_type == "hash" then 0 else null end),
	filter: .packet.filter_length, members: .packet.memberships, owner: (.owners | map([.pid, .fd]))}]'
found=$(jq -c "$shape" "$tmp/packet-diag")
agree "packet in diag" "$account" "$found"
noticed "a wrong filter is noticed" "$account" "$found" 'map(.filter += 1)'
noticed "a lost ring is noticed" "$account" "$found" 'map(.ring = false)'
# The text has neither cookies nor options.
agree "packet in procfs" "$(jq -c 'map(del(.cookie, .ring, .fanout, .fanout_type, .filter, .members))' <<<"$account")" \
	"$(jq -c "$shape" "$tmp/packet-procfs")"
is "both say that they receive" "$(jq -s '[.[].sockets[].packet.running] | unique | tostring' -r "$tmp/packet-diag" "$tmp/packet-procfs")" "[true]"
is "ss has the same packet sockets" \
	"$(grep -o 'ino:[0-9]* sk:[0-9a-f]*' "$tmp/packet-ss" | sort)" \
	"$(jq -r '.sockets[] | [.inode, .cookie] | @tsv' "$tmp/packet-diag" | while read -r inode cookie; do printf 'ino:%s sk:%x\n' "$inode" "$cookie"; done | sort)"
is "an end of a packet socket" "$("$ESTAB" -0 -H --columns local | sort | xargs)" "0x88b5:lo 0x88b5:lo all:* arp:lo ip:lo"
is "types narrow packet sockets alone" \
	"$("$ESTAB" -a -A p_raw,u_dgr -H --columns proto,type | sort | uniq -c | xargs)" "3 packet raw"
is "-A packet_dgram" "$("$ESTAB" -A packet_dgram -H | wc -l)" 2
filters_for_nobody()
{
	as_nobody "$ESTAB" -0 --json --columns packet.filter_length,packet.memberships 2>/dev/null |
		jq -c '[.sockets[].packet | .filter_length] | unique'
}
as_other "who may not see the filters says null" filters_for_nobody "[null]"
stop_mksock

# A filter that is longer than a datagram ends the kernel's dump, when it is asked for: not ours.
start_mksock packet:count=3 packet:filter=4096 packet:count=3 packet:filter=500
"$ESTAB" -0 --json --columns inode,packet.filter_length >"$tmp/long"
is "no packet socket is lost behind a long filter" "$(jq '.sockets | length' "$tmp/long")" 8
is "what was behind it is unknown, not zero" "$(jq -c '[.sockets[].packet.filter_length] | sort | unique - [0, 500]' "$tmp/long")" "[null]"
stop_mksock

# ---- MPTCP ----

if [[ ! -e /proc/sys/net/mptcp/enabled ]]; then
	skip "MPTCP" "the kernel has none"
else
	ip addr add 10.9.9.1/24 dev lo
	start_mksock mptcp mptcp:family=inet6 tcp-established
	mptcp=proto,family,state,type,local,peer,inode,cookie,uid,tcp.ulp,mptcp,owners
	reading mptcp-diag -a -t -M --columns "$mptcp"
	account=$(made mptcp | jq -c 'map({inode, cookie, family, state, uid, local, peer: (.peer // null), owner: (.owners | map([.pid, .fd]))})')
	shape='[.sockets[] | select(.proto == "mptcp") | {inode, cookie, family, state, uid,
		local: {addr: .local.addr, port: .local.port},
		peer: (if .peer.port == 0 then null else {addr: .peer.addr, port: .peer.port} end), owner: (.owners | map([.pid, .fd]))}]'
	found=$(jq -c "$shape" "$tmp/mptcp-diag")
	agree "mptcp in diag" "$account" "$found"
	noticed "a wrong port is noticed" "$account" "$found" 'map(.local.port += 1)'
	is "all MPTCP sockets and no others" "$(jq 'length' <<<"$found")" "$(jq length <<<"$account")"
	subflows=$(made tcp | jq -c 'map({inode, family, state, uid, subflow: (.subflow // false), owner: (.owners | map([.pid, .fd]))})')
	agree "subflows are told from TCP" "$subflows" "$(jq -c '[.sockets[] | select(.proto == "tcp")
		| {inode, family, state, uid, subflow: (.tcp.ulp == "mptcp"), owner: (.owners | map([.pid, .fd]))}]' "$tmp/mptcp-diag")"
	is "a subflow has its connection's token" \
		"$(jq -c '[.sockets[] | select(.proto == "mptcp" and .state == "established") | [.inode, .mptcp.token]] | sort' "$tmp/mptcp-diag")" \
		"$(jq -c '[.sockets[] | select(.proto == "tcp" and .tcp.ulp == "mptcp" and .state == "established") | [.inode, .mptcp.token]] | sort' "$tmp/mptcp-diag")"
	is "as ss says" "$(jq -r '.sockets[] | select(.proto == "mptcp" and .mptcp.token) | .mptcp.token' "$tmp/mptcp-diag" |
		while read -r token; do printf 'token:%x\n' "$token"; done | sort)" \
		"$(ss -H -O -n -M -a -i | grep -o 'token:[0-9a-f]*' | sort)"
	is "and write_seq" "$(jq -r '.sockets[].mptcp.write_seq // empty' "$tmp/mptcp-diag" | while read -r n; do printf 'write_seq:%x\n' "$n"; done | sort)" \
		"$(ss -H -O -n -M -a -i | grep -o 'write_seq:[0-9a-f]*' | sort)"
	is "a table marks the subflows" "$("$ESTAB" -a -t -M -H --columns proto | sort | uniq -c | xargs)" "6 mptcp 2 tcp 6 tcp/mptcp"
	marks_for_nobody()
	{
		as_nobody "$ESTAB" -a -t -M -H --columns proto | sort | uniq -c | xargs
	}
	as_other "without a privilege, too" marks_for_nobody "6 mptcp 2 tcp 6 tcp/mptcp"
	is "TCP alone has each connection once" "$("$ESTAB" -a -t -H | wc -l)" 8
	"$ESTAB" -M -a --source procfs -q >/dev/null 2>"$tmp/err"
	is "the text has no MPTCP, and it is said" "$?" 3
	is "what the text lacks is a loss" "$("$ESTAB" -a -t -M --source procfs --json | jq -c '.end.lost')" \
		'[{"what":"table","why":"unavailable","detail":"mptcp","count":1}]'
	stop_mksock
	is "not where there is none" "$("$ESTAB" -a -t -M --source procfs --json | jq -c '.end.lost')" "[]"

	# Two subflows to a connection: one inode for both, which text must not fold.
	if ip mptcp limits set subflow 2 2>/dev/null && ip addr add 127.0.0.7/8 dev lo &&
		ip mptcp endpoint add 127.0.0.7 dev lo subflow 2>/dev/null; then
		start_mksock mptcp:talk=1
		for ((tries = 0; tries < 40; tries++)); do
			[[ $("$ESTAB" -t -H | wc -l) -eq 4 ]] && break
			sleep 0.05
		done
		for source in diag procfs; do
			is "two subflows in $source" "$("$ESTAB" -t --json --source "$source" | jq '[.sockets[].inode] | group_by(.) | map(length) | tostring' -r)" "[2,2]"
		done
		is "both have the token" "$("$ESTAB" -t --json --columns inode,mptcp.token | jq '[.sockets[] | [.inode, .mptcp.token]] | unique | length')" 2
		stop_mksock
	else
		skip "two subflows" "ip mptcp can't add an endpoint here"
	fi
fi

# ---- ping, UDP-Lite ----

start_mksock icmp-ping icmp-ping:family=inet6 udplite udplite:family=inet6
for source in diag procfs; do
	for proto in icmp udplite; do
		if ! "$ESTAB" -a -A "$proto" --json --source "$source" >"$tmp/$proto" 2>/dev/null; then
			skip "$proto in $source" "no such table there"
			continue
		fi
		[[ -n $(made "$proto" | jq -r '.[]') ]] || { skip "$proto in $source" "the kernel has none"; continue; }
		agree "$proto in $source" "$(made "$proto" | jq -c 'map({inode, family, state, uid, local})')" \
			"$(jq -c '[.sockets[] | {inode, family, state, uid, local: {addr: .local.addr, port: .local.port}}]' "$tmp/$proto")"
		is "$proto in $source and nothing else" "$(jq '.sockets | length' "$tmp/$proto")" "$(made "$proto" | jq length)"
	done
done
is "without a source both serve" "$("$ESTAB" -a -A icmp,udplite -H --columns inode | sort)" \
	"$(jq -s -r 'map(.inode // empty) | .[]' "$MKSOCK_OUT" | sort)"

# ---- families and tables by their words ----

for word in unix netlink link packet ax25 ipx inet inet6; do
	check "-f $word" "$ESTAB" -f "$word" -a
done
is "AX.25 and IPX are none here, and nothing is lost" "$("$ESTAB" -a -A ax25,ipx --json | jq -c '[.end.complete, .end.count]')" "[true,0]"
is "-a means every table" "$("$ESTAB" -a --json | jq -c '[.sockets[].proto] | ["netlink"] - . | length')" 0
"$ESTAB" -f nonsense 2>"$tmp/err"
is "no such family" "$? $(cut -d: -f1,2 "$tmp/err" | head -n 1)" "2 estab: -f"
