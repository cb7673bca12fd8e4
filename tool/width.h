/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* How many columns of a terminal a text takes. */
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

/* text is what the library's formatting gives: valid UTF-8 without control characters. */
size_t text_width(const char *text, size_t length);
/* Returns how many bytes of the text fit in that many columns. */
size_t text_fit(const char *text, size_t length, size_t columns);

#endif
