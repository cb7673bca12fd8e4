/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A text as a filter sees it. */
#ifndef ESTAB_FILTER_SUBJECT_H
#define ESTAB_FILTER_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "filter-code.h"

struct subject {
	const char *data;
	size_t length;
	bool at;   /* an "@" stands before it */
	bool nuls; /* a NUL is shown as a blank */
};

/* Whether it is what a leaf of texts asks for: LEAF_TEXT, LEAF_GLOB, LEAF_REGEX. */
bool subject_matches(const struct leaf *leaf, const struct subject *subject);

#endif
