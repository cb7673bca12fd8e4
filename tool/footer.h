/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What could not be seen, for people: a line each. */
#ifndef ESTAB_TOOL_FOOTER_H
#define ESTAB_TOOL_FOOTER_H

#include <estab.h>

#include "buf.h"

/* Puts nothing when nothing is known to be missing. The prefix begins every line. */
void footer_put(struct buf *buf, const char *prefix, const struct estab_result *result);
/* The same for names that were not resolved. */
void footer_put_names(struct buf *buf, const char *prefix, uint64_t unanswered);

#endif
