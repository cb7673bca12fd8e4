/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* One cell of a table. */
#ifndef ESTAB_TOOL_CELL_H
#define ESTAB_TOOL_CELL_H

#include <stdbool.h>

#include "buf.h"
#include "columns.h"

/* Puts an owner as "nginx[812]", with its thread where it is told. */
void cell_put_process(struct buf *buf, const struct estab_owner *owner);
/* Puts the column's text for the socket, "-" where there is none. It is safe for a terminal. */
void cell_put(struct buf *buf, const struct column *column, const struct estab_socket *sock);

/* In which units its owners are, or in which containers, with commas between (cell-where.c). */
void cell_put_where(struct buf *buf, const struct estab_socket *sock, bool unit);

#endif
