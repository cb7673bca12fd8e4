/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "diag.h"
#include "filter-push.h"
#include "idset.h"
#include "nl.h"
#include "source.h"
#include "util.h"

/* How a table differs from what dumps are usually like. */
enum {
	ONE_WALK = 1 << 0, /* one dump may bring both families */
	/* The first datagram is made before the kernel knows how much we take, and so is small. What
	 * may not fit needs a dump before, whatever comes of it. */
	PRIMED = 1 << 1,
	/* netlink_diag (up to Linux 6.18 at least) leaves out a socket where a datagram ends, and
	 * tells of those in a group twice. */
	LEAKY = 1 << 2,
};

/* A table is read by one or more dumps in a row, each of one family. */
struct diag_table {
	uint8_t family; /* AF_UNSPEC: IPv4 and IPv6 */
	uint8_t protocol;
	uint8_t traits;
	struct nlmsghdr *(*request)(const struct diag_reading *reading, uint8_t family,
				    void *buffer);
	int (*decode)(const struct diag_reading *reading, const struct nlmsghdr *message,
		      struct row *row);
};

/* No kernel has a handler for ping sockets (ESTAB_PROTO_ICMP) up to 6.18: procfs has them. */
static const struct diag_table diag_tables[] = {
	[ESTAB_PROTO_TCP] = { AF_UNSPEC, IPPROTO_TCP, ONE_WALK, diag_inet_request,
			      diag_inet_decode },
	[ESTAB_PROTO_UDP] = { AF_UNSPEC, IPPROTO_UDP, 0, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_UDPLITE] = { AF_UNSPEC, IPPROTO_UDPLITE, 0, diag_inet_request,
				  diag_inet_decode },
	[ESTAB_PROTO_RAW] = { AF_UNSPEC, IPPROTO_RAW, 0, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_MPTCP] = { AF_UNSPEC, IPPROTO_IP, 0, diag_mptcp_request, diag_inet_decode },
	[ESTAB_PROTO_UNIX] = { AF_UNIX, 0, 0, diag_unix_request, diag_unix_decode },
	[ESTAB_PROTO_NETLINK] = { AF_NETLINK, 0, PRIMED | LEAKY, diag_netlink_request,
				  diag_netlink_decode },
	[ESTAB_PROTO_PACKET] = { AF_PACKET, 0, PRIMED, diag_packet_request, diag_packet_decode },
};

struct source_cursor {
	const struct diag_table *table;
	const char *name; /* the table's, static text */
	struct nl nl;
	struct diag_reading reading;
	struct diag_lists lists;
	struct diag_answers answers;
	bool asked;           /* for each by itself: they are in answers, and nothing is dumped */
	struct idset seen;    /* of a leaky table */
	bool again;           /* it is dumped a second time */
	enum push_level push; /* how much of the filter the kernel has not yet refused */
	struct estab_result *result;
	struct result_source *counts;
	uint8_t families[2]; /* to be dumped, in this order */
	uint8_t n_families;
	uint8_t n_begun;
};

static void plan_families(struct source_cursor *cursor, uint32_t families)
{
	cursor->n_families = 0;
	cursor->n_begun = 0;
	if (cursor->table->family != AF_UNSPEC) {
		cursor->families[cursor->n_families++] = cursor->table->family;
		return;
	}
	if (families & BIT32(ESTAB_FAMILY_INET))
		cursor->families[cursor->n_families++] = AF_INET;
	if (families & BIT32(ESTAB_FAMILY_INET6))
		cursor->families[cursor->n_families++] = AF_INET6;
}

/* Whether the kernel refused to dump this, and may yet dump something else. */
static bool is_refusal(int error)
{
	return error == -ENOENT || error == -EINVAL || error == -EOPNOTSUPP || error == -EPERM ||
	       error == -EACCES;
}

/* Tells the kernel of the filter, as far as it knows such. Returns whether there was any use in it. */
static bool put_filter(struct source_cursor *cursor, struct nlmsghdr *request)
{
	uint8_t code[BYTECODE_ROOM];
	size_t length;

	if (cursor->table->family != AF_UNSPEC)
		return false;
	length = filter_push_plan(cursor->reading.env, (enum estab_proto)cursor->reading.proto,
				  cursor->push, code);
	if (length > 0)
		mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, length, code);
	return length > 0;
}

static int start_dump(struct source_cursor *cursor, uint8_t family)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM + BYTECODE_ROOM];

	for (;; cursor->push++) {
		struct nlmsghdr *request = cursor->table->request(&cursor->reading, family, buffer);
		bool told = put_filter(cursor, request);
		int r = nl_dump_start(&cursor->nl, request, cursor->name);

		if (r != -EINVAL && r != -EPERM && r != -EACCES)
			return r;
		if (!told)
			return r;
		/* It may be the filter that it doesn't know, or doesn't let us ask. */
		ctx_log(cursor->reading.env->ctx, 7, "%s: filter refused by the kernel",
			cursor->name);
	}
}

static void note_refusal(struct source_cursor *cursor, int error)
{
	bool forbidden = error == -EPERM || error == -EACCES;

	result_add_loss(cursor->result, "table", forbidden ? "permission" : "unavailable",
			cursor->name, 1);
}

/* Begins with the next family that the kernel dumps: 0; 1 when there is none left. */
static int start_next(struct source_cursor *cursor)
{
	while (cursor->n_begun < cursor->n_families) {
		int r = start_dump(cursor, cursor->families[cursor->n_begun++]);

		if (r == 0)
			return 0;
		if (!is_refusal(r))
			return r;
		note_refusal(cursor, r);
	}
	return 1;
}

