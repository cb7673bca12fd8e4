/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Sockets as they end: the kernel tells of those of TCP and UDP when the last of them is let go, and
 * the messages are those of a dump, so that they are decoded as such.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "diag.h"
#include "filter.h"
#include "head.h"
#include "nl.h"
#include "query.h"
#include "source.h"
#include "util.h"

struct estab_monitor {
	struct env *env; /* owned reference */
	struct estab_result result;
	struct result_source *counts;
	struct nl nl;
	struct diag_reading tcp;
	struct diag_reading udp;
	struct row row;
};

static void prepare(struct estab_monitor *monitor, struct diag_reading *reading,
		    enum estab_proto proto, uint8_t protocol)
{
	const struct source_job job = {
		.proto = proto,
		.table = "ended",
		.families = monitor->env->plan.families,
		.states = ESTAB_STATES_ALL,
	};

	diag_reading_init(reading, monitor->env, &job, protocol);
	reading->ended = true;
}

static int open_monitor(struct estab_monitor *monitor, struct estab_query *query)
{
	const struct plan *plan;
	int r = env_new(query->ctx, query, &monitor->env);

	if (r < 0)
		return r;
	plan = &monitor->env->plan;
	/* Whoever had it, and who was at its other end, is not to be found any more. */
	if (query->ctx->capture || query->all_netns || plan->keep ||
	    plan->subject->id != ESTAB_SUBJECT_SOCKETS)
		return -EOPNOTSUPP;
	head_fill(&monitor->result, monitor->env);
	r = ext_builder_init(&monitor->row.ext, monitor->env);
	if (r == 0)
		r = diag_listen(monitor->env, &monitor->result, plan->protos, plan->families,
				&monitor->nl);
	if (r < 0)
		return r;
	monitor->counts = result_add_source(&monitor->result, "diag", "ended", NULL, 0);
	prepare(monitor, &monitor->tcp, ESTAB_PROTO_TCP, IPPROTO_TCP);
	prepare(monitor, &monitor->udp, ESTAB_PROTO_UDP, IPPROTO_UDP);
	return 0;
}

int estab_monitor_open(struct estab_query *query, struct estab_monitor **ret_monitor)
{
	struct estab_monitor *monitor = calloc(1, sizeof(*monitor));
	int r;

	if (!monitor)
		return -ENOMEM;
	r = open_monitor(monitor, query);
	if (r < 0)
		estab_monitor_close(monitor);
	else
		*ret_monitor = monitor;
	return r;
}

int estab_monitor_fd(const struct estab_monitor *monitor)
{
	return mnl_socket_get_fd(monitor->nl.socket);
}

/* Of which protocol the socket was; NULL: of another one, or it does not say. */
static const struct diag_reading *find_reading(const struct estab_monitor *monitor,
					       const struct nlmsghdr *message)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct inet_diag_msg));
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		if (attr.type != INET_DIAG_PROTOCOL || attr.length < 1)
			continue;
		switch (*(const uint8_t *)attr.data) {
		case IPPROTO_TCP:
			return &monitor->tcp;
		case IPPROTO_UDP:
			return &monitor->udp;
		default:
			return NULL;
		}
	}
	return NULL;
}

static bool is_wanted(const struct estab_monitor *monitor)
{
	const struct plan *plan = &monitor->env->plan;
	const struct estab_socket *sock = &monitor->row.sock;

	return plan->protos & BIT64(sock->proto) && plan->families & BIT32(sock->family) &&
	       (!plan->filter || filter_match(plan->filter, sock));
}

int estab_monitor_next(struct estab_monitor *monitor, const struct estab_socket **ret_socket)
{
	for (;;) {
		const struct diag_reading *reading;
		const struct nlmsghdr *message;
		int r = nl_event_next(&monitor->nl, &message);

		if (r != NL_MESSAGE)
			return r == NL_MORE ? 1 : r;
		reading = find_reading(monitor, message);
		r = reading ? diag_inet_decode(reading, message, &monitor->row) : DIAG_SKIP;
		if (r == -EBADMSG)
			result_add_loss(&monitor->result, "rows", "malformed", "ended", 1);
		else if (r < 0)
			return r;
		if (r != DIAG_ROW || !is_wanted(monitor))
			continue;
		monitor->counts->rows++;
		monitor->result.count++;
		*ret_socket = &monitor->row.sock;
		return 0;
	}
}

const struct estab_result *estab_monitor_result(const struct estab_monitor *monitor)
{
	return &monitor->result;
}

struct estab_monitor *estab_monitor_close(struct estab_monitor *monitor)
{
	if (!monitor)
		return NULL;
	nl_close(&monitor->nl);
	ext_builder_free(&monitor->row.ext);
	result_clear(&monitor->result);
	env_unref(monitor->env);
	free(monitor);
	return NULL;
}
