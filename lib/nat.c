/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "nat.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "conntrack.h"
#include "filter-code.h"
#include "netns-list.h"
#include "reader.h"
#include "source.h"
#include "util.h"

enum { HOPS_MAX = 8 };

struct nat_join {
	struct nat_table table;
	nat_hop_fn *hop; /* NULL: nobody asks */
	void *hop_arg;
};

const struct nat *nat_of(const struct estab_socket *sock)
{
	size_t length;

	return ext_get(sock->ext, EXT_NAT, &length);
}

/* ---- the connection tables ---- */

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

/* That of the namespace at hand, through the first source that can. -ENOENT: there is none, so nothing is
 * translated there. */
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

/* One of many. That its addresses can't be had makes no difference worth telling. */
static int read_netns(struct env *env, size_t index, struct estab_result *result,
		      struct nat_table *table)
{
	const struct netns_item *item = &env->namespaces->items[index];
	int r;

	result_set_netns(result, item->inode, item->name);
	r = env_check(env);
	if (r == 0)
		r = netns_list_enter(env, index);
	if (r < 0 || conntrack_setting(env, "nf_conntrack_count") == 0)
		return r == -ESTALE ? 0 : r;
	r = netaddrs_note(env, result);
	if (r == 0)
		r = read_table(env, result, table);
	return r == -ENOENT ? 0 : r;
}

/*
 * Of every namespace that can be reached: a container's connections are translated in another one than its
 * own. Where not even ours may be read, of the others nothing needs to be said.
 */
static int read_tables(struct env *env, struct estab_result *result, struct nat_table *table)
{
	int own = 0;

	if (!env->namespaces)
		return read_table(env, result, table);
	netns_list_leave(env);
	for (size_t i = 0; i < env->namespaces->n; i++) {
		int r = read_netns(env, i, result, table);

		if (r == -ENOMEM || r == -ECANCELED)
			return r;
		if (i == 0)
			own = r;
		else if (r < 0 && own == 0)
			result_add_loss(result, "nat", reader_loss_reason(r), NULL, 1);
		if (r == -ETIME)
			break;
	}
	result_leave_netns(result);
	netns_list_leave(env);
	return own;
}

/* ---- one socket ---- */

static bool is_none(const uint8_t addr[16])
{
	static const uint8_t none[16];

	return memcmp(addr, none, sizeof(none)) == 0;
}

static uint8_t l4proto_of(const struct estab_socket *sock)
{
	uint8_t raw = 0;

	switch (sock->proto) {
	case ESTAB_PROTO_TCP:
		return IPPROTO_TCP;
	case ESTAB_PROTO_UDP:
		return IPPROTO_UDP;
	case ESTAB_PROTO_UDPLITE:
		return IPPROTO_UDPLITE;
	case ESTAB_PROTO_ICMP:
		return sock->family == ESTAB_FAMILY_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case ESTAB_PROTO_RAW:
		ext_read(sock->ext, EXT_PROTOCOL, &raw, sizeof(raw));
		return raw;
	default:
		return 0;
	}
}

bool nat_way_of(const struct estab_socket *sock, struct flow_tuple *tuple, struct nat_way *ret_way)
{
	bool inet6 = sock->family == ESTAB_FAMILY_INET6;
	bool mapped = inet6 && is_mapped(sock->inet.local) &&
		      (is_mapped(sock->inet.peer) || is_none(sock->inet.peer));
	size_t from = mapped ? 12 : 0;
	size_t length = inet6 && !mapped ? 16 : 4;

	*tuple = (struct flow_tuple){ .src_port = sock->local_port, .dst_port = sock->peer_port };
	memcpy(tuple->src, sock->inet.local + from, length);
	memcpy(tuple->dst, sock->inet.peer + from, length);
	/* A ping socket's port is its identifier, and its peer's is nothing. */
	if (sock->proto == ESTAB_PROTO_ICMP || sock->proto == ESTAB_PROTO_RAW)
		tuple->dst_port = 0;
	if (sock->proto == ESTAB_PROTO_RAW)
		tuple->src_port = 0;
	*ret_way = (struct nat_way){
		.tuple = tuple,
		.netns = sock->has & HAS_NETNS ? sock->netns : 0,
		.l4proto = l4proto_of(sock),
		.inet6 = inet6 && !mapped,
		.tcp_state = sock->proto == ESTAB_PROTO_TCP ? sock->state : 0,
	};
	return ret_way->l4proto != 0;
}

