#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# The command itself: options, exit statuses, formats, pipes and terminals.
. "$(dirname "$0")/lib.sh"
need_command jq script strace setpriv
in_netns "$@"
cd "$tmp" || exit 1

# status COMMAND...: its exit status; its output goes to files.
status()
{
	local got
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	echo "$got"
}

# on_terminal COLUMNS COMMAND: a shell command's output on a terminal of that width.
on_terminal()
{
	TERM=${terminal-xterm} shell_on_terminal "stty cols $1 rows 50; ${*:2}" |
		tr -d '\r'
}

plain()
{
	sed 's/\x1b\[[0-9;]*[mK]//g'
}

escapes()
{
	grep -c $'\x1b' || true
}

# refuse NAME WANTED-TEXT ARGUMENT...: exit status 2, nothing printed, one line of complaint.
refuse()
{
	local name=$1 wanted=$2
	shift 2
	is "$name" "$(status "$ESTAB" "$@") $(wc -c <"$tmp/out") $(cat "$tmp/err")" \
		"2 0 estab: $wanted"
}

start_mksock tcp-listen:port=2001 tcp-established:port=2002 udp-unconnected:port=2003 \
	tcp-bound:port=2004 tcp-time-wait:port=2005 tcp-listen:port=2006,family=inet6 \
	unix-stream-listen:abstract==formula,pending=0 unix-dgram:abstract=letters
pid=$MKSOCK_PID

# ---- the command line ----

is "version" "$("$ESTAB" --version)" "estab $("$ESTAB" fields --json | jq -r .estab.version)"
is "version, in short" "$("$ESTAB" -V)" "$("$ESTAB" --version)"
check "help" "$ESTAB" --help
is "help fits a terminal" "$("$ESTAB" -h | awk 'length > 100' | wc -l)" 0
refuse "unknown option" "-Y: unknown option; estab --help lists them" -Y
refuse "unknown long option" "--nope: unknown or ambiguous option; estab --help lists them" --nope=1
refuse "missing argument" "--columns: needs an argument" --columns
refuse "superfluous argument" "--json: takes no argument" --json=3
refuse "unknown column" "--columns: no such field (estab fields lists them): nope" \
	--columns=proto,nope
refuse "no column" "--columns: no column is left" \
	--columns=-proto,-state,-recv_q,-send_q,-local,-peer
refuse "unknown sort key" "--sort: no such field: nope" --sort nope
refuse "sort key without a value" "--sort: no single value to sort by: owners" --sort owners
refuse "unknown format" "--format: unknown word: xml" --format xml
refuse "unknown table" "-A: no such table: nope" -A tcp,nope
refuse "no table" "-A: no table is left" -A 'tcp,!tcp'
refuse "unknown family" "-f: no such family: nope" -f nope
refuse "unknown source" "--source: no such source: nope" --source nope
refuse "hostile option argument" '--format: unknown word: \x1b[31m\x0a' --format $'\e[31m\n'
refuse "process id that is none" "--proc-pid: not a process id: 0x1" --proc-pid 0x1
is "fields of sockets" "$("$ESTAB" fields sockets)" "$("$ESTAB" fields)"
is "wrong filter" "$(status "$ESTAB" -t sport = x1)" 2
is "caret" "$(cat err)" "estab: filter: expected a port; /etc/services has no such name
  sport = x1
          ^"
is "caret behind escaped bytes" "$("$ESTAB" "sport 1 $(printf '\t\t') src x" 2>&1 | tail -n 2)" \
	'  sport 1 \x09\x09 src x
                       ^'
is "what the filter's error quotes is escaped once" "$("$ESTAB" "pr$(printf '\e')oto = tcp" 2>&1)" \
	'estab: filter: no such field or word "pr\x1boto"; did you mean proto?
  pr\x1boto = tcp
  ^'
is "a long filter is shown around the place" "$("$ESTAB" "$(printf 'sport %d or ' {1..200}) sprot 7 $(printf 'or dport %d ' {1..200})" 2>&1 |
	sed -n '2,3p' | sed -E 's/[^^]/ /g' | awk '{ print (length($0) < 180), (index($0, "^") > 0) }' | xargs)" "1 0 1 1"
