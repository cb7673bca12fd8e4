/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * From a reader to a store, each socket once. A dump that runs beside churn misses some of what lives
 * through it (two to five in a hundred where ports are shared and busy): where it is asked for, all is
 * read again and united, until nothing more comes of it.
 */
#ifndef ESTAB_PASSES_H
#define ESTAB_PASSES_H

#include "reader.h"
#include "result.h"
#include "row-index.h"
#include "store.h"

/* However much moves, no more passes than this: of 5 in 100 missed, so many leave one in 10^10. */
enum { PASSES_MAX = 8 };

/* seen gets the rows by identity. -ENOMEM, -ECANCELED. */
int passes_read(struct store *store, struct reader *reader, struct row_index *seen,
		struct estab_result *result);

#endif
