/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of the fields of flows. */
#include <netinet/in.h>
#include <string.h>

#include "flow-sockets.h"
#include "flow-stats.h"
#include "flow.h"
#include "getter.h"
#include "util.h"

/* Where the kernel may well have it, but not every source tells. */
static int give_known(const struct flow *flow, uint32_t has, uint64_t number, struct value *ret)
{
	return flow->has & has ? give_number(number, ret) : FIELD_UNKNOWN;
}

GETTER(flow_l4proto)
{
	return give_number(flow_of(sock)->l4proto, ret);
}

GETTER(flow_state)
{
	const struct flow *flow = flow_of(sock);

	if (flow->has & FLOW_HAS_STATE)
		return give_text(flow_state_word(flow->l4proto, flow->state), FIELD_NONE, ret);
	return flow_state_word(flow->l4proto, 0) ? FIELD_UNKNOWN : FIELD_NONE;
}

GETTER(flow_offload)
{
	const struct flow *flow = flow_of(sock);

	if (flow->status & FLOW_HW_OFFLOAD)
		return give_text("hardware", FIELD_NONE, ret);
	return give_text(flow->status & FLOW_OFFLOAD ? "software" : NULL, FIELD_NONE, ret);
}

GETTER(flow_id)
{
	const struct flow *flow = flow_of(sock);

	return give_known(flow, FLOW_HAS_ID, flow->id, ret);
}

GETTER(flow_use)
{
	const struct flow *flow = flow_of(sock);

	return give_known(flow, FLOW_HAS_USE, flow->use, ret);
}

GETTER(flow_duration)
{
	const struct flow *flow = flow_of(sock);

	return give_known(flow, FLOW_HAS_DURATION, flow->duration_s, ret);
}

GETTER(flow_event)
{
	return give_text(flow_event_word(flow_of(sock)), FIELD_NONE, ret);
}

/* offset: which of them. */
GETTER(flow_time)
{
	size_t length;
	const char *text = ext_get(sock->ext, (enum ext_kind)field->offset, &length);

	/* One that lives has not stopped, and what is only listed has not just happened. */
	if (!text)
		return field->offset == EXT_FLOW_START ? FIELD_UNKNOWN : FIELD_NONE;
	ret->text.data = text;
	ret->text.length = length;
	return 0;
}

GETTER(timeout)
{
	const struct flow *flow = flow_of(sock);

	if (flow->status & (FLOW_OFFLOAD | FLOW_HW_OFFLOAD) && !(flow->has & FLOW_HAS_TIMEOUT))
		return FIELD_NONE;
	return give_known(flow, FLOW_HAS_TIMEOUT, flow->timeout_s, ret);
}

GETTER(zone)
{
	const struct flow *flow = flow_of(sock);

	return give_known(flow, FLOW_HAS_ZONE, flow->zone, ret);
}

/* ---- of one direction: the field's offset says which ---- */

static const struct flow_tuple *tuple_of(const struct estab_socket *sock, const struct field *field)
{
	return &flow_of(sock)->tuples[field->offset];
}

/* size: 0 the source, 1 the destination. */
GETTER(flow_addr)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	memset(&ret->addr, 0, sizeof(ret->addr));
	ret->addr.family = sock->family;
	memcpy(ret->addr.bytes, field->size ? tuple->dst : tuple->src, sizeof(ret->addr.bytes));
	return 0;
}

static int give_port(const struct estab_socket *sock, const struct field *field, bool key,
		     struct value *ret)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	if (!(tuple->has & TUPLE_HAS_PORTS) || (flow_of(sock)->l4proto == IPPROTO_GRE) != key)
		return FIELD_NONE;
	return give_number(field->size ? tuple->dst_port : tuple->src_port, ret);
}

GETTER(flow_port)
{
	return give_port(sock, field, false, ret);
}

GETTER(flow_key)
{
	return give_port(sock, field, true, ret);
}

/* size: 0 the type, 1 the code, 2 the id. */
GETTER(flow_icmp)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	if (!(tuple->has & TUPLE_HAS_ICMP))
		return FIELD_NONE;
	if (field->size == 2)
		return give_number(tuple->icmp_id, ret);
	return give_number(field->size == 0 ? tuple->icmp_type : tuple->icmp_code, ret);
}

GETTER(flow_zone)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	return tuple->has & TUPLE_HAS_ZONE ? give_number(tuple->zone, ret) : FIELD_NONE;
}

/* size: 0 packets, 1 bytes. */
GETTER(flow_count)
{
	const struct flow_counts *counts = &flow_of(sock)->counts[field->offset];

	if (!counts->known)
		return FIELD_UNKNOWN;
	return give_number(field->size ? counts->bytes : counts->packets, ret);
}

