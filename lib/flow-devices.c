/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow-devices.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "netdev.h"
#include "nl.h"
#include "util.h"

enum { REQUEST_ROOM = 128, CACHE_SIZE = 2048 };

enum route_kind {
	ROUTE_UNKNOWN, /* there is none, or it can't be asked for */
	ROUTE_HERE,    /* it ends here */
	ROUTE_DEVICE,
};

struct answer {
	enum route_kind kind;
	uint32_t device;
};

/* What decides on a route. Without holes: it is hashed and compared as bytes. */
struct question {
	uint8_t addr[16];
	uint64_t netns; /* where in the list, or of the query */
	uint32_t mark;
	uint32_t inet6;
};

_Static_assert(sizeof(struct question) == 32, "no holes");

/* Many flows have few ends; a newer one takes the place of an older. */
struct cached {
	struct question question;
	struct answer answer;
	bool used;
};

struct flow_devices {
	struct env *env;
	struct estab_result *result;
	struct nl nl;
	uint64_t netns; /* that the socket is of */
	bool tried;     /* to open it there */
	struct cached cache[CACHE_SIZE];
};

struct flow_devices *flow_devices_new(struct env *env, struct estab_result *result)
{
	struct flow_devices *devices = calloc(1, sizeof(*devices));

	if (devices) {
		devices->env = env;
		devices->result = result;
	}
	return devices;
}

struct flow_devices *flow_devices_free(struct flow_devices *devices)
{
	if (devices)
		nl_close(&devices->nl);
	free(devices);
	return NULL;
}

/* Whether routes can be asked for where flows are read now. */
static bool is_open(struct flow_devices *devices)
{
	struct env *env = devices->env;

	if (devices->tried && devices->netns == env->netns_at)
		return devices->nl.socket;
	nl_close(&devices->nl);
	devices->tried = true;
	devices->netns = env->netns_at;
	return !env->ctx->capture &&
	       nl_open(env, devices->result, NETLINK_ROUTE, &devices->nl) == 0;
}

static struct nlmsghdr *make_request(const struct question *question, void *buffer)
{
	struct nlmsghdr *request = nl_dump_request(buffer, RTM_GETROUTE, sizeof(struct rtmsg));
	struct rtmsg *body = mnl_nlmsg_get_payload(request);
	size_t length = question->inet6 ? 16 : 4;

	body->rtm_family = question->inet6 ? AF_INET6 : AF_INET;
	body->rtm_dst_len = (uint8_t)(length * 8);
	mnl_attr_put(request, RTA_DST, length, question->addr);
	if (question->mark != 0)
		mnl_attr_put_u32(request, RTA_MARK, question->mark);
	return request;
}

static void take_route(const struct nlmsghdr *message, struct answer *answer)
{
	const struct rtmsg *body = nl_body(message);
	struct nl_attrs attrs;
	struct nl_attr attr;

	if (message->nlmsg_type != RTM_NEWROUTE || message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	if (body->rtm_type == RTN_LOCAL || body->rtm_type == RTN_BROADCAST ||
	    body->rtm_type == RTN_MULTICAST || body->rtm_type == RTN_ANYCAST)
		answer->kind = ROUTE_HERE;
	if (body->rtm_type != RTN_UNICAST)
		return;
	attrs = nl_attrs_of(message, sizeof(*body));
	while (nl_attr_next(&attrs, &attr)) {
		if (attr.type != RTA_OIF || attr.length != sizeof(answer->device))
			continue;
		memcpy(&answer->device, attr.data, sizeof(answer->device));
		answer->kind = ROUTE_DEVICE;
	}
}

/* That there is no route is an answer, too. */
static int ask(struct flow_devices *devices, const struct question *question,
	       struct answer *ret_answer)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_ROOM];
	struct answer answer = { .kind = ROUTE_UNKNOWN };
	const struct nlmsghdr *message;
	int r;

	if (!is_open(devices)) {
		*ret_answer = answer;
		return 0;
	}
	r = nl_call_start(&devices->nl, make_request(question, buffer), "routes");
	while (r == 0) {
		r = nl_dump_next(&devices->nl, &message);
		if (r == NL_MESSAGE)
			take_route(message, &answer);
	}
	*ret_answer = answer;
	return r == -ENOMEM || r == -ECANCELED ? r : 0;
}

static uint64_t hash_question(const struct question *question)
{
	uint64_t words[sizeof(*question) / sizeof(uint64_t)];
	uint64_t hash = 0;

	memcpy(words, question, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		hash = hash64(hash ^ words[i]);
	return hash;
}

static int find(struct flow_devices *devices, const struct question *question,
		struct answer *ret_answer)
{
	struct cached *cached = &devices->cache[hash_question(question) % CACHE_SIZE];
	struct answer answer;
	int r;

	if (!cached->used || memcmp(&cached->question, question, sizeof(*question)) != 0) {
		r = ask(devices, question, &answer);
		if (r < 0)
			return r;
		*cached = (struct cached){ *question, answer, true };
	}
	*ret_answer = cached->answer;
	return 0;
}

/* On which link a link-local address is, no route tells. */
static bool is_link_local(const struct question *question)
{
	struct in6_addr addr;

	memcpy(&addr, question->addr, sizeof(addr));
	return question->inet6 && IN6_IS_ADDR_LINKLOCAL(&addr);
}

static int put_device(struct flow_devices *devices, struct row *row, enum ext_kind kind,
		      const uint8_t addr[16])
{
	const struct flow *flow = flow_of(&row->sock);
	struct question question = {
		.netns = devices->env->netns_at,
		.mark = flow->has & FLOW_HAS_MARK ? flow->mark : 0,
		.inet6 = row->sock.family == ESTAB_FAMILY_INET6,
	};
	struct answer answer = { .kind = ROUTE_UNKNOWN };
	const char *name = NULL;
	int r = 0;

	memcpy(question.addr, addr, sizeof(question.addr));
	if (!is_link_local(&question))
		r = find(devices, &question, &answer);
	if (r < 0 || answer.kind == ROUTE_HERE)
		return r;
	if (answer.kind == ROUTE_DEVICE)
		name = netdevs_name(devices->env, answer.device);
	return row_put(row, kind, name ? name : "", name ? strlen(name) : 0);
}

int flow_devices_join(struct flow_devices *devices, struct row *row)
{
	/* Entries move as they come: what is read of the flow is copied before each. */
	struct flow_tuple orig = flow_of(&row->sock)->tuples[FLOW_ORIG];
	struct flow_tuple reply = flow_of(&row->sock)->tuples[FLOW_REPLY];
	int r = put_device(devices, row, EXT_IN_DEVICE, orig.src);

	return r == 0 ? put_device(devices, row, EXT_OUT_DEVICE, reply.src) : r;
}
