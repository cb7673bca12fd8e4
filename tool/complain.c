/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "complain.h"

#include <string.h>
#include <unistd.h>

#include <estab.h>

#include "buf.h"
#include "width.h"

static void escape(struct buf *line, const char *text)
{
	buf_escape(line, text, strlen(text));
}

static void begin(struct buf *line, const char *what)
{
	buf_init(line, STDERR_FILENO);
	buf_str(line, "estab: ");
	if (what) {
		escape(line, what);
		buf_str(line, ": ");
	}
}

static void end(struct buf *line)
{
	buf_char(line, '\n');
	buf_flush(line);
	buf_free(line);
}

void complain(const char *what, const char *why)
{
	struct buf line;

	begin(&line, what);
	escape(&line, why);
	end(&line);
}

void complain_errno(const char *what, int error)
{
	complain(what, strerror(-error));
}

int complain_usage(const char *what, const char *why)
{
	complain(what, why);
	return STATUS_USAGE;
}

int complain_word(const char *option, const char *why, const char *word, size_t length)
{
	struct buf line;

	begin(&line, option);
	escape(&line, why);
	buf_str(&line, ": ");
	buf_escape(&line, word, length);
	end(&line);
	return STATUS_USAGE;
}

int complain_filter(const char *expression, size_t position, const char *why)
{
	size_t length = strlen(expression);
	size_t start, column;
	struct buf line;

	if (position > length)
		position = length;
	begin(&line, "filter");
	escape(&line, why);
	buf_str(&line, "\n  ");
	/* The caret counts what is printed: an escaped byte is wider than one column. */
	start = line.used;
	buf_escape(&line, expression, position);
	column = text_width(line.data + start, line.used - start);
	buf_escape(&line, expression + position, length - position);
	buf_str(&line, "\n  ");
	buf_blanks(&line, column);
	buf_char(&line, '^');
	end(&line);
	return STATUS_USAGE;
}
