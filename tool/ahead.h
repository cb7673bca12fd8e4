/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Rows on their way to the output, a few of which wait for names while more are read. */
#ifndef ESTAB_TOOL_AHEAD_H
#define ESTAB_TOOL_AHEAD_H

#include <stddef.h>

#include <estab.h>

#include "names.h"
#include "output.h"

enum { AHEAD_ROWS = 1024 };

struct ahead {
	struct output *output;
	const struct output_format *format;
	struct names *names;
	size_t first;
	size_t n;
	struct estab_socket *rows[AHEAD_ROWS];
};

/* Writes the row, or keeps a copy of it until its names are known, time is up, or there are too
 * many of them. The order stays. */
void ahead_put(struct ahead *ahead, const struct estab_socket *sock);
/* Writes all that was kept. */
void ahead_end(struct ahead *ahead);

#endif
