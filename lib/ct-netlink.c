/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * ctnetlink's messages to rows (net/netfilter/nf_conntrack_netlink.c). Numbers are in network order,
 * and nothing is taken for granted but the attributes' own lengths.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "plan.h"
#include "text.h"
#include "util.h"

/* CTA_TIMESTAMP_EVENT: older headers do not have it. */
enum { EVENT_TIME = 27 };
enum { LABELS_BYTES = 16, LABELS_TEXT = LABELS_BYTES * 8 * 4 };

/* ---- tuples ---- */

static void read_ip(const struct nl_attr *outer, bool v6, struct flow_tuple *tuple)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	size_t length = v6 ? 16 : 4;
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		if (attr.length < length)
			continue;
		if (attr.type == (v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC))
			memcpy(tuple->src, attr.data, length);
		else if (attr.type == (v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST))
			memcpy(tuple->dst, attr.data, length);
	}
}

static void read_proto_attr(const struct nl_attr *attr, struct flow_tuple *tuple, uint8_t *l4proto)
{
	uint16_t number = 0;
	uint8_t small = 0;

	switch (attr->type) {
	case CTA_PROTO_NUM:
		nl_attr_u8(attr, l4proto);
		return;
	case CTA_PROTO_SRC_PORT:
	case CTA_PROTO_DST_PORT:
		if (!nl_attr_u16(attr, &number))
			return;
		tuple->has |= TUPLE_HAS_PORTS;
		if (attr->type == CTA_PROTO_SRC_PORT)
			tuple->src_port = number;
		else
			tuple->dst_port = number;
		return;
	case CTA_PROTO_ICMP_ID:
	case CTA_PROTO_ICMPV6_ID:
		if (nl_attr_u16(attr, &number))
			tuple->icmp_id = number;
		break;
	case CTA_PROTO_ICMP_TYPE:
	case CTA_PROTO_ICMPV6_TYPE:
		if (nl_attr_u8(attr, &small))
			tuple->icmp_type = small;
		break;
	case CTA_PROTO_ICMP_CODE:
	case CTA_PROTO_ICMPV6_CODE:
		if (nl_attr_u8(attr, &small))
			tuple->icmp_code = small;
		break;
	default:
		return;
	}
	tuple->has |= TUPLE_HAS_ICMP;
}

static void read_proto(const struct nl_attr *outer, struct flow_tuple *tuple, uint8_t *l4proto)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr))
		read_proto_attr(&attr, tuple, l4proto);
}

void ct_netlink_tuple(const struct nl_attr *outer, bool v6, struct flow_tuple *tuple,
		      uint8_t *l4proto)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	struct nl_attr attr;
	uint16_t zone;

	while (nl_attr_next(&attrs, &attr)) {
		switch (attr.type) {
		case CTA_TUPLE_IP:
			read_ip(&attr, v6, tuple);
			break;
		case CTA_TUPLE_PROTO:
			read_proto(&attr, tuple, l4proto);
			break;
		case CTA_TUPLE_ZONE:
			if (nl_attr_u16(&attr, &zone)) {
				tuple->zone = zone;
				tuple->has |= TUPLE_HAS_ZONE;
			}
			break;
		default:
			break;
		}
	}
}

/* ---- the rest ---- */

static void read_state(const struct nl_attr *outer, struct flow *flow)
{
	struct nl_attrs protos = nl_attrs_nested(outer);
	struct nl_attr proto, attr;
	uint8_t state;

	/* CTA_PROTOINFO_TCP_STATE, _DCCP_STATE and _SCTP_STATE are all the first. */
	while (nl_attr_next(&protos, &proto)) {
		struct nl_attrs attrs = nl_attrs_nested(&proto);

		while (nl_attr_next(&attrs, &attr)) {
			if (attr.type != CTA_PROTOINFO_TCP_STATE || !nl_attr_u8(&attr, &state))
				continue;
			flow->state = state;
			flow->has |= FLOW_HAS_STATE;
		}
	}
}

static void read_counts(const struct nl_attr *outer, struct flow_counts *counts)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	struct nl_attr attr;
	uint64_t value;
	uint32_t half;

	while (nl_attr_next(&attrs, &attr)) {
		switch (attr.type) {
		case CTA_COUNTERS_PACKETS:
		case CTA_COUNTERS_BYTES:
			if (!nl_attr_u64(&attr, &value))
				continue;
			break;
		case CTA_COUNTERS32_PACKETS:
		case CTA_COUNTERS32_BYTES:
			if (!nl_attr_u32(&attr, &half))
				continue;
			value = half;
			break;
		default:
			continue;
		}
		counts->known = true;
		if (attr.type == CTA_COUNTERS_PACKETS || attr.type == CTA_COUNTERS32_PACKETS)
			counts->packets = value;
		else
			counts->bytes = value;
	}
}

static void read_times(const struct nl_attr *outer, struct flow *flow)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	struct nl_attr attr;
	uint64_t ns;

	while (nl_attr_next(&attrs, &attr)) {
		if (!nl_attr_u64(&attr, &ns) || ns == 0)
			continue;
		if (attr.type == CTA_TIMESTAMP_START) {
			flow->start_ns = ns;
			flow->has |= FLOW_HAS_START;
		} else if (attr.type == CTA_TIMESTAMP_STOP) {
			flow->stop_ns = ns;
			flow->has |= FLOW_HAS_STOP;
		}
	}
}

