/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { CHUNK_ROWS = 4096 };

void store_init(struct store *store, struct env *env)
{
	*store = (struct store){ .env = env };
}

void store_free(struct store *store)
{
	for (size_t i = 0; i < store->n_chunks; i++)
		free(store->chunks[i]);
	free(store->chunks);
	arena_free(&store->arena);
	store_init(store, NULL);
}

struct estab_socket *store_at(const struct store *store, size_t index)
{
	return &store->chunks[index / CHUNK_ROWS][index % CHUNK_ROWS];
}

static int store_grow(struct store *store)
{
	struct estab_socket **chunks =
		realloc(store->chunks, (store->n_chunks + 1) * sizeof(*chunks));

	if (!chunks)
		return -ENOMEM;
	store->chunks = chunks;
	chunks[store->n_chunks] = malloc(CHUNK_ROWS * sizeof(**chunks));
	if (!chunks[store->n_chunks])
		return -ENOMEM;
	store->n_chunks++;
	return 0;
}

int store_set(struct store *store, size_t index, const struct row *row)
{
	const struct ext *ext = &store->env->empty;

	if (row->sock.ext->kinds != 0) {
		ext = arena_copy(&store->arena, row->sock.ext, sizeof(*ext) + row->sock.ext->size);
		if (!ext)
			return -ENOMEM;
	}
	*store_at(store, index) = row->sock;
	store_at(store, index)->ext = ext;
	return 0;
}

int store_add(struct store *store, const struct row *row)
{
	int r = 0;

	if (store->count == store->n_chunks * CHUNK_ROWS)
		r = store_grow(store);
	if (r == 0)
		r = store_set(store, store->count, row);
	if (r == 0)
		store->count++;
	return r;
}

int store_extend(struct store *store, struct estab_socket *sock, const struct row *row)
{
	const struct ext *from = row->ext.ext;
	const struct ext *ext = arena_copy(&store->arena, from, sizeof(*from) + from->size);

	if (!ext)
		return -ENOMEM;
	sock->ext = ext;
	return 0;
}

int store_put(struct store *store, struct estab_socket *sock, enum ext_kind kind, const void *data,
	      size_t length)
{
	struct row row = { .sock = *sock };
	int r = ext_builder_init(&row.ext, store->env);

	if (r < 0)
		return r;
	r = row_adopt(&row, sock->ext);
	if (r == 0)
		r = row_put(&row, kind, data, length);
	if (r == 0)
		r = store_extend(store, sock, &row);
	ext_builder_free(&row.ext);
	return r;
}
