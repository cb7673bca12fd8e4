/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Two saved listings side by side. */
#ifndef ESTAB_TOOL_COMPARE_H
#define ESTAB_TOOL_COMPARE_H

#include "saved.h"

enum change { CHANGE_OPENED, CHANGE_CLOSED, CHANGE_CHANGED, CHANGES };

struct difference {
	enum change change;
	const struct saved_row *before; /* NULL: opened */
	const struct saved_row *after;  /* NULL: closed */
};

struct comparison {
	bool same_boot;
	size_t n;
	struct difference *list; /* closed first, then changed, then opened */
	size_t counts[CHANGES];
	size_t same;
};

/*
 * A socket is the same by its cookie; where one of the two has none, by its inode; where that does
 * not serve either, by its ends. Neither number outlives a boot. -ENOMEM; compare_free() in either case.
 */
int compare(struct saved *before, struct saved *after, struct comparison *comparison);
void compare_free(struct comparison *comparison);
/* Whether what both rows have of that member is not the same. NULL: one has none. */
bool compare_differs(const struct comparison *comparison, const char *key, const json_t *before,
		     const json_t *after);

#endif
