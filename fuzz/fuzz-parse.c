/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Text that becomes numbers, against a slower way to find out. The first byte says how many
 * hexadecimal digits are wanted; then comes the text.
 */
#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "util.h"

/* The digit's value, or -1. */
static int digit(char c, int base)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	for (int i = 0; i < 32; i++)
		if (digits[i] == c && i % 16 < base)
			return i % 16;
	return -1;
}

static size_t count_digits(const char *text, size_t length, int base)
{
	size_t n = 0;

	while (n < length && digit(text[n], base) >= 0)
		n++;
	return n;
}

/* Returns false when it doesn't fit. */
static bool value_of(const char *text, size_t length, int base, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		uint64_t next = value * (uint64_t)base + (uint64_t)digit(text[i], base);

		if (value > UINT64_MAX / (uint64_t)base || next < value * (uint64_t)base)
			return false;
		value = next;
	}
	*ret_value = value;
	return true;
}

static void check_decimal(const char *text, size_t length)
{
	struct cursor cursor = { text, text + length };
	size_t n = count_digits(text, length, 10);
	uint64_t expected = 0;
	uint64_t value = 0;
	bool right = n > 0 && value_of(text, n, 10, &expected);

	must(cursor_decimal(&cursor, &value) == right);
	must(value == (right ? expected : 0) && cursor.at == text + (right ? n : 0));
}

static void check_hex(const char *text, size_t length, unsigned int max)
{
	struct cursor cursor = { text, text + length };
	size_t n = count_digits(text, length, 16);
	uint64_t expected = 0;
	uint64_t value = 0;
	bool right = n > 0 && n <= max && value_of(text, n, 16, &expected);

	must(cursor_hex(&cursor, max, &value) == right);
	must(value == (right ? expected : 0) && cursor.at == text + (right ? n : 0));
}

static void check_hex_exact(const char *text, size_t length, unsigned int digits)
{
	struct cursor cursor = { text, text + length };
	uint64_t expected = 0;
	uint32_t value = 0;
	bool right =
		count_digits(text, length, 16) >= digits && value_of(text, digits, 16, &expected);

	must(cursor_hex_exact(&cursor, digits, &value) == right);
	must(value == (right ? expected : 0) && cursor.at == text + (right ? digits : 0));
}

/* Every word of the text, and all of it back. */
static void check_words(const char *text, size_t length)
{
	struct cursor cursor = { text, text + length };
	const char *word;
	size_t n;

	for (;;) {
		const char *before = cursor.at;

		cursor_blanks(&cursor);
		must(cursor.at == cursor.end || !cursor_is_blank(*cursor.at));
		if (!cursor_word(&cursor, &word, &n))
			break;
		must(n > 0 && word >= before && cursor.at == word + n);
		must(!memchr(word, ' ', n) && !memchr(word, '\t', n));
	}
	must(cursor.at == cursor.end);
}

/* A whole string, and nothing else. */
static void check_string(const char *string)
{
	size_t length = strlen(string);
	size_t n = count_digits(string, length, 10);
	int wanted = n > 0 && n == length ? 0 : -EINVAL;
	uint64_t expected = 0;
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	if (wanted == 0 && !value_of(string, n, 10, &expected))
		wanted = -ERANGE;
	must(parse_u64(string, &u64) == wanted && u64 == expected);
	if (wanted == 0 && expected > UINT32_MAX)
		wanted = -ERANGE;
	must(parse_u32(string, &u32) == wanted && u32 == (wanted == 0 ? expected : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned int digits = input_byte(&input) % 16u + 1;
	char *text = fuzz_copy(input.at, input.left);
	char *string = calloc(1, input.left + 1);

	must(string);
	check_decimal(text, input.left);
	check_hex(text, input.left, digits);
	check_hex_exact(text, input.left, (digits - 1) % 8 + 1);
	check_words(text, input.left);
	if (input.left > 0)
		memcpy(string, text, input.left);
	check_string(string);
	free(string);
	free(text);
	return 0;
}
