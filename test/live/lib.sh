# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# shellcheck shell=bash
# What the live tests share. A test sources this first, and enters a network namespace before it
# makes a socket:
#
#	. "$(dirname "$0")/lib.sh"
#	in_netns "$@"
#	start_mksock ...
#	is "one listener" "$("$ESTAB" -tlH | wc -l)" 1
#
# One line a case: "ok NAME", "not ok NAME: why" or "skip NAME: reason". Names hold no colon.
set -uo pipefail

test_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ESTAB_SRCDIR=${ESTAB_SRCDIR:-${test_dir%/test/live}}
ESTAB_BUILDDIR=${ESTAB_BUILDDIR:-$ESTAB_SRCDIR/build}
ESTAB=${ESTAB:-$ESTAB_BUILDDIR/estab}
MKSOCK=${MKSOCK:-$ESTAB_BUILDDIR/test/mksock}
export ESTAB_SRCDIR ESTAB_BUILDDIR ESTAB MKSOCK

cases_passed=0
cases_failed=0
cases_skipped=0
mksock_pids=()
mksock_inputs=()

tmp=$(mktemp -d "${TMPDIR:-/tmp}/estab-test.XXXXXX") || exit 1
# Cases that drop privileges must still get in.
chmod 755 "$tmp"

# pass NAME
pass()
{
	echo "ok $1"
	cases_passed=$((cases_passed + 1))
}

# fail NAME WHY...
fail()
{
	local name=$1 why
	shift
	why=$*
	echo "not ok $name: ${why//$'\n'/ | }"
	cases_failed=$((cases_failed + 1))
}

# skip NAME REASON...
skip()
{
	local name=$1
	shift
	echo "skip $name: $*"
	cases_skipped=$((cases_skipped + 1))
}

# skip_all REASON...: nothing in this script can run here.
skip_all()
{
	skip all "$@"
	exit 77
}

# is NAME GOT WANT: the case passes when both are the same text.
is()
{
	if [[ $2 == "$3" ]]; then
		pass "$1"
	else
		fail "$1" "got '$2', want '$3'"
	fi
}

# check NAME COMMAND...: the case passes when the command succeeds.
check()
{
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "exit status $? of '$*': $output"
	fi
}

# need_command NAME...: skips the whole script where one of them is missing.
need_command()
{
	local name
	for name; do
		command -v "$name" >/dev/null || skip_all "$name is not installed"
	done
}

# need_root: skips the whole script unless it is root outside user namespaces too.
need_root()
{
	[[ $EUID -eq 0 && -z ${ESTAB_IN_USERNS-} ]] || skip_all "needs root"
}

# shell_on_terminal COMMAND: what this line of a shell prints on a terminal. Its input is silent, but not at its end:
# script(1) hands that on, and where the command has ended before it was read, waits for ever.
shell_on_terminal()
{
	[[ -p $tmp/silence ]] || mkfifo "$tmp/silence"
	script -qec "$1" /dev/null <>"$tmp/silence"
}

