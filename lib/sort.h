/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The order of kept rows. */
#ifndef ESTAB_SORT_H
#define ESTAB_SORT_H

#include "plan.h"
#include "store.h"

/* Fills rows[store->count] with the stored sockets, in the plan's order; equals stay in the order
 * they were read in. -ENOMEM. */
int sort_rows(const struct store *store, const struct plan *plan, const struct estab_socket **rows);

#endif
