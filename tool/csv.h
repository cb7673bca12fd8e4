/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A value of comma-separated text (RFC 4180). */
#ifndef ESTAB_TOOL_CSV_H
#define ESTAB_TOOL_CSV_H

#include <stddef.h>

#include "buf.h"

/* Puts a text that someone else may have chosen: quoted where it must be, and with an apostrophe
 * in front where a spreadsheet would take it for a formula. */
void csv_text(struct buf *buf, const char *text, size_t length);

#endif
