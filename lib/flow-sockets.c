/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow-sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "flow.h"
#include "nat.h"
#include "reader.h"
#include "source.h"
#include "store.h"
#include "util.h"

/* Those that the connection table may have flows of. */
#define PROTOS                                                                          \
	(BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE) | \
	 BIT64(ESTAB_PROTO_RAW) | BIT64(ESTAB_PROTO_ICMP))

struct flow_sockets {
	struct env *env; /* of the sockets; owned reference */
	struct store store;
	struct socket_index index;
	struct netaddr_set at_home; /* all addresses of this host that mean something beyond it */
};

int flow_sockets_new(struct env *env, const struct estab_query *query,
		     struct flow_sockets **ret_sockets)
{
	bool capture = query->ctx->capture;
	bool all = query->all_netns || (query->ctx->flags & ESTAB_CTX_ENTER_NETNS && !capture);
	const char *text = source_procfs.name;
	struct estab_query of_sockets = {
		.ctx = query->ctx,
		.subject = subject_find(ESTAB_SUBJECT_SOCKETS),
		.protos = PROTOS,
		.families = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
		.types = UINT32_MAX,
		.states = ESTAB_STATES_ALL,
		.source = query->source && strcmp(query->source, text) == 0 ? text : NULL,
		.deadline_ms = query->deadline_ms,
		.fields_set = true,
		.netns = all ? NULL : query->netns,
		.all_netns = all,
		.more_needs = (env->plan.socket_needs & ~NEED_ENDS) | NEED_ADDRESSES,
	};
	struct flow_sockets *sockets = calloc(1, sizeof(*sockets));
	int r = sockets ? env_new(query->ctx, &of_sockets, &sockets->env) : -ENOMEM;

	if (r < 0) {
		free(sockets);
		return r;
	}
	sockets->env->outer = env;
	store_init(&sockets->store, sockets->env);
	*ret_sockets = sockets;
	return 0;
}

struct flow_sockets *flow_sockets_free(struct flow_sockets *sockets)
{
	if (!sockets)
		return NULL;
	socket_index_free(&sockets->index);
	free(sockets->at_home.addrs);
	store_free(&sockets->store);
	env_unref(sockets->env);
	free(sockets);
	return NULL;
}

/* ---- reading ---- */

/* Every namespace has a loopback, and link-local addresses that others may have as well. */
static bool is_of_host(const uint8_t addr[16])
{
	struct in6_addr in6;

	memcpy(&in6, addr, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return addr[12] != IN_LOOPBACKNET;
	return !IN6_IS_ADDR_LOOPBACK(&in6) && !IN6_IS_ADDR_LINKLOCAL(&in6);
}

static int gather_addresses(struct flow_sockets *sockets)
{
	const struct netaddrs *netaddrs = &sockets->env->netaddrs;
	int r = 0;

	for (size_t i = 0; i < netaddrs->n; i++) {
		const struct netaddr_set *set = &netaddrs->sets[i];

		for (size_t j = 0; r == 0 && j < set->n; j++)
			if (is_of_host(set->addrs[j]))
				r = netaddr_set_add(&sockets->at_home, set->addrs[j],
						    sizeof(set->addrs[j]));
	}
	netaddr_set_sort(&sockets->at_home);
	sockets->at_home.known = true;
	return r;
}

static int add_alias(void *arg, const struct estab_socket *sock, const struct nat_way *way)
{
	return socket_index_alias(arg, sock, way);
}

static int read_sockets(struct flow_sockets *sockets, struct estab_result *result)
{
	struct reader reader;
	int r = reader_open(&reader, sockets->env, result);

	if (r == 0)
		r = store_collect(&sockets->store, &reader, result);
	sockets->index.store = &sockets->store;
	sockets->index.netaddrs = &sockets->env->netaddrs;
	if (r == 0)
		r = socket_index_fill(&sockets->index);
	if (r == 0)
		r = nat_join(&sockets->store, add_alias, &sockets->index, result);
	if (r == 0)
		r = socket_index_finish(&sockets->index);
	if (r == 0)
		r = gather_addresses(sockets);
	reader_close(&reader);
	return r;
}

int flow_sockets_read(struct flow_sockets *sockets, struct estab_result *result)
{
	bool all_netns = result->all_netns;
	bool exact = result->exact;
	size_t n_losses = result->n_losses;
	int r = read_sockets(sockets, result);

	result->all_netns = all_netns;
	result->exact = exact;
	/* Flows can be told without; which tables can't be read is told by now. */
	if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
		if (result->n_losses == n_losses)
			result_add_loss(result, "sockets", r == -ETIME ? "deadline" : "unavailable",
					NULL, 1);
		r = sockets->index.heads ? 0 : socket_index_finish(&sockets->index);
	}
	return r;
}

/* ---- one flow ---- */

