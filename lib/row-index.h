/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Numbers of rows by 64-bit key (never 0): open addressing, made for as many as there are. */
#ifndef ESTAB_ROW_INDEX_H
#define ESTAB_ROW_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* A key that is known and has no row. */
#define ROW_NONE UINT32_MAX

struct row_index {
	uint64_t *keys; /* 0: free */
	uint32_t *rows;
	size_t n_slots; /* a power of two, or 0 */
	size_t n_keys;
};

/* Makes room for so many more keys, which may come or not. -ENOMEM. */
int row_index_reserve(struct row_index *index, size_t n_keys);
/* 0: added; 1: the key was there already, and its row is at *ret_row (may be NULL); -ENOMEM. */
int row_index_add(struct row_index *index, uint64_t key, uint32_t row, uint32_t *ret_row);
/* The key's row; ROW_NONE when there is none, or the key is 0. */
uint32_t row_index_find(const struct row_index *index, uint64_t key);
/* The key will be looked for soon. */
void row_index_prefetch(const struct row_index *index, uint64_t key);
void row_index_free(struct row_index *index);

#endif
