#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# estab doctor: it says what is so, under whatever rights, and changes nothing.
. "$(dirname "$0")/lib.sh"
need_command jq setpriv strace
in_netns "$@"
cd "$tmp" || exit 1

# A sanitizer that looks for leaks can't be traced.
traced()
{
	ASAN_OPTIONS=detect_leaks=0 strace -f -o trace "$@"
}

# fact NAME [FILE]: of what was said last.
fact()
{
	jq -c ".facts.$1" "${2:-doctor.json}"
}

# serves SOURCE TABLE FAMILY: true, or the error.
serves()
{
	jq -r --arg source "$1" --arg table "$2" --arg family "$3" '.tables[] |
		select(.source == $source and .table == $table and .family == $family) |
		.error // "true"' doctor.json
}

advises()
{
	jq --arg text "$1" '[.advice[] | contains($text)] | any' doctor.json
}

start_mksock tcp-listen:port=2001 udp-unconnected:port=2003

# ---- with all rights ----

find /proc/sys/net /sys/module -maxdepth 2 2>/dev/null | sort >before
cat /proc/modules >>before 2>/dev/null
"$ESTAB" doctor --json >doctor.json 2>err
is "it answers" "$? $(cat err)" "0 "
check "in JSON" jq -e '.estab.schema == 1 and (.tables | length) > 10 and (.advice | type) == "array"' doctor.json
find /proc/sys/net /sys/module -maxdepth 2 2>/dev/null | sort >after
cat /proc/modules >>after 2>/dev/null
is "and changes nothing" "$(diff before after)" ""
is "the kernel" "$(fact kernel.release)" "\"$(uname -r)\""
is "the namespace" "$(fact namespace.net)" "$(stat -Lc %i /proc/self/ns/net)"
is "the user" "$(fact user.euid)" 0
for table in tcp udp; do
	for family in inet inet6; do
		is "$table, $family" "$(serves diag $table $family) $(serves procfs $table $family)" \
			"true true"
	done
done
is "unix" "$(serves diag unix unix) $(serves procfs unix unix)" "true true"
is "paths" "$(jq -r '.tables[] | select(.source == "procfs" and .table == "tcp").path | split("/")[-1]' doctor.json | xargs)" \
	"tcp tcp6"
# How many processes there are decides, and that may change between the two.
for ((tries = 0; tries < 5; tries++)); do
	picked=$("$ESTAB" doctor --json | jq .facts.pick.owners)
	taken=$("$ESTAB" -tan --json --columns=+owner.pid |
		jq '[.end.sources[] | select(.table == "owners" and (.error | not)).source][0]')
	[[ $picked == "$taken" ]] && break
done
is "what is picked is what is taken" "$(fact pick.sockets) $picked" "\"diag\" $taken"
is "and it says why" "$(fact 'pick | (.sockets_why | length > 10) and (.owners_why | length > 10)')" true
is "BTF" "$(fact kernel.btf)" "$([[ -r /sys/kernel/btf/vmlinux ]] && echo true || echo false)"
is "conntrack" "$(fact kernel.conntrack_count)" \
	"$(cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo null)"
is "security context" "$(fact user.context)" \
	"$(jq -cRs 'rtrimstr("\n") | rtrimstr("\u0000") | if . == "" then null else . end' \
		<<<"$(tr -d '\0' </proc/self/attr/current 2>/dev/null)")"
if [[ $(fact user.context) == null ]]; then
	is "none, and -Z says so" "$("$ESTAB" -tlZ sport 2001 2>&1 >/dev/null | grep -c 'security contexts not known')" 1
	is "and shows none" "$("$ESTAB" -tlZH --columns owner.context sport 2001 2>/dev/null)" "-"
	is "nor in JSON" "$("$ESTAB" -tlZ --json sport 2001 | jq -c '[.sockets[].owners[].context]')" "[null]"
	is "which doctor knows" "$(advises "no security module")" true
else
	is "-Z shows it" "$("$ESTAB" -tlZ --json sport 2001 | jq -c '[.sockets[].owners[].context]')" \
		"[$(fact user.context)]"
fi
"$ESTAB" doctor >table
is "the table has the same facts" "$(awk '/^FACT/ { on = 1; next } /^$/ { on = 0 } on' table | wc -l)" \
	"$(jq '[.facts[] | length] | add' doctor.json)"
is "and the same tables" "$(sed '/^$/,$d' table | sed 1d | wc -l)" \
	"$(jq '[.tables[] | [.table, .family]] | unique | length' doctor.json)"
is "and the same advice" "$(grep -c '^- ' table)" "$(jq '[.advice | length, 1] | max' doctor.json)"
is "no trailing blanks" "$(grep -c ' $' table)" 0

# ---- with fewer ----

if [[ -n ${ESTAB_IN_USERNS-} ]]; then
	is "a user namespace" "$(fact namespace.initial_user)" false
	skip "rights" "needs another user, and so root"
