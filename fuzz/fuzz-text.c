/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Bytes that become text: escaped for a terminal, as JSON, as an address. The first byte says how
 * small a window is, from 0; then come the bytes.
 */
#include "text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fuzz.h"
#include "json.h"
#include "util.h"

/* Writes the character's only right form; 0: it has none. */
static size_t encode(uint32_t point, uint8_t bytes[4])
{
	if (point < 0x80) {
		bytes[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (uint8_t)(0xc0 | point >> 6);
		bytes[1] = (uint8_t)(0x80 | (point & 63));
		return 2;
	}
	if (point >= 0xd800 && point < 0xe000)
		return 0;
	if (point < 0x10000) {
		bytes[0] = (uint8_t)(0xe0 | point >> 12);
		bytes[1] = (uint8_t)(0x80 | (point >> 6 & 63));
		bytes[2] = (uint8_t)(0x80 | (point & 63));
		return 3;
	}
	if (point > 0x10ffff)
		return 0;
	bytes[0] = (uint8_t)(0xf0 | point >> 18);
	bytes[1] = (uint8_t)(0x80 | (point >> 12 & 63));
	bytes[2] = (uint8_t)(0x80 | (point >> 6 & 63));
	bytes[3] = (uint8_t)(0x80 | (point & 63));
	return 4;
}

/* The other way to find out what stands at the front: every length, encoded back. */
static size_t decode(const uint8_t *bytes, size_t length, uint32_t *ret_point)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };

	for (size_t n = 1; n <= 4 && n <= length; n++) {
		uint32_t point = bytes[0] & masks[n];
		uint8_t back[4];

		for (size_t i = 1; i < n; i++)
			point = point << 6 | (bytes[i] & 63u);
		if (encode(point, back) == n && memcmp(bytes, back, n) == 0) {
			*ret_point = point;
			return n;
		}
	}
	return 0;
}

static void check_utf8(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i <= length; i++) {
		uint32_t expected = 0;
		uint32_t point = 0;
		size_t n = decode(bytes + i, length - i, &expected);

		must(utf8_next(bytes + i, length - i, &point) == n);
		must(point == expected);
	}
}

