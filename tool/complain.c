/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "complain.h"

#include <string.h>
#include <unistd.h>

#include <estab.h>

#include "buf.h"
#include "term.h"
#include "util.h"
#include "width.h"

enum {
	CHARACTER_MAX = 4,       /* bytes of UTF-8 */
	COLUMNS_ELSEWHERE = 160, /* of a wrong filter where there is no terminal */
	COLUMNS_BESIDE = 9, /* what stands beside it: the indent, dots at both ends, the caret */
	COLUMNS_LEAST = 16,
};

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

static void finish(struct buf *line)
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
	finish(&line);
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
	finish(&line);
	return STATUS_USAGE;
}

/* Where the character before a byte begins. */
static size_t character_before(const char *text, size_t at)
{
	size_t start = at - 1;

	while (start > 0 && at - start < CHARACTER_MAX && ((uint8_t)text[start] & 0xc0) == 0x80)
		start--;
	return start;
}

/* Where the character that begins at a byte ends. */
static size_t character_end(const char *text, size_t length, size_t at)
{
	size_t end = at + 1;

	while (end < length && end - at < CHARACTER_MAX && ((uint8_t)text[end] & 0xc0) == 0x80)
		end++;
	return end;
}

/* The columns of a few bytes when they are escaped. */
static size_t shown_width(const char *bytes, size_t length)
{
	char shown[CHARACTER_MAX * 12];
	size_t n = estab_text_escape(bytes, length, shown, sizeof(shown));

	return text_width(shown, MIN(n, sizeof(shown)));
}

/* From where on the text is to be shown so that it takes so many columns up to the place; their
 * number at *ret_columns. */
static size_t excerpt_start(const char *text, size_t place, size_t columns, size_t *ret_columns)
{
	size_t start = place;
	size_t used = 0;

	while (start > 0) {
		size_t before = character_before(text, start);
		size_t width = shown_width(text + before, start - before);

		if (used + width > columns)
			break;
		used += width;
		start = before;
	}
	*ret_columns = used;
	return start;
}

/* The same behind the place: where to end. */
static size_t excerpt_end(const char *text, size_t length, size_t place, size_t columns,
			  size_t *ret_columns)
{
	size_t end = place;
	size_t used = 0;

	while (end < length) {
		size_t behind = character_end(text, length, end);
		size_t width = shown_width(text + end, behind - end);

		if (used + width > columns)
			break;
		used += width;
		end = behind;
	}
	*ret_columns = used;
	return end;
}

static size_t excerpt_columns(void)
{
	size_t width = term_error_width();

	if (width == 0)
		return COLUMNS_ELSEWHERE;
	return width > COLUMNS_BESIDE + COLUMNS_LEAST ? width - COLUMNS_BESIDE : COLUMNS_LEAST;
}

int complain_filter(const char *expression, size_t position, const char *why)
{
	static const char dots[] = "...";
	size_t length = strlen(expression);
	size_t place = MIN(position, length);
	size_t columns = excerpt_columns();
	size_t start, end, before, behind;
	struct buf line;

	/* What stands behind the place leaves room for what is before it, and the other way round. */
	excerpt_end(expression, length, place, columns / 2, &behind);
	start = excerpt_start(expression, place, columns - behind, &before);
	end = excerpt_end(expression, length, place, columns - before, &behind);
	begin(&line, "filter");
	/* The message is fit to be shown: what it has of the expression is escaped. */
	buf_str(&line, why);
	buf_str(&line, "\n  ");
	if (start > 0) {
		buf_str(&line, dots);
		before += strlen(dots);
	}
	buf_escape(&line, expression + start, end - start);
	if (end < length)
		buf_str(&line, dots);
	buf_str(&line, "\n  ");
	buf_blanks(&line, before);
	buf_char(&line, '^');
	finish(&line);
	return STATUS_USAGE;
}
