/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What is shown of each socket, in which order. */
#ifndef ESTAB_TOOL_COLUMNS_H
#define ESTAB_TOOL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

struct options;

/* Where the text of a table's cell comes from. */
enum cell {
	CELL_SOCKET, /* estab_socket_format() */
	CELL_OWNERS, /* all owners, as "nginx[812] fd 6, nginx[813] fd 6" */
	CELL_OWNER,  /* one field of every owner, with commas between */
};

struct column {
	enum estab_field field;
	enum estab_kind kind;
	uint32_t flags; /* ESTAB_FIELD_… */
	const char *name;
	const char *title;
	enum cell cell;
	size_t width;          /* in a pipe: at least */
	unsigned int priority; /* on a terminal that is too narrow the lowest goes first */
	bool continued;        /* on a terminal: below the row, wrapped at words */
	bool shrinks;          /* on a terminal: is cut, visibly, before anything is hidden */
	bool pinned;           /* named by the user: never hidden */
};

enum { COLUMNS_MAX = 256 };

struct columns {
	enum estab_subject subject; /* only its fields are columns */
	size_t n;
	struct column list[COLUMNS_MAX];
};

/* The field of that name; ESTAB_F_NONE: there is none. */
enum estab_field field_from_word(const char *word, size_t length);
/* Whether rows of the subject have it; and the complaint that they have not. */
bool field_is_of(enum estab_field field, enum estab_subject subject);
int complain_field(const char *option, enum estab_subject subject, const char *word, size_t length);

/* Fills the columns that the options ask for; 0, or the exit status after a complaint. */
int columns_choose(const struct options *options, bool terminal, bool owners,
		   struct columns *ret_columns);
/*
 * Asks the query for them. A column that would have to look at other rows (a unix socket's peer has
 * a path) does so where rows are kept anyway, or where the user named it. 0 or a negative errno.
 */
int columns_ask(const struct columns *columns, bool kept, struct estab_query *query);

#endif
