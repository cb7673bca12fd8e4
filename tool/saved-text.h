/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A row of a saved listing as a table shows it. */
#ifndef ESTAB_TOOL_SAVED_TEXT_H
#define ESTAB_TOOL_SAVED_TEXT_H

#include "buf.h"
#include "compare.h"

/* The width of the first column, which is the caller's, and the names of all. */
enum { SAVED_TEXT_CHANGE = 9 };
extern const char saved_text_heading[];

/* Of one that changed: as it is now, and what it was before. All is escaped. */
void saved_text_put(struct buf *buf, const struct comparison *comparison,
		    const struct saved_row *before, const struct saved_row *after);

#endif
