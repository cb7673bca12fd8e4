/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "flow-sockets.h"
#include "nat.h"
#include "store.h"
#include "util.h"

enum { FIRST_ROOM = 64 };

/* By the socket's own tuple, or one that its packets have elsewhere. */
struct socket_entry {
	const struct estab_socket *sock;
	uint32_t next;  /* in its chain, plus one; 0: the last */
	uint32_t alias; /* the same; 0: its own */
};

struct socket_alias {
	struct flow_tuple tuple;
	uint32_t netns;
	bool inet6;
};

static const uint8_t any[16];

static int grow(void **array, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
	void *larger;

	if (count < *room)
		return 0;
	if (count >= UINT32_MAX)
		return -ENOMEM;
	larger = reallocarray(*array, more, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*room = more;
	return 0;
}

static int add_entry(struct socket_index *index, const struct estab_socket *sock, uint32_t alias)
{
	void *entries = index->entries;
	int r = grow(&entries, index->n_entries, &index->entries_room, sizeof(*index->entries));

	index->entries = entries;
	if (r == 0)
		index->entries[index->n_entries++] =
			(struct socket_entry){ .sock = sock, .alias = alias };
	return r;
}

int socket_index_alias(struct socket_index *index, const struct estab_socket *sock,
		       const struct nat_way *way)
{
	void *aliases = index->aliases;
	int r = grow(&aliases, index->n_aliases, &index->aliases_room, sizeof(*index->aliases));

	index->aliases = aliases;
	if (r < 0)
		return r;
	index->aliases[index->n_aliases++] = (struct socket_alias){
		.tuple = *way->tuple,
		.netns = way->netns,
		.inet6 = way->inet6,
	};
	return add_entry(index, sock, (uint32_t)index->n_aliases);
}

/* What takes from everyone takes a flow's packets, but no flow is a TCP listener's. */
static bool may_have_flows(const struct estab_socket *sock)
{
	return sock->proto != ESTAB_PROTO_TCP ||
	       (sock->state != ESTAB_STATE_LISTEN && sock->peer_port != 0);
}

int socket_index_fill(struct socket_index *index)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->store->count; i++)
		if (may_have_flows(store_at(index->store, i)))
			r = add_entry(index, store_at(index->store, i), 0);
	return r;
}

/* The tuple of an entry, and where that is so. */
static bool way_of_entry(const struct socket_index *index, const struct socket_entry *entry,
			 struct flow_tuple *tuple, struct nat_way *ret_way)
{
	bool found = nat_way_of(entry->sock, tuple, ret_way);

	if (found && entry->alias != 0) {
		const struct socket_alias *alias = &index->aliases[entry->alias - 1];

		ret_way->tuple = &alias->tuple;
		ret_way->netns = alias->netns;
		ret_way->inet6 = alias->inet6;
	}
	return found;
}

int socket_index_finish(struct socket_index *index)
{
	size_t size = FIRST_ROOM;

	while (size < index->n_entries * 2)
		size *= 2;
	index->heads = calloc(size, sizeof(*index->heads));
	if (!index->heads)
		return -ENOMEM;
	index->mask = size - 1;
	for (size_t i = 0; i < index->n_entries; i++) {
		struct socket_entry *entry = &index->entries[i];
		struct flow_tuple tuple;
		struct nat_way way;
		uint32_t *head;

		if (!way_of_entry(index, entry, &tuple, &way))
			continue;
		head = &index->heads[flow_tuple_hash(way.tuple, way.l4proto) & index->mask];
		entry->next = *head;
		*head = (uint32_t)i + 1;
	}
	return 0;
}

void socket_index_free(struct socket_index *index)
{
	free(index->entries);
	free(index->aliases);
	free(index->heads);
	*index = (struct socket_index){ 0 };
}

/* ---- looking up ---- */

/* What is looked for, and what was found of it so far. */
struct search {
	const struct socket_index *index;
	const struct socket_end *end;
	struct flow_tuple key;
	bool wildcard; /* the key has no destination: the socket takes from everyone */
	bool near;     /* what was found is of the flow's namespace */
	bool ambiguous;
	const struct estab_socket *found;
};