is "the caret is under it" "$("$ESTAB" "$(printf 'sport %d or ' {1..200}) sprot 7 $(printf 'or dport %d ' {1..200})" 2>&1 |
	awk 'NR == 2 { shown = $0 } NR == 3 { print substr(shown, index($0, "^"), 7), shown ~ /^  \.\.\./, shown ~ /\.\.\.$/ }')" "sprot 7 1 1"
is "a long filter of bytes that are escaped" "$("$ESTAB" "process = $(head -c 25000 /dev/zero | tr '\0' '\1') foo" 2>&1 |
	awk 'NR == 2 { shown = $0 } NR == 3 { print substr(shown, index($0, "^")), length(shown) < 180 }')" "foo 1"
is "a filter as long as a command line can be" "$(status "$ESTAB" "$(head -c 100000 /dev/zero | tr '\0' 'x')") $(head -n 1 err)" \
	"2 estab: filter: a filter has at most 32768 bytes"
is "list is a verb" "$(status "$ESTAB" list -t)" 0
is "a verb behind -- is none" "$(status "$ESTAB" -t -- list)" 2
is "no rows of that name" "$(status "$ESTAB" fields tcp) $(cat err)" \
	"2 estab: fields: none of sockets, flows, routes, interfaces, memberships, stats, flow_stats, expectations: tcp"
is "help tells whose fields there are" "$("$ESTAB" help | grep -A2 '^estab fields' | grep -ow "sockets\|flows\|routes\|interfaces\|memberships\|stats\|flow_stats\|expectations" | sort -u | wc -l)" 8
is "help is wanted" "$(status "$ESTAB" help) $("$ESTAB" help flows | cmp - <("$ESTAB" --help))" "0 "
is "help fits a terminal" "$("$ESTAB" help | awk 'length > 80' | wc -l)" 0
is "options behind the filter" "$("$ESTAB" sport 2001 -taH | wc -l)" 1
is "-n and -H are accepted" "$(status "$ESTAB" -tanH)" 0

# ---- exit statuses ----

is "quiet, a match" "$(status "$ESTAB" -q -tl sport 2001) $(cat out err | wc -c)" "0 0"
is "quiet, no match" "$(status "$ESTAB" -q -tl sport 99) $(cat out err | wc -c)" "1 0"
is "no match is no failure" "$(status "$ESTAB" -tl sport 99)" 0
is "nothing to read" "$(status "$ESTAB" --proc-root /nope) $(cat err)" \
	"3 estab: /nope: No such file or directory"
is "no directory to read" "$(status "$ESTAB" --proc-root "") $(cat err)" \
	"2 estab: --proc-root: no directory is named"
mkdir -p part/net && cp /proc/net/tcp part/net/
is "a copy of some tables" "$(status "$ESTAB" --proc-root part -x) $(cat err)" \
	"3 estab: sockets: no file of theirs is in: part"
is "a copy has no BPF" "$(status "$ESTAB" --proc-root part --source bpf) $(cat err)" \
	"2 estab: --source: --proc-root is read by procfs only"
is "a source that has no flows" "$(status "$ESTAB" flows --source diag) $(cat err)" \
	"2 estab: --source: flows are read by ctnetlink procfs: diag"
is "a source that has no sockets" "$(status "$ESTAB" --source ctnetlink) $(cat err)" \
	"2 estab: --source: sockets are read by bpf diag procfs: ctnetlink"
is "auto has everything" "$(status "$ESTAB" stats --source auto)" 0
for verb in routes interfaces memberships stats "flows --stats" "flows --expect"; do
	read -ra words <<<"$verb"
	for option in -p -T -Z -e -o -m -i --nat --owners; do
		is "$verb has nothing for $option" "$(status "$ESTAB" "${words[@]}" "$option") $(grep -c belongs err)" "2 1"
	done
