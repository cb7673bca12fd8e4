# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# What script/bench measures that is no pair of commands at all sizes: it sources this.

# in_farm COMMAND...: in its namespace, and out of its input's way.
in_farm()
{
	nsenter --target "$farm_pid" --net -- "$@" {farm_input}>&-
}

# churn_reading PROGRAM OPTIONS: the inodes of the sockets that someone has, one a line.
churn_reading()
{
	case $1 in
	netstat) in_farm netstat -tane | awk '$8 > 0 { print $8 }' ;;
	ss) in_farm ss -taneH | grep -o 'ino:[1-9][0-9]*' ;;
	*)
		# shellcheck disable=SC2086 # words
		in_farm "$estab" -tanH $2 --columns=inode | awk '$1 > 0 { print $1 }'
		;;
	esac | tr -dc '0-9\n' | sort
}

# One line a source: how many of the stable sockets each reading missed and doubled, in the mean.
churn_run()
{
	local readings=10 i name options missed doubled stable
	local sources=("bpf|--source=bpf" "diag|--source=diag" "diag, consistent|--source=diag --consistent"
		"procfs|--source=procfs" "procfs, consistent|--source=procfs --consistent" "ss|" "netstat|")
	farm_start churn 4000 || die "no farm: $(head -n 1 "$tmp/farm.err")"
	churn_reading bpf --source=bpf >"$tmp/first"
	for name in "${sources[@]}"; do
		options=${name#*|} name=${name%%|*}
		for ((i = 0; i < readings; i++)); do
			churn_reading "$name" "$options" >"$tmp/churn.$name.$i"
		done
	done
	churn_reading bpf --source=bpf >"$tmp/last"
	farm_stop
	comm -12 <(sort -u "$tmp/first") <(sort -u "$tmp/last") >"$tmp/stable"
	stable=$(wc -l <"$tmp/stable")
	for name in "${sources[@]}"; do
		name=${name%%|*} missed=0 doubled=0
		for ((i = 0; i < readings; i++)); do
			sort "$tmp/churn.$name.$i" >"$tmp/reading"
			missed=$((missed + $(comm -23 "$tmp/stable" <(uniq "$tmp/reading") | wc -l)))
			doubled=$((doubled + $(comm -12 "$tmp/stable" <(uniq -d "$tmp/reading") | wc -l)))
		done
		notes+=("churn|$name|$(awk -v n=$((stable * readings)) -v m=$missed -v d=$doubled 'BEGIN {
			printf "%.3f %% of %d missed, %.3f %% doubled\n", m * 100 / n, n, d * 100 / n }')")
	done
}

instructions_run()
{
	local size=20000 options lines
	if ! command -v valgrind >/dev/null; then
		notes+=("instructions|all|skipped: there is no valgrind here")
		return
	fi
	farm_start tcp "$size" || die "no farm: $(head -n 1 "$tmp/farm.err")"
	for options in "-tan" "-tan --source=procfs" "-tan --jsonl" "-tanp --source=bpf" \
		"-tanp --source=diag" "-tani"; do
		# shellcheck disable=SC2086
		lines=$(in_farm valgrind --tool=callgrind --callgrind-out-file=/dev/null "$estab" $options \
			2>"$tmp/callgrind" | wc -l)
		notes+=("instructions|estab $options|$(awk -v lines="$lines" '/Collected|refs:/ {
			gsub(/,/, ""); printf "%d\n", $NF / lines; exit }' "$tmp/callgrind")")
	done
	farm_stop
}

# What the second core gains: the same on one, and on all that there are, in turn.
cores_run()
{
	local size=100000 options i
	if ! command -v taskset >/dev/null || (($(nproc) < 2)); then
		notes+=("cores|all|skipped: there is one core, or no taskset")
		return
	fi
	farm_start tcp "$size" || die "no farm: $(head -n 1 "$tmp/farm.err")"
	for options in "-tan" "-tan --jsonl" "-tanp --source=bpf" "-tanp --source=diag"; do
		rm -f "$tmp"/cores.*
		for ((i = 0; i < 7; i++)); do
			# shellcheck disable=SC2086 # words
			measure taskset -c 0 "$estab" $options && echo "$wall" >>"$tmp/cores.one"
			# shellcheck disable=SC2086
			measure "$estab" $options && echo "$wall" >>"$tmp/cores.all"
		done
		notes+=("cores|estab $options|$(paste "$tmp/cores.one" "$tmp/cores.all" |
			awk '{ print $1 / $2 }' | median | awk '{ printf "%.2f", $1 }') times as fast ($(
			awk '{ print $1 / 1e6 }' "$tmp/cores.one" | median) s, $(
			awk '{ print $1 / 1e6 }' "$tmp/cores.all" | median) s)")
	done
	farm_stop
}

# load_line NAME OPTION...: what an answer takes.
load_line()
{
	local name=$1 i
	shift
	rm -f "$tmp/load"
	for ((i = 0; i < 31; i++)); do
		measure "$estab" "$@" || die "$name: $failure"
		echo "$wall $kib" >>"$tmp/load"
	done
	notes+=("load|$name (estab $*)|$(awk '{ print $1 / 1000 }' "$tmp/load" | median) ms, $(
		awk '$2 > most { most = $2 } END { print most }' "$tmp/load") KiB")
}

# All that is done in bpf(2) but reading: maps, programs, links, iterators.
load_calls()
{
	local i
	if ! command -v strace >/dev/null; then
		notes+=("load|bpf() alone|skipped: there is no strace here")
		return
	fi
	rm -f "$tmp/load"
	for ((i = 0; i < 31; i++)); do
		in_farm strace -f -qq -T -e trace=bpf -o "$tmp/strace" "$estab" -tan --source=bpf \
			sport = :1 >"$tmp/stdout"
		awk -F '[<>]' '/<[0-9.]+>$/ { all += $(NF - 1) } END { print all * 1000 }' \
			"$tmp/strace" >>"$tmp/load"
	done
	notes+=("load|bpf() alone, of the first|$(median <"$tmp/load") ms")
}

# Of twenty sockets: no answer and all of it, with BPF and without.
load_run()
{
	farm_start tcp 20 || die "no farm: $(head -n 1 "$tmp/farm.err")"
	load_line "nothing, by BPF" -tan --source=bpf sport = :1
	load_line "nothing, by a dump" -tan --source=diag sport = :1
	load_line "owners, by BPF" -tanp --source=bpf
	load_line "owners, by a dump and /proc" -tanp --source=diag
	load_calls
	farm_stop
}

# Of all processors together: unlike wall time it depends little on what else runs. The dump that nobody reads is
# the kernel's part.
flows_run()
{
	local size=200000 limit command i
	if limit=$(farm_limit flow "$size"); then
		notes+=("flows|$size|skipped: $limit")
		return
	fi
	farm_start flow "$size" || die "no farm: $(head -n 1 "$tmp/farm.err")"
	for command in 'conntrack -L' '{flowdump}' '{estab} flows' '{estab} flows --jsonl'; do
		rm -f "$tmp/flows.cpu"
		for ((i = 0; i < 5; i++)); do
			# shellcheck disable=SC2046 # words
			measure $(command_of "$command") && echo "$cpu $kib" >>"$tmp/flows.cpu"
		done
		notes+=("flows|${command//\{estab\}/estab}|$(awk '{ print $1 / 1e6 }' "$tmp/flows.cpu" | median) s, $(
			awk '$2 > most { most = $2 } END { print most }' "$tmp/flows.cpu") KiB")
	done
	farm_stop
}

notes=() # section|name|text

more_run()
{
	local what
	for what in churn instructions cores load flows; do
		[[ $more == all || $more == *$what* ]] && "${what}_run"
	done
	return 0
}

# Prints the notes of a section as a list.
notes_of()
{
	local note
	for note in "${notes[@]}"; do
		[[ $note == "$1|"* ]] || continue
		note=${note#*|}
		echo "- ${note%%|*}: ${note#*|}"
	done
}

# section NAME TITLE TEXT: what was noted of it, if anything was.
section()
{
	[[ $(notes_of "$1") ]] || return 0
	printf '\n## %s\n\n%s\n\n%s\n' "$2" "$3" "$(notes_of "$1")"
}

more_document()
{
	section churn "Under churn" "Connections and listeners come and go on a port that 3000 listeners share. Of the sockets that
live through it all, ten readings each:"
	section instructions "Instructions a row" "All of the program's own instructions (callgrind), not the kernel's, by the lines it prints,
20,000 sockets. With -i a line has some forty values, not eight:"
	section cores "Both cores" "Reading, joining and printing overlap: on all cores, and bound to one, 100,000 sockets; medians
of 7 pairs:"
	section load "Loading BPF programs" "The same answers about twenty sockets from BPF, which walks all open files of the machine for it,
and otherwise; medians of 31:"
	section flows "Processor time of flows" "200,000 entries of the connection table, output into a pipe; user and system time of all
processors together, medians of five. {flowdump} receives ctnetlink's dump and drops it: the kernel's part, which
nobody gets around who asks ctnetlink."
}

more_text()
{
	local section
	for section in churn instructions cores load flows; do
		notes_of "$section" | sed "s/^- /$section, /"
	done
}
