/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* From a reader to kept rows: de-duplication, joins, filter, owners. */
#include <errno.h>
#include <stdlib.h>

#include "filter.h"
#include "owner.h"
#include "plan.h"
#include "store.h"
#include "util.h"

/* Numbers of rows by 64-bit key; open addressing, made for as many as there are. */
struct row_index {
	uint64_t *keys; /* 0: free */
	uint32_t *rows;
	size_t n_slots;
	size_t n_keys;
};

static void row_index_free(struct row_index *index)
{
	free(index->keys);
	free(index->rows);
	*index = (struct row_index){ 0 };
}

/* The key's slot, or the free one where it belongs. */
static size_t row_index_slot(const struct row_index *index, uint64_t key)
{
	size_t slot = (size_t)hash64(key) & (index->n_slots - 1);

	while (index->keys[slot] != 0 && index->keys[slot] != key)
		slot = (slot + 1) & (index->n_slots - 1);
	return slot;
}

static int row_index_grow(struct row_index *index)
{
	struct row_index bigger = { .n_slots = index->n_slots ? index->n_slots * 2 : 1024,
				    .n_keys = index->n_keys };

	bigger.keys = calloc(bigger.n_slots, sizeof(*bigger.keys));
	bigger.rows = malloc(bigger.n_slots * sizeof(*bigger.rows));
	if (!bigger.keys || !bigger.rows) {
		row_index_free(&bigger);
		return -ENOMEM;
	}
	for (size_t i = 0; i < index->n_slots; i++) {
		if (index->keys[i] != 0) {
			size_t slot = row_index_slot(&bigger, index->keys[i]);

			bigger.keys[slot] = index->keys[i];
			bigger.rows[slot] = index->rows[i];
		}
	}
	row_index_free(index);
	*index = bigger;
	return 0;
}

/* 1: the key (not 0) was there already. */
static int row_index_add(struct row_index *index, uint64_t key, uint32_t row)
{
	size_t slot;

	if (index->n_keys * 3 >= index->n_slots * 2) {
		int r = row_index_grow(index);

		if (r < 0)
			return r;
	}
	slot = row_index_slot(index, key);
	if (index->keys[slot] == key)
		return 1;
	index->keys[slot] = key;
	index->rows[slot] = row;
	index->n_keys++;
	return 0;
}

static const struct estab_socket *row_index_find(const struct row_index *index,
						 const struct store *store, uint64_t key)
{
	size_t slot;

	if (index->n_slots == 0 || key == 0)
		return NULL;
	slot = row_index_slot(index, key);
	return index->keys[slot] == key ? store_at(store, index->rows[slot]) : NULL;
}

static bool is_wanted(const struct plan *plan, const struct estab_socket *sock)
{
	return plan->states[sock->proto] & BIT32(sock->state) &&
	       plan_wants_type(plan, sock->proto, sock->type) &&
	       (!plan->filter || filter_match(plan->filter, sock));
}

/* Rows that a join may need are kept even when they are not wanted themselves. */
static bool is_needed(const struct plan *plan, const struct estab_socket *sock)
{
	return (plan->needs & NEED_UNIX_PEER_PATH && sock->proto == ESTAB_PROTO_UNIX) ||
	       is_wanted(plan, sock);
}

static int read_rows(struct store *store, struct reader *reader)
{
	const struct plan *plan = &store->env->plan;
	struct row_index seen = { 0 };
	struct row row = { 0 };
	int r = ext_builder_init(&row.ext, store->env);

	while (r == 0) {
		r = reader_next(reader, &row);
		if (r != 0)
			break;
		if (!is_needed(plan, &row.sock))
			continue;
		r = row_index_add(&seen, record_identity(&row.sock), 0);
		if (r == 0)
			r = store_add(store, &row);
		else if (r == 1)
			r = 0;
	}
	row_index_free(&seen);
	ext_builder_free(&row.ext);
	return r < 0 ? r : 0;
}

static int join_peer_path(struct store *store, struct estab_socket *sock,
			  const struct estab_socket *peer)
{
	size_t length;
	const void *path = ext_get(peer->ext, EXT_PATH, &length);
	int r;

	if (!path)
		return 0;
	r = store_put(store, sock, EXT_PEER_PATH, path, length);
	if (r == 0 && ext_has(peer->ext, EXT_ABSTRACT))
		r = store_put(store, sock, EXT_PEER_ABSTRACT, NULL, 0);
	return r;
}

/* A unix socket knows its peer by inode only; the peer knows its name. */
static int join_peer_paths(struct store *store)
{
	struct row_index by_inode = { 0 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (sock->proto == ESTAB_PROTO_UNIX && sock->inode != 0)
			r = row_index_add(&by_inode, sock->inode, (uint32_t)i);
	}
	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);
		const struct estab_socket *peer;

		if (sock->proto != ESTAB_PROTO_UNIX || !(sock->has & HAS_PEER_INODE) ||
		    !is_wanted(&store->env->plan, sock))
			continue;
		peer = row_index_find(&by_inode, store, sock->local.peer_inode);
		if (peer)
			r = join_peer_path(store, sock, peer);
	}
	row_index_free(&by_inode);
	return r < 0 ? r : 0;
}

static void drop_unwanted(struct store *store)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (is_wanted(&store->env->plan, sock))
			*store_at(store, kept++) = *sock;
	}
	store->count = kept;
}

static void give_owners(struct store *store, const struct owner_index *index,
			const struct owner_list *const *lists)
{
	for (size_t i = 0; i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);
		int64_t slot = sock->inode == 0 ? -1 : owner_index_find(index, sock->inode);

		sock->has |= OWNERS_LOOKED;
		if (slot >= 0)
			sock->owners = lists[slot];
		if (!sock->owners)
			sock->no_owner = (uint8_t)owner_reason(sock, index->incomplete);
		if (index->incomplete && sock->inode != 0)
			sock->has |= OWNERS_INCOMPLETE;
	}
}

static int find_owners(struct store *store, struct estab_result *result)
{
	struct owner_index index = { 0 };
	const struct owner_list **lists = NULL;
	int r = owner_index_init(&index, store->count);

	for (size_t i = 0; r >= 0 && i < store->count; i++)
		if (store_at(store, i)->inode != 0)
			r = owner_index_want(&index, store_at(store, i)->inode);
	if (r >= 0)
		r = owner_walk(store->env, &index, &store->arena, result);
	/* What was found by a deadline stands; where /proc can't be read, nothing is known. */
	if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
		result_add_loss(result, "owners", r == -ETIME ? "deadline" : "unavailable", NULL,
				1);
		index.incomplete = true;
		r = 0;
	}
	if (r >= 0)
		r = owner_index_link(&index, &store->arena, &lists);
	if (r >= 0)
		give_owners(store, &index, lists);
	free(lists);
	owner_index_free(&index);
	return r < 0 ? r : 0;
}

int store_collect(struct store *store, struct reader *reader, struct estab_result *result)
{
	uint32_t needs = store->env->plan.needs;
	int r = read_rows(store, reader);

	if (r == 0 && needs & NEED_UNIX_PEER_PATH) {
		r = join_peer_paths(store);
		drop_unwanted(store);
	}
	if (r == 0 && needs & NEED_OWNERS)
		r = find_owners(store, result);
	return r;
}
