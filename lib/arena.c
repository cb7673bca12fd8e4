/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 - 64 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(8) char data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (!arena->blocks || arena->blocks->size - arena->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		struct arena_block *block = malloc(sizeof(*block) + room);

		if (!block)
			return NULL;
		block->next = arena->blocks;
		block->size = room;
		arena->blocks = block;
		arena->used = 0;
	}

	void *memory = arena->blocks->data + arena->used;

	arena->used += size;
	return memory;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (copy && size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *arena_text(struct arena *arena, const void *data, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (!copy)
		return NULL;
	if (length > 0)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

void arena_merge(struct arena *arena, struct arena *from)
{
	struct arena_block *oldest = from->blocks;

	if (!oldest)
		return;
	if (!arena->blocks) {
		*arena = *from;
	} else {
		while (oldest->next)
			oldest = oldest->next;
		/* Behind the newest block, which still has room. */
		oldest->next = arena->blocks->next;
		arena->blocks->next = from->blocks;
	}
	*from = (struct arena){ 0 };
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
	arena->used = 0;
}
