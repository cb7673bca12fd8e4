/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "diag.h"
#include "nl.h"
#include "source.h"
#include "util.h"

/* A table is read by one or more dumps in a row, each of one family. */
struct diag_table {
	uint8_t protocol;
	bool one_walk; /* one dump may bring both families */
	struct nlmsghdr *(*request)(const struct diag_reading *reading, uint8_t family,
				    void *buffer);
	int (*decode)(const struct diag_reading *reading, const struct nlmsghdr *message,
		      struct row *row);
};

/* No kernel has a handler for ping sockets (ESTAB_PROTO_ICMP) up to 6.18: procfs has them. */
static const struct diag_table diag_tables[] = {
	[ESTAB_PROTO_TCP] = { IPPROTO_TCP, true, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_UDP] = { IPPROTO_UDP, false, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_UDPLITE] = { IPPROTO_UDPLITE, false, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_RAW] = { IPPROTO_RAW, false, diag_inet_request, diag_inet_decode },
	[ESTAB_PROTO_UNIX] = { 0, false, diag_unix_request, diag_unix_decode },
};

struct source_cursor {
	const struct diag_table *table;
	const char *name; /* the table's, static text */
	struct nl nl;
	struct diag_reading reading;
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
	if (cursor->table->request == diag_unix_request) {
		cursor->families[cursor->n_families++] = AF_UNIX;
		return;
	}
	if (families & BIT32(ESTAB_FAMILY_INET))
		cursor->families[cursor->n_families++] = AF_INET;
	if (families & BIT32(ESTAB_FAMILY_INET6))
		cursor->families[cursor->n_families++] = AF_INET6;
}

static int start_dump(struct source_cursor *cursor, uint8_t family)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM];
	struct nlmsghdr *request = cursor->table->request(&cursor->reading, family, buffer);

	return nl_dump_start(&cursor->nl, request, cursor->name);
}

/* Whether the kernel refused to dump this, and may yet dump something else. */
static bool is_refusal(int error)
{
	return error == -ENOENT || error == -EINVAL || error == -EOPNOTSUPP || error == -EPERM ||
	       error == -EACCES;
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

	if (cursor->table->one_walk && cursor->n_families == 2) {
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

static struct source_cursor *diag_close(struct source_cursor *cursor)
{
	if (cursor) {
		nl_close(&cursor->nl);
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
	plan_families(cursor, job->families);
	r = nl_open(env, cursor->result, NETLINK_SOCK_DIAG, &cursor->nl);
	if (r < 0)
		return r;
	return start_first(cursor);
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
		int r = nl_dump_next(&cursor->nl, &message);

		if (r == NL_END) {
			r = start_next(cursor);
			if (r != 0)
				return r;
			continue;
		}
		if (r < 0)
			return r;
		r = cursor->table->decode(&cursor->reading, message, row);
		if (r == DIAG_ROW) {
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
