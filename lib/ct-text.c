/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Lines of /proc/net/nf_conntrack (net/netfilter/nf_conntrack_standalone.c, ct_seq_show()) and of the
 * older ip_conntrack, which begins with the protocol:
 *
 *   ipv4     2 tcp      6 431999 ESTABLISHED src=… dst=… sport=… dport=… [packets=… bytes=…]
 *   [UNREPLIED] src=… … [ASSURED] mark=0 [secctx=…] zone=0 [delta-time=…] use=2
 *
 * The same keys come twice: what stands behind the second src= is of the reply. A key that is not known
 * is passed over.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "flow.h"
#include "plan.h"
#include "util.h"

struct line {
	struct flow flow;
	bool v6;
	unsigned int tuples; /* begun so far */
	unsigned int ends;   /* addresses of the tuple at hand: 1 the source, 2 the other */
	const char *secctx;  /* NULL: there is none */
	size_t secctx_length;
};

/* ---- words ---- */

static bool is_word(const char *word, size_t length, const char *wanted)
{
	return strlen(wanted) == length && memcmp(word, wanted, length) == 0;
}

static bool whole_number(const char *at, size_t length, uint64_t max, uint64_t *ret_value)
{
	struct cursor cursor = { at, at + length };
	uint64_t value;

	if (!cursor_decimal(&cursor, &value) || cursor.at != cursor.end || value > max)
		return false;
	*ret_value = value;
	return true;
}

/* "0x1f", as keys of GRE are written; decimal too. */
static bool whole_key(const char *at, size_t length, uint64_t *ret_value)
{
	struct cursor cursor = { at + 2, at + length };

	if (length < 3 || at[0] != '0' || at[1] != 'x')
		return whole_number(at, length, UINT16_MAX, ret_value);
	return cursor_hex(&cursor, 4, ret_value) && cursor.at == cursor.end;
}

static bool read_addr(const struct line *line, const char *text, size_t length, uint8_t bytes[16])
{
	char copy[INET6_ADDRSTRLEN];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(line->v6 ? AF_INET6 : AF_INET, copy, bytes) == 1;
}

/* ---- key=value ---- */

static struct flow_tuple *tuple_at_hand(struct line *line)
{
	return &line->flow.tuples[line->tuples == 2 ? FLOW_REPLY : FLOW_ORIG];
}

static int set_addr(struct line *line, bool source, const char *value, size_t length)
{
	struct flow_tuple *tuple;

	if (source) {
		if (line->tuples == 2 || (line->tuples == 1 && line->ends != 2))
			return -EBADMSG;
		line->tuples++;
		line->ends = 1;
	} else {
		if (line->ends != 1)
			return -EBADMSG;
		line->ends = 2;
	}
	tuple = tuple_at_hand(line);
	return read_addr(line, value, length, source ? tuple->src : tuple->dst) ? 0 : -EBADMSG;
}

enum key {
	KEY_SPORT,
	KEY_DPORT,
	KEY_SRCKEY,
	KEY_DSTKEY,
	KEY_TYPE,
	KEY_CODE,
	KEY_ID,
	KEY_PACKETS,
	KEY_BYTES,
	KEY_ZONE_OF_TUPLE,
	KEY_MARK,
	KEY_ZONE,
	KEY_USE,
	KEY_DELTA,
};

/* What a key's number may be at most. */
static const struct {
	const char *name;
	enum key key;
	uint64_t max;
} keys[] = {
	{ "sport", KEY_SPORT, UINT16_MAX },
	{ "dport", KEY_DPORT, UINT16_MAX },
	{ "srckey", KEY_SRCKEY, UINT16_MAX },
	{ "dstkey", KEY_DSTKEY, UINT16_MAX },
	{ "type", KEY_TYPE, UINT8_MAX },
	{ "code", KEY_CODE, UINT8_MAX },
	{ "id", KEY_ID, UINT16_MAX },
	{ "packets", KEY_PACKETS, UINT64_MAX },
	{ "bytes", KEY_BYTES, UINT64_MAX },
	{ "zone-orig", KEY_ZONE_OF_TUPLE, UINT16_MAX },
	{ "zone-reply", KEY_ZONE_OF_TUPLE, UINT16_MAX },
	{ "mark", KEY_MARK, UINT32_MAX },
	{ "zone", KEY_ZONE, UINT16_MAX },
	{ "use", KEY_USE, UINT32_MAX },
	{ "delta-time", KEY_DELTA, UINT32_MAX },
};

