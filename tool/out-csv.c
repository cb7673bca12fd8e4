/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * CSV: field names in the first line, one value a cell, nothing for what is unknown. Lines end in
 * a newline alone. Values are the library's own, not a table's: a listener's queues are backlog
 * and backlog_limit.
 */
#include "csv.h"
#include "output.h"
#include "value.h"

static void put_socket_field(struct buf *buf, struct buf *scratch, const struct column *column,
			     const struct estab_socket *sock)
{
	const void *bytes;
	size_t length;

	if (value_put(buf, column, sock) ||
	    estab_socket_get_bytes(sock, column->field, &bytes, &length) < 0)
		return;
	scratch->used = 0;
	buf_escape(scratch, bytes, length);
	csv_text(buf, scratch->data, scratch->used);
}

/* A command line as it is, with its NULs escaped: a table's blanks would not tell arguments apart. */
static void put_owner(struct buf *buf, const struct estab_owner *owner, enum estab_field field)
{
	const void *bytes;
	size_t length;

	if (estab_owner_get_bytes(owner, field, &bytes, &length) == 0)
		buf_escape(buf, bytes, length);
	else
		buf_owner(buf, owner, field);
}

/* The value of each owner, with semicolons between; one inside a text is escaped. */
static void put_owner_field(struct buf *buf, struct buf *scratch, const struct column *column,
			    const struct estab_socket *sock)
{
	uint32_t count = estab_socket_group_count(sock, column->group);
	struct buf joined;

	buf_init(&joined, BUF_MEMORY);
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(&joined, ';');
		scratch->used = 0;
		put_owner(scratch, estab_socket_group_owner(sock, column->group, i), column->field);
		for (size_t at = 0; at < scratch->used; at++) {
			if (scratch->data[at] == ';')
				buf_str(&joined, "\\x3b");
			else
				buf_char(&joined, scratch->data[at]);
		}
	}
	if (column->kind == ESTAB_KIND_STR || column->kind == ESTAB_KIND_BYTES)
		csv_text(buf, joined.data, joined.used);
	else
		buf_put(buf, joined.data, joined.used);
	buf_free(&joined);
}

static void begin(struct output *output, const struct estab_result *result)
{
	const struct columns *columns = output->columns;

	(void)result;
	if (!output->header)
		return;
	for (size_t i = 0; i < columns->n; i++) {
		if (i > 0)
			buf_char(output->buf, ',');
		buf_str(output->buf, columns->list[i].name);
	}
	buf_char(output->buf, '\n');
}

static void row(struct output *output, const struct estab_socket *sock)
{
	const struct columns *columns = output->columns;

	for (size_t i = 0; i < columns->n; i++) {
		const struct column *column = &columns->list[i];

		if (i > 0)
			buf_char(output->buf, ',');
		if (column->cell == CELL_OWNER)
			put_owner_field(output->buf, output->scratch, column, sock);
		else
			put_socket_field(output->buf, output->scratch, column, sock);
	}
	buf_char(output->buf, '\n');
}

static void end(struct output *output, const struct estab_result *result)
{
	(void)output;
	(void)result;
}

const struct output_format output_csv = { begin, row, end };