/* An IPv6 socket of any address has IPv4, too, unless it refuses. */
static bool takes_family(const struct search *search, const struct estab_socket *sock,
			 const struct nat_way *way)
{
	uint8_t v6only = 0;

	if (way->inet6 == search->end->way->inet6)
		return true;
	if (!way->inet6 || !search->wildcard || memcmp(way->tuple->src, any, sizeof(any)) != 0)
		return false;
	ext_read(sock->ext, EXT_V6ONLY, &v6only, sizeof(v6only));
	return !v6only;
}

/* Whether a socket of that namespace may be the flow's, and whether that is the flow's own. */
static bool may_be_there(const struct search *search, const struct nat_way *way, bool *ret_near)
{
	const struct nat_way *flow = search->end->way;

	*ret_near = way->netns == flow->netns || way->netns == 0 || flow->netns == 0;
	/* What is bound to the very address has it. */
	if (*ret_near)
		return !search->wildcard || search->end->may_be_here ||
		       memcmp(search->key.src, any, sizeof(any)) != 0;
	if (!search->end->may_be_elsewhere)
		return false;
	return !search->wildcard ||
	       netaddrs_own(search->index->netaddrs, way->netns, flow->tuple->src, flow->inet6);
}

static void consider(struct search *search, const struct socket_entry *entry)
{
	struct flow_tuple tuple;
	struct nat_way way;
	bool near;

	if (!way_of_entry(search->index, entry, &tuple, &way) ||
	    way.l4proto != search->end->way->l4proto || !flow_tuple_same(way.tuple, &search->key) ||
	    !takes_family(search, entry->sock, &way) ||
	    !flow_fits_state(way.l4proto, search->end->ct_state, way.tcp_state) ||
	    !may_be_there(search, &way, &near))
		return;
	if (!search->found || (near && !search->near)) {
		search->found = entry->sock;
		search->near = near;
		search->ambiguous = false;
	} else if (near == search->near && entry->sock != search->found) {
		search->ambiguous = true;
	}
}

static bool look_up(struct search *search)
{
	const struct socket_index *index = search->index;
	uint64_t hash = flow_tuple_hash(&search->key, search->end->way->l4proto);

	/* Of a thousand sockets that share a port, two say as much as all. */
	for (uint32_t at = index->heads[hash & index->mask];
	     at != 0 && !(search->ambiguous && search->near); at = index->entries[at - 1].next)
		consider(search, &index->entries[at - 1]);
	return search->found != NULL;
}

/* The same without what a less certain socket does not know. */
static bool look_up_less(struct search *search, bool ports, bool destination, bool source)
{
	const struct flow_tuple *tuple = search->end->way->tuple;

	search->key = (struct flow_tuple){ .src_port = ports ? tuple->src_port : 0 };
	search->wildcard = !destination;
	if (destination)
		memcpy(search->key.dst, tuple->dst, sizeof(tuple->dst));
	if (source)
		memcpy(search->key.src, tuple->src, sizeof(tuple->src));
	return look_up(search);
}

static bool has_ports(uint8_t l4proto)
{
	return l4proto == IPPROTO_UDP || l4proto == IPPROTO_UDPLITE || l4proto == IPPROTO_ICMP ||
	       l4proto == IPPROTO_ICMPV6;
}

/* A raw socket has its protocol, and no ports. */
static bool look_up_raw(struct search *search)
{
	return look_up_less(search, false, true, true) ||
	       look_up_less(search, false, false, true) ||
	       look_up_less(search, false, false, false);
}

const struct estab_socket *socket_index_find(const struct socket_index *index,
					     const struct socket_end *end, bool *ret_ambiguous)
{
	uint8_t l4proto = end->way->l4proto;
	struct search search = { .index = index, .end = end, .key = *end->way->tuple };
	bool found = look_up(&search);

	if (!found && has_ports(l4proto))
		found = look_up_less(&search, true, false, true) ||
			look_up_less(&search, true, false, false);
	if (!found && l4proto != IPPROTO_TCP && l4proto != IPPROTO_UDP &&
	    l4proto != IPPROTO_UDPLITE)
		look_up_raw(&search);
	*ret_ambiguous = search.ambiguous;
	return search.found;
}
