/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compat-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { TABLE_TEXT_MAX = 4 * 1024 * 1024 };

void compat_table_init(struct compat_table *table, struct buf *out)
{
	*table = (struct compat_table){ .out = out };
	buf_init(&table->text, BUF_MEMORY);
}

void compat_table_free(struct compat_table *table)
{
	buf_free(&table->text);
	free(table->ends);
}

void compat_table_next(struct compat_table *table)
{
	if (table->n_ends == table->room) {
		size_t room = MAX(table->room * 2, (size_t)4096);
		uint32_t *ends = realloc(table->ends, room * sizeof(*ends));

		if (!ends) {
			table->out->error = -ENOMEM;
			table->n_ends = 0;
			return;
		}
		table->ends = ends;
		table->room = room;
	}
	table->ends[table->n_ends++] = (uint32_t)table->text.used;
	if (table->text.used >= TABLE_TEXT_MAX && table->n_ends % table->n_columns == 0)
		compat_table_flush(table);
}

static uint32_t cell_start(const struct compat_table *table, size_t index)
{
	return index > 0 ? table->ends[index - 1] : 0;
}

static void measure(struct compat_table *table)
{
	size_t last_row = table->n_ends - table->n_columns;

	for (size_t i = 0; i < table->n_columns; i++)
		table->columns[i].width = 0;
	for (size_t at = 0; at < table->n_ends; at++) {
		struct compat_column *column = &table->columns[at % table->n_columns];
		size_t length = table->ends[at] - cell_start(table, at);

		/* A padding that nobody sees: ss(8) counts it so. */
		if (at >= last_row && at + 1 == table->n_ends)
			continue;
		column->width = MAX(column->width, length);
	}
}

static void put_row(struct compat_table *table, size_t first)
{
	bool started = false;

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct compat_column *column = &table->columns[i];
		size_t start = cell_start(table, first + i);
		size_t length = table->ends[first + i] - start;
		size_t blanks = column->width > length ? column->width - length : 0;

		if (column->hidden)
			continue;
		if (started)
			buf_str(table->out, column->before);
		started = true;
		if (column->right)
			buf_blanks(table->out, blanks);
		buf_put(table->out, table->text.data + start, length);
		if (!column->right && (table->padded || i + 1 < table->n_columns))
			buf_blanks(table->out, blanks);
	}
	buf_char(table->out, '\n');
}

void compat_table_flush(struct compat_table *table)
{
	if (table->text.error < 0)
		table->out->error = table->text.error;
	if (table->n_ends >= table->n_columns && table->text.error == 0) {
		measure(table);
		for (size_t at = 0; at + table->n_columns <= table->n_ends; at += table->n_columns)
			put_row(table, at);
	}
	table->n_ends = 0;
	table->text.used = 0;
}
