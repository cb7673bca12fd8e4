/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "netaddr.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "env.h"
#include "filter.h"
#include "lines.h"
#include "nl.h"
#include "slurp.h"
#include "util.h"

enum { ADDR_LENGTH = 16, REQUEST_ROOM = 256 };

static int compare_addrs(const void *a, const void *b)
{
	return memcmp(a, b, ADDR_LENGTH);
}

static int compare_broadcasts(const void *left, const void *right)
{
	const uint32_t *a = left;
	const uint32_t *b = right;

	return (*a > *b) - (*a < *b);
}

/* The first set of that namespace or above. */
static size_t place_of(const struct netaddrs *netaddrs, uint64_t netns)
{
	size_t low = 0;
	size_t high = netaddrs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (netaddrs->sets[middle].netns < netns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct netaddr_set *netaddrs_find(const struct netaddrs *netaddrs, uint64_t netns)
{
	size_t place = place_of(netaddrs, netns);

	return place < netaddrs->n && netaddrs->sets[place].netns == netns ? &netaddrs->sets[place]
									   : NULL;
}

bool netaddr_set_has(const struct netaddr_set *set, const uint8_t addr[16])
{
	return set->known && set->n > 0 &&
	       bsearch(addr, set->addrs, set->n, ADDR_LENGTH, compare_addrs);
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool netaddrs_own(const struct netaddrs *netaddrs, uint64_t netns, const uint8_t addr[16],
		  bool inet6)
{
	const struct netaddr_set *set = netaddrs_find(netaddrs, netns);
	uint8_t spread[ADDR_LENGTH];

	if (inet6) {
		memcpy(spread, addr, sizeof(spread));
	} else {
		memcpy(spread, mapped, sizeof(mapped));
		memcpy(spread + sizeof(mapped), addr, 4);
	}
	if (inet6 ? memcmp(addr, &in6addr_loopback, ADDR_LENGTH) == 0 : addr[0] == IN_LOOPBACKNET)
		return true;
	return set && netaddr_set_has(set, spread);
}

bool netaddrs_is_for_many(const struct netaddrs *netaddrs, uint64_t netns, const uint8_t addr[16],
			  bool inet6)
{
	const struct netaddr_set *set = netaddrs_find(netaddrs, netns);
	uint32_t number;

	if (inet6)
		return addr[0] == 0xff;
	memcpy(&number, addr, sizeof(number));
	if (IN_MULTICAST(ntohl(number)) || number == INADDR_BROADCAST)
		return true;
	/* Each flow asks, and a namespace may have as many as its user likes. */
	return set && set->n_broadcasts > 0 &&
	       bsearch(&number, set->broadcasts, set->n_broadcasts, sizeof(number),
		       compare_broadcasts);
}

int netaddr_set_add(struct netaddr_set *set, const void *addr, size_t length)
{
	uint8_t *place;

	if (set->n == set->room) {
		size_t room = set->room > 0 ? set->room * 2 : 16;
		uint8_t(*addrs)[16] = reallocarray(set->addrs, room, sizeof(*addrs));

		if (!addrs)
			return -ENOMEM;
		set->addrs = addrs;
		set->room = room;
	}
	place = set->addrs[set->n++];
	if (length == 4)
		memcpy(place, mapped, sizeof(mapped));
	memcpy(place + ADDR_LENGTH - length, addr, length);
	return 0;
}

void netaddr_set_sort(struct netaddr_set *set)
{
	if (set->n > 0)
		qsort(set->addrs, set->n, ADDR_LENGTH, compare_addrs);
}

int netaddrs_add(struct netaddrs *netaddrs, struct netaddr_set *set)
{
	size_t place = place_of(netaddrs, set->netns);
	struct netaddr_set *sets =
		reallocarray(netaddrs->sets, netaddrs->n + 1, sizeof(*netaddrs->sets));

	if (!sets) {
		free(TAKE_PTR(set->broadcasts));
		free(TAKE_PTR(set->addrs));
		return -ENOMEM;
	}
	netaddr_set_sort(set);
	if (set->n_broadcasts > 0)
		qsort(set->broadcasts, set->n_broadcasts, sizeof(*set->broadcasts),
		      compare_broadcasts);
	memmove(&sets[place + 1], &sets[place], (netaddrs->n - place) * sizeof(*sets));
	sets[place] = *set;
	netaddrs->sets = sets;
	netaddrs->n++;
	set->addrs = NULL;
	set->broadcasts = NULL;
	return 0;
}

void netaddrs_free(struct netaddrs *netaddrs)
{
	for (size_t i = 0; i < netaddrs->n; i++) {
		free(netaddrs->sets[i].broadcasts);
		free(netaddrs->sets[i].addrs);
	}
	free(netaddrs->sets);
	*netaddrs = (struct netaddrs){ 0 };
}

static int add_broadcast(struct netaddr_set *set, const void *addr)
{
	uint32_t *more =
		reallocarray(set->broadcasts, set->n_broadcasts + 1, sizeof(*set->broadcasts));

	if (!more)
		return -ENOMEM;
	set->broadcasts = more;
	memcpy(&more[set->n_broadcasts++], addr, sizeof(*more));
	return 0;
}

int netaddr_take_message(struct netaddr_set *set, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *body = nl_body(message);
	const void *own = NULL;
	struct nl_attrs attrs;
	struct nl_attr attr;
	size_t length;
	int r = 0;

	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return 0;
	length = body->ifa_family == AF_INET ? 4 : ADDR_LENGTH;
	if (body->ifa_family != AF_INET && body->ifa_family != AF_INET6)
		return 0;
	attrs = nl_attrs_of(message, sizeof(*body));
	while (r == 0 && nl_attr_next(&attrs, &attr)) {
		if (attr.length != length)
			continue;
		/* This end of a point-to-point link is IFA_LOCAL, and IFA_ADDRESS the other one. */
		if (attr.type == IFA_LOCAL || (attr.type == IFA_ADDRESS && !own))
			own = attr.data;
		/* IPv6 has none. */
		else if (attr.type == IFA_BROADCAST && length == sizeof(uint32_t))
			r = add_broadcast(set, attr.data);
	}
	return r == 0 && own ? netaddr_set_add(set, own, length) : r;
}

static int read_addrs(struct nl *nl, struct netaddr_set *set)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_ROOM];
	struct nlmsghdr *request = nl_dump_request(buffer, RTM_GETADDR, sizeof(struct ifaddrmsg));
	const struct nlmsghdr *message;
	int r = nl_dump_start(nl, request, "addresses");

	while (r == 0) {
		r = nl_dump_next(nl, &message);
		if (r == NL_MESSAGE)
			r = netaddr_take_message(set, message);
	}
	return r == NL_END ? 0 : r;
}

/* 0, or why there is no netlink. */
static int read_netlink(struct env *env, struct estab_result *result, struct netaddr_set *set)
{
	struct nl nl;
	int r;

	if (env->ctx->capture || env->target.way == NETNS_PROCESS)
		return -EOPNOTSUPP;
	r = nl_open(env, result, NETLINK_ROUTE, &nl);
	if (r < 0)
		return r;
	r = read_addrs(&nl, set);
	nl_close(&nl);
	return r;
}

static int read_lines(const struct env *env, bool inet6, struct lines *lines,
		      struct netaddr_set *set)
{
	_cleanup_(cleanup_close) int fd = netns_open(env, inet6 ? "if_inet6" : "fib_trie");
	struct netaddr_trie trie = { 0 };
	struct procfs_line line;
	int r = MIN(fd, 0);

	lines_begin(lines);
	while (r == 0) {
		r = lines_next(lines, fd, env, &line);
		if (r == LINE_TOO_LONG)
			r = 0;
		else if (r == LINE_READ)
			r = inet6 ? netaddr_inet6_line(line.text, set)
				  : netaddr_trie_line(&trie, line.text, set);
	}
	return MIN(r, 0);
}

/* The text has the same, but is longer by far: all routes. */
static int read_text(const struct env *env, struct netaddr_set *set)
{
	struct lines *lines = malloc(sizeof(*lines));
	int r = lines ? read_lines(env, false, lines, set) : -ENOMEM;

	/* There may be no IPv6. */
	if (r == 0)
		r = read_lines(env, true, lines, set);
	free(lines);
	return r == -ENOENT && set->n > 0 ? 0 : r;
}

static void read_auto_ports(const struct env *env, struct netaddr_set *set)
{
	_cleanup_(cleanup_close) int fd =
		netns_open_sysctl(env, "sys/net/ipv4/ip_local_port_range");
	char text[64];
	ssize_t n = fd < 0 ? fd : slurp_fd(fd, text, sizeof(text));
	struct cursor cursor = { text, text + MAX(n, (ssize_t)0) };
	uint64_t first, last;

	if (!cursor_decimal(&cursor, &first))
		return;
	cursor_blanks(&cursor);
	if (!cursor_decimal(&cursor, &last) || first > UINT16_MAX || last > UINT16_MAX)
		return;
	set->auto_ports[0] = (uint16_t)first;
	set->auto_ports[1] = (uint16_t)last;
}

static bool wants_ports(const struct plan *plan)
{
	return plan->needs & NEED_DIRECTION ||
	       (plan->filter && filter_needs_auto_ports(plan->filter));
}

bool netaddrs_wanted(const struct env *env)
{
	return env->plan.needs & NEED_ADDRESSES || wants_ports(&env->plan);
}

/* What rows of the namespace that is read have in the place of its inode, where that is not known. */
static uint64_t key_of(const struct env *env)
{
	return env->netns == 0 && env->plan.all_netns ? env->netns_at + 1 : env->netns;
}

int netaddrs_note(struct env *env, struct estab_result *result)
{
	struct netaddr_set set = { .netns = key_of(env) };
	int r = 0;

	if (!netaddrs_wanted(env) || netaddrs_find(&env->netaddrs, set.netns))
		return 0;
	if (wants_ports(&env->plan))
		read_auto_ports(env, &set);
	if (env->plan.needs & NEED_ADDRESSES) {
		r = read_netlink(env, result, &set);
		if (r < 0 && r != -ENOMEM && r != -ECANCELED) {
			set.n = 0;
			set.n_broadcasts = 0;
			r = read_text(env, &set);
		}
		set.known = r == 0;
	}
	if (r != -ENOMEM && r != -ECANCELED)
		return netaddrs_add(&env->netaddrs, &set);
	free(set.broadcasts);
	free(set.addrs);
	return r;
}

bool netaddrs_auto_port(const struct netaddrs *netaddrs, uint64_t netns, uint16_t port)
{
	/* The kernel's own default. */
	static const uint16_t usual[2] = { 32768, 60999 };
	const struct netaddr_set *set = netaddrs_find(netaddrs, netns);
	const uint16_t *ports = set && set->auto_ports[1] != 0 ? set->auto_ports : usual;

	return port >= ports[0] && port <= ports[1];
}
