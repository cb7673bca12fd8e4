/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "row-index.h"

#include <errno.h>
#include <stdlib.h>

#include "util.h"

enum { SLOTS_MIN = 1024 };

void row_index_free(struct row_index *index)
{
	free(index->keys);
	free(index->rows);
	*index = (struct row_index){ 0 };
}

/* The key's slot, or the free one where it belongs. */
static size_t slot_of(const struct row_index *index, uint64_t key)
{
	size_t slot = (size_t)hash64(key) & (index->n_slots - 1);

	while (index->keys[slot] != 0 && index->keys[slot] != key)
		slot = (slot + 1) & (index->n_slots - 1);
	return slot;
}

void row_index_prefetch(const struct row_index *index, uint64_t key)
{
	size_t slot = (size_t)hash64(key) & (index->n_slots - 1);

	if (index->n_slots == 0)
		return;
	__builtin_prefetch(&index->keys[slot], 1);
	__builtin_prefetch(&index->rows[slot], 1);
}

static int grow(struct row_index *index, size_t n_slots)
{
	struct row_index bigger = { .n_slots = n_slots, .n_keys = index->n_keys };

	bigger.keys = calloc(bigger.n_slots, sizeof(*bigger.keys));
	bigger.rows = malloc(bigger.n_slots * sizeof(*bigger.rows));
	if (!bigger.keys || !bigger.rows) {
		row_index_free(&bigger);
		return -ENOMEM;
	}
	for (size_t i = 0; i < index->n_slots; i++) {
		if (index->keys[i] != 0) {
			size_t slot = slot_of(&bigger, index->keys[i]);

			bigger.keys[slot] = index->keys[i];
			bigger.rows[slot] = index->rows[i];
		}
	}
	row_index_free(index);
	*index = bigger;
	return 0;
}

int row_index_reserve(struct row_index *index, size_t n_keys)
{
	size_t n_slots = MAX(index->n_slots, (size_t)SLOTS_MIN);

	while ((index->n_keys + n_keys) * 3 >= n_slots * 2)
		n_slots *= 2;
	return n_slots > index->n_slots ? grow(index, n_slots) : 0;
}

int row_index_add(struct row_index *index, uint64_t key, uint32_t row, uint32_t *ret_row)
{
	size_t slot;

	if (index->n_keys * 3 >= index->n_slots * 2) {
		int r = grow(index, MAX(index->n_slots * 2, (size_t)SLOTS_MIN));

		if (r < 0)
			return r;
	}
	slot = slot_of(index, key);
	if (index->keys[slot] == key) {
		if (ret_row)
			*ret_row = index->rows[slot];
		return 1;
	}
	index->keys[slot] = key;
	index->rows[slot] = row;
	index->n_keys++;
	return 0;
}

uint32_t row_index_find(const struct row_index *index, uint64_t key)
{
	size_t slot;

	if (index->n_slots == 0 || key == 0)
		return ROW_NONE;
	slot = slot_of(index, key);
	return index->keys[slot] == key ? index->rows[slot] : ROW_NONE;
}
