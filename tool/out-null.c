/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Cells as they are, each followed by a NUL, and nothing between records: every record has as many
 * cells as there are columns. No header. A cell holds one value, so a socket makes a record for each
 * of its owners when a column is about owners.
 */
#include <string.h>

#include "output.h"
#include "util.h"
#include "value.h"

/* Where a value may hold a NUL itself: the NUL as \0, and so the backslash doubled. */
static void put_escaped(struct buf *buf, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\0')
			buf_put(buf, "\\0", 2);
		else if (bytes[i] == '\\')
			buf_put(buf, "\\\\", 2);
		else
			buf_char(buf, bytes[i]);
	}
}

/* A path never holds a NUL, and stays as it is. */
static bool may_hold_nul(enum estab_field field, const struct estab_socket *sock)
{
	uint64_t abstract = 0;

	if (field == ESTAB_F_LOCAL_PATH)
		estab_socket_get_u64(sock, ESTAB_F_LOCAL_ABSTRACT, &abstract);
	else if (field == ESTAB_F_PEER_PATH)
		estab_socket_get_u64(sock, ESTAB_F_PEER_ABSTRACT, &abstract);
	return abstract != 0 || field == ESTAB_F_OWNER_CMDLINE ||
	       field == ESTAB_F_PEER_OWNER_CMDLINE || field == ESTAB_F_LISTENER_OWNER_CMDLINE;
}

static void put_bytes(struct buf *buf, bool escape, const void *bytes, size_t length)
{
	/* Whatever it was, it must not end its cell too early. */
	if (escape || memchr(bytes, '\0', length))
		put_escaped(buf, bytes, length);
	else
		buf_put(buf, bytes, length);
}

static void put_owner(struct buf *buf, const struct column *column, const struct estab_socket *sock,
		      const struct estab_owner *owner)
{
	const void *bytes;
	size_t length;
	uint64_t u64;

	if (!owner)
		return;
	if (estab_owner_get_u64(owner, column->field, &u64) == 0)
		buf_u64(buf, u64);
	else if (estab_owner_get_bytes(owner, column->field, &bytes, &length) == 0)
		put_bytes(buf, may_hold_nul(column->field, sock), bytes, length);
}

static void put_cell(struct buf *buf, const struct column *column, const struct estab_socket *sock,
		     const struct estab_owner *owner)
{
	const void *bytes;
	size_t length;

	if (column->cell == CELL_OWNER)
		put_owner(buf, column, sock, owner);
	else if (!value_put(buf, column, sock) &&
		 estab_socket_get_bytes(sock, column->field, &bytes, &length) == 0)
		put_bytes(buf, may_hold_nul(column->field, sock), bytes, length);
	buf_char(buf, '\0');
}

static void begin(struct output *output, const struct estab_result *result)
{
	(void)output;
	(void)result;
}

static void row(struct output *output, const struct estab_socket *sock)
{
	const struct columns *columns = output->columns;
	uint32_t records = 1;

	for (size_t i = 0; i < columns->n; i++)
		if (columns->list[i].cell == CELL_OWNER)
			records = MAX(records,
				      estab_socket_group_count(sock, columns->list[i].group));
	for (uint32_t record = 0; record < records; record++)
		for (size_t i = 0; i < columns->n; i++)
			put_cell(output->buf, &columns->list[i], sock,
				 estab_socket_group_owner(sock, columns->list[i].group, record));
}

static void end(struct output *output, const struct estab_result *result)
{
	(void)output;
	(void)result;
}

const struct output_format output_null = { begin, row, end };
