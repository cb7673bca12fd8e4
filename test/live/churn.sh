#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# While connections and listeners come and go: with BPF, every socket that lives through a reading is
# in it once. What a dump loses or doubles is told, but is the kernel's to lose.
. "$(dirname "$0")/lib.sh"
need_command awk comm
need_root
in_netns "$@"

SOCKFARM=${SOCKFARM:-$ESTAB_BUILDDIR/bench/sockfarm}
[[ -x $SOCKFARM ]] || skip_all "the socket farm is not built (-Dbench=true)"
why=$("$ESTAB" -tan --source=bpf 2>&1 >/dev/null) || skip_all "no BPF here: ${why#estab: }"

mkfifo "$tmp/farm.in"
"$SOCKFARM" --sockets 2000 --processes 4 --listeners 1500 --churn --seconds 40 \
	<"$tmp/farm.in" >"$tmp/farm.out" 2>"$tmp/farm.err" &
farm=$!
exec {farm_input}>"$tmp/farm.in"
for ((tries = 0; tries < 200; tries++)); do
	grep -q '^ready' "$tmp/farm.out" && break
	kill -0 "$farm" 2>/dev/null || break
	sleep 0.05
done
grep -q '^ready' "$tmp/farm.out" || skip_all "no socket farm: $(cat "$tmp/farm.err")"

# cookies SOURCE FILE: of what is no time-wait bucket, which keeps the cookie of the one it was.
cookies()
{
	"$ESTAB" -tan --source="$1" --csv --columns=cookie,state -H 2>>"$tmp/err" |
		awk -F, '$2 != "time-wait" && $2 != "TIME-WAIT" { print $1 }' | sort >"$tmp/$2"
}

# Who is there at first and at last was there all the time.
cookies bpf first
for ((i = 0; i < 12; i++)); do
	cookies bpf "bpf.$i"
	cookies diag "diag.$i"
done
cookies bpf last
comm -12 <(uniq "$tmp/first") <(uniq "$tmp/last") >"$tmp/stable"

exec {farm_input}>&-
wait "$farm"
is "enough sockets live through it" "$(($(wc -l <"$tmp/stable") >= 3500))" 1
is "and others do not" "$(($(cat "$tmp"/bpf.* | sort -u | wc -l) > $(wc -l <"$tmp/stable")))" 1

# count SOURCE: how often a stable socket is missing, and is there twice.
count()
{
	local i missed=0 doubled=0
	for ((i = 0; i < 12; i++)); do
		missed=$((missed + $(comm -23 "$tmp/stable" <(uniq "$tmp/$1.$i") | wc -l)))
		doubled=$((doubled + $(comm -12 "$tmp/stable" <(uniq -d "$tmp/$1.$i") | wc -l)))
	done
	echo "missed $missed, doubled $doubled"
}

is "with BPF none is missed or doubled" "$(count bpf)" "missed 0, doubled 0"
echo "# sock_diag under the same load: $(count diag)"
is "every reading went well" "$(cat "$tmp/err")" ""
