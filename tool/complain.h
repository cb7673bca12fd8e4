/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* One line on standard error, "estab: WHAT: WHY", and the exit statuses it goes with. */
#ifndef ESTAB_TOOL_COMPLAIN_H
#define ESTAB_TOOL_COMPLAIN_H

#include <stddef.h>

enum {
	STATUS_OK = 0,
	STATUS_NO_MATCH = 1,
	STATUS_USAGE = 2,
	STATUS_FAILED = 3, /* nothing could be answered, or --strict and something is missing */
};

/* what and why may come from anywhere: they are escaped. what may be NULL. */
void complain(const char *what, const char *why);
/* The same with the reason of a negative errno. */
void complain_errno(const char *what, int error);
/* For the command line; returns STATUS_USAGE. */
int complain_usage(const char *what, const char *why);
/* The same for a word of an option's argument: "estab: --columns: no such field: x". */
int complain_word(const char *option, const char *why, const char *word, size_t length);
/* A wrong filter: the library's message, the expression (of a long one, what is around the place), and
 * a caret below the byte at position. Returns STATUS_USAGE. */
int complain_filter(const char *expression, size_t position, const char *why);

#endif