/* The first dump that is not refused; the first refusal when all are. */
static int start_first(struct source_cursor *cursor)
{
	int first = -EINVAL;

	if (cursor->table->traits & ONE_WALK && cursor->n_families == 2) {
		int r = start_dump(cursor, AF_UNSPEC);

		if (r == 0)
			cursor->n_begun = cursor->n_families;
		if (!is_refusal(r))
			return r;
	}
	while (cursor->n_begun < cursor->n_families) {
		int r = start_dump(cursor, cursor->families[cursor->n_begun++]);

		if (!is_refusal(r)) {
			if (r == 0 && cursor->n_begun > 1)
				note_refusal(cursor, first);
			return r;
		}
		if (cursor->n_begun == 1)
			first = r;
	}
	/* "Invalid" is what a kernel says to a request that it doesn't know. */
	return first == -EINVAL ? -EOPNOTSUPP : first;
}

/* Asks for the sockets of a netlink protocol that has none. */
static int prime(struct source_cursor *cursor)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM];
	struct nlmsghdr *request = diag_netlink_request(&cursor->reading, AF_NETLINK, buffer);
	struct netlink_diag_req *body = mnl_nlmsg_get_payload(request);
	int r;

	body->sdiag_protocol = NETLINK_UNUSED;
	r = nl_dump_start(&cursor->nl, request, cursor->name);
	return is_refusal(r) ? 0 : r;
}

/*
 * A leaky table that took several datagrams is dumped once more, in smaller ones: their ends are at
 * other sockets. 0: it begins; 1: there is nothing to be found any more.
 */
static int start_again(struct source_cursor *cursor)
{
	const struct env *env = cursor->nl.env;
	size_t room = cursor->nl.room / 4;
	int r;

	if (!(cursor->table->traits & LEAKY) || cursor->again || cursor->nl.walk.n_datagrams < 2)
		return 1;
	cursor->again = true;
	nl_close(&cursor->nl);
	r = nl_open(env, cursor->result, NETLINK_SOCK_DIAG, &cursor->nl);
	if (r < 0)
		return r;
	cursor->nl.room = room;
	return start_dump(cursor, cursor->table->family);
}

/* A row that was decoded: 0; 1: the first dump had it already. */
static int check_seen(struct source_cursor *cursor, const struct row *row)
{
	if (!(cursor->table->traits & LEAKY))
		return 0;
	return idset_add(&cursor->seen, record_identity(&row->sock));
}

static struct source_cursor *diag_close(struct source_cursor *cursor)
{
	if (cursor) {
		nl_close(&cursor->nl);
		diag_lists_free(&cursor->lists);
		diag_answers_free(&cursor->answers);
		idset_free(&cursor->seen);
		free(cursor);
	}
	return NULL;
}

static int open_cursor(struct source_cursor *cursor, struct env *env, const struct source_job *job)
{
	int r;

	if ((size_t)job->proto >= ARRAY_SIZE(diag_tables) || !diag_tables[job->proto].request)
		return -ENOENT;
	cursor->table = &diag_tables[job->proto];
	diag_reading_init(&cursor->reading, env, job, cursor->table->protocol);
	cursor->reading.ports = filter_push_plan_ports(env, (enum estab_proto)job->proto);
	plan_families(cursor, job->families);
	r = nl_open(env, cursor->result, NETLINK_SOCK_DIAG, &cursor->nl);
	if (r == 0 && cursor->table->traits & PRIMED)
		r = prime(cursor);
	if (r == 0 && job->proto == ESTAB_PROTO_PACKET && env->plan.needs & NEED_PACKET_LISTS) {
		cursor->lists.with_code = env->plan.needs & NEED_PACKET_CODE;
		r = diag_packet_lists(&cursor->nl, cursor->name, &cursor->lists);
		cursor->reading.lists = &cursor->lists;
	}
	if (r == 0)
		r = diag_ones_ask(&cursor->reading, &cursor->nl, cursor->name, &cursor->answers);
	cursor->asked = r == 0;
	if (cursor->asked)
		cursor->n_begun = cursor->n_families;
	return r == 1 ? start_first(cursor) : r;
}

/* As nl_dump_next(). */
static int next_message(struct source_cursor *cursor, const struct nlmsghdr **ret_message)
{
	if (!cursor->asked)
		return nl_dump_next(&cursor->nl, ret_message);
	return diag_answers_next(&cursor->answers, ret_message) ? NL_MESSAGE : NL_END;
}

static int diag_open(struct env *env, const struct source_job *job, struct estab_result *result,
		     struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor;
	int r;

	/* Netlink tells of this host, and a capture is of another one or of another time. */
	if (env->ctx->capture)
		return -EOPNOTSUPP;
	cursor = calloc(1, sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	cursor->name = job->table;
	cursor->result = result;
	r = open_cursor(cursor, env, job);
	cursor->counts = result_add_source(result, "diag", job->table, NULL, r);
	if (r < 0) {
		diag_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

static int diag_next(struct source_cursor *cursor, struct row *row)
{
	for (;;) {
		const struct nlmsghdr *message;
		int r = next_message(cursor, &message);

		if (r == NL_END) {
			r = start_next(cursor);
			if (r == 1)
				r = start_again(cursor);
			if (r != 0)
				return r;
			continue;
		}
		if (r < 0)
			return r;
		r = cursor->table->decode(&cursor->reading, message, row);
		if (r == DIAG_ROW)
			r = check_seen(cursor, row);
		if (r == DIAG_ROW) {
			netns_adopt_uid(&cursor->reading.env->target, &row->sock);
			cursor->counts->rows++;
			return 0;
		}
		if (r == -EBADMSG)
			result_add_loss(cursor->result, "rows", "malformed", cursor->name, 1);
		else if (r < 0)
			return r;
	}
}

const struct source source_diag = {
	.name = "diag",
	.open = diag_open,
	.next = diag_next,
	.close = diag_close,
};
