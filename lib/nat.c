/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "nat.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "filter-code.h"
#include "source.h"
#include "util.h"

enum { HOPS_MAX = 8 };

const struct nat *nat_of(const struct estab_socket *sock)
{
	size_t length;

	return ext_get(sock->ext, EXT_NAT, &length);
}

/* ---- the connection table ---- */

static int read_rows(struct env *env, const struct source *source, struct source_cursor *cursor,
		     struct nat_table *table)
{
	struct row row = { 0 };
	int r = ext_builder_init(&row.ext, env);

	while (r == 0) {
		r = env_check(env);
		if (r == 0)
			r = source->next(cursor, &row);
		if (r == 0)
			r = nat_table_add(table, &row.sock);
	}
	ext_builder_free(&row.ext);
	return r == 1 ? 0 : r;
}

/* Through the first source that can. -ENOENT: there is no such table, so nothing is translated here. */
static int read_table(struct env *env, struct estab_result *result, struct nat_table *table)
{
	static const struct source *const sources[] = { &source_ctnetlink, &source_ct_text };
	const struct source_job job = {
		.proto = ROW_FLOW,
		.table = row_word(ROW_FLOW),
		.families = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
		.states = STATES_NONE,
	};
	int error = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct source_cursor *cursor;
		int r = sources[i]->open(env, &job, result, &cursor);

		if (r == 0) {
			r = read_rows(env, sources[i], cursor, table);
			sources[i]->close(cursor);
			return r;
		}
		if (r == -ENOMEM || r == -ECANCELED)
			return r;
		if (error == -ENOENT)
			error = r;
	}
	return error == -EOPNOTSUPP ? -ENOENT : error;
}

/* ---- one socket ---- */

static uint8_t l4proto_of(const struct estab_socket *sock)
{
	switch (sock->proto) {
	case ESTAB_PROTO_TCP:
		return IPPROTO_TCP;
	case ESTAB_PROTO_UDP:
		return IPPROTO_UDP;
	case ESTAB_PROTO_UDPLITE:
		return IPPROTO_UDPLITE;
	case ESTAB_PROTO_ICMP:
		return sock->family == ESTAB_FAMILY_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	default:
		return 0;
	}
}

/* The socket's ends as a flow has them: what is IPv4 in IPv6 is IPv4 there. */
static bool way_of(const struct estab_socket *sock, struct flow_tuple *tuple,
		   struct nat_way *ret_way)
{
	bool inet6 = sock->family == ESTAB_FAMILY_INET6;
	bool mapped = inet6 && is_mapped(sock->inet.local) && is_mapped(sock->inet.peer);
	size_t from = mapped ? 12 : 0;
	size_t length = inet6 && !mapped ? 16 : 4;
	static const uint8_t none[16];

	*tuple = (struct flow_tuple){ .src_port = sock->local_port, .dst_port = sock->peer_port };
	memcpy(tuple->src, sock->inet.local + from, length);
	memcpy(tuple->dst, sock->inet.peer + from, length);
	*ret_way = (struct nat_way){
		.tuple = tuple,
		.l4proto = l4proto_of(sock),
		.inet6 = inet6 && !mapped,
		.tcp_state = sock->proto == ESTAB_PROTO_TCP ? sock->state : 0,
	};
	return ret_way->l4proto != 0 && memcmp(tuple->dst, none, sizeof(none)) != 0;
}

/*
 * Goes from one flow to the next: what leaves one by its other tuple enters another by its own. Returns
 * whether there was any.
 */
static bool follow(const struct nat_table *table, enum flow_dir dir, struct nat_way way,
		   struct nat *nat)
{
	struct flow_tuple at = *way.tuple;

	nat->hops = 0;
	while (nat->hops < HOPS_MAX) {
		const struct nat_flow *flow = nat_table_find(table, dir, &way, &nat->ambiguous);
		const struct flow_tuple *other;

		if (!flow)
			break;
		if (nat->hops++ == 0)
			memcpy(nat->tuples, flow->tuples, sizeof(nat->tuples));
		other = &flow->tuples[!dir];
		at = (struct flow_tuple){ .src_port = other->dst_port,
					  .dst_port = other->src_port };
		memcpy(at.src, other->dst, sizeof(at.src));
		memcpy(at.dst, other->src, sizeof(at.dst));
		way.tuple = &at;
	}
	if (nat->hops == 0)
		return false;
	memcpy(nat->peer, at.dst, sizeof(nat->peer));
	memcpy(nat->self, at.src, sizeof(nat->self));
	nat->peer_port = at.dst_port;
	nat->self_port = at.src_port;
	nat->dir = (uint8_t)dir;
	nat->inet6 = way.inet6;
	return true;
}

static int join_socket(struct store *store, const struct nat_table *table,
		       struct estab_socket *sock)
{
	struct nat nat = { 0 };
	struct flow_tuple tuple;
	struct nat_way way;

	if (!record_is_inet(sock) || !way_of(sock, &tuple, &way))
		return 0;
	if (!follow(table, FLOW_ORIG, way, &nat) && !follow(table, FLOW_REPLY, way, &nat))
		return 0;
	return store_put(store, sock, EXT_NAT, &nat, sizeof(nat));
}

int nat_join(struct store *store, struct estab_result *result)
{
	struct nat_table table = { 0 };
	int r = read_table(store->env, result, &table);

	if (r == 0)
		r = nat_table_index(&table);
	for (size_t i = 0; r == 0 && table.count > 0 && i < store->count; i++)
		r = join_socket(store, &table, store_at(store, i));
	nat_table_free(&table);
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
		bool forbidden = r == -EPERM || r == -EACCES;

		result_add_loss(result, "nat",
				forbidden     ? "permission"
				: r == -ETIME ? "deadline"
					      : "unavailable",
				NULL, 1);
		return 0;
	}
	return r;
}
