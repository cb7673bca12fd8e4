/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What of the network namespaces that a result was read from decides on their connections: their addresses, whether
 * a peer is at home, and the ports that their kernels choose.
 */
#ifndef ESTAB_NETADDR_H
#define ESTAB_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

struct env;
struct estab_result;
struct nlmsghdr;

/* IPv4 ones as IPv4-mapped, sorted. */
struct netaddr_set {
	uint64_t netns; /* as its rows have it */
	bool known;     /* its addresses are */
	/* The first and the last port that the kernel chooses itself; 0: not known. */
	uint16_t auto_ports[2];
	uint8_t (*addrs)[16];
	size_t n;
	size_t room;
	uint32_t *broadcasts; /* of its networks, in network order, sorted as numbers */
	size_t n_broadcasts;
};

struct netaddrs {
	struct netaddr_set *sets; /* by namespace; a missing one is not known */
	size_t n;
};

/* Whether a join or the filter asks for any of it. */
bool netaddrs_wanted(const struct env *env);
/* Reads what is wanted of the namespace that is being read, once. What can't be had stays unknown; -ENOMEM,
 * -ECANCELED. */
int netaddrs_note(struct env *env, struct estab_result *result);
/* Whether the kernel of that namespace chooses such a port for who does not name one. */
bool netaddrs_auto_port(const struct netaddrs *netaddrs, uint64_t netns, uint16_t port);
/* NULL: not known. */
const struct netaddr_set *netaddrs_find(const struct netaddrs *netaddrs, uint64_t netns);
bool netaddr_set_has(const struct netaddr_set *set, const uint8_t addr[16]);
/* Whether that namespace is known to have the address, of which IPv4 uses the first four bytes; every one
 * has those of its loopback. */
bool netaddrs_own(const struct netaddrs *netaddrs, uint64_t netns, const uint8_t addr[16],
		  bool inet6);
/* Whether what is sent there is for many: multicast, or a broadcast of one of the namespace's networks. */
bool netaddrs_is_for_many(const struct netaddrs *netaddrs, uint64_t netns, const uint8_t addr[16],
			  bool inet6);
/* Adds a set, whose addresses it takes over and sorts. -ENOMEM: they are freed. */
int netaddrs_add(struct netaddrs *netaddrs, struct netaddr_set *set);
void netaddr_set_sort(struct netaddr_set *set);
/* Adds an address, of 4 or 16 bytes. -ENOMEM. */
int netaddr_set_add(struct netaddr_set *set, const void *addr, size_t length);
void netaddrs_free(struct netaddrs *netaddrs);

/* ---- one at a time; all but -ENOMEM is 0, whatever they are given ---- */

/* A message that RTM_GETADDR is answered with. */
int netaddr_take_message(struct netaddr_set *set, const struct nlmsghdr *message);
/* A line of /proc/net/fib_trie; trie, all zero at first, is what those before it said. */
struct netaddr_trie {
	bool known;
	uint8_t addr[4];
};
int netaddr_trie_line(struct netaddr_trie *trie, struct cursor line, struct netaddr_set *set);
/* A line of /proc/net/if_inet6. */
int netaddr_inet6_line(struct cursor line, struct netaddr_set *set);

#endif
