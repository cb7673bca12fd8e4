/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "saved.h"

#include <stdlib.h>
#include <string.h>

#include <estab.h>

#include "util.h"

/* A name may hold a NUL. */
#define LOAD_FLAGS (JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_ALLOW_NUL)

enum { ROW_MAX = 64 * 1024 * 1024, ROWS_FIRST = 256 };

struct reading {
	const char *text;
	const char *at;
	const char *end;
	struct saved *saved;
	char *why;
	bool failed;
	bool sockets; /* a document has them */
};

/* ---- hashes ---- */

static uint64_t mix(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	hash ^= hash >> 32;
	return hash;
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return mix(hash ^ length);
}

static uint64_t hash_value(const json_t *value);

/* In any order: members of an object, and elements of an array, which are owners. */
static uint64_t hash_object(const json_t *object)
{
	uint64_t sum = 17;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		sum += mix(hash_bytes(1, key, strlen(key)) ^ hash_value(value));
	return mix(sum);
}

static uint64_t hash_array(const json_t *array)
{
	uint64_t sum = 19;

	for (size_t i = 0; i < json_array_size(array); i++)
		sum += hash_value(json_array_get(array, i));
	return mix(sum);
}

/* Objects can't be nested deeper than jansson reads them: 2048. */
static uint64_t hash_value(const json_t *value)
{
	double real;
	uint64_t bits = 0;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return hash_object(value);
	case JSON_ARRAY:
		return hash_array(value);
	case JSON_STRING:
		return hash_bytes(2, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return mix(3 ^ mix((uint64_t)json_integer_value(value)));
	case JSON_REAL:
		real = json_real_value(value);
		memcpy(&bits, &real, sizeof(bits));
		return mix(5 ^ mix(bits));
	case JSON_TRUE:
		return mix(7);
	case JSON_FALSE:
		return mix(11);
	case JSON_NULL:
		break;
	}
	return mix(13);
}

/* ---- a row ---- */

bool saved_is_compared(const char *key)
{
	static const char *const others[] = {
		"record", "recv_q", "send_q", "backlog", "timer", "tcp",    "mem",
		"mptcp",  "drops",  "cookie", "inode",   "netns", "record", "owners_complete",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (*key == *others[i] && strcmp(key, others[i]) == 0)
			return false;
	return true;
}

/* The kernel's number of the socket: a decimal string. 0: none. */
static uint64_t read_cookie(const json_t *value)
{
	const char *text = json_string_value(value);
	uint64_t number = 0;

	if (!text)
		return 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX - 9) / 10)
			return 0;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	return *text == '\0' ? number : 0;
}

/* An end without what comes and goes: the inode of a peer, and names. */
static uint64_t hash_end(const json_t *end)
{
	static const char *const keys[] = { "addr", "port", "scope", "path", "abstract", "name" };
	uint64_t hash = 23;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *value = json_object_get(end, keys[i]);

		hash = mix(hash + (value ? hash_value(value) : 0));
	}
	return hash;
}

static uint64_t hash_ends(const json_t *row)
{
	static const char *const keys[] = { "family", "type", "interface", "protocol", "netlink" };
	uint64_t hash = hash_end(json_object_get(row, "local"));

	hash = mix(hash * 3 + hash_end(json_object_get(row, "peer")));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *value = json_object_get(row, keys[i]);

		hash = mix(hash + (value ? hash_value(value) : 0));
	}
	return hash;
}

static void note_row(struct saved *saved, struct saved_row *row, json_t *object)
{
	const json_t *proto = json_object_get(object, "proto");
	const char *key;
	json_t *value;

	row->cookie = read_cookie(json_object_get(object, "cookie"));
	row->inode = (uint64_t)json_integer_value(json_object_get(object, "inode"));
	row->proto = proto ? hash_value(proto) : 0;
	row->ends = mix(row->proto ^ hash_ends(object));
	json_object_foreach(object, key, value) {
		uint64_t hash = hash_bytes(1, key, strlen(key));

		if (!saved_is_compared(key))
			continue;
		row->has_null |= json_is_null(value);
		row->keys += hash;
		row->values += mix(hash ^ hash_value(value));
	}
	saved->has_owners |= json_is_array(json_object_get(object, "owners"));
}

/* ---- text ---- */

static int fail(struct reading *reading, const char *why)
{
	size_t length = MIN(strlen(why), SAVED_WHY - 1);

	if (!reading->failed) {
		memcpy(reading->why, why, length);
		reading->why[length] = '\0';
	}
	reading->failed = true;
	return -1;
}

static void skip_blanks(struct reading *reading)
{
	while (reading->at < reading->end && strchr(" \t\r\n", *reading->at) && *reading->at)
		reading->at++;
}

static bool take(struct reading *reading, char c)
{
	skip_blanks(reading);
	if (reading->at == reading->end || *reading->at != c)
		return false;
	reading->at++;
	return true;
}

/* The next value; NULL: it is none. */
static json_t *take_value(struct reading *reading)
{
	json_error_t error;
	json_t *value;

	skip_blanks(reading);
	value = json_loadb(reading->at, (size_t)(reading->end - reading->at), LOAD_FLAGS, &error);
	if (!value) {
		fail(reading,
		     reading->at == reading->end ||
				     json_error_code(&error) == json_error_premature_end_of_input
			     ? "it was cut: its end is missing"
			     : "it is not JSON");
		return NULL;
	}
	reading->at += error.position;
	return value;
}