/* An end of a flow, as a socket there has it. */
struct end {
	struct flow_tuple tuple;
	struct nat_way way;
	const struct estab_socket *sock; /* NULL: none known */
	bool here;                       /* on this host */
	bool ambiguous;
};

static uint32_t netns_of(const struct estab_socket *row)
{
	return row->has & HAS_NETNS ? row->netns : 0;
}

static bool is_at_home(const struct flow_sockets *sockets, const uint8_t addr[16], bool inet6)
{
	uint8_t spread[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(inet6 ? spread : spread + 12, addr, inet6 ? 16 : 4);
	return netaddr_set_has(&sockets->at_home, spread);
}

/* Who began it has the original tuple as its own; who answers has that of the reply. sent_here: it is known that it
 * began on this host. */
static void find_end(const struct flow_sockets *sockets, const struct estab_socket *row,
		     enum flow_dir dir, bool sent_here, struct end *end)
{
	const struct netaddrs *netaddrs = &row->ext->env->netaddrs;
	const struct flow *flow = flow_of(row);
	uint32_t netns = netns_of(row);
	bool inet6 = row->family == ESTAB_FAMILY_INET6;
	struct socket_end wanted = {
		.way = &end->way,
		.ct_state = flow->has & FLOW_HAS_STATE ? flow->state : FLOW_ANY_STATE,
	};
	bool own;

	end->tuple = flow->tuples[dir];
	/* Nobody answers echoes but the kernel. */
	if (end->tuple.has & TUPLE_HAS_ICMP)
		end->tuple.src_port = dir == FLOW_ORIG ? end->tuple.icmp_id : 0;
	end->way = (struct nat_way){
		.tuple = &end->tuple,
		.netns = netns,
		.l4proto = flow->l4proto,
		.inet6 = inet6,
	};
	own = netaddrs_own(netaddrs, netns, end->tuple.src, inet6);
	/* What went out to many is nobody's here, though some may listen. */
	wanted.may_be_here =
		own || (!sent_here && netaddrs_is_for_many(netaddrs, netns, end->tuple.src, inet6));
	wanted.may_be_elsewhere = !own;
	if (dir == FLOW_ORIG || !(end->tuple.has & TUPLE_HAS_ICMP))
		end->sock = socket_index_find(&sockets->index, &wanted, &end->ambiguous);
	end->here = end->sock || own || is_at_home(sockets, end->tuple.src, inet6);
}

static enum direction direction_of_flow(const struct estab_socket *row, const struct end *client,
					const struct end *server)
{
	const struct netaddrs *netaddrs = &row->ext->env->netaddrs;
	const struct netaddr_set *set = netaddrs_find(netaddrs, netns_of(row));
	bool inet6 = row->family == ESTAB_FAMILY_INET6;

	if (client->here)
		return server->here ? DIRECTION_LOCAL : DIRECTION_OUT;
	if (server->here || netaddrs_is_for_many(netaddrs, netns_of(row), server->tuple.src, inet6))
		return DIRECTION_IN;
	return set && set->known ? DIRECTION_FORWARD : DIRECTION_UNDECIDED;
}

static struct other_end other_end_of(const struct estab_socket *sock)
{
	return (struct other_end){
		.cookie = sock->cookie,
		.inode = sock->inode,
		.netns = sock->netns,
		.has = sock->has & (HAS_COOKIE | HAS_INODE | HAS_NETNS),
	};
}

static int put_sockets(struct row *row, const struct end *near, const struct end *far)
{
	const struct estab_socket *sock = near->sock;
	struct flow_socket own = { 0 };
	struct other_end other;
	int r;

	if (!sock)
		return 0;
	own.end = other_end_of(sock);
	own.state = sock->state;
	own.ambiguous = near->ambiguous;
	row->sock.owners = sock->owners;
	row->sock.no_owner = sock->no_owner;
	row->sock.has |= sock->has & OWNERS_INCOMPLETE;
	r = row_put(row, EXT_FLOW_SOCKET, &own, sizeof(own));
	if (r < 0 || !far->sock)
		return r;
	other = other_end_of(far->sock);
	other.owners = far->sock->owners;
	return row_put(row, EXT_PEER_SOCKET, &other, sizeof(other));
}

int flow_sockets_join(const struct flow_sockets *sockets, struct row *row)
{
	struct end client = { 0 };
	struct end server = { 0 };
	struct end none = { 0 };

	find_end(sockets, &row->sock, FLOW_ORIG, false, &client);
	find_end(sockets, &row->sock, FLOW_REPLY, client.here, &server);
	row->sock.direction = (uint8_t)direction_of_flow(&row->sock, &client, &server);
	if (sockets->env->plan.needs & NEED_OWNERS)
		row->sock.has |= OWNERS_LOOKED;
	if (client.sock)
		return put_sockets(row, &client, &server);
	return put_sockets(row, &server, &none);
}
