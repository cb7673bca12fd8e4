# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# docs/VISIBILITY.md, out of the lists that agree.jq is held to and the sockets that were made.
include "agree";

def protos: ["tcp", "udp", "udplite", "raw", "icmp", "mptcp", "unix", "netlink", "packet"];

# The names that columns and JSON have, where they differ.
def public_name: {
	laddr: "local.addr", lport: "local.port", lscope: "local.scope", paddr: "peer.addr",
	pport: "peer.port", pscope: "peer.scope", path: "local.path", abstract: "local.abstract",
	peer_path: "peer.path", peer_abstract: "peer.abstract", peer_inode: "peer.inode",
	timer: "timer.kind", retransmits: "timer.retransmits", fires: "timer.expires_ms",
	portid: "netlink.portid", groups: "netlink.groups"}[.] // .;

# Whether a source has the row: "yes", "no", or "if" where that depends on the kernel.
def row_word($source): . as $row
	| [blind_rows[] | select((.in | index($source)) and (.where as $where | $row | matches($where)))]
	| if . == [] then "yes"
	  elif all(.[]; .lost and (.always | not)) then "if"
	  else "no" end;

def field_word($source; $field):
	row_word($source) as $word
	| if $word == "no" then empty elif is_blind($source; $field) then "no" else $word end;

# One word for all of them: none where there is nothing to tell.
def together: unique | if . == [] then "" elif length == 1 then .[0] else "some" end;

def line: "| " + join(" | ") + " |";

def table($head): ([$head] + sources | line), (["---"] + (sources | map("---")) | line), .[];

def states: ["established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait",
	"close-wait", "last-ack", "closing", "listen", "bound", "unconnected", "closed"];

# Of TCP and unix each state has a line.
def kinds: protos[] | if . == "tcp" or . == "unix" then "\(.) \(states[])" else . end;

def kind: if .proto == "tcp" or .proto == "unix" then "\(.proto) \(.state)" else .proto end;

def rows_table($made):
	[kinds as $kind
		| [$made[] | select(kind == $kind)]
		| select(. != [])
		| . as $rows
		| [$kind] + [sources[] as $source | [$rows[] | row_word($source)] | together] | line]
	| table("sockets");

def fields_table($made; $proto):
	[fields[] as $field
		| [$made[] | select(.proto == $proto) | select(applies($field))]
		| select(. != [])
		| . as $rows
		| [sources[] as $source | [$rows[] | field_word($source; $field)] | together]
		| select(any(.[]; . != ""))
		| ["`\($field | public_name)`"] + . | line]
	| table($proto);

# "proto unix and inode 0"
def condition:
	(.where // {}) | to_entries
	| map(if .key == "spec" then "held by a thread that has descriptors of its own"
		else "\(.key) \(.value | map(tostring) | join(" or "))" end)
	| join(" and ");

def rows_why: blind_rows[]
	| "- \(.in | join(", ")) — \(condition)"
		+ (if .lost and (.always | not) then ", where the kernel lacks it" else "" end) + ": \(.why)";

def fields_why: blind_fields[]
	| "- \(.in | join(", ")) — \(.fields | map("`\(public_name)`") | join(", "))"
		+ (if .where then " of \(condition)" else "" end) + ": \(.why)";

def wrapped: [foreach splits(" ") as $word ({line: "", out: null};
		if .line == "" then {line: $word, out: null}
		elif (.line | length) + 1 + ($word | length) > 100 then {line: ("  " + $word), out: .line}
		else {line: (.line + " " + $word), out: null} end;
		.)] | (.[] | .out | values), .[-1].line;

def visibility($made):
	"# What each source can see",
	"",
	"diag, procfs and bpf are what `estab --source` names; ss is that of iproute2, netstat that of net-tools.",
	"They read the same kernel, and none of them tells all that the others do.",
	"",
	"This file is written by `test/live/agree.sh --write-visibility`, out of the lists that the same test",
	"holds against what each of them says of sockets that it made itself. What is said to be told and is",
	"missing fails the test, and so does what is said to be missing and is told, and so does this file when",
	"it is not what the test would write.",
	"",
	"- yes: of every such socket that it lists",
	"- no: of none",
	"- some: it depends on the socket; the reasons are below",
	"- if: the kernel may lack that table; the result says so then",
	"- nothing: it lists no such socket",
	"",
	"## Rows",
	"",
	rows_table($made),
	"",
	(rows_why | wrapped),
	"",
	"## Fields",
	"",
	"Only of the sockets that a source lists, and only fields that such a socket can have.",
	(protos[] as $proto | "", fields_table($made; $proto)),
	"",
	(fields_why | wrapped);

# The lists' entries that no socket which was made has put to the test.
def unproven($made):
	(blind_rows[], (blind_fields[] | . as $entry | .fields[] | . as $field
			| $entry | {field: $field, where, why}))
	| . as $entry
	| select(any($made[]; matches($entry.where) and ($entry.field == null or applies($entry.field))) | not)
	| "\(.field // "rows") of \(condition): \(.why)";
