/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A set of identities (never 0), as record_identity() makes them. All zero: empty. */
#ifndef ESTAB_IDSET_H
#define ESTAB_IDSET_H

#include <stddef.h>
#include <stdint.h>

struct idset {
	uint64_t *slots; /* open addressing; 0: free */
	size_t n_slots;  /* a power of two, or 0 */
	size_t n;
};

/* 0: added; 1: it was there; -ENOMEM. */
int idset_add(struct idset *set, uint64_t identity);
void idset_free(struct idset *set);

#endif
