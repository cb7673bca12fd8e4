/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "parse.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/* What a byte is worth as a hexadecimal digit, with HEX set so that zero is told from none. */
enum { HEX = 0x10 };

static const uint8_t hex_digits[256] = {
	['0'] = HEX | 0,  ['1'] = HEX | 1,  ['2'] = HEX | 2,  ['3'] = HEX | 3,  ['4'] = HEX | 4,
	['5'] = HEX | 5,  ['6'] = HEX | 6,  ['7'] = HEX | 7,  ['8'] = HEX | 8,  ['9'] = HEX | 9,
	['a'] = HEX | 10, ['b'] = HEX | 11, ['c'] = HEX | 12, ['d'] = HEX | 13, ['e'] = HEX | 14,
	['f'] = HEX | 15, ['A'] = HEX | 10, ['B'] = HEX | 11, ['C'] = HEX | 12, ['D'] = HEX | 13,
	['E'] = HEX | 14, ['F'] = HEX | 15,
};

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int parse_u64(const char *text, uint64_t *ret_value)
{
	struct cursor cursor = { text, text + strlen(text) };
	uint64_t value;

	if (!cursor_decimal(&cursor, &value)) {
		/* No number at all, or one too large that is nothing but digits. */
		while (cursor.at < cursor.end && is_digit(*cursor.at))
			cursor.at++;
		return cursor.at > text && cursor.at == cursor.end ? -ERANGE : -EINVAL;
	}
	if (cursor.at != cursor.end)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int parse_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;
	int r = parse_u64(text, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

/* What goes beyond the digits that always fit. */
static bool decimal_tail(const char **at, const char *end, uint64_t *value)
{
	for (; *at < end && is_digit(**at); (*at)++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (unsigned int)(**at - '0'), value))
			return false;
	return true;
}

bool cursor_decimal(struct cursor *cursor, uint64_t *ret_value)
{
	enum { DIGITS_THAT_FIT = 19 };
	const char *at = cursor->at;
	const char *end = cursor->end;
	const char *safe = end - at > DIGITS_THAT_FIT ? at + DIGITS_THAT_FIT : end;
	uint64_t value = 0;

	for (; at < safe && is_digit(*at); at++)
		value = value * 10 + (unsigned int)(*at - '0');
	if (at == cursor->at || (at == safe && !decimal_tail(&at, end, &value)))
		return false;
	cursor->at = at;
	*ret_value = value;
	return true;
}

bool cursor_hex(struct cursor *cursor, unsigned int max_digits, uint64_t *ret_value)
{
	const char *at = cursor->at;
	uint64_t value = 0;

	for (; at < cursor->end; at++) {
		uint8_t digit = hex_digits[(uint8_t)*at];

		if (digit == 0)
			break;
		if (at - cursor->at == (ptrdiff_t)max_digits)
			return false;
		value = value << 4 | (digit & 15u);
	}
	if (at == cursor->at)
		return false;
	cursor->at = at;
	*ret_value = value;
	return true;
}

/* Every byte of the word holds this. */
#define BYTES(n) (UINT64_C(0x0101010101010101) * (n))

/* Eight digits at once, a byte of the word each. */
static bool hex_eight(const char *at, uint32_t *ret_value)
{
	uint64_t text;
	uint64_t letters;
	uint64_t values;
	uint64_t bad;

	memcpy(&text, at, sizeof(text));
	text = le64toh(text);
	letters = text >> 6 & BYTES(1);
	text |= letters << 5; /* small letters */
	values = (text & BYTES(0x0f)) + letters * 9;

	/* '0' to '9' are 0x30 to 0x39, 'a' to 'f' 0x61 to 0x66: the upper half must be right, and
	 * letters be worth ten to fifteen, and nothing else. */
	bad = (text ^ (BYTES(0x30) + letters * 0x30)) & BYTES(0xf0);
	bad |= values & BYTES(0xf0);
	bad |= ((values + BYTES(6)) >> 4 & BYTES(1)) ^ letters;
	if (bad != 0)
		return false;

	values = (values << 4 | values >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	values = (values << 8 | values >> 16) & UINT64_C(0x0000ffff0000ffff);
	*ret_value = (uint32_t)(values << 16 | values >> 32);
	return true;
}

bool cursor_hex_exact(struct cursor *cursor, unsigned int digits, uint32_t *ret_value)
{
	const char *at = cursor->at;
	uint32_t value = 0;
	uint8_t all = HEX;

	if (cursor->end - at < (ptrdiff_t)digits)
		return false;
	if (digits == 8) {
		if (!hex_eight(at, ret_value))
			return false;
		cursor->at = at + digits;
		return true;
	}
	for (unsigned int i = 0; i < digits; i++) {
		uint8_t digit = hex_digits[(uint8_t)at[i]];

		all &= digit;
		value = value << 4 | (digit & 15u);
	}
	if (!(all & HEX))
		return false;
	cursor->at = at + digits;
	*ret_value = value;
	return true;
}

bool cursor_word(struct cursor *cursor, const char **ret_word, size_t *ret_length)
{
	const char *at = cursor->at;

	while (at < cursor->end && !cursor_is_blank(*at))
		at++;
	if (at == cursor->at)
		return false;
	*ret_word = cursor->at;
	*ret_length = (size_t)(at - cursor->at);
	cursor->at = at;
	return true;
}
