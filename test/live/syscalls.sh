#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What a question costs: nothing is asked of the kernel, of /proc or of the user database unless a
# column names it, and what is asked grows with the sockets at most linearly, in bounded memory.
. "$(dirname "$0")/lib.sh"
need_command strace jq
in_pidns "$@"
strace -o "$tmp/trace" true 2>"$tmp/err" || skip_all "strace can't trace: $(cat "$tmp/err")"
PEAK=$ESTAB_BUILDDIR/bench/peak
SOCKFARM=$ESTAB_BUILDDIR/bench/sockfarm

# trace NAME ARGUMENT...: estab's system calls, in the file NAME.trace.
trace()
{
	local name=$1
	shift
	if ! strace -f -qq -o "$tmp/$name.trace" -e trace=%file,%desc,%network,%process,setns,unshare \
		"$ESTAB" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"; then
		fail "trace of $*" "$(cat "$tmp/$name.err")"
		exit 1
	fi
}

# within NAME NUMBER LEAST MOST: the case passes when the number is one from LEAST to MOST.
within()
{
	if [[ $2 =~ ^[0-9]+$ ]] && (($2 >= $3 && $2 <= $4)); then
		pass "$1"
	else
		fail "$1" "$2, want $3 to $4"
	fi
}

# count NAME REGEX: how many of its calls match.
count()
{
	grep -cE "$2" "$tmp/$1.trace" || true
}

# requests NAME: of each dump that was asked for: its type, family, extensions and states, or what
# unix_diag is to show, in hexadecimal. From struct inet_diag_req (type 12), inet_diag_req_v2 and
# unix_diag_req (type 14, family 01).
requests()
{
	strace -f -qq -o "$tmp/requests.trace" -e trace=sendto,sendmsg -e write=all "$ESTAB" "$@" \
		>/dev/null 2>&1
	awk '
		function done(  i, word) {
			if (n < 20) return
			type = byte[4] byte[5]
			if (type == "1200")
				word = byte[16] " ext " byte[19] " states " le(16 + 4 + 48)
			else if (byte[16] == "01")
				word = byte[16] " show " le(16 + 12) " states " le(16 + 4)
			else
				word = byte[16] " protocol " byte[17] " ext " byte[18] " states " le(16 + 4)
			print byte[4], word
			n = 0
		}
		function le(at) { return byte[at + 3] byte[at + 2] byte[at + 1] byte[at] }
		$0 ~ /^ \| [0-9a-f]+ / || $0 ~ /^[0-9]+ +\| [0-9a-f]+  / || /^ *\* [0-9]+ bytes/ {
			line = $0
			if (line !~ /\| [0-9a-f]+  /) next
			sub(/^[^|]*\| [0-9a-f]+  /, "", line)
			line = substr(line, 1, 49)
			m = split(line, part, " ")
			for (i = 1; i <= m; i++) byte[n++] = part[i]
			next
		}
		{ done() }
		END { done() }' "$tmp/requests.trace"
}

start_mksock tcp-listen:count=40 tcp-established:count=5 tcp-user tcp-established:family=inet6 \
	udp-unconnected unix-stream
rows=$("$ESTAB" -taH | wc -l)
# The second one is not to be had in a user namespace. It has a process of its own.
users=$((1 + $(grep -c '"uid":65534' "$MKSOCK_OUT")))

# ---- only what was asked for ----

trace plain -t
trace all -ta
is "no process is looked at" "$(count plain '"[0-9]+"|/fd"|"fd"|/proc/[0-9]|getdents')" 0
is "no name is looked up" "$(count plain 'passwd|nsswitch|nscd|resolv|services')" 0
is "no command is read" "$(count plain '"(comm|cmdline|exe|stat|status)"')" 0
is "one question for both families of TCP" "$(count plain '^[0-9]+ +send(to|msg)\(')" 1
is "one socket" "$(count plain '^[0-9]+ +socket\(')" 1
is "no thread" "$(count plain '^[0-9]+ +(clone|clone3|fork|vfork)\(')" 0
trace inet6 -t6
is "one for one family" "$(count inet6 '^[0-9]+ +send(to|msg)\(')" 1

