/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The connection table: through ctnetlink, which only CAP_NET_ADMIN may ask, or its text. Neither is
 * asked where no conntrack is: asking would load it.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conntrack.h"
#include "filter-flow.h"
#include "filter.h"
#include "flow.h"
#include "lines.h"
#include "net-file.h"
#include "nl.h"
#include "source.h"
#include "util.h"

enum { REQUEST_ROOM = 256 };

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	struct result_source *counts;
	struct flow_reading reading;
	uint64_t rows;      /* of this table: what counts counts may be of several */
	bool any_counts;    /* some row had counters, */
	bool any_times;     /* and times */
	bool told;          /* what was not to be had was */
	struct nl nl;       /* not open where there is nothing to read */
	int fd;             /* of the text */
	struct lines lines; /* the last: it is not cleared */
};

static void reading_init(struct flow_reading *reading, const struct env *env,
			 const struct source_job *job)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*reading = (struct flow_reading){
		.needs = env->plan.needs,
		.netns = (uint32_t)env->netns,
		.families = job->families,
		.now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
	};
}

/* Not calloc(): the buffer at the end would be cleared for nothing. */
static struct source_cursor *cursor_new(struct env *env, const struct source_job *job,
					struct estab_result *result)
{
	struct source_cursor *cursor = malloc(sizeof(*cursor));

	if (!cursor)
		return NULL;
	memset(cursor, 0, offsetof(struct source_cursor, lines));
	lines_begin(&cursor->lines);
	cursor->fd = -1;
	cursor->env = env;
	cursor->result = result;
	reading_init(&cursor->reading, env, job);
	return cursor;
}

static struct source_cursor *flow_close(struct source_cursor *cursor)
{
	if (!cursor)
		return NULL;
	nl_close(&cursor->nl);
	if (cursor->fd >= 0)
		close(cursor->fd);
	free(cursor);
	return NULL;
}

/* Whoever asked for counters or times should know why there are none. */
static void tell_missing(struct source_cursor *cursor)
{
	uint64_t rows = cursor->rows;

	if (rows == 0 || cursor->told)
		return;
	cursor->told = true;
	if (cursor->reading.needs & NEED_FLOW_COUNTERS && !cursor->any_counts)
		result_add_loss(cursor->result, "bytes",
				conntrack_setting(cursor->env, "nf_conntrack_acct") == 0
					? "nf_conntrack_acct is 0"
					: "not counted",
				NULL, rows);
	if (cursor->reading.needs & NEED_FLOW_TIMES && !cursor->any_times)
		result_add_loss(cursor->result, "times",
				conntrack_setting(cursor->env, "nf_conntrack_timestamp") == 0
					? "nf_conntrack_timestamp is 0"
					: "not kept",
				NULL, rows);
}

static void count_row(struct source_cursor *cursor, const struct row *row)
{
	const struct flow *flow = flow_of(&row->sock);

	cursor->counts->rows++;
	cursor->rows++;
	cursor->any_counts |= flow->counts[FLOW_ORIG].known;
	cursor->any_times |= (flow->has & (FLOW_HAS_START | FLOW_HAS_DURATION)) != 0;
}

/* ---- ctnetlink ---- */

static struct nlmsghdr *make_request(const struct source_cursor *cursor, bool told, void *buffer)
{
	uint32_t families = cursor->reading.families;
	struct nlmsghdr *request = nl_dump_request(
		buffer, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, sizeof(struct nfgenmsg));
	struct nfgenmsg *body = mnl_nlmsg_get_payload(request);

	body->version = NFNETLINK_V0;
	if (families == BIT32(ESTAB_FAMILY_INET))
		body->nfgen_family = AF_INET;
	else if (families == BIT32(ESTAB_FAMILY_INET6))
		body->nfgen_family = AF_INET6;
	/* A join reads the table for a query of sockets, whose filter is about them. */
	if (told && cursor->env->plan.filter &&
	    filter_subject(cursor->env->plan.filter)->id == ESTAB_SUBJECT_FLOWS)
		filter_push_flows(cursor->env->plan.filter, request);
	return request;
}

