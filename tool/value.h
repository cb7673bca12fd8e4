/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Values as programs want them: numbers as digits, booleans as true or false. */
#ifndef ESTAB_TOOL_VALUE_H
#define ESTAB_TOOL_VALUE_H

#include <stdbool.h>

#include "buf.h"
#include "columns.h"

/* Puts the column's value of the socket, nothing where there is none. Returns whether it is of such
 * a kind: not text, and not an owner's. */
bool value_put(struct buf *buf, const struct column *column, const struct estab_socket *sock);

#endif