static uint32_t hex_value(char c)
{
	must((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Takes one piece off escaped text: what it stands for goes to bytes. Returns the piece's length. */
static size_t unescape(const char *text, size_t length, uint8_t bytes[4], size_t *ret_size)
{
	uint32_t point = 0;
	size_t n = 3;

	if (text[0] != '\\') {
		bytes[0] = (uint8_t)text[0];
		*ret_size = 1;
		return 1;
	}
	must(length >= 2);
	if (text[1] == '\\') {
		bytes[0] = '\\';
		*ret_size = 1;
		return 2;
	}
	must(length >= 4);
	if (text[1] == 'x') {
		bytes[0] = (uint8_t)(hex_value(text[2]) << 4 | hex_value(text[3]));
		*ret_size = 1;
		return 4;
	}
	must(text[1] == 'u' && text[2] == '{');
	for (; n < length && text[n] != '}'; n++)
		point = point << 4 | hex_value(text[n]);
	must(n > 3 && n < length);
	*ret_size = encode(point, bytes);
	must(*ret_size > 0);
	return n + 1;
}

/* Escaped text can be turned back: no two names look the same. */
static void check_round_trip(const char *text, size_t length, const uint8_t *bytes, size_t size)
{
	while (length > 0) {
		uint8_t piece[4];
		size_t n;
		size_t taken = unescape(text, length, piece, &n);

		must(n <= size && memcmp(piece, bytes, n) == 0);
		text += taken;
		length -= taken;
		bytes += n;
		size -= n;
	}
	must(size == 0);
}

/* A window that is too small: the text's front, and blanks for the piece that would be torn. */
static void check_window(const uint8_t *bytes, size_t size, const char *text, size_t length,
			 size_t window)
{
	char *buffer = fuzz_copy(text, MIN(window, length));
	size_t same = 0;

	memset(buffer, 'X', MIN(window, length));
	must(estab_text_escape(bytes, size, buffer, MIN(window, length)) == length);
	window = MIN(window, length);
	while (same < window && buffer[same] == text[same])
		same++;
	for (size_t i = same; i < window; i++)
		must(buffer[i] == ' ');
	/* The longest piece is "\u{10ffff}". */
	must(window - same < 10);
	check_text(buffer, window);
	free(buffer);
}

static void check_escape(const uint8_t *bytes, size_t size, size_t window)
{
	size_t length = estab_text_escape(bytes, size, NULL, 0);
	char *text = malloc(length + 1);

	must(text && length >= size / 4);
	must(estab_text_escape(bytes, size, text, length) == length);
	check_text(text, length);
	check_round_trip(text, length, bytes, size);
	for (size_t i = window; i < window + 16; i++)
		check_window(bytes, size, text, length, i);
	free(text);
}

static void check_json(const uint8_t *bytes, size_t size)
{
	struct bytes text = { 0 };
	const json_t *value;
	struct json writer;
	json_t *json;
	bool lost;

	json_write_init(&writer, bytes_write, &text);
	json_write_open(&writer, NULL, '{');
	lost = json_write_text(&writer, "text", bytes, size);
	json_write_base64(&writer, "bytes", bytes, size);
	json_write_close(&writer, '}');
	must(json_write_flush(&writer) == 0);
	check_text(text.data, text.length);
	json = json_loadb(text.data, text.length, JSON_ALLOW_NUL, NULL);
	bytes_free(&text);
	value = json_object_get(json, "text");
	must(json_is_string(value));
	must(lost == (json_string_length(value) != size ||
		      memcmp(json_string_value(value), bytes, size) != 0));
	value = json_object_get(json, "bytes_base64");
	must(json_is_string(value) && json_string_length(value) == (size + 2) / 3 * 4);
	json_decref(json);
}

static void check_addr(struct input input)
{
	struct estab_addr addr = { .family = ESTAB_FAMILY_INET6 };
	uint8_t back[16];
	char *text = malloc(46);
	size_t length;

	memcpy(addr.bytes, input.at, MIN(input.left, sizeof(addr.bytes)));
	must(text);
	length = estab_addr_format(&addr, text);
	must(length <= 45);
	text[length] = '\0';
	must(inet_pton(AF_INET6, text, back) == 1 && memcmp(back, addr.bytes, 16) == 0);
	addr.family = ESTAB_FAMILY_INET;
	text[estab_addr_format(&addr, text)] = '\0';
	must(inet_pton(AF_INET, text, back) == 1 && memcmp(back, addr.bytes, 4) == 0);
	free(text);
}

static void check_numbers(struct input input)
{
	char buffer[64];
	char expected[64];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) - 1 };
	uint64_t number = 0;
	double real;

	memcpy(&number, input.at, MIN(input.left, sizeof(number)));
	memcpy(&real, &number, sizeof(real));
	text_u64(&text, number);
	text_char(&text, ' ');
	text_i64(&text, (int64_t)number);
	buffer[text.length] = '\0';
	snprintf(expected, sizeof(expected), "%" PRIu64 " %" PRId64, number, (int64_t)number);
	must(strcmp(buffer, expected) == 0);
	text = (struct text){ .buffer = buffer, .size = sizeof(buffer) };
	text_f64(&text, real);
	must(text.length >= 4 && text.length < sizeof(buffer) && buffer[text.length - 3] == '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t window = input_byte(&input);
	uint8_t *bytes = fuzz_copy(input.at, input.left);

	check_utf8(bytes, input.left);
	check_escape(bytes, input.left, window);
	check_json(bytes, input.left);
	free(bytes);
	if (input.left > 0) {
		check_addr(input);
		check_numbers(input);
	}
	return 0;
}
