/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "head.h"
#include "query.h"
#include "util.h"

enum {
	BUFFER_BYTES = 8 << 20,
	/* Of those that nobody wants: who polls has other things to look at. */
	PASSED_MAX = 4096,
};

#define EVENTS_ALL (ESTAB_WATCH_NEW | ESTAB_WATCH_UPDATE | ESTAB_WATCH_DESTROY)

static int read_options(const struct estab_watch_options *options, struct estab_watch_options *ret)
{
	struct estab_watch_options known = { .size = sizeof(known) };

	if (options) {
		const uint8_t *bytes = (const uint8_t *)options;

		if (options->size < sizeof(options->size))
			return -EINVAL;
		for (size_t i = sizeof(known); i < options->size; i++)
			if (bytes[i] != 0)
				return -EINVAL;
		memcpy(&known, options, MIN(options->size, sizeof(known)));
	}
	if (known.events & ~EVENTS_ALL || known.buffer_bytes > INT32_MAX / 2)
		return -EINVAL;
	if (known.events == 0)
		known.events = EVENTS_ALL;
	if (known.buffer_bytes == 0)
		known.buffer_bytes = BUFFER_BYTES;
	*ret = known;
	return 0;
}

/* NULL: nothing is told of what the query is about. */
static const struct watch_kind *find_kind(const struct estab_query *query)
{
	switch (query->subject->id) {
	case ESTAB_SUBJECT_SOCKETS:
		return &watch_sockets;
	case ESTAB_SUBJECT_FLOWS:
		return &watch_flows;
	default:
		return NULL;
	}
}

/* Whether a row would take more than the event: other rows, sockets, routes. */
static bool is_joined(const struct plan *plan)
{
	return plan->keep || plan->socket_needs != 0 ||
	       plan->needs & (NEED_FLOW_SOCKET | NEED_FLOW_DEVICES);
}

static int begin(struct estab_watch *watch, const struct estab_query *query,
		 const struct estab_watch_options *options)
{
	struct estab_query asked = *query;
	int r;

	asked.events = watch->kind == &watch_flows;
	r = env_new(query->ctx, &asked, &watch->env);
	if (r < 0)
		return r;
	/* Of what is gone nobody can be found any more. */
	if (is_joined(&watch->env->plan))
		return -EOPNOTSUPP;
	head_fill(&watch->result, watch->env);
	r = ext_builder_init(&watch->row.ext, watch->env);
	if (r == 0)
		r = watch->kind->open(watch, options->events, options->buffer_bytes);
	watch->counts = result_add_source(&watch->result, watch->kind->source, watch->kind->table,
					  NULL, MIN(r, 0));
	/* The socket stays there; the namespace need not be held for it. */
	netns_release(&watch->env->target);
	return r;
}

int estab_watch_open(struct estab_query *query, const struct estab_watch_options *options,
		     struct estab_watch **ret_watch)
{
	const struct watch_kind *kind = find_kind(query);
	struct estab_watch_options known;
	struct estab_watch *watch;
	int r = read_options(options, &known);

	if (r < 0)
		return r;
	if (query->all_netns)
		return -EINVAL;
	if (!kind || query->ctx->capture ||
	    (query->source && strcmp(query->source, kind->source) != 0))
		return -EOPNOTSUPP;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->kind = kind;
	r = begin(watch, query, &known);
	if (r < 0) {
		estab_watch_close(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

int estab_watch_fd(const struct estab_watch *watch)
{
	return nl_fd(&watch->nl);
}

/* 0: it is a row that is wanted; 1: it is none; or a negative errno. */
static int take(struct estab_watch *watch, const struct nlmsghdr *message)
{
	const struct estab_filter *filter = watch->env->plan.filter;
	int r = watch->kind->take(watch, message);

	if (r == -EBADMSG) {
		result_add_loss(&watch->result, "events", "malformed", watch->kind->table, 1);
		return 1;
	}
	if (r != 0)
		return r;
	watch->counts->rows++;
	return filter && !filter_match(filter, &watch->row.sock);
}

int estab_watch_next(struct estab_watch *watch, const struct estab_socket **ret_row)
{
	for (unsigned int passed = 0; passed < PASSED_MAX; passed++) {
		const struct nlmsghdr *message;
		int r = nl_event_next(&watch->nl, &message);

		if (r != NL_MESSAGE)
			return r == NL_MORE ? 1 : r;
		r = take(watch, message);
		if (r < 0)
			return r;
		if (r == 0) {
			watch->result.count++;
			*ret_row = &watch->row.sock;
			return 0;
		}
	}
	return 1;
}

const struct estab_result *estab_watch_result(const struct estab_watch *watch)
{
	return &watch->result;
}

struct estab_watch *estab_watch_close(struct estab_watch *watch)
{
	if (!watch)
		return NULL;
	nl_close(&watch->nl);
	ext_builder_free(&watch->row.ext);
	result_clear(&watch->result);
	env_unref(watch->env);
	free(watch);
	return NULL;
}
