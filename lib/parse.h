/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Numbers and words out of text: the only place where text becomes a number. Everything is range-
 * and tail-checked, and nothing reads past a cursor's end.
 */
#ifndef ESTAB_PARSE_H
#define ESTAB_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole strings: -EINVAL when it is no number or has a tail, -ERANGE when it does not fit. Decimal
 * only, no sign, no blanks. */
int parse_u32(const char *text, uint32_t *ret_value);
int parse_u64(const char *text, uint64_t *ret_value);

/* A piece of text that is read from the front; it need not be terminated. */
struct cursor {
	const char *at;
	const char *end;
};

/* Each takes what it names off the front, or leaves the cursor alone and returns false. */
bool cursor_decimal(struct cursor *cursor, uint64_t *ret_value);
/* One to max_digits hexadecimal digits (at most 16), and no digit behind them. */
bool cursor_hex(struct cursor *cursor, unsigned int max_digits, uint64_t *ret_value);
/* Exactly so many hexadecimal digits (at most 8), whatever stands behind them. */
bool cursor_hex_exact(struct cursor *cursor, unsigned int digits, uint32_t *ret_value);

static inline bool cursor_char(struct cursor *cursor, char wanted)
{
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static inline bool cursor_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Skips blanks (space and tab), none too. */
static inline void cursor_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && cursor_is_blank(*cursor->at))
		cursor->at++;
}

/* A word: up to the next blank or the end; false at the end. */
bool cursor_word(struct cursor *cursor, const char **ret_word, size_t *ret_length);

#endif
