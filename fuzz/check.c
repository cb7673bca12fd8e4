/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What must be true of every socket and every result, wherever they come from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "field.h"
#include "fuzz.h"
#include "parse.h"
#include "text.h"
#include "util.h"

void check_text(const char *text, size_t length)
{
	const uint8_t *at = (const uint8_t *)text;

	while (length > 0) {
		uint32_t point;
		size_t n = utf8_next(at, length, &point);

		must(n > 0 && n <= length);
		must(!utf8_is_deceptive(point));
		at += n;
		length -= n;
	}
}

/* A formatted value of any window's size; what says that a socket and an owner are alike. */
typedef int format_fn(const void *of, enum estab_field field, char *buffer, size_t size);

static int format_socket(const void *of, enum estab_field field, char *buffer, size_t size)
{
	return estab_socket_format(of, field, buffer, size);
}

static int format_owner(const void *of, enum estab_field field, char *buffer, size_t size)
{
	return estab_owner_format(of, field, buffer, size);
}

static void check_format(format_fn *format, const void *of, enum estab_field field)
{
	int length = format(of, field, NULL, 0);

	must(length >= 0 || length == -ENODATA || length == -EINVAL);
	if (length <= 0)
		return;
	/* All of it, and what a window cuts. */
	for (size_t i = 1; i <= 3; i++) {
		size_t size = (size_t)length / i;
		char *window = malloc(size);

		must(window || size == 0);
		must(format(of, field, window, size) == length);
		check_text(window, size);
		free(window);
	}
}

/* The field's place in the object: NULL where there is none. */
static const json_t *find(const json_t *object, const char *name)
{
	const char *dot;
	char first[64];

	for (; object && (dot = strchr(name, '.')) != NULL; name = dot + 1) {
		must((size_t)(dot - name) < sizeof(first));
		memcpy(first, name, (size_t)(dot - name));
		first[dot - name] = '\0';
		object = json_object_get(object, first);
	}
	return object ? json_object_get(object, name) : NULL;
}

static bool text_equals(const json_t *json, const void *bytes, size_t length)
{
	return json_is_string(json) && json_string_length(json) == length &&
	       memcmp(json_string_value(json), bytes, length) == 0;
}

static bool number_equals(const json_t *json, double number)
{
	double distance = json_number_value(json) - number;
	double size = number < 0 ? -number : number;

	/* Both were text once; what text_f64() takes for nonsense is 0 there. */
	if (size >= 1e15)
		return json_is_number(json);
	return json_is_number(json) && distance <= size * 1e-9 + 0.01 &&
	       distance >= -size * 1e-9 - 0.01;
}

static void check_u64(const struct estab_socket *sock, const struct field *field,
		      const json_t *json)
{
	char digits[20];
	size_t n_digits;
	uint64_t u64;

	must(estab_socket_get_u64(sock, field->id, &u64) == 0);
	n_digits = text_digits(u64, digits);
	if (field->kind == ESTAB_KIND_BOOL)
		must(json_is_boolean(json) && json_is_true(json) == (u64 != 0));
	else if (field->flags & ESTAB_FIELD_STRING)
		must(text_equals(json, digits, n_digits));
	else
		must(number_equals(json, (double)u64));
}

/* "a,b" and ["a","b"]. */
static bool words_equal(const json_t *json, const char *text, size_t length)
{
	const json_t *element;
	size_t at = 0;
	size_t i;

	json_array_foreach(json, i, element) {
		size_t n = json_string_length(element);

		if (i > 0 && (at == length || text[at++] != ','))
			return false;
		if (n > length - at || memcmp(text + at, json_string_value(element), n) != 0)
			return false;
		at += n;
	}
	return json_is_array(json) && at == length;
}

/* "1,5" and [1,5]. */
static bool joined_equals(const json_t *json, const char *text, size_t length)
{
	struct cursor cursor = { text, text + length };
	const json_t *element;
	uint64_t number;
	size_t i;

	json_array_foreach(json, i, element) {
		bool comma;

		if (!cursor_decimal(&cursor, &number) || !number_equals(element, (double)number))
			return false;
		comma = cursor_char(&cursor, ',');
		if (comma == (cursor.at == cursor.end))
			return false;
	}
	return json_is_array(json) && cursor.at == cursor.end;
}

/* What is not UTF-8 stands there twice, and is not lost. */
static void check_text_value(const struct field *field, const json_t *object, const void *bytes,
			     size_t length)
{
	const json_t *json = find(object, field->name);
	char base64[64 + 8];

	snprintf(base64, sizeof(base64), "%s_base64", field->name);
	must(json_is_string(json));
	must(find(object, base64) || text_equals(json, bytes, length));
}

/* What is not may be no UTF-8, which has other letters in JSON. */
static bool is_ascii(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] >= 0x80)
			return false;
	return true;
}

