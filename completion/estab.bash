# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# shellcheck shell=bash
# What bash offers behind estab(1). Needs nothing of the bash-completion package.

_estab_options='
-t --tcp -u --udp -w --raw -x --unix -0 --packet -M --mptcp -4 --ipv4 -6 --ipv6 -f --family -A --query -a --all -l --listening
-B --bound-inactive -p --processes --owners -T --threads -e --extended -o --options -m --memory -i --info -Z --context
-s --summary --by --top --sum --tree --columns --sort --format --json --jsonl --csv --null -H --no-header --color --colour -q --quiet
--consistent --pids --count --strict -n --numeric -r --resolve --resolve-timeout --debug --explain --nat --no-pushdown -h --help -V -v --version -N --net --all-netns
--source --proc-root --proc-pid --passwd --byte-order --follow --limit --delete --stats --expect --yes --dry-run --listeners --gone --timeout'

_estab_states='
established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait unconnected close-wait last-ack listen closing
bound all connected synchronized bucket big listening closed'

_estab_filter='
state exclude src dst addr sport dport port dev fwmark cgroup autobound listening connected local peer user
process pid exists'

_estab_tables='
all inet tcp mptcp udp udplite raw icmp unix unix_stream unix_dgram unix_seqpacket u_str u_dgr u_seq packet
packet_raw packet_dgram p_raw p_dgr netlink ax25 ipx'

# Offers these words for the last part of a list with commas. One of the signs may stand before each
# part.
_estab_list()
{
	local words=$1 signs=$2 list=${cur%"${cur##*,}"} part=${cur##*,}

	if [[ -n $part && $signs == *"${part:0:1}"* ]]; then
		list+=${part:0:1}
		part=${part:1}
	fi
	# More may follow behind a comma.
	compopt -o nospace 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$list" -W "$words" -- "$part")
}

_estab_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The program knows its fields. A group can't be sorted by, but for the two ends.
_estab_fields()
{
	local subject=sockets

	[[ " ${COMP_WORDS[*]} " != *" flows "* ]] || subject=flows
	"${COMP_WORDS[0]}" fields $subject -H 2>/dev/null | awk -v sort="${1-}" \
		'sort == "" || $2 != "group" || $1 == "local" || $1 == "peer" { print $1 }'
}

# Values of the option; 1 where it takes none.
_estab_value()
{
	case $1 in
	--by | --sum) _estab_list "$(_estab_fields sort)" '' ;;
	--byte-order) _estab_words "big little" ;;
	--color | --colour) _estab_words "auto always never" ;;
	--columns) _estab_list "$(_estab_fields)" +- ;;
	--format) _estab_words "table json jsonl csv null conntrack conntrack-extended" ;;
	--net | -N | -[!-]*N)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(
			compgen -W "$(find /run/netns -mindepth 1 -printf '%f ' 2>/dev/null)" -- "$cur"
			[[ $cur != */* ]] || compgen -f -- "$cur"
		)
		;;
	--passwd)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--proc-pid | --resolve-timeout | --top | --limit) ;;
	--proc-root)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	--sort) _estab_list "$(_estab_fields sort)" +- ;;
	--source) _estab_words "auto bpf diag ctnetlink procfs" ;;
	--family | -f | -[!-]*f) _estab_words "inet inet6 unix netlink link packet ax25 ipx" ;;
	--query | -A | -[!-]*A) _estab_list "$_estab_tables" ! ;;
	*) return 1 ;;
	esac
}

# Whether a verb or a word of the filter stands before the current word.
_estab_has_word()
{
	local i before

	for ((i = 1; i < COMP_CWORD; i++)); do
		before=${COMP_WORDS[i - 1]}
		case ${COMP_WORDS[i]} in
		-* | =) ;;
		*)
			case $before in
			= | --by | --sum | --top | --limit) ;;
			--byte-order | --color | --colour | --columns | --format | --passwd) ;;
			--proc-pid | --proc-root | --sort | --source | --family | --query) ;;
			--net | --resolve-timeout | -[fAN] | -[!-]*[fAN]) ;;
			*) return 0 ;;
			esac
			;;
		esac
	done
	return 1
}

_estab()
{
	local cur=${COMP_WORDS[COMP_CWORD]} previous=

	[[ $COMP_CWORD -lt 1 ]] || previous=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()

	# bash takes --format=json for three words.
	if [[ $cur == = && $previous == --* ]]; then
		cur=
	elif [[ $previous == = && $COMP_CWORD -ge 2 ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	if ! _estab_value "$previous"; then
		case $previous in
		state) _estab_words "$_estab_states" ;;
		exclude) _estab_words "$_estab_states" ;;
		src | dst | addr | sport | dport | port | dev | fwmark | cgroup | user | process | pid) ;;
		local | peer) ;;
		who)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			;;
		exists) _estab_words "$(_estab_fields)" ;;
		*)
			if [[ $cur == -* ]]; then
				_estab_words "$_estab_options"
			elif _estab_has_word; then
				_estab_words "$_estab_filter and or not"
			else
				_estab_words "list diff doctor fields flows help interfaces kill memberships routes stats summary wait who ss netstat lsof $_estab_filter not"
			fi
			;;
		esac
	fi
} && complete -F _estab estab
