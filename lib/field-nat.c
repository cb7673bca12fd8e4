/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of what address translation did. */
#include <string.h>

#include "getter.h"
#include "nat.h"
#include "util.h"

static bool same_end(const uint8_t a[16], uint16_t a_port, const uint8_t b[16], uint16_t b_port)
{
	return memcmp(a, b, 16) == 0 && a_port == b_port;
}

/* Whether this end is another for the real other one, and whether that is another than it seems. */
static bool self_differs(const struct nat *nat)
{
	const struct flow_tuple *own = &nat->tuples[nat->dir];

	return !same_end(nat->self, nat->self_port, own->src, own->src_port);
}

static bool peer_differs(const struct nat *nat)
{
	const struct flow_tuple *own = &nat->tuples[nat->dir];

	return !same_end(nat->peer, nat->peer_port, own->dst, own->dst_port);
}

/* As who began the connection has it: a server's own end was the destination. */
GETTER(nat_kind)
{
	const struct nat *nat = nat_of(sock);
	const char *word;

	if (sock->proto == ROW_FLOW) {
		word = flow_nat_word(flow_of(sock));
	} else if (!nat) {
		return FIELD_NONE;
	} else {
		bool source = nat->dir == FLOW_ORIG ? self_differs(nat) : peer_differs(nat);
		bool destination = nat->dir == FLOW_ORIG ? peer_differs(nat) : self_differs(nat);

		if (source && destination)
			word = "both";
		else
			word = source ? "snat" : destination ? "dnat" : NULL;
	}
	return give_text(word, FIELD_NONE, ret);
}

GETTER(nat_ambiguous)
{
	const struct nat *nat = nat_of(sock);

	return nat ? give_number(nat->ambiguous, ret) : FIELD_NONE;
}

GETTER(nat_hops)
{
	const struct nat *nat = nat_of(sock);

	return nat ? give_number(nat->hops, ret) : FIELD_NONE;
}

GETTER(nat_netns)
{
	const struct nat *nat = nat_of(sock);

	if (!nat)
		return FIELD_NONE;
	ret->u64 = nat->netns;
	return nat->netns != 0 ? 0 : FIELD_UNKNOWN;
}

static void give_addr(const struct nat *nat, const uint8_t bytes[16], struct estab_addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->family = nat->inet6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
	memcpy(ret->bytes, bytes, sizeof(ret->bytes));
}

/* offset: the tuple, or FLOW_DIRS; size: 0 the source, 1 the destination. */
GETTER(nat_addr)
{
	const struct nat *nat = nat_of(sock);
	const struct flow_tuple *tuple;

	if (!nat)
		return FIELD_NONE;
	if (field->offset == FLOW_DIRS) {
		give_addr(nat, nat->peer, &ret->addr);
		return 0;
	}
	tuple = &nat->tuples[field->offset];
	give_addr(nat, field->size ? tuple->dst : tuple->src, &ret->addr);
	return 0;
}

GETTER(nat_port)
{
	const struct nat *nat = nat_of(sock);

	if (!nat || sock->proto == ESTAB_PROTO_ICMP)
		return FIELD_NONE;
	if (field->offset == FLOW_DIRS)
		ret->u64 = nat->peer_port;
	else
		ret->u64 = field->size ? nat->tuples[field->offset].dst_port
				       : nat->tuples[field->offset].src_port;
	return 0;
}

/* ---- as a table shows it ---- */

static void put_end(const struct estab_socket *sock, const struct nat *nat, const uint8_t bytes[16],
		    uint16_t port, struct text *text)
{
	struct estab_addr addr;

	give_addr(nat, bytes, &addr);
	if (nat->inet6)
		text_char(text, '[');
	text_addr(text, &addr);
	if (nat->inet6)
		text_char(text, ']');
	if (sock->proto == ESTAB_PROTO_ICMP)
		return;
	text_char(text, ':');
	text_u64(text, port);
}

int nat_format_peer(const struct estab_socket *sock, struct text *text)
{
	const struct nat *nat = nat_of(sock);

	if (!nat)
		return FIELD_NONE;
	put_end(sock, nat, nat->peer, nat->peer_port, text);
	return 0;
}

int nat_format(const struct estab_socket *sock, struct text *text)
{
	const struct nat *nat = nat_of(sock);
	const struct flow_tuple *own;

	if (!nat)
		return FIELD_NONE;
	own = &nat->tuples[nat->dir];
	put_end(sock, nat, own->src, own->src_port, text);
	text_str(text, nat->dir == FLOW_ORIG ? " → " : " ← ");
	put_end(sock, nat, own->dst, own->dst_port, text);
	text_str(text, " (");
	if (peer_differs(nat)) {
		text_str(text, "really ");
		put_end(sock, nat, nat->peer, nat->peer_port, text);
	}
	if (self_differs(nat)) {
		text_str(text, peer_differs(nat) ? ", " : "");
		text_str(text, nat->dir == FLOW_ORIG ? "as " : "asked for ");
		put_end(sock, nat, nat->self, nat->self_port, text);
	}
	text_str(text, nat->ambiguous ? ", ambiguous)" : ")");
	return 0;
}
