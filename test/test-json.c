/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include <jansson.h>

struct sink {
	char text[262144];
	size_t length;
	size_t fail_at; /* 0: never */
};

static int collect(void *arg, const char *text, size_t length)
{
	struct sink *sink = arg;

	if (sink->fail_at != 0 && sink->length + length >= sink->fail_at)
		return -EIO;
	assert_true(sink->length + length < sizeof(sink->text));
	memcpy(sink->text + sink->length, text, length);
	sink->length += length;
	sink->text[sink->length] = '\0';
	return 0;
}

static void test_shapes(void **state)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	struct json json;

	(void)state;
	json_write_init(&json, collect, sink);
	json_write_open(&json, NULL, '{');
	json_write_u64(&json, "a", 1);
	json_write_open(&json, "b", '{');
	json_write_close(&json, '}');
	json_write_open(&json, "c", '[');
	json_write_i64(&json, NULL, -3);
	json_write_null(&json, NULL);
	json_write_bool(&json, NULL, true);
	json_write_close(&json, ']');
	json_write_u64_string(&json, "d", UINT64_MAX);
	json_write_f64(&json, "e", 12.5);
	json_write_close(&json, '}');
	assert_int_equal(json_write_flush(&json), 0);
	assert_string_equal(sink->text, "{\"a\":1,\"b\":{},\"c\":[-3,null,true],"
					"\"d\":\"18446744073709551615\",\"e\":12.50}");
	free(sink);
}

/* Whatever the bytes are, jansson reads back what they mean. */
static void test_every_byte(void **state)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		char bytes[3] = { 'a', (char)byte, 'b' };
		struct json json;
		json_t *root;
		bool lost;

		sink->length = 0;
		json_write_init(&json, collect, sink);
		json_write_open(&json, NULL, '{');
		lost = json_write_text(&json, "k", bytes, 3);
		json_write_base64(&json, "k", bytes, 3);
		json_write_close(&json, '}');
		assert_int_equal(json_write_flush(&json), 0);
		assert_int_equal(lost, byte >= 0x80);
		for (size_t i = 0; i < sink->length; i++)
			assert_true((unsigned char)sink->text[i] >= 0x20 && sink->text[i] != 0x7f);
		root = json_loadb(sink->text, sink->length, JSON_ALLOW_NUL, NULL);
		assert_non_null(root);
		if (!lost) {
			json_t *value = json_object_get(root, "k");

			assert_int_equal(json_string_length(value), 3);
			assert_memory_equal(json_string_value(value), bytes, 3);
		}
		json_decref(root);
	}
	free(sink);
}

static void test_text(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *json;
		bool lost;
	} cases[] = {
		{ "", 0, "\"\"", false },
		{ "a\"b\\c", 5, "\"a\\\"b\\\\c\"", false },
		{ "\xe2\x80\xae", 3, "\"\\u202e\"", false },
		{ "\xf3\xa0\x80\x81", 4, "\"\\udb40\\udc01\"", false },
		{ "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"", false },
		{ "\xff", 1, "\"\xef\xbf\xbd\"", true },
	};
	struct sink *sink = calloc(1, sizeof(*sink));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json json;

		sink->length = 0;
		json_write_init(&json, collect, sink);
		assert_int_equal(json_write_text(&json, NULL, cases[i].bytes, cases[i].length),
				 cases[i].lost);
		json_write_flush(&json);
		assert_string_equal(sink->text, cases[i].json);
	}
	free(sink);
}

static void test_base64(void **state)
{
	/* RFC 4648, 10. */
	static const char *const cases[][2] = {
		{ "", "\"k_base64\":\"\"" },
		{ "f", "\"k_base64\":\"Zg==\"" },
		{ "fo", "\"k_base64\":\"Zm8=\"" },
		{ "foo", "\"k_base64\":\"Zm9v\"" },
		{ "foob", "\"k_base64\":\"Zm9vYg==\"" },
		{ "foobar", "\"k_base64\":\"Zm9vYmFy\"" },
	};
	struct sink *sink = calloc(1, sizeof(*sink));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json json;

		sink->length = 0;
		json_write_init(&json, collect, sink);
		json_write_base64(&json, "k", cases[i][0], strlen(cases[i][0]));
		json_write_flush(&json);
		assert_string_equal(sink->text, cases[i][1]);
	}
	free(sink);
}

static void test_large_and_failing(void **state)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	char *big = malloc(100000);
	struct json json;

	(void)state;
	memset(big, 'x', 100000);
	json_write_init(&json, collect, sink);
	json_write_text(&json, NULL, big, 100000);
	assert_int_equal(json_write_flush(&json), 0);
	assert_int_equal(sink->length, 100002);

	*sink = (struct sink){ .fail_at = 5000 };
	json_write_init(&json, collect, sink);
	json_write_text(&json, NULL, big, 100000);
	assert_int_equal(json_write_flush(&json), -EIO);
	assert_true(sink->length < 5000);
	free(big);
	free(sink);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_large_and_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