/* Of a tuple: these stand behind its addresses. */
static void set_of_tuple(struct line *line, enum key key, uint64_t number)
{
	struct flow_tuple *tuple = tuple_at_hand(line);
	struct flow_counts *counts = &line->flow.counts[line->tuples == 2 ? FLOW_REPLY : FLOW_ORIG];

	switch (key) {
	case KEY_SPORT:
	case KEY_SRCKEY:
		tuple->src_port = (uint16_t)number;
		tuple->has |= TUPLE_HAS_PORTS;
		break;
	case KEY_DPORT:
	case KEY_DSTKEY:
		tuple->dst_port = (uint16_t)number;
		tuple->has |= TUPLE_HAS_PORTS;
		break;
	case KEY_TYPE:
		tuple->icmp_type = (uint8_t)number;
		tuple->has |= TUPLE_HAS_ICMP;
		break;
	case KEY_CODE:
		tuple->icmp_code = (uint8_t)number;
		break;
	case KEY_ID:
		tuple->icmp_id = (uint16_t)number;
		break;
	case KEY_PACKETS:
		counts->packets = number;
		counts->known = true;
		break;
	case KEY_BYTES:
		counts->bytes = number;
		counts->known = true;
		break;
	default:
		tuple->zone = (uint16_t)number;
		tuple->has |= TUPLE_HAS_ZONE;
		break;
	}
}

static void set_of_flow(struct flow *flow, enum key key, uint64_t number)
{
	switch (key) {
	case KEY_MARK:
		flow->mark = (uint32_t)number;
		flow->has |= FLOW_HAS_MARK;
		break;
	case KEY_ZONE:
		flow->zone = (uint16_t)number;
		flow->has |= FLOW_HAS_ZONE;
		break;
	case KEY_USE:
		flow->use = (uint32_t)number;
		flow->has |= FLOW_HAS_USE;
		break;
	default:
		flow->duration_s = (uint32_t)number;
		flow->has |= FLOW_HAS_DURATION;
		break;
	}
}

static int read_pair(struct line *line, const char *word, size_t length, size_t name_length)
{
	const char *value = word + name_length + 1;
	size_t value_length = length - name_length - 1;
	uint64_t number;

	if (is_word(word, name_length, "src") || is_word(word, name_length, "dst"))
		return set_addr(line, word[0] == 's', value, value_length);
	if (is_word(word, name_length, "secctx")) {
		line->secctx = value;
		line->secctx_length = value_length;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		enum key key = keys[i].key;
		bool known;

		if (!is_word(word, name_length, keys[i].name))
			continue;
		if (key <= KEY_ZONE_OF_TUPLE && line->ends != 2)
			return -EBADMSG;
		known = key == KEY_SRCKEY || key == KEY_DSTKEY
				? whole_key(value, value_length, &number)
				: whole_number(value, value_length, keys[i].max, &number);
		if (!known)
			return -EBADMSG;
		if (key <= KEY_ZONE_OF_TUPLE)
			set_of_tuple(line, key, number);
		else
			set_of_flow(&line->flow, key, number);
		return 0;
	}
	return 0;
}

/* ---- [FLAG] ---- */

static void read_flag(struct flow *flow, const char *word, size_t length)
{
	if (is_word(word, length, "[UNREPLIED]"))
		flow->status |= FLOW_UNREPLIED;
	else if (is_word(word, length, "[ASSURED]"))
		flow->status |= FLOW_ASSURED;
	else if (is_word(word, length, "[OFFLOAD]"))
		flow->status |= FLOW_OFFLOAD;
	else if (is_word(word, length, "[HW_OFFLOAD]"))
		flow->status |= FLOW_HW_OFFLOAD;
}

