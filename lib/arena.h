/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Memory that is given back all at once: what the rows of one result lend. */
#ifndef ESTAB_ARENA_H
#define ESTAB_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* the newest first */
	size_t used;                /* bytes of the newest block */
};

/* Returns memory aligned to 8 bytes and not cleared, NULL when there is none left. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
/* Copies bytes and adds a NUL. */
char *arena_text(struct arena *arena, const void *data, size_t length);
/* Moves all that from owns over to arena, and leaves from empty. */
void arena_merge(struct arena *arena, struct arena *from);
void arena_free(struct arena *arena);

#endif
