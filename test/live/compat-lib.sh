# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# shellcheck shell=bash
# What the tests of the personalities share: the old tool and estab in its place, one right after the
# other, on the same sockets.

pairs=0
: "${tmp:?of lib.sh}"

# pair TOOL ARGUMENT...: runs both; judge tells later. With compare_complaints=1 what they say on
# standard error is compared, too.
pair()
{
	local tool=$1 status
	shift
	pairs=$((pairs + 1))
	printf '\1%s\n' "$tool $*" | tee -a "$tmp/theirs" >>"$tmp/ours"
	timeout 20 "$tool" "$@" >>"$tmp/theirs" 2>"$tmp/complaint" </dev/null
	status=$?
	# What it notes in passing ("RTNETLINK answers", "Not all processes") is not compared.
	echo "status $status" >>"$tmp/theirs"
	[[ -z ${compare_complaints-} ]] || cat "$tmp/complaint" >>"$tmp/theirs"
	timeout 20 "$ESTAB" "$tool" "$@" >>"$tmp/ours" 2>"$tmp/complaint" </dev/null
	status=$?
	echo "status $status" >>"$tmp/ours"
	[[ -z ${compare_complaints-} ]] || cat "$tmp/complaint" >>"$tmp/ours"
	# A sanitizer's report must not get lost.
	grep -aE 'Sanitizer|runtime error' "$tmp/complaint" >>"$tmp/ours"
}

# pairs TOOL: one pair for each line of standard input, which is split at blanks.
pairs()
{
	local tool=$1 line words
	while read -r line; do
		read -ra words <<<"$line"
		pair "$tool" "${words[@]}"
	done
}

# judge FILTER...: both outputs go through that command, and must be the same then.
judge()
{
	local word name why
	"$@" <"$tmp/theirs" >"$tmp/theirs.same"
	"$@" <"$tmp/ours" >"$tmp/ours.same"
	while IFS=$'\t' read -r word name why; do
		"$word" "${name//:/.}" ${why:+"$why"}
	done < <(awk -v RS='\001' '
		FNR == NR { theirs[FNR] = $0; next }
		FNR == 1 { next }
		{
			split($0, lines, "\n")
			if ($0 == theirs[FNR]) {
				print "pass\t" lines[1]
				next
			}
			n = split(theirs[FNR], other, "\n")
			for (i = 2; i < n && lines[i] == other[i]; i++)
				continue
			print "fail\t" lines[1] "\tours \"" lines[i] "\", theirs \"" other[i] "\""
		}' "$tmp/theirs.same" "$tmp/ours.same")
	is "as many answers as questions" "$(tr -dc '\1' <"$tmp/ours.same" | wc -c)" "$pairs"
	rm "$tmp/theirs" "$tmp/ours"
	pairs=0
}
