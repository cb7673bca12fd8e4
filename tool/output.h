/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Formats: each begins, is handed one socket after the other, and ends. */
#ifndef ESTAB_TOOL_OUTPUT_H
#define ESTAB_TOOL_OUTPUT_H

#include <stdbool.h>

#include <estab.h>

#include "buf.h"
#include "columns.h"
#include "names.h"
#include "options.h"
#include "term.h"

/* What stands before each row of a terminal's table, which is not the row's own. */
struct margin {
	size_t width; /* with the gap behind it */
	const char *title;
	const char *(*text)(const void *arg, size_t row);
	const void *arg;
};

struct output {
	struct buf *buf;
	const struct columns *columns;
	const struct names *names;
	const struct term *term;
	enum estab_subject subject;  /* what the rows are */
	struct buf *scratch;         /* text in the making, in memory */
	bool header;                 /* of tables and CSV */
	bool any_rows;               /* of JSON: a comma is due */
	const struct margin *margin; /* on a terminal; NULL: none */
};

struct output_format {
	void (*begin)(struct output *output, const struct estab_result *result);
	void (*row)(struct output *output, const struct estab_socket *sock);
	void (*end)(struct output *output, const struct estab_result *result);
};

/* One record a line, in any width. */
extern const struct output_format output_table;
extern const struct output_format output_json;
extern const struct output_format output_jsonl;
extern const struct output_format output_csv;
extern const struct output_format output_null;
/* Of flows. */
extern const struct output_format output_conntrack;
extern const struct output_format output_conntrack_extended;

/* The one that the option names. */
const struct output_format *output_find(enum format format);

/* A table for a terminal: aligned, fitted to its width, listeners first unless it is sorted. */
void output_screen(struct output *output, const struct estab_snapshot *snapshot, bool sorted);

/* The same sockets below the processes that hold them, whatever standard output is. 0 or -ENOMEM. */
int output_tree(struct output *output, const struct estab_snapshot *snapshot);
/* Asks the query for what a tree needs besides its columns. 0 or a negative errno. */
int output_tree_ask(struct estab_query *query);

#endif
