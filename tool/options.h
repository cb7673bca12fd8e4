/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command line, taken apart. */
#ifndef ESTAB_TOOL_OPTIONS_H
#define ESTAB_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

#include "term.h"

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_CSV,
	FORMAT_NULL,
	FORMAT_CONNTRACK,
	FORMAT_CONNTRACK_EXTENDED,
};

enum { OPTIONS_SORT_MAX = 4, OPTIONS_RESOLVE_TIMEOUT_MS = 2000 };

struct sort_key {
	enum estab_field field;
	bool descending;
};

struct options {
	/* which sockets: select.c */
	uint32_t tables;   /* asked for by name: SELECT_…; 0: none was */
	uint32_t families; /* 1 << ESTAB_FAMILY_…; 0: both */
	bool ip_family;    /* one of them by -f, which asks for its tables too */
	bool all;
	bool listening;
	bool bound;

	/* what of them */
	bool process;
	bool context;
	bool extended;
	bool timer;
	bool memory;
	bool internals;
	bool summary;
	bool nat;
	bool owners; /* each of them, however many */
	bool tree;
	char *by;      /* of a summary: the arguments of all --by, joined with commas; NULL: none */
	char *sums;    /* the same of --sum */
	uint32_t top;  /* 0: all groups */
	char *columns; /* the arguments of all --columns, joined with commas; NULL: none */
	size_t n_sort;
	struct sort_key sort[OPTIONS_SORT_MAX];

	/* how */
	enum format format;
	enum colour_when colour;
	bool no_header;
	bool resolve;
	uint32_t resolve_timeout_ms;
	bool pids;  /* of estab who: only those, */
	bool count; /* or only how many */
	bool quiet;
	bool explain;
	bool no_pushdown;
	bool strict;
	bool consistent;
	bool debug;
	bool help;
	bool version;

	/* from where */
	const char *netns; /* NULL: our own */
	bool all_netns;
	const char *source; /* NULL: whichever serves */
	const char *proc_root;
	uint32_t proc_pid;
	const char *passwd_file;
	uint32_t byte_order;

	/* of estab flows */
	bool follow;
	uint32_t limit; /* of events; 0: none */
	bool deleting;
	bool stats;
	bool expect;

	/* of estab kill and estab wait */
	bool yes;
	bool dry_run;
	bool listeners;
	bool gone;
	bool timeout_given;
	uint32_t timeout_ms;

	/* what is listed: the verb's */
	enum estab_subject subject;

	/* the words that are no options */
	const char *verb;  /* the first of them, unless it stood behind "--"; NULL: none */
	char *words;       /* all of them, with a space between; NULL: none */
	const char **args; /* each of them, the verb too */
	size_t n_args;
};

/* Whether they say which tables or states are meant. */
bool options_select(const struct options *options);
/* 0, or the exit status after a complaint; options_free() in either case. */
int options_parse(int argc, char **argv, struct options *options);
/* The verb is known to be one: takes it off the words. */
void options_drop_verb(struct options *options);
void options_free(struct options *options);

#endif
