/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the row at the other end, and the listener's, say of a row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "field.h"
#include "join.h"
#include "util.h"

bool join_is_about(const struct estab_socket *sock)
{
	static const uint64_t protos = BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_MPTCP) |
				       BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE) |
				       BIT64(ESTAB_PROTO_UNIX);

	return protos & BIT64(sock->proto);
}

/* Whether all rows of the protocol were read, as far as anyone knows. */
static bool was_read(const struct estab_result *result, uint8_t proto)
{
	const char *table = word_proto(proto);

	for (size_t i = 0; i < result->n_losses; i++) {
		const struct result_loss *loss = &result->losses[i];

		if (table && loss->detail && strcmp(loss->detail, table) == 0)
			return false;
	}
	return true;
}

/* Nobody has it as a file yet. */
static bool is_not_accepted(const struct estab_socket *sock)
{
	if (sock->state == ESTAB_STATE_SYN_RECV)
		return true;
	if (sock->has & IS_MINISOCK || !(sock->has & HAS_INODE) || sock->inode != 0)
		return false;
	return sock->state == ESTAB_STATE_ESTABLISHED || sock->state == ESTAB_STATE_CLOSE_WAIT;
}

static enum direction find_direction(const struct ends *ends, const struct estab_socket *sock,
				     const bool known[PLAN_PROTOS])
{
	const struct netaddrs *netaddrs = &ends->store->env->netaddrs;
	struct direction_facts facts = {
		.connected = ends_connected(sock),
		.listening = ends_listening(sock),
		.syn_sent = sock->state == ESTAB_STATE_SYN_SENT,
		.not_accepted = is_not_accepted(sock),
		.listeners_known = known[sock->proto],
	};

	if (facts.connected) {
		facts.local = ends_at_home(sock) || ends_peer(ends, sock) != ROW_NONE;
		facts.listener = ends_listener(ends, sock) != ROW_NONE;
		facts.local_auto = netaddrs_auto_port(netaddrs, sock->netns, sock->local_port);
		facts.peer_auto = netaddrs_auto_port(netaddrs, sock->netns, sock->peer_port);
	}
	return direction_of(&facts);
}

/* What one row says of another. Nobody has what waits to be accepted but who listens for it. */
static int put_end(const struct ends *ends, struct row *row, enum ext_kind kind, uint32_t other)
{
	const struct estab_socket *sock;
	struct other_end end;

	if (other == ROW_NONE)
		return 0;
	sock = store_at(ends->store, other);
	end = (struct other_end){
		.owners = sock->owners,
		.cookie = sock->cookie,
		.inode = sock->inode,
		.netns = sock->netns,
		.has = sock->has & (HAS_COOKIE | HAS_INODE | HAS_NETNS),
	};
	if (!end.owners && is_not_accepted(sock)) {
		uint32_t listener = ends_listener(ends, sock);

		if (listener != ROW_NONE)
			end.owners = store_at(ends->store, listener)->owners;
	}
	return row_put(row, kind, &end, sizeof(end));
}

static int join_row(const struct ends *ends, struct store *store, struct row *row,
		    struct estab_socket *sock)
{
	uint64_t needs = store->env->plan.needs;
	uint64_t before;
	int r;

	if (!(needs & (NEED_PEER_SOCKET | NEED_LISTENER)))
		return 0;
	ext_clear(&row->ext);
	r = row_adopt(row, sock->ext);
	before = row->ext.ext->kinds;
	if (r == 0 && needs & NEED_PEER_SOCKET)
		r = put_end(ends, row, EXT_PEER_SOCKET, ends_peer(ends, sock));
	if (r == 0 && needs & NEED_LISTENER && sock->state != ESTAB_STATE_LISTEN)
		r = put_end(ends, row, EXT_LISTENER, ends_listener(ends, sock));
	if (r == 0 && row->ext.ext->kinds != before)
		r = store_extend(store, sock, row);
	return r;
}

int join_ends(struct store *store, const struct estab_result *result)
{
	const struct plan *plan = &store->env->plan;
	bool known[PLAN_PROTOS];
	struct row row = { 0 };
	struct ends ends;
	int r = ends_init(&ends, store);

	if (r < 0)
		return r;
	r = ext_builder_init(&row.ext, store->env);
	for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++)
		known[proto] = was_read(result, (uint8_t)proto);
	for (size_t i = 0; r == 0 && i < store->count; i++) {
		struct estab_socket *sock = store_at(store, i);

		if (!join_is_about(sock) || !store_may_want(plan, sock, NEED_ENDS))
			continue;
		if (plan->needs & NEED_DIRECTION)
			sock->direction = (uint8_t)find_direction(&ends, sock, known);
		r = join_row(&ends, store, &row, sock);
	}
	ext_builder_free(&row.ext);
	ends_free(&ends);
	return r;
}

/* The rows whose owners a wanted row tells of. */
static void mark_others(const struct ends *ends, const struct estab_socket *sock, uint8_t *marks)
{
	uint64_t needs = ends->store->env->plan.needs;
	uint32_t rows[3] = { ROW_NONE, ROW_NONE, ROW_NONE };

	if (needs & NEED_PEER_SOCKET)
		rows[0] = ends_peer(ends, sock);
	if (needs & NEED_LISTENER)
		rows[1] = ends_listener(ends, sock);
	if (rows[0] != ROW_NONE && is_not_accepted(store_at(ends->store, rows[0])))
		rows[2] = ends_listener(ends, store_at(ends->store, rows[0]));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i] != ROW_NONE)
			marks[rows[i]] = 1;
}

int join_ends_keep(struct store *store)
{
	const struct plan *plan = &store->env->plan;
	_cleanup_(cleanup_free) uint8_t *marks = calloc(MAX(store->count, (size_t)1), 1);
	struct ends ends;
	size_t kept = 0;
	int r = marks ? ends_init(&ends, store) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (!store_may_want(plan, sock, BEFORE_OWNERS))
			continue;
		marks[i] = 1;
		if (join_is_about(sock))
			mark_others(&ends, sock, marks);
	}
	/* Who is at home and who is not is known by now: only listeners decide yet. */
	for (size_t i = 0; i < store->count; i++) {
		const struct estab_socket *sock = store_at(store, i);

		if (marks[i] || (plan->needs & NEED_DIRECTION && ends_listening(sock)))
			*store_at(store, kept++) = *sock;
	}
	ends_free(&ends);
	store->count = kept;
	return 0;
}
