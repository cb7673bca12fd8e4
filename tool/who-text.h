/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Who it is, for a person: everything about a process that holds what was asked for. */
#ifndef ESTAB_TOOL_WHO_TEXT_H
#define ESTAB_TOOL_WHO_TEXT_H

#include <stdbool.h>

#include "buf.h"
#include "holders.h"
#include "term.h"

/* complete: what is not seen is not there. */
void who_text_put(struct buf *buf, const struct term *term, const struct holders *holders,
		  bool complete);

#endif
