/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow.h"

#include <string.h>
#include <time.h>

#include "plan.h"
#include "text.h"
#include "util.h"

enum { STATUS_TEXT = 256, TIME_TEXT = 40 };

const struct flow *flow_of(const struct estab_socket *sock)
{
	size_t length;

	/* Its length is ours. */
	return ext_get(sock->ext, EXT_FLOW, &length);
}

/* A number of a fixed width. */
static void put_digits(struct text *text, uint64_t number, unsigned int width)
{
	uint64_t unit = 1;

	while (--width > 0)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		text_char(text, (char)('0' + number / unit % 10));
}

int flow_put_time(struct row *row, enum ext_kind kind, uint64_t ns)
{
	char buffer[TIME_TEXT];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return 0;
	put_digits(&text, (uint64_t)tm.tm_year + 1900, 4);
	text_char(&text, '-');
	put_digits(&text, (uint64_t)tm.tm_mon + 1, 2);
	text_char(&text, '-');
	put_digits(&text, (uint64_t)tm.tm_mday, 2);
	text_char(&text, 'T');
	put_digits(&text, (uint64_t)tm.tm_hour, 2);
	text_char(&text, ':');
	put_digits(&text, (uint64_t)tm.tm_min, 2);
	text_char(&text, ':');
	put_digits(&text, (uint64_t)tm.tm_sec, 2);
	text_char(&text, '.');
	put_digits(&text, ns / 1000 % 1000000, 6);
	text_char(&text, 'Z');
	return row_put(row, kind, buffer, text.length);
}

/* What tells one flow from every other of a table: its original tuple, the protocol and the zone. Two of
 * two directions' zones may have the same. */
static uint64_t identity(const struct flow *flow)
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
	return hash64(hash);
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
	sock->cookie = identity(flow);
	sock->has = HAS_COOKIE;
	if (reading->netns != 0) {
		sock->netns = reading->netns;
		sock->has |= HAS_NETNS;
	}
	/* The first entry is found at once. */
	r = row_put(row, EXT_FLOW, &whole, sizeof(whole));
	return r == 0 ? put_extras(reading, flow, row) : r;
}
