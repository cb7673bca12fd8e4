/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Sockets as they end: the kernel tells of those of TCP and UDP when the last of them is let go, and
 * the messages are those of a dump, so that they are decoded as such.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>

#include "source.h"
#include "util.h"
#include "watch.h"

static void prepare(const struct estab_watch *watch, struct diag_reading *reading,
		    enum estab_proto proto, uint8_t protocol)
{
	const struct source_job job = {
		.proto = proto,
		.table = "ended",
		.families = watch->env->plan.families,
		.states = ESTAB_STATES_ALL,
	};

	diag_reading_init(reading, watch->env, &job, protocol);
	reading->ended = true;
}

static int sockets_open(struct estab_watch *watch, uint32_t events, uint32_t buffer_bytes)
{
	const struct plan *plan = &watch->env->plan;

	if (!(events & ESTAB_WATCH_DESTROY))
		return -EOPNOTSUPP;
	prepare(watch, &watch->ended.tcp, ESTAB_PROTO_TCP, IPPROTO_TCP);
	prepare(watch, &watch->ended.udp, ESTAB_PROTO_UDP, IPPROTO_UDP);
	return diag_listen(watch->env, &watch->result, plan->protos, plan->families, buffer_bytes,
			   &watch->nl);
}

/* Of which protocol the socket was; NULL: of another one, or it does not say. */
static const struct diag_reading *find_reading(const struct estab_watch *watch,
					       const struct nlmsghdr *message)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct inet_diag_msg));
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		if (attr.type != INET_DIAG_PROTOCOL || attr.length < 1)
			continue;
		switch (*(const uint8_t *)attr.data) {
		case IPPROTO_TCP:
			return &watch->ended.tcp;
		case IPPROTO_UDP:
			return &watch->ended.udp;
		default:
			return NULL;
		}
	}
	return NULL;
}

static int sockets_take(struct estab_watch *watch, const struct nlmsghdr *message)
{
	const struct diag_reading *reading = find_reading(watch, message);
	const struct plan *plan = &watch->env->plan;
	int r = reading ? diag_inet_decode(reading, message, &watch->row) : DIAG_SKIP;

	if (r != DIAG_ROW)
		return r < 0 ? r : 1;
	return !(plan->protos & BIT64(watch->row.sock.proto)) ||
	       !(plan->families & BIT32(watch->row.sock.family));
}

const struct watch_kind watch_sockets = {
	.source = "diag",
	.table = "ended",
	.open = sockets_open,
	.take = sockets_take,
};
