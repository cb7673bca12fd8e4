/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the fuzzers share. Each is one function, which libFuzzer calls with what it makes up and
 * replay.c with what is kept in corpus/NAME. The first bytes of an input choose, the rest is read.
 */
#ifndef ESTAB_FUZZ_H
#define ESTAB_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds whatever the input is: says what didn't, and aborts. */
#define must(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* Memory of just that size, so that one byte behind it is one too far. Never NULL; free() it. */
void *fuzz_copy(const void *data, size_t size);

/* An input that is read from the front. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* 0 behind the end. */
uint8_t input_byte(struct input *input);
/* At most so many bytes. */
struct input input_take(struct input *input, size_t size);
/* Up to the separator, which is taken away, or the end. */
struct input input_until(struct input *input, uint8_t separator);

/* Bytes that grow. */
struct bytes {
	char *data;
	size_t length;
	size_t room;
};

/* An estab_write_fn; arg is a struct bytes. */
int bytes_write(void *arg, const char *text, size_t length);
void bytes_free(struct bytes *bytes);

/* Valid UTF-8 without any character that a terminal could mistake. */
void check_text(const char *text, size_t length);
/* Every getter, format and JSON of a socket: safe, and of one mind. Owners and a copy too. */
void check_socket(const struct estab_socket *sock);
/* What is said of a reading, as JSON. */
void check_result(const struct estab_result *result);
/* Two sockets that must be the same as JSON. */
void check_same(const struct estab_socket *a, const struct estab_socket *b);

#endif