done
is "flows have nothing for -i" "$(status "$ESTAB" flows -i) $(cat err)" "2 estab: flows: -i belongs to sockets"
is "no file of users" "$(status "$ESTAB" --passwd /nope) $(cat err)" \
	"3 estab: /nope: No such file or directory"
if [[ -n ${ESTAB_IN_USERNS-} ]]; then
	skip "strict" "needs another user, and so root"
	skip "footer" "needs another user, and so root"
else
	is "incomplete" "$(status as_nobody "$ESTAB" -tlp)" 0
	is "footer in a pipe" "$(sed 's/[0-9][0-9]*/N/' err)" \
		"estab: N processes not readable (permission): owners may be missing; run as root"
	is "records only" "$(grep -cv -e ^tcp -e ^PROTO out)" 0
	is "reason" "$("$ESTAB" -tlpH sport 2001 >/dev/null; as_nobody "$ESTAB" -tlpH sport 2001 2>&- |
		awk '{ print $NF }')" "(permission)"
	is "strict" "$(status as_nobody "$ESTAB" --strict -tlp)" 3
	is "no footer without owners" "$(status as_nobody "$ESTAB" --strict -tl) $(cat err)" "0 "
	is "footer on a terminal" \
		"$(on_terminal 100 "setpriv --reuid=65534 --clear-groups $ESTAB -tl" | plain |
			grep -c '^[0-9]* processes not readable')" 1
fi
is "disk full" "$("$ESTAB" -ta 2>&1 >/dev/full; echo $?)" \
	"estab: standard output: No space left on device
3"
is "closed output" "$("$ESTAB" -ta 2>&1 >&-; echo $?)" "estab: standard output: Bad file descriptor
3"
is "closed input and errors" "$("$ESTAB" -taH sport 2001 <&- 2>&- | wc -l)" 1

# ---- which sockets ----

# listed OPTION...: the ports of the test's own sockets, and how many are unix.
listed()
{
	"$ESTAB" --jsonl "$@" | jq -r 'select(.record == "socket") |
		if .proto == "unix" then "unix" else
			[.local.port, .peer.port] | map(select(. >= 2000 and . < 2010)) | .[]
		end' | sort | uniq -c | awk '{ print $2 "x" $1 }' | xargs
}

is "by default" "$(listed)" "2001x1 2002x2 2003x1 2006x1"
is "-t" "$(listed -t)" "2002x2"
is "-tl" "$(listed -tl)" "2001x1 2006x1"
is "-ta" "$(listed -ta | sed 's/2004x1 //')" "2001x1 2002x2 2005x1 2006x1"
is "-tu -l" "$(listed -tu -l)" "2001x1 2003x1 2006x1"
is "-tla6" "$(listed -ta6)" "2006x1"
is "-4" "$(listed -4)" "2001x1 2002x2 2003x1"
is "-f inet6 -a" "$(listed -f inet6 -a)" "2006x1"
is "-A udp -a" "$(listed -A udp -a)" "2003x1"
is "-A !unix" "$(listed -A '!unix' -a | sed 's/2004x1 //')" "2001x1 2002x2 2003x1 2005x1 2006x1"
is "-x takes unix" "$(listed -x -a)" "unixx3"
is "-A unix_dgram" "$("$ESTAB" -A unix_dgram -a --csv --columns type | sort -u | xargs)" "dgram type"
is "a state word" "$(listed -t state time-wait)" "2005x1"
is "state words unite" "$(listed -t state time-wait state listening)" "2001x1 2005x1 2006x1"
is "a port" "$(listed -ta sport = :2001)" "2001x1"
is "an address" "$(listed -ta dst 127.0.0.0/8 dport 2002)" "2002x1"
if "$ESTAB" -ta sport 2004 | grep -q BOUND; then
	is "-B" "$(listed -B)" "2004x1"
else
	skip "-B" "this kernel does not list bound sockets"
fi
is "both sources" "$("$ESTAB" -tuaH --source procfs --columns proto,state,local.addr,local.port,peer.port |
	sort)" "$("$ESTAB" -tuaH --source diag --columns proto,state,local.addr,local.port,peer.port |
	grep -v BOUND | sort)"

# ---- columns, sorting ----

