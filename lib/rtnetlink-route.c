/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <string.h>
#include <sys/socket.h>

#include "rows.h"
#include "rtnetlink.h"
#include "util.h"

/* Of <linux/ipv6_route.h>, which does not go with <net/if.h>. */
#ifndef RTF_EXPIRES
#define RTF_EXPIRES 0x00400000
#endif

/* A route, or one of its next hops, while it is read. */
struct route {
	const struct rtmsg *head;
	struct row *row;
	struct row_numbers numbers;
	size_t size; /* of an address */
	uint32_t device;
	uint32_t flags; /* RTNH_F_… of the next hop */
	bool has_gateway;
	const uint8_t *hops; /* RTA_MULTIPATH */
	size_t hops_length;
};

static uint32_t read_u32(const struct nl_attr *attr)
{
	uint32_t value;

	memcpy(&value, attr->data, sizeof(value));
	return value;
}

/* RTA_VIA: a gateway of the other family. */
static int take_via(struct route *route, const struct nl_attr *attr)
{
	const struct rtvia *via = attr->data;
	size_t length = attr->length - sizeof(*via);
	uint8_t other[17] = { via->rtvia_family == AF_INET ? ESTAB_FAMILY_INET
							   : ESTAB_FAMILY_INET6 };

	if (length != (via->rtvia_family == AF_INET ? 4 : 16))
		return 0;
	memcpy(other + 1, via->rtvia_addr, length);
	route->has_gateway = true;
	return row_put(route->row, EXT_GATEWAY, other, sizeof(other));
}

static void take_metrics(struct route *route, const struct nl_attr *metrics)
{
	struct nl_attrs attrs = nl_attrs_nested(metrics);
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		if (attr.length < sizeof(uint32_t))
			continue;
		if (attr.type == RTAX_MTU)
			numbers_set(&route->numbers, NUMBER_MTU, read_u32(&attr));
		else if (attr.type == RTAX_WINDOW)
			numbers_set(&route->numbers, NUMBER_WINDOW, read_u32(&attr));
		else if (attr.type == RTAX_ADVMSS)
			numbers_set(&route->numbers, NUMBER_ADVMSS, read_u32(&attr));
		else if (attr.type == RTAX_RTT) /* in eighths */
			numbers_set(&route->numbers, NUMBER_RTT, read_u32(&attr) / 8);
	}
}

static void take_cacheinfo(struct route *route, const struct nl_attr *attr)
{
	struct rta_cacheinfo info = { 0 };

	memcpy(&info, attr->data, MIN(attr->length, sizeof(info)));
	numbers_set(&route->numbers, NUMBER_USERS, info.rta_clntref);
	numbers_set(&route->numbers, NUMBER_USES, info.rta_used);
	/* In USER_HZ, which is 100 everywhere. */
	if (info.rta_expires > 0)
		numbers_set(&route->numbers, NUMBER_EXPIRES, (uint64_t)info.rta_expires / 100);
}

/* Attributes that hold an address. */
static int take_address(struct route *route, const struct nl_attr *attr)
{
	struct estab_socket *sock = &route->row->sock;

	if (attr->length != route->size)
		return 0;
	switch (attr->type) {
	case RTA_DST:
		memcpy(sock->inet.local, attr->data, route->size);
		return 0;
	case RTA_GATEWAY:
		memcpy(sock->inet.peer, attr->data, route->size);
		route->has_gateway = true;
		return 0;
	case RTA_SRC:
		return row_put(route->row, EXT_FROM, attr->data, route->size);
	default:
		return row_put(route->row, EXT_SOURCE, attr->data, route->size);
	}
}

static void take_number(struct route *route, const struct nl_attr *attr)
{
	if (attr->length < sizeof(uint32_t))
		return;
	switch (attr->type) {
	case RTA_TABLE:
		numbers_set(&route->numbers, NUMBER_TABLE, read_u32(attr));
		break;
	case RTA_PRIORITY:
		numbers_set(&route->numbers, NUMBER_METRIC, read_u32(attr));
		break;
	case RTA_NH_ID:
		numbers_set(&route->numbers, NUMBER_NEXTHOP, read_u32(attr));
		break;
	case RTA_OIF:
		route->device = read_u32(attr);
		break;
	case RTA_EXPIRES:
		numbers_set(&route->numbers, NUMBER_EXPIRES, read_u32(attr));
		break;
	}
}

