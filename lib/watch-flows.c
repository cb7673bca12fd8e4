/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Flows as they come, change and go: ctnetlink's multicast groups. */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <time.h>

#include "conntrack.h"
#include "filter.h"
#include "source.h"
#include "util.h"
#include "watch.h"

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

/* Those without an event that the filter lets through need not be told of. */
static int narrow(struct estab_watch *watch, uint32_t *events)
{
	const struct estab_filter *filter = watch->env->plan.filter;

	for (size_t i = 0; filter && i < ARRAY_SIZE(groups); i++) {
		const struct flow flow = { .has = groups[i].bit };
		int r = flow_fill(&watch->flows, ESTAB_FAMILY_INET, &flow, &watch->row);

		if (r < 0)
			return r;
		if (!filter_may_match_event(filter, &watch->row.sock))
			*events &= ~groups[i].event;
	}
	return 0;
}

static int flows_open(struct estab_watch *watch, uint32_t events, uint32_t buffer_bytes)
{
	int r;

	watch->flows = (struct flow_reading){
		.needs = watch->env->plan.needs,
		.netns = (uint32_t)watch->env->netns,
		.families = watch->env->plan.families,
		.events = true,
	};
	if (!conntrack_is_here(watch->env))
		return -ENOENT;
	r = nl_open(watch->env, &watch->result, NETLINK_NETFILTER, &watch->nl);
	if (r == 0)
		r = narrow(watch, &events);
	if (r == 0)
		r = nl_listen(&watch->nl, "flows", buffer_bytes);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++)
		if (events & groups[i].event)
			r = nl_join(&watch->nl, groups[i].group);
	if (r == 0 && conntrack_setting(watch->env, "nf_conntrack_events") == 0)
		result_add_loss(&watch->result, "events", "nf_conntrack_events is 0", NULL, 1);
	return r;
}

static int flows_take(struct estab_watch *watch, const struct nlmsghdr *message)
{
	struct timespec now;
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	watch->flows.now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	r = ct_netlink_decode(&watch->flows, message, &watch->row);
	if (r == FLOW_ROW)
		return 0;
	return r < 0 ? r : 1;
}

const struct watch_kind watch_flows = {
	.source = "ctnetlink",
	.table = "flows",
	.open = flows_open,
	.take = flows_take,
};
