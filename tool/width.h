/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* How many columns of a terminal a text takes. */
#ifndef ESTAB_TOOL_WIDTH_H
#define ESTAB_TOOL_WIDTH_H

#include <stddef.h>

/* text is what the library's formatting gives: valid UTF-8 without control characters. */
size_t text_width(const char *text, size_t length);
/* Returns how many bytes of the text fit in that many columns. */
size_t text_fit(const char *text, size_t length, size_t columns);

#endif
