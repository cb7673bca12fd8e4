/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * As much JSON as it takes to find a few texts in a file of somebody else's: objects, arrays and strings
 * are entered, all else is skipped. Nothing recurses, nothing is allocated. What is skipped is not held to
 * the grammar but for its brackets and strings.
 */
#ifndef ESTAB_JSON_READ_H
#define ESTAB_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "parse.h"

/* An object or an array that is being read. */
struct json_reader {
	struct cursor *cursor;
	char close;
	bool begun; /* the next one stands behind a comma */
};

/* Enters an object ('{') or an array ('['); false: something else stands there. */
bool json_read_open(struct cursor *cursor, char open, struct json_reader *ret_reader);
/* 0: the cursor is at the next value of the array; 1: the array ended; -EBADMSG. */
int json_read_element(struct json_reader *reader);
/* 0: a member, whose value the cursor is at; 1: the object ended; -EBADMSG. A key is cut to size - 1
 * bytes and terminated. */
int json_read_member(struct json_reader *reader, char *key, size_t size);
/* Reads a string, unescaped and terminated. -EBADMSG: none; -E2BIG: it does not fit, or has a NUL; it is
 * skipped then. */
int json_read_string(struct cursor *cursor, char *buffer, size_t size);
/* Skips any value. -EBADMSG: it is malformed or nested too deep. */
int json_read_skip(struct cursor *cursor);

#endif
