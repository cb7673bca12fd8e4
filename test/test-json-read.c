/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json-read.h"
#include "util.h"

static struct cursor cursor_of(const char *text)
{
	return (struct cursor){ text, text + strlen(text) };
}

static void test_strings(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *expected;
	} cases[] = {
		{ "\"\"", 0, "" },
		{ " \t\r\n\"a b\"", 0, "a b" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20AC\"", 0, "A\xc3\xa9\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00\"", 0, "\xf0\x9f\x98\x80" },
		{ "\"\\ud83dx\\ude00\\ud83d\\u0041\"", 0,
		  "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
		  "A" },
		{ "\"raw\x1b\n\xff\"", 0, "raw\x1b\n\xff" },
		{ "\"123456789012345\"", 0, "123456789012345" },
		{ "\"1234567890123456\"", -E2BIG, NULL },
		{ "\"a\\u0000b\"", -E2BIG, NULL },
		{ "\"open", -EBADMSG, NULL },
		{ "\"open\\", -EBADMSG, NULL },
		{ "\"\\x41\"", -EBADMSG, NULL },
		{ "\"\\u12\"", -EBADMSG, NULL },
		{ "\"\\u12g4\"", -EBADMSG, NULL },
		{ "1", -EBADMSG, NULL },
		{ "", -EBADMSG, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor cursor = cursor_of(cases[i].text);
		char text[16];

		assert_int_equal(json_read_string(&cursor, text, sizeof(text)), cases[i].result);
		if (cases[i].expected)
			assert_string_equal(text, cases[i].expected);
		/* What is too long is taken all the same. */
		if (cases[i].result != -EBADMSG)
			assert_ptr_equal(cursor.at, cursor.end);
	}
}

static void test_skip(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *rest;
	} cases[] = {
		{ "1,", 0, "," },          { "-1.5e+9 ]", 0, " ]" },
		{ "null}", 0, "}" },       { "\"a\\\"]\",1", 0, ",1" },
		{ "[]x", 0, "x" },         { "{\"a\":[1,{\"b\":\"}]\"}],\"c\":null} ,", 0, " ," },
		{ "[[[", -EBADMSG, NULL }, { "[}", -EBADMSG, NULL },
		{ "{]", -EBADMSG, NULL },  { "]", -EBADMSG, NULL },
		{ "", -EBADMSG, NULL },    { "\"", -EBADMSG, NULL },
	};
	char deep[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor cursor = cursor_of(cases[i].text);

		assert_int_equal(json_read_skip(&cursor), cases[i].result);
		if (cases[i].rest)
			assert_string_equal(cursor.at, cases[i].rest);
	}
	/* So deep, and no deeper. */
	for (size_t depth = 64; depth <= 65; depth++) {
		struct cursor cursor;

		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\0';
		cursor = cursor_of(deep);
		assert_int_equal(json_read_skip(&cursor), depth == 64 ? 0 : -EBADMSG);
	}
}

/* The keys of an object, each with a blank behind it. */
static int keys_of(const char *text, char *keys, size_t size)
{
	struct cursor cursor = cursor_of(text);
	struct json_reader reader;
	char key[8];
	int r;

	keys[0] = '\0';
	if (!json_read_open(&cursor, '{', &reader))
		return -EINVAL;
	while ((r = json_read_member(&reader, key, sizeof(key))) == 0) {
		size_t length = strlen(keys);

		snprintf(keys + length, size - length, "%s ", key);
		r = json_read_skip(&cursor);
		if (r < 0)
			break;
	}
	return r;
}

static void test_members(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *keys;
	} cases[] = {
		{ "{}", 1, "" },
		{ " { } ", 1, "" },
		{ "{\"a\":1 , \"b\" : {\"c\":2}\n,\"\":[]}", 1, "a b  " },
		{ "{\"much-too-long\":1,\"b\":2}", 1, "much-to b " },
		{ "{\"a\":1 \"b\":2}", -EBADMSG, "a " },
		{ "{\"a\"}", -EBADMSG, "" },
		{ "{a:1}", -EBADMSG, "" },
		{ "{\"a\":1", -EBADMSG, "a " },
		{ "{", -EBADMSG, "" },
		{ "[]", -EINVAL, "" },
		{ "", -EINVAL, "" },
	};
	char keys[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(keys_of(cases[i].text, keys, sizeof(keys)), cases[i].result);
		assert_string_equal(keys, cases[i].keys);
	}
}

static void test_elements(void **state)
{
	struct cursor cursor = cursor_of("[ \"a\" , \"b\" ] rest");
	struct json_reader reader;
	char text[8];

	(void)state;
	assert_false(json_read_open(&cursor, '{', &reader));
	assert_true(json_read_open(&cursor, '[', &reader));
	assert_int_equal(json_read_element(&reader), 0);
	assert_int_equal(json_read_string(&cursor, text, sizeof(text)), 0);
	assert_string_equal(text, "a");
	assert_int_equal(json_read_element(&reader), 0);
	assert_int_equal(json_read_string(&cursor, text, sizeof(text)), 0);
	assert_string_equal(text, "b");
	assert_int_equal(json_read_element(&reader), 1);
	assert_string_equal(cursor.at, " rest");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