static int start_dump(struct source_cursor *cursor)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_ROOM];
	bool told = cursor->env->plan.pushdown;
	int r = nl_open(cursor->env, cursor->result, NETLINK_NETFILTER, &cursor->nl);

	if (r < 0)
		return r;
	r = nl_dump_start(&cursor->nl, make_request(cursor, told, buffer), "flows");
	/* It may be the filter that this kernel doesn't know. */
	if (told && (r == -EINVAL || r == -EOPNOTSUPP))
		r = nl_dump_start(&cursor->nl, make_request(cursor, false, buffer), "flows");
	return r == -EINVAL ? -EOPNOTSUPP : r;
}

static int ctnetlink_open(struct env *env, const struct source_job *job,
			  struct estab_result *result, struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor;
	int r;

	if (env->ctx->capture)
		return -EOPNOTSUPP;
	cursor = cursor_new(env, job, result);
	if (!cursor)
		return -ENOMEM;
	r = conntrack_is_here(env) ? 0 : -ENOENT;
	/* A socket in each of many namespaces takes the kernel some 25 ms to close. */
	if (r == 0 && !(env->plan.all_netns && conntrack_setting(env, "nf_conntrack_count") == 0))
		r = start_dump(cursor);
	cursor->counts = result_add_source(result, source_ctnetlink.name, job->table, NULL, r);
	if (r < 0) {
		flow_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

static int ctnetlink_next(struct source_cursor *cursor, struct row *row)
{
	while (cursor->nl.socket) {
		const struct nlmsghdr *message;
		int r = nl_dump_next(&cursor->nl, &message);

		if (r == NL_END)
			tell_missing(cursor);
		if (r != NL_MESSAGE)
			return r;
		r = ct_netlink_decode(&cursor->reading, message, row);
		if (r == FLOW_ROW)
			count_row(cursor, row);
		if (r == FLOW_ROW || r == -ENOMEM)
			return r;
		if (r < 0)
			result_add_loss(cursor->result, "rows", "malformed", "flows", 1);
	}
	return 1;
}

/* ---- text ---- */

static int open_text(struct source_cursor *cursor, const char *name)
{
	int fd = net_file_open(cursor->env, name);

	cursor->counts =
		net_file_note(cursor->env, cursor->result, source_ct_text.name, "flows", name, fd);
	return fd;
}

static int text_open(struct env *env, const struct source_job *job, struct estab_result *result,
		     struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor = cursor_new(env, job, result);

	if (!cursor)
		return -ENOMEM;
	cursor->fd = open_text(cursor, "nf_conntrack");
	if (cursor->fd == -ENOENT)
		cursor->fd = open_text(cursor, "ip_conntrack");
	if (cursor->fd < 0) {
		int r = cursor->fd;

		flow_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

static int text_next(struct source_cursor *cursor, struct row *row)
{
	for (;;) {
		struct procfs_line line;
		int r = lines_next(&cursor->lines, cursor->fd, cursor->env, &line);

		if (r < 0) {
			cursor->counts->error = r;
			return r;
		}
		if (r == LINE_END) {
			tell_missing(cursor);
			return 1;
		}
		if (r == LINE_READ) {
			/* A copy that went through other systems has it. */
			if (line.text.end > line.text.at && line.text.end[-1] == '\r')
				line.text.end--;
			cursor_blanks(&line.text);
			if (line.text.at == line.text.end)
				continue;
			r = ct_text_line(&cursor->reading, line.text, row);
		} else {
			r = -EBADMSG;
		}
		if (r == FLOW_ROW)
			count_row(cursor, row);
		if (r == FLOW_ROW || r == -ENOMEM)
			return r;
		if (r < 0)
			result_add_loss(cursor->result, "rows", "malformed", "flows", 1);
	}
}

const struct source source_ctnetlink = {
	.name = "ctnetlink",
	.open = ctnetlink_open,
	.next = ctnetlink_next,
	.close = flow_close,
};

const struct source source_ct_text = {
	.name = "procfs",
	.open = text_open,
	.next = text_next,
	.close = flow_close,
};
