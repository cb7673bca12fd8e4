/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The table of expectations: through ctnetlink, or its text; both are for who may administer the network. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conntrack.h"
#include "expect.h"
#include "lines.h"
#include "net-file.h"
#include "nl.h"
#include "source.h"
#include "util.h"

static const char file_name[] = "nf_conntrack_expect";

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	struct result_source *counts;
	uint32_t families;
	uint64_t serial;
	struct nl nl;
	int fd;             /* of the text */
	struct lines lines; /* the last: it is not cleared */
};

static struct source_cursor *cursor_new(struct env *env, const struct source_job *job,
					struct estab_result *result)
{
	struct source_cursor *cursor = malloc(sizeof(*cursor));

	if (!cursor)
		return NULL;
	memset(cursor, 0, offsetof(struct source_cursor, lines));
	lines_begin(&cursor->lines);
	cursor->env = env;
	cursor->result = result;
	cursor->families = job->families;
	cursor->fd = -1;
	return cursor;
}

static struct source_cursor *expect_close(struct source_cursor *cursor)
{
	nl_close(&cursor->nl);
	if (cursor->fd >= 0)
		close(cursor->fd);
	free(cursor);
	return NULL;
}

/* 0: it is a row; 1: it is none. */
static int take(struct source_cursor *cursor, int r, struct row *row)
{
	const struct env *env = cursor->env;

	if (r == -EBADMSG) {
		result_add_loss(cursor->result, "rows", "malformed", "expectations", 1);
		return 1;
	}
	if (r != FLOW_ROW)
		return r < 0 ? r : 1;
	cursor->serial++;
	cursor->counts->rows++;
	row->sock.netns = (uint32_t)env->netns;
	row->sock.cookie |= env->netns << 32;
	if (env->netns != 0)
		row->sock.has |= HAS_NETNS;
	return 0;
}

static int start(struct source_cursor *cursor)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[64];
	struct nlmsghdr *request =
		nl_dump_request(buffer, NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET,
				sizeof(struct nfgenmsg));
	struct nfgenmsg *body = mnl_nlmsg_get_payload(request);
	int r = nl_open(cursor->env, cursor->result, NETLINK_NETFILTER, &cursor->nl);

	body->version = NFNETLINK_V0;
	if (r == 0)
		r = nl_dump_start(&cursor->nl, request, "expectations");
	return r == -EINVAL ? -EOPNOTSUPP : r;
}

static int netlink_open(struct env *env, const struct source_job *job, struct estab_result *result,
			struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor;
	int r;

	if (env->ctx->capture)
		return -EOPNOTSUPP;
	cursor = cursor_new(env, job, result);
	if (!cursor)
		return -ENOMEM;
	r = conntrack_is_here(env) ? start(cursor) : -ENOENT;
	cursor->counts = result_add_source(result, source_ctnetlink.name, job->table, NULL, r);
	if (r < 0) {
		expect_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

static int netlink_next(struct source_cursor *cursor, struct row *row)
{
	const struct nlmsghdr *message;
	int r;

	do {
		r = nl_dump_next(&cursor->nl, &message);
		if (r != NL_MESSAGE)
			return r;
		r = take(cursor,
			 expect_netlink_decode(message, cursor->families, cursor->serial + 1, row),
			 row);
	} while (r == 1);
	return r;
}

static int text_open(struct env *env, const struct source_job *job, struct estab_result *result,
		     struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor = cursor_new(env, job, result);
	int fd;

	if (!cursor)
		return -ENOMEM;
	fd = net_file_open(env, file_name);
	cursor->counts = net_file_note(env, result, source_ct_text.name, job->table, file_name, fd);
	if (fd < 0) {
		expect_close(cursor);
		return fd;
	}
	cursor->fd = fd;
	*ret_cursor = cursor;
	return 0;
}

static int text_next(struct source_cursor *cursor, struct row *row)
{
	struct procfs_line line;
	int r;

	do {
		r = lines_next(&cursor->lines, cursor->fd, cursor->env, &line);
		if (r < 0 || r == LINE_END)
			return r < 0 ? r : 1;
		r = take(cursor,
			 r == LINE_READ ? expect_text_line(line.text, cursor->families,
							   cursor->serial + 1, row)
					: -EBADMSG,
			 row);
	} while (r == 1);
	return r;
}

const struct source source_expect = {
	.name = "ctnetlink",
	.open = netlink_open,
	.next = netlink_next,
	.close = expect_close,
};

const struct source source_expect_text = {
	.name = "procfs",
	.open = text_open,
	.next = text_next,
	.close = expect_close,
};
