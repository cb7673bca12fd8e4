/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "mountinfo.h"

#include <string.h>

#include "util.h"

static bool is_text(struct mountinfo_text text, const char *wanted)
{
	return text.length == strlen(wanted) && memcmp(text.at, wanted, text.length) == 0;
}

static bool next_text(struct cursor *line, struct mountinfo_text *ret_text)
{
	cursor_blanks(line);
	return cursor_word(line, &ret_text->at, &ret_text->length);
}

/* "36 35 98:0 /root /point options [tags] - type source options" */
static bool read_line(struct cursor line, struct mountinfo *mount)
{
	struct mountinfo_text text;

	if (!cursor_decimal(&line, &mount->id) || !cursor_char(&line, ' ') ||
	    !cursor_decimal(&line, &mount->parent) || !next_text(&line, &text) ||
	    !next_text(&line, &mount->root) || !next_text(&line, &mount->point))
		return false;
	while (next_text(&line, &text))
		if (is_text(text, "-"))
			return next_text(&line, &mount->type);
	return false;
}

bool mountinfo_next(struct cursor *text, struct mountinfo *ret_mount)
{
	while (text->at < text->end) {
		const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
		struct cursor line = { text->at, newline ? newline : text->end };
		struct mountinfo mount;

		text->at = newline ? newline + 1 : text->end;
		if (read_line(line, &mount)) {
			*ret_mount = mount;
			return true;
		}
	}
	return false;
}

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
	       at[2] <= '7';
}

size_t mountinfo_unescape(struct mountinfo_text text, char *buffer)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++) {
		const char *at = text.at + i;

		if (*at == '\\' && text.length - i >= 4 && is_octal(at + 1)) {
			buffer[length++] =
				(char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			i += 3;
		} else {
			buffer[length++] = *at;
		}
	}
	return length;
}

bool mountinfo_may_hang(struct mountinfo_text type)
{
	static const char *const prefixes[] = { "fuse", "nfs",    "cifs", "smb",    "9p",  "ceph",
						"afs",  "autofs", "coda", "lustre", "gfs", "ocfs2" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (type.length >= length && memcmp(type.at, prefixes[i], length) == 0)
			return true;
	}
	return false;
}
