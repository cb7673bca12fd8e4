/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* ss(8)'s hosts: [FAMILY:]ADDRESS[/BITS][:PORT], and what that means in each family. */
#include <string.h>

#include "filter-host.h"
#include "filter.h"
#include "plan.h"

#define INET_FAMILIES (BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6))

static const struct {
	const char *prefix;
	enum estab_family family;
} families[] = {
	{ "unix:", ESTAB_FAMILY_UNIX },     { "link:", ESTAB_FAMILY_PACKET },
	{ "packet:", ESTAB_FAMILY_PACKET }, { "netlink:", ESTAB_FAMILY_NETLINK },
	{ "inet6:", ESTAB_FAMILY_INET6 },   { "inet:", ESTAB_FAMILY_INET },
};

/* The end of an IP address and the begin of its port; false: a bracket is not closed. */
static bool split_inet(struct host *host)
{
	char *addr = host->addr;
	char *slash = strchr(addr, '/');
	char *colon;

	if (*addr == '[') {
		char *close = strchr(addr, ']');

		if (!close || (close[1] != '\0' && close[1] != ':' && close[1] != '/'))
			return false;
		/* "[addr]/bits:port": what is behind the bracket moves up to the address. */
		memmove(close, close + 1, strlen(close + 1) + 1);
		host->addr = addr + 1;
		colon = strchr(close, ':');
	} else if (slash) {
		colon = strchr(slash, ':');
	} else {
		colon = strchr(addr, ':');
		/* More than one, and not at its begin: an IPv6 address without brackets. */
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		host->port = colon + 1;
	}
	return true;
}

/* A port is what stands behind the colon, or all there is. */
static int split_host(struct filter_parser *parser, const struct token *token, bool port_only,
		      struct host *ret_host)
{
	struct host host = { .token = token };
	char *text = arena_text(&parser->arena, token->text, token->length);
	char *colon;

	if (!text)
		return filter_fail_memory(parser);
	for (size_t i = 0; !host.has_family && i < ARRAY_SIZE(families); i++) {
		size_t length = strlen(families[i].prefix);

		if (strncmp(text, families[i].prefix, length) == 0) {
			host.has_family = true;
			host.family = families[i].family;
			text += length;
		}
	}
	if (!host.has_family) {
		/* No address of another family begins so. */
		if (!port_only &&
		    (parser->flags & ESTAB_FILTER_UNIX || *text == '/' || *text == '@'))
			host.family = ESTAB_FAMILY_UNIX;
		else if (parser->flags & ESTAB_FILTER_NETLINK)
			host.family = ESTAB_FAMILY_NETLINK;
		else if (parser->flags & ESTAB_FILTER_PACKET)
			host.family = ESTAB_FAMILY_PACKET;
		/* "src :22" has a port in whatever family is the default. */
		host.has_family = host.family != ESTAB_FAMILY_INET;
	}
	host.addr = text;
	if (port_only) {
		host.port = text + (*text == ':');
		host.addr = text + strlen(text);
	} else if (host.has_family &&
		   (host.family == ESTAB_FAMILY_NETLINK || host.family == ESTAB_FAMILY_PACKET)) {
		colon = strchr(text, ':');
		if (colon) {
			*colon = '\0';
			host.port = colon + 1;
		}
	} else if (!host.has_family || host.family != ESTAB_FAMILY_UNIX) {
		if (!split_inet(&host))
			return filter_fail(parser, token->at,
					   "expected [ADDRESS] or [ADDRESS]:PORT");
	}
	*ret_host = host;
	return 0;
}

static struct node *join_and(struct filter_parser *parser, struct node *a, struct node *b)
{
	return a ? node_join(parser, NODE_AND, a, b) : b;
}

/* ---- inet, inet6 ---- */

/* Of a flow, an end is that of the original direction. */
static enum estab_field addr_field(const struct filter_parser *parser, bool local)
{
	if (parser->subject->id == ESTAB_SUBJECT_FLOWS)
		return local ? ESTAB_F_ORIG_SRC_ADDR : ESTAB_F_ORIG_DST_ADDR;
	return local ? ESTAB_F_LOCAL_ADDR : ESTAB_F_PEER_ADDR;
}

static enum estab_field port_field(const struct filter_parser *parser, bool local)
{
	if (parser->subject->id == ESTAB_SUBJECT_FLOWS)
		return local ? ESTAB_F_ORIG_SRC_PORT : ESTAB_F_ORIG_DST_PORT;
	return local ? ESTAB_F_LOCAL_PORT : ESTAB_F_PEER_PORT;
}

static struct node *inet_addr(struct filter_parser *parser, const struct host *host, bool local)
{
	struct prefix prefix;
	struct node *node;
	const char *why;

	if (!filter_read_prefix(host->addr, true, &prefix, &why)) {
		filter_fail(parser, host->token->at, "%s", why);
		return NULL;
	}
	if (host->has_family && prefix.v4 != (host->family == ESTAB_FAMILY_INET)) {
		filter_fail(parser, host->token->at, "the address is not of the family before it");
		return NULL;
	}
	node = node_field(parser, LEAF_ADDR, addr_field(parser, local));
	if (node)
		node->leaf.flags |= LEAF_RAW;
	return node_data(parser, node, &prefix, sizeof(prefix), 1);
}

static struct node *inet_node(struct filter_parser *parser, const struct host *host, bool local)
{
	static const char *const anything[] = { "any", "all", "default" };
	struct node *node = NULL;
	struct range ports;
	bool any = host_is_any(host->addr);

