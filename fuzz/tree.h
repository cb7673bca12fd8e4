/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A directory that looks like a saved /proc, made anew by each process and removed at its exit. */
#ifndef ESTAB_FUZZ_TREE_H
#define ESTAB_FUZZ_TREE_H

#include <stddef.h>

#include "estab.h"
#include "fuzz.h"

/* Both make the directory when they are first called: below $TMPDIR, or /tmp. */
const char *tree_path(void);
int tree_fd(void);

/* In the place of what was there; directories on the way are made. Paths are plain and ours. */
void tree_write(const char *path, const void *data, size_t size);
void tree_link(const char *path, const char *target);

/* A context on it. options may be NULL; its proc_root is set. */
struct estab_ctx *tree_ctx(const struct estab_ctx_options *options);

/* Asks the query for every field of its subject. */
void tree_ask_all(struct estab_query *query, enum estab_subject subject);

/* Asks the context for these protocols with every field, as a snapshot, and as a scan of the
 * default fields; checks every row. */
void tree_check(struct estab_ctx *ctx, uint64_t protos);
/* The same of flows. */
void tree_check_flows(struct estab_ctx *ctx);

#endif
