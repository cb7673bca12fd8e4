/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Values to text, without printf: these run for every cell of every row. A text buffer is a window
 * on the caller's memory that counts what would have been written, as snprintf() does.
 */
#ifndef ESTAB_TEXT_H
#define ESTAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

struct text {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text: above size, it was cut */
};

void text_char(struct text *text, char c);
void text_put(struct text *text, const char *string, size_t length);
void text_str(struct text *text, const char *string);
void text_u64(struct text *text, uint64_t value);
void text_i64(struct text *text, int64_t value);
/* Two decimals, as tables and JSON have them. */
void text_f64(struct text *text, double value);
void text_addr(struct text *text, const struct estab_addr *addr);
/* As estab_text_escape(). */
void text_escape(struct text *text, const void *bytes, size_t length);

/* "directory/name" and a NUL, cut where there is no room for it. size: 1 or more. */
void text_path(char *path, size_t size, const char *directory, const char *name);

/* "2026-11-25T22:05:37.120000Z" and a NUL. */
enum { TEXT_TIME = 28 };
/* Writes a time since 1970 in RFC 3339's form, UTC; false: no clock reaches there. */
bool text_time(uint64_t time_us, char buffer[TEXT_TIME]);

/* Writes the digits into buffer and returns how many (at most 20). */
size_t text_digits(uint64_t value, char buffer[20]);

/* The length of the valid UTF-8 character at the front (RFC 3629), 0 when there is none; its code
 * point at *ret_point. */
size_t utf8_next(const uint8_t *bytes, size_t length, uint32_t *ret_point);

/* Whether a character shows nothing, or changes how others are shown. */
bool utf8_is_deceptive(uint32_t point);

#endif
