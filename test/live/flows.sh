#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab flows: entries of every protocol, put into a table of our own; conntrack(8), its text and the two
# sources must say the same of them, entry by entry.
. "$(dirname "$0")/lib.sh"
need_command conntrack ip jq setpriv strace
need_root
in_pidns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"

# insert NAME ARGUMENTS...: an entry, where this kernel knows the protocol.
insert()
{
	local name=$1
	shift
	conntrack -I "$@" >"$tmp/insert" 2>&1 || skip "an entry of $name" "$(tail -n 1 "$tmp/insert")"
}

v4=(-s 192.0.2.1 -d 198.51.100.2 -t 3000)
v6=(-s 2001:db8::1 -d 2001:db8::2 -t 3000)
tcp=(-p tcp --sport 1000 --dport 443 --state ESTABLISHED)
insert tcp "${v4[@]}" "${tcp[@]}" -u ASSURED,SEEN_REPLY -m 5
insert "tcp unreplied" "${v4[@]}" -p tcp --sport 1001 --dport 443 --state SYN_SENT
insert tcp6 "${v6[@]}" "${tcp[@]}" -u ASSURED,SEEN_REPLY -m 0x50
insert udp "${v4[@]}" -p udp --sport 1000 --dport 53
insert udplite "${v4[@]}" -p udplite --sport 1000 --dport 53
insert icmp "${v4[@]}" -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 77
insert icmpv6 "${v6[@]}" -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 77
insert sctp "${v4[@]}" -p sctp --sport 10 --dport 20 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2
insert dccp "${v4[@]}" -p dccp --sport 10 --dport 20 --state OPEN --role client
insert gre "${v4[@]}" -p gre --srckey 0x10 --dstkey 0x2f
insert "protocol 99" "${v4[@]}" -p 99
insert "a zone" "${v4[@]}" -p udp --sport 2000 --dport 53 -w 7
insert "a zone of one direction" "${v4[@]}" -p udp --sport 2001 --dport 53 --orig-zone 9
insert dnat -s 192.0.2.9 -d 198.51.100.2 -t 3000 "${tcp[@]}" --dst-nat 203.0.113.5:8443
insert snat -s 10.0.0.5 -d 198.51.100.2 -t 3000 "${tcp[@]}" --src-nat 192.0.2.77:5000
is "no counters are told of" "$("$ESTAB" flows --columns orig.bytes 2>&1 >/dev/null)" \
	"estab: bytes unknown: nf_conntrack_acct is 0"
is "nor times" "$("$ESTAB" flows --columns flow.start 2>&1 >/dev/null)" \
	"estab: times unknown: nf_conntrack_timestamp is 0"
is "and nothing was switched on" "$(cat /proc/sys/net/netfilter/nf_conntrack_{acct,timestamp} | xargs)" "0 0"
sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
insert "counted tcp" "${v4[@]}" -p tcp --sport 1002 --dport 443 --state ESTABLISHED -u SEEN_REPLY

# Seconds go by between two readings.
still()
{
	sed -E 's/ (2[0-9]{3}|3000) / T /; s/delta-time=[0-9]+/delta-time=N/'
}

# ---- conntrack's own text ----

is "as conntrack prints it" "$("$ESTAB" flows --format conntrack | still)" "$(conntrack -L 2>/dev/null | still)"
is "as its extended format" "$("$ESTAB" flows --format conntrack-extended | still)" \
	"$(conntrack -L -o extended 2>/dev/null | still)"
is "that is for flows only" "$("$ESTAB" --format conntrack 2>&1; echo $?)" \
	"estab: --format: conntrack is a format of flows
2"
# Addresses of IPv6 aside, the text is the extended one; readers of it are counted, zone 0 is written.
is "the kernel's text, through conntrack's eyes" \
	"$("$ESTAB" flows -4 --source procfs --format conntrack-extended | still | sed -E 's/ use=[0-9]+//; s/ zone=0//' | sort)" \
	"$(conntrack -L -f ipv4 -o extended 2>/dev/null | still | sed -E 's/ use=[0-9]+//; s/ helper=[^ ]+//' | sort)"