is "columns" "$("$ESTAB" -tl --columns local.port,state sport 2001)" "LOCAL-PORT STATE
2001       LISTEN"
is "columns, changed" "$("$ESTAB" -tl --columns=-recv_q,-send_q,+uid,-peer sport 2001 | head -n 1 |
	xargs)" "PROTO STATE LOCAL UID"
is "columns, twice" "$("$ESTAB" -tl --columns proto --columns state | head -n 1)" "PROTO STATE"
is "a group taken away" "$("$ESTAB" -tl --csv --columns=-local | head -n 1 | grep -c local)" 0
is "every field is a column" \
	"$("$ESTAB" -tla --csv --columns "$("$ESTAB" fields -H | awk '{ print $1 }' | xargs | tr ' ' ,)" |
		head -n 1 | tr , '\n' | sort)" \
	"$("$ESTAB" fields --json | jq -r '.fields[] | select(.kind != "group").name' | sort)"
is "sorted" "$("$ESTAB" -tulH --sort local.port --columns local.port)" "2001
2003
2006"
is "sorted backwards" "$("$ESTAB" -tulH --sort proto,-local.port --columns local.port | xargs)" \
	"2006 2001 2003"
is "owners" "$("$ESTAB" -tlpH sport 2001 | grep -o 'mksock.*' | sed 's/fd .*/fd/')" "mksock[$pid] fd"
is "owners only when asked for" "$("$ESTAB" -tlH sport 2001 | grep -c mksock)" 0
is "owners when sorted by them" "$("$ESTAB" -tlH --sort pid sport 2001 | grep -c mksock)" 1
is "owner's fields" "$("$ESTAB" -tlH --columns pid,process,owner.user sport 2001 | xargs)" \
	"$pid mksock $(id -un)"
is "extended" "$("$ESTAB" -tle sport 2001 | head -n 1 | xargs)" \
	"PROTO STATE RECV-Q SEND-Q LOCAL PEER USER INODE COOKIE INTERFACE MARK CGROUP-ID SHUTDOWN TIMER"
is "groups" "$("$ESTAB" -timH sport 2002 | grep -c 'rcvbuf:.*snd_mss:')" 1

# ---- into a pipe ----

"$ESTAB" -tua >table
is "no trailing blanks" "$(grep -c ' $' table)" 0
is "no colour" "$(escapes <table)" 0
is "aligned" "$(awk 'NR == 1 { at = index($0, "LOCAL"); end = index($0, "PEER") }
	substr($0, at - 1, 1) != " " || substr($0, at, 1) == " " ||
	substr($0, end - 1, 1) != " " || substr($0, end, 1) == " "' table | wc -l)" 0
is "colour when told" "$("$ESTAB" -tl --color=always | head -n 1 | escapes)" 1
is "backlog in a table" "$("$ESTAB" -tlH sport 2001 | awk '{ print $3, $4 }')" \
	"$("$ESTAB" -tl --json sport 2001 | jq -r '.sockets[] | "\(.backlog) \(.backlog_limit)"')"

# ---- formats ----

check "JSON" jq -e '.estab.schema == 1 and (.sockets | length) == .end.count and .end.count > 4 and
	(.end.complete | type) == "boolean"' <<<"$("$ESTAB" -tua --json)"
check "JSON, empty" jq -e '.sockets == [] and .end.count == 0' <<<"$("$ESTAB" -t --json sport 99)"
check "JSON Lines" jq -es '.[0].record == "start" and .[0].schema == 1 and .[-1].record == "end" and
	(.[1:-1] | all(.record == "socket" and .proto)) and (.[1:-1] | length) == .[-1].count' \
	<<<"$("$ESTAB" -tua --jsonl)"
is "a socket is the same in both" "$("$ESTAB" -tl --json sport 2001 | jq -c '.sockets[0]')" \
	"$("$ESTAB" -tl --jsonl sport 2001 | jq -c 'select(.record == "socket") | del(.record)')"