/* ---- of its devices and its socket ---- */

GETTER(flow_device)
{
	size_t length;
	const char *name = ext_get(sock->ext, (enum ext_kind)field->offset, &length);

	if (!name)
		return FIELD_NONE;
	ret->text.data = name;
	ret->text.length = length;
	return length > 0 ? 0 : FIELD_UNKNOWN;
}

static bool read_socket(const struct estab_socket *sock, struct flow_socket *ret_socket)
{
	return ext_read(sock->ext, EXT_FLOW_SOCKET, ret_socket, sizeof(*ret_socket));
}

GETTER(socket_state)
{
	struct flow_socket own = { 0 };

	return read_socket(sock, &own) ? give_text(word_state(own.state), FIELD_UNKNOWN, ret)
				       : FIELD_NONE;
}

GETTER(socket_netns_name)
{
	struct flow_socket own = { 0 };

	if (!read_socket(sock, &own))
		return FIELD_NONE;
	return netns_give_name(sock->ext->env, own.end.has & HAS_NETNS, own.end.netns, ret);
}

GETTER(socket_ambiguous)
{
	struct flow_socket own = { 0 };

	return read_socket(sock, &own) ? give_number(own.ambiguous, ret) : FIELD_NONE;
}

/* ---- of what connection tracking counts ---- */

static const struct flow_stats *stats_of(const struct estab_socket *sock)
{
	size_t length;

	/* Its length is ours. */
	return ext_get(sock->ext, EXT_FLOW_STATS, &length);
}

GETTER(stats_cpu)
{
	const struct flow_stats *stats = stats_of(sock);

	return stats->cpu == STATS_OF_ALL ? FIELD_NONE : give_number(stats->cpu, ret);
}

/* offset: enum flow_stat */
GETTER(stat)
{
	const struct flow_stats *stats = stats_of(sock);

	if (!(stats->has & BIT32(field->offset)))
		return FIELD_NONE;
	return give_number(stats->values[field->offset], ret);
}

/* ---- what sockets have too ---- */

int flow_give_proto(const struct estab_socket *sock, struct value *ret)
{
	const char *word = flow_proto_word(flow_of(sock)->l4proto);

	return give_text(word, FIELD_UNKNOWN, ret);
}

int flow_give_mark(const struct estab_socket *sock, struct value *ret)
{
	const struct flow *flow = flow_of(sock);

	return give_known(flow, FLOW_HAS_MARK, flow->mark, ret);
}

/* ---- as a table shows it ---- */

void flow_format_proto(const struct estab_socket *sock, struct text *text)
{
	const struct flow *flow = flow_of(sock);
	const char *word = flow_proto_word(flow->l4proto);

	if (word)
		text_str(text, word);
	else
		text_u64(text, flow->l4proto);
}

void flow_format_tuple(const struct flow_tuple *tuple, uint8_t family, bool source,
		       struct text *text)
{
	struct estab_addr addr = { .family = family };
	bool bracket = family == ESTAB_FAMILY_INET6 && tuple->has & TUPLE_HAS_PORTS;

	memcpy(addr.bytes, source ? tuple->src : tuple->dst, sizeof(addr.bytes));
	if (bracket)
		text_char(text, '[');
	text_addr(text, &addr);
	if (bracket)
		text_char(text, ']');
	if (!(tuple->has & TUPLE_HAS_PORTS))
		return;
	text_char(text, ':');
	text_u64(text, source ? tuple->src_port : tuple->dst_port);
}

void flow_format_end(const struct estab_socket *sock, unsigned int dir, bool source,
		     struct text *text)
{
	flow_format_tuple(&flow_of(sock)->tuples[dir], sock->family, source, text);
}

/* In capitals, as a socket's. */
int flow_format_state(const struct estab_socket *sock, struct text *text)
{
	struct value value;
	int r = get_flow_state(sock, NULL, &value);

	for (size_t i = 0; r == 0 && i < value.text.length; i++) {
		char c = value.text.data[i];

		text_char(text, (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c));
	}
	return r;
}

/* Those that nearly every flow has tell nothing. */
int flow_format_status(const struct estab_socket *sock, struct text *text)
{
	size_t before = text->length;

	flow_put_status(flow_of(sock),
			~(uint32_t)(FLOW_SEEN_REPLY | FLOW_CONFIRMED | FLOW_SRC_NAT_DONE |
				    FLOW_DST_NAT_DONE),
			text);
	return text->length > before ? 0 : FIELD_NONE;
}
