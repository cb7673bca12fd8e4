/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Shell patterns against bytes with a length: *, ?, [a-z], [!a-z], and \ before what is meant. */
#ifndef ESTAB_GLOB_H
#define ESTAB_GLOB_H

#include <stdbool.h>
#include <stddef.h>

enum {
	GLOB_FOLD = 1 << 0, /* ASCII letters without regard to case */
	GLOB_AT = 1 << 1,   /* an "@" stands before the bytes */
	GLOB_NULS = 1 << 2, /* a NUL is a blank */
};

/* As fnmatch(3) without flags, in at most pattern times text steps. */
bool glob_match(const char *pattern, size_t pattern_length, const char *text, size_t length,
		unsigned int flags);

#endif
