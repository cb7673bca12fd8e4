/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* How many columns of a terminal a text takes, and what is a character at all. */
#ifndef ESTAB_TOOL_WIDTH_H
#define ESTAB_TOOL_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether every byte is a character of its own. */
static inline bool text_is_ascii(const char *text, size_t length)
{
	uint64_t seen = 0, piece;

	for (; length >= sizeof(piece); text += sizeof(piece), length -= sizeof(piece)) {
		memcpy(&piece, text, sizeof(piece));
		seen |= piece;
	}
	for (; length > 0; length--)
		seen |= (uint64_t)(uint8_t)*text++;
	return !(seen & UINT64_C(0x8080808080808080));
}

/* Makes the calling thread know UTF-8: the main one, where all else is that asks for it. Numbers and
 * messages stay as they are. It is late, since few readings meet a character that needs it, and libc
 * takes longer for its tables than for all else it does to begin. */
void wide_begin(void);
/* The same, where a filter has a regular expression. */
void wide_begin_filter(const char *filter);
/* text is what the library's formatting gives: valid UTF-8 without control characters. */
size_t text_width(const char *text, size_t length);
/* Returns how many bytes of the text fit in that many columns. */
size_t text_fit(const char *text, size_t length, size_t columns);

#endif