/* A getter that has a value, and JSON, say the same. */
static void check_value(const struct estab_socket *sock, const struct field *field,
			const json_t *object)
{
	const json_t *json = find(object, field->name);
	struct estab_addr addr;
	char text[46];
	const void *bytes;
	const char *string;
	size_t length;
	int64_t i64;
	double f64;

	must(json && !json_is_null(json));
	switch (field->kind) {
	case ESTAB_KIND_U64:
	case ESTAB_KIND_BOOL:
		check_u64(sock, field, json);
		break;
	case ESTAB_KIND_I64:
		must(estab_socket_get_i64(sock, field->id, &i64) == 0);
		must(number_equals(json, (double)i64));
		break;
	case ESTAB_KIND_F64:
		must(estab_socket_get_f64(sock, field->id, &f64) == 0);
		must(number_equals(json, f64));
		break;
	case ESTAB_KIND_ADDR:
		must(estab_socket_get_addr(sock, field->id, &addr) == 0);
		length = estab_addr_format(&addr, text);
		must(text_equals(json, text, length));
		break;
	default:
		must(estab_socket_get_bytes(sock, field->id, &bytes, &length) == 0);
		if (field->kind == ESTAB_KIND_STR) {
			must(estab_socket_get_str(sock, field->id, &string) == 0);
			must(string[length] == '\0');
		}
		if (field->id == ESTAB_F_FLOW_STATUS || field->id == ESTAB_F_EXPECT_FLAGS)
			must(words_equal(json, bytes, length));
		else if (field->id == ESTAB_F_ADDRESSES || field->id == ESTAB_F_ADDRESS_DETAILS)
			must(words_equal(json, bytes, length) ||
			     (json_is_array(json) && !is_ascii(bytes, length)));
		else if (field->id == ESTAB_F_NETLINK_GROUPS || field->id == ESTAB_F_LABELS)
			must(joined_equals(json, bytes, length));
		else
			check_text_value(field, object, bytes, length);
		break;
	}
}

static void check_fields(const struct estab_socket *sock, const json_t *object)
{
	const struct plan *plan = &sock->ext->env->plan;

	for (const struct field *field = field_after(NULL); field; field = field_after(field)) {
		struct value value;

		check_format(format_socket, sock, field->id);
		if (field->kind == ESTAB_KIND_GROUP || field->flags & ESTAB_FIELD_OWNER ||
		    !plan_has_field(plan, field->id))
			continue;
		if (field_get(field, sock, &value) == 0)
			check_value(sock, field, object);
		else
			must(!find(object, field->name) || json_is_null(find(object, field->name)));
	}
}

static void check_owners(const struct estab_socket *sock)
{
	for (uint32_t i = 0; i < estab_socket_owner_count(sock); i++) {
		const struct estab_owner *owner = estab_socket_owner(sock, i);

		for (const struct field *field = field_after(NULL); field;
		     field = field_after(field)) {
			const void *bytes;
			const char *text;
			uint64_t number;
			size_t length;

			check_format(format_owner, owner, field->id);
			estab_owner_get_u64(owner, field->id, &number);
			if (estab_owner_get_bytes(owner, field->id, &bytes, &length) == 0)
				free(fuzz_copy(bytes, length));
			if (estab_owner_get_str(owner, field->id, &text) == 0)
				must(strlen(text) <= length);
		}
	}
	must(!estab_socket_owner(sock, estab_socket_owner_count(sock)));
}

/* The text is safe on a terminal, and is JSON; json_decref() it. */
static json_t *parse_json(const struct bytes *text)
{
	json_error_t error;
	json_t *json;

	check_text(text->data, text->length);
	/* Numbers of 64 bits without a sign are too large for it. */
	json = json_loadb(text->data, text->length,
			  JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL,
			  &error);
	if (!json)
		fprintf(stderr, "%.*s\n%s\n", (int)text->length, text->data, error.text);
	must(json_is_object(json));
	return json;
}

void check_same(const struct estab_socket *a, const struct estab_socket *b)
{
	struct bytes one = { 0 };
	struct bytes other = { 0 };

	must(estab_socket_write_json(a, bytes_write, &one) == 0);
	must(estab_socket_write_json(b, bytes_write, &other) == 0);
	must(one.length == other.length && memcmp(one.data, other.data, one.length) == 0);
	bytes_free(&one);
	bytes_free(&other);
}

void check_socket(const struct estab_socket *sock)
{
	struct estab_tuple tuple = { .size = sizeof(tuple) };
	struct bytes text = { 0 };
	struct estab_socket *copy;
	json_t *json;

	must(estab_socket_write_json(sock, bytes_write, &text) == 0);
	json = parse_json(&text);
	bytes_free(&text);
	check_fields(sock, json);
	json_decref(json);
	check_owners(sock);
	must(estab_socket_get_tuple(sock, &tuple) == (record_is_inet(sock) ? 0 : -ENODATA));
	must(estab_socket_copy(sock, &copy) == 0);
	check_same(sock, copy);
	estab_socket_unref(copy);
}

void check_result(const struct estab_result *result)
{
	struct bytes text = { 0 };

	bytes_write(&text, "{", 1);
	must(estab_result_write_json_head(result, bytes_write, &text) == 0);
	bytes_write(&text, ",", 1);
	must(estab_result_write_json_end(result, bytes_write, &text) == 0);
	bytes_write(&text, "}", 1);
	json_decref(parse_json(&text));
	bytes_free(&text);
}