static int add_row(struct reading *reading, const char *text, json_t *object)
{
	struct saved *saved = reading->saved;
	size_t length = (size_t)(reading->at - text);

	if (!json_is_object(object) || length > ROW_MAX)
		return fail(reading, "a socket in it is none");
	if (saved->n_rows == saved->room) {
		size_t room = saved->room > 0 ? saved->room * 2 : ROWS_FIRST;
		struct saved_row *rows = reallocarray(saved->rows, room, sizeof(*rows));

		if (!rows)
			return fail(reading, "out of memory");
		saved->rows = rows;
		saved->room = room;
	}
	saved->rows[saved->n_rows] = (struct saved_row){ .text = text, .length = (uint32_t)length };
	note_row(saved, &saved->rows[saved->n_rows++], object);
	return 0;
}

static int take_row(struct reading *reading)
{
	const char *text;
	json_t *object;
	int r;

	skip_blanks(reading);
	text = reading->at;
	object = take_value(reading);
	if (!object)
		return -1;
	r = add_row(reading, text, object);
	json_decref(object);
	return r;
}

static int note_head(struct reading *reading, json_t *head)
{
	const json_t *schema = json_object_get(head, "schema");

	if (!json_is_integer(schema))
		return fail(reading, "it is no listing of estab's");
	if (json_integer_value(schema) != ESTAB_SCHEMA)
		return fail(reading, "it is of another schema than this estab's");
	json_decref(reading->saved->head);
	reading->saved->head = json_incref(head);
	return 0;
}

static void note_end(struct reading *reading, const json_t *end)
{
	reading->saved->ended = json_is_object(end);
	reading->saved->complete = json_is_true(json_object_get(end, "complete"));
}

/* ---- a document ---- */

static int take_rows(struct reading *reading)
{
	if (!take(reading, '['))
		return fail(reading, "its sockets are no array");
	if (take(reading, ']'))
		return 0;
	do
		if (take_row(reading) < 0)
			return -1;
	while (take(reading, ','));
	return take(reading, ']') ? 0 : fail(reading, "it was cut: its end is missing");
}

static int take_member(struct reading *reading)
{
	json_t *key = take_value(reading);
	const char *name = json_string_value(key);
	json_t *value;
	int r = 0;

	if (!name || !take(reading, ':')) {
		json_decref(key);
		return fail(reading, key ? "it is not JSON" : "it was cut: its end is missing");
	}
	if (strcmp(name, "sockets") == 0) {
		json_decref(key);
		reading->sockets = true;
		return take_rows(reading);
	}
	value = take_value(reading);
	if (!value)
		r = -1;
	else if (strcmp(name, "estab") == 0)
		r = note_head(reading, value);
	else if (strcmp(name, "end") == 0)
		note_end(reading, value);
	json_decref(value);
	json_decref(key);
	return r;
}

static int take_document(struct reading *reading)
{
	take(reading, '{');
	do
		if (take_member(reading) < 0)
			return -1;
	while (take(reading, ','));
	if (!take(reading, '}'))
		return fail(reading, "it was cut: its end is missing");
	skip_blanks(reading);
	if (reading->at != reading->end)
		return fail(reading, "something stands behind its end");
	return reading->sockets || !reading->saved->ended
		       ? 0
		       : fail(reading, "it is a listing of something else than sockets");
}

/* ---- lines ---- */

/* What later versions may add is passed over. */
static bool is_of_others(const char *kind)
{
	enum estab_subject subject = ESTAB_SUBJECT_SOCKETS;
	const char *name;

	while ((name = estab_subject_record(++subject)))
		if (strcmp(name, kind) == 0)
			return true;
	return false;
}

static int take_record(struct reading *reading)
{
	const char *text = reading->at;
	json_t *record = take_value(reading);
	const char *kind = json_string_value(json_object_get(record, "record"));
	int r = 0;

	if (!record)
		return -1;
	if (!kind)
		r = fail(reading, "a line in it is no record");
	else if (strcmp(kind, "start") == 0)
		r = note_head(reading, record);
	else if (strcmp(kind, "socket") == 0)
		r = add_row(reading, text, record);
	else if (strcmp(kind, "end") == 0)
		note_end(reading, record);
	else if (is_of_others(kind))
		r = fail(reading, "it is a listing of something else than sockets");
	json_decref(record);
	return r;
}

static int take_records(struct reading *reading)
{
	for (skip_blanks(reading); reading->at < reading->end; skip_blanks(reading)) {
		if (reading->saved->ended)
			return fail(reading, "something stands behind its end");
		if (take_record(reading) < 0)
			return -1;
	}
	return 0;
}

/* A record says what it is before all else. */
static bool is_lines(const struct reading *begin)
{
	struct reading reading = *begin;

	return take(&reading, '{') && take(&reading, '"') &&
	       (size_t)(reading.end - reading.at) > strlen("record\"") &&
	       memcmp(reading.at, "record\"", strlen("record\"")) == 0;
}

int saved_parse(const char *text, size_t length, struct saved *saved, char why[SAVED_WHY])
{
	struct reading reading = {
		.text = text,
		.at = text,
		.end = text + length,
		.saved = saved,
		.why = why,
	};
	int r;

	*saved = (struct saved){ 0 };
	skip_blanks(&reading);
	if (reading.at == reading.end)
		return fail(&reading, "it is empty");
	if (*reading.at != '{')
		return fail(&reading, "it is no listing of estab's");
	r = is_lines(&reading) ? take_records(&reading) : take_document(&reading);
	if (r < 0)
		return r;
	if (!saved->head)
		return fail(&reading, "it is no listing of estab's");
	return saved->ended ? 0 : fail(&reading, "it was cut: its end record is missing");
}

void saved_free(struct saved *saved)
{
	json_decref(saved->head);
	free(saved->rows);
	*saved = (struct saved){ 0 };
}

json_t *saved_row_load(const struct saved_row *row)
{
	json_t *object = json_loadb(row->text, row->length, LOAD_FLAGS, NULL);

	if (object)
		json_object_del(object, "record");
	return object;
}
