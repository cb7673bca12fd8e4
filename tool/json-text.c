/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "json-text.h"

#include <wchar.h>

#include "width.h"

void json_put_string(struct buf *buf, const char *text)
{
	buf_char(buf, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(buf, '\\');
		buf_char(buf, *text);
	}
	buf_char(buf, '"');
}

void json_put_versions(struct buf *buf)
{
	buf_str(buf, "\"schema\":");
	buf_u64(buf, ESTAB_SCHEMA);
	buf_str(buf, ",\"version\":");
	json_put_string(buf, estab_version());
}

/* The length of the UTF-8 sequence at the text; 0: there is none. */
static size_t sequence(const char *text, size_t length)
{
	uint8_t first = (uint8_t)text[0];
	size_t n = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	wchar_t wide;
	mbstate_t state = { 0 };

	if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
		return 0;
	wide_begin();
	return n <= length && mbrtowc(&wide, text, n, &state) == n ? n : 0;
}

void json_put_bytes(struct buf *buf, const char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	buf_char(buf, '"');
	while (length > 0) {
		uint8_t byte = (uint8_t)*bytes;
		size_t n = byte < 0x80 ? 1 : sequence(bytes, length);

		if (byte < 0x20) {
			buf_str(buf, "\\u00");
			buf_char(buf, digits[byte >> 4]);
			buf_char(buf, digits[byte & 15]);
		} else if (n == 0) {
			buf_str(buf, "\\ufffd");
			n = 1;
		} else {
			if (byte == '"' || byte == '\\')
				buf_char(buf, '\\');
			buf_put(buf, bytes, n);
		}
		bytes += n;
		length -= n;
	}
	buf_char(buf, '"');
}
