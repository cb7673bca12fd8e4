/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* JSON that the command writes by itself, of words that are its own or the library's. */
#ifndef ESTAB_TOOL_JSON_TEXT_H
#define ESTAB_TOOL_JSON_TEXT_H

#include "buf.h"

/* A string in quotes. The text has no control characters. */
void json_put_string(struct buf *buf, const char *text);
/* "schema":N,"version":"…" */
void json_put_versions(struct buf *buf);

#endif