static void read_number(const struct nl_attr *attr, struct flow *flow)
{
	uint32_t number;

	if (!nl_attr_u32(attr, &number))
		return;
	switch (attr->type) {
	case CTA_STATUS:
		flow->status = number | (number & FLOW_SEEN_REPLY ? 0 : FLOW_UNREPLIED);
		flow->status_known = UINT32_MAX;
		break;
	case CTA_TIMEOUT:
		flow->timeout_s = number;
		flow->has |= FLOW_HAS_TIMEOUT;
		break;
	case CTA_MARK:
		flow->mark = number;
		flow->has |= FLOW_HAS_MARK;
		break;
	case CTA_ID:
		flow->id = number;
		flow->has |= FLOW_HAS_ID;
		break;
	default:
		flow->use = number;
		flow->has |= FLOW_HAS_USE;
		break;
	}
}

/* ---- what is of any length ---- */

/* Bits of an array of longs: on a big-endian machine they are turned around. */
static int put_labels(const struct nl_attr *attr, struct row *row)
{
	const uint8_t *bytes = attr->data;
	char buffer[LABELS_TEXT];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };
	size_t n = MIN((size_t)attr->length & ~(sizeof(long) - 1), (size_t)LABELS_BYTES);

	for (size_t bit = 0; bit < n * 8; bit++) {
		size_t byte = bit / 8;

		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			byte ^= sizeof(long) - 1;
		if (!(bytes[byte] >> bit % 8 & 1))
			continue;
		if (text.length > 0)
			text_char(&text, ',');
		text_u64(&text, bit);
	}
	return text.length > 0 ? row_put(row, EXT_FLOW_LABELS, buffer, text.length) : 0;
}

/* A name within a nested attribute, where it is the first. */
static int put_name(const struct nl_attr *outer, enum ext_kind kind, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_nested(outer);
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr))
		if (attr.type == CTA_HELP_NAME)
			return row_put(row, kind, attr.data, strnlen(attr.data, attr.length));
	return 0;
}

static int put_texts(const struct nlmsghdr *message, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct nfgenmsg));
	struct nl_attr attr;
	int r = 0;

	while (r == 0 && nl_attr_next(&attrs, &attr)) {
		if (attr.type == CTA_LABELS)
			r = put_labels(&attr, row);
		else if (attr.type == CTA_HELP)
			r = put_name(&attr, EXT_FLOW_HELPER, row);
		else if (attr.type == CTA_SECCTX)
			r = put_name(&attr, EXT_FLOW_SECCTX, row);
	}
	return r;
}

static void read_attrs(const struct nlmsghdr *message, bool v6, struct flow *flow)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct nfgenmsg));
	struct nl_attr attr;
	uint8_t other = 0;
	uint16_t zone;

	while (nl_attr_next(&attrs, &attr)) {
		switch (attr.type) {
		case CTA_TUPLE_ORIG:
			ct_netlink_tuple(&attr, v6, &flow->tuples[FLOW_ORIG], &flow->l4proto);
			break;
		case CTA_TUPLE_REPLY:
			ct_netlink_tuple(&attr, v6, &flow->tuples[FLOW_REPLY], &other);
			break;
		case CTA_PROTOINFO:
			read_state(&attr, flow);
			break;
		case CTA_COUNTERS_ORIG:
			read_counts(&attr, &flow->counts[FLOW_ORIG]);
			break;
		case CTA_COUNTERS_REPLY:
			read_counts(&attr, &flow->counts[FLOW_REPLY]);
			break;
		case CTA_TIMESTAMP:
			read_times(&attr, flow);
			break;
		case CTA_ZONE:
			if (nl_attr_u16(&attr, &zone)) {
				flow->zone = zone;
				flow->has |= FLOW_HAS_ZONE;
			}
			break;
		case CTA_STATUS:
		case CTA_TIMEOUT:
		case CTA_MARK:
		case CTA_ID:
		case CTA_USE:
			read_number(&attr, flow);
			break;
		default:
			break;
		}
	}
}

/* The kernel marks what is new as a request to make it would be. */
static uint32_t event_of(const struct nlmsghdr *message)
{
	if ((message->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		return FLOW_EVENT_DESTROY;
	return message->nlmsg_flags & NLM_F_CREATE ? FLOW_EVENT_NEW : FLOW_EVENT_UPDATE;
}

/* When it happened, where the kernel says: since Linux 6.14, and with nf_conntrack_timestamp. */
static uint64_t event_time(const struct nlmsghdr *message, uint64_t now_ns)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct nfgenmsg));
	struct nl_attr attr;
	uint64_t ns = 0;

	while (nl_attr_next(&attrs, &attr))
		if (attr.type == EVENT_TIME)
			nl_attr_u64(&attr, &ns);
	return ns != 0 ? ns : now_ns;
}

int ct_netlink_decode(const struct flow_reading *reading, const struct nlmsghdr *message,
		      struct row *row)
{
	const struct nfgenmsg *head = nl_body(message);
	struct flow_reading own = *reading;
	struct flow flow = { 0 };
	enum estab_family family;
	int r;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK ||
	    ((message->nlmsg_type & 0xff) != IPCTNL_MSG_CT_NEW &&
	     (message->nlmsg_type & 0xff) != IPCTNL_MSG_CT_DELETE))
		return FLOW_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    (head->nfgen_family != AF_INET && head->nfgen_family != AF_INET6))
		return -EBADMSG;
	family = head->nfgen_family == AF_INET6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
	if (!(reading->families & BIT32(family)))
		return FLOW_SKIP;
	if (reading->events) {
		flow.has |= event_of(message);
		own.now_ns = event_time(message, reading->now_ns);
	}
	read_attrs(message, family == ESTAB_FAMILY_INET6, &flow);
	/* The kernel leaves out zone 0. */
	flow.has |= FLOW_HAS_ZONE;
	r = flow_fill(&own, family, &flow, row);
	if (r == 0 && reading->needs & NEED_FLOW_TEXTS)
		r = put_texts(message, row);
	return r;
}
