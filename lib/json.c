/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "json.h"

#include <string.h>

#include "text.h"
#include "util.h"

void json_write_init(struct json *json, estab_write_fn *fn, void *arg)
{
	json->fn = fn;
	json->arg = arg;
	json->error = 0;
	json->comma = false;
	json->used = 0;
}

int json_write_flush(struct json *json)
{
	if (json->used > 0 && json->error == 0) {
		int r = json->fn(json->arg, json->buffer, json->used);

		if (r < 0)
			json->error = r;
	}
	json->used = 0;
	return json->error;
}

static void put_in_parts(struct json *json, const char *text, size_t length)
{
	while (length > 0) {
		size_t n = MIN(length, sizeof(json->buffer) - json->used);

		memcpy(json->buffer + json->used, text, n);
		json->used += n;
		text += n;
		length -= n;
		if (json->used == sizeof(json->buffer))
			json_write_flush(json);
	}
}

static inline void put(struct json *json, const char *text, size_t length)
{
	if (length >= sizeof(json->buffer) - json->used) {
		put_in_parts(json, text, length);
		return;
	}
	memcpy(json->buffer + json->used, text, length);
	json->used += length;
}

static inline void put_char(struct json *json, char c)
{
	if (json->used == sizeof(json->buffer))
		json_write_flush(json);
	json->buffer[json->used++] = c;
}

static inline void put_key_part(struct json *json, const char *key, const char *tail)
{
	if (json->comma)
		put_char(json, ',');
	json->comma = true;
	if (!key)
		return;
	put_char(json, '"');
	put(json, key, strlen(key));
	put(json, tail, strlen(tail));
	put(json, "\":", 2);
}

static inline void put_key(struct json *json, const char *key)
{
	put_key_part(json, key, "");
}

void json_write_key(struct json *json, const char *key, size_t length)
{
	if (json->comma)
		put_char(json, ',');
	put_char(json, '"');
	put(json, key, length);
	put(json, "\":", 2);
	json->comma = false;
}

void json_write_open(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	put_char(json, bracket);
	json->comma = false;
}

void json_write_close(struct json *json, char bracket)
{
	put_char(json, bracket);
	json->comma = true;
}

void json_write_null(struct json *json, const char *key)
{
	put_key(json, key);
	put(json, "null", 4);
}

void json_write_bool(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

static void put_digits(struct json *json, uint64_t value)
{
	char digits[20];
	size_t length;

	if (sizeof(json->buffer) - json->used >= sizeof(digits)) {
		json->used += text_digits(value, json->buffer + json->used);
		return;
	}
	length = text_digits(value, digits);
	put(json, digits, length);
}

void json_write_u64(struct json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	put_digits(json, value);
}

void json_write_i64(struct json *json, const char *key, int64_t value)
{
	put_key(json, key);
	if (value < 0)
		put_char(json, '-');
	put_digits(json, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_write_f64(struct json *json, const char *key, double value)
{
	char buffer[32];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	text_f64(&text, value);
	put_key(json, key);
	put(json, buffer, MIN(text.length, sizeof(buffer)));
}

void json_write_u64_string(struct json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	put_char(json, '"');
	put_digits(json, value);
	put_char(json, '"');
}

static void put_unit(struct json *json, uint32_t unit)
{
	static const char hex[] = "0123456789abcdef";
	char piece[6] = { '\\', 'u' };

	for (int i = 0; i < 4; i++)
		piece[2 + i] = hex[unit >> (12 - 4 * i) & 15];
	put(json, piece, sizeof(piece));
}

/* RFC 8259, 7: beyond the basic plane a pair of surrogates. */
static void put_escaped(struct json *json, uint32_t point)
{
	if (point >= 0x10000) {
		put_unit(json, 0xd800 + ((point - 0x10000) >> 10));
		put_unit(json, 0xdc00 + ((point - 0x10000) & 0x3ff));
	} else {
		put_unit(json, point);
	}
}

void json_write_plain(struct json *json, const char *key, const char *text, size_t length)
{
	put_key(json, key);
	put_char(json, '"');
	put(json, text, length);
	put_char(json, '"');
}

/* How much at the front stands for itself. */
static size_t plain_length(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *begin = at;

	while (at < end && *at >= ' ' && *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - begin);
}

bool json_write_text(struct json *json, const char *key, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	const uint8_t *end = at + length;
	bool lost = false;

	put_key(json, key);
	put_char(json, '"');
	while (at < end) {
		uint32_t point;
		size_t n = plain_length(at, end);

		if (n > 0) {
			put(json, (const char *)at, n);
			at += n;
			continue;
		}
		n = utf8_next(at, (size_t)(end - at), &point);
		if (n == 0) {
			put(json, "\xef\xbf\xbd", 3);
			lost = true;
			n = 1;
		} else if (point == '"' || point == '\\') {
			put_char(json, '\\');
			put_char(json, (char)point);
		} else if (utf8_is_deceptive(point)) {
			/* JSON goes to terminals too. */
			put_escaped(json, point);
		} else {
			put(json, (const char *)at, n);
		}
		at += n;
	}
	put_char(json, '"');
	return lost;
}

void json_write_str(struct json *json, const char *key, const char *text)
{
	json_write_text(json, key, text, strlen(text));
}

void json_write_base64(struct json *json, const char *key, const void *bytes, size_t length)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = bytes;

	put_key_part(json, key, "_base64");
	put_char(json, '"');
	for (size_t i = 0; i < length; i += 3) {
		size_t n = MIN(length - i, (size_t)3);
		uint32_t group = (uint32_t)at[i] << 16;

		if (n > 1)
			group |= (uint32_t)at[i + 1] << 8;
		if (n > 2)
			group |= at[i + 2];
		put_char(json, alphabet[group >> 18 & 63]);
		put_char(json, alphabet[group >> 12 & 63]);
		put_char(json, n > 1 ? alphabet[group >> 6 & 63] : '=');
		put_char(json, n > 2 ? alphabet[group & 63] : '=');
	}
	put_char(json, '"');
}