is "default keys" "$("$ESTAB" -tl --json sport 2001 | jq -r '[.sockets[0] | paths(scalars) |
	join(".")] | join(" ")')" "proto family type state backlog backlog_limit local.addr local.port \
peer.addr peer.port uid inode cookie netns"
is "owners in JSON" "$("$ESTAB" -tlp --json sport 2001 | jq -r '.sockets[0].owners[0] |
	"\(.pid) \(.comm)"')" "$pid mksock"
is "keys asked for" "$("$ESTAB" -tl --json --columns local.port sport 2001 | jq -c '.sockets[0]')" \
	'{"local":{"port":2001}}'
is "CSV" "$("$ESTAB" -tl --csv --columns proto,state,local.addr,local.port,tcp.rtt_us sport 2001)" \
	"proto,state,local.addr,local.port,tcp.rtt_us
tcp,listen,127.0.0.1,2001,"
is "CSV takes groups apart" "$("$ESTAB" -tl --csv --columns local | head -n 1)" \
	"local.addr,local.port,local.scope,local.path,local.abstract,local.name"
is "CSV, a formula" "$("$ESTAB" -xl --csv --columns local.path,local.abstract | grep formula)" \
	"'=formula,true"
is "CSV, no header" "$("$ESTAB" -tlH --csv --columns local.port sport 2001)" 2001
for format in json jsonl csv; do
	check "fields as $format" "$ESTAB" fields --format "$format"
done
check "fields as JSON" jq -e '(.fields | length) == .end.count and (.fields | all(.help | length > 3))' \
	<<<"$("$ESTAB" fields --json)"

# ---- on a terminal ----

# Under a service manager there is a column of units.
is "wide" "$(on_terminal 150 "$ESTAB" | plain | head -n 1 | sed 's/ UNIT.*//' | xargs)" \
	"PROTO STATE RECV-Q SEND-Q LOCAL PEER PROCESS"
is "nothing hidden" "$(on_terminal 150 "$ESTAB" | grep -c '^hidden')" 0
is "listeners first" "$(on_terminal 150 "$ESTAB --source=diag" | plain | awk 'NR > 1 && /^(tcp|udp)/ { print $2 }' | uniq | xargs)" \
	"UNCONNECTED LISTEN ESTABLISHED"
is "owners on a terminal" "$(on_terminal 150 "$ESTAB -tl" | grep -c "mksock\[$pid\] fd")" 2
for columns in 40 60 80; do
	is "no line over $columns" "$(on_terminal "$columns" "$ESTAB -e" | plain | tail -n +2 |
		awk -v most="$columns" 'length > most' | grep -cv -e '^hidden' -e ' not readable ')" 0
done
is "what is hidden is told" "$(on_terminal 60 "$ESTAB" | plain | grep '^hidden')" \
	"hidden: recv_q, send_q, owners (wider terminal, or --columns)"
is "named columns stay" "$(on_terminal 40 "$ESTAB -tl --columns proto,state,local,peer,inode,uid" |
	grep -c '^hidden')" 0
is "owners are cut first" "$(on_terminal 72 "$ESTAB -tl sport 2001" | plain | grep tcp |
	grep -c 'mks.*…$')" 1
is "COLUMNS" "$(on_terminal 60 "COLUMNS=150 $ESTAB" | grep -c '^hidden')" 0
is "groups go on below" "$(on_terminal 80 "$ESTAB -tim sport 2002" | plain |
	grep -cE '^    (mem|tcp) [a-z_]+:')" 2
is "sorted on a terminal" "$(on_terminal 150 "$ESTAB -tulH --sort -local.port --columns local.port" |
	plain | xargs | cut -d " " -f 1-3)" "2006 2003 2001"
is "colour" "$(on_terminal 150 "$ESTAB" | escapes | grep -c '^[1-9]')" 1
is "NO_COLOR" "$(on_terminal 150 "NO_COLOR=1 $ESTAB" | escapes)" 0
is "NO_COLOR, empty" "$(on_terminal 150 "NO_COLOR= $ESTAB" | escapes | grep -c '^[1-9]')" 1
is "NO_COLOR, overruled" "$(on_terminal 150 "NO_COLOR=1 $ESTAB --color=always" | escapes |
	grep -c '^[1-9]')" 1
