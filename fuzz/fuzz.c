/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

void fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

void *fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size);

	/* Of no bytes, malloc() may say NULL. */
	if (!copy && size == 0)
		copy = malloc(1);
	must(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

uint8_t input_byte(struct input *input)
{
	struct input byte = input_take(input, 1);

	return byte.left ? *byte.at : 0;
}

struct input input_take(struct input *input, size_t size)
{
	struct input taken = { input->at, MIN(size, input->left) };

	input->at += taken.left;
	input->left -= taken.left;
	return taken;
}

struct input input_until(struct input *input, uint8_t separator)
{
	const uint8_t *end = input->left ? memchr(input->at, separator, input->left) : NULL;
	struct input taken = input_take(input, end ? (size_t)(end - input->at) : input->left);

	input_take(input, 1);
	return taken;
}

int bytes_write(void *arg, const char *text, size_t length)
{
	struct bytes *bytes = arg;

	if (bytes->room - bytes->length < length) {
		bytes->room = (bytes->length + length) * 2;
		bytes->data = realloc(bytes->data, bytes->room);
		must(bytes->data);
	}
	if (length > 0)
		memcpy(bytes->data + bytes->length, text, length);
	bytes->length += length;
	return 0;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}
