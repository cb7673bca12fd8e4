/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "json-read.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

enum { DEPTH_MAX = 64 };

static void skip_white(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at != '\0')
		cursor->at++;
}

bool json_read_open(struct cursor *cursor, char open, struct json_reader *ret_reader)
{
	skip_white(cursor);
	if (!cursor_char(cursor, open))
		return false;
	*ret_reader = (struct json_reader){ cursor, open == '{' ? '}' : ']', false };
	return true;
}

int json_read_element(struct json_reader *reader)
{
	struct cursor *cursor = reader->cursor;

	skip_white(cursor);
	if (cursor_char(cursor, reader->close))
		return 1;
	if (reader->begun && !cursor_char(cursor, ','))
		return -EBADMSG;
	reader->begun = true;
	skip_white(cursor);
	return cursor->at < cursor->end ? 0 : -EBADMSG;
}

int json_read_member(struct json_reader *reader, char *key, size_t size)
{
	int r = json_read_element(reader);

	if (r != 0)
		return r;
	r = json_read_string(reader->cursor, key, size);
	if (r < 0 && r != -E2BIG)
		return r;
	skip_white(reader->cursor);
	if (!cursor_char(reader->cursor, ':'))
		return -EBADMSG;
	skip_white(reader->cursor);
	return 0;
}

/* Bytes that go where there is room. */
struct sink {
	char *buffer;
	size_t room; /* without the NUL */
	size_t length;
	bool cut;
};

static void sink_byte(struct sink *sink, uint32_t byte)
{
	if (sink->length < sink->room && byte != 0)
		sink->buffer[sink->length++] = (char)byte;
	else
		sink->cut = true;
}

static void sink_point(struct sink *sink, uint32_t point)
{
	if (point < 0x80) {
		sink_byte(sink, point);
		return;
	}
	if (point < 0x800) {
		sink_byte(sink, 0xc0 | point >> 6);
	} else {
		if (point < 0x10000) {
			sink_byte(sink, 0xe0 | point >> 12);
		} else {
			sink_byte(sink, 0xf0 | point >> 18);
			sink_byte(sink, 0x80 | (point >> 12 & 0x3f));
		}
		sink_byte(sink, 0x80 | (point >> 6 & 0x3f));
	}
	sink_byte(sink, 0x80 | (point & 0x3f));
}

/* Behind \u. Half a surrogate pair is U+FFFD. */
static bool read_point(struct cursor *cursor, struct sink *sink)
{
	struct cursor next;
	uint32_t point, low;

	if (!cursor_hex_exact(cursor, 4, &point))
		return false;
	if (point >= 0xd800 && point <= 0xdfff) {
		next = *cursor;
		if (point < 0xdc00 && cursor_char(&next, '\\') && cursor_char(&next, 'u') &&
		    cursor_hex_exact(&next, 4, &low) && low >= 0xdc00 && low <= 0xdfff) {
			point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
			*cursor = next;
		} else {
			point = 0xfffd;
		}
	}
	sink_point(sink, point);
	return true;
}

static bool read_escape(struct cursor *cursor, struct sink *sink)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (cursor->at == cursor->end || *cursor->at == '\0')
		return false;
	if (cursor_char(cursor, 'u'))
		return read_point(cursor, sink);
	letter = strchr(letters, *cursor->at);
	if (!letter)
		return false;
	cursor->at++;
	sink_byte(sink, (uint8_t)bytes[letter - letters]);
	return true;
}

int json_read_string(struct cursor *cursor, char *buffer, size_t size)
{
	struct sink sink = { .buffer = buffer, .room = size - 1 };

	skip_white(cursor);
	if (!cursor_char(cursor, '"'))
		return -EBADMSG;
	while (cursor->at < cursor->end) {
		char c = *cursor->at++;

		if (c == '"') {
			buffer[sink.length] = '\0';
			return sink.cut ? -E2BIG : 0;
		}
		if (c != '\\')
			sink_byte(&sink, (uint8_t)c);
		else if (!read_escape(cursor, &sink))
			break;
	}
	return -EBADMSG;
}

static int skip_string(struct cursor *cursor)
{
	while (cursor->at < cursor->end) {
		char c = *cursor->at++;

		if (c == '"')
			return 0;
		if (c == '\\' && cursor->at < cursor->end)
			cursor->at++;
	}
	return -EBADMSG;
}

/* A number, or true, false, null. */
static int skip_word(struct cursor *cursor)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && !strchr(" \t\r\n,:]}[{\"", *cursor->at))
		cursor->at++;
	return cursor->at > start ? 0 : -EBADMSG;
}

int json_read_skip(struct cursor *cursor)
{
	char closes[DEPTH_MAX];
	size_t depth = 0;
	int r = 0;

	do {
		char c;

		skip_white(cursor);
		if (cursor->at == cursor->end)
			return -EBADMSG;
		c = *cursor->at;
		if (c == '{' || c == '[') {
			if (depth == DEPTH_MAX)
				return -EBADMSG;
			closes[depth++] = c == '{' ? '}' : ']';
			cursor->at++;
		} else if (depth > 0 && c == closes[depth - 1]) {
			depth--;
			cursor->at++;
		} else if (depth > 0 && (c == ',' || c == ':')) {
			cursor->at++;
		} else if (c == '"') {
			cursor->at++;
			r = skip_string(cursor);
		} else {
			r = skip_word(cursor);
		}
	} while (r == 0 && depth > 0);
	return r;
}
