# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What zsh offers: zsh -f complete.zsh DIR reads lines of a command, and prints for each what the
# completion in the directory offers at its end, and "=". A shell at a terminal of its own does it.
zmodload zsh/zpty || exit 77
work=$(mktemp -d) || exit 1
trap 'zpty -d shell 2>/dev/null; rm -rf $work' EXIT

cat >$work/rc <<END
PS1= LISTMAX=100000 fpath=(${(q)1} \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a matches
	# With -O, -A or -D nothing is offered: something is computed.
	if [[ \${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
		builtin compadd -A matches "\$@"
		print -rl -- \$matches >>$work/out
	fi
	builtin compadd "\$@"
}
offer() {
	zle list-choices
	BUFFER=
	: >$work/done
}
zle -N offer
bindkey '^T' offer
: >$work/done
END

# Until it says so, at most ten seconds.
await() {
	local -i tries

	for ((tries = 0; tries < 1000; tries++)); do
		if [[ -e $work/done ]]; then
			rm $work/done
			return
		fi
		# A terminal that nobody reads from blocks who writes to it.
		zpty -rt shell output && continue
		sleep 0.01
	done
	print -u2 "zsh did not answer"
	exit 1
}

zpty -b shell zsh -f -i
zpty -w shell ". $work/rc"
await
while IFS= read -r line; do
	: >$work/out
	zpty -wn shell $line$'\x14'
	await
	cat $work/out
	print =
done