# On a busy host the owners would come from BPF.
trace owners --source=diag -tap
within "owners come from descriptors" "$(count owners 'readlinkat\([0-9]+, "[0-9]+"')" 50 100000
within "the command is read" "$(count owners '"comm"')" "$users" 100000
is "and nothing else of a process" "$(count owners '"(cmdline|exe|status|environ|maps)"')" 0
is "owners without names" "$(count owners 'passwd|nsswitch')" 0
trace pids --source=diag -ta --columns=local,owner.pid
is "no command for a process id" "$(count pids '"comm"')" 0
trace cmdline --source=diag -ta --columns=local,owner.cmdline
within "a command line where it is asked for" "$(count cmdline '"cmdline"')" "$users" 100000
is "and no program" "$(count cmdline '"exe"')" 0
trace exe --source=diag -ta --columns=local,owner.exe
within "a program where it is asked for" "$(count exe '"exe"')" "$users" 100000
is "and no command line" "$(count exe '"cmdline"')" 0

trace user -ta --columns=local,user
is "a name for each user, once" "$(grep -cE 'open.*"/etc/passwd"' "$tmp/user.trace") $(
	"$ESTAB" -ta --columns=uid -H | grep -v -- - | sort -u | wc -l)" "$users $users"
within "of many sockets" "$rows" 50 1000
trace sorted -ta --sort=user --columns=local
is "a sort key is a question, too" "$(grep -cE 'open.*"/etc/passwd"' "$tmp/sorted.trace")" "$users"

# ---- what the kernel is asked ----

# Request 12: TCPDIAG_GETSOCK, both families in one walk. 14: SOCK_DIAG_BY_FAMILY.
ext() { requests "$@" | sed 's/ states .*//'; }
is "no extension" "$(ext -t)" "12 00 ext 00"
is "tcp_info for a column of it" "$(ext -t --columns=+tcp.rtt_us)" "12 00 ext 02"
is "the algorithm and what it knows for all of it" "$(ext -t -i)" "12 00 ext 0e"
is "congestion control" "$(ext -t --columns=tcp.congestion)" "12 00 ext 08"
is "memory" "$(ext -t -m)" "12 00 ext 40"
is "type of service" "$(ext -t --columns=tos)" "12 00 ext 10"
is "for a sort key" "$(ext -t --columns=local --sort=tcp.rtt_us)" "12 00 ext 02"
is "each family of UDP" "$(ext -ua)" $'14 02 protocol 11 ext 00\n14 0a protocol 11 ext 00'
# Show: 1 names, 4 peers, 10 queues; never 8, which cuts the answer short.
is "unix sockets" "$(ext -xa --columns=state,local)" "14 01 show 00000001"
is "unix sockets with peers and queues" "$(ext -xa --columns=local,peer,recv_q)" \
	"14 01 show 00000015"
is "the kernel picks the states" "$(requests -tl | sed 's/.* states //')" 00000400
is "those of the filter" "$(requests -t state established | sed 's/.* states //')" 00000002

# ---- what it leaves behind ----