# as_nobody COMMAND...: runs it without any privilege.
as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# within_reach: the checkout may stand in a directory that is root's alone, as mktemp(1) makes them. Who has dropped
# privileges must still get at the programs: then all of it stands in /run as well.
within_reach()
{
	local name
	[[ $EUID -eq 0 && -z ${ESTAB_IN_USERNS-} ]] || return 0
	! as_nobody test -x "$ESTAB" || return 0
	mkdir /run/checkout && mount --bind "$ESTAB_SRCDIR" /run/checkout || return
	for name in ESTAB ESTAB_BUILDDIR MKSOCK; do
		[[ ${!name} != "$ESTAB_SRCDIR"/* ]] || printf -v "$name" %s "/run/checkout${!name#"$ESTAB_SRCDIR"}"
	done
	ESTAB_SRCDIR=/run/checkout
}

# in_netns "$@": starts the script again in a network and a mount namespace of its own, with lo up.
# Who is not root gets there through a user namespace, where the kernel allows that.
in_netns()
{
	local with=() why
	if [[ -z ${ESTAB_IN_NETNS-} ]]; then
		if [[ $EUID -ne 0 ]]; then
			with=(--user --map-root-user)
			export ESTAB_IN_USERNS=1
		fi
		why=$(unshare "${with[@]}" --net --mount true 2>&1) ||
			skip_all "no network namespace here (needs root or user namespaces): $why"
		rm -rf "$tmp"
		export ESTAB_IN_NETNS=1
		exec unshare "${with[@]}" --net --mount bash "$0" "$@"
	fi
	unset ESTAB_IN_NETNS
	# What `ip netns add` leaves in /run/netns must not stay on the host.
	mount -t tmpfs tmpfs /run && ip link set lo up && within_reach && return
	fail all "could not set up the network namespace"
	exit 1
}

# in_pidns "$@": the same, and with a table of processes that has this script's only. Elsewhere root
# may meet processes that even root can't look into, and others come and go.
in_pidns()
{
	local with=() why
	if [[ -z ${ESTAB_IN_PIDNS-} ]]; then
		if [[ $EUID -ne 0 ]]; then
			with=(--user --map-root-user)
			export ESTAB_IN_USERNS=1
		fi
		with+=(--pid --fork --kill-child --mount-proc)
		why=$(unshare "${with[@]}" true 2>&1) || skip_all "no process namespace here: $why"
		rm -rf "$tmp"
		export ESTAB_IN_PIDNS=1
		# Process 1 stays in the network that it came from: it is asked whether that is ours.
		# shellcheck disable=SC2016 # sh expands it
		exec unshare "${with[@]}" sh -c '"$@"; exit $?' sh bash "$0" "$@"
	fi
	in_netns "$@"
	unset ESTAB_IN_PIDNS
}

# start_mksock SPEC...: opens the sockets, and comes back when they are all there. MKSOCK_PID is the
# process that holds them, MKSOCK_OUT the file with its description of them, one JSON object a line.
# May be called several times; ends the script when the sockets cannot be made.
start_mksock()
{
	local number=${#mksock_pids[@]} fd tries
	local fifo=$tmp/mksock$number.in err=$tmp/mksock$number.err

	MKSOCK_OUT=$tmp/mksock$number.out
	mkfifo "$fifo"
	# One that was stopped has left a file of this name, which says that it is ready.
	rm -f "$MKSOCK_OUT"
	(
		# An end of another one's fifo would keep that one alive.
		for fd in "${mksock_inputs[@]}"; do
			exec {fd}>&-
		done
		exec "$MKSOCK" "$@"
	) <"$fifo" >"$MKSOCK_OUT" 2>"$err" &
	MKSOCK_PID=$!
	exec {fd}>"$fifo"
	mksock_pids+=("$MKSOCK_PID")
	mksock_inputs+=("$fd")

	for ((tries = 0; tries < 200; tries++)); do
		grep -qs '"ready":true' "$MKSOCK_OUT" && return
		kill -0 "$MKSOCK_PID" 2>/dev/null || break
		sleep 0.05
	done
	fail mksock "not ready: mksock $*: $(cat "$err")"
	exit 1
}

# stop_mksock: closes the sockets of every start_mksock so far.
stop_mksock()
{
	local fd pid tries
	for fd in "${mksock_inputs[@]}"; do
		exec {fd}>&-
	done
	for pid in "${mksock_pids[@]}"; do
		for ((tries = 0; tries < 40; tries++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -f "$tmp"/mksock*.in
	mksock_pids=()
	mksock_inputs=()
}

finish()
{
	local status=$?
	trap - EXIT
	stop_mksock
	rm -rf "$tmp"
	if [[ $cases_failed -gt 0 ]]; then
		status=1
	elif [[ $status -eq 0 && $cases_passed -eq 0 && $cases_skipped -gt 0 ]]; then
		status=77
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
