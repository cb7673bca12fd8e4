/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The table for programs and files: a record a line, nothing cut, columns padded to widths that do
 * not depend on what comes later. Rows are written as they arrive.
 */
#include <string.h>

#include "cell.h"
#include "output.h"
#include "util.h"
#include "width.h"

/* A cell that is begun with that much room is written in one piece unless it is longer. */
enum { CELL_PIECE = 4096 };

/* The blanks after what was put since the mark, so that the next column begins in its place. */
static void pad(struct buf *buf, uint64_t mark, size_t width)
{
	uint64_t length = buf_total(buf) - mark;

	/* A character takes at most four bytes, so what is longer than that is wide enough. */
	if (length < 4 * width && length <= buf->used) {
		const char *text = buf->data + buf->used - length;
		size_t columns = text_is_ascii(text, length) ? length : text_width(text, length);

		if (columns < width) {
			buf_blanks(buf, width - columns + 1);
			return;
		}
	}
	buf_char(buf, ' ');
}

static void begin(struct output *output, const struct estab_result *result)
{
	const struct columns *columns = output->columns;
	struct buf *buf = output->buf;

	(void)result;
	if (!output->header)
		return;
	if (output->term->colour)
		buf_str(buf, term_colour(COLOUR_HEADER));
	for (size_t i = 0; i < columns->n; i++) {
		uint64_t mark = buf_total(buf);

		buf_str(buf, columns->list[i].title);
		if (i + 1 < columns->n)
			pad(buf, mark, columns->list[i].width);
	}
	if (output->term->colour)
		buf_str(buf, TERM_RESET);
	buf_char(buf, '\n');
}

static void row(struct output *output, const struct estab_socket *sock)
{
	const struct columns *columns = output->columns;
	struct buf *buf = output->buf;

	for (size_t i = 0; i < columns->n; i++) {
		const struct column *column = &columns->list[i];
		uint64_t mark;

		buf_reserve(buf, CELL_PIECE);
		mark = buf_total(buf);
		cell_put(buf, column, sock);
		if (i + 1 < columns->n)
			pad(buf, mark, column->width);
	}
	buf_char(buf, '\n');
}

static void end(struct output *output, const struct estab_result *result)
{
	(void)output;
	(void)result;
}

const struct output_format output_table = { begin, row, end };
