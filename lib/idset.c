/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "idset.h"

#include <errno.h>
#include <stdlib.h>

#include "util.h"

enum { SLOTS_MIN = 256 };

/* Identities are hashes already: their bits serve as they are, but for the lowest. */
static uint64_t *slot_of(uint64_t *slots, size_t n_slots, uint64_t identity)
{
	size_t i = (size_t)(identity >> 8) & (n_slots - 1);

	while (slots[i] != 0 && slots[i] != identity)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static int grow(struct idset *set)
{
	size_t n_slots = MAX(set->n_slots * 2, (size_t)SLOTS_MIN);
	uint64_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_slots; i++)
		if (set->slots[i] != 0)
			*slot_of(slots, n_slots, set->slots[i]) = set->slots[i];
	free(set->slots);
	set->slots = slots;
	set->n_slots = n_slots;
	return 0;
}

int idset_add(struct idset *set, uint64_t identity)
{
	uint64_t *slot;

	if ((set->n + 1) * 2 > set->n_slots) {
		int r = grow(set);

		if (r < 0)
			return r;
	}
	slot = slot_of(set->slots, set->n_slots, identity);
	if (*slot == identity)
		return 1;
	*slot = identity;
	set->n++;
	return 0;
}

void idset_free(struct idset *set)
{
	free(set->slots);
	*set = (struct idset){ 0 };
}
