#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What the shells offer behind the command: all that it takes, and nothing else.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/install.sh"

PATH=${estab%/*}:$PATH
saved=$ESTAB_SRCDIR/test/golden/proc-2006
bash_file=$share/bash-completion/completions/estab
zsh_file=$share/zsh/site-functions/_estab
fish_file=$share/fish/vendor_completions.d/estab.fish
export HOME=$tmp

# ---- asking a shell: ask_SHELL LINE prints the words that it offers at the line's end ----

ask_bash()
{
	# As readline cuts a line: at blanks, and around "=".
	# shellcheck disable=SC2016
	env -u BASH_ENV bash --norc -c '
		. "$1"
		line=${2//=/ = }
		read -ra COMP_WORDS <<<"$line"
		[[ $line != *" " || $line == *" = " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
		"$(complete -p estab | sed "s/.*-F \([^ ]*\).*/\1/")"
		[[ ${#COMPREPLY[@]} -eq 0 ]] || printf "%s\n" "${COMPREPLY[@]}"' bash "$bash_file" "$1"
}

# It takes long to begin, so that one serves all.
start_zsh()
{
	coproc ZSH { exec zsh -f "$test_dir/complete.zsh" "${zsh_file%/*}"; }
	# Subshells do not get the descriptors of a coprocess.
	exec {zsh_in}>&"${ZSH[1]}" {zsh_out}<&"${ZSH[0]}"
}

ask_zsh()
{
	local word

	printf '%s\n' "$1" >&"$zsh_in"
	while read -r -t 20 word <&"$zsh_out" && [[ $word != = ]]; do
		[[ -z $word ]] || printf "%s\n" "$word"
	done
}

ask_fish()
{
	# shellcheck disable=SC2016
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' -- "$fish_file" "$1" | cut -f 1
}

shells=()
for shell in bash zsh fish; do
	if ! command -v "$shell" >/dev/null; then
		skip "$shell" "not installed"
		continue
	fi
	file=${shell}_file
	check "$shell can read it" "$shell" -n "${!file}"
	shells+=("$shell")
	[[ $shell != zsh ]] || start_zsh
done

# ---- what must be offered ----

# lines WORD...: one a line.
lines()
{
	printf '%s\n' "$@"
}

states=$(grep -oP '^\tESTAB_STATE_\K(?!FORCE)\w+(?= =)' "$(the /include/estab.h)" | tr '[:upper:]_' '[:lower:]-')
fields=$(estab fields -H | awk '{ print $1 }')
sortable=$(estab fields -H | awk '$2 != "group" || $1 == "local" || $1 == "peer" { print $1 }')

# choices FILE TABLE: the words of one of the program's tables, of which they are the first member.
choices()
{
	sed -n "/ $2\[\] = {/,/^\t*};/p" "$ESTAB_SRCDIR/tool/$1.c" | grep -oP '\{ "\K[^"]+'
}

verbs=$(choices main verbs; choices compat personalities)
# The words that begin a condition of the filter; "excl" is only ss(8)'s.
terms=$(sed -n '/ words\[\] = {/,/^};/p' "$ESTAB_SRCDIR/lib/filter-word.c" | grep -oP '\{ "\K[^"]+' | grep -vx excl)
none "no verb is a word of the filter" "$(grep -xF -f <(printf '%s\n' "$verbs") <<<"$terms
$fields
$(lines and or not exists)")"
families=$(choices select families; lines inet inet6)
tables=$(choices select names)

# offers SHELL NAME LINE WORDS: these words are offered, and no others.
offers()
{
	same "$1 $2" "$("ask_$1" "$3")" "$4"
}

for shell in "${shells[@]}"; do
	offers "$shell" options "estab -" "$(program_options)"
	offers "$shell" "long options" "estab --co" "$(program_options | grep '^--co')"
	offers "$shell" columns "estab --columns " "$fields"
	offers "$shell" "sort keys" "estab --sort " "$sortable"
	offers "$shell" tables "estab -A " "$tables"
	offers "$shell" "tables of --query" "estab --query " "$tables"
	offers "$shell" families "estab -f " "$families"
	offers "$shell" "families behind letters" "estab -tf " "$families"
	offers "$shell" formats "estab --format " "$(choices options formats)"
	offers "$shell" colours "estab --color " "$(choices options colours)"
	offers "$shell" "byte orders" "estab --byte-order " "$(choices options byte_orders)"
	offers "$shell" "the second word" "estab -t state listen s" "$(grep ^s <<<"$terms")"
	offers "$shell" "first words" "estab -t " "$verbs
$terms
not"
	offers "$shell" "a state" "estab -t state fin" "$(lines fin-wait-1 fin-wait-2)"
	offers "$shell" "a directory" "estab --proc-root ${saved%06}" \
		"$([[ $shell == zsh ]] && echo proc-2006 || echo "${saved%06}06$([[ $shell == bash ]] || echo /)")"
	got=$("ask_$shell" "estab state ")
	none "$shell lacks no state" "$(comm -13 <(sort <<<"$got") <(sort <<<"$states"))"
	wrong=
	for word in $got; do
		estab -q --proc-root "$saved" state "$word" >/dev/null 2>&1
		[[ $? -le 1 ]] || wrong+=" $word"
	done
	none "$shell offers no other state" "$wrong"
	is "$shell knows no ports" "$("ask_$shell" "estab sport " | xargs)" ""

	# The words behind "=", and behind the last comma, with what stands before it where the shell
	# replaces the whole.
	before=
	[[ $shell != fish ]] || before=--columns=
	list=proto,
	[[ $shell != zsh ]] || list=
	offers "$shell" "columns behind a comma" "estab --columns proto,tcp.rtt" "$(lines "${list}tcp.rtt_us" "${list}tcp.rttvar_us")"
	offers "$shell" "columns behind = and a comma" "estab --columns=proto,tcp.rtt" \
		"$(lines "$before${list}tcp.rtt_us" "$before${list}tcp.rttvar_us")"
	sign=-
	[[ $shell != zsh ]] || sign=
	offers "$shell" "columns to take away" "estab --columns=-tcp.rtt" \
		"$(lines "$before${sign}tcp.rtt_us" "$before${sign}tcp.rttvar_us")"
	offers "$shell" "sorting downwards" "estab --sort=-tcp.rtt" \
		"$(lines "${before:+--sort=}${sign}tcp.rtt_us" "${before:+--sort=}${sign}tcp.rttvar_us")"
	sign=tcp,!
	[[ $shell != zsh ]] || sign=
	offers "$shell" "tables to leave out" "estab -A tcp,!unix_" "$(lines "${sign}unix_stream" "${sign}unix_dgram" "${sign}unix_seqpacket")"

	# Each word is one that the option takes, and the shells agree on which there are.
	for option in --format --color --source --byte-order --family; do
		words=$("ask_$shell" "estab $option ")
		none "$shell $option takes what is offered" "$(for word in $words; do
			verb=list
			[[ $word != conntrack* && $word != ctnetlink ]] || verb=flows
			# A copy is read by one source only.
			where=(--proc-root "$saved")
			[[ $option != --source ]] || where=(--explain)
			estab "$verb" -q "$option" "$word" "${where[@]}" >/dev/null 2>&1
			[[ $? -ne 2 ]] || echo "$word"
		done)"
		same "$shell $option" "$words" "$(ask_bash "estab $option ")"
	done
done

wrong=
for word in $sortable; do
	estab -q --proc-root "$saved" --sort "$word" >/dev/null 2>&1
	[[ $? -le 1 ]] || wrong+=" $word"
done
none "every sort key sorts" "$wrong"
