/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

void lines_begin(struct lines *lines)
{
	lines->start = 0;
	lines->scanned = 0;
	lines->end = 0;
	lines->eof = false;
	lines->skipping = false;
}

/* Makes room and reads once: the kernel gives whole lines of at most a page a time. */
static int lines_fill(struct lines *lines, int fd)
{
	ssize_t n;

	if (lines->start > 0) {
		memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = 0;
	}
	if (lines->end == sizeof(lines->buffer)) {
		lines->skipping = true;
		lines->end = 0;
	}
	lines->scanned = lines->end;
	do
		n = read(fd, lines->buffer + lines->end, sizeof(lines->buffer) - lines->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	lines->eof = n == 0;
	lines->end += (size_t)n;
	return 0;
}

int lines_next(struct lines *lines, int fd, const struct env *env, struct procfs_line *ret_line)
{
	for (;;) {
		char *from = lines->buffer + lines->start;
		char *newline =
			memchr(lines->buffer + lines->scanned, '\n', lines->end - lines->scanned);
		bool skipping = lines->skipping;
		int r;

		if (!newline && !lines->eof) {
			r = env_check(env);
			if (r == 0)
				r = lines_fill(lines, fd);
			if (r < 0)
				return r;
			continue;
		}
		if (!newline && from == lines->buffer + lines->end && !skipping)
			return LINE_END;

		ret_line->text.at = from;
		ret_line->text.end = newline ? newline : lines->buffer + lines->end;
		ret_line->cut = !newline;
		lines->start = newline ? (size_t)(newline + 1 - lines->buffer) : lines->end;
		lines->scanned = lines->start;
		lines->skipping = false;
		return skipping ? LINE_TOO_LONG : LINE_READ;
	}
}

static bool read_protocol(struct cursor text, const char *name, uint64_t *ret_sockets)
{
	size_t length = strlen(name);
	const char *found;
	size_t found_length;
	uint64_t size;

	if (!cursor_word(&text, &found, &found_length) || found_length < length ||
	    memcmp(found, name, length) != 0)
		return false;
	cursor_blanks(&text);
	if (!cursor_decimal(&text, &size))
		return false;
	cursor_blanks(&text);
	return cursor_decimal(&text, ret_sockets);
}

int procfs_count_sockets(const struct env *env, int fd, const char *name, uint64_t *ret_sockets)
{
	struct lines *lines = malloc(sizeof(*lines));
	bool is_table = false;
	uint64_t sum = 0;
	int r = LINE_READ;

	if (!lines)
		return -ENOMEM;
	lines_begin(lines);
	while (r == LINE_READ) {
		struct procfs_line line;
		uint64_t sockets = 0;

		r = lines_next(lines, fd, env, &line);
		if (r != LINE_READ)
			break;
		is_table |= read_protocol(line.text, "PING", &sockets) ||
			    read_protocol(line.text, "TCP", &sockets);
		if (read_protocol(line.text, name, &sockets))
			sum += sockets;
	}
	free(lines);
	if (r < 0)
		return r;
	if (r != LINE_END || !is_table)
		return -EBADMSG;
	*ret_sockets = sum;
	return 0;
}
