/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy on the heap without a terminator, so that the sanitizer sees one byte too many. */
static struct cursor cursor_on(const char *text, size_t length, char **ret_memory)
{
	char *memory = malloc(length > 0 ? length : 1);

	assert_non_null(memory);
	memcpy(memory, text, length);
	*ret_memory = memory;
	return (struct cursor){ memory, memory + length };
}

static void test_whole_numbers(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "7", 0, 7 },
		{ "0000000000000000000000000000042", 0, 42 },
		{ "4294967295", 0, UINT32_MAX },
		{ "4294967296", 0, UINT64_C(4294967296) },
		{ "9999999999999999999", 0, UINT64_C(9999999999999999999) },
		{ "10000000000000000000", 0, UINT64_C(10000000000000000000) },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18446744073709551620", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "123456789012345678901234567890", -ERANGE, 0 },
		{ "123456789012345678901234567890x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1a", -EINVAL, 0 },
		{ "a", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* an Arabic one */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t wide = 4711;
		uint32_t narrow = 4711;
		int error = cases[i].error;

		assert_int_equal(parse_u64(cases[i].text, &wide), error);
		assert_true(wide == (error ? 4711 : cases[i].value));
		if (error == 0 && cases[i].value > UINT32_MAX)
			error = -ERANGE;
		assert_int_equal(parse_u32(cases[i].text, &narrow), error);
		assert_true(narrow == (error ? 4711 : cases[i].value));
	}
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
		size_t taken;
	} cases[] = {
		{ "12 34", true, 12, 2 },
		{ "12", true, 12, 2 },
		{ "12x", true, 12, 2 },
		{ "18446744073709551615:", true, UINT64_MAX, 20 },
		{ "18446744073709551616:", false, 0, 0 },
		{ "1844674407370955161518446744073709551615", false, 0, 0 },
		{ " 1", false, 0, 0 },
		{ "x", false, 0, 0 },
		{ "", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *memory;
		struct cursor cursor = cursor_on(cases[i].text, strlen(cases[i].text), &memory);
		uint64_t value = 4711;

		assert_int_equal(cursor_decimal(&cursor, &value), cases[i].good);
		assert_true(value == (cases[i].good ? cases[i].value : 4711));
		assert_int_equal(cursor.at - memory, cases[i].taken);
		free(memory);
	}
}

static void test_hex(void **state)
{
	static const struct {
		const char *text;
		unsigned int max_digits;
		bool good;
		uint64_t value;
		size_t taken;
	} cases[] = {
		{ "0", 8, true, 0, 1 },
		{ "fF:", 8, true, 255, 2 },
		{ "01234567 ", 8, true, 0x01234567, 8 },
		{ "89abcdefg", 8, true, 0x89abcdef, 8 },
		{ "012345678", 8, false, 0, 0 },
		{ "ffffffffffffffff", 16, true, UINT64_MAX, 16 },
		{ "fffffffffffffffff", 16, false, 0, 0 },
		{ "0A", 1, false, 0, 0 },
		{ "-1", 8, false, 0, 0 },
		{ "", 8, false, 0, 0 },
		{ "x", 8, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *memory;
		struct cursor cursor = cursor_on(cases[i].text, strlen(cases[i].text), &memory);
		uint64_t value = 4711;

		assert_int_equal(cursor_hex(&cursor, cases[i].max_digits, &value), cases[i].good);
		assert_true(value == (cases[i].good ? cases[i].value : 4711));
		assert_int_equal(cursor.at - memory, cases[i].taken);
		free(memory);
	}
}

static int digit_value(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* Every byte at every place of every width, between neighbours of either sort. */
static void test_hex_exact_bytes(void **state)
{
	static const char *const rounds[] = { "00000000", "99999999", "aaaaaaaa", "FFFFFFFF" };

	(void)state;
	for (unsigned int width = 1; width <= 8; width++)
		for (size_t round = 0; round < 4; round++)
			for (unsigned int place = 0; place < width; place++)
				for (int byte = 0; byte < 256; byte++) {
					char text[8];
					uint32_t expected = 0;
					uint32_t value = 4711;
					struct cursor cursor = { text, text + width };
					bool good = digit_value(byte) >= 0;

					memcpy(text, rounds[round], sizeof(text));
					text[place] = (char)byte;
					for (unsigned int i = 0; i < width && good; i++)
						expected = expected << 4 |
							   (uint32_t)digit_value(
								   (unsigned char)text[i]);
					assert_int_equal(cursor_hex_exact(&cursor, width, &value),
							 good);
					assert_int_equal(value, good ? expected : 4711);
					assert_int_equal(cursor.at - text, good ? width : 0);
				}
}

static void test_hex_exact_order(void **state)
{
	static const char text[] = "0123456789aBcDeF";
	char *memory;
	struct cursor cursor = cursor_on(text, strlen(text), &memory);
	uint32_t value;

	(void)state;
	assert_true(cursor_hex_exact(&cursor, 8, &value));
	assert_int_equal(value, 0x01234567);
	assert_true(cursor_hex_exact(&cursor, 4, &value));
	assert_int_equal(value, 0x89ab);
	assert_false(cursor_hex_exact(&cursor, 5, &value));
	assert_true(cursor_hex_exact(&cursor, 4, &value));
	assert_int_equal(value, 0xcdef);
	assert_false(cursor_hex_exact(&cursor, 1, &value));
	assert_ptr_equal(cursor.at, cursor.end);
	free(memory);
}

static void test_hex_exact_short(void **state)
{
	(void)state;
	for (size_t length = 0; length < 8; length++) {
		char *memory;
		struct cursor cursor = cursor_on("12345678", length, &memory);
		uint32_t value = 4711;

		assert_false(cursor_hex_exact(&cursor, 8, &value));
		assert_int_equal(value, 4711);
		assert_ptr_equal(cursor.at, memory);
		free(memory);
	}
}

static void test_words(void **state)
{
	static const char text[] = "\t  one two\xff\ttwo\0half  ";
	char *memory;
	struct cursor cursor = cursor_on(text, sizeof(text) - 1, &memory);
	const char *word;
	size_t length;

	(void)state;
	assert_false(cursor_word(&cursor, &word, &length));
	cursor_blanks(&cursor);
	assert_false(cursor_char(&cursor, 'x'));
	assert_true(cursor_char(&cursor, 'o'));
	assert_true(cursor_word(&cursor, &word, &length));
	assert_int_equal(length, 2);
	assert_memory_equal(word, "ne", 2);
	cursor_blanks(&cursor);
	assert_true(cursor_word(&cursor, &word, &length));
	assert_int_equal(length, 4);
	assert_memory_equal(word, "two\xff", 4);
	cursor_blanks(&cursor);
	assert_true(cursor_word(&cursor, &word, &length));
	assert_int_equal(length, 8);
	assert_memory_equal(word, "two\0half", 8);
	cursor_blanks(&cursor);
	assert_ptr_equal(cursor.at, cursor.end);
	assert_false(cursor_word(&cursor, &word, &length));
	assert_false(cursor_char(&cursor, 'x'));
	cursor_blanks(&cursor);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_hex_exact_bytes),
		cmocka_unit_test(test_hex_exact_order),
		cmocka_unit_test(test_hex_exact_short),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
