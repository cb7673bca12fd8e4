/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A source reads one table (a protocol) and yields rows. It never filters beyond what the kernel
 * does for it, never joins, and knows nothing of who asks.
 */
#ifndef ESTAB_SOURCE_H
#define ESTAB_SOURCE_H

#include <stdint.h>

#include "env.h"
#include "record.h"
#include "result.h"

struct source_cursor;

/* One table to read. */
struct source_job {
	unsigned int proto; /* enum estab_proto, or enum row_kind */
	const char *table;  /* its name, static: "tcp" */
	uint32_t families;  /* bits: inet and inet6, for the protocols that have both */
	uint32_t states;
};

struct source {
	const char *name;
	/*
	 * Begins to read. It must already know whether the kernel has the table at all:
	 * -ENOENT or -EOPNOTSUPP: this source can't see it here, another may;
	 * -EACCES, -EPERM: not allowed to. Losses on the way go to the result.
	 */
	int (*open)(struct env *env, const struct source_job *job, struct estab_result *result,
		    struct source_cursor **ret_cursor);
	/* Fills the row: 0; 1 at the end; a negative errno when the rest is lost. */
	int (*next)(struct source_cursor *cursor, struct row *row);
	struct source_cursor *(*close)(struct source_cursor *cursor);
};

extern const struct source source_diag;
extern const struct source source_procfs;
/* Of flows. */
extern const struct source source_ctnetlink;
extern const struct source source_ct_text;
/* Of what connection tracking counts and expects. They have the names of the two above. */
extern const struct source source_flow_stats;
extern const struct source source_flow_stats_text;
extern const struct source source_expect;
extern const struct source source_expect_text;
/* Of rows that are no sockets: from the kernel, and from text, which is called "procfs" too. */
extern const struct source source_rtnetlink;
extern const struct source source_nettext;

#endif
