# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What mksock made, and what each source says of it: read into rows of one shape, and compared field
# by field. A row has only what its source tells: an empty field means that it does not tell.
#
#	{proto, family, type, state, laddr, lport, lscope, paddr, pport, pscope, path, abstract,
#	 peer_path, peer_abstract, peer_inode, interface, protocol, recv_q, send_q, backlog,
#	 backlog_limit, timer, retransmits, fires, uid, inode, cookie, mark, shutdown, v6only, drops,
#	 portid, groups}
#
# Paths are base64: they are bytes. fires is when the timer goes off, as [not before, not after] in
# milliseconds since the epoch: what a source says holds for the time that its reading took.

def hex_value: explode | map(if . >= 97 then . - 87 else . - 48 end) | .[0] * 16 + .[1];

def hex_bytes: . as $hex | [range(0; length; 2) | $hex[.:. + 2] | hex_value];

def bytes_base64:
	("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" | split("")) as $digit
	| . as $b
	| [range(0; length; 3) as $at
		| ($b[$at] * 65536 + ($b[$at + 1] // 0) * 256 + ($b[$at + 2] // 0)) as $n
		| $digit[$n / 262144 | floor], $digit[$n / 4096 | floor | . % 64],
		  (if $at + 1 < ($b | length) then $digit[$n / 64 | floor | . % 64] else "=" end),
		  (if $at + 2 < ($b | length) then $digit[$n % 64] else "=" end)]
	| join("");

# Of lower-case digits; exact only below 2^53, which a cookie of a machine that just booted is.
def hex_number: reduce explode[] as $c (0; . * 16 + if $c >= 97 then $c - 87 else $c - 48 end);

def words: [splits(" +") | select(. != "")];

# The row's key: what it can be found by in another source. Not its cookie: that is compared.
def tuple_key: "\(.proto) \(.laddr) \(.lport) \(.paddr) \(.pport) \(.path)";
def keys_of:
	(if (.inode // 0) != 0 then "\(.proto) inode \(.inode)" else empty end),
	if .proto == "netlink" then "netlink \(.protocol) \(.portid)" else tuple_key end;

# ---- mksock ----

def wildcard: if .family == "inet6" then "::" else "0.0.0.0" end;

def hex_base64: if . == null then null else hex_bytes | bytes_base64 end;

def from_mksock:
	select(.proto)
	| {fleet, spec, proto, family, type, state, interface, protocol, recv_q, send_q, backlog,
	   backlog_limit, timer, uid, inode, mark, portid, groups,
	   # mksock tells that of the MPTCP socket above it.
	   v6only: (if .subflow then null else .v6only end),
	   # Nobody accepted the other end yet.
	   peer_inode: (if .peer_inode == 0 then null else .peer_inode end),
	   cookie: (if .cookie then .cookie | tonumber else null end),
	   shutdown: (if .shutdown then ["none", "receive", "send", "both"][.shutdown] else null end)}
	+ if .family == "unix" then
		{path: (.local_path_hex | hex_base64), abstract,
		 # A source finds it by the peer's inode only.
		 peer_path: (if (.peer_inode // 0) != 0 then .peer_path_hex | hex_base64 else null end),
		 peer_abstract: (if (.peer_inode // 0) != 0 then .peer_abstract else null end)}
	elif .family == "netlink" then {uid: null}
	elif .family == "packet" then {}
	else
		{laddr: .local.addr, lport: .local.port, lscope: .local.scope,
		 paddr: (.peer.addr // wildcard), pport: (.peer.port // 0), pscope: .peer.scope}
	end;

# ---- estab --json ----

def end_path: if .path == null then null else .path_base64 // (.path | @base64) end;

# $times: [began, ended] of the reading.
def from_estab($times):
	.sockets | map(
		{proto, family, type, state, interface, protocol, recv_q, send_q, backlog, backlog_limit,
		 uid, inode, mark, shutdown, v6only, drops,
		 laddr: .local.addr, lport: .local.port, lscope: .local.scope,
		 paddr: .peer.addr, pport: .peer.port, pscope: .peer.scope,
		 path: (.local | end_path), abstract: .local.abstract,
		 peer_path: (.peer | end_path), peer_abstract: .peer.abstract, peer_inode: .peer.inode,
		 cookie: (if .cookie then .cookie | tonumber else null end),
		 portid: .netlink.portid, groups: .netlink.groups,
		 timer: .timer.kind, retransmits: .timer.retransmits}
		+ (.timer.expires_ms as $ms
			| {fires: (if $ms == null then null else $times | map(. + $ms) end)}));

# ---- ss ----

def ss_states: {
	"ESTAB": "established", "SYN-SENT": "syn-sent", "SYN-RECV": "syn-recv",
	"FIN-WAIT-1": "fin-wait-1", "FIN-WAIT-2": "fin-wait-2", "TIME-WAIT": "time-wait",
	"UNCONN": "unconnected", "CLOSE-WAIT": "close-wait", "LAST-ACK": "last-ack",
	"LISTEN": "listen", "CLOSING": "closing"};

# "[fe80::1]%eth0:80", "127.0.0.1:*": the device is that of the socket, not a scope.
def ss_end:
	capture("^\\[?(?<addr>[^]%]*?)\\]?(%(?<device>[^:]*))?:(?<port>[0-9]+|\\*)$")
	| {addr: (if .addr == "*" then "::" else .addr end), device,
	   port: (if .port == "*" then 0 else .port | tonumber end)};

# "59sec" stands for all of that second.
def ss_time:
	if . == "" then [0, 1]
	elif test("min") then
		capture("^(?<min>[0-9]+)min((?<sec>[0-9]+)sec)?$")
		| (.min | tonumber * 60000) as $ms
		| if ($ms < 600000) then [$ms + (.sec // "0" | tonumber * 1000) | ., . + 1000]
		else [$ms, $ms + 60000] end
	elif test("sec$") then .[:-3] | tonumber * 1000 | [., . + 1000]
	else rtrimstr("ms") | (if test("\\.") then split(".") | (.[0] + .[1]) else . end)
		| tonumber | [., . + 1]
	end;

def ss_timer($times):
	(capture("timer:\\((?<kind>[a-z]+),(?<time>[^,]*),(?<n>[0-9]+)\\)") // null) as $t
	| if $t == null then {timer: "off", retransmits: 0}
	else
		{timer: {"on": "retransmit", "timewait": "time-wait", "persist": "probe"}[$t.kind],
		 retransmits: ($t.n | tonumber)}
		| .timer = (.timer // $t.kind)
		| ($t.time | ss_time) as $ms
		| .fires = [$times[0] + $ms[0], $times[1] + $ms[1]]
	end;

# A detail of ss -e; nothing where it is not printed.
def ss_detail($name; f): capture(" " + $name + ":(?<text>[^ ]+)").text | f;

def ss_shutdown:
	capture(" (?<arrows>[<-]-[->])( |$)").arrows
	| {"<->": "none", "<--": "send", "-->": "receive", "---": "both"}[.];

def ss_drops: capture("skmem:\\([^)]*,d(?<n>[0-9]+)\\)").n | tonumber;

def ss_inet($times):
	. as $line
	| words as $w
	| ($w[4] | ss_end) as $local
	| ($w[5] | ss_end) as $peer
	| ($w[0] == "raw") as $raw
	| {proto: $w[0], state: ss_states[$w[1]],
	   family: (if $local.addr | test(":") then "inet6" else "inet" end),
	   laddr: $local.addr, lport: $local.port, paddr: $peer.addr, pport: $peer.port,
	   interface: $local.device,
	   protocol: (if $raw then $local.port else null end)}
	+ if $w[1] == "LISTEN" then {backlog: ($w[2] | tonumber), backlog_limit: ($w[3] | tonumber)}
	  else {recv_q: ($w[2] | tonumber), send_q: ($w[3] | tonumber)} end
	+ if $raw then {} else
		{inode: ss_detail("ino"; tonumber), cookie: ss_detail("sk"; hex_number)}
		+ {mark: (ss_detail("fwmark"; .[2:] | hex_number) // 0),
		   v6only: [ss_detail("v6only"; . == "1")][0],
		   shutdown: (ss_shutdown // null),
		   drops: (ss_drops // null)}
		# It prints no uid that is 0, not even where the kernel knows none.
		| .uid = if .inode == 0 then null else $line | ss_detail("uid"; tonumber) // 0 end
	end
	+ if $w[0] == "tcp" then ss_timer($times) else {} end;

def ss_unix:
	words as $w
	| {proto: "unix", family: "unix", state: ss_states[$w[1]],
	   type: {"u_str": "stream", "u_dgr": "dgram", "u_seq": "seqpacket"}[$w[0]],
	   inode: ($w[5] | tonumber), peer_inode: ($w[7] | tonumber | if . == 0 then null else . end),
	   shutdown: (ss_shutdown // null),
	   drops: (ss_drops // null)}
	+ if $w[4] == "*" then {}
	  elif $w[4][:1] == "@" then {path: ($w[4][1:] | @base64), abstract: true}
	  else {path: ($w[4] | @base64), abstract: false} end
	+ if $w[1] == "LISTEN" then {backlog: ($w[2] | tonumber), backlog_limit: ($w[3] | tonumber)}
	  else {recv_q: ($w[2] | tonumber), send_q: ($w[3] | tonumber)} end;

# "[34997]:lo", "ip:*"
def ss_packet:
	words as $w
	| ($w[4] | capture("^\\[?(?<protocol>[^]:]*)\\]?:(?<device>.*)$")) as $local
	| {proto: "packet", family: "packet", state: ss_states[$w[1]],
	   type: {"p_raw": "raw", "p_dgr": "dgram"}[$w[0]],
	   recv_q: ($w[2] | tonumber), send_q: ($w[3] | tonumber),
	   protocol: ($local.protocol | tonumber? // null), interface: $local.device,
	   inode: ss_detail("ino"; tonumber), cookie: ss_detail("sk"; hex_number),
	   drops: (ss_drops // null)};

# Of its own, without a first column; port ids have a sign.
def from_ss_netlink:
	split("\n") | map(select(. != "") | words as $w
		| ($w[3] | capture("^(?<protocol>[0-9]+):(?<portid>-?[0-9]+)$") // empty) as $local
		| {proto: "netlink", family: "netlink", state: ss_states[$w[0]],
		   recv_q: ($w[1] | tonumber), send_q: ($w[2] | tonumber),
		   protocol: ($local.protocol | tonumber),
		   portid: ($local.portid | tonumber | if . < 0 then . + 4294967296 else . end),
		   drops: (ss_drops // null)})
	# The kernel dumps those that are in a group once more.
	| unique_by([.protocol, .portid]);

def from_ss($times):
	split("\n") | map(select(. != "")
		| if startswith("u_") then ss_unix
		elif startswith("p_") then ss_packet
		else ss_inet($times) end);

# ---- netstat ----

def netstat_states: {
	"ESTABLISHED": "established", "SYN_SENT": "syn-sent", "SYN_RECV": "syn-recv",
	"FIN_WAIT1": "fin-wait-1", "FIN_WAIT2": "fin-wait-2", "TIME_WAIT": "time-wait",
	"CLOSE": "unconnected", "CLOSE_WAIT": "close-wait", "LAST_ACK": "last-ack",
	"LISTEN": "listen", "CLOSING": "closing", "7": "unconnected", "1": "established",
	"LISTENING": "listen", "CONNECTED": "established", "CONNECTING": "established"};

# It takes the ::ffff: off mapped addresses.
def netstat_end($six):
	capture("^(?<addr>.*):(?<port>[0-9]+|\\*)$")
	| {addr: (if $six and (.addr | test(":") | not) then "::ffff:" + .addr else .addr end),
	   port: (if .port == "*" then 0 else .port | tonumber end)};

# "on (2.12/6/0)": seconds, retransmits, probes.
def netstat_timer($times):
	capture("(?<kind>[a-z]+) \\((?<s>[0-9]+)\\.(?<c>[0-9]+)/(?<n>[0-9]+)/(?<probes>[0-9]+)\\)")
	| ({"on": "retransmit", "timewait": "time-wait"}[.kind] // .kind) as $kind
	| ((.s | tonumber) * 1000 + (.c | tonumber) * 10) as $ms
	| {timer: $kind,
	   retransmits: (if $kind == "probe" or $kind == "keepalive" then .probes else .n end | tonumber)}
	+ if $kind == "off" then {} else {fires: [$times[0] + $ms, $times[1] + $ms + 10]} end;

def netstat_inet($times):
	. as $line
	| words as $w
	| ($w[0] | endswith("6")) as $six
	| ($w[0] | rtrimstr("6") | if . == "udpl" then "udplite" else . end) as $proto
	| ($w[3] | netstat_end($six)) as $local
	| ($w[4] | netstat_end($six)) as $peer
	# The state of a UDP socket without a peer is left out.
	| ($proto == "raw" or ($w[5] | test("^[0-9]") | not)) as $has_state
	| (if $has_state then $w[6:] else $w[5:] end) as $rest
	| {proto: $proto, family: (if $six then "inet6" else "inet" end),
	   state: (if $has_state then netstat_states[$w[5]] else "unconnected" end),
	   laddr: $local.addr, lport: $local.port, paddr: $peer.addr, pport: $peer.port,
	   protocol: (if $proto == "raw" then $local.port else null end),
	   inode: ($rest[1] | tonumber),
	   # It prints 0 where the kernel knows none.
	   uid: (if $rest[1] == "0" and $w[5] != "SYN_RECV" then null else $rest[0] | tonumber end)}
	+ if $w[5] == "LISTEN" then {backlog: ($w[1] | tonumber)}
	  else {recv_q: ($w[1] | tonumber), send_q: ($w[2] | tonumber)} end
	+ if $proto == "tcp" then netstat_timer($times) else {} end;

def netstat_unix:
	capture("^unix +[0-9]+ +\\[ [A-Z ]*\\] +(?<type>[A-Z]+) +(?<state>[A-Z]+)? *(?<inode>[0-9]+) *(?<path>.*)$")
	| {proto: "unix", family: "unix", type: (.type | ascii_downcase), inode: (.inode | tonumber),
	   state: (if .state then netstat_states[.state] else "unconnected" end)}
	+ if .path == "" then {}
	  elif .path[:1] == "@" then {path: (.path[1:] | @base64), abstract: true}
	  else {path: (.path | @base64), abstract: false} end;

def from_netstat($times):
	split("\n") | map(
		if startswith("unix ") then netstat_unix
		elif test("^(tcp|udp|raw)") then netstat_inet($times)
		else empty end);

# ---- lsof -F ----

def lsof_states: netstat_states + {
	"FIN_WAIT_1": "fin-wait-1", "FIN_WAIT_2": "fin-wait-2", "UNCONNECTED": "unconnected"};

def lsof_end($six):
	capture("^\\[?(?<addr>[^]]*?)\\]?:(?<port>[0-9]+|\\*)$")
	| {addr: (if .addr == "*" then (if $six then "::" else "0.0.0.0" end)
		elif $six and (.addr | test(":") | not) then "::ffff:" + .addr
		else .addr end),
	   port: (if .port == "*" then 0 else .port | tonumber end)};

def lsof_inet:
	(.t == "IPv6") as $six
	| (.n | split("->")) as $ends
	| ($ends[0] | lsof_end($six)) as $local
	| (if $ends[1] then $ends[1] | lsof_end($six)
	   else {addr: (if $six then "::" else "0.0.0.0" end), port: 0} end) as $peer
	| {proto: (.P | ascii_downcase), family: (if $six then "inet6" else "inet" end),
	   state: (if .ST then lsof_states[.ST] elif $ends[1] then "established" else "unconnected" end),
	   laddr: $local.addr, lport: $local.port, paddr: $peer.addr, pport: $peer.port,
	   inode: (.d | tonumber)}
	+ if .ST == "LISTEN" then {backlog: (.QR | tonumber)}
	  else {recv_q: (.QR | tonumber), send_q: (.QS | tonumber)} end;

def lsof_unix:
	(.n | capture("^((?<path>.*) )?type=(?<type>[A-Z]+)")) as $n
	| {proto: "unix", family: "unix", type: ($n.type | ascii_downcase), inode: (.i | tonumber),
	   state: lsof_states[.ST]}
	+ if ($n.path // "") == "" then {}
	  elif $n.path[:1] == "@" then {path: ($n.path[1:] | @base64), abstract: true}
	  else {path: ($n.path | @base64), abstract: false} end;

# "00000000:00FD->00000000:0000 st=07"
def lsof_raw:
	{proto: (if .t | startswith("raw") then "raw" else "icmp" end), inode: (.i | tonumber)}
	+ if .t | startswith("raw") then
		{family: (if .t == "raw6" then "inet6" else "inet" end),
		 protocol: (.n | capture(":(?<hex>[0-9A-F]+)->").hex | ascii_downcase | hex_number),
		 state: {"07": "unconnected", "01": "established"}[.n | capture("st=(?<st>[0-9A-F]+)").st]}
	  else {} end;

def lsof_packet:
	{proto: "packet", family: "packet", protocol: (.P | tonumber? // null), inode: (.d | tonumber),
	 type: (.n | capture("type=SOCK_(?<type>[A-Z]+)").type | ascii_downcase)};

# Many descriptors may lead to one socket; "sock" is one that it knows nothing of.
def from_lsof:
	reduce (split("\n")[] | select(. != "")) as $line ([];
		$line[:1] as $key | $line[1:] as $value
		| if $key == "p" then .
		elif $key == "f" then . + [{}]
		elif $key == "T" then .[-1][$value[:2]] = $value[3:]
		else .[-1][$key] = $value end)
	| map(if .t == "IPv4" or .t == "IPv6" then lsof_inet
		elif .t == "unix" then lsof_unix
		elif (.t // "") | test("^(raw6?|icmp)$") then lsof_raw
		elif .t == "pack" then lsof_packet
		elif .t == "netlink" then {proto: "netlink", family: "netlink", inode: (.i | tonumber)}
		else empty end)
	| unique_by([.proto, .inode]);

# Of netlink and packet sockets those that were made: the kernel and every reader have some, too.
def of_made($made):
	[$made[] | select(.proto == "netlink" or .proto == "packet") | keys_of] as $keys
	| map(select((.proto != "netlink" and .proto != "packet")
		or ([keys_of] | any(. as $key | $keys | index($key)))));

# ---- what each can't see, and why ----

def sources: ["diag", "procfs", "bpf", "ss", "netstat", "lsof"];
def proc_text: ["procfs", "netstat"];
def memory_protos: ["udp", "udplite", "raw", "icmp"];

# Rows that a source leaves out. lost: only where it says so itself.
def blind_rows: [
	{in: sources, where: {state: ["closed"]},
	 why: "the kernel lists no TCP socket that was never bound"},
	{in: ["procfs", "netstat", "lsof"], where: {proto: ["mptcp"]},
	 why: "the kernel has no text of MPTCP; its subflows are there"},
	{in: ["bpf"], where: {proto: ["udplite", "raw", "icmp", "mptcp", "unix", "packet"]},
	 why: "it has rows of TCP, UDP and netlink, and owners of all; the other rows are sock_diag's"},
	{in: ["lsof"], where: {inode: [0]}, why: "it knows what a descriptor leads to"},
	{in: ["lsof"], where: {spec: ["tcp-unshared-thread"]},
	 why: "it reads the process's descriptors, not those of a thread"},
	{in: ["lsof"], where: {proto: ["icmp"], family: ["inet6"]}, why: "it does not read that table"},
	{in: ["lsof"], where: {state: ["bound"]}, why: "it finds no address, and prints none"},
	{in: ["netstat"], where: {proto: ["netlink", "packet"]}, why: "netstat has no such table"},
	{in: proc_text, where: {state: ["bound"]}, why: "/proc/net/tcp has no bound sockets"},
	{in: ["ss"], where: {state: ["bound"]}, why: "this ss does not ask for them"},
	{in: ["diag", "ss"], where: {proto: ["unix"], inode: [0]},
	 why: "unix_diag leaves out what was not accepted"},
	{in: ["ss"], where: {proto: ["udplite", "icmp"]}, why: "ss has no such table"},
	{in: ["netstat"], where: {proto: ["icmp"]}, why: "netstat has no such table"},
	{in: ["diag"], where: {proto: ["icmp"]}, lost: true, always: true,
	 why: "no sock_diag of ping sockets"},
	{in: ["diag"], where: {proto: ["raw", "udplite"]}, lost: true,
	 why: "the kernel may lack raw_diag, and UDP-Lite"}];

# Fields that a source does not tell of a row that has them.
def blind_fields: [
	{in: proc_text, fields: ["cookie", "mark", "shutdown", "v6only", "lscope", "pscope"],
	 why: "not in the kernel's text"},
	{in: proc_text, fields: ["interface"], where: {family: ["inet", "inet6"]},
	 why: "not in the kernel's text"},
	{in: proc_text, fields: ["backlog_limit"], why: "the text has the queue, not its limit"},
	{in: proc_text, fields: ["drops"], where: {proto: ["tcp", "unix"]},
	 why: "only the tables of datagrams have that column"},
	{in: ["netstat"], fields: ["drops"], why: "netstat does not print that column"},
	{in: proc_text, fields: ["uid", "recv_q", "send_q", "backlog", "peer_inode", "peer_path",
		"peer_abstract"],
	 where: {proto: ["unix"]}, why: "/proc/net/unix has no such column"},
	{in: ["ss", "netstat"], fields: ["type"], where: {family: ["inet", "inet6"]},
	 why: "not printed: the protocol says it"},
	{in: ["ss"], fields: ["lscope", "pscope"],
	 why: "it prints the device that the socket is bound to in that place"},
	{in: ["ss"], fields: ["uid", "cookie", "peer_path", "peer_abstract"], where: {proto: ["unix"]},
	 why: "not printed"},
	{in: ["ss"], fields: ["uid", "inode", "cookie", "mark", "shutdown", "v6only", "drops",
		"interface"],
	 where: {proto: ["raw"]}, why: "without raw_diag ss reads the text, and prints no details then"},
	{in: ["diag", "ss"], fields: ["uid"], where: {state: ["syn-recv"]},
	 why: "sock_diag says 0 for want of an inode"},
	{in: ["bpf"], fields: ["uid"], where: {state: ["syn-recv"]}, why: "not read of a request"},
	{in: ["bpf"], fields: ["timer", "retransmits", "fires", "drops"], where: {family: ["inet", "inet6"]},
	 why: "where they are asked for, the rows are sock_diag's"},
	{in: ["procfs"], fields: ["type", "state"], where: {proto: ["netlink"]},
	 why: "not in the kernel's text"},
	{in: ["procfs"], fields: ["groups"], where: {proto: ["netlink"], protocol: [0]},
	 why: "the text has the first 32, and this protocol has more"},
	{in: ["procfs"], fields: ["send_q", "drops"], where: {proto: ["packet"]},
	 why: "/proc/net/packet has no such column"},
	{in: (sources - ["bpf"]), fields: ["uid"], where: {proto: ["netlink"]},
	 why: "the kernel does not tell it"},
	{in: ["ss"], fields: ["type", "inode", "cookie", "groups"], where: {proto: ["netlink"]},
	 why: "not printed, or not as they are"},
	{in: ["ss"], fields: ["uid"], where: {proto: ["packet"]}, why: "not printed if it is 0"},
	{in: ["lsof"], fields: ["cookie", "mark", "shutdown", "v6only", "interface", "lscope", "pscope",
		"backlog_limit", "drops", "timer", "retransmits", "fires", "peer_inode", "peer_path",
		"peer_abstract", "portid", "groups"],
	 why: "not printed"},
	{in: ["lsof"], fields: ["uid"], why: "the user that it prints is the process's"},
	{in: ["lsof"], fields: ["type"], where: {family: ["inet", "inet6"]},
	 why: "not printed: the protocol says it"},
	{in: ["lsof"], fields: ["recv_q", "send_q", "backlog"],
	 where: {proto: ["unix", "raw", "icmp", "packet", "netlink"]}, why: "not printed"},
	{in: ["lsof"], fields: ["laddr", "lport", "paddr", "pport"], where: {proto: ["raw", "icmp"]},
	 why: "printed as the kernel's hexadecimal"},
	{in: ["lsof"], fields: ["state", "family"], where: {proto: ["icmp"]}, why: "not printed"},
	{in: ["lsof"], fields: ["state", "type", "protocol"], where: {proto: ["netlink"]},
	 why: "not printed, or as a name"},
	{in: ["lsof"], fields: ["state"], where: {proto: ["packet"]}, why: "not printed"}];

def matches($where): . as $row
	| all(($where // {}) | to_entries[]; .key as $key | .value | any(.[]; . == $row[$key]));

def row_blindness($source; $lost): . as $row
	| first(blind_rows[]
		| select((.in | index($source)) and (.where as $where | $row | matches($where)))
		| select((.lost | not) or ($lost | index($row.proto)))
		| .why) // null;

def is_blind($source; $field): . as $row
	| any(blind_fields[]; (.in | index($source)) and (.fields | index($field))
		and (.where as $where | $row | matches($where)));

# ---- which fields a row has ----

def is_minisock: .timer == "time-wait" or .state == "syn-recv";

def is_inet: .family == "inet" or .family == "inet6";

def applies($field):
	if $field == "recv_q" or $field == "send_q" then .state != "listen"
	elif $field == "backlog" or $field == "backlog_limit" then .state == "listen"
	# A request has its listener's, though no inode.
	elif $field == "uid" then .inode != 0 or .state == "syn-recv"
	elif $field == "timer" or $field == "retransmits" then .proto == "tcp"
	elif $field == "fires" then .timer != null
	elif $field == "shutdown" then (is_minisock or .proto == "netlink" or .proto == "packet") | not
	elif $field == "drops" then is_minisock | not
	elif $field == "mark" then is_inet
	elif $field == "protocol" then .proto == "raw" or .proto == "netlink" or .proto == "packet"
	elif $field == "portid" or $field == "groups" then .proto == "netlink"
	# The kernel tells it of a socket without a peer only.
	elif $field == "v6only" then
		.family == "inet6" and ([.state] | inside(["listen", "unconnected", "bound"]))
	elif $field == "proto" or $field == "family" or $field == "type" or $field == "state"
		or $field == "inode" or $field == "cookie" then true
	elif $field == "laddr" or $field == "lport" or $field == "paddr" or $field == "pport" then
		is_inet
	# The rest is there where mksock made it.
	else .[$field] != null end;

def fields: ["proto", "family", "type", "state", "laddr", "lport", "lscope", "paddr", "pport",
	"pscope", "path", "abstract", "peer_path", "peer_abstract", "peer_inode", "interface",
	"protocol", "recv_q", "send_q", "backlog", "backlog_limit", "timer", "retransmits", "fires",
	"uid", "inode", "cookie", "mark", "shutdown", "v6only", "drops", "portid", "groups"];

# ---- the comparison ----

# How far the clock of a busy machine may be late.
def slop_ms: 400;

# Whether this row's field says what the row of the source that was read first does.
def agrees($field; $made; $first_row; $now_row):
	($made.timer // "off") as $timer
	| if $field == "fires" then
		$now_row.fires as $b | $first_row.fires as $a
		# A timer that fired in between was set anew.
		| if ($timer == "keepalive" or $timer == "time-wait"
			or ($timer == "retransmit" and $now_row.retransmits == $first_row.retransmits
				and $now_row.retransmits > 0))
		then $a[0] <= $b[1] + slop_ms and $b[0] <= $a[1] + slop_ms
		else $b[0] < $a[1] + 120000 end
	elif $field == "retransmits" and $timer == "retransmit" then
		$now_row.retransmits >= $first_row.retransmits
		and $now_row.retransmits <= $first_row.retransmits + 6
	# Every answer to a probe sets it back.
	elif $field == "retransmits" and $timer == "probe" then $now_row.retransmits <= 20
	# A listener that is full drops every SYN that comes again, and a full receiver every probe.
	elif $field == "drops" and $made.proto == "tcp" then
		$now_row.drops >= $first_row.drops and $now_row.drops <= $first_row.drops + 100
	else $now_row[$field] == $first_row[$field] end;

# What is wrong with this field of this source's row; nothing where all is well.
def fault($source; $field; $made; $reference; $row):
	$row[$field] as $value
	| if ($made | applies($field) | not) then
		if $value == null then empty else "\($field): \($value|tojson), which it can't have" end
	elif ($made | is_blind($source; $field)) then
		if $value == null then empty
		else "\($field): \($value|tojson), which this source is said not to tell" end
	elif $value == null then "\($field): missing"
	elif $made[$field] != null then
		if $value == $made[$field] then empty
		else "\($field): \($value|tojson), made \($made[$field]|tojson)" end
	elif agrees($field; $made; $reference; $row) then empty
	else "\($field): \($value|tojson), the first source \($reference[$field]|tojson)" end;

# The first value that any source has, by field: what mksock does not tell is compared with that.
def reference($rows): reduce fields[] as $field ({};
	.[$field] = [$rows[] | values | .[$field] | values][0]);

# Pairs what was made with a source's rows: {found: [row or null, in order], left: [rows]}.
def pair($made):
	(reduce (to_entries[]) as $e ({}; reduce ($e.value | [keys_of] | .[0]) as $key (.;
		.[$key] += [$e.value]))) as $pool
	| reduce $made[] as $m ({pool: $pool, found: []};
		.pool as $p
		| (first($m | keys_of | select(($p[.] // []) != [])) // null) as $key
		| if $key == null then .found += [null]
		else .found += [.pool[$key][0]] | .pool[$key] |= .[1:] end)
	| {found, left: [.pool[][]]};

# A value that is not this one, and not near it.
def wrong: if type == "number" then . + 1000000 elif type == "boolean" then not
	elif type == "array" then map(. + 1000000000) else . + "x" end;

# Input: {made: [rows], said: {SOURCE: [rows], …}, lost: {SOURCE: [table, …], …}}; the sources in
# the order in which they were read.
# Output: {case, faults: [text]} for every spec and source, and for what nobody made. Each
# field is then taken away and altered: the comparison must notice that, too.
def compare:
	.made as $made
	| .lost as $lost
	| (.said | keys_unsorted) as $names
	| (.said | map_values(pair($made))) as $paired
	| [range(0; $made | length) as $i
		| [$names[] | $paired[.].found[$i]] as $rows
		| {made: $made[$i], rows: $rows, reference: reference($rows)}] as $all
	| ([$all[] | .made as $m | .reference as $reference | .rows as $rows
		| range(0; $names | length) as $s
		| $names[$s] as $source
		| ($m | row_blindness($source; $lost[$source] // [])) as $blind
		| {case: "\($m.spec) \($m.fleet) in \($source)",
		   faults: (if $blind then
			if $rows[$s] then ["there, although: \($blind)"] else [] end
			elif $rows[$s] == null then ["missing: \($m | tuple_key)"]
			else [fault($source; fields[]; $m; $reference; $rows[$s])] end)}]
	  | group_by(.case)[] | {case: .[0].case, faults: (map(.faults) | add | unique)}),
	  ($names[] as $source
		| {case: "nothing invented in \($source)",
		   faults: ($paired[$source].left | map("\(.state) \(tuple_key) inode \(.inode)"))}),
	  (fields[] as $field
		| [$all[] | range(0; $names | length) as $s | select(.rows[$s][$field] != null)
			| {source: $names[$s], row: .rows[$s], made, reference}] as $having
		| def noticed(f): any($having[];
			[fault(.source; $field; .made; .reference; .row | .[$field] |= f)] != []);
		{case: "a lost or wrong \($field) is noticed",
		 skip: (if $having == [] then "no socket that could be made here has it" else null end),
		 faults: ([if noticed(null) then empty else "lost, and not noticed" end,
			if noticed(wrong) then empty else "wrong, and not noticed" end])});

# Names of unix sockets that break a line of /proc/net/unix. Input: {made: [mksock's accounts], said}.
# A NUL stands there as "@", and what follows a newline is in a line that is no socket's.
def as_text: (index([10]) // length) as $newline | .[:$newline] | map(if . == 0 then 64 else . end);

def compare_names:
	.said as $said
	| .made | map(select(.local_path_hex)) | to_entries[]
	| .key as $i | .value as $m
	| ($m.local_path_hex | hex_bytes) as $bytes
	| ("diag", "procfs") as $source
	| ($said[$source][] | select(.inode == $m.inode) | .path // "none") as $path
	| (if $source == "diag" then $bytes else $bytes | as_text end | bytes_base64) as $want
	| {case: "\($m.spec) name \($i) in \($source)",
	   faults: (if $path == $want then [] else ["\($path), made \($want)"] end)};
