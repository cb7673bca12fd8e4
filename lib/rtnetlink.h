/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Routes and interfaces out of rtnetlink's messages. What they say is the kernel's, but is read as if
 * it were not.
 */
#ifndef ESTAB_RTNETLINK_H
#define ESTAB_RTNETLINK_H

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "env.h"
#include "nl.h"
#include "record.h"

/* Besides a negative errno. */
enum {
	RT_ROW = 0,
	RT_SKIP = 1, /* no such row; of a route: no such next hop */
};

/* The row of one next hop of a route, from 0 on. RT_SKIP behind the last. */
int rt_route_decode(struct env *env, const struct nlmsghdr *message, unsigned int hop,
		    uint64_t serial, struct row *row);

/* An address of an interface, as RTM_NEWADDR tells it. */
struct rt_address {
	uint32_t index;
	uint32_t number; /* its place in the dump */
	uint8_t family;  /* enum estab_family */
	uint8_t prefix;
	uint8_t scope;
	bool has_peer;
	bool has_broadcast;
	uint8_t bytes[16];
	uint8_t peer[16]; /* of a point-to-point link */
	uint8_t broadcast[16];
	char label[IF_NAMESIZE]; /* of IPv4: the device's name, or an alias */
};

/* RT_SKIP: it is none. */
int rt_address_decode(const struct nlmsghdr *message, struct rt_address *ret_address);

/* How many of an interface's addresses the row has no room for. */
struct rt_link_cut {
	size_t addresses;
	size_t details;
};

/* The addresses are sorted by the index of their interface. */
int rt_link_decode(const struct nlmsghdr *message, const struct rt_address *addresses,
		   size_t n_addresses, uint64_t serial, struct row *row,
		   struct rt_link_cut *ret_cut);

#endif