trace everything --source=diag -A all -a -p -e -m -i --json --columns=+owner.cmdline,owner.exe,owner.user
trace procfs -A all -a -p --source=procfs --json
cat "$tmp"/*.trace >"$tmp/union.trace"
is "no namespace is entered, and no program loaded" \
	"$(count union '^[0-9]+ +(setns|unshare|bpf|execve\("/(usr/)?s?bin)')" 0
# The one of libc's locale is closed at once.
makers='open|openat|openat2|socket|socketpair|accept4?|pipe|pipe2|dup|dup2|dup3|eventfd2|epoll_create1'
makers+='|memfd_create|timerfd_create|signalfd4|inotify_init1|pidfd_open'
is "every descriptor closes on exec" "$(grep -E "^[0-9]+ +($makers)\\(" "$tmp/union.trace" |
	grep -vE 'CLOEXEC| = -1 |gconv-modules.cache' | sort -u)" ""
within "and there are many" "$(count union CLOEXEC)" 100 1000000
is "nothing is opened for writing" \
	"$(grep -E '^[0-9]+ +open(at)?\(' "$tmp/union.trace" | grep -E 'O_WRONLY|O_RDWR|O_CREAT')" ""

# ---- how it grows ----

# farm SOCKETS: that many connected ends, for the next measurement.
farm()
{
	local fifo=$tmp/farm$1 tries
	mkfifo "$fifo"
	"$SOCKFARM" --sockets "$1" --processes 2 --seconds 120 <"$fifo" >"$tmp/farm.out" 2>&1 &
	exec {farm_fd}>"$fifo"
	farm_pid=$!
	for ((tries = 0; tries < 400; tries++)); do
		grep -q '^ready' "$tmp/farm.out" && return
		kill -0 "$farm_pid" 2>/dev/null || break
		sleep 0.05
	done
	fail "farm of $1" "$(cat "$tmp/farm.out")"
	exit 1
}

end_farm()
{
	exec {farm_fd}>&-
	wait "$farm_pid"
}

if [[ ! -x $SOCKFARM || ! -x $PEAK ]]; then
	skip growth "built without -Dbench"
	exit
fi
stop_mksock
farm 20
trace few -tan
# Through /proc, which is where calls grow.
trace few-owners -tanp --source=diag
end_farm
farm 2000
trace many -tan
trace many-owners -tanp --source=diag
trace nobody -tanp 'sport = :99'
trace someone -tanp "$(awk '$1 == "tcp" && $2 == "LISTEN" { sub(/.*:/, "sport = ", $5); print $5; exit }' <("$ESTAB" -talH))"
first=$("$ESTAB" -tlH --source=diag --columns owner.pid,local.port --sort owner.pid | awk '{ print $2; exit }')
trace enough -q --source=diag "listening and sport $first and process = sockfarm"
trace not-enough -q --source=diag "listening and sport $first and not process = nobody"
end_farm
reads() { count "$1" '^[0-9]+ +(recvmsg|recvfrom|read)\('; }
writes() { count "$1" '^[0-9]+ +(write|writev)\('; }
links() { count "$1" '^[0-9]+ +readlink(at)?\('; }
total() { count "$1" '^[0-9]+ +[a-z0-9_]+\('; }
is "all 2000 are there" "$(grep -c ESTAB "$tmp/many.out")" 2000
# 1,980 sockets are some 250 kB of answers and 150 kB of text.
within "answers are read whole" $(($(reads many) - $(reads few))) 1 40
within "buffers are written full" $(($(writes many) - $(writes few))) 1 40
within "no call for a socket" $(($(total many) - $(total few))) 1 80
within "one call for a descriptor" $(($(links many-owners) - $(links few-owners))) 1980 2080
descriptors() { count "$1" 'readlinkat\([0-9]+, "[0-9]+"|^[0-9]+ +(bpf|getdents64)\('; }
is "no process is looked at where no socket matches" "$(descriptors nobody)" 0
within "and some are where one does" "$(descriptors someone)" 1 100000
within "who only asks whether a process has it waits for no other" "$(links enough)" 1000 1300
within "but where none may" "$(links not-enough)" 2000 2400
within "and no other" $(($(total many-owners) - $(total few-owners))) 1980 2280

# memory OPTION...: the most that estab had resident, in KiB, while it wrote into a pipe.
memory()
{
	"$PEAK" 60 "$ESTAB" -tan "$@" | cut -d ' ' -f 3
}

farm 200
small=$(memory)
end_farm
farm 20000
is "20,000 sockets are listed" "$("$ESTAB" -tan | grep -c ESTAB)" 20000
for how in "" --json --csv "-i -m -e" --source=procfs; do
	# shellcheck disable=SC2086 # these are words
	within "memory for 20,000 ${how:-in a table}" "$(memory $how)" 1000 16383
done
within "memory does not grow with them" "$(memory)" 1000 $((small + 1024))
end_farm

# ---- with one descriptor left, which is too few ----

# few COMMAND...
few()
{
	# shellcheck disable=SC2016 # the shell within expands it
	bash -c 'for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd < 3)) || exec {fd}>&-
		done
		ulimit -n 4 && exec "$@"' few "$@"
}

for command in "ss -ta" "ss -xa" "netstat -tan" "netstat -xan" "netstat -i" "lsof -i" "lsof -U"; do
	read -ra words <<<"$command"
	few "$ESTAB" "${words[@]}" >/dev/null 2>"$tmp/err" </dev/null
	is "$command tells of what it can't read" "$? $(cat "$tmp/err")" \
		"$([[ $command == ss* ]] && echo 0 || echo 1) ${words[0]}: Too many open files"
done