# ---- the two sources ----

columns=proto,family,netns,mark,zone,flow.l4proto,flow.state,flow.offload,orig,reply,nat.kind
for format in json csv; do
	is "netlink and text say the same in $format" \
		"$("$ESTAB" flows --source procfs --columns $columns --$format --sort orig.src.port,flow.l4proto | sed '1d; $d')" \
		"$("$ESTAB" flows --source ctnetlink --columns $columns --$format --sort orig.src.port,flow.l4proto | sed '1d; $d')"
done
total=$(conntrack -C)
is "each is there" "$("$ESTAB" flows --json | jq .end.count)" "$total"
is "in JSON Lines" "$("$ESTAB" flows --jsonl | jq -s '[.[] | select(.record == "flow")] | length')" "$total"
is "in the kernel's order" "$("$ESTAB" flows -H --columns orig.src.port | md5sum)" \
	"$("$ESTAB" flows --csv -H --columns orig.src.port | sed 's/^$/-/' | md5sum)"

# ---- what they are ----

one()
{
	"$ESTAB" flows --jsonl "$1" | jq -c "select(.record == \"flow\") | $2"
}

is "a tcp flow" "$(one 'sport 1000 and proto = tcp and mark = 5' \
	'[.family, .flow.state, (.flow.status | index("assured") != null), .mark, .orig.dst.addr, .reply.src.port]')" \
	'["inet","established",true,5,"198.51.100.2",443]'
is "an icmp flow" "$(one 'proto = icmp' '[.orig.icmp, .reply.icmp, has("nat")]')" \
	'[{"type":8,"code":0,"id":77},{"type":0,"code":0,"id":77},false]'
is "an icmpv6 flow" "$(one 'proto = icmpv6' '.reply.icmp.type')" 129
is "a gre flow" "$(one 'proto = gre' '[.orig.src.key, .orig.dst.key, .reply.src.key, .orig.src.port]')" '[16,47,47,null]'
is "an unknown protocol" "$(one 'flow.l4proto = 99' '[.proto, .flow.state]')" '[null,null]'
is "a zone of one direction" "$(one 'exists orig.zone' '[.zone, .orig.zone, .reply.zone]')" '[0,9,null]'
is "dnat" "$(one 'nat.kind = dnat' '[.nat.kind, .reply.src.addr, .reply.src.port]')" '["dnat","203.0.113.5",8443]'
is "snat" "$(one 'nat.kind = snat' '[.nat.kind, .reply.dst.addr, .reply.dst.port]')" '["snat","192.0.2.77",5000]'
is "counters and times" "$("$ESTAB" flows --json --columns orig,flow 'sport 1002' |
	jq -c '.flows[] | [.orig.packets, .orig.bytes, (.flow.start | test("^2[0-9-]+T[0-9:.]+Z$")), .flow.duration_s < 60]')" \
	'[0,0,true,true]'
is "a table's row" "$("$ESTAB" flows -H 'nat.kind = dnat' | awk '{ $7 = "T"; print }')" \
	"tcp ESTABLISHED 192.0.2.9:1000 198.51.100.2:443 203.0.113.5:8443 192.0.2.9:1000 T dnat,unreplied"

# ---- filters: the kernel's part changes nothing ----

while read -r filter; do
	got=$("$ESTAB" flows -H "$filter" | wc -l)
	is "told and not told of $filter" "$got" "$("$ESTAB" flows -H --no-pushdown "$filter" | wc -l)"
	is "and some match $filter" "$((got > 0 && got < total))" 1
