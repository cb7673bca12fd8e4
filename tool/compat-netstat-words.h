/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#ifndef ESTAB_TOOL_COMPAT_NETSTAT_WORDS_H
#define ESTAB_TOOL_COMPAT_NETSTAT_WORDS_H

enum netstat_kind {
	NETSTAT_ALWAYS,
	NETSTAT_OPTIONAL, /* not when it is 0 */
	NETSTAT_INPUT,    /* the same, below a heading of its own */
	NETSTAT_OUTPUT,
	NETSTAT_NEVER,
};

struct netstat_words {
	const char *name;
	const char *text; /* % stands for the number */
	enum netstat_kind kind;
};

struct netstat_sentences; /* of a section */

/* NULL: it has none. */
const struct netstat_sentences *netstat_find_sentences(const char *section);
/* NULL: it has only a name. */
const struct netstat_words *netstat_find_words(const struct netstat_sentences *sentences,
					       const char *name);

#endif
