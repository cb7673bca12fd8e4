/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a saved listing was asked for: "asked" in its head. */
#ifndef ESTAB_TOOL_SAVED_ASKED_H
#define ESTAB_TOOL_SAVED_ASKED_H

#include <stdbool.h>

#include <estab.h>

#include "saved.h"

/* Asks the query for the same. -ENODATA: it does not say; -EINVAL: what it says is nothing this
 * library knows. */
int saved_ask_again(const struct saved *saved, struct estab_query *query);
/* False where both say, and differ. */
bool saved_same_question(const struct saved *before, const struct saved *after);

#endif