done <<'END'
mark = 5
fwmark 0x50/0xf0
zone = 7
zone = 0
not mark = 5
mark = 5 or zone = 7
flow.status = assured
flow.status != assured
flow.status = unreplied
flow.status in {assured, dnat}
family = inet6
flow.status = unreplied and dport = 53
src 192.0.2.9
addr 2001:db8::/32
port 53
END
is "less is read" "$("$ESTAB" flows --json 'mark = 5' | jq -c '[.end.sources[].rows]')" "[1]"
is "by family too" "$("$ESTAB" flows -6 --json | jq -c '[.end.sources[].rows]')" "[2]"
for filter in 'nat.kind = snat' 'not nat.kind = snat' 'nat.kind = dnat and mark = 0'; do
	is "sorted, too, $filter" "$("$ESTAB" flows -H --columns orig.src.port --sort orig.src.port "$filter" | sort)" \
		"$("$ESTAB" flows -H --columns orig.src.port "$filter" | sort)"
done
is "a word of sockets" "$("$ESTAB" flows listening 2>&1 | head -n 1)" \
	'estab: filter: no such field or word "listening"'
is "a column of sockets" "$("$ESTAB" flows --columns inode 2>&1; echo $?)" \
	"estab: --columns: no such field (estab fields flows lists them): inode
2"
is "a sort key of sockets" "$("$ESTAB" flows --sort inode 2>&1; echo $?)" \
	"estab: --sort: no such field (estab fields flows lists them): inode
2"
is "an option of sockets" "$("$ESTAB" flows -t 2>&1; echo $?)" \
	"estab: flows: takes no options for tables, states and counts of sockets
2"

# ---- from elsewhere, and without privilege ----

is "an ordinary user" "$(as_nobody "$ESTAB" flows 2>&1; echo $?)" "estab: flows: needs root, or CAP_NET_ADMIN
3"
ip netns add other
is "another namespace has its own" "$("$ESTAB" flows -N other --json | jq .end.count)" 0
ip netns exec other conntrack -I "${v4[@]}" -p udp --sport 1 --dport 2 >/dev/null 2>&1
is "and is read" "$("$ESTAB" flows -N other -H --columns orig.src.port)" 1
is "as text, too" "$("$ESTAB" flows -N other --source procfs -H --columns orig.src.port)" 1
for fields in orig.bytes orig.bytes,owner.pid; do
	is "whose flows have no counters: $fields" "$("$ESTAB" flows --all-netns --columns $fields --json |
		jq -c '[.end.lost[] | select(.what == "bytes" and .netns_name == "other") | .count]')" "[1]"
done
mkdir -p "$tmp/saved/net"
cat /proc/net/nf_conntrack >"$tmp/saved/net/nf_conntrack"
is "a saved copy" "$("$ESTAB" flows --proc-root "$tmp/saved" -H --columns proto,orig.src,reply.dst | sort)" \
	"$("$ESTAB" flows -H --columns proto,orig.src,reply.dst | sort)"
is "none was saved" "$("$ESTAB" flows --proc-root "$ESTAB_SRCDIR/test/golden/proc-2006" >/dev/null 2>&1; echo $?)" 3

# ---- where there is no connection tracking ----

# asked ARGUMENT...: how often the kernel was asked for something of netfilter's, which would load it.
asked()
{
	strace -f -qq -e trace=socket -o "$tmp/trace" "$ESTAB" "$@" >/dev/null 2>&1
	grep -c NETLINK_NETFILTER "$tmp/trace"
}
if ! strace -o "$tmp/trace" true 2>"$tmp/why"; then
	skip "what is asked where none is loaded" "strace can't trace: $(head -n 1 "$tmp/why")"
elif ! mount -t tmpfs tmpfs /proc/sys/net/netfilter 2>"$tmp/why"; then
	skip "what is asked where none is loaded" "$(head -n 1 "$tmp/why")"
else
	is "none is loaded" "$("$ESTAB" flows --source ctnetlink 2>&1; echo $?)" \
		"estab: flows: no connection tracking here: nf_conntrack is not loaded
3"
	is "nor by looking" "$(asked flows --source ctnetlink; asked flows -p; asked flows --all-netns; asked -t --nat)" "0
0
0
0"
	umount /proc/sys/net/netfilter
	is "and otherwise it is asked" "$(($(asked flows) > 0))" 1
fi
