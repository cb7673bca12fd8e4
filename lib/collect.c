/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* From a reader to kept rows: de-duplication, joins, filter, owners. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "filter.h"
#include "nat.h"
#include "owner.h"
#include "passes.h"
#include "plan.h"
#include "row-index.h"
#include "store.h"
#include "util.h"

enum { EXPLAINED_MAX = 20000, UNDECIDED_MAX = 64 };

/* What is not known of a row before these steps: NEED_… */
#define BEFORE_OWNERS (NEED_OWNERS | NEED_NAT)
#define BEFORE_JOIN (BEFORE_OWNERS | NEED_UNIX_PEER_PATH)

/* Whether it is wanted, or may yet turn out to be when more is known. */
static bool may_be_wanted(const struct plan *plan, const struct estab_socket *sock,
			  uint64_t unknown)
{
	return plan->states[sock->proto] & BIT32(sock->state) &&
	       plan_wants_type(plan, sock->proto, sock->type) &&
	       (!plan->filter || filter_prematch(plan->filter, sock, unknown));
}

bool store_wants(const struct plan *plan, const struct estab_socket *sock)
{
	return (plan->needs & NEED_UNIX_PEER_PATH && sock->proto == ESTAB_PROTO_UNIX) ||
	       may_be_wanted(plan, sock, BEFORE_JOIN);
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
			r = row_index_add(&by_inode, sock->inode, (uint32_t)i, NULL);
	}
	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);
		uint32_t peer;

		if (sock->proto != ESTAB_PROTO_UNIX || !(sock->has & HAS_PEER_INODE) ||
		    !may_be_wanted(&store->env->plan, sock, BEFORE_JOIN))
			continue;
		peer = row_index_find(&by_inode, sock->local.peer_inode);
		if (peer != ROW_NONE)
			r = join_peer_path(store, sock, store_at(store, peer));
	}
	row_index_free(&by_inode);
	return r < 0 ? r : 0;
}

static bool may_use_bpf(const struct env *env)
{
	return env->bpf.files || env->bpf.later;
}

/* Those that stay move, and seen gets where. */
static int drop_unwanted(struct store *store, struct row_index *seen, uint64_t unknown)
{
	size_t kept = 0;
	int r = 0;

	row_index_free(seen);

	for (size_t i = 0; i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (may_be_wanted(&store->env->plan, sock, unknown))
			*store_at(store, kept++) = *sock;
	}
	store->count = kept;
	for (size_t i = 0; r >= 0 && may_use_bpf(store->env) && i < kept; i++)
		r = row_index_add(seen, record_identity(store_at(store, i)), (uint32_t)i, NULL);
	return r < 0 ? r : 0;
}

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

static bool may_be_carried(const struct estab_socket *sock)
{
	return sock->has & OWNERS_LOOKED && !sock->owners && sock->no_owner == NO_OWNER_NOT_VISIBLE;
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

static int find_owners(struct store *store, struct estab_result *result)
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

static int explain_rest(struct store *store, struct estab_result *result)
{
	for (size_t i = 0; i < store->count; i++)
		if (lacks_owner(store_at(store, i)))
			return find_owners(store, result);
	return 0;
}

/* Rows of BPF don't pass the reader, which tells others. */
static int mark_subflows(struct store *store, const struct subflows *subflows)
{
	int r = 0;

	for (size_t i = 0; r == 0 && subflows->n > 0 && i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);

		if (sock->proto == ESTAB_PROTO_TCP && !ext_has(sock->ext, EXT_ULP) &&
		    subflows_find(subflows, sock))
			r = store_put(store, sock, EXT_ULP, "mptcp", strlen("mptcp"));
	}
	return r;
}

/* A second walk of a large host would cost what the first has saved. */
static int explain_few(struct store *store, struct estab_result *result)
{
	if (!(store->env->plan.needs & NEED_OWNERS) || store->count > EXPLAINED_MAX)
		return 0;
	return explain_rest(store, result);
}

static int collect(struct store *store, struct reader *reader, struct estab_result *result)
{
	uint64_t needs = store->env->plan.needs;
	struct row_index seen = { 0 };
	int r = passes_read(store, reader, &seen, result);

	if (r == 0 && needs & NEED_UNIX_PEER_PATH) {
		r = join_peer_paths(store);
		if (r == 0)
			r = drop_unwanted(store, &seen, BEFORE_OWNERS);
	}
	/* Where no row is left, nobody's files are looked at. */
	if (r == 0 && store->count > 0)
		r = bpf_begin_owners(store->env, result);
	if (r == 0 && store->env->bpf.files) {
		r = bpf_collect(store, &seen, result);
		row_index_free(&seen);
		if (r == 0)
			r = mark_subflows(store, &reader->subflows);
		return r == 0 ? explain_few(store, result) : r;
	}
	/* It is as large as a quarter of the rows, and the walk for owners makes its own. */
	row_index_free(&seen);
	if (r == 0 && needs & NEED_OWNERS)
		r = find_owners(store, result);
	return r;
}

/* Only what may be wanted had its owners looked for. */
static int drop_others(struct store *store)
{
	const struct plan *plan = &store->env->plan;
	struct row_index unused = { 0 };
	int r = 0;

	if (plan->filter && filter_needs(plan->filter, plan->protos) & (NEED_OWNERS | NEED_NAT))
		r = drop_unwanted(store, &unused, 0);
	row_index_free(&unused);
	return r;
}

int store_collect(struct store *store, struct reader *reader, struct estab_result *result)
{
	int r = collect(store, reader, result);

	if (r == 0 && store->env->plan.needs & NEED_NAT)
		r = nat_join(store, result);
	return r == 0 ? drop_others(store) : r;
}

bool store_streams(const struct plan *plan, const struct bpf_use *bpf)
{
	return bpf->files && !plan->joins && plan->protos == bpf->row_protos;
}

int store_complete(struct store *store, struct estab_result *result)
{
	int r = explain_few(store, result);

	return r == 0 ? drop_others(store) : r;
}
