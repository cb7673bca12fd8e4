/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A unix socket knows its peer by inode only; the peer knows its name. */
#include "join.h"
#include "plan.h"
#include "row-index.h"
#include "store.h"

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

int join_paths(struct store *store)
{
	struct row_index by_inode = { 0 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (sock->proto == ESTAB_PROTO_UNIX && sock->inode != 0)
			r = row_index_add(&by_inode, sock->inode, (uint32_t)i, NULL);
	}
	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);
		uint32_t peer;

		if (sock->proto != ESTAB_PROTO_UNIX || !(sock->has & HAS_PEER_INODE) ||
		    !store_may_want(&store->env->plan, sock, BEFORE_JOIN))
			continue;
		peer = row_index_find(&by_inode, sock->local.peer_inode);
		if (peer != ROW_NONE)
			r = join_peer_path(store, sock, store_at(store, peer));
	}
	row_index_free(&by_inode);
	return r < 0 ? r : 0;
}