static const struct nat_flow *find_first(const struct nat_table *table, enum flow_dir dir,
					 const struct nat_way *way, bool *ret_ambiguous)
{
	if (!is_none(way->tuple->dst))
		return nat_table_find(table, dir, way, ret_ambiguous);
	if (dir == FLOW_ORIG && (way->l4proto == IPPROTO_ICMP || way->l4proto == IPPROTO_ICMPV6))
		return nat_table_find_ping(table, way, ret_ambiguous);
	return NULL;
}

/* As the packets are behind the flow. */
static void pass(const struct nat_flow *flow, enum flow_dir dir, struct nat_way *way,
		 struct flow_tuple *at)
{
	const struct flow_tuple *other = &flow->tuples[!dir];

	*at = (struct flow_tuple){ .src_port = other->dst_port, .dst_port = other->src_port };
	memcpy(at->src, other->dst, sizeof(at->src));
	memcpy(at->dst, other->src, sizeof(at->dst));
	way->tuple = at;
	way->netns = flow->netns;
}

/*
 * Goes from one flow to the next: what leaves one by its other tuple enters another by its own. 1: there was
 * one; 0: there was none; or what the hop's function said.
 */
static int follow(const struct nat_join *join, enum flow_dir dir, struct nat_way way,
		  const struct estab_socket *sock, struct nat *nat)
{
	const struct nat_flow *flow = find_first(&join->table, dir, &way, &nat->ambiguous);
	struct flow_tuple at;
	int r = 0;

	if (!flow)
		return 0;
	memcpy(nat->tuples, flow->tuples, sizeof(nat->tuples));
	nat->netns = flow->netns;
	for (nat->hops = 0; r == 0 && flow && nat->hops < HOPS_MAX; nat->hops++) {
		pass(flow, dir, &way, &at);
		if (join->hop)
			r = join->hop(join->hop_arg, sock, &way);
		flow = nat_table_find(&join->table, dir, &way, &nat->ambiguous);
	}
	memcpy(nat->peer, at.dst, sizeof(nat->peer));
	memcpy(nat->self, at.src, sizeof(nat->self));
	nat->peer_port = at.dst_port;
	nat->self_port = at.src_port;
	nat->dir = (uint8_t)dir;
	nat->inet6 = way.inet6;
	return r < 0 ? r : 1;
}

static int join_socket(struct store *store, const struct nat_join *join, struct estab_socket *sock)
{
	struct nat nat = { 0 };
	struct flow_tuple tuple;
	struct nat_way way;
	int r;

	/* What a raw socket sends has identifiers that only it knows. */
	if (!record_is_inet(sock) || sock->proto == ESTAB_PROTO_RAW ||
	    !nat_way_of(sock, &tuple, &way))
		return 0;
	r = follow(join, FLOW_ORIG, way, sock, &nat);
	if (r == 0)
		r = follow(join, FLOW_REPLY, way, sock, &nat);
	return r == 1 ? store_put(store, sock, EXT_NAT, &nat, sizeof(nat)) : r;
}

int nat_join(struct store *store, nat_hop_fn *hop, void *hop_arg, struct estab_result *result)
{
	struct nat_join join = { .hop = hop, .hop_arg = hop_arg };
	int r = read_tables(store->env, result, &join.table);

	join.table.netaddrs = &store->env->netaddrs;
	if (r == -ENOENT)
		r = 0;
	/* What was read before the deadline, or elsewhere, is true. */
	if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
		result_add_loss(result, "nat", reader_loss_reason(r), NULL, 1);
		r = 0;
	}
	if (r == 0)
		r = nat_table_index(&join.table);
	for (size_t i = 0; r == 0 && join.table.count > 0 && i < store->count; i++)
		r = join_socket(store, &join, store_at(store, i));
	nat_table_free(&join.table);
	return r;
}
