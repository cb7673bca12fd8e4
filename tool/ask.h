/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* From the options to a context and a query: where to look, and at which sockets. */
#ifndef ESTAB_TOOL_ASK_H
#define ESTAB_TOOL_ASK_H

#include <estab.h>

struct options;

/* Each returns 0, or the exit status after a complaint. */
int ask_context(const struct options *options, struct estab_ctx **ret_ctx);
/* A query for what the options select; fields and sort keys are for the caller to add. */
int ask_query(const struct options *options, struct estab_ctx *ctx, struct estab_query **ret_query);
/* What can't be read at all: what the kernel or the directory said. Returns STATUS_FAILED. */
int ask_complain(const struct options *options, int error);

#endif
