/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Who holds the rows, by the walk through /proc. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "filter.h"
#include "join.h"
#include "owner.h"
#include "store.h"
#include "util.h"

enum { UNDECIDED_MAX = 64 };

/* What BPF finds nobody to hold may be in a ring, or under way: /proc tells. */
static bool lacks_owner(const struct estab_socket *sock)
{
	return sock->inode != 0 && (!(sock->has & OWNERS_LOOKED) ||
				    (!sock->owners && sock->no_owner == NO_OWNER_NOT_VISIBLE));
}

static void give_owners(struct store *store, const struct owner_index *index,
			const struct owner_list *const *lists)
{
	for (size_t i = 0; i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);
		int64_t slot = sock->inode == 0 ? -1 : owner_index_find(index, sock->inode);

		if (sock->has & OWNERS_LOOKED && !lacks_owner(sock))
			continue;
		sock->has |= OWNERS_LOOKED;
		if (slot >= 0)
			sock->owners = lists[slot];
		sock->no_owner = NO_OWNER_NONE;
		if (!sock->owners)
			sock->no_owner = (uint8_t)owner_reason(sock, index->incomplete);
		if (index->incomplete && sock->inode != 0)
			sock->has |= OWNERS_INCOMPLETE;
	}
}

/* The netlink socket that a dump was read through is in its own answer, and closed by now. */
static bool was_for_reading(const struct estab_socket *sock)
{
	return sock->proto == ESTAB_PROTO_NETLINK && sock->netlink.protocol == NETLINK_SOCK_DIAG;
}

static bool may_be_carried(const struct estab_socket *sock)
{
	return !was_for_reading(sock) && sock->has & OWNERS_LOOKED && !sock->owners &&
	       sock->no_owner == NO_OWNER_NOT_VISIBLE;
}

/*
 * A socket that all could be asked for and none holds is under way between processes, or the kernel's
 * own, or of a process in no namespace of ours. As many files must be under way as there are such
 * sockets: with fewer, nobody can say which they are.
 */
static int explain_in_flight(struct store *store, struct owner_index *index)
{
	uint64_t unexplained = 0;
	uint64_t carried = 0;
	int r;

	for (size_t i = 0; i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);
		int64_t slot = owner_index_find(index, sock->inode);

		unexplained += may_be_carried(sock);
		if (slot >= 0 && sock->proto != ESTAB_PROTO_UNIX)
			index->marks[slot] |= SLOT_NO_CARRIER;
	}
	if (unexplained == 0)
		return 0;
	r = owner_count_carried(store->env, index, unexplained, &carried);
	for (size_t i = 0; r == 0 && carried >= unexplained && i < store->count; i++)
		if (may_be_carried(store_at(store, i)))
			store_at(store, i)->no_owner = NO_OWNER_IN_FLIGHT;
	/* Past the deadline they stay what they are. */
	return r == -ETIME ? 0 : r;
}

/* The rows that the filter has yet to decide on, when only it asks for owners. */
struct undecided {
	const struct store *store;
	atomic_size_t left;
	atomic_bool decided[UNDECIDED_MAX];
};

/* What a process holds of the row, if that is enough for the filter. -ENOMEM is no owner found. */
static bool decides(const struct store *store, size_t row, const struct owner_index *view,
		    size_t first)
{
	struct estab_socket sock = *store_at(store, row);
	int64_t slot = owner_index_find(view, sock.inode);
	_cleanup_(cleanup_free) struct owner_list *list = NULL;

	for (size_t i = first; slot >= 0 && i < view->n_holdings; i++) {
		if (view->holdings[i].slot != slot)
			continue;
		if (!list)
			list = calloc(1, sizeof(*list) + (view->n_holdings - first) *
								 sizeof(list->owners[0]));
		if (!list)
			return false;
		list->owners[list->count++] = view->holdings[i].owner;
	}
	sock.owners = list;
	return list && filter_match(store->env->plan.filter, &sock);
}

static bool is_enough(void *arg, const struct owner_index *view, size_t first)
{
	struct undecided *undecided = arg;

	for (size_t i = 0; i < undecided->store->count; i++)
		if (!atomic_load(&undecided->decided[i]) &&
		    decides(undecided->store, i, view, first) &&
		    !atomic_exchange(&undecided->decided[i], true))
			atomic_fetch_sub(&undecided->left, 1);
	return atomic_load(&undecided->left) == 0;
}

/* A walk need not go on when every row matches, and nobody will look at who else holds it. */
static void set_enough(const struct store *store, struct owner_index *index,
		       struct undecided *undecided)
{
	const struct plan *plan = &store->env->plan;

	if (!plan->owners_only_decide || store->count > UNDECIDED_MAX ||
	    !filter_may_settle(plan->filter))
		return;
	undecided->store = store;
	atomic_init(&undecided->left, store->count);
	for (size_t i = 0; i < UNDECIDED_MAX; i++)
		atomic_init(&undecided->decided[i], false);
	index->enough = is_enough;
	index->enough_arg = undecided;
}

int join_owners(struct store *store, struct estab_result *result)
{
	struct owner_index index = { 0 };
	struct undecided undecided;
	const struct owner_list **lists = NULL;
	int r = owner_index_init(&index, store->count);

	for (size_t i = 0; r >= 0 && i < store->count; i++)
		if (lacks_owner(store_at(store, i)))
			r = owner_index_want(&index, store_at(store, i)->inode);
	if (r >= 0) {
		set_enough(store, &index, &undecided);
		r = owner_walk(store->env, &index, &store->arena, result);
	}
	/* What was found by a deadline stands; where /proc can't be read, nothing is known. */
	if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
		result_add_loss(result, "owners", r == -ETIME ? "deadline" : "unavailable", NULL,
				1);
		index.incomplete = true;
		r = 0;
	}
	if (r >= 0)
		r = owner_index_link(&index, &store->arena, &lists);
	if (r >= 0) {
		give_owners(store, &index, lists);
		r = explain_in_flight(store, &index);
	}
	free(lists);
	owner_index_free(&index);
	return r < 0 ? r : 0;
}

int join_rest_of_owners(struct store *store, struct estab_result *result)
{
	for (size_t i = 0; i < store->count; i++)
		if (lacks_owner(store_at(store, i)))
			return join_owners(store, result);
	return 0;
}
