/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "report.h"

#include <string.h>

#include "complain.h"
#include "options.h"
#include "term.h"
#include "width.h"

int report_check_format(const struct options *options, const char *verb)
{
	if (options->format == FORMAT_TABLE || options->format == FORMAT_JSON)
		return 0;
	return complain_usage(verb, "writes a table or JSON only");
}

void report_heading(struct buf *buf, const char *text, bool colour)
{
	if (colour)
		buf_str(buf, term_colour(COLOUR_HEADER));
	buf_str(buf, text);
	if (colour)
		buf_str(buf, TERM_RESET);
}

void report_text(struct buf *buf, const char *text, size_t width)
{
	size_t columns = text_width(text, strlen(text));

	buf_str(buf, text);
	buf_blanks(buf, columns < width ? width - columns : 0);
}

static size_t count_digits(uint64_t value)
{
	size_t digits = 1;

	for (; value > 9; value /= 10)
		digits++;
	return digits;
}

void report_number(struct buf *buf, uint64_t value, size_t width)
{
	size_t digits = count_digits(value);

	buf_blanks(buf, 2 + (digits < width ? width - digits : 0));
	buf_u64(buf, value);
}

void report_difference(struct buf *buf, int64_t value, size_t width)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t used = count_digits(size) + (value != 0);

	buf_blanks(buf, 2 + (used < width ? width - used : 0));
	if (value != 0)
		buf_char(buf, value < 0 ? '-' : '+');
	buf_u64(buf, size);
}

int report_end(struct buf *buf)
{
	buf_flush(buf);
	if (buf->error < 0) {
		complain_errno("standard output", buf->error);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
