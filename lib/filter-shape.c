/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a filter says of sockets of which only the protocol, the family and the state are known. */
#include "filter-code.h"
#include "filter.h"
#include "plan.h"
#include "util.h"

/* What NEED_UNIX_… stands for is in every IP socket's base record, or in none. */
#define NEEDS_OF_OTHERS                                                                       \
	(NEED_UNIX_NAME | NEED_UNIX_VFS | NEED_UNIX_PEER | NEED_UNIX_QUEUES | NEED_UNIX_UID | \
	 NEED_UNIX_PEER_PATH)

#define PROTOS_INET                                                                     \
	(BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE) | \
	 BIT64(ESTAB_PROTO_RAW) | BIT64(ESTAB_PROTO_ICMP) | BIT64(ESTAB_PROTO_MPTCP))

struct shape {
	unsigned int proto;
	unsigned int family;
	unsigned int state;
};

bool leaf_is_foreign(const struct leaf *leaf, unsigned int proto)
{
	if (leaf->field && !(leaf->field->protos & BIT64(proto)))
		return true;
	return leaf->other && !(leaf->other->protos & BIT64(proto));
}

uint64_t leaf_needs(const struct leaf *leaf, unsigned int proto)
{
	if (leaf_is_foreign(leaf, proto))
		return 0;
	return PROTOS_INET & BIT64(proto) ? leaf->needs & ~NEEDS_OF_OTHERS : leaf->needs;
}

static uint16_t shape_step(const struct leaf *leaf, const struct shape *shape)
{
	bool holds;

	switch (leaf->kind) {
	case LEAF_EVERY:
		holds = true;
		break;
	case LEAF_PROTO:
		holds = leaf->mask & BIT32(shape->proto);
		break;
	case LEAF_FAMILY:
		holds = leaf->mask & BIT32(shape->family);
		break;
	case LEAF_STATE:
		holds = leaf->mask & BIT32(shape->state);
		/* A netlink socket's may turn out to be unknown. */
		if (holds && !(leaf->flags & LEAF_WORD) && shape->proto == ESTAB_PROTO_NETLINK)
			return leaf_way_out(leaf);
		break;
	default:
		if (!leaf_is_foreign(leaf, shape->proto))
			return leaf_way_out(leaf);
		holds = false;
		break;
	}
	return holds ? leaf->yes : leaf->no;
}

static bool shape_may_match(const struct estab_filter *filter, const struct shape *shape)
{
	uint16_t at = filter_entry(filter);

	while (at < filter->n_leaves)
		at = shape_step(&filter->leaves[at], shape);
	return at == LEAF_ACCEPT;
}

static uint32_t families_of(unsigned int proto)
{
	switch (proto) {
	case ESTAB_PROTO_UNIX:
		return BIT32(ESTAB_FAMILY_UNIX);
	case ESTAB_PROTO_NETLINK:
		return BIT32(ESTAB_FAMILY_NETLINK);
	case ESTAB_PROTO_PACKET:
		return BIT32(ESTAB_FAMILY_PACKET);
	case ESTAB_PROTO_AX25:
		return BIT32(ESTAB_FAMILY_AX25);
	case ESTAB_PROTO_IPX:
		return BIT32(ESTAB_FAMILY_IPX);
	default:
		/* Of other rows too: what has neither is taken for the first. */
		return BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6);
	}
}

void filter_narrow(const struct estab_filter *filter, uint64_t *protos, uint32_t *families,
		   uint32_t states[PLAN_PROTOS])
{
	uint64_t left_protos = 0;
	uint32_t left_families = 0;

	for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++) {
		uint32_t left = 0;

		if (!(*protos & BIT64(proto)))
			continue;
		for (unsigned int at = 0; at < 32 * 32; at++) {
			struct shape shape = { proto, at / 32, at % 32 };

			if (!(families_of(proto) & *families & BIT32(shape.family)) ||
			    !(states[proto] & BIT32(shape.state)) ||
			    !shape_may_match(filter, &shape))
				continue;
			left |= BIT32(shape.state);
			left_families |= BIT32(shape.family);
		}
		states[proto] = left;
		if (left != 0)
			left_protos |= BIT64(proto);
	}
	*protos = left_protos;
	*families = left_families;
}