static int read_rest(struct line *line, struct cursor *cursor)
{
	const char *word;
	size_t length;
	int r = 0;

	for (cursor_blanks(cursor); r == 0 && cursor_word(cursor, &word, &length);
	     cursor_blanks(cursor)) {
		const char *equals = memchr(word, '=', length);

		if (*word == '[')
			read_flag(&line->flow, word, length);
		else if (equals)
			r = read_pair(line, word, length, (size_t)(equals - word));
		else if (line->tuples > 0 ||
			 !flow_state_find(line->flow.l4proto, word, length, &line->flow.state))
			r = -EBADMSG;
		else
			line->flow.has |= FLOW_HAS_STATE;
	}
	return r == 0 && (line->tuples != 2 || line->ends != 2) ? -EBADMSG : r;
}

/* ---- what stands before the tuples ---- */

static bool take_number(struct cursor *cursor, uint64_t max, uint64_t *ret_value)
{
	struct cursor ahead = *cursor;
	const char *word;
	size_t length;

	cursor_blanks(&ahead);
	if (!cursor_word(&ahead, &word, &length) || !whole_number(word, length, max, ret_value))
		return false;
	*cursor = ahead;
	return true;
}

/* A protocol's name and its number; the name says what the number does. */
static bool take_protocol(struct cursor *cursor, const char **ret_name, size_t *ret_length,
			  uint64_t *ret_number)
{
	cursor_blanks(cursor);
	return cursor_word(cursor, ret_name, ret_length) &&
	       take_number(cursor, UINT8_MAX, ret_number);
}

static int read_head(struct line *line, struct cursor *cursor)
{
	const char *name;
	size_t length;
	uint64_t number;

	if (!take_protocol(cursor, &name, &length, &number))
		return -EBADMSG;
	if (is_word(name, length, "ipv4") || is_word(name, length, "ipv6")) {
		line->v6 = name[3] == '6';
		if (number != (line->v6 ? AF_INET6 : AF_INET) ||
		    !take_protocol(cursor, &name, &length, &number))
			return -EBADMSG;
	}
	line->flow.l4proto = (uint8_t)number;
	/* An offloaded flow has none: its state or its tuple is next. */
	if (take_number(cursor, UINT32_MAX, &number)) {
		line->flow.timeout_s = (uint32_t)number;
		line->flow.has |= FLOW_HAS_TIMEOUT;
	}
	return 0;
}

int ct_text_line(const struct flow_reading *reading, struct cursor text, struct row *row)
{
	struct line line = { .flow = { .has = FLOW_FROM_TEXT } };
	enum estab_family family;
	int r = read_head(&line, &text);

	if (r == 0)
		r = read_rest(&line, &text);
	if (r < 0)
		return r;
	family = line.v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
	if (!(reading->families & BIT32(family)))
		return FLOW_SKIP;
	/* Who has a zone for one direction is in none otherwise, and no other is printed. */
	if ((line.flow.tuples[FLOW_ORIG].has | line.flow.tuples[FLOW_REPLY].has) & TUPLE_HAS_ZONE)
		line.flow.has |= FLOW_HAS_ZONE;
	if (!(line.flow.status & FLOW_UNREPLIED))
		line.flow.status |= FLOW_SEEN_REPLY;
	line.flow.status_known = FLOW_TEXT_STATUS;
	/* One of the two is printed only. */
	if (line.flow.status & (FLOW_OFFLOAD | FLOW_HW_OFFLOAD))
		line.flow.status_known &= ~(uint32_t)(FLOW_ASSURED | FLOW_OFFLOAD);
	line.flow.status_known |= line.flow.status;
	r = flow_fill(reading, family, &line.flow, row);
	if (r == 0 && line.secctx && reading->needs & NEED_FLOW_TEXTS)
		r = row_put(row, EXT_FLOW_SECCTX, line.secctx, line.secctx_length);
	return r;
}
