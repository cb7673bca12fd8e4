#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Writes the source of estab-fields(5): fields.sh ESTAB.
set -e

cat <<'END'
estab-fields(5)

# NAME

estab-fields - everything that can be asked of a socket, a flow, a route and others

# DESCRIPTION

A field has one name everywhere: as a column (*estab --columns*), as a sort key (*estab --sort*), as a key of JSON
(estab-json(5), where a name with a dot is a key of a nested object), and, in capitals and with *ESTAB_F\_* in front, as an id
for programs: *local.port* is ESTAB_F_LOCAL_PORT. *pid* is short for *owner.pid*, *process* for *owner.comm*.

Each field is listed with its kind and its unit. A _group_ stands for the fields below its name. A _default_ field is written to JSON
where none is named. Fields of an _owner_ have a value for each owner of a socket. Where a socket has no value, or
it is not known, a table shows -, and JSON has null or no key.

This list is made from the one that *estab fields* prints.

# FIELDS
END

# name,kind,unit,owner,default,help: none but the last holds commas or quotes.
put()
{
	"$1" fields "$2" --csv -H | awk '
	function plain(text) {
		gsub(/[\\*_<>#\[\]|~`]/, "\\\\&", text)
		return text
	}
	{
		rest = $0
		for (i = 1; i <= 5; i++) {
			end = index(rest, ",")
			part[i] = substr(rest, 1, end - 1)
			rest = substr(rest, end + 1)
		}
		if (rest ~ /^".*"$/) {
			rest = substr(rest, 2, length(rest) - 2)
			gsub(/""/, "\"", rest)
		}
		note = part[2]
		if (part[3] != "")
			note = note ", " part[3]
		if (part[4] == "true")
			note = note ", owner"
		if (part[5] == "true")
			note = note ", default"
		printf "\n*%s* (%s)\n\t%s\n", plain(part[1]), plain(note), plain(rest)
	}'
}

put "$1" sockets
cat <<'END'

# FIELDS OF FLOWS

What *estab flows* lists has these.
END
put "$1" flows
for subject in routes interfaces memberships stats; do
	printf '\n# FIELDS OF %s\n\nWhat *estab %s* lists has these.\n' "$(echo "$subject" | tr '[:lower:]' '[:upper:]')" "$subject"
	put "$1" "$subject"
done

cat <<'END'

# SEE ALSO

estab(1), estab-json(5), estab_field_next(3), estab_socket_get_u64(3)
END
