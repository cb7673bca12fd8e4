/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What connection tracking counts: through ctnetlink, or as text, which everyone may read. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>

#include "conntrack.h"
#include "flow-stats.h"
#include "flow.h"
#include "lines.h"
#include "net-file.h"
#include "nl.h"
#include "source.h"
#include "util.h"

static const char file_name[] = "stat/nf_conntrack";

/* They are few: all are read when it is opened. */
struct source_cursor {
	struct env *env;
	struct result_source *counts;
	enum estab_family family;
	struct flow_stats_list list;
	size_t at;
};

static struct source_cursor *stats_close(struct source_cursor *cursor)
{
	if (cursor)
		flow_stats_free(&cursor->list);
	free(cursor);
	return NULL;
}

/* Of a query for one family the rows are of that: they have none of their own. */
static struct source_cursor *cursor_new(struct env *env, const struct source_job *job)
{
	struct source_cursor *cursor = calloc(1, sizeof(*cursor));
	struct flow_stats *all;

	if (!cursor)
		return NULL;
	cursor->env = env;
	cursor->family =
		job->families & BIT32(ESTAB_FAMILY_INET) ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6;
	/* The first of them is of all. */
	if (flow_stats_of(&cursor->list, STATS_OF_ALL, &all) < 0)
		return stats_close(cursor);
	return cursor;
}

/* ---- ctnetlink ---- */

/* Reads what the request gives: as many messages as there are, or one. */
static int ask(struct nl *nl, uint16_t type, bool dump, struct flow_stats_list *list)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[64];
	struct nlmsghdr *request = nl_dump_request(buffer, type, sizeof(struct nfgenmsg));
	struct nfgenmsg *body = mnl_nlmsg_get_payload(request);
	const struct nlmsghdr *message;
	int r;

	body->version = NFNETLINK_V0;
	if (!dump)
		request->nlmsg_flags = NLM_F_REQUEST;
	r = nl_dump_start(nl, request, "flow_stats");
	while (r == 0) {
		r = nl_dump_next(nl, &message);
		if (r == NL_END)
			return 0;
		if (r == NL_MESSAGE)
			r = flow_stats_decode(list, message);
		if (r == 1 || r == -EBADMSG)
			r = 0;
		if (r == 0 && !dump)
			return 0;
	}
	return r;
}

static int read_netlink(struct source_cursor *cursor, struct estab_result *result)
{
	struct nl nl;
	int r = nl_open(cursor->env, result, NETLINK_NETFILTER, &nl);

	if (r < 0)
		return r;
	r = ask(&nl, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, false, &cursor->list);
	if (r == 0)
		r = ask(&nl, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU, true,
			&cursor->list);
	/* A kernel may have no expectations. */
	if (r == 0)
		ask(&nl, NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU, true,
		    &cursor->list);
	nl_close(&nl);
	return r == -EINVAL ? -EOPNOTSUPP : r;
}

static int netlink_open(struct env *env, const struct source_job *job, struct estab_result *result,
			struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor;
	int r;

	if (env->ctx->capture)
		return -EOPNOTSUPP;
	cursor = cursor_new(env, job);
	if (!cursor)
		return -ENOMEM;
	r = conntrack_is_here(env) ? read_netlink(cursor, result) : -ENOENT;
	cursor->counts = result_add_source(result, source_ctnetlink.name, job->table, NULL, r);
	if (r < 0) {
		stats_close(cursor);
		return r;
	}
	flow_stats_sum(&cursor->list);
	*ret_cursor = cursor;
	return 0;
}

/* ---- text ---- */

static int read_lines(struct source_cursor *cursor, int fd, struct lines *lines,
		      struct estab_result *result)
{
	struct flow_stats_columns columns;
	struct procfs_line line;
	uint32_t cpu = 0;
	int r;

	lines_begin(lines);
	r = lines_next(lines, fd, cursor->env, &line);
	if (r != LINE_READ || !flow_stats_header(line.text, &columns))
		return r < 0 ? r : -EBADMSG;
	while ((r = lines_next(lines, fd, cursor->env, &line)) == LINE_READ) {
		r = flow_stats_line(&cursor->list, &columns, cpu++, line.text);
		if (r == -EBADMSG)
			result_add_loss(result, "rows", "malformed", file_name, 1);
		else if (r < 0)
			return r;
	}
	if (r != LINE_END)
		return r < 0 ? r : -EBADMSG;
	return cpu > 0 ? 0 : -EBADMSG;
}

/* Their limit is not among them. */
static void add_max(struct source_cursor *cursor)
{
	const struct env *env = cursor->env;
	int64_t max = env->ctx->capture || env->target.way == NETNS_OWN
			      ? conntrack_setting(env, "nf_conntrack_max")
			      : -1;

	if (max < 0)
		return;
	cursor->list.items[0].values[STAT_MAX] = (uint64_t)max;
	cursor->list.items[0].has |= BIT32(STAT_MAX);
}

static int read_text(struct source_cursor *cursor, int fd, struct estab_result *result)
{
	struct lines *lines = malloc(sizeof(*lines));
	int r = lines ? read_lines(cursor, fd, lines, result) : -ENOMEM;

	free(lines);
	if (r == 0)
		add_max(cursor);
	return r;
}

static int text_open(struct env *env, const struct source_job *job, struct estab_result *result,
		     struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor = cursor_new(env, job);
	int fd, r;

	if (!cursor)
		return -ENOMEM;
	fd = net_file_open(env, file_name);
	r = fd < 0 ? fd : read_text(cursor, fd, result);
	if (fd >= 0)
		close(fd);
	cursor->counts =
		net_file_note(env, result, source_ct_text.name, job->table, file_name, MIN(r, 0));
	if (r < 0) {
		stats_close(cursor);
		return r;
	}
	flow_stats_sum(&cursor->list);
	*ret_cursor = cursor;
	return 0;
}

static int stats_next(struct source_cursor *cursor, struct row *row)
{
	const struct env *env = cursor->env;
	int r;

	if (cursor->at == cursor->list.n)
		return 1;
	r = flow_stats_row(&cursor->list.items[cursor->at], cursor->family, cursor->at + 1, row);
	if (r < 0)
		return r;
	cursor->at++;
	cursor->counts->rows++;
	row->sock.netns = (uint32_t)env->netns;
	row->sock.cookie |= env->netns << 32;
	if (env->netns != 0)
		row->sock.has |= HAS_NETNS;
	return 0;
}

const struct source source_flow_stats = {
	.name = "ctnetlink",
	.open = netlink_open,
	.next = stats_next,
	.close = stats_close,
};

const struct source source_flow_stats_text = {
	.name = "procfs",
	.open = text_open,
	.next = stats_next,
	.close = stats_close,
};