static int take_attr(struct route *route, const struct nl_attr *attr)
{
	switch (attr->type) {
	case RTA_DST:
	case RTA_SRC:
	case RTA_GATEWAY:
	case RTA_PREFSRC:
		return take_address(route, attr);
	case RTA_VIA:
		return attr->length >= sizeof(struct rtvia) ? take_via(route, attr) : 0;
	case RTA_METRICS:
		take_metrics(route, attr);
		return 0;
	case RTA_CACHEINFO:
		take_cacheinfo(route, attr);
		return 0;
	case RTA_MULTIPATH:
		route->hops = attr->data;
		route->hops_length = attr->length;
		return 0;
	default:
		take_number(route, attr);
		return 0;
	}
}

static int take_attrs(struct route *route, struct nl_attrs attrs)
{
	struct nl_attr attr;
	int r = 0;

	while (r == 0 && nl_attr_next(&attrs, &attr))
		r = take_attr(route, &attr);
	return r;
}

/* The next hop of that number; RT_SKIP: there is none. */
static int take_hop(struct route *route, unsigned int wanted)
{
	const uint8_t *at = route->hops;
	size_t left = route->hops_length;

	for (unsigned int hop = 0; left >= sizeof(struct rtnexthop); hop++) {
		struct rtnexthop head;
		size_t step;

		memcpy(&head, at, sizeof(head));
		if (head.rtnh_len < sizeof(head) || head.rtnh_len > left)
			return RT_SKIP;
		if (hop == wanted) {
			struct nl_attrs attrs = { at, sizeof(head), head.rtnh_len };

			route->device = (uint32_t)head.rtnh_ifindex;
			route->flags = head.rtnh_flags;
			numbers_set(&route->numbers, NUMBER_WEIGHT, head.rtnh_hops + 1u);
			return take_attrs(route, attrs);
		}
		step = MIN((size_t)RTNH_ALIGN((size_t)head.rtnh_len), left);
		at += step;
		left -= step;
	}
	return RT_SKIP;
}

/* What route(8) would say of it. */
static uint32_t letters(const struct route *route)
{
	const struct rtmsg *head = route->head;
	uint32_t flags = RTF_UP;

	if (route->has_gateway)
		flags |= RTF_GATEWAY;
	if (head->rtm_dst_len == route->size * 8)
		flags |= RTF_HOST;
	if (head->rtm_type == RTN_UNREACHABLE || head->rtm_type == RTN_PROHIBIT ||
	    head->rtm_type == RTN_BLACKHOLE || head->rtm_type == RTN_THROW)
		flags |= RTF_REJECT;
	if (head->rtm_protocol == RTPROT_REDIRECT)
		flags |= RTF_DYNAMIC;
	if (head->rtm_protocol == RTPROT_RA)
		flags |= RTF_ADDRCONF;
	if (head->rtm_flags & RTM_F_CLONED)
		flags |= RTF_CACHE;
	if (route->numbers.has & BIT64(NUMBER_EXPIRES))
		flags |= RTF_EXPIRES;
	return flags;
}

static int begin(struct route *route, uint64_t serial)
{
	const struct rtmsg *head = route->head;

	if ((head->rtm_family != AF_INET && head->rtm_family != AF_INET6) ||
	    head->rtm_dst_len > 128 || head->rtm_src_len > 128)
		return RT_SKIP;
	route->size = head->rtm_family == AF_INET ? 4 : 16;
	rows_begin(route->row, ROW_ROUTE,
		   head->rtm_family == AF_INET ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6, serial);
	numbers_set(&route->numbers, NUMBER_PREFIX, head->rtm_dst_len);
	numbers_set(&route->numbers, NUMBER_TABLE, head->rtm_table);
	numbers_set(&route->numbers, NUMBER_KIND, head->rtm_type);
	numbers_set(&route->numbers, NUMBER_SCOPE, head->rtm_scope);
	numbers_set(&route->numbers, NUMBER_ORIGIN, head->rtm_protocol);
	if (head->rtm_src_len > 0)
		numbers_set(&route->numbers, NUMBER_FROM_PREFIX, head->rtm_src_len);
	return row_put(route->row, EXT_TOS, &head->rtm_tos, 1);
}

int rt_route_decode(struct env *env, const struct nlmsghdr *message, unsigned int hop,
		    uint64_t serial, struct row *row)
{
	struct route route = { .head = nl_body(message), .row = row };
	int r;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*route.head)))
		return RT_SKIP;
	r = begin(&route, serial);
	if (r == 0)
		r = take_attrs(&route, nl_attrs_of(message, sizeof(*route.head)));
	if (r == 0 && route.hops)
		r = take_hop(&route, hop);
	else if (r == 0 && hop > 0)
		return RT_SKIP;
	if (r == 0)
		r = numbers_put(&route.numbers, row);
	if (r == 0)
		r = rows_put_route_flags(row, letters(&route));
	if (r == 0 && route.device != 0)
		r = rows_put_device(row, route.device, netdevs_name(env, route.device));
	return r;
}
