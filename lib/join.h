/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What rows that were read say of one another, and what others say of them. Each join is one pass, or
 * one hash over the rows.
 */
#ifndef ESTAB_JOIN_H
#define ESTAB_JOIN_H

#include "plan.h"
#include "result.h"
#include "store.h"

/* What is not known of a row before these steps: NEED_… */
#define BEFORE_OWNERS NEED_OWNERS
#define BEFORE_JOIN (BEFORE_OWNERS | NEED_UNIX_PEER_PATH)

/* Gives unix sockets the names of their peers. -ENOMEM. */
int join_paths(struct store *store);

/* Finds the owners of all rows that lack them, or why they have none. -ENOMEM, -ECANCELED; what else
 * goes wrong is told. */
int join_owners(struct store *store, struct estab_result *result);
/* The same, where there is such a row. */
int join_rest_of_owners(struct store *store, struct estab_result *result);

#endif