is "no colour when told" "$(on_terminal 150 "$ESTAB --color=never" | escapes)" 0
is "no colour on a dumb terminal" "$(terminal=dumb on_terminal 150 "$ESTAB" | escapes)" 0

# Slow reading, by a delay in its first answer (BPF has none); Ctrl-C is typed after the first second.
{
	sleep 2.5
	printf '\003'
	sleep 1
} | TERM=xterm ASAN_OPTIONS=detect_leaks=0 timeout 30 script -qec \
	"strace -f -o /dev/null -e trace=recvmsg -e inject=recvmsg:delay_enter=3700000 $ESTAB --source=diag" \
	/dev/null >typed
is "Ctrl-C" $? 130
if grep -q 'strace:' typed; then
	skip "progress line" "strace can't trace here: $(grep strace: typed | head -n 1)"
else
	is "progress line" "$(tr '\r' '\n' <typed | grep -c 'estab: reading sockets, 1 s')" 1
	is "and away again" "$(tr '\r' '\n' <typed | grep -v '^$' | tail -n 1 | tr -d '\n' | od -An -c | xargs)" "033 [ K 033 [ 0 m"
fi

# ---- hostile names ----

stop_mksock
start_mksock odd-comm unix-odd tcp-listen:port=2100,count=1500 "unix-stream-listen:path=$tmp/$(printf '%060d' 0)"
# The newline that ends a line apart, no control character gets out.
for format in table json jsonl csv; do
	"$ESTAB" -tuxap --format "$format" 2>/dev/null >hostile
	is "hostile names in $format" "$(tr -d '\n' <hostile | LC_ALL=C tr -d '\040-\176\200-\377' |
		wc -c) $(iconv -f UTF-8 -t UTF-8 <hostile 2>&1 >/dev/null | wc -l)" "0 0"
done
check "hostile names are JSON" jq -e '.end.count > 1500' <<<"$("$ESTAB" -tuxap --json)"
is "one record a line" "$("$ESTAB" -tuxapH 2>/dev/null | wc -l)" \
	"$("$ESTAB" -tuxa --json | jq .end.count)"
is "a long path is not cut" "$("$ESTAB" -xlH | grep -c "$(printf '%060d' 0)")" 1
is "nor on a terminal" "$(on_terminal 60 "$ESTAB -xlH" | grep -c "$(printf '%060d' 0)")" 1
is "hostile names on a terminal" "$(on_terminal 200 "$ESTAB -tuxa --color=never" | tr -d '\n' |
	LC_ALL=C tr -d '\040-\176\200-\377' | wc -c)" 0

# ---- readers that go away ----

"$ESTAB" -tla 2>err | head -n 1 >out
is "closed pipe" "${PIPESTATUS[0]} $(wc -l <out) $(cat err)" "141 1 "
(
	trap '' PIPE
	"$ESTAB" -tla 2>err
	echo $? >out
) | true
is "closed pipe, SIGPIPE ignored" "$(cat out err)" 141

# ---- a saved /proc ----

mkdir -p saved/net saved/1/net
head='  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
printf '%s\n' "$head" \
	'   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1234        0 10292 1' \
	>saved/net/tcp
printf '%s\n' "$head" \
	'   0: 7F000001:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1234        0 10292 1' \
	>saved/1/net/tcp
echo 'someone:x:1234:1234::/:/bin/sh' >saved/passwd
is "saved /proc" "$("$ESTAB" -tlH --proc-root saved --columns local,send_q,user)" \
	"127.0.0.1:631           -      1234"
is "with its users" "$("$ESTAB" -tlH --proc-root saved --passwd saved/passwd --columns user)" someone
is "of another process, another byte order" \
	"$("$ESTAB" -tlH --proc-root saved --proc-pid 1 --byte-order big --columns local)" "127.0.0.1:631"
refuse "--proc-pid alone" "--proc-pid: needs --proc-root" --proc-pid 1
refuse "--byte-order alone" "--byte-order: needs --proc-root" --byte-order big
