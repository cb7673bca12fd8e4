/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static void test_digits(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },         { 9, "9" },           { 10, "10" },
		{ 99, "99" },       { 100, "100" },       { 101, "101" },
		{ 12345, "12345" }, { 999999, "999999" }, { UINT64_MAX, "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char digits[20];
		size_t length = text_digits(cases[i].value, digits);

		assert_int_equal(length, strlen(cases[i].text));
		assert_memory_equal(digits, cases[i].text, length);
	}
}

/* Around every power of ten, and some between. */
static void test_all_lengths(void **state)
{
	uint64_t power = 1;

	(void)state;
	for (int n = 0; n < 20; n++) {
		const uint64_t values[] = { power - 1, power, power + 1, power * 7 + power / 3,
					    power * 9 };

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			char expected[24], digits[20];
			size_t length = text_digits(values[i], digits);

			assert_int_equal(length, snprintf(expected, sizeof(expected), "%" PRIu64,
							  values[i]));
			assert_memory_equal(digits, expected, length);
		}
		power *= 10;
	}
}

static void assert_text(const struct text *text, const char *expected)
{
	assert_int_equal(text->length, strlen(expected));
	assert_memory_equal(text->buffer, expected, text->length);
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0.00" },        { 0.005, "0.01" },  { 1.5, "1.50" },
		{ 99.999, "100.00" }, { -2.25, "-2.25" },
	};
	char buffer[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text text = { .buffer = buffer, .size = sizeof(buffer) };

		text_f64(&text, cases[i].value);
		assert_text(&text, cases[i].text);
	}

	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	text_i64(&text, INT64_MIN);
	assert_text(&text, "-9223372036854775808");
}

static void test_addresses(void **state)
{
	static const struct {
		uint8_t bytes[16];
		const char *text;
	} inet6[] = {
		{ { 0 }, "::" },
		{ { [15] = 1 }, "::1" },
		{ { 0x20, 1, 0xd, 0xb8, [15] = 1 }, "2001:db8::1" },
		{ { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 },
		  "2001:db8:0:1:1:1:1:1" },
		{ { 0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 }, "2001:0:0:1::1" },
		{ { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 }, "2001:db8::1:0:0:1" },
		{ { 0xfe, 0x80 }, "fe80::" },
		{ { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 }, "::ffff:192.0.2.1" },
		{ { 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0xff },
		  "102:304:506:708:90a:b0c:d0e:fff" },
	};
	static const struct {
		uint8_t bytes[16];
		const char *text;
	} inet[] = {
		{ { 0 }, "0.0.0.0" },
		{ { 127, 0, 0, 1 }, "127.0.0.1" },
		{ { 255, 255, 255, 255 }, "255.255.255.255" },
		{ { 10, 9, 99, 100 }, "10.9.99.100" },
	};
	char buffer[46];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inet6); i++) {
		struct estab_addr addr = { .family = ESTAB_FAMILY_INET6 };
		size_t length;

		memcpy(addr.bytes, inet6[i].bytes, 16);
		length = estab_addr_format(&addr, buffer);
		assert_int_equal(length, strlen(inet6[i].text));
		assert_memory_equal(buffer, inet6[i].text, length);
	}
	for (size_t i = 0; i < ARRAY_SIZE(inet); i++) {
		struct estab_addr addr = { .family = ESTAB_FAMILY_INET };
		size_t length;

		memcpy(addr.bytes, inet[i].bytes, 16);
		length = estab_addr_format(&addr, buffer);
		assert_int_equal(length, strlen(inet[i].text));
		assert_memory_equal(buffer, inet[i].text, length);
	}
}

static void test_escape(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *text;
	} cases[] = {
		{ "plain", 5, "plain" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\033[31m", 5, "\\x1b[31m" },
		{ "\n\t\r", 3, "\\x0a\\x09\\x0d" },
		{ "\x7f", 1, "\\x7f" },
		{ "\\x41", 4, "\\\\x41" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\xc2\x9b", 2, "\\u{9b}" },                      /* CSI as one character */
		{ "\xe2\x80\xae", 3, "\\u{202e}" },                /* right-to-left override */
		{ "\xe2\x80\x8b", 3, "\\u{200b}" },                /* zero-width space */
		{ "\xf3\xa0\x80\x81", 4, "\\u{e0001}" },           /* a tag */
		{ "\xff\xfe", 2, "\\xff\\xfe" },                   /* no UTF-8 */
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },                   /* overlong */
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },          /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" }, /* beyond Unicode */
		{ "\xe2\x80", 2, "\\xe2\\x80" },                   /* cut short */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buffer[64];
		size_t length =
			estab_text_escape(cases[i].bytes, cases[i].length, buffer, sizeof(buffer));

		assert_int_equal(length, strlen(cases[i].text));
		assert_memory_equal(buffer, cases[i].text, length);
	}
}

/* A window that is too small is filled to its end, with whole pieces only. */
static void test_window(void **state)
{
	char *buffer = malloc(6);

	(void)state;
	assert_int_equal(estab_text_escape("abcd\033z", 6, buffer, 6), 9);
	assert_memory_equal(buffer, "abcd  ", 6);
	assert_int_equal(estab_text_escape("abcde\xc3\xa9", 7, buffer, 6), 7);
	assert_memory_equal(buffer, "abcde ", 6);
	assert_int_equal(estab_text_escape("abcdefgh", 8, buffer, 6), 8);
	assert_memory_equal(buffer, "abcdef", 6);
	assert_int_equal(estab_text_escape("abc", 3, NULL, 0), 3);
	free(buffer);
}

static void test_path(void **state)
{
	char path[16];

	(void)state;
	text_path(path, sizeof(path), "net", "tcp");
	assert_string_equal(path, "net/tcp");
	/* All that fits, and its NUL. */
	text_path(path, sizeof(path), "1234567", "9012345");
	assert_string_equal(path, "1234567/9012345");
	text_path(path, sizeof(path), "1234567", "90123456");
	assert_string_equal(path, "1234567/9012345");
	text_path(path, 4, "net", "tcp");
	assert_string_equal(path, "net");
	text_path(path, 1, "net", "tcp");
	assert_string_equal(path, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),        cmocka_unit_test(test_digits),
		cmocka_unit_test(test_all_lengths), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_escape),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
