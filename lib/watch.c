/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Flows as they come, change and go: ctnetlink's multicast groups. What a message holds becomes a row as a
 * dump's does; there is no dump, no join, and nothing is folded.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <time.h>

#include "conntrack.h"
#include "filter.h"
#include "flow.h"
#include "head.h"
#include "nl.h"
#include "query.h"
#include "source.h"
#include "util.h"

enum {
	BUFFER_BYTES = 8 << 20,
	/* Of those that nobody wants: who polls has other things to look at. */
	PASSED_MAX = 4096,
};

struct estab_watch {
	struct env *env; /* owned reference */
	struct estab_result result;
	struct result_source *counts;
	struct flow_reading reading;
	struct nl nl;
	struct row row;
};

/* The events, and the groups that tell of them. */
static const struct {
	uint32_t event;
	uint32_t bit; /* of struct flow.has */
	unsigned int group;
} groups[] = {
	{ ESTAB_WATCH_NEW, FLOW_EVENT_NEW, NFNLGRP_CONNTRACK_NEW },
	{ ESTAB_WATCH_UPDATE, FLOW_EVENT_UPDATE, NFNLGRP_CONNTRACK_UPDATE },
	{ ESTAB_WATCH_DESTROY, FLOW_EVENT_DESTROY, NFNLGRP_CONNTRACK_DESTROY },
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

/* Those without an event that the filter lets through need not be told of. */
static int narrow(struct estab_watch *watch, uint32_t *events)
{
	const struct estab_filter *filter = watch->env->plan.filter;

	for (size_t i = 0; filter && i < ARRAY_SIZE(groups); i++) {
		const struct flow flow = { .has = groups[i].bit };
		int r = flow_fill(&watch->reading, ESTAB_FAMILY_INET, &flow, &watch->row);

		if (r < 0)
			return r;
		if (!filter_may_match_event(filter, &watch->row.sock))
			*events &= ~groups[i].event;
	}
	return 0;
}

static int listen_to(struct estab_watch *watch, const struct estab_watch_options *options)
{
	uint32_t events = options->events;
	int r;

	if (!conntrack_is_here(watch->env))
		return -ENOENT;
	r = nl_open(watch->env, &watch->result, NETLINK_NETFILTER, &watch->nl);
	if (r == 0)
		r = narrow(watch, &events);
	if (r == 0)
		r = nl_listen(&watch->nl, "flows", options->buffer_bytes);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++)
		if (events & groups[i].event)
			r = nl_join(&watch->nl, groups[i].group);
	return r;
}

static int check_query(const struct estab_query *query)
{
	if (query->subject->id != ESTAB_SUBJECT_FLOWS || query->all_netns)
		return -EINVAL;
	if (query->ctx->capture ||
	    (query->source && strcmp(query->source, source_ctnetlink.name) != 0))
		return -EOPNOTSUPP;
	return 0;
}

static int begin(struct estab_watch *watch, const struct estab_query *query,
		 const struct estab_watch_options *options)
{
	struct estab_query asked = *query;
	int r;

	asked.events = true;
	r = env_new(query->ctx, &asked, &watch->env);
	if (r < 0)
		return r;
	if (watch->env->plan.keep)
		return -EOPNOTSUPP;
	head_fill(&watch->result, watch->env);
	watch->reading = (struct flow_reading){
		.needs = watch->env->plan.needs,
		.netns = (uint32_t)watch->env->netns,
		.families = watch->env->plan.families,
		.events = true,
	};
	r = ext_builder_init(&watch->row.ext, watch->env);
	if (r == 0)
		r = listen_to(watch, options);
	watch->counts =
		result_add_source(&watch->result, source_ctnetlink.name, "flows", NULL, MIN(r, 0));
	if (r == 0 && conntrack_setting(watch->env, "nf_conntrack_events") == 0)
		result_add_loss(&watch->result, "events", "nf_conntrack_events is 0", NULL, 1);
	/* The socket stays there; the namespace need not be held for it. */
	netns_release(&watch->env->target);
	return r;
}

int estab_watch_open(struct estab_query *query, const struct estab_watch_options *options,
		     struct estab_watch **ret_watch)
{
	struct estab_watch_options known;
	struct estab_watch *watch;
	int r = read_options(options, &known);

	if (r == 0)
		r = check_query(query);
	if (r < 0)
		return r;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
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
	struct timespec now;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	watch->reading.now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	r = ct_netlink_decode(&watch->reading, message, &watch->row);
	if (r == -EBADMSG) {
		result_add_loss(&watch->result, "events", "malformed", "flows", 1);
		return 1;
	}
	if (r != FLOW_ROW)
		return r < 0 ? r : 1;
	watch->counts->rows++;
	return filter && !filter_match(filter, &watch->row.sock);
}

int estab_watch_next(struct estab_watch *watch, const struct estab_socket **ret_flow)
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
			*ret_flow = &watch->row.sock;
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
