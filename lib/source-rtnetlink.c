/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Routes and interfaces, from the kernel. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rtnetlink.h"
#include "source.h"
#include "subject.h"
#include "util.h"

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	struct nl nl;
	unsigned int kind;
	const char *table;
	struct result_source *counts;
	uint8_t families[2]; /* of routes: to be dumped, in this order */
	uint8_t n_families;
	uint8_t n_begun;
	uint64_t serial;
	const struct nlmsghdr *message; /* a route whose next hops are handed out */
	unsigned int hop;
	struct rt_address *addresses;
	size_t n_addresses;
	size_t room;
};

static int start(struct source_cursor *cursor, uint16_t type, size_t size, uint8_t family)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[128];
	struct nlmsghdr *request = nl_dump_request(buffer, type, size);

	/* The family is the first byte of every body. */
	*(uint8_t *)mnl_nlmsg_get_payload(request) = family;
	return nl_dump_start(&cursor->nl, request, cursor->table);
}

static int add_address(struct source_cursor *cursor, const struct rt_address *address)
{
	if (cursor->n_addresses == cursor->room) {
		size_t room = cursor->room > 0 ? cursor->room * 2 : 64;
		struct rt_address *more =
			reallocarray(cursor->addresses, room, sizeof(*cursor->addresses));

		if (!more)
			return -ENOMEM;
		cursor->addresses = more;
		cursor->room = room;
	}
	cursor->addresses[cursor->n_addresses] = *address;
	cursor->addresses[cursor->n_addresses].number = (uint32_t)cursor->n_addresses;
	cursor->n_addresses++;
	return 0;
}

/* By interface, and those of one as the kernel has them. */
static int by_interface(const void *a, const void *b)
{
	const struct rt_address *x = a;
	const struct rt_address *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* All of them are known before the first interface is handed out. */
static int read_addresses(struct source_cursor *cursor, uint32_t families)
{
	int r = start(cursor, RTM_GETADDR, sizeof(struct ifaddrmsg), AF_UNSPEC);

	while (r == 0) {
		const struct nlmsghdr *message;
		struct rt_address address;

		r = nl_dump_next(&cursor->nl, &message);
		if (r != NL_MESSAGE)
			break;
		if (rt_address_decode(message, &address) == RT_ROW &&
		    families & BIT32(address.family))
			r = add_address(cursor, &address);
	}
	if (cursor->n_addresses > 0)
		qsort(cursor->addresses, cursor->n_addresses, sizeof(*cursor->addresses),
		      by_interface);
	return r < 0 ? r : 0;
}

static int start_next(struct source_cursor *cursor)
{
	if (cursor->n_begun == cursor->n_families)
		return 1;
	return start(cursor, RTM_GETROUTE, sizeof(struct rtmsg),
		     cursor->families[cursor->n_begun++]);
}

static int begin(struct source_cursor *cursor, uint32_t families)
{
	int r;

	if (cursor->kind == ROW_ROUTE) {
		if (families & BIT32(ESTAB_FAMILY_INET))
			cursor->families[cursor->n_families++] = AF_INET;
		if (families & BIT32(ESTAB_FAMILY_INET6))
			cursor->families[cursor->n_families++] = AF_INET6;
		return start_next(cursor);
	}
	r = read_addresses(cursor, families);
	return r < 0 ? r : start(cursor, RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC);
}

static struct source_cursor *rtnetlink_close(struct source_cursor *cursor)
{
	nl_close(&cursor->nl);
	free(cursor->addresses);
	free(cursor);
	return NULL;
}

static int rtnetlink_open(struct env *env, const struct source_job *job,
			  struct estab_result *result, struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor;
	int r;

	if (env->ctx->capture)
		return -EOPNOTSUPP;
	cursor = calloc(1, sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	cursor->env = env;
	cursor->result = result;
	cursor->kind = job->proto;
	cursor->table = job->table;
	r = nl_open(env, result, NETLINK_ROUTE, &cursor->nl);
	if (r == 0)
		r = begin(cursor, job->families);
	cursor->counts = result_add_source(result, source_rtnetlink.name, job->table, NULL, r);
	if (r < 0) {
		rtnetlink_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

/* The next message of the dumps: 0, 1 at the end. */
static int next_message(struct source_cursor *cursor, const struct nlmsghdr **ret_message)
{
	for (;;) {
		int r = nl_dump_next(&cursor->nl, ret_message);

		if (r != NL_END)
			return r;
		if (cursor->kind != ROW_ROUTE)
			return 1;
		r = start_next(cursor);
		if (r != 0)
			return r;
	}
}

static int next_route(struct source_cursor *cursor, struct row *row)
{
	int r;

	do {
		if (!cursor->message) {
			cursor->hop = 0;
			r = next_message(cursor, &cursor->message);
			if (r != 0)
				return r;
		}
		r = rt_route_decode(cursor->env, cursor->message, cursor->hop++, ++cursor->serial,
				    row);
		if (r == RT_SKIP)
			cursor->message = NULL;
	} while (r == RT_SKIP);
	return r;
}

/* Who asked for them should know that there are more. */
static void tell_cut(struct source_cursor *cursor, enum estab_field field, size_t n)
{
	if (n > 0 && plan_has_field(&cursor->env->plan, field))
		result_add_loss(cursor->result, "addresses", "cut", cursor->table, n);
}

static int next_link(struct source_cursor *cursor, struct row *row)
{
	const struct nlmsghdr *message;
	struct rt_link_cut cut;
	int r;

	do {
		r = next_message(cursor, &message);
		if (r != 0)
			return r;
		r = rt_link_decode(message, cursor->addresses, cursor->n_addresses,
				   ++cursor->serial, row, &cut);
	} while (r == RT_SKIP);
	if (r == RT_ROW) {
		tell_cut(cursor, ESTAB_F_ADDRESSES, cut.addresses);
		tell_cut(cursor, ESTAB_F_ADDRESS_DETAILS, cut.details);
	}
	return r;
}

static int rtnetlink_next(struct source_cursor *cursor, struct row *row)
{
	int r = cursor->kind == ROW_ROUTE ? next_route(cursor, row) : next_link(cursor, row);

	if (r == 0) {
		cursor->counts->rows++;
		row->sock.netns = (uint32_t)cursor->env->netns;
		row->sock.cookie |= cursor->env->netns << 32;
		if (cursor->env->netns != 0)
			row->sock.has |= HAS_NETNS;
	}
	return r;
}

const struct source source_rtnetlink = {
	.name = "rtnetlink",
	.open = rtnetlink_open,
	.next = rtnetlink_next,
	.close = rtnetlink_close,
};
