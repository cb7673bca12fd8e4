/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Flows that were translated, found by either of their tuples. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"
#include "util.h"

enum { FIRST_ROOM = 64 };

static bool is_icmp(const struct nat_flow *flow)
{
	return flow->tuples[FLOW_ORIG].has & TUPLE_HAS_ICMP;
}

/* ICMP has an identifier where others have a port: that of who asked. */
static void set_icmp_ports(struct nat_flow *flow)
{
	struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];
	struct flow_tuple *reply = &flow->tuples[FLOW_REPLY];

	if (!is_icmp(flow))
		return;
	orig->src_port = orig->icmp_id;
	reply->dst_port = reply->icmp_id;
}

/* Of ICMP, all that is known of a socket that is not connected. */
static uint64_t hash_ping(const struct flow_tuple *tuple, uint8_t l4proto)
{
	return hash64((uint64_t)l4proto << 16 | tuple->src_port);
}

static uint64_t hash_flow(const struct nat_flow *flow, unsigned int dir)
{
	if (dir == FLOW_REPLY && is_icmp(flow))
		return hash_ping(&flow->tuples[FLOW_ORIG], flow->l4proto);
	return flow_tuple_hash(&flow->tuples[dir], flow->l4proto);
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
		.start_ns = flow->has & FLOW_HAS_START ? flow->start_ns : 0,
		.netns = row->has & HAS_NETNS ? row->netns : 0,
		.zone = flow->zone,
		.l4proto = flow->l4proto,
		.state = flow->state,
		.has_state = flow->has & FLOW_HAS_STATE,
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
			uint32_t *head = &table->heads[dir][hash_flow(flow, dir) & table->mask];

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

/*
 * Addresses are unique within a namespace only. What another one translated came from elsewhere to it, and
 * went where its own did not have it.
 */
static bool may_have_passed(const struct nat_table *table, const struct nat_flow *flow,
			    enum flow_dir dir, const struct nat_way *way)
{
	const struct flow_tuple *tuple = &flow->tuples[dir];

	if (flow->netns == way->netns || flow->netns == 0 || way->netns == 0)
		return true;
	return !netaddrs_own(table->netaddrs, flow->netns, tuple->src, flow->inet6) &&
	       !netaddrs_own(table->netaddrs, way->netns, tuple->dst, flow->inet6);
}

/* What of several flows of one tuple is known by now. */
struct choice {
	const struct nat_flow *flow; /* NULL: none yet */
	bool ambiguous;
};

/*
 * Of two in other namespaces or zones each may be the connection's, where addresses overlap: most likely that
 * which began last, since an entry outlives its connection; else one in no zone.
 */
static bool is_likelier(const struct nat_flow *flow, const struct nat_flow *before)
{
	if (flow->start_ns != before->start_ns && flow->start_ns != 0 && before->start_ns != 0)
		return flow->start_ns > before->start_ns;
	return before->zone != 0 && flow->zone == 0;
}

static void choose(struct choice *choice, const struct nat_flow *flow, enum flow_dir dir,
		   const struct nat_way *way)
{
	const struct nat_flow *before = choice->flow;
	bool near = flow->netns == way->netns;

	/* What is translated where it comes from is so nowhere else. */
	if (!before || near != (before->netns == way->netns)) {
		if (!before || near)
			*choice = (struct choice){ .flow = flow };
		return;
	}
	choice->ambiguous |= !flow_tuple_same(&before->tuples[!dir], &flow->tuples[!dir]);
	if (is_likelier(flow, before))
		choice->flow = flow;
}

static uint32_t head_of(const struct nat_table *table, enum flow_dir dir, uint64_t hash)
{
	return table->count == 0 ? 0 : table->heads[dir][hash & table->mask];
}

const struct nat_flow *nat_table_find(const struct nat_table *table, enum flow_dir dir,
				      const struct nat_way *way, bool *ret_ambiguous)
{
	uint32_t at = head_of(table, dir, flow_tuple_hash(way->tuple, way->l4proto));
	struct choice choice = { 0 };

	for (; at != 0; at = table->flows[at - 1].next[dir]) {
		const struct nat_flow *flow = &table->flows[at - 1];

		if (flow->l4proto == way->l4proto && flow->inet6 == way->inet6 &&
		    flow_tuple_same(&flow->tuples[dir], way->tuple) &&
		    flow_fits_state(flow->l4proto, flow->has_state ? flow->state : FLOW_ANY_STATE,
				    way->tcp_state) &&
		    may_have_passed(table, flow, dir, way))
			choose(&choice, flow, dir, way);
	}
	*ret_ambiguous |= choice.ambiguous;
	return choice.flow;
}

/* Whether a socket that has that address, or any of its namespace's, can have sent it. */
static bool is_sent_from(const struct nat_table *table, const struct flow_tuple *orig,
			 const struct nat_way *way)
{
	static const uint8_t any[16];

	if (memcmp(way->tuple->src, any, sizeof(any)) != 0)
		return memcmp(way->tuple->src, orig->src, sizeof(any)) == 0;
	return way->netns == 0 || netaddrs_own(table->netaddrs, way->netns, orig->src, way->inet6);
}

const struct nat_flow *nat_table_find_ping(const struct nat_table *table, const struct nat_way *way,
					   bool *ret_ambiguous)
{
	uint32_t at = head_of(table, FLOW_REPLY, hash_ping(way->tuple, way->l4proto));
	struct choice choice = { 0 };

	for (; at != 0; at = table->flows[at - 1].next[FLOW_REPLY]) {
		const struct nat_flow *flow = &table->flows[at - 1];
		const struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];

		if (is_icmp(flow) && flow->l4proto == way->l4proto &&
		    orig->src_port == way->tuple->src_port && is_sent_from(table, orig, way) &&
		    may_have_passed(table, flow, FLOW_ORIG, way))
			choose(&choice, flow, FLOW_ORIG, way);
	}
	*ret_ambiguous |= choice.ambiguous;
	return choice.flow;
}
