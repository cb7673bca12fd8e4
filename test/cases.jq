# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Reads one record of meson's testlog.json; prints a line for every case in it:
# pass|fail|skip, test, case, why (separated by tabs).
# Knows cmocka's standard output and the lines of test/live/lib.sh.

def emit($what; $why): .cases += [{what: $what, case: .case, why: $why}] | .case = null | .note = [];

def one_line: gsub("[\\s]+"; " ");

def tail: split("\n") | map(select(test("\\S"))) | .[-3:] | join(" | ");

. as $run
| ($run.stdout // "" | split("\n")) as $lines
| reduce $lines[] as $line ({cases: [], case: null, note: []};
	($line | capture("\\[ RUN      \\] (?<name>.*)") // null) as $start
	| if $start then .case = $start.name | .note = []
	elif .case then
		if $line | test("\\[       OK \\] ") then emit("pass"; "")
		elif $line | test("\\[  SKIPPED \\] ") then emit("skip"; .note | join(" ") | sub("^skip: "; ""))
		elif $line | test("\\[  FAILED  \\] ") then emit("fail"; .note | join(" | "))
		else .note += [$line] end
	else
		($line | capture("^(?<what>ok|not ok|skip) (?<name>[^:]+)(: (?<why>.*))?$") // null) as $case
		| if $case then
			.case = $case.name
			| emit({"ok": "pass", "not ok": "fail", "skip": "skip"}[$case.what]; $case.why // "")
		else . end
	end)
# A case that was begun and not ended took the program down with it.
| if .case then emit("fail"; "died in this case") else . end
| (.cases | map(.what)) as $what
| if $run.result == "TIMEOUT" then .case = "(time)" | emit("fail"; "took longer than it may")
elif $what | any(. == "fail") then .
elif $run.returncode == 77 and ($what | all(. == "skip")) and ($what | length > 0) then .
elif $run.returncode != 0 then
	.case = "(exit status)"
	| emit("fail"; "\($run.returncode): \($run.stderr // "" | tail)")
elif $what | length == 0 then .case = "(no case)" | emit("fail"; "the test ran no case")
else . end
| .cases[]
| [.what, ($run.name | sub(".* / "; "")), (.case | one_line), (.why | one_line)]
| @tsv
