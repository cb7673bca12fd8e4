/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* From a reader to kept rows: de-duplication, joins, filter, owners. */
#include <errno.h>
#include <string.h>

#include "bpf.h"
#include "filter.h"
#include "join.h"
#include "nat.h"
#include "passes.h"
#include "plan.h"
#include "row-index.h"
#include "store.h"
#include "util.h"

enum { EXPLAINED_MAX = 20000 };

bool store_may_want(const struct plan *plan, const struct estab_socket *sock, uint64_t unknown)
{
	return plan->states[sock->proto] & BIT32(sock->state) &&
	       plan->families & BIT32(sock->family) &&
	       plan_wants_type(plan, sock->proto, sock->type) &&
	       (!plan->filter || filter_prematch(plan->filter, sock, unknown));
}

bool store_wants(const struct plan *plan, const struct estab_socket *sock)
{
	/* Raw sockets have no other end; of the others every row may be one. */
	if (plan->needs & NEED_ENDS && join_is_about(sock))
		return true;
	return (plan->needs & NEED_UNIX_PEER_PATH && sock->proto == ESTAB_PROTO_UNIX) ||
	       store_may_want(plan, sock, sock->proto < ROW_SOCKETS ? BEFORE_JOIN : 0);
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

		if (store_may_want(&store->env->plan, sock, unknown))
			*store_at(store, kept++) = *sock;
	}
	store->count = kept;
	for (size_t i = 0; r >= 0 && may_use_bpf(store->env) && i < kept; i++)
		r = row_index_add(seen, record_identity(store_at(store, i)), (uint32_t)i, NULL);
	return r < 0 ? r : 0;
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
	return join_rest_of_owners(store, result);
}

static int collect(struct store *store, struct reader *reader, struct estab_result *result)
{
	uint64_t needs = store->env->plan.needs;
	struct row_index seen = { 0 };
	int r = passes_read(store, reader, &seen, result);

	if (r == 0 && needs & NEED_UNIX_PEER_PATH) {
		r = join_paths(store);
		if (r == 0 && !(needs & NEED_ENDS))
			r = drop_unwanted(store, &seen, BEFORE_OWNERS);
	}
	/* Where no row is left, nobody's files are looked at. */
	if (r == 0 && store->count > 0)
		bpf_begin_owners(store->env, result);
	if (r == 0 && store->env->bpf.files) {
		r = bpf_collect(store, &seen, result);
		row_index_free(&seen);
		if (r == 0)
			r = mark_subflows(store, &reader->subflows);
		return r == 0 ? explain_few(store, result) : r;
	}
	/* It is as large as a quarter of the rows, and the walk for owners makes its own. */
	row_index_free(&seen);
	if (r == 0 && needs & NEED_ENDS && needs & NEED_OWNERS)
		r = join_ends_keep(store);
	if (r == 0 && needs & NEED_OWNERS)
		r = join_owners(store, result);
	return r;
}

/* What one row says of another; and then only what is wanted stays. */
static int end_collecting(struct store *store, const struct estab_result *result)
{
	const struct plan *plan = &store->env->plan;
	struct row_index unused = { 0 };
	int r = 0;

	if (plan->needs & NEED_ENDS)
		r = join_ends(store, result);
	/* Only what may be wanted had its owners looked for. */
	if (r == 0 &&
	    (plan->needs & NEED_ENDS ||
	     (plan->filter && filter_needs(plan->filter, plan->protos) & (NEED_OWNERS | NEED_NAT))))
		r = drop_unwanted(store, &unused, 0);
	row_index_free(&unused);
	return r;
}

int store_collect(struct store *store, struct reader *reader, struct estab_result *result)
{
	int r = collect(store, reader, result);

	if (r == 0 && store->env->plan.needs & NEED_NAT)
		r = nat_join(store, NULL, NULL, result);
	return r == 0 ? end_collecting(store, result) : r;
}

bool store_streams(const struct plan *plan, const struct bpf_use *bpf)
{
	return bpf->files && !plan->joins && plan->protos == bpf->row_protos;
}

int store_complete(struct store *store, struct estab_result *result)
{
	int r = explain_few(store, result);

	return r == 0 ? end_collecting(store, result) : r;
}
