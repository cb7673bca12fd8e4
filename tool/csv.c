/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "csv.h"

#include <stdbool.h>
#include <string.h>

static bool looks_like_formula(const char *text, size_t length)
{
	return length > 0 && memchr("=+-@\t\r", text[0], 6);
}

static bool needs_quotes(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (memchr(",\"\n\r", text[i], 4))
			return true;
	return false;
}

void csv_text(struct buf *buf, const char *text, size_t length)
{
	bool quotes = needs_quotes(text, length);

	if (quotes)
		buf_char(buf, '"');
	if (looks_like_formula(text, length))
		buf_char(buf, '\'');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			buf_char(buf, '"');
		buf_char(buf, text[i]);
	}
	if (quotes)
		buf_char(buf, '"');
}
