/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "text.h"
#include "util.h"

enum { STATUS_TEXT = 256 };

const struct flow *flow_of(const struct estab_socket *sock)
{
	size_t length;

	/* Its length is ours. */
	return ext_get(sock->ext, EXT_FLOW, &length);
}

int flow_put_time(struct row *row, enum ext_kind kind, uint64_t ns)
{
	char text[TEXT_TIME];

	return text_time(ns / 1000, text) ? row_put(row, kind, text, strlen(text)) : 0;
}

uint64_t flow_tuple_hash(const struct flow_tuple *tuple, uint8_t l4proto)
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

bool flow_tuple_same(const struct flow_tuple *a, const struct flow_tuple *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port &&
	       memcmp(a->src, b->src, sizeof(a->src)) == 0 &&
	       memcmp(a->dst, b->dst, sizeof(a->dst)) == 0;
}

/* What tells one flow from every other, of all namespaces: its original tuple, the protocol and the zone. Two of
 * two directions' zones may have the same. */
static uint64_t identity(const struct flow *flow, uint32_t netns)
{
	const struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];
	uint64_t words[4];
	uint64_t hash = hash64((uint64_t)flow->l4proto << 32 | (uint32_t)flow->zone << 16 |
			       (uint64_t)orig->zone | (uint64_t)orig->icmp_id << 40);

	memcpy(words, orig->src, sizeof(orig->src));
	memcpy(words + 2, orig->dst, sizeof(orig->dst));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		hash = hash64(hash ^ words[i]);
	hash ^= (uint64_t)orig->src_port << 48 | (uint64_t)orig->dst_port << 32 |
		(uint64_t)orig->icmp_type << 8 | orig->icmp_code;
	return hash64(hash ^ (uint64_t)netns << 16);
}

static int put_extras(const struct flow_reading *reading, const struct flow *flow, struct row *row)
{
	char buffer[STATUS_TEXT];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };
	int r = 0;

	if (reading->needs & NEED_FLOW_STATUS) {
		flow_put_status(flow, UINT32_MAX, &text);
		r = row_put(row, EXT_FLOW_STATUS, buffer, MIN(text.length, sizeof(buffer)));
	}
	if (r == 0 && reading->needs & NEED_FLOW_TIMES && flow->has & FLOW_HAS_START)
		r = flow_put_time(row, EXT_FLOW_START, flow->start_ns);
	if (r == 0 && reading->needs & NEED_FLOW_TIMES && flow->has & FLOW_HAS_STOP)
		r = flow_put_time(row, EXT_FLOW_STOP, flow->stop_ns);
	if (r == 0 && reading->needs & NEED_FLOW_EVENT_TIME && reading->events)
		r = flow_put_time(row, EXT_FLOW_TIME, reading->now_ns);
	return r;
}

int flow_fill(const struct flow_reading *reading, enum estab_family family, const struct flow *flow,
	      struct row *row)
{
	const struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];
	struct flow whole = *flow;
	struct estab_socket *sock = &row->sock;
	uint64_t until = flow->has & FLOW_HAS_STOP ? flow->stop_ns : reading->now_ns;
	int r;

	if (flow->has & FLOW_HAS_START && until >= flow->start_ns) {
		whole.duration_s = (uint32_t)((until - flow->start_ns) / 1000000000);
		whole.has |= FLOW_HAS_DURATION;
	}
	row_reset(row, ROW_FLOW, family);
	memcpy(sock->inet.local, orig->src, sizeof(orig->src));
	memcpy(sock->inet.peer, orig->dst, sizeof(orig->dst));
	sock->local_port = orig->src_port;
	sock->peer_port = orig->dst_port;
	sock->cookie = identity(flow, reading->netns);
	sock->has = HAS_COOKIE;
	if (reading->netns != 0) {
		sock->netns = reading->netns;
		sock->has |= HAS_NETNS;
	}
	/* The first entry is found at once. */
	r = row_put(row, EXT_FLOW, &whole, sizeof(whole));
	return r == 0 ? put_extras(reading, flow, row) : r;
}

/* enum tcp_conntrack. */
enum {
	CT_SYN_SENT = 1,
	CT_SYN_RECV = 2,
	CT_ESTABLISHED = 3,
	CT_TIME_WAIT = 7,
	CT_SYN_SENT2 = 9,
};

bool flow_fits_state(uint8_t l4proto, unsigned int state, uint8_t tcp_state)
{
	if (l4proto != IPPROTO_TCP || state == FLOW_ANY_STATE)
		return true;
	switch (tcp_state) {
	case ESTAB_STATE_ESTABLISHED:
	case ESTAB_STATE_CLOSE_WAIT:
		return state >= CT_SYN_RECV && state < CT_TIME_WAIT;
	case ESTAB_STATE_SYN_SENT:
		return state == CT_SYN_SENT || state == CT_SYN_RECV || state == CT_SYN_SENT2 ||
		       state == CT_ESTABLISHED;
	default:
		return true;
	}
}
