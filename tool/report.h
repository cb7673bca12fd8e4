/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What verbs that print a report of their own have in common. */
#ifndef ESTAB_TOOL_REPORT_H
#define ESTAB_TOOL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

#include "buf.h"

struct options;

/* Such a verb writes a table or JSON: 0, or the exit status after a complaint. */
int report_check_format(const struct options *options, const char *verb);
/* A heading, coloured if that is wanted; the caller ends the line. */
void report_heading(struct buf *buf, const char *text, bool colour);
/* A cell of a table: text on the left of its width, */
void report_text(struct buf *buf, const char *text, size_t width);
/* and numbers on the right of theirs, with two blanks before it. */
void report_number(struct buf *buf, uint64_t value, size_t width);
/* The same with its sign, + too. */
void report_difference(struct buf *buf, int64_t value, size_t width);
/* Writes it out: the exit status. */
int report_end(struct buf *buf);

#endif
