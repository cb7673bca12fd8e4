#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab flows --expect: what the helper of FTP waits for, as conntrack(8) lists it.
. "$(dirname "$0")/lib.sh"
need_command conntrack jq nft setpriv
need_root
in_netns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"

for family in ip ip6; do
	nft -f - 2>"$tmp/nft" <<-END || skip_all "no helper of FTP here: $(head -n 1 "$tmp/nft")"
		table $family t {
			ct helper ftp { type "ftp" protocol tcp; }
			chain o { type filter hook output priority 0; tcp dport 2121 ct helper set "ftp"; }
			chain i { type filter hook input priority 0; ct state new counter; }
		}
	END
done
start_mksock tcp-listen:port=2121 tcp-listen:port=2121,family=inet6
# What a client says that waits for the data: the helper reads along, whoever listens.
exec 7<>/dev/tcp/127.0.0.1/2121 8<>/dev/tcp/::1/2121
printf 'NOOP\r\n' >&7
printf 'NOOP\r\n' >&8
sleep 0.1
printf 'PORT 127,0,0,1,20,30\r\n' >&7
printf 'EPRT |2|::1|5282|\r\n' >&8
sleep 0.1
[[ $(conntrack -L expect 2>/dev/null | wc -l) -gt 0 ]] || skip_all "the helper expects nothing"

# expected ARGUMENTS...: as conntrack -L expect has it, seconds apart.
expected()
{
	"$ESTAB" flows --expect --jsonl "$@" | jq -r 'select(.record == "expectation") | .expect |
		"proto=\(.l4proto) src=\(.src.addr) dst=\(.dst.addr) sport=\(.src.port) dport=\(.dst.port) " +
		"mask-src=\(.mask.src.addr) mask-dst=\(.mask.dst.addr) sport=\(.mask.src.port) dport=\(.mask.dst.port) " +
		"master-src=\(.master.src.addr) master-dst=\(.master.dst.addr) sport=\(.master.src.port) dport=\(.master.dst.port) " +
		"class=\(.class) helper=\(.helper)"' | sort
}

is "of IPv4, as conntrack has it" "$(expected -4)" "$(conntrack -L expect -f ipv4 2>/dev/null | sed -E 's/^[0-9]+ //; s/ *$//' | sort)"
is "of IPv6" "$(expected -6)" "$(conntrack -L expect -f ipv6 2>/dev/null | sed -E 's/^[0-9]+ //; s/ *$//' | sort)"
is "all of them" "$("$ESTAB" flows --expect --json | jq .end.count)" 2
is "how long yet" "$("$ESTAB" flows --expect --jsonl | jq -s 'map(select(.expect) | .expect.timeout_s | . > 100 and . <= 300) | all')" true
is "a table" "$("$ESTAB" flows --expect -4 | awk '{ sub(/:[0-9]+$/, ":PORT", $4); $6 = "T"; print }')" \
	"PROTO SRC DST MASTER-SRC MASTER-DST T HELPER FLAGS
tcp 127.0.0.1:0 127.0.0.1:5150 127.0.0.1:PORT 127.0.0.1:2121 T ftp -"
is "by a filter" "$("$ESTAB" flows --expect -H --columns expect.dst.port 'expect.helper = ftp and expect.src.addr = ::1')" 5282
is "sorted" "$("$ESTAB" flows --expect -H --columns expect.dst.port --sort -expect.dst.port | xargs)" "5282 5150"
text=expect.proto,expect.src,expect.dst,expect.helper,expect.flags
is "text says the same" "$("$ESTAB" flows --expect --source procfs --columns $text | sort)" \
	"$("$ESTAB" flows --expect --source ctnetlink --columns $text | sort)"
mkdir -p "$tmp/saved/net"
cat /proc/net/nf_conntrack_expect >"$tmp/saved/net/nf_conntrack_expect"
is "a saved copy" "$("$ESTAB" flows --expect --proc-root "$tmp/saved" --columns $text | sort)" \
	"$("$ESTAB" flows --expect --columns $text | sort)"
is "their flows have a helper" "$("$ESTAB" flows --jsonl --columns flow.helper 'dport = 2121' | jq -r '.flow.helper // empty' | xargs)" "ftp ftp"
is "an ordinary user" "$(as_nobody "$ESTAB" flows --expect 2>&1; echo $?)" "estab: flows: needs root, or CAP_NET_ADMIN
3"
is "it is of flows" "$("$ESTAB" --expect 2>&1; echo $?)" \
	"estab: --follow, --delete, --stats and --expect belong to estab flows
2"