	for (size_t i = 0; i < ARRAY_SIZE(anything); i++)
		any |= strcmp(host->addr, anything[i]) == 0;
	if (host->has_family)
		node = node_mask(parser, LEAF_FAMILY, BIT32(host->family));
	if (!any)
		node = join_and(parser, node, inet_addr(parser, host, local));
	if (host->port && !host_is_any(host->port)) {
		if (filter_read_ports(parser, host->token, host->port, &ports) < 0)
			return NULL;
		node = join_and(parser, node,
				node_number(parser, field_find(port_field(parser, local)), ports));
	}
	return node || parser->error < 0 ? node : node_leaf(parser, LEAF_EVERY, NULL);
}

/* ---- unix ---- */

static struct node *unix_node(struct filter_parser *parser, const struct host *host, bool local)
{
	struct node *node;

	if (host->port) {
		filter_fail(parser, host->token->at, "a unix socket has no port");
		return NULL;
	}
	node = node_field(parser, LEAF_GLOB, local ? ESTAB_F_LOCAL_PATH : ESTAB_F_PEER_PATH);
	if (node)
		node->leaf.flags |= LEAF_FOLD | LEAF_SHOWN | LEAF_EMPTY;
	return node_data(parser, node, host->addr, strlen(host->addr), 1);
}

/* ---- any of them ---- */

static struct node *host_node(struct filter_parser *parser, const struct host *host, bool local)
{
	if (!host->has_family)
		return inet_node(parser, host, local);
	switch (host->family) {
	case ESTAB_FAMILY_UNIX:
		return unix_node(parser, host, local);
	case ESTAB_FAMILY_NETLINK:
		return host_netlink(parser, host, local);
	case ESTAB_FAMILY_PACKET:
		return host_packet(parser, host, local);
	default:
		return inet_node(parser, host, local);
	}
}

/* That it is none of these: it is of a family in question, and no node holds. */
static struct node *turn(struct filter_parser *parser, uint32_t asked, struct node *node)
{
	return node_join(parser, NODE_AND, node_mask(parser, LEAF_FAMILY, asked),
			 node_not(parser, node));
}

static uint32_t families_of(const struct host *host)
{
	return host->has_family ? BIT32(host->family) : INET_FAMILIES;
}

struct node *filter_parse_host(struct filter_parser *parser, bool local, enum op op,
			       const struct values *values)
{
	struct node *node = NULL;
	uint32_t asked = 0;

	if (op != OP_EQ && !op_turns(op) && op != OP_IN) {
		filter_fail(parser, values->first->at, "an address is compared with =, != or in");
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		struct host host = { 0 };
		struct node *next;

		if (split_host(parser, value_at(values, i), false, &host) < 0)
			return NULL;
		asked |= families_of(&host);
		next = host_node(parser, &host, local);
		node = i == 0 ? next : node_join(parser, NODE_OR, node, next);
	}
	return node && op_turns(op) ? turn(parser, asked, node) : node;
}

/* Ports of IP sockets: ranges in one leaf. */
static struct node *inet_ports(struct filter_parser *parser, bool local, enum op op,
			       const struct values *values)
{
	struct node *node = node_field(parser, LEAF_NUMBER, port_field(parser, local));
	struct range *ranges = arena_alloc(&parser->arena, (values->count + 1) * sizeof(*ranges));
	size_t n;

	if (!ranges) {
		filter_fail_memory(parser);
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);
		struct host host = { 0 };

		if (split_host(parser, token, true, &host) < 0 ||
		    filter_read_ports(parser, token, host.port, &ranges[i]) < 0 ||
		    filter_apply_op(parser, token, op, &ranges[i]) < 0)
			return NULL;
	}
	n = ranges_settle(ranges, values->count, op_turns(op));
	return node_data(parser, node, ranges, n * sizeof(*ranges), n);
}

/* A port of a certain family: netlink's is a port id, a packet socket's a device. */
static struct node *family_port(struct filter_parser *parser, const struct host *host, bool local,
				enum op op)
{
	struct range ports;

	if (host->family != ESTAB_FAMILY_INET && host->family != ESTAB_FAMILY_INET6) {
		if (op == OP_EQ || op == OP_IN || op_turns(op))
			return host_node(parser, host, local);
		filter_fail(parser, host->token->at, "a port of this family has no order");
		return NULL;
	}
	if (filter_read_ports(parser, host->token, host->port, &ports) < 0 ||
	    filter_apply_op(parser, host->token, op, &ports) < 0)
		return NULL;
	return node_join(parser, NODE_AND, node_mask(parser, LEAF_FAMILY, BIT32(host->family)),
			 node_number(parser, field_find(port_field(parser, local)), ports));
}

struct node *filter_parse_port(struct filter_parser *parser, bool local, enum op op,
			       const struct values *values)
{
	struct node *node = NULL;
	bool plain = true;
	uint32_t asked = 0;

	if (op == OP_GLOB || op == OP_NOT_GLOB || op == OP_REGEX) {
		filter_fail(parser, values->first->at, "a port is a number: =, !=, <, >, in");
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		struct host host = { 0 };

		if (split_host(parser, value_at(values, i), true, &host) < 0)
			return NULL;
		plain &= !host.has_family;
	}
	if (plain)
		return inet_ports(parser, local, op, values);
	for (size_t i = 0; i < values->count; i++) {
		struct values one = { value_at(values, i), 1 };
		struct node *next;
		struct host host = { 0 };

		if (split_host(parser, one.first, true, &host) < 0)
			return NULL;
		asked |= families_of(&host);
		next = host.has_family ? family_port(parser, &host, local, op)
				       : inet_ports(parser, local, OP_EQ, &one);
		node = i == 0 ? next : node_join(parser, NODE_OR, node, next);
	}
	return node && op_turns(op) ? turn(parser, asked, node) : node;
}
