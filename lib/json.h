/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* JSON text, piece by piece, through a buffer to a callback. */
#ifndef ESTAB_JSON_H
#define ESTAB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

struct plan;

struct json {
	estab_write_fn *fn;
	void *arg;
	int error;  /* the first that the callback returned; nothing is written after it */
	bool comma; /* the next member or element wants one before it */
	size_t used;
	char buffer[4096];
};

void json_write_init(struct json *json, estab_write_fn *fn, void *arg);
/* Hands out what is buffered. Returns the first error, or 0. */
int json_write_flush(struct json *json);

/* A key, and nothing yet behind it: the value follows, as an element does. */
void json_write_key(struct json *json, const char *key, size_t length);
/* A key is plain ASCII of our own. NULL: an element of an array. */
void json_write_open(struct json *json, const char *key, char bracket);
void json_write_close(struct json *json, char bracket);
void json_write_null(struct json *json, const char *key);
void json_write_bool(struct json *json, const char *key, bool value);
void json_write_u64(struct json *json, const char *key, uint64_t value);
void json_write_i64(struct json *json, const char *key, int64_t value);
void json_write_f64(struct json *json, const char *key, double value);
/* The number as a decimal string. */
void json_write_u64_string(struct json *json, const char *key, uint64_t value);
/* What needs no escaping. */
void json_write_plain(struct json *json, const char *key, const char *text, size_t length);
/* Bytes as text: what is not UTF-8 becomes U+FFFD. Returns whether that lost something. */
bool json_write_text(struct json *json, const char *key, const void *bytes, size_t length);
void json_write_str(struct json *json, const char *key, const char *text);
/* Under the key with "_base64" behind it. */
void json_write_base64(struct json *json, const char *key, const void *bytes, size_t length);

/* The fields of that list of owners that the plan asks for, as an object in an array (socket-json.c). */
void json_write_owner(struct json *json, const struct plan *plan, enum estab_field group,
		      const struct estab_owner *owner);

#endif
