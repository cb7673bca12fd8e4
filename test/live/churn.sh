#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# While connections and listeners come and go: with BPF, every socket that lives through a reading is
# in it once. What a dump loses or doubles is the kernel's to lose; --consistent makes up for it.
. "$(dirname "$0")/lib.sh"
need_command awk comm jq
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

# inodes FILE OPTION...: what every source knows of a socket that someone has.
inodes()
{
	local file=$1
	shift
	"$ESTAB" -tan --csv --columns="${columns:-inode}" -H "$@" 2>>"$tmp/err" |
		awk -F, '$1 > 0 { print $1 }' | sort >"$tmp/$file"
}

# Who is there at first and at last was there all the time.
inodes first --source=bpf
for ((i = 0; i < 8; i++)); do
	inodes "bpf.$i" --source=bpf
	columns=inode,owner.pid inodes "bpf-owners.$i" --source=bpf
	inodes "diag.$i" --source=diag
	inodes "procfs.$i" --source=procfs
done
for ((i = 0; i < 4; i++)); do
	inodes "diag-consistent.$i" --source=diag --consistent
	inodes "procfs-consistent.$i" --source=procfs --consistent
done
"$ESTAB" -tan --json --columns=inode --source=diag --consistent >"$tmp/passes"
"$ESTAB" -tan --json --columns=inode --consistent >"$tmp/exact"
inodes last --source=bpf
comm -12 <(uniq "$tmp/first") <(uniq "$tmp/last") >"$tmp/stable"

exec {farm_input}>&-
wait "$farm"
is "enough sockets live through it" "$(($(wc -l <"$tmp/stable") >= 3500))" 1
is "and others do not" "$(($(cat "$tmp"/bpf.* | sort -u | wc -l) > $(wc -l <"$tmp/stable")))" 1

# count SOURCE: how often a stable socket is missing, and is there twice.
count()
{
	local file missed=0 doubled=0
	for file in "$tmp/$1".*; do
		missed=$((missed + $(comm -23 "$tmp/stable" <(uniq "$file") | wc -l)))
		doubled=$((doubled + $(comm -12 "$tmp/stable" <(uniq -d "$file") | wc -l)))
	done
	echo "missed $missed, doubled $doubled"
}

is "with BPF none is missed or doubled" "$(count bpf)" "missed 0, doubled 0"
is "nor with owners, which are handed out at once" "$(count bpf-owners)" "missed 0, doubled 0"
for source in diag procfs; do
	once=$(count $source)
	united=$(count $source-consistent)
	echo "# $source: in 8 readings $once; in 4 with --consistent $united"
	is "$source, united: none is doubled" "${united#*, }" "doubled 0"
	missed=${united%,*} plain=${once%,*}
	is "$source, united: hardly any is missed" "$((${missed#* } * 20 <= ${plain#* }))" 1
done
is "it was read more than once, and the result says so" \
	"$(jq -c '.end | [.passes > 1, .passes <= 8, .consistency, (.sources | length)]' "$tmp/passes")" \
	'[true,true,"approximate",1]'
is "where BPF may be used it need not be" "$(jq -c '.end | [.passes, .stable, .consistency]' "$tmp/exact")" \
	'[1,true,"exact"]'
is "every reading went well" "$(grep -v "owners may be missing" "$tmp/err")" ""