else
	is "capabilities" "$(jq -c '.facts.cap | [.net_admin, .sys_ptrace, .dac_read_search, .sys_admin] | unique' doctor.json)" \
		"[true]"
	as_nobody "$ESTAB" doctor --json >doctor.json
	is "none" "$(jq -c '.facts.cap | [.[]] | unique' doctor.json) $(fact user.euid)" "[false] 65534"
	is "processes that can't be read" "$(fact 'processes | .unreadable > 0')" true
	is "advice for owners" "$(advises "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH")" true
	is "advice for marks" "$(advises "marks of sockets unseen")" true
	is "advice for BPF, where there is any" "$(advises "CAP_BPF and CAP_PERFMON")" \
		"$([[ $(serves bpf owners all) == EPERM ]] && echo true || echo false)"
	is "and what would be taken is another" "$(fact 'pick | [.sockets, .owners]') $(fact 'pick.owners_why | contains("CAP_BPF")')" \
		'["diag","procfd"] true'
	is "tables need no rights" "$(serves diag tcp inet) $(serves procfs tcp inet)" "true true"
	unseen=$(as_nobody "$ESTAB" -A all -ap --json | jq '[.sockets[] | select(.no_owner == "permission")] | length')
	is "how many owners are unseen" "$(jq -r '.advice[] | select(startswith("owners of"))' doctor.json)" \
		"owners of $unseen sockets unseen for that reason"
	if setpriv --bounding-set=-sys_ptrace true 2>/dev/null; then
		setpriv --bounding-set=-sys_ptrace "$ESTAB" doctor --json >doctor.json
		is "one capability less" "$(jq -c '.facts.cap | [.sys_ptrace, .dac_read_search]' doctor.json)" \
			"[false,true]"
	else
		skip "one capability less" "setpriv can't drop it"
	fi
	setpriv --no-new-privs "$ESTAB" doctor --json >doctor.json
	is "no new privileges" "$(fact sandbox.no_new_privs)" true
	if [[ $(serves bpf owners all) == true ]] && traced -e trace=none true 2>err; then
		traced -e trace=bpf -e inject=bpf:error=EPERM "$ESTAB" doctor --json >doctor.json
		is "no BPF in a sandbox" "$(serves bpf owners all) $(fact pick.owners) $(fact 'pick.owners_why | contains("refuses")')" \
			'EPERM "procfd" true'
	fi
	unshare --user --map-root-user "$ESTAB" doctor --json >doctor.json
	is "a user namespace" "$(jq -c '.facts | [.namespace.initial_user, .cap.sys_ptrace]' doctor.json)" \
		"[false,true]"
	is "where capabilities are worth less" "$(advises "run outside")" \
		"$(fact 'processes | .unreadable > 0')"
	unshare --pid --fork --mount-proc "$ESTAB" doctor --json >doctor.json
	is "a pid namespace" "$(fact namespace.initial_pid) $(advises "pid namespace")" "false true"
	if unshare --mount bash -c "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 \
		--regid=65534 --clear-groups '$ESTAB' doctor --json" >doctor.json 2>err; then
		is "hidden processes" "$(jq -c '.facts | [.processes.hidden, (.proc.options | contains("hidepid="))]' doctor.json)" \
			"[true,true]"
		is "and advice for them" "$(advises "mount option hidepid")" true
	else
		skip "hidden processes" "$(cat err)"
	fi
fi

# ---- in a sandbox ----

if traced -e trace=none true 2>err; then
	traced -e trace=socket -e inject=socket:error=EPERM "$ESTAB" doctor --json >doctor.json
	is "no netlink" "$(serves diag tcp inet) $(serves procfs tcp inet)" "EPERM true"
	is "text is picked" "$(fact 'pick | [.sockets, .sockets_why]')" '["procfs","sock_diag is refused"]'
	is "and advice for it" "$(advises "sock_diag is refused:")" true
	traced -e trace=socket -e inject=socket:error=EPERM "$ESTAB" doctor >table
	is "in the table" "$(awk '$1 == "tcp" && $2 == "inet" { print $3, $4 }' table)" "refused yes"
	if traced --seccomp-bpf -e trace=chroot "$ESTAB" doctor --json >doctor.json 2>err; then
		is "a seccomp filter" "$(fact sandbox.seccomp)" '"filter"'
	else
		skip "a seccomp filter" "$(cat err)"
	fi
else
	skip "no netlink" "$(cat err)"
fi

# ---- elsewhere ----

mkdir -p copy/net copy/sys/kernel
cp /proc/net/tcp copy/net/tcp
printf '4.18.0-\e[31mcopy\n' >copy/sys/kernel/osrelease
"$ESTAB" doctor --json --proc-root copy >doctor.json
is "a copy" "$(serves diag tcp inet) $(serves procfs tcp inet) $(serves procfs udp inet)" \
	"EOPNOTSUPP true ENOENT"
is "it can be read as text only" "$(fact 'pick | [.sockets, .owners]')" '["procfs","procfd"]'
is "what it lacks" "$(advises "udp: no source has it") $(advises "tcp: no source has it")" "true true"
is "its kernel" "$(fact kernel.release) $(fact proc.capture)" '"4.18.0-\u001b[31mcopy" true'
is "harmless on a terminal" "$("$ESTAB" doctor --proc-root copy | grep -c $'\x1b')" 0
if ip netns add other 2>err; then
	"$ESTAB" doctor --json -N other >doctor.json
	is "another namespace" "$(fact namespace.net)" "$(stat -Lc %i /run/netns/other)"
	ip netns del other
else
	skip "another namespace" "$(cat err)"
fi

# ---- the command line ----

is "no words" "$("$ESTAB" doctor tcp 2>&1; echo $?)" "estab: doctor: takes no words
2"
is "another format" "$("$ESTAB" doctor --null 2>&1; echo $?)" "estab: doctor: writes a table or JSON only
2"
is "closed output" "$("$ESTAB" doctor 2>&1 >/dev/full; echo $?)" "estab: standard output: No space left on device
3"
