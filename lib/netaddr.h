/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The addresses of the network namespaces that a result was read from: whether a peer is at home. */
#ifndef ESTAB_NETADDR_H
#define ESTAB_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;
struct estab_result;

/* IPv4 ones as IPv4-mapped, sorted. */
struct netaddr_set {
	uint64_t netns;
	uint8_t (*addrs)[16];
	size_t n;
	size_t room;
	uint32_t *broadcasts; /* of its networks, in network order; not sorted */
	size_t n_broadcasts;
};

struct netaddrs {
	struct netaddr_set *sets; /* by namespace; a missing one is not known */
	size_t n;
};

/* Reads those of the namespace that is being read, once. What can't be had stays unknown; -ENOMEM,
 * -ECANCELED. */
int netaddrs_note(struct env *env, struct estab_result *result);
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

#endif
