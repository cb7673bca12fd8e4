#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab flows --stats: what conntrack(8) -S and -C say of a table of our own, through ctnetlink and from text.
. "$(dirname "$0")/lib.sh"
need_command conntrack ip jq setpriv
need_root
in_netns "$@"
[[ -e /proc/sys/net/netfilter/nf_conntrack_count ]] || skip_all "no connection tracking in this kernel"

# stats ARGUMENTS...: a line of JSON for each row.
stats()
{
	"$ESTAB" flows --stats --jsonl "$@" | jq -c 'select(.record == "flow_stat")'
}

# What counts: entries, a duplicate that is refused, packets that are none of anything.
for port in 1 2 3; do
	conntrack -I -s 192.0.2.1 -d 198.51.100.2 -t 3000 -p udp --sport $port --dport 53 >/dev/null 2>&1
done
if nft 'add table t; add chain t o { type filter hook output priority 0; ct state invalid counter; }' 2>/dev/null &&
	command -v ping >/dev/null; then
	ping -c 2 -i 0.2 -q 127.0.0.1 >/dev/null 2>&1
	check "something is counted" test "$(stats | jq -s '.[0].stats.insert')" -gt 0
else
	skip "something is counted" "no nft or no ping here"
fi

theirs=$(conntrack -S 2>/dev/null | tr '\t' ' ' | sed 's/ *$//; s/   */ /g')
is "as conntrack -S has it" "$(stats | jq -r 'select(.cpu != null) | "cpu=\(.cpu) " +
	([.stats | to_entries[] | select(.key | startswith("expect_") | not) | "\(.key)=\(.value)"] | join(" "))')" "$theirs"
is "of expectations" "$(stats | jq -r 'select(.cpu != null) | "cpu=\(.cpu) " +
	([.stats | to_entries[] | select(.key | startswith("expect_")) | "\(.key)=\(.value)"] | join(" "))')" \
	"$(conntrack -S expect 2>/dev/null | tr '\t' ' ' | sed 's/ *$//; s/   */ /g')"
is "and conntrack -C" "$(stats | jq -s '.[0].stats.count')" "$(conntrack -C)"
is "how many there may be" "$(stats | jq -s '.[0].stats.max')" "$(cat /proc/sys/net/netfilter/nf_conntrack_max)"
is "the first row is of all" "$(stats | jq -s '[(.[0] | has("cpu")), (.[1:] | all(has("cpu")))] | join(" ")' -r)" "false true"
is "and their sum" "$(stats | jq -sc '.[0].stats | del(.count, .max)')" \
	"$(stats | jq -sc '.[1:] | map(.stats) | reduce .[] as $one ({}; reduce ($one | to_entries[]) as $e (.; .[$e.key] += $e.value))')"
is "text says the same" "$(stats --source procfs)" "$(stats --source ctnetlink)"
is "as an ordinary user" "$(as_nobody "$ESTAB" flows --stats --csv)" "$("$ESTAB" flows --stats --csv)"
is "by a filter" "$("$ESTAB" flows --stats -H --columns cpu 'cpu = 0')" 0
is "a table" "$("$ESTAB" flows --stats -H --columns cpu,stats.count 'stats.count > 2' | awk '{ print $1, ($2 > 2) }')" "- 1"
if command -v script >/dev/null; then
	is "which processor stands on a narrow terminal, too" \
		"$(shell_on_terminal "stty cols 40; '$ESTAB' flows --stats --color=never" | head -n 1 | awk '{ print $1, $2 }')" "CPU COUNT"
else
	skip "which processor stands on a narrow terminal, too" "script is not installed"
fi
is "of one family too" "$("$ESTAB" flows --stats -6 -H | wc -l)" "$("$ESTAB" flows --stats -H | wc -l)"

ip netns add other
ip netns exec other conntrack -I -s 192.0.2.1 -d 198.51.100.2 -t 3000 -p udp --sport 9 --dport 53 >/dev/null 2>&1
is "of another namespace" "$(stats -N other | jq -s '.[0].stats.count')" 1
is "as text, too" "$(stats -N other --source procfs | jq -s '.[0].stats.count')" 1
is "of all namespaces" "$(stats --all-netns --columns netns_name,stats.count 'netns_name = "other" and exists stats.count' | jq .stats.count)" 1

mkdir -p "$tmp/saved/net/stat" "$tmp/empty/net"
cat /proc/net/stat/nf_conntrack >"$tmp/saved/net/stat/nf_conntrack"
is "a saved copy" "$(stats --proc-root "$tmp/saved" | jq -c 'del(.netns)')" "$(stats | jq -c 'del(.netns, .stats.max)')"
is "none was saved" "$("$ESTAB" flows --stats --proc-root "$tmp/empty" >/dev/null 2>&1; echo $?)" 3
head -c 60 /proc/net/stat/nf_conntrack >"$tmp/saved/net/stat/nf_conntrack"
is "nor is half a line one" "$("$ESTAB" flows --stats --proc-root "$tmp/saved" >/dev/null 2>&1; echo $?)" 3
is "it is of flows" "$("$ESTAB" --stats 2>&1; echo $?)" "estab: --follow, --delete, --stats and --expect belong to estab flows
2"
is "and not of two things" "$("$ESTAB" flows --stats --follow 2>&1; echo $?)" \
	"estab: flows: one of --follow, --delete, --stats and --expect at a time
2"
