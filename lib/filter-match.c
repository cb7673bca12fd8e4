/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Whether a socket is wanted. Runs for every row: nothing is allocated, nothing recurses. */
#include <string.h>

#include "env.h"
#include "filter-code.h"
#include "filter-subject.h"
#include "filter.h"
#include "flow.h"
#include "util.h"

/* ---- values ---- */

/* A field of the socket, or of one of its owners. */
static bool get_value(const struct field *field, const struct estab_socket *sock,
		      const struct estab_owner *owner, struct value *ret_value)
{
	if (!field || !(field->protos & BIT64(sock->proto)))
		return false;
	if (field->get_owner)
		return field->get_owner(owner, ret_value) == 0;
	return field->get && field->get(sock, field, ret_value) == 0;
}

static bool in_ranges(const struct leaf *leaf, uint64_t number)
{
	const struct range *ranges = leaf->data;
	uint32_t low = 0;
	uint32_t high = leaf->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (number < ranges[middle].low)
			high = middle;
		else if (number > ranges[middle].high)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

static bool in_real_ranges(const struct leaf *leaf, double number)
{
	const struct real_range *ranges = leaf->data;

	for (uint32_t i = 0; i < leaf->count; i++) {
		const struct real_range *range = &ranges[i];

		if ((range->above_low ? number > range->low : number >= range->low) &&
		    (range->below_high ? number < range->high : number <= range->high))
			return true;
	}
	return false;
}

/* A mapped address is its IPv4; but an IPv6 network may still name it as it is, if raw. */
static bool in_prefixes(const struct leaf *leaf, const uint8_t bytes[16], bool v4)
{
	const struct prefix *prefixes = leaf->data;
	bool mapped = !v4 && is_mapped(bytes);

	for (uint32_t i = 0; i < leaf->count; i++) {
		const struct prefix *prefix = &prefixes[i];
		const uint8_t *addr = bytes;

		if (prefix->v4) {
			if (!v4 && !mapped)
				continue;
			if (mapped)
				addr += 12;
		} else if (v4 || (mapped && !(leaf->flags & LEAF_RAW))) {
			continue;
		}
		if (same_bits(addr, prefix->bytes, prefix->bits))
			return true;
	}
	return false;
}

/* ---- leaves ---- */

static bool test_text(const struct leaf *leaf, const struct estab_socket *sock,
		      const struct value *value)
{
	struct subject subject = { .data = value->text.data, .length = value->text.length };
	bool local = leaf->field->id == ESTAB_F_LOCAL_PATH;

	if (leaf->flags & LEAF_SHOWN)
		subject.at = ext_has(sock->ext, local ? EXT_ABSTRACT : EXT_PEER_ABSTRACT);
	if (leaf->field->get_owner == get_owner_cmdline) {
		subject.nuls = true;
		if (subject.length > 0 && subject.data[subject.length - 1] == '\0')
			subject.length--;
	}
	return subject_matches(leaf, &subject);
}

static bool test_value(const struct leaf *leaf, const struct estab_socket *sock,
		       const struct value *value)
{
	const uint64_t sign = UINT64_C(1) << 63;
	bool matches;

	switch (leaf->kind) {
	case LEAF_EXISTS:
		return true;
	case LEAF_NUMBER:
		return in_ranges(leaf, leaf->field->kind == ESTAB_KIND_I64 ? value->u64 ^ sign
									   : value->u64);
	case LEAF_REAL:
		matches = in_real_ranges(leaf, value->f64);
		break;
	case LEAF_ADDR:
		matches = in_prefixes(leaf, value->addr.bytes,
				      value->addr.family == ESTAB_FAMILY_INET);
		break;
	case LEAF_MARK: {
		const struct mark *mark = leaf->data;

		matches = (value->u64 & mark->mask) == mark->value;
		break;
	}
	default:
		matches = test_text(leaf, sock, value);
		break;
	}
	return matches != (leaf->flags & LEAF_NEGATE ? true : false);
}

/* Below, at or above 0. */
static int order_numbers(const struct field *field, const struct value *a,
			 const struct field *other, const struct value *b)
{
	bool signs[2] = { field->kind == ESTAB_KIND_I64 && a->i64 < 0,
			  other->kind == ESTAB_KIND_I64 && b->i64 < 0 };

	if (field->kind == ESTAB_KIND_F64 || other->kind == ESTAB_KIND_F64) {
		double left = field->kind == ESTAB_KIND_F64 ? a->f64
			      : signs[0]                    ? (double)a->i64
							    : (double)a->u64;
		double right = other->kind == ESTAB_KIND_F64 ? b->f64
			       : signs[1]                    ? (double)b->i64
							     : (double)b->u64;

		return (left > right) - (left < right);
	}
	if (signs[0] != signs[1])
		return signs[0] ? -1 : 1;
	/* Of two negative ones the order is that of their bits too. */
	return (a->u64 > b->u64) - (a->u64 < b->u64);
}

static bool same_addr(const struct estab_addr *a, const struct estab_addr *b)
{
	const struct estab_addr *addrs[2] = { a, b };
	const uint8_t *bytes[2];
	bool v4[2];

	for (size_t i = 0; i < 2; i++) {
		bool mapped = addrs[i]->family == ESTAB_FAMILY_INET6 && is_mapped(addrs[i]->bytes);

		bytes[i] = addrs[i]->bytes + (mapped ? 12 : 0);
		v4[i] = mapped || addrs[i]->family == ESTAB_FAMILY_INET;
	}
	return v4[0] == v4[1] && memcmp(bytes[0], bytes[1], v4[0] ? 4 : 16) == 0;
}

static bool test_fields(const struct leaf *leaf, const struct estab_socket *sock,
			const struct estab_owner *owner, const struct estab_owner *other)
{
	struct value a, b;
	int order;

	if (!get_value(leaf->field, sock, owner, &a) || !get_value(leaf->other, sock, other, &b))
		return false;
	switch (leaf->field->kind) {
	case ESTAB_KIND_ADDR:
		order = !same_addr(&a.addr, &b.addr);
		break;
	case ESTAB_KIND_STR:
	case ESTAB_KIND_BYTES:
		order = a.text.length != b.text.length ||
			memcmp(a.text.data, b.text.data, a.text.length) != 0;
		break;
	default:
		order = order_numbers(leaf->field, &a, leaf->other, &b);
		break;
	}
	switch (leaf->op) {
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	default:
		return order == 0;
	}
}

static bool test_field(const struct leaf *leaf, const struct estab_socket *sock,
		       const struct estab_owner *owner)
{
	struct value value;

	if (leaf->kind == LEAF_FIELDS)
		return test_fields(leaf, sock, owner, owner);
	if (get_value(leaf->field, sock, owner, &value))
		return test_value(leaf, sock, &value);
	/* A unix socket without a name, where that is an empty one. */
	if (!(leaf->flags & LEAF_EMPTY) || sock->proto != ESTAB_PROTO_UNIX)
		return false;
	value.text.data = "";
	value.text.length = 0;
	return subject_matches(leaf, &(struct subject){ .data = "" });
}

/* An owner of this end compared with one of the other: any two will do. */
static bool test_two_lists(const struct leaf *leaf, const struct estab_socket *sock,
			   const struct owner_list *list)
{
	const struct owner_list *others = field_owners(sock, leaf->other->group);

	for (uint32_t i = 0; others && i < list->count; i++)
		for (uint32_t j = 0; j < others->count; j++)
			if (test_fields(leaf, sock, &list->owners[i], &others->owners[j]))
				return true;
	return false;
}

/* Any owner will do. */
static bool test_owners(const struct leaf *leaf, const struct estab_socket *sock)
{
	const struct field *other = leaf->other;
	enum estab_field group =
		leaf->field->get_owner || !other ? leaf->field->group : other->group;
	const struct owner_list *list = field_owners(sock, group);

	if (!list)
		return false;
	if (other && other->get_owner && other->group != group)
		return test_two_lists(leaf, sock, list);
	for (uint32_t i = 0; i < list->count; i++)
		if (test_field(leaf, sock, &list->owners[i]))
			return true;
	return false;
}

/* ss(8)'s own: the device a socket is bound to, where it is known that there may be none. */
static bool test_device(const struct leaf *leaf, const struct estab_socket *sock)
{
	const struct device *device = leaf->data;
	uint32_t index = 0;
	const char *name;
	size_t length;

	/* Text doesn't tell of an IP socket's device, and of none has it a cookie. */
	if (sock->proto != ESTAB_PROTO_PACKET && !(record_is_inet(sock) && sock->has & HAS_COOKIE))
		return false;
	if (leaf->count == 0)
		return true;
	ext_read(sock->ext, EXT_IFINDEX, &index, sizeof(index));
	if (device->has_index && device->index == index)
		return true;
	name = device->has_name ? ext_get(sock->ext, EXT_IFNAME, &length) : NULL;
	return name && strlen(device->name) == length && memcmp(device->name, name, length) == 0;
}

/* A name that the kernel gave to a unix socket: an abstract one of five hexadecimal digits. */
static bool is_auto_name(const struct estab_socket *sock)
{
	size_t length;
	const char *name = ext_get(sock->ext, EXT_PATH, &length);

	if (!name || length == 0)
		return true;
	if (length != 5 || !ext_has(sock->ext, EXT_ABSTRACT))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f')))
			return false;
	return true;
}

static bool test_autobound(const struct estab_socket *sock)
{
	const struct env *env = sock->ext->env;

	switch (sock->family) {
	case ESTAB_FAMILY_INET:
	case ESTAB_FAMILY_INET6:
		return netaddrs_auto_port(&env->netaddrs, sock->netns, sock->local_port);
	case ESTAB_FAMILY_UNIX:
		return is_auto_name(sock);
	case ESTAB_FAMILY_NETLINK:
		/* The kernel takes negative numbers when the process's id is taken. */
		return sock->netlink.portid > INT32_MAX;
	case ESTAB_FAMILY_PACKET:
		return sock->packet.protocol == 0 && !ext_has(sock->ext, EXT_IFINDEX);
	default:
		return false;
	}
}

static bool test_state(const struct leaf *leaf, const struct estab_socket *sock)
{
	struct value value;

	if (!(leaf->mask & BIT32(sock->state)))
		return false;
	/* The field may be unknown; ss(8)'s states never are. */
	return leaf->flags & LEAF_WORD || get_state(sock, NULL, &value) == 0;
}

static bool test_type(const struct leaf *leaf, const struct estab_socket *sock)
{
	struct value value;

	return leaf->mask & BIT32(sock->type) && get_type(sock, NULL, &value) == 0;
}

/* One bit will do; that it has none of them must be known of all. */
static bool test_status(const struct leaf *leaf, const struct estab_socket *sock)
{
	const struct flow *flow = flow_of(sock);

	if (!flow)
		return false;
	if (leaf->flags & LEAF_NEGATE)
		return (leaf->mask & ~flow->status_known) == 0 && !(flow->status & leaf->mask);
	return flow->status & leaf->mask;
}

static bool leaf_match(const struct leaf *leaf, const struct estab_socket *sock)
{
	switch (leaf->kind) {
	case LEAF_EVERY:
		return true;
	case LEAF_PROTO:
		return leaf->mask & BIT32(sock->proto);
	case LEAF_FAMILY:
		return leaf->mask & BIT32(sock->family);
	case LEAF_TYPE:
		return test_type(leaf, sock);
	case LEAF_STATE:
		return test_state(leaf, sock);
	case LEAF_DEVICE:
		return test_device(leaf, sock);
	case LEAF_AUTOBOUND:
		return test_autobound(sock);
	case LEAF_STATUS:
		return test_status(leaf, sock);
	case LEAF_NUMBER:
		/* What is asked most, without going by way of the field. */
		if (record_is_inet(sock) && leaf->field->id == ESTAB_F_LOCAL_PORT)
			return in_ranges(leaf, sock->local_port);
		if (record_is_inet(sock) && leaf->field->id == ESTAB_F_PEER_PORT)
			return in_ranges(leaf, sock->peer_port);
		break;
	case LEAF_ADDR:
		if (record_is_inet(sock) && leaf->field->id == ESTAB_F_LOCAL_ADDR)
			return in_prefixes(leaf, sock->inet.local,
					   sock->family == ESTAB_FAMILY_INET) !=
			       !!(leaf->flags & LEAF_NEGATE);
		if (record_is_inet(sock) && leaf->field->id == ESTAB_F_PEER_ADDR)
			return in_prefixes(leaf, sock->inet.peer,
					   sock->family == ESTAB_FAMILY_INET) !=
			       !!(leaf->flags & LEAF_NEGATE);
		break;
	default:
		break;
	}
	if (!leaf->field)
		return false;
	if (leaf->field->get_owner || (leaf->other && leaf->other->get_owner))
		return test_owners(leaf, sock);
	return test_field(leaf, sock, NULL);
}

bool filter_match(const struct estab_filter *filter, const struct estab_socket *sock)
{
	uint16_t at = filter_entry(filter);

	while (at < filter->n_leaves) {
		const struct leaf *leaf = &filter->leaves[at];

		at = leaf_match(leaf, sock) ? leaf->yes : leaf->no;
	}
	return at == LEAF_ACCEPT;
}

bool filter_prematch(const struct estab_filter *filter, const struct estab_socket *sock,
		     uint64_t unknown)
{
	uint16_t at = filter_entry(filter);

	/* What a socket must be joined for, a flow knows by itself. */
	if (sock->proto == ROW_FLOW)
		unknown &= ~NEED_NAT;
	while (at < filter->n_leaves) {
		const struct leaf *leaf = &filter->leaves[at];

		if (leaf->needs & unknown && !leaf_is_foreign(leaf, sock->proto))
			at = leaf_way_out(leaf);
		else
			at = leaf_match(leaf, sock) ? leaf->yes : leaf->no;
	}
	return at == LEAF_ACCEPT;
}

static bool is_of_netns(const struct field *field)
{
	return field && (field->id == ESTAB_F_NETNS || field->id == ESTAB_F_NETNS_NAME);
}

static bool is_of_event(const struct field *field)
{
	return field && field->id == ESTAB_F_EVENT;
}

/* With what is not known of the socket taken for what would do. */
static bool may_match(const struct estab_filter *filter, const struct estab_socket *sock,
		      bool (*is_known)(const struct field *field))
{
	uint16_t at = filter_entry(filter);

	while (at < filter->n_leaves) {
		const struct leaf *leaf = &filter->leaves[at];

		if (is_known(leaf->field) && !leaf->other)
			at = leaf_match(leaf, sock) ? leaf->yes : leaf->no;
		else
			at = leaf_way_out(leaf);
	}
	return at == LEAF_ACCEPT;
}

bool filter_may_match_netns(const struct estab_filter *filter, const struct estab_socket *sock)
{
	return may_match(filter, sock, is_of_netns);
}

bool filter_may_match_event(const struct estab_filter *filter, const struct estab_socket *sock)
{
	return may_match(filter, sock, is_of_event);
}
