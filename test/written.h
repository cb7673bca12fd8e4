/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the library writes as JSON, kept for a test to look at. */
#ifndef WRITTEN_H
#define WRITTEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct written {
	size_t length;
	char text[8192];
};

/* An estab_write_fn. */
static inline int written_put(void *arg, const char *text, size_t length)
{
	struct written *written = arg;

	assert_true(written->length + length < sizeof(written->text));
	memcpy(written->text + written->length, text, length);
	written->length += length;
	written->text[written->length] = '\0';
	return 0;
}

#endif
