/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "saved-text.h"

#include <string.h>

#include "width.h"

enum { PROTO_WIDTH = 8, STATE_WIDTH = 13, END_WIDTH = 24 };

const char saved_text_heading[] =
	"CHANGE   PROTO   STATE        LOCAL                   PEER                    PROCESS";

static void pad(struct buf *buf, size_t start, size_t width)
{
	size_t columns = text_width(buf->data + start, buf->used - start);

	buf_blanks(buf, columns + 1 < width ? width - columns : 1);
}

static void put_string(struct buf *buf, const json_t *value)
{
	if (json_is_string(value))
		buf_escape(buf, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		buf_i64(buf, json_integer_value(value));
	else
		buf_char(buf, '-');
}

/* In capitals, as tables have states. */
static void put_state(struct buf *buf, const json_t *value)
{
	size_t start = buf->used;

	put_string(buf, value);
	for (size_t i = start; i < buf->used; i++)
		if (buf->data[i] >= 'a' && buf->data[i] <= 'z')
			buf->data[i] = (char)(buf->data[i] - 'a' + 'A');
}

static void put_address(struct buf *buf, const json_t *end, const json_t *addr)
{
	const json_t *scope = json_object_get(end, "scope");
	const json_t *port = json_object_get(end, "port");
	const char *text = json_string_value(addr);
	bool brackets = text && strchr(text, ':');

	if (brackets)
		buf_char(buf, '[');
	put_string(buf, addr);
	if (json_is_string(scope)) {
		buf_char(buf, '%');
		put_string(buf, scope);
	}
	if (brackets)
		buf_char(buf, ']');
	if (!json_is_integer(port))
		return;
	buf_char(buf, ':');
	if (json_integer_value(port) == 0)
		buf_char(buf, '*');
	else
		buf_i64(buf, json_integer_value(port));
}

static void put_end(struct buf *buf, const json_t *row, const char *key)
{
	const json_t *end = json_object_get(row, key);
	const json_t *addr = json_object_get(end, "addr");
	const json_t *path = json_object_get(end, "path");
	const json_t *inode = json_object_get(end, "inode");
	const json_t *portid = json_object_get(json_object_get(row, "netlink"), "portid");

	if (json_is_string(addr)) {
		put_address(buf, end, addr);
	} else if (json_is_string(path)) {
		if (json_is_true(json_object_get(end, "abstract")))
			buf_char(buf, '@');
		put_string(buf, path);
	} else if (json_is_string(json_object_get(end, "name"))) {
		put_string(buf, json_object_get(end, "name"));
	} else if (json_is_integer(inode)) {
		buf_char(buf, '#');
		put_string(buf, inode);
	} else if (json_is_integer(portid) && strcmp(key, "local") == 0) {
		put_string(buf, json_object_get(row, "protocol_name"));
		buf_char(buf, ':');
		put_string(buf, portid);
	} else {
		buf_char(buf, '-');
	}
}

static void put_owners(struct buf *buf, const json_t *row)
{
	const json_t *owners = json_object_get(row, "owners");
	const json_t *none = json_object_get(row, "no_owner");
	size_t n = json_array_size(owners);

	for (size_t i = 0; i < n; i++) {
		const json_t *owner = json_array_get(owners, i);

		if (i > 0)
			buf_str(buf, ", ");
		put_string(buf, json_object_get(owner, "comm"));
		buf_char(buf, '[');
		put_string(buf, json_object_get(owner, "pid"));
		buf_char(buf, ']');
	}
	if (n == 0 && json_is_string(none)) {
		buf_char(buf, '(');
		put_string(buf, none);
		buf_char(buf, ')');
	} else if (n == 0) {
		buf_char(buf, '-');
	}
}

static void put_row(struct buf *buf, const json_t *row)
{
	size_t start = buf->used;

	put_string(buf, json_object_get(row, "proto"));
	pad(buf, start, PROTO_WIDTH);
	start = buf->used;
	put_state(buf, json_object_get(row, "state"));
	pad(buf, start, STATE_WIDTH);
	start = buf->used;
	put_end(buf, row, "local");
	pad(buf, start, END_WIDTH);
	start = buf->used;
	put_end(buf, row, "peer");
	pad(buf, start, END_WIDTH);
	put_owners(buf, row);
}

static void put_before(struct buf *buf, const char *key, const json_t *row, const json_t *value)
{
	if (strcmp(key, "state") == 0) {
		put_state(buf, value);
	} else if (strcmp(key, "owners") == 0) {
		put_owners(buf, row);
	} else if (strcmp(key, "local") == 0 || strcmp(key, "peer") == 0) {
		put_end(buf, row, key);
	} else if (json_is_boolean(value)) {
		buf_str(buf, json_is_true(value) ? "true" : "false");
	} else if (json_is_object(value)) {
		buf_str(buf, "other");
	} else {
		put_string(buf, value);
	}
}

/* " (state was ESTABLISHED; owners were …)" */
static void put_changes(struct buf *buf, const struct comparison *comparison, const json_t *before,
			const json_t *after)
{
	const char *separator = "  (";
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)before, key, value) {
		if (!compare_differs(comparison, key, value, json_object_get(after, key)))
			continue;
		buf_str(buf, separator);
		buf_escape(buf, key, strlen(key));
		buf_str(buf, " was ");
		put_before(buf, key, before, value);
		separator = "; ";
	}
	if (*separator == ';')
		buf_char(buf, ')');
}

void saved_text_put(struct buf *buf, const struct comparison *comparison,
		    const struct saved_row *before, const struct saved_row *after)
{
	json_t *old = before ? saved_row_load(before) : NULL;
	json_t *new = after ? saved_row_load(after) : NULL;
	struct buf line;

	/* The widths of what is put count from places that must stay. */
	buf_init(&line, BUF_MEMORY);
	/* A row that was parsed once parses again. */
	put_row(&line, new ? new : old);
	if (old && new)
		put_changes(&line, comparison, old, new);
	buf_put(buf, line.data, line.used);
	if (line.error < 0)
		buf->error = line.error;
	buf_free(&line);
	json_decref(old);
	json_decref(new);
}
