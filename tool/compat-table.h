/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Columns as wide as their widest cell, or spread over a terminal. Rows are kept until there are some
 * megabytes of them, and then written: the columns may be wider from there on, never narrower.
 */
#ifndef ESTAB_TOOL_COMPAT_TABLE_H
#define ESTAB_TOOL_COMPAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { COMPAT_COLUMNS_MAX = 12 };

struct compat_column {
	const char *before; /* what divides it from the column before, unless that is the first */
	bool right;         /* aligned to the right */
	bool hidden;
	size_t length; /* of the longest cell so far */
	size_t width;  /* the same and what divides; 0: nothing is in it */
};

struct compat_table {
	struct buf *out;
	size_t n_columns;
	struct compat_column columns[COMPAT_COLUMNS_MAX];
	/* Blanks stand behind the last column too, as wide as the widest but the last row's. */
	bool padded;
	/* Of a terminal: what is left is given to the columns, and a row that is too long for one line goes
	 * on in the next, where its columns are aligned too. 0: none. */
	size_t screen;
	struct buf text; /* the cells, one after the other */
	uint32_t *ends;  /* where each ends in the text, n_columns a row */
	size_t n_ends;
	size_t room;
};

void compat_table_init(struct compat_table *table, struct buf *out);
void compat_table_free(struct compat_table *table);
/* What is put here goes to the current cell. */
static inline struct buf *compat_table_cell(struct compat_table *table)
{
	return &table->text;
}
/* The current cell is whole. Those of hidden columns are to be left empty. */
void compat_table_next(struct compat_table *table);
/* Writes what there is. */
void compat_table_flush(struct compat_table *table);

#endif
