/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Flows that were translated, found by either of their tuples. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"
#include "util.h"

enum { FIRST_ROOM = 64 };

static uint64_t hash_tuple(const struct flow_tuple *tuple, uint8_t l4proto)
{
	uint64_t hash =
		hash64((uint64_t)l4proto << 32 | (uint32_t)tuple->src_port << 16 | tuple->dst_port);
	uint64_t words[4];

	memcpy(words, tuple->src, sizeof(tuple->src));
	memcpy(words + 2, tuple->dst, sizeof(tuple->dst));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		hash = hash64(hash ^ words[i]);
	return hash;
}

/* ICMP has an identifier where others have a port: that of who asked. */
static void set_icmp_ports(struct nat_flow *flow)
{
	struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];
	struct flow_tuple *reply = &flow->tuples[FLOW_REPLY];

	if (!(orig->has & TUPLE_HAS_ICMP))
		return;
	orig->src_port = orig->icmp_id;
	reply->dst_port = reply->icmp_id;
}

int nat_table_add(struct nat_table *table, const struct estab_socket *row)
{
	const struct flow *flow = flow_of(row);
	struct nat_flow *added;

	if (!flow || !flow_nat_word(flow))
		return 0;
	if (table->count == table->room) {
		size_t room = table->room == 0 ? FIRST_ROOM : table->room * 2;
		struct nat_flow *flows = realloc(table->flows, room * sizeof(*flows));

		if (!flows)
			return -ENOMEM;
		table->flows = flows;
		table->room = room;
	}
	added = &table->flows[table->count++];
	*added = (struct nat_flow){
		.zone = flow->zone,
		.l4proto = flow->l4proto,
		.state = flow->state,
		.has_state = flow->has & FLOW_HAS_STATE,
		.replied = flow->status & FLOW_SEEN_REPLY,
		.inet6 = row->family == ESTAB_FAMILY_INET6,
	};
	memcpy(added->tuples, flow->tuples, sizeof(added->tuples));
	set_icmp_ports(added);
	return 0;
}

int nat_table_index(struct nat_table *table)
{
	size_t size = FIRST_ROOM;

	while (size < table->count * 2)
		size *= 2;
	table->mask = size - 1;
	for (unsigned int dir = 0; dir < FLOW_DIRS; dir++) {
		table->heads[dir] = calloc(size, sizeof(*table->heads[dir]));
		if (!table->heads[dir])
			return -ENOMEM;
		for (size_t i = 0; i < table->count; i++) {
			struct nat_flow *flow = &table->flows[i];
			uint32_t *head =
				&table->heads[dir][hash_tuple(&flow->tuples[dir], flow->l4proto) &
						   table->mask];

			flow->next[dir] = *head;
			*head = (uint32_t)i + 1;
		}
	}
	return 0;
}

void nat_table_free(struct nat_table *table)
{
	free(table->heads[FLOW_ORIG]);
	free(table->heads[FLOW_REPLY]);
	free(table->flows);
	*table = (struct nat_table){ 0 };
}

static bool same_tuple(const struct flow_tuple *a, const struct flow_tuple *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port &&
	       memcmp(a->src, b->src, sizeof(a->src)) == 0 &&
	       memcmp(a->dst, b->dst, sizeof(a->dst)) == 0;
}

/* enum tcp_conntrack. */
enum {
	CT_SYN_SENT = 1,
	CT_SYN_RECV = 2,
	CT_ESTABLISHED = 3,
	CT_TIME_WAIT = 7,
	CT_CLOSE = 8,
	CT_SYN_SENT2 = 9
};

/*
 * An entry outlives its connection, and the tuple may be used again: a socket that has a connection, and
 * a flow that has none yet or any more, are not of one.
 */
static bool is_believed(const struct nat_flow *flow, uint8_t tcp_state)
{
	if (flow->l4proto != IPPROTO_TCP || !flow->has_state)
		return true;
	switch (tcp_state) {
	case ESTAB_STATE_ESTABLISHED:
	case ESTAB_STATE_CLOSE_WAIT:
		return flow->state >= CT_SYN_RECV && flow->state < CT_TIME_WAIT;
	case ESTAB_STATE_SYN_SENT:
		return flow->state == CT_SYN_SENT || flow->state == CT_SYN_RECV ||
		       flow->state == CT_SYN_SENT2 || flow->state == CT_ESTABLISHED;
	default:
		return true;
	}
}

const struct nat_flow *nat_table_find(const struct nat_table *table, enum flow_dir dir,
				      const struct nat_way *way, bool *ret_ambiguous)
{
	const struct nat_flow *found = NULL;
	uint32_t at =
		table->count == 0
			? 0
			: table->heads[dir][hash_tuple(way->tuple, way->l4proto) & table->mask];

	for (; at != 0; at = table->flows[at - 1].next[dir]) {
		const struct nat_flow *flow = &table->flows[at - 1];

		if (flow->l4proto != way->l4proto || flow->inet6 != way->inet6 ||
		    !same_tuple(&flow->tuples[dir], way->tuple) ||
		    !is_believed(flow, way->tcp_state))
			continue;
		if (found && !same_tuple(&found->tuples[!dir], &flow->tuples[!dir]))
			*ret_ambiguous = true;
		if (!found || (found->zone != 0 && flow->zone == 0))
			found = flow;
	}
	return found;
}
