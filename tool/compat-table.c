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
	bool first = true;

	for (size_t at = 0; at < table->n_ends; at++) {
		struct compat_column *column = &table->columns[at % table->n_columns];
		size_t length = table->ends[at] - cell_start(table, at);

		/* A padding that nobody sees: ss(8) counts it so. */
		if (at + 1 < table->n_ends)
			column->length = MAX(column->length, length);
	}
	for (size_t i = 0; i < table->n_columns; i++) {
		struct compat_column *column = &table->columns[i];

		column->width = column->length;
		if (column->length > 0 && !first)
			column->width += strlen(column->before);
		if (table->screen > 0)
			column->width = MIN(column->width, table->screen);
		first &= column->width == 0;
	}
}

/* Shares what is left of a line among the columns from start to end, the last ones first. */
static void share(struct compat_table *table, size_t start, size_t end, size_t left)
{
	size_t n = 0, rest;

	for (size_t i = start; i < end; i++)
		n += table->columns[i].width > 0;
	if (n == 0)
		return;
	rest = left % n;
	for (size_t i = end; i-- > start;) {
		struct compat_column *column = &table->columns[i];

		if (column->width == 0)
			continue;
		column->width += left / n + (rest > 0);
		rest -= rest > 0;
	}
}

static bool is_last(const struct compat_table *table, size_t index)
{
	for (size_t i = index + 1; i < table->n_columns; i++)
		if (table->columns[i].width > 0)
			return false;
	return true;
}

/* As many columns on a line as there is room for. */
static void spread(struct compat_table *table)
{
	size_t start = 0, used = 0;

	for (size_t i = 0; i < table->n_columns; i++) {
		size_t width = table->columns[i].width;

		if (width == 0)
			continue;
		if (used + width > table->screen) {
			share(table, start, i, table->screen - used);
			start = i;
			used = 0;
		}
		used += width;
		if (used == table->screen || is_last(table, i)) {
			share(table, start, i + 1, table->screen - used);
			start = i + 1;
			used = 0;
		}
	}
}

static void put_row(struct compat_table *table, size_t first)
{
	bool started = false;

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct compat_column *column = &table->columns[i];
		size_t start = cell_start(table, first + i);
		size_t length = table->ends[first + i] - start;
		size_t put = length + (started ? strlen(column->before) : 0);
		size_t blanks = column->width > put ? column->width - put : 0;

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
		if (table->screen > 0)
			spread(table);
		for (size_t at = 0; at + table->n_columns <= table->n_ends; at += table->n_columns)
			put_row(table, at);
	}
	table->n_ends = 0;
	table->text.used = 0;
}
